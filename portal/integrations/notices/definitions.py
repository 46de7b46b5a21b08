"""What somebody wants to be told, and what must not be asked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from catalog.errors import Fault, Invalid
from catalog.identifiers import identifier_fault
from catalog.models import TEAM, Entity
from portal.integrations.models import Channel, Report
from portal.integrations.notices.schedules import is_time_zone
from scorecards.models import Campaign, Level, Scorecard

DAYS_BEFORE = (14, 7, 1)
_MOST_DAYS = 10
_FARTHEST = 365


@dataclass(frozen=True, kw_only=True)
class NoticeDefinition:
    """What reports, alerts and reminders have in common."""

    identifier: str
    title: str
    channel: Channel
    is_enabled: bool = True

    def check(self) -> None:
        """Raise `Invalid` with everything that is wrong."""
        if faults := [*identifier_fault(self.identifier), *self._texts(), *self._own_faults()]:
            raise Invalid(faults)

    def _texts(self) -> Iterator[Fault]:
        for name, limit in (("identifier", 100), ("title", 200)):
            text = getattr(self, name)
            if len(text) > limit:
                yield Fault(name, f"has more than {limit} characters; shorten it")
            if not text.strip() or "\x00" in text:
                yield Fault(name, "give a text")

    def _own_faults(self) -> Iterable[Fault]:
        return ()


@dataclass(frozen=True, kw_only=True)
class ReportDefinition(NoticeDefinition):
    """A report, and when it is made; see `models.Report`."""

    at: time
    team: Entity | None = None
    scorecards: tuple[Scorecard, ...] = ()
    every: str = Report.Every.WEEK
    weekday: int = 0
    month_day: int = 1
    time_zone: str = "UTC"

    def _own_faults(self) -> Iterator[Fault]:
        yield from _team_fault(self.team)
        if self.every not in Report.Every.values:
            yield Fault("every", f"give one of: {', '.join(Report.Every.values)}")
        if self.weekday not in Report.Weekday.values:
            yield Fault("weekday", "give a number from 0 (Monday) to 6 (Sunday)")
        if not 1 <= self.month_day <= 31:
            yield Fault("month_day", "give a number from 1 to 31; shorter months end with it")
        if not is_time_zone(self.time_zone):
            yield Fault("time_zone", "give the name of a time zone, such as Europe/Berlin")


@dataclass(frozen=True, kw_only=True)
class AlertDefinition(NoticeDefinition):
    """An alert, and which losses it tells; see `models.Alert`."""

    scorecard: Scorecard | None = None
    level: Level | None = None
    team: Entity | None = None

    def _own_faults(self) -> Iterator[Fault]:
        yield from _team_fault(self.team)
        if self.level is None:
            return
        if self.scorecard is None or self.level.scorecard_id != self.scorecard.pk:
            yield Fault("level", "choose a level of the scorecard that is chosen")
        elif self.level.rank == 0:
            yield Fault("level", "nothing falls below the lowest level; choose a higher one")


@dataclass(frozen=True, kw_only=True)
class ReminderDefinition(NoticeDefinition):
    """A reminder, and when it is made; see `models.Reminder`."""

    campaign: Campaign | None = None
    days_before: list[Any] = field(default_factory=lambda: list(DAYS_BEFORE))
    is_weekly_when_late: bool = True

    def _own_faults(self) -> Iterator[Fault]:
        days = self.days_before
        if not isinstance(days, list) or not all(_is_day(day) for day in days):
            yield Fault("days_before", f"give whole numbers of days from 0 to {_FARTHEST}")
        elif len(days) > _MOST_DAYS:
            yield Fault("days_before", f"give at most {_MOST_DAYS} days")
        elif not days and not self.is_weekly_when_late:
            yield Fault("days_before", "give at least one day, or tell every week when late")


def _team_fault(team: Entity | None) -> Iterator[Fault]:
    if team is not None and team.blueprint.identifier != TEAM:
        yield Fault("team", "choose a team")


def _is_day(value: Any) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and 0 <= value <= _FARTHEST
