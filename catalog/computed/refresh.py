"""Working out computed values again after a write, and nothing that the write cannot have moved.

The work goes in rounds. Each round takes what moved, finds the owners of derived values that read
it by walking relation rows back, works those values out, then the calculations that read what
moved on the same entity; what that moved in turn is the next round's work. Definitions are free of
cycles, so the rounds end.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from catalog.blueprints import Aggregation
from catalog.computed import aggregates, jq
from catalog.computed.arithmetic import aggregate
from catalog.computed.calculating import Locked, Round, settle
from catalog.computed.graph import OWNERSHIP, CatalogGraph, Derived, Step
from catalog.computed.inferring import infer
from catalog.computed.samples import Anchors, record
from catalog.computed.shelf import Shelf
from catalog.computed.walks import facts_at_end, owners_of
from catalog.computed.work import Edge, Moved, Work, merge

# Values by owner: owner id -> key -> value
Values = dict[int, dict[str, Any]]
# Derived values to work out: (blueprint, key) -> owner ids
Due = dict[tuple[str, str], set[int]]


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
    blueprints = _blueprints(due, work.recalculate, unseen, graph)
    locked = Locked(touched.crossroads | blueprints.keys())
    inferred = infer(work, touched, graph=graph, shelf=shelf)
    values = _derive(due, graph, shelf, now)
    for blueprint, by_id in inferred.facts.items():
        for id_, facts in by_id.items():
            values[id_].update(facts)
            blueprints[id_] = blueprint
    found = Round(
        blueprints=blueprints,
        values=values,
        moved={id_: keys for by_id in unseen.values() for id_, keys in by_id.items()},
        whole=set().union(*work.recalculate.values()),
    )
    return settle(found, locked=locked, graph=graph, now=now, allowance=allowance), inferred.edges


def _blueprints(
    due: Due, recalculate: Mapping[str, set[int]], unseen: Moved, graph: CatalogGraph
) -> dict[int, str]:
    """Return the entities that a round writes to, as far as is known, with their blueprints."""
    found = {id_: blueprint for (blueprint, _), ids in due.items() for id_ in ids}
    for blueprint in recalculate.keys() | unseen.keys():
        if graph.specs[blueprint].calculations:
            ids = {*recalculate.get(blueprint, ()), *unseen.get(blueprint, ())}
            found |= dict.fromkeys(ids, blueprint)
    return found


def _due(work: Work, graph: CatalogGraph, touched: Anchors) -> Due:
    """Return the derived values to work out: ``(blueprint, key) -> owner ids``."""
    # Many definitions share their steps: each walk is taken once a round.
    walk = lru_cache(maxsize=None)(owners_of)
    due: Due = defaultdict(set)
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


def _derive(due: Due, graph: CatalogGraph, shelf: Shelf, now: datetime) -> Values:
    """Return the values that are due; what stands at the end of the same steps is read once."""
    grouped: dict[tuple[tuple[Step, ...], frozenset[int]], list[Derived]] = defaultdict(list)
    planned: list[tuple[Derived, Collection[int]]] = []
    for (blueprint, key), ids in due.items():
        derived = graph.derived[blueprint][key]
        if derived.plan is None:
            grouped[derived.steps, frozenset(ids)].append(derived)
        else:
            planned.append((derived, ids))
    values: Values = defaultdict(dict)
    for owner_id, key, value in aggregates.values_of(planned, shelf, now=now):
        values[owner_id][key] = value
    for (steps, owners), together in grouped.items():
        for owner_id, rows in facts_at_end(steps, sorted(owners)):
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
