"""The OpenID Connect provider that the settings name.

What allauth's own does, and more strictly: the signature of the identity token is always checked,
the token is bound to the browser that asked for it by a nonce, and nothing that a request says
changes what is asked of the provider.
"""

from hashlib import sha256
from typing import Any

import jwt
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac

_SIGNED_WITH = (
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
    + ["ES256", "ES384", "ES512", "EdDSA"]
)  # fmt: skip
_NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
_CLOCK_SKEW = 60  # seconds


def app_of_settings() -> SocialApp:
    """Return what allauth is to know of the provider; it is not stored."""
    oidc = settings.TIDEMARK_OIDC
    # Another server is another provider: who is "17" there is somebody else here.
    server = sha256(oidc["server_url"].encode()).hexdigest()[:12]
    return SocialApp(
        provider=OidcProvider.id,
        provider_id=f"oidc-{server}",
        name=oidc["name"],
        client_id=oidc["client_id"],
        secret=oidc["client_secret"],
        settings={
            "server_url": oidc["server_url"],
            "oauth_pkce_enabled": True,
            "scope": oidc["scopes"],
            "verified_email": oidc["verified_domains"],
        },
    )


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """How the provider is spoken to."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return what the provider says of itself. Raises `OAuth2Error` where it lacks a part."""
        config = super().openid_config
        lacking = [name for name in _NEEDED if not isinstance(config.get(name), str)]
        if lacking:
            raise OAuth2Error(f"The provider does not say its {', '.join(lacking)}.")
        return config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return the address that the provider has to know."""
        return request.build_absolute_uri(reverse("oidc_callback"))

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> Any:
        """Return who signs in: what the identity token says, and the provider beside it."""
        claims = self._claims(kwargs["response"].get("id_token"), client_id=app.client_id)
        if not constant_time_compare(claims.get("nonce", ""), nonce_of(request.GET["state"])):
            raise OAuth2Error("The identity token was not made for this browser.")
        if isinstance(self.openid_config.get("userinfo_endpoint"), str):
            told = self._fetch_user_info(token.token)
            if told.get("sub") != claims["sub"]:
                raise OAuth2Error("The provider tells of somebody else than it signed for.")
            claims = {**told, **claims}
        return self.get_provider().sociallogin_from_response(request, {"userinfo": claims})

    def _claims(self, token: Any, *, client_id: str) -> dict[str, Any]:
        """Return what a token says. Raises `OAuth2Error` unless the provider signed it for us."""
        with get_adapter().get_requests_session() as session:
            reply = session.get(self.openid_config["jwks_uri"])
            reply.raise_for_status()
            document = reply.json()
        try:
            wanted = jwt.get_unverified_header(token).get("kid")
            keys = [
                key for key in jwt.PyJWKSet.from_dict(document).keys
                if wanted in (None, key.key_id)
            ]  # fmt: skip
            if len(keys) != 1:
                raise OAuth2Error("The key of the identity token is not among the provider's.")
            return jwt.decode(
                token,
                key=keys[0],
                algorithms=_SIGNED_WITH,
                audience=client_id,
                issuer=self.openid_config["issuer"],
                leeway=_CLOCK_SKEW,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except (jwt.PyJWTError, TypeError) as error:
            raise OAuth2Error("The identity token is not good.") from error


class OidcProvider(OpenIDConnectProvider):
    """The one provider there is."""

    id = "oidc"
    oauth2_adapter_class = OidcAdapter

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return where signing in begins."""
        return reverse("oidc_login")

    def get_callback_url(self) -> str:
        """Return where it ends."""
        return reverse("oidc_callback")

    def redirect_from_request(self, request: HttpRequest) -> HttpResponse:
        """Lead to the provider, and back to where they wanted to go."""
        return self.redirect(request, AuthProcess.LOGIN, next_url=get_next_redirect_url(request))

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, **kwargs: Any
    ) -> HttpResponse:
        """Lead to the provider, with a state and a nonce that belong together."""
        state = get_random_string(32)
        return super().redirect(
            request,
            process,
            next_url=next_url,
            state_id=state,
            auth_params={"nonce": nonce_of(state)},
        )


def nonce_of(state: str) -> str:
    """Return the nonce of a state, which the session holds."""
    return salted_hmac("portal.sso.nonce", state, algorithm="sha256").hexdigest()


provider_classes = [OidcProvider]
