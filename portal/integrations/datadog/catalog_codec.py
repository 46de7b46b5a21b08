"""Entities, kinds and relations as JSON:API objects. What has no value is left out."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from catalog.descriptors.datadog.relations import RelationType
from catalog.descriptors.datadog.versions import filled
from catalog.descriptors.references import Reference
from catalog.facts import timestamp
from catalog.models import Blueprint, Entity
from portal.integrations.datadog.definitions.declaring import Name
from portal.integrations.datadog.definitions.reading import Described
from portal.integrations.datadog.definitions.relating import Related
from portal.integrations.datadog.ids import entity_id, kind_id

Document = dict[str, Any]

# Clients know no v1.
_VERSIONS = {"v1": "v2"}
_NAMED_QUERIES = ("events", "logs")


def identified(described: Described) -> str:
    """Return the id of an entity."""
    return entity_id(described.entity.pk)


def entity_data(described: Described, related: Mapping[str, Any] | None = None) -> Document:
    """Return an entity; `related` are the relationships that are included with it."""
    metadata = described.whole["metadata"]
    attributes = {
        "apiVersion": _VERSIONS.get(described.version, described.version),
        "kind": described.reference.kind,
        "name": described.reference.name,
        "namespace": described.reference.namespace,
        **{key: metadata.get(key) for key in ("displayName", "description", "owner", "tags")},
    }
    return filled(
        {
            "id": identified(described),
            "type": "entity",
            "attributes": filled(attributes),
            "meta": {
                "createdAt": timestamp(described.created_at),
                "modifiedAt": timestamp(described.modified_at),
                "ingestionSource": "api" if described.kept else "ui",
                "origin": "unknown",
            },
            "relationships": dict(related or {}),
        }
    )


def schema_item(described: Described) -> Document:
    """Return the definition of an entity, to be included."""
    return {
        "id": identified(described),
        "type": "schema",
        "attributes": {"schema": schema_of(described)},
    }


def schema_of(described: Described) -> Document:
    """Return a definition as it is echoed: with what the server adds, items without gaps."""
    own = described.own
    source = "api" if described.kept else "ui"
    whole = {
        **own,
        "apiVersion": _VERSIONS.get(described.version, described.version),
        "metadata": {**own["metadata"], "managed": {"ingestionSource": source}},
    }
    if "datadog" in own:
        whole["datadog"] = {key: _without_gaps(key, item) for key, item in own["datadog"].items()}
    return whole


def _without_gaps(key: str, items: Any) -> Any:
    if key not in _NAMED_QUERIES:
        return items
    return [{"name": "", "query": "", **item} for item in items]


def raw_item(described: Described) -> Document:
    """Return the definition as it came, to be included."""
    encoded = b64encode(described.raw.encode()).decode()
    return {
        "id": identified(described),
        "type": "rawSchema",
        "attributes": {"rawSchema": encoded},
    }


def oncall_item(described: Described) -> Document | None:
    """Return who is called for an entity, to be included; None where nobody is named."""
    providers = [
        name
        for name in ("pagerduty", "opsgenie")
        if name in described.whole.get("integrations", {})
    ]
    if not providers:
        return None
    attributes = {"provider": providers[0], "escalations": []}
    return {"id": identified(described), "type": "oncall", "attributes": attributes}


def incident_item(incident: Entity) -> Document:
    """Return an incident about an entity, to be included."""
    facts = incident.facts
    attributes = {
        "title": incident.title,
        "status": facts.get("status") or "open",
        "provider": facts.get("$datasource") or None,
        "htmlURL": facts.get("url"),
        "createdAt": timestamp(incident.created_at),
    }
    return {"id": entity_id(incident.pk), "type": "incident", "attributes": filled(attributes)}


def related_item(related: Related) -> Document:
    """Return what an entity is related to, to be included with it."""
    target = _reference(related.edge.target)
    return {
        "id": relation_id(related),
        "type": "relatedEntity",
        "attributes": {**_named(target), "type": related.edge.type},
        "meta": {
            "createdAt": timestamp(related.created_at),
            "modifiedAt": timestamp(related.modified_at),
            "source": "schema",
            "defined_by": str(_reference(related.definer)),
        },
    }


def pointer(item: Mapping[str, Any]) -> Document:
    """Return the reference from an object to one that is included."""
    return {"id": item["id"], "type": item["type"]}


def relation_id(related: Related) -> str:
    """Return the id of a relation: who, what, whom."""
    edge = related.edge
    return f"{_reference(edge.source)}:{edge.type}:{_reference(edge.target)}"


def relation_data(related: Related, entities: Mapping[Name, Entity]) -> Document:
    """Return a relation; those of its ends that exist are pointed at."""
    edge = related.edge
    ends = {"fromEntity": entities.get(edge.source), "toEntity": entities.get(edge.target)}
    return filled(
        {
            "id": relation_id(related),
            "type": "relation",
            "attributes": {
                "type": RelationType(edge.type).value,
                "from": _named(_reference(edge.source)),
                "to": _named(_reference(edge.target)),
            },
            "meta": {
                "createdAt": timestamp(related.created_at),
                "modifiedAt": timestamp(related.modified_at),
                "source": "schema",
                "definedBy": str(_reference(related.definer)),
            },
            "relationships": {
                key: {"data": {"id": entity_id(entity.pk), "type": "entity"}}
                for key, entity in ends.items()
                if entity is not None
            },
        }
    )


def _reference(name: Name) -> Reference:
    return Reference.of(*name)


def _named(reference: Reference) -> dict[str, str]:
    return {
        "kind": reference.kind,
        "name": reference.name,
        "namespace": reference.namespace,
    }


def kind_data(blueprint: Blueprint) -> Document:
    """Return a kind."""
    note = getattr(blueprint, "kind_note", None)
    attributes = {
        "name": blueprint.identifier,
        "displayName": blueprint.title,
        "description": blueprint.description,
    }
    return {
        "id": kind_id(blueprint.pk),
        "type": "kind",
        "attributes": filled(attributes),
        "meta": {
            "createdAt": timestamp(note.created_at if note else blueprint.created_at),
            "modifiedAt": timestamp(max(blueprint.updated_at, note.updated_at))
            if note
            else timestamp(blueprint.updated_at),
        },
    }


def listed(data: list[Document], included: Iterable[Document] | None = None) -> Document:
    """Return the body of a list: counts are of what stands in it."""
    items = list(included) if included is not None else []
    body: Document = {"data": data, "meta": {"count": len(data), "includeCount": len(items)}}
    if items:
        body["included"] = items
    return body
