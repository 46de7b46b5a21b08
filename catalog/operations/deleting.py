"""Deleting entities, with what requires them or not at all."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from catalog import registry
from catalog.bulk import chunks
from catalog.errors import HasDependents
from catalog.models import Entity
from catalog.operations.settling import edges_of, settle_deleted
from catalog.signals import entities_deleting, muted
from portal.permissions import Actor


@transaction.atomic
def delete_entities(
    *,
    entities: Collection[Entity],
    by: Actor,
    now: datetime,
    delete_dependents: bool = False,
) -> int:
    """Delete entities; return how many went.

    Raises `HasDependents` where others require one of them, unless `delete_dependents`.
    """
    doomed = {entity.pk: entity for entity in entities}
    while dependents := _dependents(doomed):
        if not delete_dependents:
            names = ", ".join(
                f"{row.blueprint.identifier}/{row.identifier}" for row in dependents[:5]
            )
            more = f" and {len(dependents) - 5} more" if len(dependents) > 5 else ""
            raise HasDependents(f"still required by {names}{more}; delete them too, or first")
        doomed |= {row.pk: row for row in dependents}
    edges = edges_of(doomed)
    entities_deleting.send(sender=Entity, entity_ids=list(doomed))
    with muted():
        for chunk in chunks(doomed):
            Entity.objects.filter(id__in=chunk).delete()
    settle_deleted(doomed.values(), edges=edges, by=by, now=now)
    return len(doomed)


def _dependents(doomed: Mapping[int, Entity]) -> list[Entity]:
    """Return the entities outside that have a required relation to one inside."""
    specs = registry.graph().specs.values()
    required = [
        (spec.identifier, relation.identifier)
        for spec in specs
        for relation in spec.relations.values()
        if relation.is_required
    ]
    found: dict[int, Entity] = {}
    for blueprint, relation in required:
        for chunk in chunks(doomed):
            rows = Entity.objects.of(blueprint).filter(
                outgoing__relation=relation, outgoing__target_id__in=chunk
            )
            found |= {row.pk: row for row in rows.select_related("blueprint")}
    return [row for id_, row in found.items() if id_ not in doomed]
