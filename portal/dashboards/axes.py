"""Where the ticks of a chart's axes stand and what they say. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.dashboards.formats import number

MOST_TICKS = 5
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
# From ten thousand on, numbers are shortened.
_SHORT = ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"), (0, 1.0, ""))
_LARGEST_WRITTEN = 1e15
_SMALLEST_SPAN = 1e-300
# What a date axis goes by, in days; from some months on, the first days of months.
_DAYS = (1, 2, 5, 7, 14)
_MONTHS = (1, 2, 3, 6, 12)
_LONG = timedelta(days=100)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis. Of dates, those that are `fine` are left out where there is no room."""

    at: float
    text: str
    is_fine: bool = False


def scale(low: float, high: float, *, is_whole: bool = False) -> list[Tick]:
    """Return ticks at round numbers from zero to beyond the values, the lowest first.

    >>> [tick.text for tick in scale(1.3, 7.2)]
    ['0', '2', '4', '6', '8']
    """
    low, high = min(low, 0.0), max(high, 0.0)
    step = _step(high - low, is_whole=is_whole)
    first, last = math.floor(low / step), math.ceil(high / step)
    # One step at least, so that a flat line at zero has a scale too. The nearest short numbers:
    # 3 * 0.1 is not quite 0.3.
    places = [float(f"{index * step:.12g}") for index in range(first, max(last, first + 1) + 1)]
    most = max(abs(place) for place in places)
    return [Tick(place, _written(place, most)) for place in places]


def _step(span: float, *, is_whole: bool) -> float:
    least = span / (MOST_TICKS - 1) if span > _SMALLEST_SPAN else 1.0
    size = 10.0 ** math.floor(math.log10(least))
    step = next(nice * size for nice in _NICE if nice * size >= least * (1 - 1e-9))
    return max(step, 1.0) if is_whole else step


def _written(value: float, most: float) -> str:
    """Write a number of a scale that goes up to `most`."""
    if most >= _LARGEST_WRITTEN or (value and most < 0.01):
        return f"{value:.3g}"
    size, letter = next((size, letter) for least, size, letter in _SHORT if most >= least)
    shown = value / size
    return f"{number(int(shown) if shown.is_integer() else shown)}{letter if value else ''}"


def dates(start: datetime, end: datetime, *, most: int = 10) -> list[Tick]:
    """Return ticks at the starts of days or months, `at` their share of the way from start to end.

    Every second one is fine; the last day and the first month of a year are not.
    """
    if end <= start:
        return []
    ticks = _months(start, end, most) if end - start > _LONG else _days(start, end, most)
    return [Tick((at - start) / (end - start), text, is_fine) for at, text, is_fine in ticks]


def _days(start: datetime, end: datetime, most: int) -> Iterator[tuple[datetime, str, bool]]:
    span = (end - start).days
    step = timedelta(days=next((days for days in _DAYS if span / days <= most), _DAYS[-1]))
    last = end.replace(hour=0, minute=0, second=0, microsecond=0)
    for index in reversed(range((last - start) // step + 1)):
        at = last - index * step
        yield at, f"{at:%-d %b}", bool(index % 2)


def _months(start: datetime, end: datetime, most: int) -> Iterator[tuple[datetime, str, bool]]:
    first, last = (12 * at.year + at.month - 1 for at in (start, end))
    step = next((months for months in _MONTHS if (last - first) / months <= most), _MONTHS[-1])
    for month in range(first + 1, last + 1):
        if month % step == 0:
            at = end.replace(year=month // 12, month=month % 12 + 1, day=1)
            at = at.replace(hour=0, minute=0, second=0, microsecond=0)
            yield at, f"{at:%b}" if month % 12 else f"{at:%Y}", bool(month // step % 2)
