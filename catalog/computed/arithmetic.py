"""Aggregation arithmetic over the related entities' facts. Pure.

- count: how many entities match.
- average of entities per interval: matches divided by the intervals between the earliest match
  and now, a begun interval counting whole, so that something that stops happening sinks.
- average of a property: per interval likewise; over `total`, the sum divided by the values.
- sum, min, max, median: over the numeric values.

Without any match a count, a sum and an average per interval are 0; the others are null, since no
number describes nothing; so is what is larger than any number that JSON keeps.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from math import ceil
from statistics import median
from typing import Any

from catalog.blueprints import Aggregation
from catalog.conditions import matches
from catalog.conditions.values import as_moment, is_number

SECONDS = {"hour": 3_600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}
_OVER_VALUES: dict[str, Callable[[list[float]], float]] = {
    "average": lambda values: sum(values) / len(values),
    "min": min,
    "max": max,
    "median": median,
}


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
    values = [value for value in found if is_number(value)]
    try:
        value = _of_values(source, values, chosen, now)
    except OverflowError:
        return None
    return value if value is not None and abs(value) <= sys.float_info.max else None


def _of_entities(
    source: Aggregation, chosen: list[Mapping[str, Any]], now: datetime
) -> float | int:
    if source.function == "count" or source.interval == "total":
        return len(chosen)
    return len(chosen) / _intervals(source, chosen, now)


def _of_values(
    source: Aggregation,
    values: list[float],
    chosen: list[Mapping[str, Any]],
    now: datetime,
) -> float | int | None:
    if source.function == "sum":
        return sum(values)
    if source.function == "average" and source.interval != "total":
        return sum(values) / _intervals(source, chosen, now)
    return _OVER_VALUES[source.function](values) if values else None


def _intervals(source: Aggregation, chosen: list[Mapping[str, Any]], now: datetime) -> int:
    moments = [
        moment
        for facts in chosen
        if (moment := as_moment(facts.get(source.measure_time_by))) is not None
    ]
    if not moments:
        return 1
    return max(1, ceil((now - min(moments)).total_seconds() / SECONDS[source.interval]))
