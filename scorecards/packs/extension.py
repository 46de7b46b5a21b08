"""Add a pack's properties to a blueprint that is already there."""

from copy import deepcopy
from typing import Any

Document = dict[str, Any]

FILLED_IN = ("identifier", "title", "description", "icon", "ownership")
MERGED = ("relations", "mirror_properties", "calculation_properties", "aggregation_properties")


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


def _extend_schema(existing: Document, addition: Document) -> Document:
    required = existing.get("required", []) + addition.get("required", [])
    return {
        "properties": existing.get("properties", {}) | addition.get("properties", {}),
        "required": list(dict.fromkeys(required)),
    }
