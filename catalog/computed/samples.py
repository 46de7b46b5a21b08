"""Keeping samples true: each is written with the event it is of, in the same transaction."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import Any

from catalog.bulk import IsAmong, chunks, decode, insert_rows, raw_json
from catalog.computed import totals
from catalog.computed.filling import NO_MOMENT
from catalog.computed.graph import CatalogGraph
from catalog.computed.rows import SampleRow
from catalog.computed.series import Series
from catalog.computed.shelf import Shelf
from catalog.computed.tables import table_of
from catalog.computed.work import Edge, Work
from catalog.conditions import predicate
from catalog.conditions.values import as_moment, is_number
from catalog.models import Entity, EntityRelation, Sample
from catalog.queries.dialects import microseconds
from catalog.queries.running import run
from catalog.queries.sql import sql

CHUNK = 5_000
_FORGET = """DELETE FROM catalog_sample
WHERE (series_id, anchor_id, entity_id) IN (SELECT * FROM ({keys}) AS chosen)"""
Anchors = dict[Series, set[int]]


@dataclass(frozen=True)
class Touched:
    """The anchors of each series at which a sample came, went or changed, and those samples.

    The samples are told only of the series that inferred relations are read off.
    """

    anchors: Anchors = field(default_factory=lambda: defaultdict(set))
    samples: dict[Series, set[SampleRow]] = field(default_factory=lambda: defaultdict(set))

    @property
    def crossroads(self) -> set[int]:
        """Return where inferred relations are to be found anew: writers there must take turns."""
        return {row.anchor_id for rows in self.samples.values() for row in rows}


def record(work: Work, graph: CatalogGraph, shelf: Shelf) -> Touched:
    """Write the samples of the events that `work` moved anew; return where they differ.

    Only events that moved are looked at, and only the series that read what moved of them.
    """
    touched = Touched()
    told = {end for item in graph.inferences.values() for end in (item.sources, item.targets)}
    for blueprint, by_series in _due(work, graph).items():
        ids = sorted(set().union(*by_series.values()))
        for chunk in chunks(ids, CHUNK):
            for series, rows in _record_chunk(blueprint, chunk, by_series, shelf=shelf).items():
                touched.anchors[series] |= {row.anchor_id for row in rows}
                if series in told:
                    touched.samples[series].update(rows)
    for series, anchors in _bereft(work, graph).items():
        totals.add_up(shelf.ids([series])[series], anchors)
        for rolled_id, column in shelf.rolled_by([series]).items():
            totals.roll_up(rolled_id, anchors, by=column)
        touched.anchors[series] |= anchors
    return touched


def _bereft(work: Work, graph: CatalogGraph) -> Anchors:
    """Return where samples went with their deleted events, whose relation rows say where from."""
    bereft: Anchors = defaultdict(set)
    for edge in work.edges:
        for series in graph.series_across(edge.blueprint, edge.relation):
            event, anchor = _ends(series, edge)
            if event in work.deleted:
                bereft[series].add(anchor)
    return bereft


def _due(work: Work, graph: CatalogGraph) -> dict[str, dict[Series, set[int]]]:
    """Return the events to look at: blueprint -> series -> event ids."""
    due: dict[str, dict[Series, set[int]]] = defaultdict(lambda: defaultdict(set))
    for blueprint, by_id in work.moved.items():
        for series in graph.series_of(blueprint):
            ids = {id_ for id_, keys in by_id.items() if not series.reads.isdisjoint(keys)}
            if ids:
                due[blueprint][series] |= ids
    for edge in work.edges:
        for series in graph.series_across(edge.blueprint, edge.relation):
            due[series.blueprint][series].add(_ends(series, edge)[0])
    return due


def _ends(series: Series, edge: Edge) -> tuple[int, int]:
    """Return event and anchor of a relation row."""
    if series.is_of_event:
        return edge.source_id, edge.target_id
    return edge.target_id, edge.source_id


def _record_chunk(
    blueprint: str,
    ids: list[int],
    by_series: Mapping[Series, Collection[int]],
    *,
    shelf: Shelf,
) -> dict[Series, list[SampleRow]]:
    """Write the samples of these events anew; return those that came or went."""
    rows = Entity.objects.filter(IsAmong("id", ids), blueprint__identifier=blueprint)
    facts = {id_: decode(raw) for id_, raw in _raw_facts(rows)}
    series_ids = shelf.ids(by_series)
    old = _stored(ids)
    anchors = lru_cache(maxsize=None)(_anchors)
    went: list[SampleRow] = []
    came: list[SampleRow] = []
    for series, events in by_series.items():
        events = facts.keys() & set(events)
        found = {id_: facts[id_] for id_ in events}
        wanted = set(_samples(series, series_ids[series], found, anchors))
        held = {row for row in old[series_ids[series]] if row.entity_id in events}
        went += held - wanted
        came += wanted - held
    for chunk in chunks(went):
        keys = table_of([row[:3] for row in chunk], *SampleRow._fields[:3])
        run(sql(_FORGET, keys=keys))
    came.sort(key=_order)
    insert_rows(Sample, came, fields=SampleRow._fields)
    totals.keep(came, went, rolled=shelf.rolled_by(by_series))
    series_of = {id_: series for series, id_ in series_ids.items()}
    differing: dict[Series, list[SampleRow]] = defaultdict(list)
    for row in (*came, *went):
        differing[series_of[row.series_id]].append(row)
    return differing


def _order(row: SampleRow) -> tuple[int, int, int]:
    return row[:3]


def _raw_facts(rows: Any) -> Iterable[tuple[int, str]]:
    return rows.annotate(raw=raw_json("facts")).values_list("id", "raw")


def _stored(ids: Collection[int]) -> dict[int, set[SampleRow]]:
    """Return the samples of these events, by series."""
    found: dict[int, set[SampleRow]] = defaultdict(set)
    # Not narrowed to the series: an event has few, and a database that has not counted yet would
    # rather look through all samples of a series.
    rows = Sample.objects.filter(IsAmong("entity_id", ids))
    for row in map(SampleRow._make, rows.values_list(*SampleRow._fields)):
        found[row.series_id].add(row)
    return found


def _samples(
    series: Series,
    series_id: int,
    facts: Mapping[int, Mapping[str, Any]],
    anchors: Callable[["Way", frozenset[int]], Iterable[tuple[int, int]]],
) -> Iterator[SampleRow]:
    """Yield the samples of events with these facts."""
    holds = predicate(series.query) if series.query else None
    chosen = {
        # Nothing that is left of the query reads the clock.
        id_: found
        for id_, found in facts.items()
        if holds is None or holds(found, NO_MOMENT)
    }
    way = (series.holder, series.relation, series.is_of_event)
    for event_id, anchor_id in anchors(way, frozenset(facts)):
        if event_id not in chosen:
            continue
        found = chosen[event_id]
        yield SampleRow(
            series_id,
            anchor_id,
            event_id,
            at=_moment(found.get(series.at_key)) if series.at_key else None,
            window_at=_moment(found.get(series.window_key)) if series.window_key else None,
            value=_number(found.get(series.value_key)) if series.value_key else None,
        )


def _moment(value: Any) -> int | None:
    moment = as_moment(value)
    return None if moment is None else microseconds(moment)


def _number(value: Any) -> float | None:
    if not is_number(value):
        return None
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


# Whose relation leads between events and anchors, which, and whether it is the event's.
Way = tuple[str, str, bool]


def _anchors(way: Way, event_ids: frozenset[int]) -> list[tuple[int, int]]:
    """Return pairs of event and anchor."""
    holder, relation, is_of_event = way
    rows = EntityRelation.objects.filter(relation=relation, source__blueprint__identifier=holder)
    near, far = ("source_id", "target_id") if is_of_event else ("target_id", "source_id")
    return list(rows.filter(IsAmong(near, event_ids)).values_list(near, far))
