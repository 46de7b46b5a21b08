"""Views of allauth, with our limits on what can be guessed."""

from datetime import timedelta
from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from portal.signin.throttle import CODE, take_code
from portal.signin.views import ThrottledMixin
from portal.sso.adapters import SocialAccountAdapter
from portal.sso.middleware import HAS_ADDED_FACTOR
from portal.sso.provider import OidcAdapter, app_of_settings

# Longer than any code of an app is good, the tolerance before and after included.
_GOOD_FOR = timedelta(minutes=5)


@login_not_required
def oidc_login(request: HttpRequest) -> HttpResponse:
    """Lead to the provider."""
    return _with_provider(request, OAuth2LoginView)


@login_not_required
def oidc_callback(request: HttpRequest) -> HttpResponse:
    """Take what the provider says of who comes back."""
    return _with_provider(request, OAuth2CallbackView)


def _with_provider(request: HttpRequest, view: Any) -> HttpResponse:
    if not settings.TIDEMARK_OIDC:
        raise Http404
    adapter = OidcAdapter(request, app_of_settings().provider_id)
    try:
        return view.adapter_view(adapter)(request)
    except OAuth2Error as error:
        try:
            SocialAccountAdapter(request).on_authentication_error(
                request, adapter.get_provider(), exception=error
            )
        except ImmediateHttpResponse as refused:
            return refused.response
        raise


class _CodeMixin(ThrottledMixin):
    """A form that asks for a code, each of which is good once.

    What allauth keeps of used codes, other processes do not know.
    """

    kind = CODE

    def form_valid(self, form: Any) -> HttpResponse:
        """Go on, unless somebody has used this code before."""
        code = normalize_user_code(form.cleaned_data["code"])
        if not take_code(self.name_tried(), code, good_for=_GOOD_FOR, now=timezone.now()):
            form.add_error("code", get_adapter().validation_error("incorrect_code"))
            return self.form_invalid(form)
        return super().form_valid(form)


class CodeView(_CodeMixin, AuthenticateView):
    """The second factor, asked for after a password that was right."""

    def name_tried(self) -> str:
        """Return whose password it was."""
        return self.stage.login.user.get_username()


class ConfirmByPasswordView(ThrottledMixin, ReauthenticateView):
    """The password once more, before something that whoever finds a session open may not do."""


class ConfirmByCodeView(_CodeMixin, ReauthenticateByCodeView):
    """A code once more, likewise."""


class SetUpView(_CodeMixin, ActivateTOTPView):
    """The second factor set up."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Remember that this session is of somebody who holds it."""
        response = super().form_valid(form)
        self.request.session[HAS_ADDED_FACTOR] = True
        return response
