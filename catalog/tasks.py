"""Work of the catalog that no request waits for: ids in, one operation, safe to run twice."""

import logging
from datetime import timedelta
from functools import partial

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from catalog import operations
from catalog.models import Blueprint
from portal import jobs, pieces

logger = logging.getLogger(__name__)


@shared_task
def rebuild_blueprint(blueprint_id: int) -> int:
    """Work out every entity of an edited blueprint again."""
    blueprint = Blueprint.objects.filter(pk=blueprint_id).first()
    if blueprint is None:
        return 0
    if not pieces.is_shared():
        return operations.rebuild_once(blueprint=blueprint, now=timezone.now())
    workers = operations.begin_shared_rebuild(blueprint=blueprint, now=timezone.now())
    pieces.ask_by(help_rebuild, blueprint_id, workers - 1)
    return operations.continue_shared_rebuild(blueprint=blueprint, clock=timezone.now)


@shared_task
def help_rebuild(blueprint_id: int) -> int:
    """Take pieces of the rebuild of an edited blueprint, if any are left."""
    blueprint = Blueprint.objects.stale().filter(pk=blueprint_id).first()
    if blueprint is None:
        return 0
    return operations.continue_shared_rebuild(blueprint=blueprint, clock=timezone.now)


@shared_task
def refresh_clock_values() -> int:
    """Bring values that move with the clock up to date, and rebuild what was left behind."""
    return jobs.run_job(
        name="refresh-clock-values",
        steps={"rebuild blueprints": _rebuild_stale, "refresh values": _refresh_values},
        clock=timezone.now,
    )


def _rebuild_stale() -> int:
    ids = Blueprint.objects.stale().order_by("id").values_list("id", flat=True)
    return sum(map(rebuild_blueprint, list(ids)))


def _refresh_values() -> int:
    if not pieces.is_shared():
        return operations.refresh_clock_values(now=timezone.now())
    ask = partial(pieces.ask_by, help_refresh)
    return operations.refresh_clock_values_together(ask=ask, clock=timezone.now)


@shared_task
def help_refresh(stamp: str) -> int:
    """Take pieces of what moved with the clock, if any are left."""
    by_the_clock = operations.by_the_clock(clock=timezone.now)
    return pieces.help_round(by_the_clock, stamp=stamp, clock=timezone.now)


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
