"""Aggregation arithmetic over the related entities' facts. Pure.

- count: how many entities match.
- average of entities per interval: matches divided by the intervals between the earliest match
  and now, a begun interval counting whole, so that something that stops happening sinks.
- average of a property: per interval likewise; over `total`, the sum divided by the values.
- sum, min, max: over the numeric values.
- median and the percentiles p50, p75, p90, p95: over the numeric values, by linear interpolation
  between the closest ranks, as PostgreSQL's `percentile_cont` and numpy's default have it. p50 is
  the median.

Without any match a count, a sum and an average per interval are 0; the others are null, since no
number describes nothing; so is what is larger than any number that JSON keeps, and an average
whose sum is.

Numbers are 64-bit floats, however JSON spelt them. A sum is exact and rounded once, so that the
order of the entities never shows. A result that is whole is an integer where floats still tell
one integer from the next.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from catalog.blueprints import Aggregation
from catalog.conditions import matches
from catalog.conditions.values import as_moment, is_number

SECONDS = {"hour": 3_600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}
PERCENTILES = {"median": 50, "p50": 50, "p75": 75, "p90": 90, "p95": 95}
# From here on, floats skip integers.
_WHOLE_LIMIT = 2**53


def aggregate(
    source: Aggregation, rows: Iterable[Mapping[str, Any]], *, now: datetime
) -> float | int | None:
    """Return the value of an aggregation over the facts of the related entities."""
    chosen = [
        facts for facts in rows if source.query is None or matches(source.query, facts, now=now)
    ]
    if source.property is None:
        return _of_entities(source, chosen, now)
    found: list[Any] = [facts.get(source.property) for facts in chosen]
    try:
        value = _of_values(source, [float(item) for item in found if is_number(item)], chosen, now)
    except OverflowError:
        return None
    return None if value is None else tidy(value)


def exact_sum(values: Sequence[float]) -> float:
    """Return the sum, exact and rounded once; raises `OverflowError` where no float holds it."""
    try:
        return math.fsum(values)
    except OverflowError:
        # Whether a sum on the way there is too large depends on the order.
        return float(sum(map(Fraction, values)))


def rank_of(percent: int, count: int) -> tuple[int, int]:
    """Return where a percentile of `count` sorted values lies: an index, and hundredths beyond it.

    >>> rank_of(75, 4)
    (2, 25)
    """
    return divmod((count - 1) * percent, 100)


def between(lower: float, upper: float, hundredths: int) -> float:
    """Return the number that lies hundredths of the way between two numbers, rounded once.

    >>> between(1.0, 2.0, 25)
    1.25
    """
    start = Fraction(lower)
    return float(start + (Fraction(upper) - start) * hundredths / 100)


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of values, of which there must be one, in any order.

    >>> percentile([10.0, 0.0], 90)
    9.0
    """
    ordered = sorted(values)
    index, hundredths = rank_of(percent, len(ordered))
    # Past the last value there is nothing to go towards.
    return between(ordered[index], ordered[min(index + 1, len(ordered) - 1)], hundredths)


def intervals_since(earliest: datetime | None, interval: str, *, now: datetime) -> int:
    """Return how many intervals have begun since the earliest match: at least one."""
    if earliest is None:
        return 1
    # Whole microseconds: seconds as a float would round a long span up or down.
    return max(1, -((earliest - now) // timedelta(seconds=SECONDS[interval])))


def tidy(value: float) -> float | int:
    """Return a whole number as an integer, so that it does not matter how its parts were spelt.

    >>> tidy(2.0), tidy(2.5), tidy(-0.0)
    (2, 2.5, 0)
    """
    return int(value) if value.is_integer() and abs(value) <= _WHOLE_LIMIT else value


def _of_entities(
    source: Aggregation, chosen: list[Mapping[str, Any]], now: datetime
) -> float | int:
    if source.function == "count" or source.interval == "total":
        return len(chosen)
    return tidy(len(chosen) / _intervals(source, chosen, now))


_OVER_VALUES: dict[str, Callable[[Sequence[float]], float]] = {
    "average": lambda values: exact_sum(values) / len(values),
    "min": min,
    "max": max,
}


def _of_values(
    source: Aggregation,
    values: list[float],
    chosen: list[Mapping[str, Any]],
    now: datetime,
) -> float | None:
    if source.function == "sum":
        return exact_sum(values)
    if source.function == "average" and source.interval != "total":
        return exact_sum(values) / _intervals(source, chosen, now)
    if not values:
        return None
    if source.function in PERCENTILES:
        return percentile(values, PERCENTILES[source.function])
    return _OVER_VALUES[source.function](values)


def _intervals(source: Aggregation, chosen: list[Mapping[str, Any]], now: datetime) -> int:
    moments = (as_moment(facts.get(source.measure_time_by)) for facts in chosen)
    earliest = min((moment for moment in moments if moment is not None), default=None)
    return intervals_since(earliest, source.interval, now=now)
