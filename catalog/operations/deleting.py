"""Deleting entities, with what depends on them or not at all."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import Enum

from django.db import transaction
from django.db.models import Q

from catalog import registry
from catalog.bulk import chunks
from catalog.errors import HasDependents
from catalog.models import Entity
from catalog.operations.permits import check_deletions
from catalog.operations.settling import edges_of, settle_deleted
from catalog.operations.trashing import keep_entities
from catalog.signals import entities_deleting, muted
from portal.permissions import Actor


class Dependents(Enum):
    """Who depends on an entity: those that require it, or all that somebody pointed at it.

    Owning is no dependence, nor is what the portal inferred: neither is the entity's to give up.
    """

    REQUIRED = "required"
    ALL = "all"


@transaction.atomic
def delete_entities(
    *,
    entities: Collection[Entity],
    by: Actor,
    now: datetime,
    delete_dependents: bool = False,
    dependents: Dependents = Dependents.REQUIRED,
    batch: str = "",
    is_kept: bool = True,
) -> int:
    """Delete entities; return how many went.

    Raises `HasDependents` where others depend on one of them, unless `delete_dependents`: then
    these go too, and those that depend on these. `dependents` says who does. What goes `is_kept`
    to be restored, all of it under the name `batch` (see `keep_entities`).
    """
    pointing = _pointing(dependents)
    doomed = {entity.pk: entity for entity in entities}
    fresh: Collection[int] = doomed.keys()
    while found := _outside(doomed, fresh, pointing):
        if not delete_dependents:
            check_deletions(entities, by=by)
            raise _refusal(list(found.values()), dependents, by=by)
        doomed |= found
        fresh = found.keys()
    check_deletions(doomed.values(), by=by)
    edges = edges_of(doomed)
    if is_kept:
        keep_entities(doomed, edges=edges, by=by, now=now, batch=batch)
    entities_deleting.send(sender=Entity, entity_ids=list(doomed))
    with muted():
        for chunk in chunks(doomed):
            Entity.objects.filter(id__in=chunk).delete()
    settle_deleted(doomed.values(), edges=edges, by=by, now=now)
    return len(doomed)


def _pointing(dependents: Dependents) -> Q | None:
    """Return the condition for entities that depend by some relation; None where there is none."""
    relations: dict[str, list[str]] = defaultdict(list)
    for spec in registry.graph().specs.values():
        for relation in spec.relations.values():
            if relation.is_required or (dependents is Dependents.ALL and relation.inferred is None):
                relations[spec.identifier].append(relation.identifier)
    found = None
    for blueprint, names in relations.items():
        one = Q(blueprint__identifier=blueprint, outgoing__relation__in=names)
        found = one if found is None else found | one
    return found


def _outside(
    doomed: Mapping[int, Entity], fresh: Collection[int], pointing: Q | None
) -> dict[int, Entity]:
    """Return the entities, not doomed by now, that depend on one of the fresh."""
    if pointing is None:
        return {}
    found: dict[int, Entity] = {}
    for chunk in chunks(fresh):
        rows = Entity.objects.filter(pointing, outgoing__target_id__in=chunk)
        rows = rows.select_related("blueprint").order_by("blueprint_id", "id")
        found |= {row.pk: row for row in rows if row.pk not in doomed}
    return found


def _refusal(rows: Sequence[Entity], dependents: Dependents, *, by: Actor) -> HasDependents:
    seen = [row for row in rows if by.sight.sees(row.blueprint.identifier)]
    names = ", ".join(f"{row.blueprint.identifier}/{row.identifier}" for row in seen[:5])
    unnamed = len(rows) - len(seen[:5])
    who = " and ".join(filter(None, [names, f"{unnamed} more" if unnamed else ""]))
    how = "required" if dependents is Dependents.REQUIRED else "pointed at"
    return HasDependents(f"still {how} by {who}; delete them too, or first")
