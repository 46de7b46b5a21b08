"""Steps of time that lines go by, and the ranges that they go over. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

DAY = timedelta(days=1)
INTERVALS = ("hour", "day", "isoWeek", "month", "quarter")
# What an average of counts divides by.
PARTS = {"hour": 60, "day": 24, "isoWeek": 7, "month": 30, "quarter": 90}
RANGES: Mapping[str, timedelta] = {
    "today": timedelta(0),
    "yesterday": DAY,
    "lastDay": DAY,
    "lastWeek": 7 * DAY,
    "last2Weeks": 14 * DAY,
    "lastMonth": 30 * DAY,
    "last3Months": 90 * DAY,
    "last6Months": 182 * DAY,
    "last12Months": 365 * DAY,
    "last2Years": 730 * DAY,
    "last3Years": 1095 * DAY,
}
MOST = 400
_ONLY_QUARTERS = ("last2Years", "last3Years")


def interval_of(widget: Mapping[str, Any]) -> str:
    """Return the step of a widget's lines; long ranges go by quarters."""
    if range_of(widget) in _ONLY_QUARTERS:
        return "quarter"
    interval = widget.get("timeInterval")
    return interval if interval in INTERVALS else "isoWeek"


def range_of(widget: Mapping[str, Any]) -> str:
    """Return the preset of a widget's range."""
    chosen = widget.get("timeRange")
    preset = chosen.get("preset") if isinstance(chosen, Mapping) else None
    return str(preset) if preset in RANGES else "last3Months"


def starts(interval: str, preset: str, *, now: datetime) -> list[datetime]:
    """Return when the steps of a range begin, the first one containing its start.

    >>> from datetime import UTC
    >>> [at.month for at in starts("month", "last3Months", now=datetime(2026, 6, 15, tzinfo=UTC))]
    [3, 4, 5, 6]
    """
    at = start_of(interval, (now - RANGES[preset]) if preset != "today" else now.replace(hour=0))
    return list(_from(at, interval, now))[-MOST:]


def _from(at: datetime, interval: str, now: datetime) -> Iterator[datetime]:
    while at <= now:
        yield at
        at = start_of(interval, at + _LONGER[interval])


# Certainly beyond the end of a step, and within the next.
_LONGER = {
    "hour": timedelta(hours=1),
    "day": DAY,
    "isoWeek": 7 * DAY,
    "month": 32 * DAY,
    "quarter": 93 * DAY,
}


def start_of(interval: str, at: datetime) -> datetime:
    """Return when the step that contains a moment began."""
    if interval == "hour":
        return at.replace(minute=0, second=0, microsecond=0)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match interval:
        case "isoWeek":
            return day - day.weekday() * DAY
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
    return day
