"""When something is due that comes every day, week or month."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from portal.integrations.models.reports import Report

# Every month has a day that counts within this.
_LOOK_AHEAD = 40


@dataclass(frozen=True)
class Schedule:
    """A time of day in a time zone, on every day, on one of the week or on one of the month.

    Where a month is shorter, its last day counts. A time that the clocks leave out is an hour
    later on that day; one that they show twice is the first.
    """

    every: str
    at: time
    zone: str = "UTC"
    weekday: int = 0
    month_day: int = 1

    def next_after(self, moment: datetime) -> datetime:
        """Return the first time after a moment, in UTC.

        >>> weekly = Schedule("week", time(9), "Europe/Berlin")
        >>> weekly.next_after(datetime(2026, 6, 1, 7, tzinfo=UTC))
        datetime.datetime(2026, 6, 8, 7, 0, tzinfo=datetime.timezone.utc)
        """
        zone = ZoneInfo(self.zone)
        today = moment.astimezone(zone).date()
        for days in range(_LOOK_AHEAD):
            day = today + timedelta(days=days)
            due = datetime.combine(day, self.at, tzinfo=zone).astimezone(UTC)
            if self._is_on(day) and due > moment:
                return due
        raise ValueError(f"nothing is due every {self.every}")

    @property
    def period(self) -> timedelta:
        """Return about how long it is from one time to the next."""
        days = {Report.Every.DAY: 1, Report.Every.WEEK: 7, Report.Every.MONTH: 30}
        return timedelta(days=days[Report.Every(self.every)])

    def _is_on(self, day: date) -> bool:
        match self.every:
            case Report.Every.WEEK:
                return day.weekday() == self.weekday
            case Report.Every.MONTH:
                return day.day == min(self.month_day, monthrange(day.year, day.month)[1])
        return True


def schedule_of(report: Report) -> Schedule:
    """Return the schedule of a report."""
    return Schedule(
        every=report.every,
        at=report.at,
        zone=report.time_zone,
        weekday=report.weekday,
        month_day=report.month_day,
    )


def is_time_zone(name: str) -> bool:
    """Say whether there is a time zone of this name, such as Europe/Berlin."""
    return name in available_timezones()
