"""Making, changing and deleting reports, alerts and reminders."""

from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Conflict
from catalog.operations import history
from portal.integrations.models import Alert, Reminder, Report
from portal.integrations.notices import alerts
from portal.integrations.notices.definitions import (
    AlertDefinition,
    NoticeDefinition,
    ReminderDefinition,
    ReportDefinition,
)
from portal.integrations.notices.schedules import schedule_of
from portal.permissions import Actor

Notice = Report | Alert | Reminder
_SHARED = ("identifier", "title", "channel", "is_enabled")
_REPORT = ("team", "every", "weekday", "month_day", "at", "time_zone")
_ALERT = ("scorecard", "level", "team")
_REMINDER = ("campaign", "days_before", "is_weekly_when_late")
_KINDS = {Report: "report", Alert: "alert", Reminder: "reminder"}


@transaction.atomic
def save_report(
    *, definition: ReportDefinition, report: Report | None = None, by: Actor, now: datetime
) -> Report:
    """Make or change a report. What changes nothing writes nothing.

    A report on something else than before has nothing to compare with. Raises `Invalid`, and
    `Conflict` where the identifier is another's.
    """
    row = report or Report()
    before = _told_of_report(row) if row.pk else {}
    _take_on(row, definition, _REPORT)
    after = {**_told(row, _REPORT), "scorecards": _names(definition.scorecards)}
    if before == after:
        return row
    subject = ("team", "scorecards")
    if any(before.get(key) != after[key] for key in subject):
        row.figures = row.last_at = None
    row.next_at = schedule_of(row).next_after(now)
    _store(row, before, after, by=by, now=now)
    row.scorecards.set(definition.scorecards)
    return row


@transaction.atomic
def save_alert(
    *, definition: AlertDefinition, alert: Alert | None = None, by: Actor, now: datetime
) -> Alert:
    """Make or change an alert; it tells what is lost from now on. See `save_report`."""
    row = alert or Alert()
    before = _told(row, _ALERT) if row.pk else {}
    _take_on(row, definition, _ALERT)
    after = _told(row, _ALERT)
    if before == after:
        return row
    if row.is_enabled and not before.get("is_enabled"):
        if not alerts.has_alerts():
            alerts.start_reading()
        row.since_change = alerts.newest_level_change()
    _store(row, before, after, by=by, now=now)
    return row


@transaction.atomic
def save_reminder(
    *, definition: ReminderDefinition, reminder: Reminder | None = None, by: Actor, now: datetime
) -> Reminder:
    """Make or change a reminder. See `save_report`."""
    row = reminder or Reminder()
    before = _told(row, _REMINDER) if row.pk else {}
    _take_on(row, definition, _REMINDER)
    after = _told(row, _REMINDER)
    if before != after:
        _store(row, before, after, by=by, now=now)
    return row


@transaction.atomic
def delete_notice(*, notice: Notice, by: Actor, now: datetime) -> None:
    """Delete a report, an alert or a reminder; what it sent stays."""
    parts = {Report: _REPORT, Alert: _ALERT, Reminder: _REMINDER}[type(notice)]
    before = _told(notice, parts)
    kind = _KINDS[type(notice)]
    history.record_difference(
        kind=kind, identifier=notice.identifier, before=before, after={}, by=by, now=now
    )
    notice.delete()


def _take_on(row: Notice, definition: NoticeDefinition, parts: tuple[str, ...]) -> None:
    definition.check()
    taken = type(row).objects.filter(identifier=definition.identifier).exclude(pk=row.pk)
    if taken.exists():
        kind = _KINDS[type(row)]
        raise Conflict(f"there is a {kind} '{definition.identifier}' already; choose another name")
    for name in (*_SHARED, *parts):
        setattr(row, name, getattr(definition, name))


def _store(
    row: Notice, before: dict[str, Any], after: dict[str, Any], *, by: Actor, now: datetime
) -> None:
    if row.pk is None:
        row.created_at, row.created_by = now, by.label
    row.updated_at, row.updated_by = now, by.label
    row.save()
    kind = _KINDS[type(row)]
    history.record_difference(
        kind=kind, identifier=row.identifier, before=before, after=after, by=by, now=now
    )


def _told_of_report(row: Report) -> dict[str, Any]:
    return {**_told(row, _REPORT), "scorecards": _names(row.scorecards.all())}


def _names(scorecards: Any) -> list[str]:
    return sorted(card.identifier for card in scorecards)


def _told(row: Notice, parts: tuple[str, ...]) -> dict[str, Any]:
    """Return what history keeps: plain values, and what is named by its identifier."""
    return {name: _plain(getattr(row, name)) for name in (*_SHARED, *parts)}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | bool | list):
        return value
    return getattr(value, "identifier", None) or str(value)
