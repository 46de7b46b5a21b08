"""Rewriting given values of all entities of a blueprint, for an edit of it that is to follow."""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import transaction

from catalog.bulk import update_rows
from catalog.models import Blueprint, Entity
from catalog.operations import history
from portal.permissions import Actor

CHUNK = 1_000


@transaction.atomic
def drop_values(*, blueprint: Blueprint, keys: Collection[str], by: Actor, now: datetime) -> int:
    """Take the given values of some properties away from every entity; return from how many.

    Facts are left as they are: the blueprint is to lose these properties in the same transaction,
    and that works the facts of its entities out again.
    """
    count = 0
    for entities in _having(blueprint, keys):
        changes = []
        for entity in entities:
            left = {key: value for key, value in entity.facts.items() if key not in keys}
            changes.append(
                history.entity_change(entity, before=entity.facts, after=left, by=by, now=now)
            )
            entity.properties = {
                key: value for key, value in entity.properties.items() if key not in keys
            }
            entity.updated_at, entity.updated_by = now, by.label
        update_rows(entities, fields=["properties", "updated_at", "updated_by"])
        history.record(changes)
        count += len(entities)
    return count


@transaction.atomic
def move_values(*, blueprint: Blueprint, old: str, new: str) -> int:
    """Keep the given values of a property under another name; return of how many entities.

    Nothing is given anew, so history and stamps stay. Facts are left as they are, too, as in
    `drop_values`.
    """
    count = 0
    for entities in _having(blueprint, [old]):
        for entity in entities:
            entity.properties = {
                **{key: value for key, value in entity.properties.items() if key != old},
                new: entity.properties[old],
            }
        update_rows(entities, fields=["properties"])
        count += len(entities)
    return count


def _having(blueprint: Blueprint, keys: Collection[str]) -> Iterator[list[Entity]]:
    """Yield the entities that were given one of these properties, locked, some at a time."""
    rows = Entity.objects.filter(blueprint=blueprint, properties__has_any_keys=sorted(keys))
    last = 0
    while found := list(rows.filter(id__gt=last).order_by("id").select_for_update()[:CHUNK]):
        last = found[-1].pk
        yield found
