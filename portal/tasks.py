"""Keeping the record of background work short."""

from celery import current_app, shared_task
from django.utils import timezone

from portal import jobs, processes


@shared_task
def forget_old_work() -> int:
    """Forget old results of tasks, and processes that are gone."""

    def forget_results() -> int:
        current_app.backend.cleanup()
        return 0

    return jobs.run_job(
        name="forget-old-work",
        steps={
            "forget old results": forget_results,
            "forget lost processes": lambda: processes.forget_lost(now=timezone.now()),
        },
        clock=timezone.now,
    )
