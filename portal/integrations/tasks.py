"""Work of the integrations that no request waits for: ids in, safe to run twice."""

from celery import shared_task
from django.utils import timezone

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
    return data_migrations.resume_left(now=timezone.now())


@shared_task
def process_webhook(webhook_id: int) -> int:
    """Process the requests that wait at a webhook."""
    return processing.process_waiting(webhook_id=webhook_id, clock=timezone.now)


@shared_task
def sweep_integrations() -> int:
    """Do what was left behind, and forget what is old."""
    done = sum(
        processing.process_waiting(webhook_id=webhook_id, clock=timezone.now)
        for webhook_id in processing.with_waiting()
    )
    done += automations.read_changes(now=timezone.now())
    done += automations.handle_run_events(now=timezone.now())
    for run_id in executing.waiting_runs(now=timezone.now()):
        done += executing.execute_run(run_id=run_id, now=timezone.now())
    processing.forget_old_events(now=timezone.now())
    automations.forget_old_events(now=timezone.now())
    return done


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
    done = 0
    # First, so that nothing that goes wrong further down holds up what was there before.
    for delivery_id in deliveries.waiting_deliveries(now=timezone.now()):
        done += deliveries.deliver_one(delivery_id=delivery_id, now=timezone.now())
    deliveries.forget_old_deliveries(now=timezone.now())
    done += alerts.read_level_changes(now=timezone.now())
    done += reminders.remind_of_campaigns(now=timezone.now())
    done += reports.make_due_reports(now=timezone.now())
    return done


@shared_task
def read_level_changes() -> int:
    """Gather for alerts what fell below a level."""
    return alerts.read_level_changes(now=timezone.now())


@shared_task
def deliver(delivery_id: int) -> bool:
    """Send a message."""
    return deliveries.deliver_one(delivery_id=delivery_id, now=timezone.now())
