"""What of the blueprints of the portal itself can be edited: all but what it relies on. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.errors import Fault, Invalid, NotFound
from catalog.system import SYSTEM
from portal.integrations.port import blueprint_codec as codec
from portal.integrations.port.derived_blueprints import DERIVED, documents


def structure(identifier: str) -> dict[str, Any]:
    """Return the part of a system blueprint that the portal manages; raises `NotFound`."""
    if identifier in DERIVED:
        return documents({})[identifier]
    if identifier not in SYSTEM:
        raise NotFound(f"There is no system blueprint '{identifier}'.")
    return codec.show({"identifier": identifier, **SYSTEM[identifier]}, {})


def with_managed(
    identifier: str, document: Mapping[str, Any], *, stored: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a document with what the blueprint has in any case, as it is stored.

    More properties are welcome, and relations that are not required: where one is, nobody could
    make a team or a user in the ways of the portal. Raises `Invalid`.
    """
    managed = SYSTEM.get(identifier, {})
    if faults := list(_faults(document, managed)):
        raise Invalid(faults)
    whole = {"title": stored["title"], **document}
    schema = document.get("schema")
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        kept = {key: stored["schema"]["properties"].get(key, item) for key, item in _fixed(managed)}
        whole["schema"] = {**schema, "properties": {**kept, **schema["properties"]}}
    if "ownership" in managed:
        whole["ownership"] = document.get("ownership") or stored["ownership"]
    return whole


def _fixed(managed: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(managed.get("schema", {}).get("properties", {}).items())


def _faults(document: Mapping[str, Any], managed: Mapping[str, Any]) -> Iterator[Fault]:
    properties = _items(document.get("schema"), "properties")
    for key, definition in _fixed(managed):
        given = properties.get(key)
        if isinstance(given, dict) and given.get("type") != definition["type"]:
            message = f"belongs to the portal; its type is {definition['type']}"
            yield Fault(f"schema.properties.{key}.type", message)
    for key, item in _items(document, "relations").items():
        if isinstance(item, dict) and item.get("required") is True:
            message = "nothing can be required of what belongs to the portal; leave it out"
            yield Fault(f"relations.{key}.required", message)
    given, wanted = document.get("ownership"), managed.get("ownership")
    if wanted and isinstance(given, dict) and given.get("type") != wanted["type"]:
        yield Fault("ownership.type", f"belongs to the portal; its type is {wanted['type']}")


def _items(value: Any, key: str) -> Mapping[str, Any]:
    """Return an object in an object, where both are; what is none is refused elsewhere."""
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}
