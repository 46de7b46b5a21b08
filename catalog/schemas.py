"""JSON Schema checking, contained: nothing is ever fetched, and every error becomes a `Fault`."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs
import msgspec

from catalog.errors import Fault

# Formats of the blueprint language that JSON Schema knows under another name.
FORMATS = {"url": "uri", "timer": "date-time"}
_SUBSCHEMA_MAPS = ("properties", "patternProperties")


def _deny(uri: str) -> Any:
    raise ValueError(f"references to other documents are not allowed: {uri}")


def validator_of(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Compile a JSON Schema; raises `ValueError` if it is broken."""
    return jsonschema_rs.Draft202012Validator(
        # Masked: a message names the rule, it does not repeat a value that may be long or secret.
        dict(schema),
        validate_formats=True,
        retriever=_deny,
        mask="the value",
    )


def faults(validator: jsonschema_rs.Draft202012Validator, value: Any) -> list[Fault]:
    """Return everything wrong with `value`, each with its path (``items[2].name``)."""
    return [
        Fault(_path(error.instance_path), _words(error)) for error in validator.iter_errors(value)
    ]


def property_schema(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain JSON Schema for one property definition of a blueprint."""
    if definition.get("format") == "labeled-url":
        return {
            "type": "object",
            "required": ["url"],
            "additionalProperties": False,
            "properties": {
                "url": {"type": "string", "format": "uri"},
                "displayText": {"type": ["string", "null"]},
            },
        }
    schema = dict(definition)
    if "format" in schema:
        schema["format"] = FORMATS.get(schema["format"], schema["format"])
    if isinstance(schema.get("items"), Mapping):
        schema["items"] = property_schema(schema["items"])
    for key in _SUBSCHEMA_MAPS:
        if isinstance(schema.get(key), Mapping):
            schema[key] = {name: property_schema(sub) for name, sub in schema[key].items()}
    return schema


def entity_schema(schema: Mapping[str, Any], *, may_have_unknown: bool) -> dict[str, Any]:
    """Return the JSON Schema that the given properties of an entity must fit."""
    return {
        "type": "object",
        "properties": {
            name: property_schema(definition)
            for name, definition in schema.get("properties", {}).items()
        },
        "required": schema.get("required", []),
        "additionalProperties": may_have_unknown,
    }


@lru_cache(maxsize=512)
def _compiled(encoded: bytes) -> jsonschema_rs.Draft202012Validator:
    return validator_of(msgspec.json.decode(encoded))


def property_faults(
    schema: Mapping[str, Any], properties: Mapping[str, Any], *, may_have_unknown: bool = False
) -> list[Fault]:
    """Return what is wrong with the given properties of an entity of a blueprint with `schema`."""
    document = entity_schema(schema, may_have_unknown=may_have_unknown)
    return faults(_compiled(msgspec.json.encode(document)), dict(properties))


def _path(parts: list[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _words(error: Any) -> str:
    """Return the library's sentence, shortened where the value itself would fill the screen."""
    message: str = error.message
    return message if len(message) <= 300 else f"{message[:297]}..."
