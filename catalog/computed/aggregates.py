"""Aggregations read off samples, in the database: a few statements for any number of owners.

The rules are those of `catalog.computed.arithmetic`; only the order in which floats are added is
the database's own, so sums of fractions are rounded to twelve significant digits.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import chain
from math import floor, isfinite, log10
from typing import Any, NamedTuple

from catalog.blueprints import Aggregation
from catalog.bulk import IsAmong, chunks
from catalog.computed.arithmetic import PERCENTILES, SECONDS, between, tidy
from catalog.computed.graph import Derived, Step
from catalog.computed.series import Plan
from catalog.computed.shelf import Shelf
from catalog.computed.tables import table_of
from catalog.computed.totals import COUNTED, SCALE, SUMMED
from catalog.models import EntityRelation
from catalog.queries.dialects import microseconds
from catalog.queries.running import run
from catalog.queries.sql import SQL, TRUE, sql

CHUNK = 5_000
# Of a sum of fractions, so many digits hold in whatever order a database adds them up.
DIGITS = 12


class Summary(NamedTuple):
    """What one statement says of the samples of an owner."""

    owner_id: int
    count: int
    values: int
    scaled_total: float | None
    least: float | None
    most: float | None
    first_at: int | None


NOTHING = Summary(0, 0, 0, None, None, None, None)


class _Part(NamedTuple):
    """Owners of one blueprint whose aggregations read the same samples along the same steps."""

    blueprint: str
    plan: Plan
    owner_ids: frozenset[int]

    @property
    def place(self) -> tuple[Any, ...]:
        """Return what it has to share with those that one statement can answer for."""
        return self.plan.series, self.plan.windows, self.plan.is_partition


def values_of(
    wanted: Iterable[tuple[Derived, Collection[int]]], shelf: Shelf, *, now: datetime
) -> Iterator[tuple[int, str, Any]]:
    """Yield owner, property and value of aggregations that have a plan, for the owners of each.

    What is read off the same samples is read once, for the owners of all blueprints together.
    """
    parts: dict[_Part, list[Derived]] = defaultdict(list)
    for derived, owner_ids in wanted:
        parts[_Part(derived.blueprint, _plan(derived), frozenset(owner_ids))].append(derived)
    series_ids = shelf.filled({part.plan.series for part in parts})
    pairs = lru_cache(maxsize=None)(_pairs)
    for together in _together(parts):
        owners = [(part, id_) for part in together for id_ in sorted(part.owner_ids)]
        for chunk in chunks(owners, CHUNK):
            asked: dict[_Part, list[int]] = defaultdict(list)
            for part, id_ in chunk:
                asked[part].append(id_)
            found = [pairs(part.plan.far, tuple(ids)) for part, ids in asked.items()]
            plan = together[0].plan
            table = table_of([*chain(*found)], "owner_id", "anchor_id")
            reader = _Reader(table, series_ids[plan.series], plan, now)
            for part, ids in asked.items():
                yield from _values(parts[part], ids, reader, now)


def _together(parts: Iterable[_Part]) -> Iterable[list[_Part]]:
    """Return the parts in groups that one statement can answer for.

    It tells them apart by their owners, so a group has but one part of each blueprint.
    """
    counts: Counter[tuple[Any, ...]] = Counter()
    groups: dict[tuple[Any, ...], list[_Part]] = defaultdict(list)
    for part in parts:
        groups[part.place, counts[part.place, part.blueprint]].append(part)
        counts[part.place, part.blueprint] += 1
    return groups.values()


def _plan(derived: Derived) -> Plan:
    if derived.plan is None:
        raise ValueError(f"{derived.key} is not read off samples")
    return derived.plan


def _values(
    alike: Sequence[Derived], owner_ids: Sequence[int], reader: "_Reader", now: datetime
) -> Iterator[tuple[int, str, Any]]:
    for derived in alike:
        source = _source(derived)
        if source.function in PERCENTILES:
            ranked = reader.percentiles(PERCENTILES[source.function])
            values = {owner_id: ranked.get(owner_id) for owner_id in owner_ids}
        else:
            values = {
                owner_id: value_of(source, reader.summaries.get(owner_id, NOTHING), now)
                for owner_id in owner_ids
            }
        for owner_id, value in values.items():
            yield owner_id, derived.key, kept(value)


def _source(derived: Derived) -> Aggregation:
    if not isinstance(derived.source, Aggregation):
        raise TypeError(f"{derived.key} is not an aggregation")
    return derived.source


def value_of(source: Aggregation, summary: Summary, now: datetime) -> float | None:
    """Return what an aggregation makes of what its samples come to, percentiles excepted."""
    amount = summary.count
    if source.property is not None:
        amount = _settled((summary.scaled_total or 0) * SCALE, summary)
    match source.function:
        case "count":
            return summary.count
        case "min":
            return summary.least
        case "max":
            return summary.most
        case "average" if source.is_per_interval:
            return amount / _intervals(source, summary.first_at, now)
        case "average" if source.property is not None:
            return amount / summary.values if summary.values else None
    return amount


def _intervals(source: Aggregation, first_at: int | None, now: datetime) -> int:
    if first_at is None:
        return 1
    length = SECONDS[source.interval] * 1_000_000
    return max(1, -((first_at - microseconds(now)) // length))


def _settled(total: float, summary: Summary) -> float:
    """Return a sum without the digits that depend on the order of its parts.

    Sums of whole numbers have none, and thousandths of what is counted are kept. Where parts cancel
    each other out, the digits that are left are those of the largest.
    """
    if total.is_integer() or not isfinite(total):
        return total
    size = max(abs(total), abs(summary.least or 0), abs(summary.most or 0))
    rounded = round(total, DIGITS - 1 - floor(log10(size)))
    return rounded if abs(rounded - total) < 0.0005 else round(total, 3)


def kept(value: float | None) -> float | int | None:
    """Return the value as it is stored: null where no JSON number holds it."""
    if value is None or isinstance(value, int):
        return value
    return tidy(value) if isfinite(value) else None


def pairs_of(far: Sequence[Step], owner_ids: Sequence[int]) -> SQL:
    """Return the owners with their anchors, as a table for a statement."""
    return table_of(_pairs(far, owner_ids), "owner_id", "anchor_id")


def _pairs(far: Sequence[Step], owner_ids: Iterable[int]) -> list[tuple[int, int]]:
    at: set[tuple[int, int]] = {(owner, owner) for owner in owner_ids}
    for step in far:
        at = _onward(step, at)
    return sorted(at)


def _onward(step: Step, pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the pairs one step further from their owners."""
    near, beyond = ("source", "target") if step.is_forward else ("target", "source")
    rows = EntityRelation.objects.filter(
        IsAmong(f"{near}_id", {at for _, at in pairs}),
        relation=step.relation,
        source__blueprint__identifier=step.blueprint,
    )
    reached: dict[int, list[int]] = defaultdict(list)
    for start, end in rows.values_list(f"{near}_id", f"{beyond}_id"):
        reached[start].append(end)
    return {(owner, end) for owner, at in pairs for end in reached[at]}


# SQLite reads a cross join in this order: the owners first, then the samples of their anchors.
_SAMPLES = """SELECT {distinct} owner_id, entity_id, at, value
FROM ({pairs}) AS pair CROSS JOIN catalog_sample AS sample
WHERE sample.series_id = {series} AND sample.anchor_id = pair.anchor_id AND {within}"""
_TOTALS = """SELECT owner_id, {summed}
FROM ({pairs}) AS pair CROSS JOIN catalog_total AS total
WHERE total.series_id = {series} AND total.anchor_id = pair.anchor_id GROUP BY owner_id"""
_WITHIN = "sample.window_at BETWEEN {start} AND {end}"
_SUMMARIES = """SELECT owner_id, {counted} FROM ({samples}) AS found GROUP BY owner_id"""
_PERCENTILES = """SELECT owner_id, wanted, value FROM (
    SELECT owner_id, value,
        ROW_NUMBER() OVER (PARTITION BY owner_id ORDER BY value) - 1 AS position,
        (COUNT(*) OVER (PARTITION BY owner_id) - 1) * {percent} AS wanted
    FROM ({samples}) AS found WHERE value IS NOT NULL
) AS ranked WHERE position IN (wanted / 100, wanted / 100 + 1) ORDER BY owner_id, position"""


@dataclass(frozen=True)
class _Reader:
    """Reads the samples of a series for pairs of owner and anchor, within a span of time."""

    pairs: SQL
    series_id: int
    plan: Plan
    now: datetime
    _ranked: dict[int, dict[int, float]] = field(default_factory=dict)

    @cached_property
    def summaries(self) -> dict[int, Summary]:
        """Return how many samples each owner has, and what is made of their values."""
        if self.plan.adds_up:
            statement = sql(_TOTALS, summed=SUMMED, pairs=self.pairs, series=self.series_id)
        else:
            statement = sql(_SUMMARIES, counted=COUNTED, samples=self._samples())
        return {row[0]: Summary(*row) for row in run(statement)}

    def percentiles(self, percent: int) -> dict[int, float]:
        """Return a percentile of the values of each owner, between ranks in proportion."""
        if percent not in self._ranked:
            self._ranked[percent] = dict(percentiles_of(self._samples(), percent))
        return self._ranked[percent]

    def _samples(self) -> SQL:
        """Return the statement of the samples; an event counts once for an owner."""
        within, span = TRUE, self.plan.span(self.now)
        if span is not None:
            start, end = microseconds(span.start), microseconds(span.end)
            within = sql(_WITHIN, start=start, end=end)
        return sql(
            _SAMPLES,
            distinct=SQL("" if self.plan.is_partition else "DISTINCT"),
            pairs=self.pairs,
            series=self.series_id,
            within=within,
        )


def percentiles_of(samples: SQL, percent: int) -> Iterator[tuple[int, float]]:
    """Yield owners with a percentile of the values of samples, a statement that has both."""
    around: dict[tuple[int, int], list[float]] = defaultdict(list)
    for owner_id, wanted, value in run(sql(_PERCENTILES, samples=samples, percent=percent)):
        around[owner_id, wanted].append(value)
    for (owner_id, wanted), values in around.items():
        lower, upper = values[0], values[-1]
        is_finite = isfinite(lower) and isfinite(upper)
        yield owner_id, between(lower, upper, wanted % 100) if is_finite else lower
