"""Spans of time with a name, resolved from `now`."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from catalog.conditions.values import Span


@dataclass(frozen=True)
class Preset:
    """A named span, in days from now.

    A calendar preset covers whole days in UTC, from midnight to the last microsecond; any other
    rolls with the clock. It has now as its one end, or, if it is a previous period, ends where the
    past one of its length begins: that moment belongs to both, as spans include their ends.
    """

    token: str
    label: str
    start_days: int
    end_days: int
    is_calendar: bool = False

    def span(self, now: datetime) -> Span:
        """Return the first and the last moment of the preset; a naive `now` is UTC."""
        moment = now if now.tzinfo else now.replace(tzinfo=UTC)
        if self.is_calendar:
            today = datetime.combine(moment.astimezone(UTC), time.min, tzinfo=UTC)
            return Span(
                today + timedelta(days=self.start_days),
                today + timedelta(days=self.end_days, microseconds=-1),
            )
        return Span(
            moment + timedelta(days=self.start_days), moment + timedelta(days=self.end_days)
        )


def _day(token: str, offset: int) -> Preset:
    return Preset(token, token, offset, offset + 1, is_calendar=True)


def _past(token: str, days: int) -> Preset:
    return Preset(token, f"within the last {_days(days)}", -days, 0)


def _before(token: str, days: int) -> Preset:
    return Preset(token, f"within the {days} days before the last {days}", -2 * days, -days)


def _coming(token: str, days: int) -> Preset:
    return Preset(token, f"within the next {_days(days)}", 0, days)


def _days(count: int) -> str:
    return "day" if count == 1 else f"{count} days"


PRESETS: dict[str, Preset] = {
    preset.token: preset
    for preset in (
        _day("today", 0),
        _day("tomorrow", 1),
        _day("yesterday", -1),
        _past("lastDay", 1),
        _past("lastWeek", 7),
        _past("last2Weeks", 14),
        _past("lastMonth", 30),
        _past("last3Months", 90),
        _past("last6Months", 180),
        _past("last12Months", 365),
        _past("last2Years", 730),
        _past("last3Years", 1095),
        _before("previousWeek", 7),
        _before("previousMonth", 30),
        _before("previous3Months", 90),
        _coming("nextDay", 1),
        _coming("nextWeek", 7),
        _coming("next2Weeks", 14),
        _coming("nextMonth", 30),
        _coming("next3Months", 90),
        _coming("next6Months", 180),
        _coming("next12Months", 365),
    )
}
