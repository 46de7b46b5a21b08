"""The scheduler: as many of them as you like, of which one sends each tick.

When a job was last sent stands in its row and nowhere else, so that a scheduler knows nothing that
is lost with it, and may run beside another.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from celery.beat import Scheduler
from django.db import Error, connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal import jobs, processes
from portal.models import Process, ScheduledJob

logger = logging.getLogger(__name__)

# Seconds between two looks: at the clock, which may have been put, and at what others have sent.
LONGEST_WAIT = 5.0


class ClaimingScheduler(Scheduler):
    """Sends what is due and nobody else has sent."""

    _noted_at: datetime | None = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return how many seconds to wait, also for a database that is away."""
        try:
            return self._look(timezone.now())
        except Error as error:
            logger.error("The schedule could not be read: %s", error)
            connection.close()
            return LONGEST_WAIT

    def close(self) -> None:
        """Take the note that this process is at work back."""
        try:
            processes.note_ended(kind=Process.Kind.SCHEDULER)
        except Error as error:
            logger.warning("This scheduler could not be taken off: %s", error)
        finally:
            connection.close()

    def _look(self, now: datetime) -> float:
        self._note_alive(now)
        claimed = dict(ScheduledJob.objects.values_list("name", "claimed_at"))
        wait = timedelta(seconds=LONGEST_WAIT)
        for name, entry in self.schedule.items():
            every = entry.schedule.run_every
            left = jobs.wait_of(claimed.get(name), every=every, now=now)
            if not left and not self._send_once(name, entry.task, every=every, now=now):
                # Nor would it take the others, and each try may last seconds.
                return LONGEST_WAIT
            wait = min(wait, left or every)
        return wait.total_seconds()

    def _send_once(self, name: str, task: str, *, every: timedelta, now: datetime) -> bool:
        """Send a job unless somebody else has; say whether the broker takes what is sent."""
        if not jobs.claim_tick(name=name, every=every, now=now):
            return True
        try:
            # One that nobody took until the next is sent would be done twice.
            self.app.tasks[task].send(expires=every.total_seconds())
        except OperationalError as error:
            logger.error("%s was not sent, and will be when the broker is back: %s", name, error)
            jobs.give_tick_back(name=name, claimed_at=now)
            return False
        return True

    def _note_alive(self, now: datetime) -> None:
        if self._noted_at is None or abs(now - self._noted_at) >= processes.EVERY:
            processes.note_alive(kind=Process.Kind.SCHEDULER, now=now)
            self._noted_at = now
