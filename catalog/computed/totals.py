"""Keeping totals: what came is added to them, and where something went they are added up anew."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import connection

from catalog.bulk import chunks
from catalog.computed.rows import SampleRow
from catalog.models import Total
from catalog.queries.sql import SQL, TRUE, sql

# Sums are made of values this much smaller, or PostgreSQL would refuse those beyond all floats.
SCALE = 2.0**60
CHUNK = 5_000

_ADDED_UP = """INSERT INTO catalog_total
(series_id, anchor_id, count, value_count, scaled_sum, least, most, first_at)
SELECT series_id, anchor_id, COUNT(*), COUNT(value), COALESCE(SUM(value / {scale}), 0),
    MIN(value), MAX(value), MIN(at)
FROM catalog_sample WHERE series_id = {series} AND {chosen} GROUP BY series_id, anchor_id"""
_ADD = """INSERT INTO catalog_total
(series_id, anchor_id, count, value_count, scaled_sum, least, most, first_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (series_id, anchor_id) DO UPDATE SET
    count = catalog_total.count + excluded.count,
    value_count = catalog_total.value_count + excluded.value_count,
    scaled_sum = catalog_total.scaled_sum + excluded.scaled_sum,
    least = CASE WHEN excluded.least IS NULL OR catalog_total.least <= excluded.least
        THEN catalog_total.least ELSE excluded.least END,
    most = CASE WHEN excluded.most IS NULL OR catalog_total.most >= excluded.most
        THEN catalog_total.most ELSE excluded.most END,
    first_at = CASE WHEN excluded.first_at IS NULL OR catalog_total.first_at <= excluded.first_at
        THEN catalog_total.first_at ELSE excluded.first_at END"""


def keep(came: Iterable[SampleRow], went: Iterable[SampleRow]) -> None:
    """Bring the totals up to date with samples that came and went, which are written already.

    A sum that floats were taken out of is another one than that of the rest, so what lost a sample
    is added up from its samples.
    """
    shrunk = {(row.series_id, row.anchor_id) for row in went}
    grown: dict[tuple[int, int], list[SampleRow]] = defaultdict(list)
    for row in came:
        if (row.series_id, row.anchor_id) not in shrunk:
            grown[row.series_id, row.anchor_id].append(row)
    if grown:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD, [_added(*key, rows) for key, rows in sorted(grown.items())])
    for series_id in sorted({series_id for series_id, _ in shrunk}):
        add_up(series_id, {anchor_id for owner, anchor_id in shrunk if owner == series_id})


def _added(
    series_id: int, anchor_id: int, rows: Collection[SampleRow]
) -> tuple[int | float | None, ...]:
    values = [row.value for row in rows if row.value is not None]
    moments = [row.at for row in rows if row.at is not None]
    return (
        series_id,
        anchor_id,
        len(rows),
        len(values),
        sum(value / SCALE for value in values),
        min(values, default=None),
        max(values, default=None),
        min(moments, default=None),
    )


def add_up(series_id: int, anchor_ids: Collection[int] | None = None) -> None:
    """Make the totals of a series anew from its samples: at these anchors, or at all of them."""
    if anchor_ids is None:
        Total.objects.filter(series=series_id).delete()
        _run(sql(_ADDED_UP, scale=SCALE, series=series_id, chosen=TRUE))
        return
    for chunk in chunks(sorted(anchor_ids), CHUNK):
        Total.objects.filter(series=series_id, anchor__in=chunk).delete()
        marks = SQL(f"anchor_id IN ({', '.join(['%s'] * len(chunk))})", tuple(chunk))
        _run(sql(_ADDED_UP, scale=SCALE, series=series_id, chosen=marks))


def _run(statement: SQL) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.params)
