"""Entities as they were before and after a change.

Audit rows keep what differed. The rest is what the entity has now, with every later change taken
back; computed values, which have no history, are those of now on both sides. When it was last
written before a change is not known, and null.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from catalog import registry
from catalog.bulk import chunks
from catalog.facts import timestamp
from catalog.models import Change, Entity
from portal.integrations.entity_documents import entity_document

Facts = dict[str, Any]
Name = tuple[str, str]


def entity_diffs(changes: Sequence[Change]) -> dict[int, dict[str, Any]]:
    """Return ``{"before", "after"}`` for audit rows of entities, by the id of the row.

    Those of blueprints that are gone are left out: nobody can say any more what they were.
    """
    specs = registry.graph().specs
    changes = [change for change in changes if change.blueprint in specs]
    if not changes:
        return {}
    names = {(change.blueprint, change.identifier) for change in changes}
    states = _current(names)
    wanted = {change.pk for change in changes}
    diffs: dict[int, dict[str, Any]] = {}
    for change in _since(names, min(wanted)):
        name = change.blueprint, change.identifier
        before, after = _sides(change, states.get(name, {}))
        states[name] = before or {}
        if change.pk in wanted:
            spec = specs[change.blueprint]
            diffs[change.pk] = {
                "before": entity_document(before, spec) if before else None,
                "after": entity_document(after, spec) if after else None,
            }
    return diffs


def _current(names: Iterable[Name]) -> dict[Name, Facts]:
    by_blueprint: dict[str, list[str]] = defaultdict(list)
    for blueprint, identifier in names:
        by_blueprint[blueprint].append(identifier)
    return {
        (blueprint, identifier): facts
        for blueprint, identifiers in by_blueprint.items()
        for chunk in chunks(sorted(identifiers))
        for identifier, facts in Entity.objects.of(blueprint)
        .named(chunk)
        .values_list("identifier", "facts")
    }


def _since(names: set[Name], first: int) -> Iterable[Change]:
    """Return the audit rows of these entities from `first` on, the newest first."""
    rows: list[Change] = []
    for blueprint in {name for name, _ in names}:
        identifiers = sorted(name for of, name in names if of == blueprint)
        for chunk in chunks(identifiers):
            found = Change.objects.filter(
                kind="entity", blueprint=blueprint, identifier__in=chunk, pk__gte=first
            )
            rows.extend(found)
    return sorted(rows, key=lambda row: row.pk, reverse=True)


def _sides(change: Change, state: Facts) -> tuple[Facts | None, Facts | None]:
    """Return the facts before and after a change, from those after it as far as they are known."""
    if change.action == Change.Action.DELETED:
        return dict(change.before), None
    stamps = {"$updatedAt": timestamp(change.at), "$updatedBy": change.actor}
    after = {**state, **change.after, **stamps}
    if change.action == Change.Action.CREATED:
        return None, after
    return {**after, **change.before, "$updatedAt": None, "$updatedBy": None}, after
