"""Whether a request to a webhook is genuine."""

import logging
from collections.abc import Mapping

from portal.integrations.models import Webhook
from portal.sealing import Unsealable
from portal.signatures import Algorithm, verify

logger = logging.getLogger(__name__)


def is_genuine(webhook: Webhook, *, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Say whether a request carries the signature of its body, where one is asked for."""
    if not webhook.is_signed:
        return True
    try:
        secret = webhook.secret.reveal()
    except Unsealable as error:
        logger.error("No request of webhook %s is let in: %s", webhook.identifier, error)
        return False
    names = {name.lower(): value for name, value in headers.items()}
    return verify(
        secret=secret,
        body=raw,
        header_value=names.get(webhook.signature_header.lower()),
        algorithm=Algorithm(webhook.signature_algorithm or Algorithm.SHA256),
        prefix=webhook.signature_prefix,
    )
