"""What a run is given, checked against what its action asks for. Pure.

A definition is a property definition whose keywords may also be ``{"jqQuery": ..}``: those depend
on the form that a person sees, and are left to it. Inputs that are not defined are accepted.
"""

from collections.abc import Mapping
from typing import Any

from catalog import schemas
from catalog.errors import Fault

# The keywords that say what a value may be.
_KEYWORDS = frozenset(
    ["type", "format", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum"]
    + ["exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "items"]
)
_FORMATS = ("date-time", "email", "ipv4", "ipv6", "url", "uri")


def input_faults(inputs: Mapping[str, Any], given: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with the values that a run is given; null is nothing."""
    definitions = inputs.get("properties") or {}
    values = {key: value for key, value in given.items() if value is not None}
    schema = {
        "properties": {name: _plain(definition) for name, definition in definitions.items()},
        "required": [name for name in _required(inputs) if _is_shown(definitions.get(name))],
    }
    try:
        found = schemas.property_faults(schema, values, may_have_unknown=True)
    except ValueError as error:
        return [Fault("", f"the inputs of the action are no usable schema: {error}")]
    return [fault.under("properties") for fault in found]


def _required(inputs: Mapping[str, Any]) -> list[str]:
    required = inputs.get("required")
    return required if isinstance(required, list) else []


def _is_shown(definition: Any) -> bool:
    return not isinstance(definition, dict) or definition.get("visible") is not False


def _plain(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a definition that does not depend on a form."""
    kept = {
        key: value
        for key, value in definition.items()
        if key in _KEYWORDS and not (isinstance(value, dict) and "jqQuery" in value)
    }
    if isinstance(kept.get("items"), dict):
        kept["items"] = _plain(kept["items"])
    # An entity, a user and other things that have no form as text of their own.
    if kept.get("format") not in _FORMATS:
        kept.pop("format", None)
    return kept
