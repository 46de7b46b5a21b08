"""Writing values to the entities they were worked out for, and running what reads them there."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.db import connection

from catalog import facts as facts_of
from catalog.blueprints import Calculation
from catalog.bulk import CHUNK, IsAmong, chunks, update_rows
from catalog.computed import jq
from catalog.computed.graph import OWNERSHIP, CatalogGraph
from catalog.computed.work import Moved
from catalog.conditions.nodes import RELATION_PREFIX
from catalog.models import Entity
from catalog.querysets import EntityQuerySet
from catalog.storable import storable_faults

NO_PROPERTY = (OWNERSHIP, RELATION_PREFIX)
# Values by owner: owner id -> key -> value
Values = Mapping[int, Mapping[str, Any]]


class Locked:
    """The entities that a round is about, locked; where they are few, they are read with that.

    Writers of the same owners take turns, each seeing what the one before it wrote. Without it, two
    events that come at once would each be counted without the other. SQLite has one writer anyway.
    """

    def __init__(self, ids: Collection[int]) -> None:
        self._asked: Collection[int] = frozenset()
        self._held: dict[int, Entity] = {}
        if not ids:
            return
        if len(ids) <= CHUNK:
            self._asked = frozenset(ids)
            self._held = {row.pk: row for row in _locking(ids)}
        elif connection.features.has_select_for_update:
            for chunk in chunks(sorted(ids)):
                list(_locking(chunk).values_list("id", flat=True))

    def rows(self, ids: Iterable[int]) -> list[Entity]:
        """Return these entities, those that there are, as they stand now."""
        ids = list(ids)
        found = [self._held[id_] for id_ in ids if id_ in self._held]
        others = [id_ for id_ in ids if id_ not in self._asked]
        return [*found, *(Entity.objects.filter(IsAmong("id", others)) if others else ())]


def _locking(ids: Iterable[int]) -> EntityQuerySet:
    # In one order: two that overlap wait for each other instead of dead-locking.
    rows = Entity.objects.filter(IsAmong("id", ids)).order_by("id")
    return rows.select_for_update() if connection.features.has_select_for_update else rows


@dataclass(frozen=True)
class Round:
    """What a round knows of the entities to settle: blueprints, new values, what moved before.

    `whole` are the entities all of whose calculations are due.
    """

    blueprints: Mapping[int, str]
    values: Values
    moved: Mapping[int, set[str]]
    whole: Collection[int]


def settle(
    found: Round, *, locked: Locked, graph: CatalogGraph, now: datetime, allowance: jq.Allowance
) -> Moved:
    """Write the values and the calculations that read them; return the keys that moved."""
    moved: Moved = {}
    for chunk in chunks(sorted(found.blueprints)):
        settled = [_Settled.of(entity, found) for entity in locked.rows(chunk)]
        _calculate(settled, graph=graph, now=now, allowance=allowance)
        for item in settled:
            if keys := item.keys:
                moved.setdefault(item.blueprint, {})[item.entity.pk] = keys
        update_rows(
            [item.entity for item in settled if item.is_changed],
            fields=["computed", "facts", "problems"],
        )
    return moved


@dataclass
class _Settled:
    """An entity whose values are written, with how it was before.

    `moved` are the keys that its calculations may read anew; None: all of them.
    """

    blueprint: str
    entity: Entity
    facts: dict[str, Any]
    computed: Collection[str]
    problems: list[dict[str, Any]]
    moved: set[str] | None = None

    @classmethod
    def of(cls, entity: Entity, found: Round) -> "_Settled":
        """Return the entity with its new values."""
        id_ = entity.pk
        item = cls(
            found.blueprints[id_], entity, entity.facts, entity.computed.keys(), entity.problems
        )
        _apply(entity, found.values.get(id_, {}))
        if id_ not in found.whole:
            item.moved = item.keys | found.moved.get(id_, set())
        return item

    @property
    def keys(self) -> set[str]:
        """Return the keys of the facts that differ by now."""
        return facts_of.changed_keys(self.facts, self.entity.facts)

    @property
    def is_changed(self) -> bool:
        """Say whether there is anything to write."""
        # Null is written once too: programs that list properties tell it from absence.
        is_new = self.facts.keys() != self.entity.facts.keys()
        # The facts do not tell a computed value from a given one that came to the same.
        is_new = is_new or self.computed != self.entity.computed.keys()
        return bool(is_new or self.keys or self.entity.problems != self.problems)


def _apply(entity: Entity, values: Mapping[str, Any]) -> None:
    # Owners and related entities are facts, but no properties.
    given = {key: value for key, value in values.items() if not key.startswith(NO_PROPERTY)}
    entity.computed = {**entity.computed, **given}
    entity.facts = {**entity.facts, **values}


def _calculate(
    settled: Sequence[_Settled], *, graph: CatalogGraph, now: datetime, allowance: jq.Allowance
) -> None:
    """Run the calculations that read what moved, each after those that it reads."""
    names = {item.blueprint for item in settled}
    # Each reads its own entity only: those of all blueprints go through together.
    for levels in zip_longest(*(graph.calculation_levels[name] for name in names), fillvalue=[]):
        due = [
            (item, calculation)
            for name, level in zip(names, levels, strict=True)
            for item, calculation in _due(settled, name, level, graph)
        ]
        inputs = [
            (
                calculation.program,
                jq_input(item.entity.facts, calculation, hidden=graph.hidden[item.blueprint]),
            )
            for item, calculation in due
        ]
        results = jq.evaluate_many(inputs, now=now, allowance=allowance)
        for (item, calculation), result in zip(due, results, strict=True):
            _take(item, calculation, result)


def _due(
    settled: Iterable[_Settled], blueprint: str, level: Iterable[str], graph: CatalogGraph
) -> list[tuple[_Settled, Calculation]]:
    """Return the calculations of a level that read what moved of entities of one blueprint."""
    hidden = graph.hidden[blueprint]
    calculations = [graph.specs[blueprint].calculations[key] for key in level]
    return [
        (item, calculation)
        for item in settled
        if item.blueprint == blueprint
        for calculation in calculations
        if _reads_one_of(calculation, item.moved, hidden)
    ]


def _reads_one_of(calculation: Calculation, moved: set[str] | None, hidden: frozenset[str]) -> bool:
    if moved is None:
        return True
    if calculation.reads is None:
        return not moved <= hidden
    return not calculation.reads.isdisjoint(moved)


def _take(item: _Settled, calculation: Calculation, result: Any) -> None:
    """Write a value, or null where the program failed; failures are kept as problems."""
    entity, key = item.entity, calculation.identifier
    others = [problem for problem in entity.problems if problem["property"] != key]
    value, message = result, ""
    if isinstance(result, jq.JqError):
        value, message = None, str(result).replace("\x00", " ")
    for fault in storable_faults(value):
        value, message = None, f"the result {fault.message}"
    if message:
        others.append({"property": key, "message": message})
    entity.problems = others
    if item.moved is not None and not facts_of.same(entity.computed.get(key), value):
        item.moved.add(key)
    _apply(entity, {key: value})


def jq_input(
    facts: Mapping[str, Any], calculation: Calculation, *, hidden: frozenset[str]
) -> dict[str, Any]:
    """Return the entity as the program sees it: meta-values on top, the rest in its section.

    That is what the program reads, where that is known; else everything but what would need itself.
    """
    # Sorted: a program that spells out an object must not depend on the order of writes.
    if calculation.reads is None:
        seen = sorted(facts.keys() - hidden)
    else:
        seen = sorted(facts.keys() & calculation.reads)
    document: dict[str, Any] = {"properties": {}, "relations": {}}
    for key in seen:
        value = facts[key]
        if key.startswith("$"):
            document[key.removeprefix("$")] = value
        elif key.startswith("relation#"):
            document["relations"][key.removeprefix("relation#")] = value
        else:
            document["properties"][key] = value
    return document
