"""Who may do what: every surface asks here and nowhere else.

What depends on nothing but who asks is a function. What depends on an object is asked of the
`Rights` of whoever asks; operations ask them of their `Actor`, so that no door can forget to.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from django.conf import settings
from django.core.exceptions import PermissionDenied

from portal.policies import ADMIN, MEMBER, VIEWER, Person, Policy, moderator_of

if TYPE_CHECKING:
    from django.http import HttpRequest

WRITE = "write"


class Forbidden(PermissionDenied):
    """Whoever asks may not do this; the message says what, and who may."""


class Entry(NamedTuple):
    """What the catalog says of a person: their teams, and the blueprints that they moderate."""

    teams: frozenset[str] = frozenset()
    moderated: frozenset[str] = frozenset()


class Directory(Protocol):
    """Where rights look up what they depend on; the catalog, which stands above this module."""

    def entry(self, identifier: str) -> Entry:
        """Return what is known of a person; costs a query."""

    def policies(self) -> Iterable[tuple[int, str, Mapping[str, Any]]]:
        """Yield the id, identifier and stored policy of every blueprint; costs a query."""


_directory: Directory | None = None


def look_up_in(directory: Directory) -> None:
    """Tell where to look things up, once, when the process starts."""
    global _directory
    _directory = directory


class Rights:
    """What somebody may do, with what they brought: a session, a token or a credential.

    Nothing is looked up before an answer depends on it; for an admin with a session, nothing ever.
    `auth` may narrow what its owner may do: by its `scope`, its `role` and its `blueprints`.
    """

    def __init__(self, user: Any, auth: Any = None) -> None:
        self.user = user
        self._auth = auth
        self._is_known = bool(user and user.is_active and user.is_authenticated)

    @cached_property
    def role(self) -> str:
        """Return the widest of Admin, Member and Viewer that they have; empty for nobody."""
        if not self._is_known:
            return ""
        own = ADMIN if self.user.is_staff else getattr(self.user, "role", "member").title()
        cap = (getattr(self._auth, "role", "") or own).title()
        return min(own, cap, key=_WIDTH.__getitem__)

    @property
    def is_admin(self) -> bool:
        """Say whether they may do everything that their token may."""
        return self.role == ADMIN

    @property
    def may_write(self) -> bool:
        """Say whether they may write anything at all."""
        is_reading = self._auth is not None and getattr(self._auth, "scope", None) != WRITE
        return self.role in (ADMIN, MODERATOR, MEMBER) and not is_reading

    @cached_property
    def only(self) -> frozenset[str] | None:
        """Return the blueprints that their token is for; None where it is for all."""
        return frozenset(getattr(self._auth, "blueprints", None) or ()) or None

    @cached_property
    def person(self) -> Person:
        """Return them as policies name people."""
        if self.is_admin:
            return Person(roles=frozenset({ADMIN, MEMBER, VIEWER}))
        if not self._is_known:
            return Person(roles=frozenset({MEMBER, VIEWER}))
        entry = self._entry
        # Who only reads is meant where everybody is: no policy grants a viewer a write.
        roles = {MEMBER, VIEWER}
        if self.role != VIEWER:
            roles |= {moderator_of(name) for name in entry.moderated}
        return Person(self._names, frozenset(roles), entry.teams)

    @property
    def teams(self) -> frozenset[str]:
        """Return the teams that they are in."""
        return self._entry.teams

    @cached_property
    def _names(self) -> frozenset[str]:
        email = getattr(self.user, "email", "")
        return frozenset({self.user.get_username(), email} - {""})

    @cached_property
    def _entry(self) -> Entry:
        identifier = getattr(self.user, "entity_identifier", "") if self._is_known else ""
        if not identifier or _directory is None:
            return Entry()
        return _directory.entry(identifier)

    @cached_property
    def hidden(self) -> dict[int, str]:
        """Return the blueprints that they may not read: the identifiers by id."""
        if _directory is None or (self.is_admin and self.only is None):
            return {}
        return {
            id_: name
            for id_, name, stored in _directory.policies()
            if not self._reads(name, Policy(name, stored))
        }

    def _reads(self, blueprint: str, policy: Policy) -> bool:
        if self.only is not None and blueprint not in self.only:
            return False
        if self.is_admin or not policy.restricts_reading:
            return True
        return policy.grants("read", self.person)

    def may_read_blueprint(self, blueprint: str) -> bool:
        """Say whether they may see the entities of a blueprint."""
        return blueprint not in self.hidden.values()

    def moderates(self, blueprint: str) -> bool:
        """Say whether they have full control of a blueprint's entities and scorecards."""
        if not self.may_write or (self.only is not None and blueprint not in self.only):
            return False
        if self.is_admin or self.role == MODERATOR:
            return True
        return moderator_of(blueprint) in self.person.roles

    def may_edit_scorecard(self, blueprints: Collection[str]) -> bool:
        """Say whether they may edit a scorecard that grades these blueprints."""
        if self.is_admin and self.may_write and self.only is None:
            return True
        return bool(blueprints) and all(map(self.moderates, blueprints))

    def may(
        self, act: str, *, blueprint: str, policy: Mapping[str, Any], owners: Collection[str] = ()
    ) -> bool:
        """Say whether they may register, update or unregister an entity with these owners.

        `policy` is the stored one of the blueprint.
        """
        if not self._may_write_to(blueprint):
            return False
        if self.role == MODERATOR and self.moderates(blueprint):
            return True
        return Policy(blueprint, policy).grants(act, self.person, owners)

    def may_change(
        self,
        keys: Mapping[str, Collection[str]],
        *,
        blueprint: str,
        policy: Mapping[str, Any],
        owners: Collection[str],
    ) -> bool:
        """Say whether they may update these parts of an entity, if not the whole of it.

        `keys` are the parts by section of the policy; see `portal.policies.Policy.grants_keys`.
        """
        if not self._may_write_to(blueprint):
            return False
        return Policy(blueprint, policy).grants_keys(keys, self.person, owners)

    def _may_write_to(self, blueprint: str) -> bool:
        return self.may_write and (self.only is None or blueprint in self.only)


# A token of an admin may be one of a moderator: of all entities, or those of its blueprints.
MODERATOR = "Moderator"
_WIDTH = {"": 0, VIEWER: 1, MEMBER: 2, MODERATOR: 3, ADMIN: 4}


def rights_of(user: Any, auth: Any = None) -> Rights:
    """Return the rights of a user with what they brought, looked up once for a request."""
    holder = user if auth is None else auth
    if holder is None:
        return Rights(None)
    if not hasattr(holder, "_rights"):
        holder._rights = Rights(user, auth)
    return holder._rights


@dataclass(frozen=True)
class Actor:
    """Who does something, as operations record it.

    `label` is what history shows, `user_id` the Django user or None, `source` the door they came
    through: "admin", "api", "wire" (a dialect of others), "webhook", "action", "page", "signin"
    (what the identity provider says of them), "command", "shell" or "system".
    `run` names the run of an action that they do it for, if any. `rights` say what they may do to
    what; None is the installation itself, which may do everything. `address` is where the request
    came from, if any.
    """

    label: str
    user_id: int | None = None
    source: str = "system"
    run: str | None = None
    rights: Rights | None = field(default=None, compare=False, repr=False)
    address: str = ""

    @classmethod
    def of_request(cls, request: "HttpRequest", *, source: str) -> "Actor":
        """Return the actor behind an authenticated request."""
        return cls(
            label=request.user.get_username(),
            user_id=request.user.pk,
            source=source,
            rights=rights_of(request.user, getattr(request, "auth", None)),
            address=request.META.get("REMOTE_ADDR", "") or "",
        )

    def must_edit_scorecard(self, blueprints: Collection[str]) -> None:
        """Raise `Forbidden` unless they may edit a scorecard that grades these blueprints."""
        if self.rights is not None and not self.rights.may_edit_scorecard(blueprints):
            raise Forbidden(
                "Only admins, and moderators of all blueprints that a scorecard grades, "
                "may edit it and report to it."
            )

    def must_moderate(self, blueprint: str) -> None:
        """Raise `Forbidden` unless they have full control of a blueprint's entities."""
        if self.rights is not None and not self.rights.moderates(blueprint):
            raise Forbidden(f"Only admins and moderators of '{blueprint}' may do this.")


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
    """Say whether this user may write whatever there is: entities, blueprints, scorecards.

    `auth` is the API token the request came with, if any: a read-only token never writes,
    whoever owns it.
    """
    rights = rights_of(user, auth)
    return rights.is_admin and rights.may_write and rights.only is None


def may_write(user: Any, auth: Any = None) -> bool:
    """Say whether this user may write something: what, their `Rights` say of each object."""
    return rights_of(user, auth).may_write


def may_read_history(user: Any, auth: Any = None) -> bool:
    """Say whether this user may read what was changed: it also holds what was taken away since."""
    rights = rights_of(user, auth)
    return rights.is_admin and rights.only is None


def may_exempt(user: Any, blueprint: str) -> bool:
    """Say whether this user may exempt entities of a blueprint from rules: its moderators."""
    return rights_of(user).moderates(blueprint)


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
