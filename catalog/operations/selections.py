"""One change to many entities that somebody chose: for all of them, or for none."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.bulk import chunks
from catalog.errors import Fault, Invalid
from catalog.models import OWNERSHIP, Blueprint, Entity
from catalog.operations import relations
from catalog.operations.deleting import delete_entities
from catalog.operations.drafts import EntityDraft
from catalog.operations.entities import upsert_entities
from portal.permissions import Actor

# What one transaction may hold up others for.
MOST_CHOSEN = 1_000


@transaction.atomic
def set_owners(
    *,
    blueprint: Blueprint,
    entity_ids: Collection[int],
    teams: Sequence[str],
    keep_others: bool,
    by: Actor,
    now: datetime,
) -> int:
    """Give entities these owners, beside those that they have or instead; return how many moved.

    Raises `Invalid` with faults that name the entity.
    """
    entities = _chosen(blueprint, entity_ids)
    have = relations.current([entity.pk for entity in entities]) if keep_others else {}

    def draft(entity: Entity) -> EntityDraft:
        kept = have[entity.pk][OWNERSHIP] if keep_others else []
        return EntityDraft(entity.identifier, team=list(dict.fromkeys([*kept, *teams])))

    return _write(blueprint, entities, draft, by=by, now=now)


@transaction.atomic
def set_property(
    *,
    blueprint: Blueprint,
    entity_ids: Collection[int],
    key: str,
    value: Any,
    by: Actor,
    now: datetime,
) -> int:
    """Give a property of entities a value, or take it away with None; return how many moved.

    Raises `Invalid` with faults that name the entity and the property.
    """
    entities = _chosen(blueprint, entity_ids)

    def draft(entity: Entity) -> EntityDraft:
        return EntityDraft(entity.identifier, properties={key: value})

    return _write(blueprint, entities, draft, by=by, now=now)


@transaction.atomic
def delete_chosen(
    *,
    blueprint: Blueprint,
    entity_ids: Collection[int],
    delete_dependents: bool,
    by: Actor,
    now: datetime,
    batch: str = "",
) -> int:
    """Delete entities; return how many went. Raises `Invalid` and `HasDependents`.

    They can be restored together by the name `batch`.
    """
    return delete_entities(
        entities=_chosen(blueprint, entity_ids),
        by=by,
        now=now,
        delete_dependents=delete_dependents,
        batch=batch,
    )


def _chosen(blueprint: Blueprint, entity_ids: Collection[int]) -> list[Entity]:
    """Return the entities, locked; raises `Invalid` where there are too many, or one is gone."""
    if len(entity_ids) > MOST_CHOSEN:
        message = (
            f"are {len(entity_ids):,}, and {MOST_CHOSEN:,} can be changed at once; choose less"
        )
        raise Invalid.at("entities", message)
    rows = Entity.objects.filter(blueprint=blueprint).order_by("id").select_for_update()
    entities = [
        entity
        for chunk in chunks(sorted(entity_ids))
        for entity in rows.filter(pk__in=chunk).select_related("blueprint")
    ]
    gone = len(set(entity_ids)) - len(entities)
    if gone:
        raise Invalid.at("entities", f"{gone} of them are no longer there; choose again")
    return entities


def _write(
    blueprint: Blueprint,
    entities: Sequence[Entity],
    draft: Callable[[Entity], EntityDraft],
    *,
    by: Actor,
    now: datetime,
) -> int:
    drafts = [draft(entity) for entity in entities]
    try:
        outcome = upsert_entities(
            blueprint=blueprint, drafts=drafts, update_only=True, by=by, now=now
        )
    except Invalid as error:
        raise Invalid(_named(error.faults, drafts)) from None
    return len(outcome.entities) - len(outcome.unchanged_ids)


def _named(faults: Sequence[Fault], drafts: Sequence[EntityDraft]) -> list[Fault]:
    """Return faults that name the entity by its identifier, not by its place among drafts."""
    named = []
    for fault in faults:
        index, _, place = fault.path.removeprefix("entities[").partition("].")
        known = index.isdecimal() and int(index) < len(drafts)
        named.append(fault.at(f"{drafts[int(index)].identifier}: {place}") if known else fault)
    return named
