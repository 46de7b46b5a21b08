"""A blueprint in this dialect, and as our own document. Pure.

Sections have other names here. What our document has no place for (`changelogDestination`, keys
that nobody knows, at any depth) are the *extras*: an object of the same build, kept beside the
blueprint and laid over it where it is shown. A null means the same as an absent key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog.blueprint_schema import BLUEPRINT_SCHEMA
from catalog.errors import Fault, Invalid

Json = dict[str, Any]

# Ours -> theirs; the other keys are the same.
NAMES = {
    "mirror_properties": "mirrorProperties",
    "calculation_properties": "calculationProperties",
    "aggregation_properties": "aggregationProperties",
}
_OURS = {theirs: ours for ours, theirs in NAMES.items()}
# What only the portal says of a blueprint; sent back, it says nothing.
SAID_BY_US = frozenset(["createdAt", "createdBy", "updatedAt", "updatedBy", "pending"])
# An empty one is none.
_TEXTS = ("description", "icon")
SECTIONS = ("schema", "relations", *NAMES.values())
_RELATION_DEFAULTS = {"title": None, "many": False, "required": False}
_OWNERSHIP = {
    kind: {"properties": dict.fromkeys(keys, {})}
    for kind, keys in {"Direct": ("type", "title"), "Inherited": ("type", "path", "title")}.items()
}
# The build of a blueprint, with which keys are told from extras.
_SHAPE: Json = {
    "properties": {
        NAMES.get(key, key): shape for key, shape in BLUEPRINT_SCHEMA["properties"].items()
    }
}
_SECTION_IN_PATH = re.compile(rf"(^|\.)({'|'.join(NAMES)})(?=\.|$)")


@dataclass(frozen=True)
class Wire:
    """What a client said: our document, whose parts may yet be wrong, and the extras."""

    document: Json
    extras: Json


def read(body: Mapping[str, Any]) -> Wire:
    """Return what a client says of a blueprint; raises `Invalid` for a broken `teamInheritance`.

    `teamInheritance`, the older way to say it, is read as inherited ownership unless `ownership`
    is there too.

    >>> wire = read({"identifier": "a", "relations": {"b": {"target": "c", "x": 1}}})
    >>> wire.document["relations"], wire.extras
    ({'b': {'target': 'c'}}, {'relations': {'b': {'x': 1}}})
    """
    said = {key: item for key, item in body.items() if key not in SAID_BY_US}
    known, extras = _peel(said, _shape_of(said))
    known = {**dict.fromkeys(SECTIONS, {}), **known}
    if isinstance(known["schema"], dict):
        known["schema"] = {"properties": {}, "required": [], **known["schema"]}
    known["relations"] = _without_defaults(known["relations"])
    for key in _TEXTS:
        if known.get(key) == "":
            del known[key]
    if extras.get("teamInheritance", ...) is None:
        del extras["teamInheritance"]
    inheritance = extras.get("teamInheritance")
    if inheritance is not None and "ownership" in known:
        # Tells that both were said, so that both are shown.
        extras.setdefault("ownership", {})
    elif inheritance is not None:
        known["ownership"] = {"type": "Inherited", "path": _inherited_path(inheritance)}
    return Wire({_OURS.get(key, key): item for key, item in known.items()}, extras)


def show(document: Mapping[str, Any], extras: Mapping[str, Any]) -> Json:
    """Return the blueprint as clients see it: what `read` gives for it is the same again."""
    known = {NAMES.get(key, key): item for key, item in document.items() if item not in (None, "")}
    # Whoever says it the older way is answered so: they would take the other for a change.
    if extras.get("teamInheritance") is not None and "ownership" not in extras:
        known.pop("ownership", None)
    whole = {**dict.fromkeys(SECTIONS, {}), **_lay(known, extras, _shape_of(known))}
    whole["schema"] = {"properties": {}, "required": [], **whole["schema"]}
    whole["relations"] = {
        key: {**_RELATION_DEFAULTS, **item} for key, item in whole["relations"].items()
    }
    return whole


def merge(shown: Mapping[str, Any], change: Mapping[str, Any]) -> Json:
    """Return the body that says what is shown, but for what a change names.

    Items of sections (a property, a relation) are named one by one, and each is replaced as a
    whole; the other items stay. Null takes an item, or another top-level key, away. Ownership and
    its older form replace each other.

    >>> merge({"relations": {"a": 1, "b": 2}}, {"relations": {"a": 3, "b": None}})["relations"]
    {'a': 3}
    """
    said = dict(shown)
    if "ownership" in change or "teamInheritance" in change:
        said.pop("ownership", None)
        said.pop("teamInheritance", None)
    for key, item in change.items():
        said[key] = _merged(said.get(key), item) if key in SECTIONS else item
    if isinstance(change.get("schema"), dict) and "properties" in change["schema"]:
        properties = _merged(shown["schema"]["properties"], change["schema"]["properties"])
        said["schema"] = {**said["schema"], "properties": properties}
    return said


def _merged(items: Any, change: Any) -> Any:
    if not isinstance(items, dict) or not isinstance(change, dict):
        return change
    return {key: item for key, item in {**items, **change}.items() if item is not None}


def in_their_words(error: Invalid, *, own: Any) -> Invalid:
    """Return an error of the catalog with places as in this dialect, seen from blueprint `own`."""
    return Invalid(replace(fault, path=_their_path(fault.path, own)) for fault in error.faults)


def their_place(section: str, key: str) -> str:
    """Return the place of a part of our document in theirs.

    >>> their_place("mirror_properties", "tier"), their_place("ownership", "")
    ('mirrorProperties.tier', 'ownership')
    """
    return ".".join(filter(None, [NAMES.get(section, section), key]))


def _their_path(path: str, own: Any) -> str:
    inner = path.removeprefix(f"{own}.")
    # Another blueprint's identifier may begin like this one's.
    path = inner if inner.split(".")[0] in BLUEPRINT_SCHEMA["properties"] else path
    return _SECTION_IN_PATH.sub(lambda match: match[1] + NAMES[match[2]], path)


def _shape_of(value: Mapping[str, Any]) -> Json:
    """Return the build of this blueprint: that of ownership depends on its type."""
    ownership = value.get("ownership")
    kind = ownership.get("type") if isinstance(ownership, Mapping) else None
    shape = _OWNERSHIP.get(kind if isinstance(kind, str) else "", {})
    return {"properties": {**_SHAPE["properties"], "ownership": shape}}


def _peel(value: Json, shape: Json) -> tuple[Json, Json]:
    """Return what of an object its build knows, and what else it holds."""
    known: Json = {}
    extras: Json = {}
    for key, item in value.items():
        inner = _inner(shape, key)
        if inner is None:
            extras[key] = item
        elif isinstance(item, dict) and _is_built(inner):
            known[key], more = _peel(item, inner)
            extras |= {key: more} if more else {}
        elif item is not None:
            known[key] = item
    return known, extras


def _lay(value: Mapping[str, Any], extras: Mapping[str, Any], shape: Json) -> Json:
    """Return an object with the extras of itself, and of the items that it has."""
    whole: Json = {key: item for key, item in extras.items() if _inner(shape, key) is None}
    for key, item in value.items():
        inner = _inner(shape, key) or {}
        is_deep = isinstance(item, dict) and _is_built(inner)
        if item is not None:
            whole[key] = _lay(item, extras.get(key, {}), inner) if is_deep else item
    return whole


def _is_built(shape: Json) -> bool:
    return "properties" in shape or isinstance(shape.get("additionalProperties"), dict)


def _inner(shape: Json, key: str) -> Json | None:
    """Return the build of what stands under a key, None where the key is not known."""
    if "properties" in shape:
        return shape["properties"].get(key)
    return shape["additionalProperties"]


def _without_defaults(relations: Any) -> Any:
    """Leave out what a relation is anyway, so that the same is said in one way."""
    if not isinstance(relations, dict):
        return relations
    return {
        key: {name: item[name] for name in item if item[name] is not _RELATION_DEFAULTS.get(name)}
        if isinstance(item, dict)
        else item
        for key, item in relations.items()
    }


def _inherited_path(inheritance: Any) -> str:
    path = inheritance.get("path") if isinstance(inheritance, Mapping) else None
    if not isinstance(path, str) or not path:
        raise Invalid([Fault("teamInheritance.path", "name the relations to the owner")])
    return path
