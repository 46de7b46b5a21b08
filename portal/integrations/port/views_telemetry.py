"""What exporters told about their work, to be read."""

from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from portal.integrations import telemetry as operations
from portal.integrations.port import telemetry_codec as codec
from portal.integrations.port.answers import success
from portal.integrations.port.integrations import (
    examples_by_kind,
    examples_of,
    find,
    logs_of,
    progress_of,
    resyncs_of,
)
from portal.integrations.port.views import PortView

_LINES = 100


class LogsView(PortView):
    """``/integration/{name}/logs?limit=&level=&log_id=``: log lines, the newest first."""

    for_admins = True

    def get(self, request: Request, name: str) -> Response:
        """Return lines; `next` is the `log_id` before which to go on."""
        wanted = codec.read_log_query(request.query_params)
        limit = min(wanted.get("limit") or _LINES, operations.KEPT_LINES)
        rows = logs_of(find(name))
        if wanted.get("level"):
            rows = rows.filter(level=wanted["level"])
        if wanted.get("before") is not None:
            rows = rows.filter(id__lt=wanted["before"])
        if wanted.get("until") is not None:
            rows = rows.filter(at__lte=wanted["until"])
        found = list(rows[: limit + 1])
        logs = [codec.write_log(row) for row in found[:limit]]
        return success(logs=logs, next=logs[-1]["_id"] if len(found) > limit else None)


class SyncMetricsView(PortView):
    """``/integration/{name}/syncMetrics?resyncId=``: how far a resync got, kind by kind."""

    for_admins = True

    def get(self, request: Request, name: str) -> Response:
        """Return the kinds of this resync, or of the last; none where there is none."""
        rows = resyncs_of(name)
        event = codec.read_event_query(request.query_params)
        resync = (rows.filter(event=event) if event else rows).first()
        data: list[dict[str, Any]] = []
        if resync is not None:
            data = [
                {"eventId": resync.event, **codec.write_progress(row)}
                for row in progress_of(resync)
            ]
        return success(count=len(data), data=data)


class SyncsMetadataView(PortView):
    """``/integration/{name}/syncsMetadata``: the last resyncs."""

    for_admins = True

    def get(self, request: Request, name: str) -> Response:
        """Return them, the newest first; none where there are none."""
        data = [codec.write_resync(row) for row in resyncs_of(name)]
        return success(count=len(data), data=data)


class KindsView(PortView):
    """``/integration/{name}/kinds``: the kinds of which there are examples."""

    for_admins = True

    def get(self, request: Request, name: str) -> Response:
        """Return the examples of each."""
        found = examples_by_kind(find(name))
        return success(
            data={kind: {"examples": codec.write_examples(rows)} for kind, rows in found.items()}
        )


class KindExamplesView(PortView):
    """``/integration/{name}/kinds/{kind}/examples``: a few things of a kind, as they were read.

    Clients write a space in this address as ``+``.
    """

    for_admins = True

    def get(self, request: Request, name: str, kind: str) -> Response:
        """Return them, the newest first."""
        rows = examples_of(find(name), kind=_kind(kind))
        return success(examples=codec.write_examples(rows))

    def post(self, request: Request, name: str, kind: str) -> Response:
        """Keep some."""
        operations.keep_examples(
            integration=find(name),
            kind=_kind(kind),
            examples=codec.read_examples(self.body()),
            now=timezone.now(),
        )
        return success(status=201)


def _kind(part: str) -> str:
    return codec.read_kind(part.replace("+", " "))
