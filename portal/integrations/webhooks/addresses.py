"""Where a webhook is sent to."""

from django.http import HttpRequest
from django.urls import reverse

from portal.integrations.models import Webhook


def address_of(webhook: Webhook, request: HttpRequest) -> str:
    """Return the address to give to the other system, at the site that the request came to."""
    return request.build_absolute_uri(reverse("webhook-ingest", args=[webhook.key]))
