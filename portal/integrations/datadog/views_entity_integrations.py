"""Configurations of entity integrations at their addresses."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Fault, Invalid
from portal.integrations.datadog import entity_integrations as configs
from portal.integrations.datadog.views import DatadogView


class EntityIntegrationView(DatadogView):
    """The configuration of one integration."""

    def get(self, request: Request, integration: str) -> Response:
        """Show it."""
        return Response({"data": configs.present_config(configs.config_of(integration))})

    def put(self, request: Request, integration: str) -> Response:
        """Create or replace it."""
        attributes = self.attributes(type_="entity_integration_config_requests")
        if "config" not in attributes:
            raise Invalid([Fault("", 'attribute "config" is required')])
        row = configs.save_config(
            integration=integration,
            config=attributes["config"],
            by=self.actor,
            now=timezone.now(),
        )
        return Response({"data": configs.present_config(row)})

    def delete(self, request: Request, integration: str) -> Response:
        """Delete it."""
        configs.delete_config(integration=integration, by=self.actor, now=timezone.now())
        return Response(status=204)
