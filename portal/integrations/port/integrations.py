"""Finding exporters and what they told, for the views of this dialect."""

from collections import defaultdict

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from catalog.errors import NotFound
from portal.integrations.models import (
    Integration,
    IntegrationCursor,
    IntegrationLog,
    KindExample,
    Resync,
    ResyncKind,
)
from portal.integrations.port.integration_codec import Addresses, internal_id, row_id


def look_up(name: str) -> Integration | None:
    """Return the integration of this identifier or, where there is none, of this internal id."""
    rows = list(Integration.objects.filter(Q(identifier=name) | Q(pk=row_id(name))))
    return next((row for row in rows if row.identifier == name), rows[0] if rows else None)


def find(name: str) -> Integration:
    """Return the integration of this identifier or internal id; raises `NotFound`."""
    row = look_up(name)
    if row is None:
        raise NotFound(f"There is no integration '{name}'.")
    return row


def addresses_of(row: Integration, request: HttpRequest) -> Addresses:
    """Return where an exporter sends what it tells, on the host that it asked."""

    def whole(name: str, *parts: str) -> str:
        return request.build_absolute_uri(reverse(name, args=parts))

    name = internal_id(row)
    return Addresses(
        logs=whole("port_ingest_logs", name),
        metrics=whole("port_ingest_metrics", name),
        lake=whole("port_ingest_lake"),
    )


def cursor_of(row: Integration, *, kind: str, index: int) -> IntegrationCursor | None:
    """Return up to where an exporter has read a kind."""
    return row.cursors.filter(kind=kind, index=index).first()


def logs_of(row: Integration) -> QuerySet[IntegrationLog]:
    """Return the log lines of an exporter, the newest first."""
    return row.logs.order_by("-id")


def resyncs_of(name: str) -> QuerySet[Resync]:
    """Return the resyncs of an exporter, the newest first; none where there is no such exporter."""
    return Resync.objects.filter(integration=look_up(name)).order_by("-id")


def progress_of(resync: Resync) -> QuerySet[ResyncKind]:
    """Return how far a resync is with its kinds, in the order in which they were told of."""
    return resync.kinds.order_by("id")


def examples_of(row: Integration, *, kind: str) -> QuerySet[KindExample]:
    """Return the examples of a kind, the newest first."""
    return row.examples.filter(kind=kind).order_by("-id")


def examples_by_kind(row: Integration) -> dict[str, list[KindExample]]:
    """Return the examples of every kind, the newest first."""
    found: defaultdict[str, list[KindExample]] = defaultdict(list)
    for example in row.examples.order_by("kind", "-id"):
        found[example.kind].append(example)
    return dict(found)
