"""Credentials on the wire, where they are called apps. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalog.errors import Invalid
from catalog.facts import timestamp
from portal.integrations.port.reading import Reader, read_keys, text, truth

if TYPE_CHECKING:
    from portal.integrations.models import ApiCredential

_KEYS: Mapping[str, tuple[str, Reader]] = {
    "name": ("name", text(100, is_needed=True)),
    "enabled": ("is_enabled", truth),
}


def read_name(body: Mapping[str, Any]) -> str:
    """Return what a new credential is to be called."""
    if "name" not in body:
        raise Invalid.at("name", "is missing; name what will come in with it")
    return read_keys(body, {"name": _KEYS["name"]})["name"]


def read_change(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body changes of a credential, by our names."""
    return read_keys(body, _KEYS)


def write(row: "ApiCredential", *, secret: str = "") -> dict[str, Any]:
    """Return a credential; its secret only where it was made a moment ago."""
    return {
        "id": row.client_id,
        "name": row.name,
        **({"secret": secret} if secret else {}),
        "enabled": row.is_enabled,
        "createdAt": timestamp(row.created_at),
        "lastUsedAt": timestamp(row.last_used_at) if row.last_used_at else None,
    }
