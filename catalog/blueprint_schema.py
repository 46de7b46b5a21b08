"""The shape of a blueprint document, as JSON Schema. Meaning is checked in `catalog.blueprints`."""

from typing import Any

PROPERTY_TYPES = ("string", "number", "boolean", "object", "array")
PROPERTY_FORMATS = (
    "date-time", "url", "email", "idn-email", "ipv4", "ipv6", "markdown", "yaml", "user",
    "blueprints", "team", "timer", "proto", "labeled-url",
)  # fmt: skip
FUNCTIONS = ("count", "average", "sum", "min", "max", "median", "p50", "p75", "p90", "p95")
INTERVALS = ("hour", "day", "week", "month", "total")

BLUEPRINT_IDENTIFIER = r"^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/-]+$"
PROPERTY_IDENTIFIER = r"^[A-Za-z0-9@_=\\-]+$"

_TEXT = {"type": "string"}
_NULLABLE_TEXT = {"type": ["string", "null"]}
_TITLE = {"type": ["string", "null"], "maxLength": 100}
_IDENTIFIED = {"pattern": PROPERTY_IDENTIFIER, "maxLength": 100}

_PROPERTY: dict[str, Any] = {
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": list(PROPERTY_TYPES)},
        "title": _TITLE,
        "description": _NULLABLE_TEXT,
        "icon": _NULLABLE_TEXT,
        "default": {},
        "format": {"enum": list(PROPERTY_FORMATS)},
        "spec": {"enum": ["open-api", "embedded-url", "async-api"]},
        "specAuthentication": {"type": "object"},
        "enum": {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1},
        "enumColors": {"type": "object", "additionalProperties": _TEXT},
        "minLength": {"type": "integer", "minimum": 0},
        "maxLength": {"type": "integer", "minimum": 0},
        "pattern": {"type": "string", "format": "regex"},
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "exclusiveMinimum": {"type": "number"},
        "exclusiveMaximum": {"type": "number"},
        "items": {"type": "object"},
        "minItems": {"type": "integer", "minimum": 0},
        "maxItems": {"type": "integer", "minimum": 0},
        "uniqueItems": {"type": "boolean"},
        "properties": {"type": "object"},
        "patternProperties": {"type": "object"},
        "additionalProperties": {"type": ["boolean", "object"]},
        "dateFormat": _TEXT,
        "date_format": _TEXT,
    },
}
_RELATION: dict[str, Any] = {
    "type": "object",
    "required": ["target"],
    "additionalProperties": False,
    "properties": {
        "target": _TEXT,
        "title": _TITLE,
        "description": _NULLABLE_TEXT,
        "required": {"type": "boolean"},
        "many": {"type": "boolean"},
        "inferred": {
            "type": "object",
            "required": ["through", "at", "targetAt", "withinHours"],
            "additionalProperties": False,
            "properties": {
                "prefer": _TEXT,
                "through": _TEXT,
                "at": _TEXT,
                "targetAt": _TEXT,
                "withinHours": {"type": "number", "minimum": 0, "maximum": 8_760},
                "query": {"type": ["object", "null"]},
            },
        },
    },
}
_MIRROR: dict[str, Any] = {
    "type": "object",
    "required": ["path"],
    "additionalProperties": False,
    "properties": {"path": {"type": "string", "minLength": 3}, "title": _TITLE},
}
_CALCULATION: dict[str, Any] = {
    "type": "object",
    "required": ["calculation", "type"],
    "additionalProperties": False,
    "properties": {
        "calculation": {"type": "string", "minLength": 1, "maxLength": 20_000},
        "type": {"enum": list(PROPERTY_TYPES)},
        "title": _TITLE,
        "description": _NULLABLE_TEXT,
        "icon": _NULLABLE_TEXT,
        "format": {
            "enum": [name for name in PROPERTY_FORMATS if name not in ("timer", "blueprints")]
        },
        "spec": _PROPERTY["properties"]["spec"],
        "specAuthentication": {"type": "object"},
        "colorized": {"type": "boolean"},
        "colors": {"type": "object", "additionalProperties": _TEXT},
        "items": {"type": "object"},
    },
}
_AGGREGATION: dict[str, Any] = {
    "type": "object",
    "required": ["target", "calculationSpec"],
    "additionalProperties": False,
    "properties": {
        "target": _TEXT,
        "title": _TITLE,
        "description": _NULLABLE_TEXT,
        "icon": _NULLABLE_TEXT,
        "type": {"enum": ["number"]},
        "query": {"type": ["object", "null"]},
        "calculationSpec": {
            "type": "object",
            "required": ["func", "calculationBy"],
            "additionalProperties": False,
            "properties": {
                # One of FUNCTIONS: refused with the choices where the meaning is checked.
                "func": _TEXT,
                "calculationBy": {"enum": ["entities", "property"]},
                "property": _TEXT,
                "averageOf": {"enum": list(INTERVALS)},
                "measureTimeBy": _TEXT,
            },
        },
        "pathFilter": {
            "type": "array",
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["path"],
                "additionalProperties": False,
                "properties": {
                    "path": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 10},
                    "fromBlueprint": _TEXT,
                },
            },
        },
    },
}


def _map_of(definition: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": _IDENTIFIED,
        "additionalProperties": definition,
        "maxProperties": 500,
    }


BLUEPRINT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["identifier", "title"],
    "additionalProperties": False,
    "properties": {
        "identifier": {"type": "string", "maxLength": 100, "pattern": BLUEPRINT_IDENTIFIER},
        "title": {"type": "string", "minLength": 1, "maxLength": 100},
        "description": {"type": "string", "maxLength": 500},
        "icon": {"type": "string", "maxLength": 100},
        "schema": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "properties": _map_of(_PROPERTY),
                "required": {"type": "array", "items": _TEXT, "uniqueItems": True},
            },
        },
        "relations": _map_of(_RELATION),
        "mirror_properties": _map_of(_MIRROR),
        "calculation_properties": _map_of(_CALCULATION),
        "aggregation_properties": _map_of(_AGGREGATION),
        "ownership": {
            "oneOf": [
                {"type": "null"},
                {
                    "type": "object",
                    "required": ["type"],
                    "additionalProperties": False,
                    "properties": {"type": {"const": "Direct"}, "title": _TITLE},
                },
                {
                    "type": "object",
                    "required": ["type", "path"],
                    "additionalProperties": False,
                    "properties": {
                        "type": {"const": "Inherited"},
                        "path": {"type": "string", "minLength": 1},
                        "title": _TITLE,
                    },
                },
            ]
        },
    },
}
