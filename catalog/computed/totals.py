"""Keeping totals and rollups: what came is added, and what lost a sample is added up anew.

Both say what samples come to: a total all those of a series at an anchor, a rollup those of a day.
A day in UTC has a number, counted from 1970-01-01.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db import connection

from catalog.bulk import IsAmong, chunks
from catalog.computed.rows import SampleRow
from catalog.computed.tables import table_of
from catalog.models import Entity, Rollup, Total
from catalog.queries.running import run
from catalog.queries.sql import SQL, TRUE, sql

# Sums are made of values this much smaller, or PostgreSQL would refuse those beyond all floats.
SCALE = 2.0**60
CHUNK = 5_000
DAY = 86_400_000_000

_SUMS = SQL("count, value_count, scaled_sum, least, most, first_at")
# What samples come to, and what such sums come to in turn, in the order of the columns.
COUNTED = sql(
    "COUNT(*), COUNT(value), SUM(value / {scale}), MIN(value), MAX(value), MIN(at)", scale=SCALE
)
SUMMED = SQL(
    "CAST(SUM(count) AS bigint), CAST(SUM(value_count) AS bigint), SUM(scaled_sum),"
    " MIN(least), MAX(most), MIN(first_at)"
)
_ADDED_UP = """INSERT INTO {table} (series_id, anchor_id{day}, {sums})
SELECT series_id, anchor_id{day}, COUNT(*), COUNT(value), COALESCE(SUM(value / {scale}), 0),
    MIN(value), MAX(value), MIN(at)
FROM ({samples}) AS sample WHERE {chosen} GROUP BY series_id, anchor_id{day}"""
_SAMPLES = "SELECT * FROM catalog_sample WHERE series_id = {series}"
# Division cuts towards zero, also before 1970; days begin at midnight.
_DATED = """SELECT series_id, anchor_id, entity_id, value, at, CAST(
    ({moment} - (({moment} % {length} + {length}) % {length})) / {length} AS integer) AS day
FROM catalog_sample WHERE series_id = {series} AND {moment} IS NOT NULL"""
_ADD = """INSERT INTO {table} (series_id, anchor_id{day}, {sums}) VALUES ({marks})
ON CONFLICT (series_id, anchor_id{day}) DO UPDATE SET
    count = {table}.count + excluded.count,
    value_count = {table}.value_count + excluded.value_count,
    scaled_sum = {table}.scaled_sum + excluded.scaled_sum,
    least = CASE WHEN excluded.least IS NULL OR {table}.least <= excluded.least
        THEN {table}.least ELSE excluded.least END,
    most = CASE WHEN excluded.most IS NULL OR {table}.most >= excluded.most
        THEN {table}.most ELSE excluded.most END,
    first_at = CASE WHEN excluded.first_at IS NULL OR {table}.first_at <= excluded.first_at
        THEN {table}.first_at ELSE excluded.first_at END"""
_OF_DAYS = """SELECT series_id, sample.anchor_id, value, at, chosen.day
FROM ({days}) AS chosen CROSS JOIN catalog_sample AS sample
WHERE sample.series_id = {series} AND sample.anchor_id = chosen.anchor_id
    AND {moment} >= chosen.day * {length} AND {moment} < (chosen.day + 1) * {length}"""
_FORGET = """DELETE FROM catalog_rollup
WHERE series_id = {series}
    AND (anchor_id, day) IN (SELECT anchor_id, day FROM ({days}) AS chosen)"""

# Of a total: series and anchor; of a rollup the day as well.
Key = tuple[int, ...]


def keep(
    came: Iterable[SampleRow],
    went: Iterable[SampleRow],
    *,
    summed: Collection[int],
    rolled: Mapping[int, str],
) -> None:
    """Bring totals and rollups up to date with samples that came and went, written already.

    A sum that floats were taken out of is another one than that of the rest, so what lost a sample
    is added up from its samples. `summed` are the series that have totals; `rolled` maps those that
    have rollups to the column that their days are told by.
    """
    came, went = list(came), list(went)
    _keep(
        Total,
        {row: row[:2] for row in came if row.series_id in summed},
        {row[:2] for row in went if row.series_id in summed},
    )
    _keep(
        Rollup,
        {row: (*row[:2], day) for row in came if (day := _day(row, rolled)) is not None},
        {(*row[:2], day) for row in went if (day := _day(row, rolled)) is not None},
        rolled=rolled,
    )


def _day(row: SampleRow, rolled: Mapping[int, str]) -> int | None:
    column = rolled.get(row.series_id)
    moment = getattr(row, column) if column else None
    return None if moment is None else moment // DAY


def _keep(
    table: type[Total | Rollup],
    came: Mapping[SampleRow, Key],
    shrunk: set[Key],
    *,
    rolled: Mapping[int, str] | None = None,
) -> None:
    grown: dict[Key, list[SampleRow]] = defaultdict(list)
    for row, key in came.items():
        if key not in shrunk:
            grown[key].append(row)
    if grown:
        values = [(*key, *_added(rows)) for key, rows in sorted(grown.items())]
        statement = _statement(_ADD, table, marks=SQL(", ".join(["%s"] * len(values[0]))))
        with connection.cursor() as cursor:
            cursor.executemany(statement.text, values)
    places: dict[int, set[Key]] = defaultdict(set)
    for series_id, *place in shrunk:
        places[series_id].add(tuple(place))
    for series_id, chosen in sorted(places.items()):
        if rolled is None:
            add_up(series_id, {place[0] for place in chosen})
        else:
            _roll_days(series_id, chosen, by=rolled[series_id])


def _added(rows: Collection[SampleRow]) -> tuple[int | float | None, ...]:
    values = [row.value for row in rows if row.value is not None]
    moments = [row.at for row in rows if row.at is not None]
    return (
        len(rows),
        len(values),
        sum(value / SCALE for value in values),
        min(values, default=None),
        max(values, default=None),
        min(moments, default=None),
    )


def add_up(series_id: int, anchor_ids: Collection[int] | None = None) -> None:
    """Make the totals of a series anew from its samples: at these anchors, or at all of them."""
    samples = sql(_SAMPLES, series=series_id)
    _make(Total, series_id, samples, anchor_ids)


def roll_up(series_id: int, anchor_ids: Collection[int] | None = None, *, by: str) -> None:
    """Make the rollups of a series anew likewise; `by` is the column that tells the day."""
    _make(Rollup, series_id, dated(series_id, by=by), anchor_ids)


def _make(
    table: type[Total | Rollup], series_id: int, samples: SQL, anchor_ids: Collection[int] | None
) -> None:
    if anchor_ids is None:
        table.objects.filter(series=series_id).delete()
        run(_statement(_ADDED_UP, table, samples=samples, chosen=TRUE))
        return
    for chunk in chunks(sorted(anchor_ids), CHUNK):
        _take_turns(chunk)
        table.objects.filter(series=series_id, anchor__in=chunk).delete()
        marks = SQL(f"anchor_id IN ({', '.join(['%s'] * len(chunk))})", tuple(chunk))
        run(_statement(_ADDED_UP, table, samples=samples, chosen=marks))


def _take_turns(anchor_ids: Collection[int]) -> None:
    """Wait for whoever else makes rows of these anchors anew, until their transaction ends.

    A row that is deleted and made again between two statements of this one is there twice.
    """
    if connection.features.has_select_for_update:
        rows = Entity.objects.filter(IsAmong("id", anchor_ids)).order_by("id")
        list(rows.select_for_update(no_key=True).values_list("id", flat=True))


def dated(series_id: int, *, by: str) -> SQL:
    """Return the SELECT of a series' samples with their days."""
    return sql(_DATED, moment=SQL(by), length=DAY, series=series_id)


def _roll_days(series_id: int, days: Collection[Key], *, by: str) -> None:
    """Make the rollups of these anchors and days anew."""
    for chunk in chunks(sorted(days), CHUNK):
        _take_turns({anchor_id for anchor_id, _ in chunk})
        pairs = table_of([(anchor_id, day) for anchor_id, day in chunk], "anchor_id", "day")
        run(sql(_FORGET, series=series_id, days=pairs))
        samples = sql(_OF_DAYS, days=pairs, series=series_id, moment=SQL(by), length=DAY)
        run(_statement(_ADDED_UP, Rollup, samples=samples, chosen=TRUE))


def _statement(template: str, table: type[Total | Rollup], **parts: SQL) -> SQL:
    return sql(
        template,
        table=SQL(table._meta.db_table),
        day=SQL(", day" if table is Rollup else ""),
        sums=_SUMS,
        scale=SCALE,
        **parts,
    )
