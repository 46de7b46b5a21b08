"""Secrets of the organization on the wire, where values only come in. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalog.errors import Fault, Invalid
from catalog.facts import timestamp
from portal.integrations.port.reading import Reader, read_keys, text

if TYPE_CHECKING:
    from portal.integrations.models import OrganizationSecret

_KEYS: Mapping[str, tuple[str, Reader]] = {
    "secretValue": ("value", text(50_000, is_needed=True)),
    "description": ("description", text(1_000)),
}


def read_new(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a new secret, by our names."""
    missing = [key for key in ("secretName", "secretValue") if key not in body]
    if missing:
        raise Invalid(Fault(key, "is missing") for key in missing)
    return read_keys(body, {"secretName": ("name", text(200, is_needed=True)), **_KEYS})


def read_change(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body changes of a secret, by our names."""
    return read_keys(body, _KEYS)


def write(row: "OrganizationSecret") -> dict[str, Any]:
    """Return a secret, all but its value."""
    return {
        "secretName": row.name,
        "description": row.description,
        "createdAt": timestamp(row.created_at),
        "updatedAt": timestamp(row.updated_at),
        "createdBy": row.created_by,
        "updatedBy": row.updated_by,
    }
