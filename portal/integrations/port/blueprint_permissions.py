"""Who may do what with the entities of a blueprint, as clients set it and read it. Pure.

It is kept and told, and decides nothing: what a credential may do is in its scope.
"""

from collections.abc import Mapping
from typing import Any

from catalog import schemas
from catalog.errors import Invalid

_NAMES = {"type": "array", "items": {"type": "string"}}
_LEAF = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "users": _NAMES,
        "roles": _NAMES,
        "teams": _NAMES,
        "ownedByTeam": {"type": "boolean"},
        "policy": {"type": ["object", "null"]},
    },
}
_ACTS = ("read", "register", "update", "unregister")
_ACTS_BY_KEY = ("updateProperties", "updateRelations")
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "entities": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(_ACTS, _LEAF),
                **dict.fromkeys(_ACTS_BY_KEY, {"type": "object", "additionalProperties": _LEAF}),
            },
        }
    },
}
_VALIDATOR = schemas.validator_of(_SCHEMA)


def shown(stored: Mapping[str, Any], *, blueprint: str) -> dict[str, Any]:
    """Return the permissions: all that there are, with what was set of them."""
    given = stored.get("entities", {})
    entities: dict[str, Any] = {
        act: {**_default(act, blueprint), **given.get(act, {})} for act in _ACTS
    }
    for act in _ACTS_BY_KEY:
        entities[act] = {key: {**_leaf(), **item} for key, item in given.get(act, {}).items()}
    return {"entities": entities}


def merge(stored: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was set, changed where a change names it; raises `Invalid`.

    Each list, flag and policy is replaced as a whole; those that are not named stay.
    """
    if faults := schemas.faults(_VALIDATOR, change):
        raise Invalid(faults)
    old = stored.get("entities", {})
    entities = dict(old)
    for act, item in change.get("entities", {}).items():
        leaves = {"": item} if act in _ACTS else item
        before = {"": old.get(act, {})} if act in _ACTS else old.get(act, {})
        after = {**before, **{key: {**before.get(key, {}), **leaves[key]} for key in leaves}}
        entities[act] = after[""] if act in _ACTS else after
    return {"entities": entities}


def _leaf(*roles: str) -> dict[str, Any]:
    return {"users": [], "roles": list(roles), "teams": [], "ownedByTeam": False}


def _default(act: str, blueprint: str) -> dict[str, Any]:
    return _leaf("Admin", "Member") if act == "read" else _leaf(f"{blueprint}-moderator", "Admin")
