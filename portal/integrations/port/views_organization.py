"""The organization, and the event stream that there is none of."""

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from portal.integrations.organization import ORGANIZATION_ID, organization, save_organization
from portal.integrations.port import organization_codec as codec
from portal.integrations.port.answers import success
from portal.integrations.port.views import PortView


class OrganizationView(PortView):
    """``/organization``."""

    def get(self, request: Request) -> Response:
        """Return it."""
        return success(organization=codec.write(organization(), identifier=ORGANIZATION_ID))

    def patch(self, request: Request) -> Response:
        """Change what is in the body."""
        return self._save(replaces=False)

    def put(self, request: Request) -> Response:
        """Replace all that clients keep with it."""
        return self._save(replaces=True)

    def _save(self, *, replaces: bool) -> Response:
        body = self.body()
        row = save_organization(
            name=codec.read_name(body),
            settings=codec.read_settings(body),
            replaces=replaces,
            by=self.actor,
            now=timezone.now(),
        )
        return success(organization=codec.write(row, identifier=ORGANIZATION_ID))


class KafkaCredentialsView(PortView):
    """``/kafka-credentials``: the keys of an event stream."""

    def get(self, request: Request) -> Response:
        """Say that there is no such stream, and what there is instead."""
        raise exceptions.NotFound(
            "This server has no event stream; use an event listener of type POLLING or ONCE."
        )
