"""Processes that do work, and when each was last heard of."""

import logging
import os
import socket
import threading
from datetime import datetime, timedelta

from django.db import Error, connection
from django.utils import timezone

from portal.models import Process

logger = logging.getLogger(__name__)

# How often a process is heard of, after how long it is taken for dead, and for how long it is told.
EVERY = timedelta(seconds=15)
LOST_AFTER = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(hours=6)


def note_alive(*, kind: Process.Kind, now: datetime) -> None:
    """Note that this process is at work."""
    Process.objects.update_or_create(
        **_this(kind),
        defaults={"seen_at": now},
        create_defaults={"seen_at": now, "started_at": now},
    )


def note_ended(*, kind: Process.Kind) -> None:
    """Note that this process ended in order."""
    Process.objects.filter(**_this(kind)).delete()


def _this(kind: Process.Kind) -> dict[str, object]:
    return {"kind": kind, "host": socket.gethostname()[:200], "pid": os.getpid()}


def forget_lost(*, now: datetime) -> int:
    """Forget the processes that have been dead for long; return how many."""
    return Process.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()[0]


class Heart:
    """Notes that a worker is at work for as long as it is: on a thread, since it is busy itself."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="tidemark-heart", daemon=True)

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self) -> None:
        """End, and take the note back."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def _beat(self) -> None:
        while True:
            self._write()
            if self._stopped.wait(EVERY.total_seconds()):
                break
        self._write(is_last=True)

    def _write(self, *, is_last: bool = False) -> None:
        try:
            if is_last:
                note_ended(kind=Process.Kind.WORKER)
            else:
                note_alive(kind=Process.Kind.WORKER, now=timezone.now())
        except Error as error:
            logger.warning("This worker could not be noted as alive: %s", error)
        finally:
            # Not kept open: a process that is forked off meanwhile would share it.
            connection.close()


heart = Heart()
