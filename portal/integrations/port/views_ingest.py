"""Where exporters send what they tell about their work, at the addresses that they are told.

They call often while they resync: every call is a few statements, whatever it brings.
"""

from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from portal.integrations import telemetry as operations
from portal.integrations.port import telemetry_codec as codec
from portal.integrations.port.answers import success
from portal.integrations.port.integrations import find
from portal.integrations.port.views import PortView


class LogIngestView(PortView):
    """``/ingest/logs/integration/{name}``."""

    def post(self, request: Request, name: str) -> Response:
        """Keep log lines."""
        lines = codec.read_logs(self.body(), now=timezone.now())
        operations.keep_logs(integration=find(name), lines=lines)
        return success()


class SyncMetricsIngestView(PortView):
    """``/ingest/metrics/integration/{name}/syncMetrics``."""

    def post(self, request: Request, name: str) -> Response:
        """Keep how far several kinds are."""
        kinds = codec.read_many_progress(self.body())
        operations.keep_progress(integration=find(name), kinds=kinds, now=timezone.now())
        return success()


class KindMetricsIngestView(PortView):
    """``/ingest/metrics/integration/{name}/syncMetrics/resync/{event}/kind/{kind}``."""

    def put(self, request: Request, name: str, event: str, kind: str) -> Response:
        """Keep how far one kind is."""
        progress = codec.read_progress(self.body(), event=event, identifier=kind)
        operations.keep_progress(integration=find(name), kinds=[progress], now=timezone.now())
        return success()


class HeartbeatView(PortView):
    """``/ingest/metrics/integration/{name}/heartbeat``."""

    def post(self, request: Request, name: str) -> Response:
        """Keep that a resync is still at work."""
        event = codec.read_event(self.body())
        operations.keep_heartbeat(integration=find(name), event=event, now=timezone.now())
        return success()


class LakeView(PortView):
    """``/ingest/lake``: raw data, which exporters only send where the organization says so."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse, whatever the method, but only tell those who may come in."""
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound(
            "This server keeps no raw data; map it on your side and write the entities."
        )
