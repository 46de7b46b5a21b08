"""Teams as this dialect knows them: by name, with the e-mail addresses of who is in them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from catalog.errors import Conflict, Invalid
from catalog.models import OWNERSHIP, TEAM, USER, Entity, EntityRelation
from catalog.operations import UNSET, EntityDraft, save_team
from portal.integrations.port.people import user_identifiers
from portal.integrations.port.people_codec import Person, read_team, team_body, team_identifier
from portal.integrations.port.stamps import stamps
from portal.integrations.port.wire_paths import as_sent
from portal.permissions import Actor

_NAMES = {"members": "users", "title": "name", "properties.description": "description"}


def all_teams() -> list[Entity]:
    """Return every team, by name."""
    return list(Entity.objects.of(TEAM).order_by("title", "id"))


def create_team(body: Mapping[str, Any], *, by: Actor, now: datetime, datasource: str) -> Entity:
    """Create the team that a body describes; raises `Conflict` where one has the name."""
    said = read_team(body, is_new=True)
    _check_name(said["name"])
    identifier = said.get("identifier") or _free_identifier(said["name"])
    draft = _draft(identifier, said)
    with as_sent(_NAMES):
        return save_team(
            draft=draft,
            members=user_identifiers(said.get("users") or []),
            is_new=True,
            by=by,
            now=now,
            datasource=datasource,
        )


def change_team(
    team: Entity,
    body: Mapping[str, Any],
    *,
    is_whole: bool,
    by: Actor,
    now: datetime,
    datasource: str,
) -> Entity:
    """Set what a body mentions; if it `is_whole`, what it leaves out is taken away."""
    said = read_team(body, is_new=False)
    if said.get("identifier") not in (None, team.identifier):
        raise Invalid.at("identifier", f"stays '{team.identifier}'; a team is known by its name")
    if said.get("name", team.title) != team.title:
        _check_name(said["name"])
    if is_whole:
        said = {"description": None, "users": [], **said}
    with as_sent(_NAMES):
        return save_team(
            draft=_draft(team.identifier, said),
            members=user_identifiers(said["users"] or []) if "users" in said else UNSET,
            is_new=False,
            by=by,
            now=now,
            datasource=datasource,
        )


def shown_teams(teams: Sequence[Entity]) -> list[dict[str, Any]]:
    """Return teams as they are read: with objects for their users."""
    members = _members(teams)
    return [_shown(team, [person.body() for person in members[team.pk]]) for team in teams]


def written_team(team: Entity) -> dict[str, Any]:
    """Return a team as writing it answers: with the e-mail addresses of its users."""
    return _shown(team, [person.email for person in _members([team])[team.pk]])


def _shown(team: Entity, users: Sequence[Any]) -> dict[str, Any]:
    return team_body(
        identifier=team.identifier,
        name=team.title,
        description=team.properties.get("description"),
        users=users,
        stamps=stamps(team),
    )


def _members(teams: Sequence[Entity]) -> Mapping[int, list[Person]]:
    """Return who is in each team, by e-mail address: one query for one team as for all."""
    rows = EntityRelation.objects.filter(
        relation=OWNERSHIP, source__blueprint__identifier=USER, target__blueprint__identifier=TEAM
    )
    if len(teams) == 1:
        rows = rows.filter(target=teams[0])
    found: dict[int, list[Person]] = defaultdict(list)
    for team_id, *parts in rows.order_by("source__identifier").values_list(
        "target_id", "source__identifier", "source__title", "source__properties"
    ):
        found[team_id].append(Person.of(*parts))
    return found


def _draft(identifier: str, said: Mapping[str, Any]) -> EntityDraft:
    description = {"description": said["description"] or None} if "description" in said else {}
    return EntityDraft(identifier=identifier, title=said.get("name", UNSET), properties=description)


def _check_name(name: str) -> None:
    if Entity.objects.of(TEAM).filter(title=name).exists():
        raise Conflict(f"there is a team '{name}' already; choose another name")


def _free_identifier(name: str) -> str:
    wanted = team_identifier(name)
    similar = Entity.objects.of(TEAM).filter(identifier__startswith=wanted)
    taken = set(similar.values_list("identifier", flat=True))
    numbered = (f"{wanted}_{number}" for number in count(2))
    return wanted if wanted not in taken else next(name for name in numbered if name not in taken)
