"""Exporters on the wire: what clients say about one, and the object that they are told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.errors import Fault, Invalid
from catalog.facts import timestamp
from portal.integrations.port.reading import (
    Reader,
    count,
    digits,
    json_object,
    moment,
    read_keys,
    text,
    truth,
)

if TYPE_CHECKING:
    from portal.integrations.models import Integration, IntegrationCursor

# Clients stop where it is another: this server runs no exporter itself.
INSTALLATION_TYPE = "OnPrem"
# What stands in addresses where the identifier of an integration does.
RESERVED = ("metadata", "provision-enabled")
STATES = ("running", "completed", "failed", "aborted")
MAX_TEXT = 500


@dataclass(frozen=True)
class Addresses:
    """Where an exporter sends what it tells about its work."""

    logs: str
    metrics: str
    lake: str


def _config(value: Any) -> dict[str, Any] | list[Any]:
    """Read a mapping, which is the exporter's own: an object, or a list from some clients."""
    if isinstance(value, list):
        return value
    try:
        return json_object(value)
    except ValueError:
        raise ValueError("give an object or a list") from None


def _state(value: Any) -> str:
    if value not in STATES:
        raise ValueError(f"give one of {', '.join(STATES)}")
    return value


_TEXT = text(MAX_TEXT)
# Key on the wire: our name, and how it is read.
_SETTINGS: Mapping[str, tuple[str, Reader]] = {
    "title": ("title", _TEXT),
    "installationAppType": ("app_type", _TEXT),
    "version": ("version", _TEXT),
    "config": ("config", _config),
    "changelogDestination": ("changelog_destination", json_object),
    "spec": ("spec", json_object),
    "processingMode": ("processing_mode", _TEXT),
    "createPortResourcesOrigin": ("resources_origin", _TEXT),
    "oauthBrokerUrl": ("oauth_broker_url", _TEXT),
    "actionsProcessingEnabled": ("processes_actions", truth),
    "incrementalSyncEnabled": ("syncs_incrementally", truth),
    "arePortResourcesInitialized": ("has_initialized_resources", truth),
}
_RESYNC: Mapping[str, tuple[str, Reader]] = {
    "status": ("resync_status", _state),
    "lastResyncStart": ("resync_started_at", moment),
    "lastResyncEnd": ("resync_ended_at", moment),
    "nextResync": ("next_resync_at", moment),
    "intervalInMinuets": ("resync_interval", count),
}
# Where a cursor stands, in a query.
_PLACE: Mapping[str, tuple[str, Reader]] = {
    "kind": ("kind", text(200, is_needed=True)),
    "index": ("index", lambda value: digits(value) or 0),
}


def read_identifier(body: Mapping[str, Any]) -> Any:
    """Return the identifier in a body, whatever it is: the operation judges it."""
    given = body.get("installationId")
    return body.get("identifier") if given is None else given


def read_new_identifier(body: Mapping[str, Any]) -> Any:
    """Return how a new integration is to be known; raises `Invalid` where addresses say no."""
    given = read_identifier(body)
    if given in RESERVED:
        raise Invalid.at("installationId", f"'{given}' is an address of its own; choose another")
    return given


def read_settings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body says an integration is set to, by our names."""
    return read_keys(body, _SETTINGS)


def read_change(body: Mapping[str, Any], *, identifier: str) -> dict[str, Any]:
    """Return what a body changes; raises `Invalid` where it would also rename the integration."""
    if read_identifier(body) not in (None, identifier):
        fault = Fault("installationId", f"cannot be changed; this one is '{identifier}'")
        raise Invalid([fault])
    return read_settings(body)


def read_config(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping in a body that has to hold one."""
    if "config" not in body:
        raise Invalid.at("config", "is missing; send the mapping")
    return read_keys(body, {"config": _SETTINGS["config"]})


def read_resync(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body tells of a resync, by our names."""
    return read_keys(body, _RESYNC)


def read_place(query: Mapping[str, str]) -> dict[str, Any]:
    """Return of which kind a cursor is, and of which of its mappings."""
    if "kind" not in query:
        raise Invalid.at("kind", "is missing; name the kind in the query")
    return {"index": 0, **read_keys(query, _PLACE)}


def internal_id(row: "Integration") -> str:
    """Return the id by which addresses name an integration where its identifier would not do.

    >>> class Row: pk = 26
    >>> internal_id(Row())
    '00000000000000000000001a'
    """
    return f"{row.pk:024x}"


def row_id(name: str) -> int | None:
    """Return the key behind an `internal_id`; None where the name is none."""
    if len(name) != 24 or not all(character in "0123456789abcdef" for character in name):
        return None
    found = int(name, 16)
    return found if found < 2**63 else None


def write_summary(row: "Integration") -> dict[str, Any]:
    """Return what everybody may see of an integration: all but what it is set to."""
    return {
        "_id": internal_id(row),
        "identifier": row.identifier,
        "installationId": row.identifier,
        **({"title": row.title} if row.title else {}),
        "installationAppType": row.app_type,
        "integrationType": row.app_type,
        "installationType": INSTALLATION_TYPE,
        "version": row.version,
        "resyncState": _write_state(row),
        "createdAt": timestamp(row.created_at),
        "updatedAt": timestamp(row.updated_at),
        "createdBy": row.created_by,
        "updatedBy": row.updated_by,
    }


def write(row: "Integration", *, organization: str, addresses: Addresses) -> dict[str, Any]:
    """Return the object of an integration. What is not set is left out, where clients allow it."""
    optional = {
        "processingMode": row.processing_mode,
        "createPortResourcesOrigin": row.resources_origin,
        "oauthBrokerUrl": row.oauth_broker_url,
        "spec": row.spec,
    }
    ingest_id = internal_id(row)
    return {
        **write_summary(row),
        "_orgId": organization,
        "changelogDestination": row.changelog_destination,
        "config": row.config,
        "actionsProcessingEnabled": row.processes_actions,
        "incrementalSyncEnabled": row.syncs_incrementally,
        "arePortResourcesInitialized": row.has_initialized_resources,
        **{key: value for key, value in optional.items() if value},
        "logAttributes": {"ingestId": ingest_id, "ingestUrl": addresses.logs},
        "metricAttributes": {"ingestId": ingest_id, "ingestUrl": addresses.metrics},
        "ingestAttributes": {"ingestUrl": addresses.lake},
    }


def _write_state(row: "Integration") -> dict[str, Any]:
    """Return how the last resync went; empty where the exporter never told."""
    if row.resync_state_at is None:
        return {}
    told = {
        "status": row.resync_status or None,
        "lastResyncStart": _instant(row.resync_started_at),
        "lastResyncEnd": _instant(row.resync_ended_at),
        "nextResync": _instant(row.next_resync_at),
        "intervalInMinuets": row.resync_interval,
    }
    return {**told, "updatedAt": timestamp(row.resync_state_at)}


def write_request(row: "Integration") -> dict[str, Any] | None:
    """Return the resync that was asked for and has not begun; None where there is none."""
    if row.open_request_at is None:
        return None
    return {
        "updatedAt": timestamp(row.open_request_at),
        "createdBy": row.resync_requested_by,
    }


def write_cursor(row: "IntegrationCursor | None") -> dict[str, Any] | None:
    """Return up to where a kind was read."""
    return None if row is None else {**row.value, "kind": row.kind, "index": row.index}


def _instant(value: Any) -> str | None:
    return None if value is None else timestamp(value)
