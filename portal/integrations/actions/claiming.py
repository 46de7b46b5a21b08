"""Runs that integrations do: asked for, taken, and given to another where that went silent."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from catalog.errors import Conflict, Invalid
from portal.integrations.actions import runs
from portal.integrations.actions.contexts import rendered, without_secrets
from portal.integrations.actions.documents import INTEGRATION_ACTION
from portal.integrations.models import Run
from portal.permissions import Actor
from portal.sealing import Unsealable


def claim_runs(
    *,
    installation: str,
    limit: int,
    visibility: timedelta,
    excluded: Collection[str],
    by: Actor,
    now: datetime,
) -> list[tuple[Run, dict[str, Any]]]:
    """Return runs for an integration, each with what it is to do; nobody else gets them meanwhile.

    One that is not acknowledged within `visibility` is offered again. One whose templates fail has
    failed.
    """
    claimed = _claim(installation, limit, visibility, excluded, now)
    found = []
    for run in claimed:
        try:
            found.append((run, rendered(run, now=now)))
        except (Invalid, Unsealable) as error:
            is_invalid = isinstance(error, Invalid)
            message = runs.faults_as_text(error.faults) if is_invalid else str(error)
            message = without_secrets(run, message)
            runs.settle(run=run, status=Run.Status.FAILURE, message=message, by=by, now=now)
    return found


@transaction.atomic
def _claim(
    installation: str, limit: int, visibility: timedelta, excluded: Collection[str], now: datetime
) -> list[Run]:
    rows = Run.objects.filter(
        Q(claimed_until=None) | Q(claimed_until__lte=now),
        effect=Run.Effect.OUTSIDE,
        installation=installation,
        acknowledged_at=None,
        status=Run.Status.IN_PROGRESS,
    ).exclude(action_identifier__in=excluded)
    found = list(rows.order_by("id").select_for_update(skip_locked=True)[:limit])
    found = [run for run in found if run.invocation["type"] == INTEGRATION_ACTION]
    Run.objects.filter(pk__in=[run.pk for run in found]).update(claimed_until=now + visibility)
    return found


def acknowledge_run(*, run: Run, now: datetime) -> None:
    """Note that an integration does a run; raises `Conflict` where one does already."""
    rows = Run.objects.filter(pk=run.pk, effect=Run.Effect.OUTSIDE, acknowledged_at=None)
    if not rows.update(acknowledged_at=now):
        raise Conflict(f"the run {run.identifier} is being done, or has ended")
