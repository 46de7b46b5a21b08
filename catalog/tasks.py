"""Work of the catalog that no request waits for: ids in, one operation, safe to run twice."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from catalog import operations
from catalog.models import Blueprint
from portal import jobs

logger = logging.getLogger(__name__)


@shared_task
def rebuild_blueprint(blueprint_id: int) -> int:
    """Work out every entity of an edited blueprint again."""
    blueprint = Blueprint.objects.filter(pk=blueprint_id).first()
    return operations.rebuild_once(blueprint=blueprint, now=timezone.now()) if blueprint else 0


@shared_task
def refresh_clock_values() -> int:
    """Bring values that move with the clock up to date, and rebuild what was left behind."""
    return jobs.run_job(
        name="refresh-clock-values",
        steps={
            "rebuild blueprints": lambda: operations.rebuild_stale(now=timezone.now()),
            "refresh values": lambda: operations.refresh_clock_values(now=timezone.now()),
        },
        clock=timezone.now,
    )


@shared_task(ignore_result=True)
def seal_audit() -> None:
    """Chain what the audit log has got since the last time."""
    operations.seal(now=timezone.now())


@shared_task
def forget_audit() -> int:
    """Remove what the audit log has kept for long enough."""
    now, days = timezone.now(), settings.TIDEMARK_KEEP_AUDIT_DAYS
    return operations.forget_old(before=now - timedelta(days=days), now=now) if days else 0


@shared_task
def forget_what_is_old() -> int:
    """Delete what blueprints keep no longer, and forget what was deleted long enough ago."""
    now = timezone.now()
    count = operations.purge_deleted(now=now)
    for kept in operations.retain_all(now=now):
        if kept.refusal:
            logger.warning("Retention of %s did not run: %s", kept.blueprint, kept.refusal)
        count += kept.gone
    return count
