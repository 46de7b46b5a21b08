"""Who comes in by this dialect: a pair of keys, an API key alone, or a bearer token."""

from typing import Any

from rest_framework import exceptions, permissions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from portal.api.authentication import ScopedTokenAuthentication
from portal.integrations.credentials import admit, find_by_keys
from portal.integrations.models import ApiCredential
from portal.integrations.port import tokens
from portal.permissions import may_edit_catalog, may_read, may_write

API_KEY, APP_KEY = "DD-API-KEY", "DD-APPLICATION-KEY"
NO_KEY = "API key required"


class Forbidden(exceptions.AuthenticationFailed):
    """Keys or a token that nobody has: clients of this dialect expect a 403."""

    status_code = 403


class DatadogAuthentication(BaseAuthentication):
    """The keys of a credential, or `Authorization: Bearer` with an access token or an API token.

    `request.auth` is the `ApiCredential` or the `ApiToken`. A view with `needs_only_api_key` takes
    an API key without an application key.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return who comes in; None where the request brings nothing."""
        scheme, *rest = get_authorization_header(request).split() or [b""]
        if scheme.lower() == b"bearer" and len(rest) == 1:
            return _by_token(request, rest[0].decode("latin-1"))
        api_key = request.headers.get(API_KEY)
        if not api_key:
            return None
        app_key = request.headers.get(APP_KEY)
        needs_pair = not getattr(request.parser_context["view"], "needs_only_api_key", False)
        if needs_pair and not app_key:
            raise Forbidden(f"Send an application key too, in {APP_KEY}.")
        credential = find_by_keys(api_key, app_key if needs_pair else None)
        if credential is None:
            raise Forbidden("There is no such API key, or the application key is not its own.")
        return admit(credential)


def _by_token(request: Request, token: str) -> tuple[Any, Any]:
    credential = tokens.read(token)
    if credential is not None:
        return admit(credential)
    try:
        found = ScopedTokenAuthentication().authenticate(request)
    except exceptions.AuthenticationFailed as error:
        raise Forbidden(error.detail)
    if found is None:
        raise Forbidden("The token is not valid or has expired.")
    return found


def _why_not(auth: Any) -> str:
    if auth.scope != ApiCredential.Scope.WRITE:
        return "These keys only read; writing needs a credential of scope 'write'."
    return "Only admins may write this."


class DatadogPermission(permissions.BasePermission):
    """Credentials read; those of scope write also write. Lists asked for by POST are reads."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Say whether the request may go on; raises with the reason where it may not."""
        if request.auth is None:
            raise exceptions.PermissionDenied(NO_KEY)
        if request.method in (*permissions.SAFE_METHODS, *getattr(view, "reading_methods", ())):
            return may_read(request.user)
        may = may_write if getattr(view, "asks_of_objects", False) else may_edit_catalog
        if not may(request.user, request.auth):
            raise exceptions.PermissionDenied(_why_not(request.auth))
        return True
