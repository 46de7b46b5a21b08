"""Filling a series: the samples of all events there are, made by the database in one statement."""

import json
from collections.abc import Collection
from datetime import UTC, datetime

from django.db import connection

from catalog.computed.series import Series
from catalog.conditions import Query
from catalog.models import Blueprint
from catalog.queries import postgresql, sqlite
from catalog.queries.dialects import Excerpt, Fact
from catalog.queries.nodes import compile_node
from catalog.queries.running import run
from catalog.queries.sql import SQL, TRUE, sql

# For queries that do not read the clock.
NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)

_DIALECTS = {"sqlite": sqlite.DIALECT, "postgresql": postgresql.DIALECT}
# SQLite joins in the order that is written: each event once, then its relation rows.
_JOINS = {"sqlite": SQL("CROSS JOIN"), "postgresql": SQL("JOIN")}
_INSERT = """{events}
INSERT INTO catalog_sample (series_id, anchor_id, entity_id, at, window_at, value)
SELECT {series}, edge.{anchor}, event.id, {at}, {window_at}, {value}
FROM event {join} catalog_entityrelation AS edge
    ON edge.{event} = event.id AND edge.relation = {relation}
WHERE {held} AND {chosen}"""
_HELD = """EXISTS(SELECT 1 FROM catalog_entity AS holder
WHERE holder.id = edge.source_id AND holder.blueprint_id = {holder})"""
_EVENTS = "WITH event AS (SELECT id, facts FROM catalog_entity WHERE blueprint_id = {blueprint})"
# SQLite reads a document from its beginning for every value that is asked of it. So what is needed
# is taken out at once, and asked of the little that this is.
_EXCERPTS = """WITH event AS MATERIALIZED (
    SELECT id, json_extract(facts, {paths}) AS facts FROM catalog_entity
    WHERE blueprint_id = {blueprint})"""


def insert_samples(series: Series, series_id: int) -> None:
    """Insert the samples of all events, for a series that has none."""
    ids = dict(Blueprint.objects.values_list("identifier", "id"))
    events, facts = _events(ids[series.blueprint], series.reads)
    near, far = ("source_id", "target_id") if series.is_of_event else ("target_id", "source_id")
    statement = sql(
        _INSERT,
        events=events,
        series=series_id,
        anchor=SQL(far),
        event=SQL(near),
        at=_moment(facts, series.at_key),
        window_at=_moment(facts, series.window_key),
        value=_number(facts, series.value_key),
        join=_JOINS[connection.vendor],
        relation=series.relation,
        held=TRUE if series.is_of_event else sql(_HELD, holder=ids[series.holder]),
        chosen=_chosen(facts, series.query),
    )
    run(statement)


def _events(blueprint_id: int, keys: Collection[str]) -> tuple[SQL, SQL]:
    """Return the table of the events, and what holds the facts that are needed of each."""
    # No path names a key with a quotation mark.
    if connection.vendor != "sqlite" or not keys or any('"' in key for key in keys):
        return sql(_EVENTS, blueprint=blueprint_id), SQL("event.facts")
    # Twice the first one: of a single path, the bare value would come back instead of a list.
    names = [min(keys), *sorted(keys)]
    paths = tuple(f"$.{json.dumps(name)}" for name in names)
    marks = SQL(", ".join(["%s"] * len(paths)), paths)
    return (
        sql(_EXCERPTS, paths=marks, blueprint=blueprint_id),
        Excerpt("event.facts", keys=tuple(names)),
    )


def _chosen(facts: SQL, query: Query | None) -> SQL:
    if query is None:
        return TRUE
    dialect = _DIALECTS[connection.vendor]
    return compile_node(query.root, facts=facts, dialect=dialect, now=NO_MOMENT)


def _moment(facts: SQL, key: str | None) -> SQL:
    if key is None:
        return SQL("CAST(NULL AS bigint)")
    return _DIALECTS[connection.vendor].moment(Fact(facts, key))


def _number(facts: SQL, key: str | None) -> SQL:
    if key is None:
        return SQL("CAST(NULL AS real)")
    return _DIALECTS[connection.vendor].number(Fact(facts, key))
