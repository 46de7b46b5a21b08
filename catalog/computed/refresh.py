"""Working out computed values again after a write, and nothing that the write cannot have moved.

The work goes in rounds. Each round takes what moved, finds the owners of derived values that read
it by walking relation rows back, works those values out, then the calculations that read what
moved on the same entity; what that moved in turn is the next round's work. Definitions are free of
cycles, so the rounds end.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from catalog import facts as facts_of
from catalog.blueprints import Aggregation, BlueprintSpec, Calculation
from catalog.bulk import IsAmong, chunks, update_rows
from catalog.computed import aggregates, jq
from catalog.computed.arithmetic import aggregate
from catalog.computed.graph import OWNERSHIP, CatalogGraph, Derived, Step
from catalog.computed.inferring import infer
from catalog.computed.samples import Anchors, record
from catalog.computed.shelf import Shelf
from catalog.computed.walks import facts_at_end, owners_of
from catalog.computed.work import Edge, Moved, Work, merge
from catalog.conditions.nodes import RELATION_PREFIX
from catalog.models import Entity
from catalog.storable import storable_faults

NO_PROPERTY = (OWNERSHIP, RELATION_PREFIX)
# Values by owner: owner id -> key -> value
Values = dict[int, dict[str, Any]]


def refresh(work: Work, *, graph: CatalogGraph, now: datetime) -> Moved:
    """Bring every computed value that `work` can have moved up to date; return all that moved."""
    everything: Moved = {}
    shelf, allowance = Shelf(now), jq.Allowance()
    merge(everything, work.moved)
    # What the rounds move themselves has been seen by the calculations of the same entity.
    unseen = work.moved
    while not work.is_empty:
        moved, edges = _round(work, graph, shelf, now, unseen=unseen, allowance=allowance)
        merge(everything, moved)
        work, unseen = Work(moved=moved, edges=edges), {}
    return everything


def _round(
    work: Work,
    graph: CatalogGraph,
    shelf: Shelf,
    now: datetime,
    *,
    unseen: Moved,
    allowance: jq.Allowance,
) -> tuple[Moved, list[Edge]]:
    touched = record(work, graph, shelf)
    due = _due(work, graph, touched.anchors)
    _lock(touched.crossroads.union(*due.values(), *work.recalculate.values()))
    inferred = infer(work, touched, graph=graph, shelf=shelf)
    moved: Moved = {}
    names = {name for name, _ in due}
    for blueprint in names | unseen.keys() | work.recalculate.keys() | inferred.facts.keys():
        wanted = {key: ids for (owner, key), ids in due.items() if owner == blueprint}
        values = _derive(graph.derived[blueprint], wanted, shelf, now)
        for id_, facts in inferred.facts.get(blueprint, {}).items():
            values[id_].update(facts)
        seen, whole = unseen.get(blueprint, {}), work.recalculate.get(blueprint, set())
        by_id = _settle(
            blueprint, values, graph, now, touched=seen, whole=whole, allowance=allowance
        )
        if by_id:
            moved[blueprint] = by_id
    return moved, inferred.edges


def _lock(ids: set[int]) -> None:
    """Make writers of the same owners take turns, each seeing what the one before it wrote.

    Without it, two events that come at once would each be counted without the other. SQLite has
    one writer anyway.
    """
    if not connection.features.has_select_for_update:
        return
    for chunk in chunks(sorted(ids)):
        rows = Entity.objects.filter(IsAmong("id", chunk)).order_by("id").select_for_update()
        list(rows.values_list("id", flat=True))


def _due(work: Work, graph: CatalogGraph, touched: Anchors) -> dict[tuple[str, str], set[int]]:
    """Return the derived values to work out: ``(blueprint, key) -> owner ids``."""
    # Many definitions share their steps: each walk is taken once a round.
    walk = lru_cache(maxsize=None)(owners_of)
    due: dict[tuple[str, str], set[int]] = defaultdict(set)
    for name, ids in work.due.items():
        due[name] |= ids
    for blueprint, by_id in work.moved.items():
        for key in set().union(*by_id.values()):
            for derived in graph.readers.get((blueprint, key), ()):
                ends = frozenset(id_ for id_, keys in by_id.items() if key in keys)
                due[derived.blueprint, derived.key] |= walk(derived.steps, ends)
    for (blueprint, relation), pairs in _by_relation(work).items():
        for derived, position in graph.crossings.get((blueprint, relation), ()):
            # The end of the row that is nearer to the owner; rows further on do not matter.
            is_forward = derived.steps[position].is_forward
            near = frozenset(source if is_forward else target for source, target in pairs)
            due[derived.blueprint, derived.key] |= walk(derived.steps[:position], near)
    for series, anchors in touched.items():
        for derived in graph.planned[series]:
            due[derived.blueprint, derived.key] |= walk(derived.steps[:-1], frozenset(anchors))
    return {name: ids for name, ids in due.items() if ids}


def _by_relation(work: Work) -> Mapping[tuple[str, str], list[tuple[int, int]]]:
    grouped: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for edge in work.edges:
        grouped[edge.blueprint, edge.relation].append((edge.source_id, edge.target_id))
    return grouped


def _derive(
    definitions: Mapping[str, Derived],
    wanted: Mapping[str, set[int]],
    shelf: Shelf,
    now: datetime,
) -> Values:
    """Return the wanted values; what stands at the end of the same steps is read once."""
    grouped: dict[tuple[tuple[Step, ...], frozenset[int]], list[Derived]] = defaultdict(list)
    planned: dict[frozenset[int], list[Derived]] = defaultdict(list)
    for key, ids in wanted.items():
        if definitions[key].plan is None:
            grouped[definitions[key].steps, frozenset(ids)].append(definitions[key])
        else:
            planned[frozenset(ids)].append(definitions[key])
    values: Values = defaultdict(dict)
    for ids, together in planned.items():
        for owner_id, key, value in aggregates.values_of(together, sorted(ids), shelf, now=now):
            values[owner_id][key] = value
    for (steps, ids), together in grouped.items():
        for owner_id, rows in facts_at_end(steps, sorted(ids)):
            for derived in together:
                values[owner_id][derived.key] = _value(derived, rows, now)
    return values


def _value(derived: Derived, rows: list[dict[str, Any]], now: datetime) -> Any:
    if isinstance(derived.source, Aggregation):
        return aggregate(derived.source, rows, now=now)
    found = [value for row in rows if (value := row.get(derived.source.key)) is not None]
    if derived.key == OWNERSHIP:
        return sorted({team for teams in found for team in teams})
    if derived.is_list:
        return found or None
    return found[0] if found else None


def _settle(
    blueprint: str,
    values: Values,
    graph: CatalogGraph,
    now: datetime,
    *,
    touched: Mapping[int, set[str]],
    whole: Collection[int],
    allowance: jq.Allowance,
) -> dict[int, set[str]]:
    """Write the values and the calculations that read them; return the keys that moved.

    `touched` are keys that moved before, `whole` the entities all of whose calculations are due.
    """
    has_calculations = bool(graph.specs[blueprint].calculations)
    ids = values.keys() | ({*touched, *whole} if has_calculations else set())
    moved: dict[int, set[str]] = {}
    for chunk in chunks(sorted(ids)):
        settled = [
            _Settled(entity, entity.facts, entity.computed.keys(), entity.problems)
            for entity in Entity.objects.filter(IsAmong("id", chunk))
        ]
        for item in settled:
            _apply(item.entity, values.get(item.entity.pk, {}))
            if item.entity.pk not in whole:
                item.moved = item.keys | touched.get(item.entity.pk, set())
        _calculate(settled, spec=graph.specs[blueprint], graph=graph, now=now, allowance=allowance)
        moved |= {item.entity.pk: keys for item in settled if (keys := item.keys)}
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

    entity: Entity
    facts: dict[str, Any]
    computed: Collection[str]
    problems: list[dict[str, Any]]
    moved: set[str] | None = None

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
    settled: Sequence[_Settled],
    *,
    spec: BlueprintSpec,
    graph: CatalogGraph,
    now: datetime,
    allowance: jq.Allowance,
) -> None:
    """Run the calculations that read what moved, each after those that it reads."""
    hidden = graph.hidden[spec.identifier]
    for level in graph.calculation_levels[spec.identifier]:
        due = [
            (item, spec.calculations[key])
            for item in settled
            for key in level
            if _reads_one_of(spec.calculations[key], item.moved, hidden)
        ]
        inputs = [
            (calculation.program, jq_input(item.entity.facts, calculation, hidden=hidden))
            for item, calculation in due
        ]
        results = jq.evaluate_many(inputs, now=now, allowance=allowance)
        for (item, calculation), result in zip(due, results, strict=True):
            _take(item, calculation, result)


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
