"""The Celery application: real workers when a broker is configured, this process when none is.

Without a broker a task runs on one background thread: one writer suits SQLite, and the request that
sent the task does not wait for it. The same tasks, unchanged, go to workers when
``CELERY_BROKER_URL`` is set. Delays (``countdown``, ``eta``) are kept by a broker only.

A message may be lost, here when the process ends and there when the broker is away. So no task is
the only memory of its work: it is always stored first, and a sweep finds what was not done.
"""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import Celery, uuid
from celery.beat import EmbeddedService, Scheduler
from celery.contrib.django.task import DjangoTask
from celery.schedules import crontab
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

logger = logging.getLogger(__name__)


class Task(DjangoTask):
    """A task that runs on this process's background thread when there is no broker."""

    abstract = True
    store_eager_result = True

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Send the task to the broker, or to the background thread (in tests: run it now).

        A broker that is away is logged and never the sender's problem.
        """
        from django.conf import settings

        if settings.CELERY_BROKER_URL:
            return self._publish(args, kwargs, options)
        if settings.IS_TESTING:
            return self.apply(args, kwargs, throw=True, ignore_result=True)
        task_id = options.get("task_id") or uuid()
        background.submit(self._run_embedded, args, kwargs, task_id)
        return self.AsyncResult(task_id)

    def _publish(self, args: Any, kwargs: Any, options: dict[str, Any]) -> Any:
        options.setdefault("task_id", uuid())
        try:
            return super().apply_async(args, kwargs, **options)
        except OperationalError as error:
            logger.error("%s was not queued, the sweep will do its work: %s", self.name, error)
            return self.AsyncResult(options["task_id"])

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

    def stop(self) -> None:
        """Finish the task that is running and forget those that wait."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def renew(self) -> None:
        """Start afresh in a forked process, which inherits the executor but not its thread."""
        self._executor = self._new()


background = Background()
os.register_at_fork(after_in_child=background.renew)


def start_embedded_scheduler() -> Any:
    """Run the beat schedule on a thread of this process, and at once what fell due before it began.

    For the one process of a site without a broker; more than one would each run everything.
    Returns the thread, which has a `stop`.
    """
    app.loader.import_default_modules()  # the web worker has imported only the tasks it sends
    # Beat opens a connection before it sends anything; this one leads nowhere.
    app.conf.broker_url = "memory://"
    service = EmbeddedService(app, thread=True, scheduler_cls=Scheduler)
    service.start()
    for name in (
        "refresh-clock-values",
        "sweep",
        "sweep-integrations",
        "sweep-notices",
        "forget-what-is-old",
    ):
        app.tasks[app.conf.beat_schedule[name]["task"]].delay()
    return service


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
    "forget-what-is-old": {
        "task": "catalog.tasks.forget_what_is_old",
        "schedule": crontab(hour="3", minute="40"),
    },
    "forget-old-task-results": {
        "task": "celery.backend_cleanup",
        "schedule": crontab(hour="4", minute="10"),
    },
}
# A request waits for the broker this long at most: two tries, each given two seconds to connect.
app.conf.task_publish_retry_policy = {"max_retries": 1, "interval_start": 0.2}
app.conf.broker_connection_timeout = 2
# Redis: a server that accepts and then says nothing would otherwise hold the request for ever.
app.conf.broker_transport_options = {"socket_connect_timeout": 2, "socket_timeout": 5}
app.autodiscover_tasks()
