"""Making, changing and deleting webhooks, and taking in what is sent to them."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Conflict, Invalid, NotFound
from catalog.operations import history
from catalog.storable import storable_faults
from portal.integrations.models import Webhook, WebhookEvent
from portal.integrations.webhooks.definitions import WebhookDefinition
from portal.permissions import Actor
from portal.sealing import Unsealable

KIND = "webhook"
# Headers whose names say that they let somebody in somewhere.
_SECRET_HEADER = re.compile(r"auth|cookie|token|secret|passw|signature|(api|access)-?key", re.I)


@transaction.atomic
def save_webhook(
    *,
    definition: WebhookDefinition,
    webhook: Webhook | None = None,
    by: Actor,
    now: datetime,
) -> Webhook:
    """Make a webhook, or change and perhaps rename one. What changes nothing writes nothing.

    Raises `Invalid` with every reason, and `Conflict` where the identifier is another's.
    """
    definition.check()
    row = webhook or Webhook(
        key=secrets.token_hex(16), created_at=now, created_by=by.label, updated_at=now
    )
    taken = Webhook.objects.filter(identifier=definition.identifier).exclude(pk=row.pk)
    if taken.exists():
        raise Conflict(f"there is a webhook '{definition.identifier}' already; choose another name")
    before, has_kept = (_told(row) if row.pk else {}), _has_secret(row, definition.security.secret)
    _take_on(row, definition)
    after = _told(row)
    if row.pk and not has_kept:
        # That it changed is history; what it is never stands there.
        before, after = {**before, "secret": "one"}, {**after, "secret": "another"}
    if before == after:
        return row
    row.updated_at, row.updated_by = now, by.label
    row.save()
    history.record_difference(
        kind=KIND, identifier=row.identifier, before=before, after=after, by=by, now=now
    )
    return row


@transaction.atomic
def delete_webhook(*, webhook: Webhook, by: Actor, now: datetime) -> None:
    """Delete a webhook with the requests that came in by it; entities stay."""
    before = _told(webhook)
    history.record_difference(
        kind=KIND, identifier=webhook.identifier, before=before, after={}, by=by, now=now
    )
    webhook.delete()


@transaction.atomic
def follow_blueprint(*, old: str, new: str, by: Actor, now: datetime) -> None:
    """Have mappings know a blueprint by its new identifier."""
    for row in Webhook.objects.select_for_update().order_by("id"):
        before = _told(row)
        row.mappings = [
            {**mapping, "blueprint": new} if mapping["blueprint"] == old else mapping
            for mapping in row.mappings
        ]
        after = _told(row)
        if after == before:
            continue
        row.updated_at, row.updated_by = now, by.label
        row.save(update_fields=["mappings", "updated_at", "updated_by"])
        history.record_difference(
            kind=KIND, identifier=row.identifier, before=before, after=after, by=by, now=now
        )


def find_webhook(identifier: str) -> Webhook:
    """Return the webhook with this identifier; raises `NotFound`."""
    row = Webhook.objects.filter(identifier=identifier).first()
    if row is None:
        raise NotFound(f"There is no webhook '{identifier}'.")
    return row


def receive(
    *, webhook: Webhook, body: Any, headers: Mapping[str, str], query: Any, now: datetime
) -> WebhookEvent:
    """Store a request and have it processed when the answer is on its way.

    Its signature has been checked, see `signing.is_genuine`. Raises `Invalid` where it holds
    what cannot be stored.
    """
    from portal.integrations.tasks import process_webhook

    kept = {
        name.lower(): value
        for name, value in headers.items()
        if not _SECRET_HEADER.search(name) and name.lower() != webhook.signature_header.lower()
    }
    faults = storable_faults({"body": body, "headers": kept, "query": query})
    if faults:
        raise Invalid(faults)
    event = WebhookEvent.objects.create(
        webhook=webhook, received_at=now, body=body, headers=kept, query=query
    )
    process_webhook.delay_on_commit(webhook.pk)
    return event


def _take_on(row: Webhook, definition: WebhookDefinition) -> None:
    for name in ("identifier", "title", "description", "icon", "is_enabled", "mappings"):
        setattr(row, name, getattr(definition, name))
    security = definition.security
    if not _has_secret(row, security.secret):
        row.secret = security.secret
    row.signature_header = security.signature_header
    row.signature_algorithm = security.signature_algorithm
    row.signature_prefix = security.signature_prefix
    row.request_identifier_path = security.request_identifier_path


def _has_secret(row: Webhook, secret: str) -> bool:
    """Say whether the webhook has this secret; one that cannot be read is another."""
    try:
        return row.secret.reveal() == secret
    except Unsealable:
        return False


def _told(row: Webhook) -> dict[str, Any]:
    """Return what history keeps of a webhook: all but its key and its secret."""
    names = (
        "identifier", "title", "description", "icon", "is_enabled", "mappings", "signature_header",
        "signature_algorithm", "signature_prefix", "request_identifier_path",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}
