"""Webhooks on the wire, and what they are to us. Pure."""

from collections.abc import Mapping
from typing import Any

from catalog.errors import Fault, Invalid
from catalog.facts import timestamp
from portal.integrations.models import Webhook
from portal.integrations.webhooks.definitions import Security, WebhookDefinition

_TEXTS = ("identifier", "title", "description", "icon")
# Names on the wire to ours.
_SECURITY = {
    "secret": "secret",
    "signatureHeaderName": "signature_header",
    "signatureAlgorithm": "signature_algorithm",
    "signaturePrefix": "signature_prefix",
    "requestIdentifierPath": "request_identifier_path",
}


def definition_of(document: Mapping[str, Any], *, identifier: str = "") -> WebhookDefinition:
    """Return what a document asks a webhook to be; `identifier` is for one that names none.

    Raises `Invalid` where a part is of the wrong kind.
    """
    faults: list[Fault] = []
    texts = {name: _text(document.get(name), name, faults) for name in _TEXTS}
    texts["identifier"] = texts["identifier"] or identifier
    enabled = document.get("enabled")
    if not isinstance(enabled, bool | None):
        faults.append(Fault("enabled", "give true or false"))
    security = document.get("security") or {}
    if not isinstance(security, dict):
        faults.append(Fault("security", "give an object"))
        security = {}
    parts = {
        ours: _text(security.get(theirs), f"security.{theirs}", faults)
        for theirs, ours in _SECURITY.items()
    }
    if faults:
        raise Invalid(faults)
    return WebhookDefinition(
        **texts,
        is_enabled=enabled is not False,
        mappings=document.get("mappings") or [],
        security=Security(**parts),
    )


def _text(value: Any, path: str, faults: list[Fault]) -> str:
    if not isinstance(value, str | None):
        faults.append(Fault(path, "give a text"))
        return ""
    return value or ""


def document_of(row: Webhook, *, url: str, secret: str) -> dict[str, Any]:
    """Return a webhook as the wire has it; what was not given is not there.

    `url` and `secret` are for those who may send and sign, and empty for others.
    `security` is always an object: clients look into it.
    """
    texts = {name: getattr(row, name) for name in _TEXTS}
    security = {
        theirs: value
        for theirs, ours in _SECURITY.items()
        if (value := secret if ours == "secret" else getattr(row, ours))
    }
    return {
        **{name: value for name, value in texts.items() if value},
        "enabled": row.is_enabled,
        "integrationType": "custom",
        "security": security,
        "mappings": row.mappings,
        **({"webhookKey": row.key, "url": url} if url else {}),
        "createdAt": timestamp(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": timestamp(row.updated_at),
        "updatedBy": row.updated_by,
    }


def merged(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with the parts that a patch names.

    Within `security` as well: a patch of the prefix must not take the secret away.
    """
    whole = {**document, **patch}
    if isinstance(patch.get("security"), dict):
        whole["security"] = {**document["security"], **patch["security"]}
    return whole


def brings_secret(patch: Mapping[str, Any]) -> bool:
    """Say whether a patch says what the secret shall be."""
    security = patch.get("security")
    return isinstance(security, dict) and "secret" in security


def outline_of(row: Webhook) -> dict[str, Any]:
    """Return what everyone may know of a webhook: nothing by which to send to it."""
    texts = {name: getattr(row, name) for name in _TEXTS}
    shown = {name: value for name, value in texts.items() if value}
    return {**shown, "enabled": row.is_enabled, "integrationType": "custom"}
