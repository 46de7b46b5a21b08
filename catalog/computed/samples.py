"""Keeping samples true: each is written with the event it is of, in the same transaction."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
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
from catalog.queries.sql import SQL, sql

CHUNK = 5_000
_FORGET = """DELETE FROM catalog_sample
WHERE (series_id, anchor_id, entity_id) IN (SELECT * FROM ({keys}) AS chosen)"""
# SQLite reads a cross join in this order: each key, then its sample.
_HELD = """SELECT {columns} FROM ({keys}) AS chosen CROSS JOIN catalog_sample AS sample
WHERE sample.series_id = chosen.series_id AND sample.anchor_id = chosen.anchor_id
    AND sample.entity_id = chosen.entity_id"""
_KEY = SampleRow._fields[:3]
_COLUMNS = SQL(", ".join(f"sample.{name}" for name in SampleRow._fields))
Anchors = dict[Series, set[int]]
# Pairs of event and anchor
Places = set[tuple[int, int]]
# Series, anchor and event
Key = tuple[int, int, int]


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
    lost = _lost(work, graph)
    told = {end for item in graph.inferences.values() for end in (item.sources, item.targets)}
    for blueprint, by_series in _due(work, graph).items():
        ids = sorted(set().union(*by_series.values()))
        for chunk in chunks(ids, CHUNK):
            differing = _record_chunk(
                blueprint, chunk, by_series, lost=lost, new=work.new, shelf=shelf
            )
            for series, rows in differing.items():
                touched.anchors[series] |= {row.anchor_id for row in rows}
                if series in told:
                    touched.samples[series].update(rows)
    for series, places in lost.items():
        if of_deleted := {place for place in places if place[0] in work.deleted}:
            _forget_deleted(series, of_deleted, shelf)
            touched.anchors[series] |= {anchor for _, anchor in of_deleted}
    return touched


def _forget_deleted(series: Series, places: Places, shelf: Shelf) -> None:
    """Delete the samples of deleted events, and add up what is left at their anchors."""
    series_id = shelf.ids([series])[series]
    anchors = {anchor for _, anchor in places}
    _forget((series_id, anchor, event) for event, anchor in places)
    if not series.is_windowed:
        totals.add_up(series_id, anchors)
    for rolled_id, column in shelf.rolled_by([series]).items():
        totals.roll_up(rolled_id, anchors, by=column)


def _lost(work: Work, graph: CatalogGraph) -> dict[Series, Places]:
    """Return where relation rows came or went: where they went, samples may be left.

    Nothing else tells of these, nor of those that deleted events had.
    """
    lost: dict[Series, Places] = defaultdict(set)
    for edge in work.edges:
        for series in graph.series_across(edge.blueprint, edge.relation):
            lost[series].add(_ends(series, edge))
    return lost


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
    lost: Mapping[Series, Places],
    new: Mapping[int, Mapping[str, Any]],
    shelf: Shelf,
) -> dict[Series, list[SampleRow]]:
    """Write the samples of these events anew; return those that came or went."""
    facts = _facts(blueprint, ids, new)
    stored = frozenset(facts.keys() - new.keys())
    series_ids = shelf.ids(by_series)
    anchors = lru_cache(maxsize=None)(_anchors)
    keys: set[Key] = set()
    wanted: set[SampleRow] = set()
    for series, events in by_series.items():
        found = {id_: facts[id_] for id_ in facts.keys() & set(events)}
        way, id_ = (series.holder, series.relation, series.is_of_event), series_ids[series]
        left = {place for place in lost.get(series, ()) if place[0] in found}
        places = {place for place in anchors(way, stored) if place[0] in found}
        # What is new has lost nothing: these are all the places that it has.
        places |= {place for place in left if place[0] in new}
        wanted.update(_samples(series, id_, found, places))
        keys.update((id_, anchor, event) for event, anchor in places | left if event in stored)
    held = _held(keys)
    went, came = list(held - wanted), list(wanted - held)
    _forget(row[:3] for row in went)
    came.sort(key=_order)
    insert_rows(Sample, came, fields=SampleRow._fields)
    summed = {series_ids[series] for series in by_series if not series.is_windowed}
    totals.keep(came, went, summed=summed, rolled=shelf.rolled_by(by_series))
    series_of = {id_: series for series, id_ in series_ids.items()}
    differing: dict[Series, list[SampleRow]] = defaultdict(list)
    for row in (*came, *went):
        differing[series_of[row.series_id]].append(row)
    return differing


def _order(row: SampleRow) -> Key:
    return row[:3]


def _facts(
    blueprint: str, ids: Collection[int], new: Mapping[int, Mapping[str, Any]]
) -> dict[int, Mapping[str, Any]]:
    """Return the facts of events; of new ones, as they would be read again."""
    facts = {id_: decode(json.dumps(new[id_])) for id_ in ids if id_ in new}
    if others := [id_ for id_ in ids if id_ not in new]:
        rows = Entity.objects.filter(IsAmong("id", others), blueprint__identifier=blueprint)
        found = rows.annotate(raw=raw_json("facts")).values_list("id", "raw")
        facts |= {id_: decode(raw) for id_, raw in found}
    return facts


def _held(keys: Iterable[Key]) -> set[SampleRow]:
    """Return the samples that there are of these."""
    return {
        SampleRow(*row)
        for chunk in chunks(sorted(keys), CHUNK)
        for row in run(sql(_HELD, columns=_COLUMNS, keys=table_of(chunk, *_KEY)))
    }


def _forget(keys: Iterable[Key]) -> None:
    for chunk in chunks(keys, CHUNK):
        run(sql(_FORGET, keys=table_of(chunk, *_KEY)))


def _samples(
    series: Series, series_id: int, facts: Mapping[int, Mapping[str, Any]], places: Places
) -> Iterator[SampleRow]:
    """Yield the samples at these places of events with these facts."""
    holds = predicate(series.query) if series.query else None
    chosen = {
        # Nothing that is left of the query reads the clock.
        id_: found
        for id_, found in facts.items()
        if holds is None or holds(found, NO_MOMENT)
    }
    for event_id, anchor_id in places:
        if event_id not in chosen:
            continue
        found = chosen[event_id]
        window_at = _moment(found.get(series.window_key)) if series.window_key else None
        if series.is_windowed and window_at is None:
            continue
        yield SampleRow(
            series_id,
            anchor_id,
            event_id,
            at=_moment(found.get(series.at_key)) if series.at_key else None,
            window_at=window_at,
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
    if not event_ids:
        return []
    holder, relation, is_of_event = way
    rows = EntityRelation.objects.filter(relation=relation, source__blueprint__identifier=holder)
    near, far = ("source_id", "target_id") if is_of_event else ("target_id", "source_id")
    return list(rows.filter(IsAmong(near, event_ids)).values_list(near, far))
