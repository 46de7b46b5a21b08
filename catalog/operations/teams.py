"""Teams with their members, in one write: who is in a team is said by people, not by the team."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.bulk import chunks
from catalog.errors import Fault, Invalid
from catalog.models import OWNERSHIP, TEAM, USER, Blueprint, Entity, EntityRelation
from catalog.operations.drafts import UNSET, EntityDraft, Leniency
from catalog.operations.entities import upsert_entities
from portal.permissions import Actor

# Whoever writes here knows a name and a description, not what a blueprint was extended by.
_KNOWN_PARTS = Leniency(may_have_unknown=True, may_lack_required=True)


@transaction.atomic
def save_team(
    *,
    draft: EntityDraft,
    members: Any = UNSET,
    is_new: bool,
    by: Actor,
    now: datetime,
    datasource: str = "",
) -> Entity:
    """Create or change a team; what the draft does not mention stays.

    `members` are the identifiers of the people who are in it from now on, all others leave; UNSET
    keeps them. Raises `Invalid`, with `is_conflict` where a new team is not new, and with the paths
    ``members[<index>]`` for who is not there.
    """
    team = _save(TEAM, draft, is_new=is_new, by=by, now=now, datasource=datasource)
    if members is not UNSET:
        _set_members(team, members, by=by, now=now)
    return team


@transaction.atomic
def save_user(
    *, draft: EntityDraft, is_new: bool, by: Actor, now: datetime, datasource: str = ""
) -> Entity:
    """Create or change a person; what the draft does not mention stays.

    Raises `Invalid`, with `is_conflict` where a new one is not new.
    """
    return _save(USER, draft, is_new=is_new, by=by, now=now, datasource=datasource)


def _save(
    blueprint: str, draft: EntityDraft, *, is_new: bool, by: Actor, now: datetime, datasource: str
) -> Entity:
    try:
        outcome = upsert_entities(
            blueprint=Blueprint.objects.get(identifier=blueprint),
            drafts=[draft],
            leniency=_KNOWN_PARTS,
            create_only=is_new,
            update_only=not is_new,
            by=by,
            now=now,
            datasource=datasource,
        )
    except Invalid as error:
        raise Invalid(fault.out_of("entities[0]") for fault in error.faults) from None
    return outcome.entities[0]


def _set_members(team: Entity, members: Sequence[str], *, by: Actor, now: datetime) -> None:
    wanted = set(members)
    people = {row.identifier: row for row in _locked(_concerned(team, wanted))}
    missing = [
        Fault(f"members[{index}]", f"there is no {USER} '{name}'; invite them first")
        for index, name in enumerate(members)
        if name not in people
    ]
    if missing:
        raise Invalid(missing)
    drafts = [
        EntityDraft(identifier=name, team=_teams_of(row, team, is_member=name in wanted))
        for name, row in people.items()
        if (team.identifier in row.team) != (name in wanted)
    ]
    upsert_entities(
        blueprint=Blueprint.objects.get(identifier=USER),
        drafts=drafts,
        leniency=_KNOWN_PARTS,
        by=by,
        now=now,
    )


def _teams_of(person: Entity, team: Entity, *, is_member: bool) -> list[str]:
    others = [name for name in person.team if name != team.identifier]
    return [*others, team.identifier] if is_member else others


def _concerned(team: Entity, wanted: Collection[str]) -> set[int]:
    """Return the ids of the people who are in the team, and of those who are to be."""
    rows = EntityRelation.objects.filter(
        target=team, relation=OWNERSHIP, source__blueprint__identifier=USER
    )
    ids = set(rows.values_list("source_id", flat=True))
    for chunk in chunks(wanted):
        ids |= set(Entity.objects.of(USER).named(chunk).values_list("id", flat=True))
    return ids


def _locked(ids: Collection[int]) -> Iterator[Entity]:
    """Yield entities, in one order and kept from others, who would read the same teams."""
    for chunk in chunks(sorted(ids)):
        yield from Entity.objects.filter(id__in=chunk).order_by("id").select_for_update()
