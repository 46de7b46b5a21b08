"""The facts of an entity: the one flat document that conditions, evaluation and pages read. Pure.

Keys: property identifiers (given and computed), meta-properties (``$title``), and
``relation#<id>`` with the identifier, or the identifiers, of what the entity is related to.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from catalog.blueprints import BlueprintSpec

if TYPE_CHECKING:
    from catalog.models import Entity

# Meta-properties that say when and by whom, which no write is about.
STAMPS = frozenset(["$createdAt", "$createdBy", "$updatedAt", "$updatedBy", "$datasource"])


def timestamp(moment: datetime) -> str:
    """Return the form in which instants stand in facts: UTC, milliseconds, ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build(
    entity: "Entity", *, spec: BlueprintSpec, related: Mapping[str, list[str]]
) -> dict[str, Any]:
    """Return the facts of an entity; `related` maps relation names to target identifiers.

    Inherited ownership cannot be known here; it is kept as it was and refreshed by its own rule.
    Where nobody could own an entity, ``$team`` is null: an empty list says that it lacks an owner.
    """
    facts = {**entity.properties, **entity.computed}
    facts.update(
        {
            "$identifier": entity.identifier,
            "$title": entity.title,
            "$icon": entity.icon,
            "$blueprint": spec.identifier,
            "$team": _owners(entity, spec, related),
            "$createdAt": timestamp(entity.created_at),
            "$createdBy": entity.created_by,
            "$updatedAt": timestamp(entity.updated_at),
            "$updatedBy": entity.updated_by,
            "$datasource": entity.datasource,
        }
    )
    for relation in spec.relations.values():
        # Sorted: the order of relation rows means nothing.
        targets = sorted(related.get(relation.identifier, []))
        facts[f"relation#{relation.identifier}"] = (
            targets if relation.is_many else targets[0] if targets else None
        )
    return facts


def _owners(
    entity: "Entity", spec: BlueprintSpec, related: Mapping[str, list[str]]
) -> list[str] | None:
    if spec.ownership is None:
        return None
    return entity.team if spec.ownership.is_inherited else sorted(related.get("$team", []))


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the keys that differ, where a missing key and a null are the same."""
    return {
        key
        for key in before.keys() | after.keys()
        # What was not touched is the very same object.
        if (one := before.get(key)) is not (other := after.get(key)) and not same(one, other)
    }


def same(one: Any, other: Any) -> bool:
    """Say whether two JSON values are equal; unlike Python's, true is not 1 and 1 is 1.0."""
    if isinstance(one, str):
        return bool(one == other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def only(facts: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the part of the facts under `keys`, for the history of a change."""
    return {key: facts.get(key) for key in sorted(keys)}
