"""Signing in with a password, changing it, and asking for a new one."""

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.http import urlencode

from portal.client_addresses import address_of
from portal.permissions import may_enter_workshop
from portal.signin.forms import ResetForm
from portal.signin.throttle import PASSWORD, RESET, Attempt

logger = logging.getLogger(__name__)

_LONGEST_NAME = 150


def too_many(request: HttpRequest, attempt: Attempt, *, wait: int) -> HttpResponse:
    """Refuse a try, and say when the next one is looked at."""
    logger.warning(
        "%s of %r from %s: refused for %s s, too many tries",
        attempt.kind,
        attempt.name,
        attempt.address,
        wait,
    )
    response = render(request, "429.html", {"minutes": -(-wait // 60)}, status=429)
    response["Retry-After"] = str(wait)
    return response


class ThrottledMixin:
    """A form that tells right from wrong: posting it is counted, and what is right given back."""

    request: HttpRequest
    kind = PASSWORD

    def name_tried(self) -> str:
        """Return as whom this is tried."""
        return self.request.user.get_username()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Look at the form unless too many were wrong lately."""
        self.attempt = Attempt(self.kind, self.name_tried()[:_LONGEST_NAME], address_of(request))
        wait = self.attempt.take(now=timezone.now())
        if wait:
            return too_many(request, self.attempt, wait=wait)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        """Give the try back."""
        self.attempt.succeed(now=timezone.now())
        return super().form_valid(form)

    def form_invalid(self, form: Form) -> HttpResponse:
        """Tell the log."""
        attempt = self.attempt
        logger.warning("%s of %r from %s: wrong", attempt.kind, attempt.name, attempt.address)
        return super().form_invalid(form)


class LoginView(ThrottledMixin, auth_views.LoginView):
    """The page where people sign in, with a password or through the identity provider."""

    redirect_authenticated_user = True

    def name_tried(self) -> str:
        """Return the name that was typed in."""
        return self.request.POST.get("username", "")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Look at the name and the password, where they are a way in."""
        if not settings.TIDEMARK_LOCAL_LOGIN:
            raise PermissionDenied
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign them in, or ask for their second factor."""
        if not settings.TIDEMARK_USES_SSO:
            return super().form_valid(form)
        from portal.sso.flows import sign_in

        self.attempt.succeed(now=timezone.now())
        return sign_in(self.request, form.get_user(), next_url=self.get_success_url())


@login_not_required
def admin_login(request: HttpRequest) -> HttpResponseBase:
    """Lead to the one page where people sign in: the admin has no door of its own."""
    wanted = request.GET.get("next") or reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect(f"{reverse('login')}?{urlencode({'next': wanted})}")
    if not may_enter_workshop(request.user):
        raise PermissionDenied
    return redirect("admin:index")


class _OfLocalAccounts:
    """A page that is there only where passwords are a way in."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer 404 where people sign in elsewhere."""
        if not settings.TIDEMARK_LOCAL_LOGIN:
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class PasswordChangeView(ThrottledMixin, _OfLocalAccounts, auth_views.PasswordChangeView):
    """Change one's own password; the sessions elsewhere end with the old one."""

    template_name = "signin/password_change.html"
    success_url = reverse_lazy("password_change_done")


class PasswordChangeDoneView(_OfLocalAccounts, auth_views.PasswordChangeDoneView):
    """Say that the password was changed."""

    template_name = "signin/password_change_done.html"


class _ByMail(_OfLocalAccounts):
    """A page that is there only where mail can be sent."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer 404 where no mail is sent."""
        if not settings.TIDEMARK_SENDS_MAIL:
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class PasswordResetView(_ByMail, auth_views.PasswordResetView):
    """Ask for a link by mail; the answer is the same whether the address is known or not."""

    form_class = ResetForm
    template_name = "signin/password_reset.html"
    email_template_name = "signin/password_reset_mail.txt"
    subject_template_name = "signin/password_reset_subject.txt"
    success_url = reverse_lazy("password_reset_done")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the link, unless many were asked for: each is a mail to somebody."""
        asked = request.POST.get("email", "")[:_LONGEST_NAME]
        attempt = Attempt(RESET, asked, address_of(request))
        wait = attempt.take(now=timezone.now())
        if wait:
            return too_many(request, attempt, wait=wait)
        return super().post(request, *args, **kwargs)


class PasswordResetDoneView(_ByMail, auth_views.PasswordResetDoneView):
    """Say that a mail is on its way, if there is an account."""

    template_name = "signin/password_reset_done.html"


class PasswordResetConfirmView(_ByMail, auth_views.PasswordResetConfirmView):
    """Choose a new password, with the link from the mail."""

    template_name = "signin/password_reset_confirm.html"
    success_url = reverse_lazy("login")
