"""Jobs of the schedule: each tick is sent once, each run is alone, no step holds up the others.

Everything that a job does it finds in the database, so that a run that is left out, cut off or
repeated changes when things are done and not what comes of them.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import F, Q

from portal.connections import drop_if_broken
from portal.exclusive import Taken, exclusive
from portal.models import ScheduledJob

logger = logging.getLogger(__name__)

Steps = Mapping[str, Callable[[], int]]


class JobFailed(Exception):
    """Some steps of a job failed; the message says which, and why."""


def claim_tick(*, name: str, every: timedelta, now: datetime) -> bool:
    """Take the turn of a job, if it is its turn; of several schedulers one is told so."""
    ScheduledJob.objects.get_or_create(name=name)
    rows = ScheduledJob.objects.filter(_is_due(every, now), name=name)
    return bool(rows.update(claimed_at=now))


def give_tick_back(*, name: str, claimed_at: datetime) -> None:
    """Let a job have the turn that was claimed at a moment and came to nothing."""
    ScheduledJob.objects.filter(name=name, claimed_at=claimed_at).update(claimed_at=None)


def _is_due(every: timedelta, now: datetime) -> Q:
    # A claim of the future was made before the clock was put back.
    ahead = Q(claimed_at__gt=now + every)
    return Q(claimed_at=None) | Q(claimed_at__lte=now - every) | ahead


def wait_of(claimed_at: datetime | None, *, every: timedelta, now: datetime) -> timedelta:
    """Return how long it is until a job that was claimed at a moment has its turn again."""
    if claimed_at is None or claimed_at > now + every:
        return timedelta()
    return max(claimed_at + every - now, timedelta())


def make_due(names: Iterable[str]) -> None:
    """Let jobs have their turn at once."""
    ScheduledJob.objects.filter(name__in=names).update(claimed_at=None)


def run_job(*, name: str, steps: Steps, clock: Callable[[], datetime]) -> int:
    """Do the steps of a job and return the sum of what they return; 0 where somebody is at it.

    A step that fails does not keep the others from being done; nor does one in which the process
    died the last time: it comes last. Raises `JobFailed` in the end.
    """
    try:
        with exclusive(name):
            return _run(name, steps, clock)
    except Taken as taken:
        logger.info("%s is left out: %s", name, taken)
        return 0


def _run(name: str, steps: Steps, clock: Callable[[], datetime]) -> int:
    before, _ = ScheduledJob.objects.get_or_create(name=name)
    row = ScheduledJob.objects.filter(name=name)
    if before.step:
        logger.error("%s: the process that was at '%s' did not end it", name, before.step)
        error = f"The process that was at '{before.step}' did not end it."
        row.update(failed_at=clock(), failures=F("failures") + 1, error=error)
    count, failed = 0, []
    for step in _ordered(list(steps), before.step):
        row.update(step=step, begun_at=clock())
        try:
            count += steps[step]()
        except Exception as error:
            # Whatever it was, the other steps must not wait for it.
            logger.exception("%s: '%s' failed", name, step)
            failed.append(f"{step}: {type(error).__name__}: {error}"[:500])
            drop_if_broken()
    if failed:
        told = "\n".join(failed)
        row.update(step="", failed_at=clock(), failures=F("failures") + 1, error=told)
        raise JobFailed(told)
    row.update(step="", done_at=clock(), failures=0, error="")
    return count


def _ordered(steps: list[str], last: str) -> list[str]:
    """Return the steps with the one that was not ended, if any, behind the others."""
    if last not in steps:
        return steps
    place = steps.index(last) + 1
    return steps[place:] + steps[:place]
