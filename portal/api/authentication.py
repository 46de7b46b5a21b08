"""Who comes in: tokens with a scope, and the login of the pages."""

import logging
import re
from datetime import timedelta
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from portal.models import ApiToken, User
from portal.permissions import may_edit_catalog, may_read, may_write

logger = logging.getLogger(__name__)

_TOKEN = re.compile(rb"[A-Za-z0-9_]{16,200}")


class ScopedTokenAuthentication(TokenAuthentication):
    """`Authorization: Bearer <token>`, or `Token <token>`; `request.auth` is the `ApiToken`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return who the token belongs to; None where the request brings none."""
        scheme, *rest = authentication.get_authorization_header(request).split() or [b""]
        if scheme.lower() not in (b"bearer", b"token"):
            return None
        if len(rest) != 1 or not _TOKEN.fullmatch(rest[0]):
            raise exceptions.AuthenticationFailed("The token is malformed.")
        return self.authenticate_credentials(rest[0])

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        """Return the owner of a token that is known, alive and whose owner is too."""
        text = token.decode("ascii")
        digest = hash_token(text)
        rows = ApiToken.objects.filter(token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH])
        found = [row for row in rows.select_related("user") if compare_digest(row.digest, digest)]
        if not found:
            raise exceptions.AuthenticationFailed("There is no such token.")
        if found[0].expiry is not None and found[0].expiry < timezone.now():
            raise exceptions.AuthenticationFailed("The token has expired; make a new one.")
        _note_use(found[0])
        return self.validate_user(found[0])

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 tells the client to send."""
        return 'Bearer realm="api"'


def _note_use(token: ApiToken) -> None:
    """Store when the token was last used, to the minute: a read should not cost a write."""
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < timedelta(minutes=1):
        return
    try:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except OperationalError as error:
        # Somebody holds the write lock; that is no reason to refuse a read.
        logger.warning("The use of token %s was not noted: %s", token.token_key, error)


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document describes tokens."""

    target_class = ScopedTokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the security scheme."""
        return {"type": "http", "scheme": "bearer"}


class SessionAuthentication(authentication.SessionAuthentication):
    """The login of the pages; writes need the CSRF token. Without a login the answer is 401."""

    def authenticate_header(self, request: Request) -> str:
        """Return a challenge: without one, the framework would say 403."""
        return "Session"


class SessionScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document describes the login."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the security scheme."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class ScopePermission(permissions.BasePermission):
    """Readers read, admins write, and a read-only token never writes. Nobody is anonymous here.

    Where a view says `asks_of_objects`, whoever may write anything gets through, and operations ask
    whether they may write that (see `portal.permissions.Rights`).

    Public reading is for pages: without an account there is no token, and so no API.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the request may go on; raises with the reason where it may not."""
        if not request.user.is_authenticated:
            raise exceptions.NotAuthenticated("Send a token: 'Authorization: Bearer <token>'.")
        if request.method in permissions.SAFE_METHODS:
            return may_read(request.user)
        may = may_write if getattr(view, "asks_of_objects", False) else may_edit_catalog
        if not may(request.user, request.auth):
            raise exceptions.PermissionDenied(_why_not(request.auth))
        return True


def _why_not(token: ApiToken | None) -> str:
    if token is not None and token.scope != ApiToken.Scope.WRITE:
        return "This token only reads; writing needs one of scope 'write'."
    return "Only admins may write this."
