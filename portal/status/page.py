"""All that is read of the site at once: also of one whose database is away or behind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db import Error
from django.utils.translation import gettext as _

from portal.celery import app
from portal.connections import drop_if_broken
from portal.models import Process, ScheduledJob
from portal.status import engine, work
from portal.status.readings import Reading, State, age, span

T = TypeVar("T")

# A run takes minutes; one that is at a step for so long is stuck, or its process is gone.
STUCK = timedelta(hours=1)


@dataclass(frozen=True)
class JobRow:
    """A job of the schedule: how often it runs, when it last did, and what came of it."""

    name: str
    every: timedelta
    state: State
    sent_at: datetime | None = None
    done_at: datetime | None = None
    told: str = ""

    @property
    def every_in_words(self) -> str:
        """Return how often it runs."""
        return span(self.every)


@dataclass(frozen=True)
class Status:
    """How the site is."""

    readings: list[Reading]
    jobs: list[JobRow]

    @property
    def state(self) -> State:
        """Return the worst that was found."""
        return max(item.state for item in (*self.readings, *self.jobs))

    @property
    def wrong_count(self) -> int:
        """Return how much needs attention."""
        return sum(item.state == State.ATTENTION for item in (*self.readings, *self.jobs))

    def of(self, key: str) -> Reading:
        """Return the reading of a part."""
        return next(item for item in self.readings if item.key == key)


def read_status(*, now: datetime) -> Status:
    """Read everything; what the database does not tell is told to be unknown."""
    processes = _or_none(lambda: list(Process.objects.order_by("kind", "host", "pid"))) or []
    parts: dict[str, tuple[str, Callable[[], Reading]]] = {
        "database": (_("Database"), engine.database),
        "migrations": (_("Migrations"), engine.migrations),
        "disk": (_("Disk of the data directory"), engine.disk),
        "broker": (_("Broker"), engine.queue),
        "workers": (_("Workers"), partial(engine.workers, processes, now=now)),
        "scheduler": (_("Scheduler"), partial(engine.scheduler, processes, now=now)),
        "evaluation": (_("Evaluation"), partial(work.evaluation, now=now)),
        "rebuilds": (_("Rebuilds"), partial(work.rebuilds, now=now)),
        "outcomes": (_("Reported outcomes"), partial(work.outcomes, now=now)),
        "messages": (_("Messages"), partial(work.messages, now=now)),
        "integrations": (_("Webhooks and data migrations"), partial(work.integrations, now=now)),
        "tasks": (_("Failed tasks, last 24 hours"), partial(work.tasks, now=now)),
    }
    readings = [_or_none(read) or _unknown(key, title) for key, (title, read) in parts.items()]
    return Status(readings, _or_none(lambda: list(_jobs(now))) or [])


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except Error:
        drop_if_broken()
        return None


def _unknown(key: str, title: str) -> Reading:
    advice = _("The database did not tell. See that it runs and that all migrations are applied.")
    return Reading(key, title, State.ATTENTION, _("Unknown"), advice=advice)


def _jobs(now: datetime) -> Iterator[JobRow]:
    rows = {row.name: row for row in ScheduledJob.objects.all()}
    for name, entry in sorted(app.conf.beat_schedule.items()):
        every = timedelta(seconds=entry["schedule"])
        row = rows.get(name)
        if row is None:
            yield JobRow(name, every, State.WORKING, told=_("Not run yet"))
            continue
        state, told = _of_job(row, every=every, now=now)
        yield JobRow(name, every, state, row.claimed_at, row.done_at, told)


def _of_job(row: ScheduledJob, *, every: timedelta, now: datetime) -> tuple[State, str]:
    if row.failures:
        return State.ATTENTION, row.error
    if row.step:
        is_stuck = row.begun_at is not None and age(row.begun_at, now=now) > STUCK
        return (State.ATTENTION if is_stuck else State.WORKING), row.step
    last = row.done_at or row.claimed_at
    if last is None or age(last, now=now) > 3 * every + work.PATIENCE:
        return State.ATTENTION, _("It is late: see scheduler and workers.")
    return State.FINE, ""
