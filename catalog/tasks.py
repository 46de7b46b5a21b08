"""Work of the catalog that no request waits for: ids in, one operation, safe to run twice."""

import logging

from celery import shared_task
from django.utils import timezone

from catalog import operations
from catalog.models import Blueprint

logger = logging.getLogger(__name__)


@shared_task
def rebuild_blueprint(blueprint_id: int) -> int:
    """Work out every entity of an edited blueprint again."""
    blueprint = Blueprint.objects.filter(pk=blueprint_id).first()
    return operations.rebuild(blueprint=blueprint, now=timezone.now()) if blueprint else 0


@shared_task
def refresh_clock_values() -> int:
    """Bring values that move with the clock up to date, and rebuild what was left behind."""
    now = timezone.now()
    return operations.rebuild_stale(now=now) + operations.refresh_clock_values(now=now)


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
