"""Add a pack's properties to a blueprint that is already there."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

Document = dict[str, Any]

FILLED_IN = ("identifier", "title", "description", "icon", "ownership")
GIVEN = "schema"
COMPUTED = ("mirror_properties", "calculation_properties", "aggregation_properties")
MERGED = ("relations", *COMPUTED)


def extend_blueprint(existing: Document, extension: Document) -> Document:
    """Return the blueprint document with the extension's definitions in it; change neither.

    The extension wins for the properties and relations it defines, so installing a pack again
    repairs them. All others stay, and so does what people may have reworded or decided: title,
    description, icon and ownership come from the extension only where they are empty.

    >>> extend_blueprint({"title": "App", "icon": ""}, {"title": "Service", "icon": "Cube"})["icon"]
    'Cube'
    """
    merged = deepcopy(existing)
    addition = deepcopy(extension)
    for key in FILLED_IN:
        if key in addition and not merged.get(key):
            merged[key] = addition[key]
    for key in MERGED:
        merged[key] = (merged.get(key) or {}) | (addition.get(key) or {})
    merged["schema"] = _extend_schema(merged.get("schema") or {}, addition.get("schema") or {})
    return merged


def enrich_blueprint(existing: Document, addition: Document) -> Document:
    """Return the blueprint document with what it lacks of an addition; change neither.

    Other than an extension, an addition is no part of what the blueprint is: people who use one of
    its names keep what they mean by it. Only what is computed is brought up to date, where it was
    computed before.

    >>> addition = {"schema": {"properties": {"tier": {"type": "string"}}}}
    >>> theirs = {"schema": {"properties": {"tier": {"type": "number"}}}}
    >>> enrich_blueprint(theirs, addition)["schema"]["properties"]["tier"]
    {'type': 'number'}
    """
    enriched = deepcopy(existing)
    held = definitions_of(existing)
    for section, definitions in definitions_of(addition).items():
        elsewhere = {key for name, keys in held.items() if name != section for key in keys}
        free = {key: item for key, item in definitions.items() if key not in elsewhere}
        if section == GIVEN:
            schema = enriched["schema"] = {"required": [], **(enriched.get("schema") or {})}
            schema["properties"] = deepcopy(free) | (schema.get("properties") or {})
        elif free:
            enriched[section] = (enriched.get(section) or {}) | deepcopy(free)
    return enriched


def definitions_of(blueprint: Document) -> dict[str, Mapping[str, Any]]:
    """Return the definitions of all properties, by section; those that are given under ``schema``.

    No name stands in two sections.
    """
    given = (blueprint.get("schema") or {}).get("properties") or {}
    return {GIVEN: given} | {name: blueprint.get(name) or {} for name in COMPUTED}


def _extend_schema(existing: Document, addition: Document) -> Document:
    required = existing.get("required", []) + addition.get("required", [])
    return {
        "properties": existing.get("properties", {}) | addition.get("properties", {}),
        "required": list(dict.fromkeys(required)),
    }
