"""Dates, queries and numbers reckoned anew, for the judge of computed values.

Written from what the documents say and with the standard library alone: this shares nothing with
the product, so that a mistake in the one is not a mistake in both. Keep it that way. An instant is
a number of microseconds; numbers are fractions until the last moment.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

Read = Callable[[str], Any]

SECOND = 1_000_000
DAY = 86_400 * SECOND
INTERVALS = {"hour": 3_600 * SECOND, "day": DAY, "week": 7 * DAY, "month": 30 * DAY}
PERCENTS = {"median": 50, "p50": 50, "p75": 75, "p90": 90, "p95": 95}
ROLLING = {
    "lastDay": (-1, 0),
    "lastWeek": (-7, 0),
    "last2Weeks": (-14, 0),
    "lastMonth": (-30, 0),
    "last3Months": (-90, 0),
    "last12Months": (-365, 0),
    "previousWeek": (-14, -7),
    "nextWeek": (0, 7),
    "nextMonth": (0, 30),
}
CALENDAR = {"yesterday": -1, "today": 0, "tomorrow": 1}
NEGATIVES = {
    "!=": "=",
    "doesNotContains": "contains",
    "notIn": "in",
    "doesNotBeginsWith": "beginsWith",
    "doesNotEndsWith": "endsWith",
    "notBetween": "between",
    "isNotEmpty": "isEmpty",
}
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?)?",
    re.ASCII | re.IGNORECASE,
)


def instant(value: Any) -> int | None:
    """Return the instant that a text names, None for anything else."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = found.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        return None
    clock = (int(hour or 0), int(minute or 0), int(second or 0))
    if clock[0] > 23 or clock[1] > 59 or clock[2] > 59 or int(off_hours or 0) > 23:
        return None
    seconds = clock[0] * 3_600 + clock[1] * 60 + clock[2]
    offset = int(off_hours or 0) * 3_600 + int(off_minutes or 0) * 60
    seconds += offset if sign == "-" else -offset
    return days * DAY + seconds * SECOND + int((fraction or "")[:6].ljust(6, "0"))


def is_number(value: Any) -> bool:
    """Say whether a value is a number; a truth value is none."""
    return type(value) in (int, float)


def holds(query: dict[str, Any] | None, read: Read, now: int) -> bool:
    """Say whether a query holds for what `read` finds."""
    if query is None:
        return True
    if "combinator" in query:
        parts = query["rules"] if "rules" in query else query["conditions"]
        answers = [holds(part, read, now) for part in parts]
        return not answers or (all(answers) if query["combinator"] == "and" else any(answers))
    key = query["property"] if "property" in query else f"relation#{query['relation']}"
    operator = query["operator"]
    if operator in NEGATIVES:
        return not _positive(NEGATIVES[operator], read(key), query.get("value"), read, now)
    return _positive(operator, read(key), query.get("value"), read, now)


def _positive(operator: str, found: Any, wanted: Any, read: Read, now: int) -> bool:
    if operator == "isEmpty":
        return found is None or found in ("", [], {})
    if isinstance(wanted, dict) and "property" in wanted:
        wanted = read(wanted["property"])
        if wanted is None:
            return False
    elif isinstance(wanted, dict) and ("preset" in wanted or "from" in wanted):
        return _lies_in(found, wanted, now)
    return _compare(operator, found, wanted)


def _compare(operator: str, found: Any, wanted: Any) -> bool:
    if operator in ("<", "<=", ">", ">="):
        return _ordered(operator, found, wanted)
    return _TESTS[operator](found, wanted)


def _contains(found: Any, wanted: Any) -> bool:
    if isinstance(found, list):
        return any(_equal(item, wanted) for item in found)
    return _are_texts(found, wanted) and found.find(wanted) >= 0


def _are_texts(found: Any, wanted: Any) -> bool:
    return isinstance(found, str) and isinstance(wanted, str)


def _equal(one: Any, other: Any) -> bool:
    if is_number(one) and is_number(other):
        return Fraction(one) == Fraction(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and one == other


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "in": lambda found, wanted: any(_equal(found, item) for item in wanted if item is not None),
    "contains": _contains,
    "containsAny": lambda found, wanted: (
        isinstance(found, list) and any(_equal(one, item) for one in found for item in wanted)
    ),
    "beginsWith": lambda found, wanted: (
        _are_texts(found, wanted) and found[: len(wanted)] == wanted
    ),
    "endsWith": lambda found, wanted: (
        _are_texts(found, wanted) and found[::-1][: len(wanted)] == wanted[::-1]
    ),
}


def _ordered(operator: str, found: Any, wanted: Any) -> bool:
    if not (is_number(found) and is_number(wanted)):
        found, wanted = instant(found), instant(wanted)
    if found is None or wanted is None:
        return False
    signs = {"<": found < wanted, ">": found > wanted}
    return signs[operator[0]] or (operator[1:] == "=" and found == wanted)


def _lies_in(found: Any, span: dict[str, Any], now: int) -> bool:
    if is_number(span.get("from")):
        return is_number(found) and span["from"] <= found <= span["to"]
    at = instant(found)
    if at is None:
        return False
    if "from" in span:
        return (instant(span["from"]) or 0) <= at <= (instant(span["to"]) or 0)
    if span["preset"] in CALENDAR:
        return at // DAY == now // DAY + CALENDAR[span["preset"]]
    first, last = ROLLING[span["preset"]]
    return now + first * DAY <= at <= now + last * DAY


def rounded(value: Fraction | None) -> float | int | None:
    """Return the nearest float, as an integer where it is a small whole one; None for none."""
    try:
        found = None if value is None else float(value)
    except OverflowError:
        return None
    if found is None or found != found // 1 or abs(found) > 2**53:
        return found
    return int(found)


def percentile(values: Iterable[Any], percent: int) -> Fraction | None:
    """Return the percentile on the straight line between the closest ranks."""
    ordered = sorted(Fraction(value) for value in values)
    if not ordered:
        return None
    place = Fraction((len(ordered) - 1) * percent, 100)
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below * (1 - place % 1) + above * (place % 1)


def begun(since: Iterable[int | None], interval: str, now: int) -> int:
    """Return how many intervals have begun since the earliest instant."""
    known = [at for at in since if at is not None]
    if not known:
        return 1
    return max(1, math.ceil(Fraction(now - min(known), INTERVALS[interval])))


def aggregate(spec: Mapping[str, Any], reads: list[Read], now: int) -> Any:
    """Return the number that an aggregation makes of what was reached."""
    func, interval = spec["func"], spec.get("averageOf", "total")
    if func == "count":
        return len(reads)
    divisor = 1
    if interval != "total":
        since = [instant(read(spec.get("measureTimeBy", "$createdAt"))) for read in reads]
        divisor = begun(since, interval, now)
    if spec["calculationBy"] == "entities":
        return rounded(Fraction(len(reads), divisor))
    values = [Fraction(found) for read in reads if is_number(found := read(spec["property"]))]
    if func == "sum" or (func == "average" and interval != "total"):
        return _shared(values, divisor if func == "average" else 1)
    return _one_of(func, values) if values else None


def _shared(values: list[Fraction], divisor: int) -> float | None:
    total = rounded(sum(values, Fraction()))
    return None if total is None else rounded(Fraction(total) / divisor)


def _one_of(func: str, values: list[Fraction]) -> float | None:
    if func == "average":
        return _shared(values, len(values))
    if func in PERCENTS:
        return rounded(percentile(values, PERCENTS[func]))
    return rounded(min(values) if func == "min" else max(values))
