"""The organization on the wire. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from portal.integrations.port.reading import read_keys, text

if TYPE_CHECKING:
    from portal.integrations.models import Organization

# What the server says of itself. Clients send it back with the rest, which changes nothing.
_OWN = ("id", "featureFlags", "isBlocked", "name")


def read_name(body: Mapping[str, Any]) -> str | None:
    """Return the name in a body; None where it has none."""
    return read_keys(body, {"name": ("name", text(200, is_needed=True))}).get("name")


def read_settings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return all else that a body says."""
    return {key: value for key, value in body.items() if key not in _OWN}


def write(row: "Organization", *, identifier: str) -> dict[str, Any]:
    """Return the organization. Flags would turn on what this server does not have."""
    return {
        **row.settings,
        "id": identifier,
        "name": row.name,
        "featureFlags": [],
        "isBlocked": False,
    }
