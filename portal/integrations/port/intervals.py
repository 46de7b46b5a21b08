"""Spans of time cut into intervals, as charts ask for them. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from catalog.conditions.presets import PRESETS
from catalog.errors import Fault, Invalid
from catalog.facts import timestamp

INTERVALS = ("hour", "day", "isoWeek", "month", "quarter")
# What an average over an interval divides by.
DIVISORS = {"hour": 60, "day": 24, "isoWeek": 7, "month": 30, "quarter": 90}
# Spans so long are shown by the quarter whatever was asked for.
_LONG = ("last2Years", "last3Years")
_CHOICES = tuple(
    token
    for token, preset in PRESETS.items()
    if preset.start_days < 0 and not token.startswith("previous")
) + ("today",)


@dataclass(frozen=True)
class Timeline:
    """Intervals in order: `starts` of each, the first of which holds `begin`, up to `end`."""

    interval: str
    begin: datetime
    end: datetime
    starts: tuple[datetime, ...]

    def index(self, moment: datetime) -> int | None:
        """Return the interval that a moment is in; None where it is outside of the span."""
        if not self.begin <= moment <= self.end:
            return None
        return bisect_right(self.starts, moment) - 1

    @property
    def ends(self) -> list[datetime]:
        """Return where each interval ends, the last one where the span does."""
        return [*self.starts[1:], self.end]


def read_timeline(body: Mapping[str, Any], *, now: datetime) -> Timeline:
    """Return what ``timeRange`` and ``timeInterval`` of a body ask for; raises `Invalid`."""
    faults: list[Fault] = []
    span = body.get("timeRange")
    if not isinstance(span, dict) or span.get("preset") not in _CHOICES:
        faults.append(Fault("timeRange.preset", f"give one of {', '.join(_CHOICES)}"))
    interval = body.get("timeInterval")
    if interval not in INTERVALS:
        faults.append(Fault("timeInterval", f"give one of {', '.join(INTERVALS)}"))
    zone = _zone(span.get("timeZone") if isinstance(span, dict) else None, faults)
    if faults:
        raise Invalid(faults)
    preset = PRESETS[span["preset"]].span(now)
    interval = "quarter" if span["preset"] in _LONG else interval
    end = min(preset.end, now)
    return Timeline(interval, preset.start, end, _starts(preset.start, end, interval, zone))


def _zone(name: Any, faults: list[Fault]) -> tzinfo:
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (TypeError, ValueError, OSError, KeyError):
        faults.append(Fault("timeRange.timeZone", "is not a time zone; give one like Europe/Paris"))
        return UTC


def _starts(begin: datetime, end: datetime, interval: str, zone: tzinfo) -> tuple[datetime, ...]:
    at = _floor(begin.astimezone(zone), interval)
    starts = []
    while (start := at.astimezone(UTC)) <= end:
        starts.append(start)
        at = _next(at, interval)
    # Where clocks are put back an hour comes twice.
    return tuple(dict.fromkeys(starts))


def _floor(at: datetime, interval: str) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    match interval:
        case "hour":
            return hour
        case "isoWeek":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
    return day


def _next(at: datetime, interval: str) -> datetime:
    """Return the start of the next interval, by the clocks on the wall."""
    match interval:
        case "hour":
            return (at.astimezone(UTC) + timedelta(hours=1)).astimezone(at.tzinfo)
        case "day":
            return at + timedelta(days=1)
        case "isoWeek":
            return at + timedelta(days=7)
    months = at.month - 1 + (1 if interval == "month" else 3)
    return at.replace(year=at.year + months // 12, month=months % 12 + 1)


def labelled(timeline: Timeline, values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the ``result`` of a chart: where it begins and ends, and the values by interval."""
    return {
        "minDate": timestamp(timeline.begin),
        "maxDate": timestamp(timeline.end),
        "data": [
            {"date": timestamp(start), "values": dict(found)}
            for start, found in zip(timeline.starts, values, strict=True)
        ],
    }
