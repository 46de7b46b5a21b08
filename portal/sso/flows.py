"""From a password that is right to a session, with a second factor between where there is one."""

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse

from portal.models import User


def sign_in(request: HttpRequest, user: User, *, next_url: str) -> HttpResponse:
    """Sign somebody in whose password was right, or lead them to where the code is asked for."""
    login = Login(user=user, redirect_url=next_url)
    return perform_password_login(request, {"username": user.get_username()}, login)
