"""Filling a series: the samples of all events there are, made by the database in one statement."""

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from django.db import connection

from catalog.computed.series import Series
from catalog.conditions import Query
from catalog.models import Blueprint
from catalog.queries import postgresql, sqlite
from catalog.queries.dialects import Dialect, Excerpt, Fact
from catalog.queries.nodes import compile_node
from catalog.queries.postgresql_moments import stored_microseconds_of
from catalog.queries.running import run
from catalog.queries.sql import SQL, TRUE, sql

# For queries that do not read the clock.
NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)

# SQLite joins in the order that is written: each event once, then its relation rows.
_JOINS = {"sqlite": SQL("CROSS JOIN"), "postgresql": SQL("JOIN")}
_COLUMNS = SQL("series_id, anchor_id, entity_id, at, window_at, value")
# By anchor, so that both indexes grow at their ends, and what is read together lies together.
_SAMPLES = """{events}
SELECT {series} AS series_id, edge.{anchor} AS anchor_id, event.id AS entity_id,
    event.at, event.window_at, event.value
FROM event {join} catalog_entityrelation AS edge
    ON edge.{event} = event.id AND edge.relation = {relation}
WHERE {dated} AND {held}
ORDER BY anchor_id, window_at, entity_id"""
_HELD = """EXISTS(SELECT 1 FROM catalog_entity AS holder
WHERE holder.id = edge.source_id AND holder.blueprint_id = {holder})"""
_INSERT = "INSERT INTO catalog_sample ({columns}) {samples}"
# Several workers of PostgreSQL read for a table that is made, but not for what is inserted.
_MAKE = "CREATE TEMPORARY TABLE catalog_filling ON COMMIT DROP AS {samples}"
_MADE = SQL("SELECT * FROM catalog_filling")


def insert_samples(series: Series, series_id: int) -> None:
    """Insert the samples of all events, for a series that has none."""
    ids = dict(Blueprint.objects.values_list("identifier", "id"))
    near, far = ("source_id", "target_id") if series.is_of_event else ("target_id", "source_id")
    samples = sql(
        _SAMPLES,
        events=_EVENTS[connection.vendor](series, ids[series.blueprint]),
        series=SQL(str(series_id)),
        anchor=SQL(far),
        event=SQL(near),
        join=_JOINS[connection.vendor],
        relation=series.relation,
        dated=SQL("event.window_at IS NOT NULL") if series.is_windowed else TRUE,
        held=TRUE if series.is_of_event else sql(_HELD, holder=ids[series.holder]),
    )
    if connection.vendor == "postgresql":
        # Until the transaction ends: every worker would compile its part, for longer than it saves.
        run(SQL("SET LOCAL jit = off"))
        run(sql(_MAKE, samples=samples))
        run(sql(_INSERT, columns=_COLUMNS, samples=_MADE))
        run(SQL("DROP TABLE catalog_filling"))
    else:
        run(sql(_INSERT, columns=_COLUMNS, samples=samples))


# OFFSET has what is needed of the facts taken out once, and the values there before the join, which
# would else carry the facts along. The plain 0 is a number yet to be cast, and keeps workers off.
_IN_POSTGRESQL = """WITH event AS (
    SELECT id, {at} AS at, {window_at} AS window_at, {value} AS value
    FROM (
        SELECT id, facts ->> {at_key}::text AS at, facts ->> {window_key}::text AS window_at,
            facts -> {value_key}::text AS value
        FROM catalog_entity WHERE blueprint_id = {blueprint} AND {chosen} OFFSET bigint '0'
    ) AS found OFFSET bigint '0')"""


def _events_in_postgresql(series: Series, blueprint_id: int) -> SQL:
    """Return the table of the events that are chosen, with the values of their samples."""
    return sql(
        _IN_POSTGRESQL,
        at=stored_microseconds_of(SQL("found.at")),
        window_at=stored_microseconds_of(SQL("found.window_at")),
        value=postgresql.float_of(SQL("found.value")),
        # Nothing stands under no key.
        at_key=series.at_key,
        window_key=series.window_key,
        value_key=series.value_key,
        blueprint=blueprint_id,
        chosen=_chosen(SQL("facts"), series.query, postgresql.DIALECT),
    )


_IN_SQLITE = """WITH excerpt AS {excerpts}, event AS (
    SELECT id, {at} AS at, {window_at} AS window_at, {value} AS value
    FROM excerpt WHERE {chosen})"""
_FACTS = "(SELECT id, facts FROM catalog_entity WHERE blueprint_id = {blueprint})"
# SQLite reads a document from its beginning for every value that is asked of it. So what is needed
# is taken out at once, and asked of the little that this is.
_EXCERPTS = """MATERIALIZED (
    SELECT id, json_extract(facts, {paths}) AS facts FROM catalog_entity
    WHERE blueprint_id = {blueprint})"""


def _events_in_sqlite(series: Series, blueprint_id: int) -> SQL:
    excerpts, facts = _excerpts(blueprint_id, series.reads)
    return sql(
        _IN_SQLITE,
        excerpts=excerpts,
        at=_value(sqlite.DIALECT.moment, facts, series.at_key),
        window_at=_value(sqlite.DIALECT.moment, facts, series.window_key),
        value=_value(sqlite.DIALECT.number, facts, series.value_key),
        chosen=_chosen(facts, series.query, sqlite.DIALECT),
    )


def _excerpts(blueprint_id: int, keys: Collection[str]) -> tuple[SQL, SQL]:
    """Return the table of the events, and what holds the facts that are needed of each."""
    # No path names a key with a quotation mark.
    if not keys or any('"' in key for key in keys):
        return sql(_FACTS, blueprint=blueprint_id), SQL("excerpt.facts")
    # Twice the first one: of a single path, the bare value would come back instead of a list.
    names = [min(keys), *sorted(keys)]
    paths = tuple(f"$.{json.dumps(name)}" for name in names)
    marks = SQL(", ".join(["%s"] * len(paths)), paths)
    return (
        sql(_EXCERPTS, paths=marks, blueprint=blueprint_id),
        Excerpt("excerpt.facts", keys=tuple(names)),
    )


def _value(reading: Callable[[Fact], SQL], facts: SQL, key: str | None) -> SQL:
    return SQL("NULL") if key is None else reading(Fact(facts, key))


def _chosen(facts: SQL, query: Query | None, dialect: Dialect) -> SQL:
    if query is None:
        return TRUE
    return compile_node(query.root, facts=facts, dialect=dialect, now=NO_MOMENT)


_EVENTS = {"sqlite": _events_in_sqlite, "postgresql": _events_in_postgresql}
