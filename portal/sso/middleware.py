"""Second factors, required of admins where the settings say so."""

from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

# The provider asks for a second factor itself; whoever has given one here is asked no more.
_ENOUGH = {"mfa", "socialaccount"}
# Set where somebody adds a factor: they hold it, though they did not sign in with it.
HAS_ADDED_FACTOR = "has_added_factor"
_OPEN = ("/account/", "/logout/", "/static/", "/healthz", "/readyz", "/metrics")


class RequireSecondFactor:
    """Let admins no further than to where a second factor is set up (`TIDEMARK_REQUIRE_MFA`).

    A token needs none: it was made by somebody who had one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or lead to where it is set up."""
        if not settings.TIDEMARK_REQUIRE_MFA or _may_go_on(request):
            return self.get_response(request)
        if request.path.startswith(("/api/", "/v1/")):
            said = f"Set up a second factor first, at {reverse('mfa_activate_totp')}."
            return JsonResponse({"detail": said, "errors": []}, status=403)
        if not is_mfa_enabled(request.user):
            return redirect("mfa_activate_totp")
        # Signed in before it was set up, elsewhere: they sign in again, with it.
        logout(request)
        return redirect("login")


def _may_go_on(request: HttpRequest) -> bool:
    if request.path.startswith(_OPEN) or not request.user.is_authenticated:
        return True
    if not request.user.is_staff:
        return True
    records = get_authentication_records(request, request.user)
    used = {record["method"] for record in records}
    return bool(used & _ENOUGH) or HAS_ADDED_FACTOR in request.session
