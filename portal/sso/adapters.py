"""What of allauth is ours: who may come in through the provider, and what becomes of them."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.client_addresses import address_of
from portal.models import User
from portal.sealing import seal, unseal
from portal.sso.claims import GroupRules, apply_groups, groups_of
from portal.sso.outbound import Session
from portal.sso.provider import app_of_settings

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by admins and by the provider, never by whoever comes along."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return where a request came from, as everything else has it."""
        return address_of(request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: the pages do."""


class MfaAdapter(DefaultMFAAdapter):
    """Secrets of second factors are stored sealed, like all others."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Unseal it."""
        return unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Say whether they may do without: not admins, where it is required of them."""
        return not (settings.TIDEMARK_REQUIRE_MFA and authenticator.user.is_staff)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Who comes from the provider: let in, refused, and what their groups mean."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the one provider that the settings name."""
        return [app_of_settings()] if settings.TIDEMARK_OIDC else []

    def get_requests_session(self) -> Session:
        """Return what sends through portal.http."""
        return Session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Say yes: the provider knows who belongs here, and `pre_social_login` has looked."""
        return True

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Tell the log what went wrong, and them that it did."""
        logger.warning(
            "Sign-in by OIDC from %s failed: %s", address_of(request), exception or error
        )
        said = _("The sign-in was not completed. Begin again; if it goes on, tell an admin.")
        raise ImmediateHttpResponse(refusal(request, said))

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse who may not come in; connect who has an account; make their groups true."""
        addresses = [row.email for row in sociallogin.email_addresses if row.verified]
        if not addresses:
            self._refuse(
                request, sociallogin, _("Your identity provider has not verified your address.")
            )
        if not sociallogin.is_existing:
            self._connect(request, sociallogin, addresses[0])
        if not sociallogin.is_existing:
            return
        if not sociallogin.user.is_active:
            self._refuse(request, sociallogin, _("Your account is disabled. Ask an admin."))
        self._apply_groups(sociallogin)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Make the account of somebody new."""
        sociallogin.user.email = sociallogin.user.email.lower()
        user = super().save_user(request, sociallogin, form)
        logger.info("Made an account for %r, by OIDC", user.get_username())
        self._apply_groups(sociallogin)
        return user

    def _connect(self, request: HttpRequest, sociallogin: SocialLogin, address: str) -> None:
        """Take the account with this address, if there is one, for theirs."""
        users = list(User.objects.filter(email__iexact=address)[:2])
        if len(users) > 1:
            self._refuse(request, sociallogin, _("Two accounts have your address. Ask an admin."))
        if not users:
            return
        if not users[0].is_active:
            self._refuse(request, sociallogin, _("Your account is disabled. Ask an admin."))
        sociallogin.connect(request, users[0])
        logger.info("Connected %r with OIDC", users[0].get_username())

    def _apply_groups(self, sociallogin: SocialLogin) -> None:
        oidc = settings.TIDEMARK_OIDC
        rules = GroupRules(
            claim=oidc["groups_claim"],
            team_by_group=oidc["team_by_group"],
            admin_group=oidc["admin_group"],
            viewer_group=oidc["viewer_group"],
        )
        groups = groups_of(sociallogin.account.extra_data["userinfo"], claim=rules.claim)
        apply_groups(user=sociallogin.user, groups=groups, rules=rules, now=timezone.now())

    def _refuse(self, request: HttpRequest, sociallogin: SocialLogin, reason: str) -> None:
        logger.warning(
            "Sign-in by OIDC of %r from %s refused: %s",
            sociallogin.account.uid,
            address_of(request),
            reason,
        )
        raise ImmediateHttpResponse(refusal(request, reason))


def refusal(request: HttpRequest, reason: str) -> HttpResponse:
    """Return the page that says why somebody does not come in."""
    return render(request, "signin/refused.html", {"reason": reason}, status=403)
