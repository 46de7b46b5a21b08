"""Work of the integrations that no request waits for: ids in, safe to run twice."""

from celery import shared_task
from django.utils import timezone

from portal import jobs
from portal.integrations.actions import automations, executing
from portal.integrations.channels import deliveries
from portal.integrations.notices import alerts, reminders, reports
from portal.integrations.port import data_migrations
from portal.integrations.webhooks import processing


@shared_task
def run_data_migration(migration_id: int) -> None:
    """Do what is left of a migration."""
    data_migrations.run(migration_id=migration_id, clock=timezone.now)


@shared_task
def resume_data_migrations() -> int:
    """Go on with the migrations that were left behind."""
    return jobs.run_job(
        name="resume-data-migrations",
        steps={"send again": lambda: data_migrations.resume_left(now=timezone.now())},
        clock=timezone.now,
    )


@shared_task
def process_webhook(webhook_id: int) -> int:
    """Process the requests that wait at a webhook."""
    return processing.process_waiting(webhook_id=webhook_id, clock=timezone.now)


@shared_task
def sweep_integrations() -> int:
    """Do what was left behind, and forget what is old."""
    return jobs.run_job(
        name="sweep-integrations",
        steps={
            "process webhooks": _process_webhooks,
            "read changes": lambda: automations.read_changes(now=timezone.now()),
            "handle events of runs": lambda: automations.handle_run_events(now=timezone.now()),
            "execute runs": _execute_runs,
            "forget old requests": lambda: _none(processing.forget_old_events(now=timezone.now())),
            "forget old events": lambda: _none(automations.forget_old_events(now=timezone.now())),
        },
        clock=timezone.now,
    )


def _process_webhooks() -> int:
    return sum(
        processing.process_waiting(webhook_id=webhook_id, clock=timezone.now)
        for webhook_id in processing.with_waiting()
    )


def _execute_runs() -> int:
    return sum(
        executing.execute_run(run_id=run, now=timezone.now())
        for run in executing.waiting_runs(now=timezone.now())
    )


def _none(_count: int) -> int:
    """Count what was forgotten as no work."""
    return 0


@shared_task
def read_changes() -> int:
    """Set off what changes of entities set off."""
    return automations.read_changes(now=timezone.now())


@shared_task
def handle_run_events() -> int:
    """Set off what happened to runs sets off."""
    return automations.handle_run_events(now=timezone.now())


@shared_task
def execute_run(run_id: int) -> bool:
    """Do what a run is for."""
    return executing.execute_run(run_id=run_id, now=timezone.now())


@shared_task
def sweep_notices() -> int:
    """Send what waits, and make the reports and reminders that are due."""
    return jobs.run_job(
        name="sweep-notices",
        steps={
            "send messages": _send_messages,
            "forget old messages": lambda: _none(
                deliveries.forget_old_deliveries(now=timezone.now())
            ),
            "read level changes": lambda: alerts.read_level_changes(now=timezone.now()),
            "remind of campaigns": lambda: reminders.remind_of_campaigns(now=timezone.now()),
            "make reports": lambda: reports.make_due_reports(now=timezone.now()),
        },
        clock=timezone.now,
    )


def _send_messages() -> int:
    return sum(
        deliveries.deliver_one(delivery_id=delivery, now=timezone.now())
        for delivery in deliveries.waiting_deliveries(now=timezone.now())
    )


@shared_task
def read_level_changes() -> int:
    """Gather for alerts what fell below a level."""
    return alerts.read_level_changes(now=timezone.now())


@shared_task
def deliver(delivery_id: int) -> bool:
    """Send a message."""
    return deliveries.deliver_one(delivery_id=delivery_id, now=timezone.now())
