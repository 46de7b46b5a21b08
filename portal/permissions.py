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

from portal.client_addresses import address_of
from portal.policies import ADMIN, MEMBER, VIEWER, Person, Policy, is_about_people, moderator_of

if TYPE_CHECKING:
    from django.http import HttpRequest

WRITE = "write"
# The blueprint of who is who, which the public never sees.
PEOPLE = "_user"


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


@dataclass(frozen=True)
class Sight:
    """What somebody sees of the catalog: all blueprints but some, known by id and identifier."""

    hidden: Mapping[int, str] = field(default_factory=dict)

    def sees(self, blueprint: str) -> bool:
        """Say whether they see the entities of a blueprint, and that there is such a blueprint."""
        return blueprint not in self.hidden.values()

    def narrow(self, rows: Any, *, via: str) -> Any:
        """Return the rows of a queryset without those of blueprints that they do not see.

        `via` is the path from a row to its blueprint, such as ``entity__blueprint``.
        """
        return rows.exclude(**{f"{via}__in": list(self.hidden)}) if self.hidden else rows


EVERYTHING = Sight()


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

    @property
    def is_unlimited(self) -> bool:
        """Say whether nothing is hidden from them, whatever policies say."""
        return self.is_admin and self.only is None

    @property
    def may_edit_catalog(self) -> bool:
        """Say whether they may write whatever there is, blueprints and settings included."""
        return self.is_unlimited and self.may_write

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
        return Person(self.names, frozenset(roles), entry.teams)

    @property
    def teams(self) -> frozenset[str]:
        """Return the teams that they are in."""
        return self._entry.teams

    @cached_property
    def moderated(self) -> frozenset[str]:
        """Return the blueprints that they are named a moderator of; an admin is named for none."""
        return frozenset(filter(self.moderates, self._entry.moderated))

    @cached_property
    def names(self) -> frozenset[str]:
        """Return what they may be called where users are named; none for the public."""
        email = getattr(self.user, "email", "")
        return frozenset({username_of(self.user), email} - {""})

    @cached_property
    def _entry(self) -> Entry:
        identifier = getattr(self.user, "entity_identifier", "") if self._is_known else ""
        if not identifier or _directory is None:
            return Entry()
        return _directory.entry(identifier)

    @cached_property
    def hidden(self) -> dict[int, str]:
        """Return the blueprints that they may not read: the identifiers by id."""
        if self.is_unlimited:
            return {}
        return {
            id_: name
            for id_, name, policy in self._policies
            if not self._has_token_for(name) or not self._reads(name, policy)
        }

    @cached_property
    def closed(self) -> frozenset[str]:
        """Return the blueprints that they may not read by any token: they point nothing there."""
        if self.is_admin:
            return frozenset()
        return frozenset(
            name for _, name, policy in self._policies if not self._reads(name, policy)
        )

    @cached_property
    def _policies(self) -> list[tuple[int, str, Policy]]:
        stored = _directory.policies() if _directory is not None else ()
        return [(id_, name, Policy(name, policy)) for id_, name, policy in stored]

    def _has_token_for(self, blueprint: str) -> bool:
        return self.only is None or blueprint in self.only

    def _reads(self, blueprint: str, policy: Policy) -> bool:
        if not self._is_known and blueprint == PEOPLE:
            return False
        if self.is_admin or not policy.restricts_reading:
            return True
        return policy.grants("read", self.person)

    @property
    def sight(self) -> Sight:
        """Return what they see of the catalog."""
        return Sight(self.hidden)

    def may_read_blueprint(self, blueprint: str) -> bool:
        """Say whether they may see the entities of a blueprint."""
        return self.sight.sees(blueprint)

    def readable(self, rows: Any, *, via: str) -> Any:
        """Return the rows of a queryset that they may read; see `Sight.narrow`."""
        return self.sight.narrow(rows, via=via)

    def moderates(self, blueprint: str) -> bool:
        """Say whether they have full control of a blueprint's entities and scorecards."""
        if not self._may_write_to(blueprint):
            return False
        if self.is_admin or (self.role == MODERATOR and not is_about_people(blueprint)):
            return True
        return moderator_of(blueprint) in self.person.roles

    @property
    def moderates_any(self) -> bool:
        """Say whether there is a blueprint that they moderate, or they are an admin."""
        return self.is_admin or bool(self.moderated)

    def may_edit_scorecard(self, blueprints: Collection[str]) -> bool:
        """Say whether they may edit a scorecard that grades these blueprints."""
        if self.may_edit_catalog:
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
        return self.may_write and self._has_token_for(blueprint)


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
            address=address_of(request),
        )

    @property
    def sight(self) -> Sight:
        """Return what they see of the catalog."""
        return sight_with(self.rights)

    def must_edit_catalog(self, what: str) -> None:
        """Raise `Forbidden` unless they may write whatever there is; `what` would be written."""
        if self.rights is not None and not self.rights.may_edit_catalog:
            raise Forbidden(f"Only admins may write {what}.")

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


def sight_of(user: Any, auth: Any = None) -> Sight:
    """Return what a user, or the public, sees of the catalog."""
    return rights_of(user, auth).sight


def sight_with(rights: Rights | None) -> Sight:
    """Return what is seen with these rights; None is the installation, which sees everything."""
    return EVERYTHING if rights is None else rights.sight


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
    return rights_of(user, auth).may_edit_catalog


def may_enter_workshop(user: Any) -> bool:
    """Say whether the admin is open to this user: who moderates something or is in a team."""
    rights = rights_of(user)
    return rights.is_admin or (rights.may_write and bool(rights.teams or rights.moderated))


def may_write(user: Any, auth: Any = None) -> bool:
    """Say whether this user may write something: what, their `Rights` say of each object."""
    return rights_of(user, auth).may_write


def may_read_history(user: Any, auth: Any = None) -> bool:
    """Say whether this user may read what was changed: it also holds what was taken away since."""
    return rights_of(user, auth).is_unlimited


def may_see_status(user: Any) -> bool:
    """Say whether this user may see how the site runs: those who could do something about it."""
    return may_edit_catalog(user)


def may_read_workings(user: Any, auth: Any = None) -> bool:
    """Say whether this user may read what the portal runs by: credentials, secrets, webhooks."""
    return may_read_history(user, auth)


def may_exempt(user: Any, blueprint: str) -> bool:
    """Say whether this user may exempt entities of a blueprint from rules: its moderators."""
    return rights_of(user).moderates(blueprint)


def may_change_rows(user: Any, blueprint: str) -> bool:
    """Say whether this user may change some entities of a blueprint: all, or what their teams own.

    Which of them, the operation asks of each.
    """
    rights = rights_of(user)
    return rights.moderates(blueprint) or (rights.may_write and bool(rights.teams))


def may_update(user: Any, *, blueprint: str, policy: Mapping[str, Any], owners: list[str]) -> bool:
    """Say whether this user may update an entity with these owners; `policy` is its blueprint's."""
    return rights_of(user).may("update", blueprint=blueprint, policy=policy, owners=owners)


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


def roles_of(user: Any, auth: Any = None) -> frozenset[str]:
    """Return the roles of this user, as pages name them in who may read and update them.

    Admin is who may edit the catalog, Member whoever may read it.
    """
    roles = {ADMIN} if may_edit_catalog(user, auth) else set()
    return frozenset(roles | ({MEMBER} if may_read(user) else set()))


def may_make_boards(user: Any) -> bool:
    """Say whether this user may make dashboards, be it only for themselves: not who only reads."""
    return may_write(user)


def may_publish_boards(user: Any) -> bool:
    """Say whether this user may make dashboards for everybody, and the folders they stand in."""
    return may_edit_catalog(user)
