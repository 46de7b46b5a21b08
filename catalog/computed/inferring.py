"""Finding the targets of inferred relations again after a write, and writing their rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.bulk import IsAmong, chunks, insert_rows
from catalog.computed.graph import CatalogGraph
from catalog.computed.inferences import Inference
from catalog.computed.samples import Touched
from catalog.computed.shelf import Shelf
from catalog.computed.tables import table_of
from catalog.computed.work import Edge, Work
from catalog.models import Entity, EntityRelation
from catalog.queries.running import run
from catalog.queries.sql import sql

CHUNK = 5_000
# Of what happened at a place from a moment on, for as long as it can be the consequence.
_AFTERWARDS = """SELECT DISTINCT sample.entity_id
FROM ({moments}) AS moment CROSS JOIN catalog_sample AS sample
WHERE sample.series_id = {series} AND sample.anchor_id = moment.anchor_id
    AND sample.window_at BETWEEN moment.at AND moment.at + {within}"""
# The last that happened at the place of a source before it, for as long as it can be the cause.
_LATEST = """SELECT sample.entity_id, (
    SELECT earlier.entity_id FROM catalog_sample AS earlier
    WHERE earlier.series_id = {targets} AND earlier.anchor_id = sample.anchor_id
        AND earlier.window_at BETWEEN sample.window_at - {within} AND sample.window_at
    ORDER BY earlier.window_at DESC, earlier.entity_id DESC LIMIT 1)
FROM ({sources}) AS source CROSS JOIN catalog_entityrelation AS edge
    CROSS JOIN catalog_sample AS sample
WHERE edge.source_id = source.id AND edge.relation = {through}
    AND sample.series_id = {series} AND sample.anchor_id = edge.target_id
    AND sample.entity_id = edge.source_id"""


@dataclass(frozen=True)
class Inferred:
    """What became of inferred relations: the facts by blueprint and entity, and the rows."""

    facts: dict[str, dict[int, dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    edges: list[Edge] = field(default_factory=list)


def infer(work: Work, touched: Touched, *, graph: CatalogGraph, shelf: Shelf) -> Inferred:
    """Find the targets that a write can have moved, and write the rows that differ."""
    inferred = Inferred()
    for (blueprint, relation), inference in graph.inferences.items():
        ids = set(work.infer.get((blueprint, relation), ()))
        ids |= set(_named_anew(inference, work))
        ids |= {row.entity_id for row in touched.samples.get(inference.sources, ())}
        moments = _moments(inference, touched)
        if not ids and not moments:
            continue
        stored = shelf.filled([inference.sources, inference.targets])
        sources_id, targets_id = stored[inference.sources], stored[inference.targets]
        ids |= set(_afterwards(moments, sources_id, within=inference.within))
        for chunk in chunks(sorted(ids - work.deleted), CHUNK):
            wanted = _targets(inference, chunk, sources_id, targets_id)
            edges = _write(inference, chunk, wanted)
            inferred.edges.extend(edges)
            for id_, name in _names({edge.source_id: wanted.get(edge.source_id) for edge in edges}):
                inferred.facts[blueprint][id_][inference.key] = name
    return inferred


def _named_anew(inference: Inference, work: Work) -> Iterator[int]:
    """Yield the sources whose preferred target came or went, or whose target is gone."""
    for edge in work.edges:
        if edge.blueprint != inference.blueprint:
            continue
        is_lost = edge.relation == inference.relation and edge.target_id in work.deleted
        if edge.relation == inference.prefer or is_lost:
            yield edge.source_id


def _moments(inference: Inference, touched: Touched) -> set[tuple[int, int]]:
    """Return where and when a target came or went that others can be the consequence of."""
    if not inference.within:
        return set()
    rows = touched.samples.get(inference.targets, ())
    return {(row.anchor_id, row.window_at) for row in rows if row.window_at is not None}


def _afterwards(
    moments: Collection[tuple[int, int]], sources_id: int, *, within: int
) -> Iterator[int]:
    """Yield the sources that happened where and while a target could be theirs."""
    for chunk in chunks(sorted(moments), CHUNK):
        statement = sql(
            _AFTERWARDS,
            moments=table_of(chunk, "anchor_id", "at"),
            series=sources_id,
            within=within,
        )
        yield from (row[0] for row in run(statement))


def _targets(
    inference: Inference, ids: Collection[int], sources_id: int, targets_id: int
) -> dict[int, int]:
    """Return the target of each source that has one."""
    found: dict[int, int] = {}
    if inference.within:
        statement = sql(
            _LATEST,
            sources=table_of([(id_,) for id_ in ids], "id"),
            through=inference.sources.relation,
            series=sources_id,
            targets=targets_id,
            within=inference.within,
        )
        found = {source: target for source, target in run(statement) if target is not None}
    if inference.prefer is not None:
        found |= dict(_edges(ids, inference.prefer))
    return found


def _edges(ids: Collection[int], relation: str) -> Iterable[tuple[int, int]]:
    rows = EntityRelation.objects.filter(IsAmong("source_id", ids), relation=relation)
    return rows.values_list("source_id", "target_id")


def _write(inference: Inference, ids: Collection[int], wanted: Mapping[int, int]) -> list[Edge]:
    """Make the rows of the relation what is wanted; return those that came or went."""
    rows = EntityRelation.objects.filter(IsAmong("source_id", ids), relation=inference.relation)
    found = rows.values_list("source_id", "target_id", "id")
    row_ids = {(source_id, target_id): id_ for source_id, target_id, id_ in found}
    stored, asked = row_ids.keys(), set(wanted.items())
    for chunk in chunks([row_ids[pair] for pair in stored - asked]):
        EntityRelation.objects.filter(id__in=chunk).delete()
    new = [(source, inference.relation, target) for source, target in sorted(asked - stored)]
    insert_rows(EntityRelation, new, fields=("source", "relation", "target"))
    return [Edge(inference.blueprint, inference.relation, *pair) for pair in sorted(stored ^ asked)]


def _names(wanted: Mapping[int, int | None]) -> Iterator[tuple[int, str | None]]:
    """Yield the sources with the identifiers of their targets."""
    targets = Entity.objects.filter(IsAmong("id", filter(None, wanted.values())))
    names = dict(targets.values_list("id", "identifier"))
    for source_id, target_id in wanted.items():
        yield source_id, names.get(target_id)
