"""Keeping what exporters tell about their work: a few statements a call, and only the newest.

Exporters call often while they resync, and nothing of it is worth a full disk.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction

from catalog.bulk import insert_rows
from portal.integrations.models import (
    Integration,
    IntegrationLog,
    KindExample,
    Resync,
    ResyncKind,
)
from portal.integrations.reports import RUNTIME, KindProgress, LogLine

KEPT_LINES = 1_000
KEPT_RESYNCS = 50
KEPT_EXAMPLES = 5


@transaction.atomic
def keep_logs(*, integration: Integration, lines: Sequence[LogLine]) -> None:
    """Keep log lines, and let go of those beyond the newest `KEPT_LINES`."""
    insert_rows(
        IntegrationLog,
        [
            (integration.pk, line.at, line.level, line.message, json.dumps(line.extra))
            for line in lines[-KEPT_LINES:]
        ],
        fields=("integration_id", "at", "level", "message", "extra"),
    )
    _let_go(IntegrationLog.objects.filter(integration=integration), KEPT_LINES)


@transaction.atomic
def keep_progress(
    *, integration: Integration, kinds: Iterable[KindProgress], now: datetime
) -> None:
    """Keep how far resyncs are, the last word about a kind of one, of the newest `KEPT_RESYNCS`."""
    last = {(kind.event, kind.identifier): kind for kind in kinds}
    resyncs = _resyncs(integration, {event for event, _identifier in last}, now=now)
    insert_rows(
        ResyncKind,
        [_row(kind, resyncs[kind.event], now) for kind in last.values()],
        fields=_ROW,
        unique=("resync_id", "identifier"),
    )
    for kind in last.values():
        if kind.identifier == RUNTIME:
            Resync.objects.filter(pk=resyncs[kind.event].pk).update(state=kind.state)
    _let_go(Resync.objects.filter(integration=integration), KEPT_RESYNCS)


_ROW = (
    "resync_id",
    "identifier",
    "kind",
    "index",
    "blueprint",
    "state",
    "metrics",
    "updated_at",
)


def _row(kind: KindProgress, resync: Resync, now: datetime) -> tuple[Any, ...]:
    return (
        resync.pk,
        kind.identifier,
        kind.kind,
        kind.index,
        kind.blueprint,
        kind.state,
        json.dumps(kind.metrics),
        now,
    )


@transaction.atomic
def keep_heartbeat(*, integration: Integration, event: str, now: datetime) -> None:
    """Keep that a resync was still at work."""
    _resyncs(integration, {event}, now=now)


@transaction.atomic
def keep_examples(
    *, integration: Integration, kind: str, examples: Sequence[dict[str, Any]], now: datetime
) -> None:
    """Keep the newest `KEPT_EXAMPLES` things of a kind."""
    insert_rows(
        KindExample,
        [(integration.pk, kind, json.dumps(data), now) for data in examples[-KEPT_EXAMPLES:]],
        fields=("integration_id", "kind", "data", "created_at"),
    )
    _let_go(KindExample.objects.filter(integration=integration, kind=kind), KEPT_EXAMPLES)


def _resyncs(integration: Integration, events: set[str], *, now: datetime) -> dict[str, Resync]:
    """Return the resyncs by the ids of their exporter, each made or noted as seen now."""
    rows = Resync.objects.bulk_create(
        (
            Resync(integration=integration, event=event, created_at=now, updated_at=now)
            for event in sorted(events)
        ),
        update_conflicts=True,
        unique_fields=["integration", "event"],
        update_fields=["updated_at"],
    )
    return {row.event: row for row in rows}


def _let_go(rows: models.QuerySet[Any], kept: int) -> None:
    """Delete all but the newest rows."""
    newest = list(rows.order_by("-id").values_list("id", flat=True)[kept - 1 : kept + 1])
    # Two: the last that stays, and one to let go of.
    if len(newest) == 2:
        rows.filter(id__lt=newest[0]).delete()
