"""The Celery application: real workers when a broker is configured, this process when none is.

Without a broker a task runs on one background thread: one writer suits SQLite, and the request that
sent the task does not wait for it. The same tasks, unchanged, go to workers when
``CELERY_BROKER_URL`` is set. Delays (``countdown``, ``eta``) are kept by a broker only.

A message may be lost, here when the process ends and there when the broker is away. So no task is
the only memory of its work: it is always stored first, and a sweep finds what was not done. Hence
no message needs to be begun twice: one that killed its worker is not given to the next.
"""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import Celery, signals, states, uuid
from celery.beat import EmbeddedService
from celery.contrib.django.task import DjangoTask
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

logger = logging.getLogger(__name__)


class Abandoned(Exception):
    """A task that was begun before and not ended: its worker died."""


class Task(DjangoTask):
    """A task that runs on this process's background thread when there is no broker."""

    abstract = True
    store_eager_result = True

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Note that the task is begun; refuse one that a broker delivers anew after it was."""
        if self.request.is_eager:
            return
        is_again = (self.request.delivery_info or {}).get("redelivered")
        if is_again and self.backend.get_state(task_id) == states.STARTED:
            raise Abandoned("It was begun before, and its worker died. A sweep does what is left.")
        self.backend.store_result(
            task_id, {"hostname": self.request.hostname}, states.STARTED, request=self.request
        )

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Send the task to the broker, or to the background thread (in tests: run it now).

        A broker that is away is logged and never the sender's problem.
        """
        options.setdefault("task_id", uuid())
        try:
            return self.send(args, kwargs, **options)
        except OperationalError as error:
            logger.error("%s was not queued, the sweep will do its work: %s", self.name, error)
            return self.AsyncResult(options["task_id"])

    def send(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Send the task likewise; raises `OperationalError` of a broker that is away."""
        from django.conf import settings

        if settings.CELERY_BROKER_URL:
            return super().apply_async(args, kwargs, **options)
        if settings.IS_TESTING:
            return self.apply(args, kwargs, throw=True, ignore_result=True)
        task_id = options.get("task_id") or uuid()
        background.submit(self._run_embedded, args, kwargs, task_id)
        return self.AsyncResult(task_id)

    def _run_embedded(self, args: Any, kwargs: Any, task_id: str) -> None:
        from django.db import close_old_connections

        close_old_connections()
        try:
            self.apply(args, kwargs, task_id=task_id, throw=False)
        except Exception:
            # The task's own failure is recorded by Celery; this is a failure to record it. Nobody
            # looks at the future, so without this line it would vanish.
            logger.exception("The outcome of %s could not be stored", self.name)
        finally:
            close_old_connections()


class Background:
    """The one thread that runs tasks where there is no broker, started with the first task."""

    def __init__(self) -> None:
        self._executor = self._new()

    @staticmethod
    def _new() -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="tidemark-tasks")

    def submit(self, work: Any, *args: Any) -> None:
        """Run the work after what is already waiting."""
        self._executor.submit(work, *args)

    @property
    def waiting(self) -> int:
        """Return how many tasks wait for the thread."""
        return self._executor._work_queue.qsize()

    def stop(self) -> None:
        """Finish the task that is running and forget those that wait."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def renew(self) -> None:
        """Start afresh in a forked process, which inherits the executor but not its thread."""
        self._executor = self._new()


background = Background()
os.register_at_fork(after_in_child=background.renew)


def start_embedded_scheduler() -> Any:
    """Run the schedule on a thread of this process, and at once what may have been left behind.

    For a site without a broker. Returns the thread, which has a `stop`.
    """
    from portal import jobs
    from portal.scheduling import ClaimingScheduler

    app.loader.import_default_modules()  # the web worker has imported only the tasks it sends
    jobs.make_due(SWEEPS)
    service = EmbeddedService(app, thread=True, scheduler_cls=ClaimingScheduler)
    service.start()
    return service


@signals.worker_ready.connect
def begin_heartbeat(**_: Any) -> None:
    """Let a worker be seen. Told anew whenever a broker that was away is back."""
    from portal.processes import heart

    heart.start()


@signals.worker_shutdown.connect
def end_heartbeat(**_: Any) -> None:
    """Take a worker that ends in order off."""
    from portal.processes import heart

    heart.stop()


app = Celery("tidemark", task_cls=Task)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {
    "refresh-clock-values": {"task": "catalog.tasks.refresh_clock_values", "schedule": 900.0},
    "sweep": {"task": "scorecards.tasks.sweep", "schedule": 300.0},
    "resume-data-migrations": {
        "task": "portal.integrations.tasks.resume_data_migrations",
        "schedule": 300.0,
    },
    "sweep-integrations": {
        "task": "portal.integrations.tasks.sweep_integrations",
        "schedule": 60.0,
    },
    "sweep-notices": {"task": "portal.integrations.tasks.sweep_notices", "schedule": 60.0},
    # Under the name by which Celery would else add a task of its own.
    "celery.backend_cleanup": {"task": "portal.tasks.forget_old_work", "schedule": 86_400.0},
    # A message for each write would be as many as there are writes.
    "seal-audit": {"task": "catalog.tasks.seal_audit", "schedule": 15.0},
    "forget-what-is-old": {"task": "catalog.tasks.forget_what_is_old", "schedule": 86_400.0},
    "forget-audit": {"task": "catalog.tasks.forget_audit", "schedule": 86_400.0},
}
SWEEPS = ("refresh-clock-values", "sweep", "sweep-integrations", "sweep-notices")
# A request waits for the broker this long at most: two tries, each given two seconds to connect.
app.conf.task_publish_retry_policy = {"max_retries": 1, "interval_start": 0.2}
app.conf.broker_connection_timeout = 2
# Redis: a server that accepts and then says nothing would otherwise hold the request for ever.
app.conf.broker_transport_options = {"socket_connect_timeout": 2, "socket_timeout": 5}
app.autodiscover_tasks()
