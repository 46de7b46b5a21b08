"""Where exporters register, learn what they are set to, and tell how their resync goes."""

from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from portal.integrations import integrations as operations
from portal.integrations.integrations import Resyncing
from portal.integrations.models import Integration
from portal.integrations.organization import ORGANIZATION_ID
from portal.integrations.port import integration_codec as codec
from portal.integrations.port.answers import success
from portal.integrations.port.integrations import addresses_of, cursor_of, find
from portal.integrations.port.views import PortView


class IntegrationsView(PortView):
    """``/integration``: all exporters, and a new one."""

    for_admins = True

    def get(self, request: Request) -> Response:
        """Return all, or those that process actions."""
        rows = Integration.objects.order_by("identifier")
        if "actionsProcessingEnabled" in request.query_params:
            rows = rows.filter(processes_actions=self.flag("actionsProcessingEnabled"))
        return success(integrations=[written(row, request) for row in rows])

    def post(self, request: Request) -> Response:
        """Register one; 409 where there is one of this identifier."""
        body = self.body()
        row = operations.register_integration(
            identifier=codec.read_new_identifier(body),
            settings=codec.read_settings(body),
            by=self.actor,
            now=timezone.now(),
        )
        return success(status=201, integration=written(row, request))


class IntegrationsMetadataView(PortView):
    """``/integration/metadata``: who exports, without what they are set to."""

    for_admins = True

    def get(self, request: Request) -> Response:
        """Return all."""
        rows = Integration.objects.order_by("identifier").defer("config", "spec")
        return success(integrations=[codec.write_summary(row) for row in rows])


class ProvisionEnabledView(PortView):
    """``/integration/provision-enabled``: the types whose first resources the server makes."""

    for_admins = True

    def get(self, request: Request) -> Response:
        """Return none: exporters bring their own."""
        return success(integrations=[])


class IntegrationView(PortView):
    """``/integration/{name}``: one exporter."""

    for_admins = True

    def get(self, request: Request, name: str) -> Response:
        """Return it."""
        return success(integration=written(find(name), request))

    def patch(self, request: Request, name: str) -> Response:
        """Change what is in the body; an empty one asks for a resync."""
        row, body = find(name), self.body()
        row = operations.change_integration(
            integration=row,
            settings=codec.read_change(body, identifier=row.identifier),
            by=self.actor,
            now=timezone.now(),
            resyncing=_resyncing(request, Resyncing.IF_REMAPPED if body else Resyncing.ALWAYS),
        )
        return success(integration=written(row, request))

    def delete(self, request: Request, name: str) -> Response:
        """Delete it; what it exported stays."""
        operations.delete_integration(integration=find(name), by=self.actor, now=timezone.now())
        return success()


class IntegrationConfigView(PortView):
    """``/integration/{name}/config``: how an exporter maps what it reads."""

    for_admins = True

    def patch(self, request: Request, name: str) -> Response:
        """Replace it, and ask for a resync, unless the header says not to."""
        row = operations.change_integration(
            integration=find(name),
            settings=codec.read_config(self.body()),
            by=self.actor,
            now=timezone.now(),
            resyncing=_resyncing(request, Resyncing.ALWAYS),
        )
        return success(integration=written(row, request))


class ResyncStateView(PortView):
    """``/integration/{name}/resync-state``: how the resync goes."""

    for_admins = True

    def patch(self, request: Request, name: str) -> Response:
        """Keep it."""
        row = operations.save_resync_state(
            integration=find(name),
            values=codec.read_resync(self.body()),
            by=self.actor,
            now=timezone.now(),
        )
        return success(integration=written(row, request))


class ResyncRequestView(PortView):
    """``/integration/{name}/resync-request``, and ``/resync``: whether somebody wants a resync."""

    for_admins = True

    def get(self, request: Request, name: str) -> Response:
        """Return the request that has not been followed yet."""
        return success(request=codec.write_request(find(name)))

    def post(self, request: Request, name: str) -> Response:
        """Ask for a resync."""
        row = operations.request_resync(integration=find(name), by=self.actor, now=timezone.now())
        return success(request=codec.write_request(row), integration=written(row, request))


class CursorView(PortView):
    """``/integration/{name}/cursor?kind=&index=``: up to where an exporter has read a kind."""

    for_admins = True

    def get(self, request: Request, name: str) -> Response:
        """Return it; null where the exporter has not read any of it."""
        kind, index = self._place()
        row = cursor_of(find(name), kind=kind, index=index)
        return success(cursor=codec.write_cursor(row))

    def put(self, request: Request, name: str) -> Response:
        """Keep it."""
        kind, index = self._place()
        row = operations.save_cursor(
            integration=find(name), kind=kind, index=index, value=self.body()
        )
        return success(cursor=codec.write_cursor(row))

    post = put

    def _place(self) -> tuple[str, int]:
        place = codec.read_place(self.request.query_params)
        return place["kind"], place["index"]


def written(row: Integration, request: Any) -> dict[str, Any]:
    """Return the object of an integration, with addresses on the host that was asked."""
    addresses = addresses_of(row, request)
    return codec.write(row, organization=ORGANIZATION_ID, addresses=addresses)


def _resyncing(request: Request, otherwise: Resyncing) -> Resyncing:
    is_skipped = request.headers.get("x-skip-resync", "").lower() == "true"
    return Resyncing.NEVER if is_skipped else otherwise
