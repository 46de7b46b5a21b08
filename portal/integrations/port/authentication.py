"""Who comes in by this dialect: machines and people, by the access token of a credential."""

from rest_framework import exceptions, permissions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from portal.integrations.credentials import Machine, admit
from portal.integrations.models import ApiCredential
from portal.integrations.port import tokens
from portal.models import User
from portal.permissions import may_edit_catalog, may_read, may_read_workings, may_write

_LIMITED = "This credential may not {} this: it is limited to a role, or to blueprints."


class PortAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; `request.auth` is the `ApiCredential`."""

    def authenticate(self, request: Request) -> tuple[User | Machine, ApiCredential] | None:
        """Return whom the token was issued to; None where the request brings none."""
        scheme, *rest = get_authorization_header(request).split() or [b""]
        if scheme.lower() != b"bearer" or len(rest) != 1:
            return None
        credential = tokens.read(rest[0].decode("latin-1"))
        if credential is None:
            raise exceptions.AuthenticationFailed("The access token is not valid or has expired.")
        return admit(credential)

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 tells the client to send."""
        return 'Bearer realm="v1"'


class PortPermission(permissions.BasePermission):
    """Credentials read; those of scope write also write. Searches are reads, though they POST.

    Where a view says `asks_of_objects`, whoever may write anything gets through, and operations ask
    whether they may write that. What a view says is `for_admins` nobody else reads either.
    """

    def has_permission(self, request: Request, view: object) -> bool:
        """Say whether the request may go on; raises with the reason where it may not."""
        if request.auth is None:
            raise exceptions.NotAuthenticated(
                "Send an access token: 'Authorization: Bearer <token>' of /v1/auth/access_token."
            )
        if request.method in (*permissions.SAFE_METHODS, *getattr(view, "reading_methods", ())):
            is_open = not getattr(view, "for_admins", False)
            if is_open or may_read_workings(request.user, request.auth):
                return may_read(request.user)
            raise exceptions.PermissionDenied(_LIMITED.format("read"))
        may = may_write if getattr(view, "asks_of_objects", False) else may_edit_catalog
        if not may(request.user, request.auth):
            raise exceptions.PermissionDenied(_why_not(request.auth))
        return True


def _why_not(credential: ApiCredential) -> str:
    if credential.scope != ApiCredential.Scope.WRITE:
        return "This credential only reads; writing needs one of scope 'write'."
    return _LIMITED.format("write")
