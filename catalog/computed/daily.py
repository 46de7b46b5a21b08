"""The samples of one owner by day, and percentiles of its samples over many spans at once."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from catalog.computed.aggregates import NOTHING, Summary, pairs_of, percentiles_of
from catalog.computed.series import Plan
from catalog.computed.shelf import Shelf
from catalog.computed.tables import table_of
from catalog.computed.totals import COUNTED, DAY, SUMMED, dated
from catalog.queries.running import run
from catalog.queries.sql import SQL, sql

_ROLLED = """SELECT rollup.day, {summed}
FROM ({pairs}) AS pair CROSS JOIN catalog_rollup AS rollup
WHERE rollup.series_id = {series} AND rollup.anchor_id = pair.anchor_id
GROUP BY rollup.day ORDER BY rollup.day"""
# Where an event may stand at several anchors of the owner, it counts once.
_SAMPLED = """SELECT day, {counted}
FROM (
    SELECT DISTINCT sample.entity_id, sample.at, sample.value, sample.day
    FROM ({pairs}) AS pair CROSS JOIN ({samples}) AS sample
    WHERE sample.anchor_id = pair.anchor_id
) AS found GROUP BY day ORDER BY day"""
_WITHIN_SPANS = """SELECT DISTINCT span.owner_id, sample.entity_id, sample.value
FROM ({spans}) AS span CROSS JOIN ({pairs}) AS pair CROSS JOIN catalog_sample AS sample
WHERE sample.series_id = {series} AND sample.anchor_id = pair.anchor_id
    AND sample.{moment} >= span.starts AND sample.{moment} < span.ends"""


class Span(NamedTuple):
    """Microseconds since 1970, the end excluded."""

    start: int
    end: int


@dataclass(frozen=True)
class Days:
    """What the samples of an owner come to on each day that has any: a summary for each number."""

    numbers: list[int]
    summaries: list[Summary]

    def summary(self, span: Span) -> Summary:
        """Return what the days that begin within a span come to."""
        first, last = (bisect_left(self.numbers, -(-edge // DAY)) for edge in span)
        rows = self.summaries[first:last]
        if not rows:
            return NOTHING
        return Summary(
            owner_id=rows[0].owner_id,
            count=sum(row.count for row in rows),
            values=sum(row.values for row in rows),
            scaled_total=sum(row.scaled_total or 0 for row in rows),
            least=min((row.least for row in rows if row.least is not None), default=None),
            most=max((row.most for row in rows if row.most is not None), default=None),
            first_at=min((row.first_at for row in rows if row.first_at is not None), default=None),
        )


def days_of(owner_id: int, plan: Plan, shelf: Shelf) -> Days:
    """Return the samples of an owner by day: off rollups where there are any."""
    series_id = shelf.filled([plan.series])[plan.series]
    pairs = pairs_of(plan.far, [owner_id])
    if plan.is_partition and shelf.rolled_by([plan.series]):
        statement = sql(_ROLLED, summed=SUMMED, pairs=pairs, series=series_id)
    else:
        samples = dated(series_id, by=plan.series.day_column)
        statement = sql(_SAMPLED, counted=COUNTED, pairs=pairs, samples=samples)
    rows = run(statement)
    summaries = [Summary(owner_id, *sums) for _, *sums in rows]
    return Days([day for day, *_ in rows], summaries)


def percentiles_of_spans(
    owner_id: int, plan: Plan, spans: Sequence[Span], *, percent: int, shelf: Shelf
) -> dict[int, float]:
    """Return a percentile of an owner's values within each span, by index, where it has any."""
    statement = sql(
        _WITHIN_SPANS,
        spans=table_of(
            [(index, *span) for index, span in enumerate(spans)], "owner_id", "starts", "ends"
        ),
        pairs=pairs_of(plan.far, [owner_id]),
        series=shelf.filled([plan.series])[plan.series],
        moment=SQL(plan.series.day_column),
    )
    return dict(percentiles_of(statement, percent))
