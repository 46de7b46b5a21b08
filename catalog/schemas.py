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
_REFERENCES = frozenset(["$ref", "$dynamicRef", "$recursiveRef"])
# Texts for people, which a blueprint may also leave null.
_NOTES = frozenset(["title", "description", "icon"])


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


def holds_reference(schema: Any) -> bool:
    """Say whether a schema refers to another, or to itself, at any depth.

    A property stands alone: what `#` means would change with the schema around it.
    """
    if isinstance(schema, Mapping):
        return any(
            (key in _REFERENCES and isinstance(item, str)) or holds_reference(item)
            for key, item in schema.items()
        )
    return isinstance(schema, list) and any(map(holds_reference, schema))


def property_schema(definition: Any) -> Any:
    """Return plain JSON Schema for one property definition of a blueprint.

    What is no object (JSON Schema knows `true` and `false`) is left for the compiler to judge.
    """
    if not isinstance(definition, Mapping):
        return definition
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
    schema = {
        key: item for key, item in definition.items() if key not in _NOTES or item is not None
    }
    if isinstance(schema.get("format"), str):
        schema["format"] = FORMATS.get(schema["format"], schema["format"])
    if "items" in schema:
        schema["items"] = property_schema(schema["items"])
    for key in _SUBSCHEMA_MAPS:
        if isinstance(schema.get(key), Mapping):
            schema[key] = {name: property_schema(sub) for name, sub in schema[key].items()}
    return schema


def entity_schema(
    schema: Mapping[str, Any], *, may_have_unknown: bool = False, may_lack_required: bool = False
) -> dict[str, Any]:
    """Return the JSON Schema that the given properties of an entity must fit."""
    return {
        "type": "object",
        "properties": {
            name: property_schema(definition)
            for name, definition in schema.get("properties", {}).items()
        },
        "required": [] if may_lack_required else schema.get("required", []),
        "additionalProperties": may_have_unknown,
    }


@lru_cache(maxsize=512)
def _compiled(encoded: bytes) -> jsonschema_rs.Draft202012Validator:
    return validator_of(msgspec.json.decode(encoded))


def property_faults(
    schema: Mapping[str, Any],
    properties: Mapping[str, Any],
    *,
    may_have_unknown: bool = False,
    may_lack_required: bool = False,
) -> list[Fault]:
    """Return what is wrong with the given properties of an entity of a blueprint with `schema`."""
    document = entity_schema(
        schema, may_have_unknown=may_have_unknown, may_lack_required=may_lack_required
    )
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
