"""Webhooks: their settings, and the address at which requests come in."""

import logging
import secrets
from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from portal.bodies import PayloadTooLarge, decoded
from portal.integrations.models import Webhook
from portal.integrations.port import webhooks_codec as codec
from portal.integrations.port.answers import success
from portal.integrations.port.views import PortView
from portal.integrations.webhooks import operations
from portal.integrations.webhooks.addresses import address_of
from portal.integrations.webhooks.signing import is_genuine
from portal.sealing import Unsealable

logger = logging.getLogger(__name__)

MAX_REQUEST_BYTES = 512 * 1024


class WebhooksBase(PortView):
    """What the views of settings share."""

    for_admins = True

    def shown(self, row: Webhook) -> dict[str, Any]:
        """Return a webhook; by what goes to those only who write, others could write as well."""
        if self.request.auth.scope != "write":
            return codec.document_of(row, url="", secret="")
        url = address_of(row, self.request._request)
        return codec.document_of(row, url=url, secret=_readable(row))

    def save(self, document: dict[str, Any], webhook: Webhook | None, name: str) -> Webhook:
        """Save what a document asks for; `name` is for one that brings no identifier."""
        return operations.save_webhook(
            definition=codec.definition_of(document, identifier=name),
            webhook=webhook,
            by=self.actor,
            now=timezone.now(),
        )


def _readable(row: Webhook) -> str:
    try:
        return row.secret.reveal()
    except Unsealable as error:
        logger.error("The secret of webhook %s is not told: %s", row.identifier, error)
        return ""


class WebhookListView(WebhooksBase):
    """All webhooks; a POST makes one."""

    def get(self, request: Request) -> Response:
        """Return all."""
        rows = Webhook.objects.order_by("identifier")
        return success(integrations=[self.shown(row) for row in rows])

    def post(self, request: Request) -> Response:
        """Make one."""
        row = self.save(self.body(), None, f"webhook-{secrets.token_hex(6)}")
        return success(status=201, integration=self.shown(row))


class WebhookMetadataView(PortView):
    """What there is, without what is needed to send."""

    for_admins = True

    def get(self, request: Request) -> Response:
        """Return the outlines."""
        rows = Webhook.objects.order_by("identifier")
        return success(integrations=[codec.outline_of(row) for row in rows])


class WebhookView(WebhooksBase):
    """One webhook."""

    def get(self, request: Request, identifier: str) -> Response:
        """Return it."""
        return success(integration=self.shown(operations.find_webhook(identifier)))

    def put(self, request: Request, identifier: str) -> Response:
        """Replace it; another identifier in the body renames it."""
        row = operations.find_webhook(identifier)
        return success(integration=self.shown(self.save(self.body(), row, identifier)))

    def patch(self, request: Request, identifier: str) -> Response:
        """Change the parts that the body names."""
        row = operations.find_webhook(identifier)
        patch = self.body()
        if not codec.brings_secret(patch):
            # One that cannot be read any more must not be taken for none, and go.
            row.secret.reveal()
        whole = codec.merged(self.shown(row), patch)
        return success(integration=self.shown(self.save(whole, row, identifier)))

    def delete(self, request: Request, identifier: str) -> Response:
        """Delete it."""
        row = operations.find_webhook(identifier)
        operations.delete_webhook(webhook=row, by=self.actor, now=timezone.now())
        return success()


class IngestView(PortView):
    """Where requests come in: the key in the address, and the signature, are the way in."""

    authentication_classes = ()
    permission_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        """Return a challenge: without one, the framework would say 403."""
        return 'Signature realm="webhook"'

    def post(self, request: Request, key: str) -> Response:
        """Store what came, to be processed after the answer."""
        webhook = Webhook.objects.filter(key=key).first()
        if webhook is None:
            raise exceptions.NotFound("There is no webhook at this address.")
        raw = self._raw()
        if not is_genuine(webhook, raw=raw, headers=request.headers):
            raise exceptions.AuthenticationFailed("The signature of the body is missing or wrong.")
        if not webhook.is_enabled:
            raise exceptions.PermissionDenied("This webhook is disabled.")
        event = operations.receive(
            webhook=webhook,
            body=decoded(raw) if raw.strip() else {},
            headers=request.headers,
            query={
                name: values[0] if len(values) == 1 else values
                for name, values in request.query_params.lists()
            },
            now=timezone.now(),
        )
        return success(status=202, eventId=str(event.pk))

    def _raw(self) -> bytes:
        length = self.request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > MAX_REQUEST_BYTES:
            raise PayloadTooLarge(MAX_REQUEST_BYTES)
        raw = self.request.body
        if len(raw) > MAX_REQUEST_BYTES:
            raise PayloadTooLarge(MAX_REQUEST_BYTES)
        return raw
