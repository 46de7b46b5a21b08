"""Users as this dialect knows them: the people of the catalog, by e-mail address."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog.errors import Conflict
from catalog.models import TEAM, USER, Entity
from catalog.operations import UNSET, EntityDraft, save_user
from portal.integrations.port.people import team_identifiers
from portal.integrations.port.people_codec import (
    INVITED,
    Person,
    read_invitee,
    read_user,
    user_body,
    user_properties,
    user_title,
)
from portal.integrations.port.stamps import stamps
from portal.integrations.port.wire_paths import as_sent
from portal.permissions import Actor

_NAMES = {
    "team": "teams",
    "teams": "teams",
    "title": "firstName",
    "identifier": "email",
    "properties.port_role": "roles",
    "properties.moderated_blueprints": "roles",
    "properties.status": "status",
}


def all_users() -> list[Entity]:
    """Return every user, by e-mail address."""
    return list(Entity.objects.of(USER).order_by("identifier"))


def invite_user(body: Mapping[str, Any], *, by: Actor, now: datetime, datasource: str) -> Entity:
    """Make the user whom a body invites. Nobody is told: the portal sends no mail.

    Raises `Conflict` where there is one.
    """
    said = read_invitee(body)
    email = said["email"]
    if Entity.objects.of(USER).filter(identifier=email).exists():
        raise Conflict(f"there is a user '{email}' already; change that one")
    with as_sent({ours: f"invitee.{theirs}" for ours, theirs in _NAMES.items()}):
        draft = _draft(email, {"status": INVITED, **said}, Person.of(email, "", {}))
        return save_user(draft=draft, is_new=True, by=by, now=now, datasource=datasource)


def change_user(
    user: Entity, body: Mapping[str, Any], *, by: Actor, now: datetime, datasource: str
) -> Entity:
    """Set what a body mentions."""
    said = read_user(body)
    with as_sent(_NAMES):
        draft = _draft(user.identifier, said, _person(user))
        return save_user(draft=draft, is_new=False, by=by, now=now, datasource=datasource)


def shown_users(users: Sequence[Entity]) -> list[dict[str, Any]]:
    """Return users as answers show them; the names of teams take one query."""
    named = {name for user in users for name in user.team}
    titles = dict(Entity.objects.of(TEAM).values_list("identifier", "title")) if named else {}
    return [
        user_body(
            _person(user),
            properties=user.properties,
            teams={name: titles.get(name) or name for name in user.team},
            stamps=stamps(user),
        )
        for user in users
    ]


def _person(user: Entity) -> Person:
    return Person.of(user.identifier, user.title, user.properties)


def _draft(email: str, said: Mapping[str, Any], before: Person) -> EntityDraft:
    title = user_title(said, before)
    return EntityDraft(
        identifier=email,
        title=UNSET if title is None else title,
        properties=user_properties(said),
        team=team_identifiers(said["teams"] or []) if "teams" in said else UNSET,
    )
