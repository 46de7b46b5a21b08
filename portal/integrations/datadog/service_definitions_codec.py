"""Service definitions on the wire: in the version that is asked for, with what is doubtful."""

from typing import Any

from catalog.descriptors.datadog.definitions import as_v3
from catalog.descriptors.datadog.shapes import contact_warnings, service_keys
from catalog.descriptors.datadog.versions import filled, from_v3
from catalog.facts import timestamp
from portal.integrations.datadog.catalog_codec import identified
from portal.integrations.datadog.definitions.reading import Described

Document = dict[str, Any]

LATEST = "v2.2"


def service_data(described: Described, version: str | None, *, is_new: bool = False) -> Document:
    """Return a service in a version, or as it was defined; one just written has no id."""
    kept = described.kept
    origin = described.version if kept else LATEST
    meta = {
        "ingested-schema-version": origin,
        "ingestion-source": "api" if kept else "ui",
        "last-modified-time": timestamp(described.modified_at),
        "origin": "unknown",
        "warnings": _warnings(described),
    }
    wanted = version or (origin if described.is_service_definition else LATEST)
    shown = {
        "type": "service-definition",
        "id": None if is_new else identified(described).replace("-", ""),
        "attributes": {"meta": filled(meta), "schema": _schema(described, wanted)},
    }
    return filled(shown)


def _schema(described: Described, version: str) -> Document:
    kept = described.kept
    if kept is None or not described.is_service_definition or kept.schema_version != version:
        return from_v3(described.whole, version)
    is_as_sent = as_v3(kept.document, version) == described.own
    whole = kept.document if is_as_sent else from_v3(described.whole, version)
    return {"schema-version": version, **whole}


def _warnings(described: Described) -> list[dict[str, str]]:
    """Return what is doubtful about a definition and was kept all the same."""
    if described.kept is None or not described.is_service_definition:
        return []
    document, version = described.kept.document, described.version
    unknown = [
        {
            "message": f"'{key}' is no key of {version}; it is kept among the extensions",
            "keyword-location": "/additionalProperties",
            "instance-location": f"/{key}",
        }
        for key in document
        if key not in service_keys(version)
    ]
    return [*contact_warnings(document, version), *unknown]
