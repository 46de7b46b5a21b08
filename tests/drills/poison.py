"""Tasks that no worker survives, for one that is started with `--include tests.drills.poison`."""

import os
import signal
from typing import Any

from celery import shared_task

from portal.celery import app

# A broker waits for an hour before it takes a worker for dead, and workers look for what the dead
# have left every 100 seconds; a drill does not wait for either.
app.conf.broker_transport_options = {
    **app.conf.broker_transport_options,
    "visibility_timeout": 3,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}


@shared_task
def fail() -> None:
    """Fail."""
    raise ValueError("poison")


@shared_task
def kill_child() -> None:
    """Kill the process that runs it, as one that takes too much memory is killed."""
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task(bind=True)
def kill_worker(self: Any) -> None:
    """Kill the whole worker."""
    os.killpg(os.getpgid(os.getppid()), signal.SIGKILL)


@shared_task
def fine() -> str:
    """Be what waits behind the others."""
    return "fine"
