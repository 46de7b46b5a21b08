"""Who may do what: every surface asks here and nowhere else."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass(frozen=True)
class Actor:
    """Who does something, as operations record it.

    `label` is what history shows, `user_id` the Django user or None, `source` the door they came
    through: "admin", "api", "wire" (a dialect of others), "webhook", "action", "page", "command",
    "shell" or "system".
    `run` names the run of an action that they do it for, if any.
    """

    label: str
    user_id: int | None = None
    source: str = "system"
    run: str | None = None

    @classmethod
    def of_request(cls, request: "HttpRequest", *, source: str) -> "Actor":
        """Return the actor behind an authenticated request."""
        return cls(label=request.user.get_username(), user_id=request.user.pk, source=source)


SYSTEM = Actor(label="tidemark")
SHELL = Actor(label="shell", source="shell")


def username_of(user: Any) -> str:
    """Return the name of whoever is logged in, empty where nobody is."""
    return user.get_username() if user is not None and user.is_authenticated else ""


def may_read(user: Any) -> bool:
    """Say whether this user may see the catalog and its scorecards."""
    return bool(user and user.is_active and user.is_authenticated) or settings.TIDEMARK_PUBLIC_READ


def may_read_people(user: Any) -> bool:
    """Say whether this user may see who is who: never the public, for whom reading is open."""
    return bool(user and user.is_active and user.is_authenticated)


def may_edit_catalog(user: Any, auth: Any = None) -> bool:
    """Say whether this user may write entities, blueprints and scorecards.

    `auth` is the API token the request came with, if any: a read-only token never writes,
    whoever owns it.
    """
    if auth is not None and getattr(auth, "scope", None) != "write":
        return False
    return bool(user and user.is_active and user.is_authenticated and user.is_staff)


def may_exempt(user: Any, auth: Any = None) -> bool:
    """Say whether this user may exempt entities from rules: whoever may edit the catalog."""
    return may_edit_catalog(user, auth)


def may_save_views(user: Any) -> bool:
    """Say whether this user may save views of tables for themselves."""
    return bool(user and user.is_active and user.is_authenticated)


def may_share_views(user: Any) -> bool:
    """Say whether this user may save views for everybody."""
    return may_edit_catalog(user)


def may_change_view(user: Any, *, owner_id: int | None, is_shared: bool) -> bool:
    """Say whether this user may change a saved view: their own, or a shared one as an editor."""
    if is_shared:
        return may_share_views(user)
    return may_save_views(user) and user.pk == owner_id


def may_delete_view(user: Any, *, owner_id: int | None, is_shared: bool) -> bool:
    """Say whether this user may delete a saved view: whoever may change it, or made it."""
    is_own = may_save_views(user) and user.pk == owner_id
    return is_own or may_change_view(user, owner_id=owner_id, is_shared=is_shared)


def roles_of(user: Any) -> frozenset[str]:
    """Return the roles of this user, as pages name them in who may read and update them.

    Admin is who may edit the catalog, Member whoever may read it.
    """
    roles = {"Admin"} if may_edit_catalog(user) else set()
    return frozenset(roles | ({"Member"} if may_read(user) else set()))


def may_make_boards(user: Any) -> bool:
    """Say whether this user may make dashboards, be it only for themselves: not the public."""
    return may_read_people(user)


def may_publish_boards(user: Any) -> bool:
    """Say whether this user may make dashboards for everybody, and the folders they stand in."""
    return may_edit_catalog(user)
