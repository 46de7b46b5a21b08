"""Who may do what with the entities of a blueprint, as it is set and read. Pure.

What it means is in `portal.policies`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from catalog import schemas
from catalog.errors import Fault, Invalid
from portal.policies import ACTS, BY_KEY, READ, default_leaf, empty_leaf, moderator_of

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
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "entities": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(ACTS, _LEAF),
                **dict.fromkeys(BY_KEY, {"type": "object", "additionalProperties": _LEAF}),
            },
        }
    },
}
_VALIDATOR = schemas.validator_of(_SCHEMA)


def shown(
    stored: Mapping[str, Any], *, blueprint: str, hidden: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the permissions: all that there are, with what was set of them.

    Without the moderators of blueprints that are `hidden`.
    """
    given, unnamed = stored.get("entities", {}), set(map(moderator_of, hidden))

    def whole(default: Mapping[str, Any], leaf: Mapping[str, Any]) -> dict[str, Any]:
        said = {**default, **leaf}
        return {**said, "roles": [role for role in said["roles"] if role not in unnamed]}

    entities: dict[str, Any] = {
        act: whole(default_leaf(act, blueprint), given.get(act, {})) for act in ACTS
    }
    for act in BY_KEY:
        entities[act] = {key: whole(empty_leaf(), leaf) for key, leaf in given.get(act, {}).items()}
    return {"entities": entities}


def merge(stored: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was set, changed where a change names it; raises `Invalid`.

    Each list, flag and policy is replaced as a whole; those that are not named stay.
    """
    if faults := [*schemas.faults(_VALIDATOR, change), *_unkept(change)]:
        raise Invalid(faults)
    old = stored.get("entities", {})
    entities = dict(old)
    for act, item in change.get("entities", {}).items():
        leaves = {"": item} if act in ACTS else item
        before = {"": old.get(act, {})} if act in ACTS else old.get(act, {})
        after = {**before, **{key: {**before.get(key, {}), **leaves[key]} for key in leaves}}
        entities[act] = after[""] if act in ACTS else after
    return {"entities": entities}


def with_blueprint_renamed(stored: Mapping[str, Any], *, old: str, new: str) -> dict[str, Any]:
    """Return what was set, with the moderators of a blueprint known by its new identifier."""
    roles = {moderator_of(old): moderator_of(new)}

    def renamed(leaf: Mapping[str, Any]) -> dict[str, Any]:
        if "roles" not in leaf:
            return dict(leaf)
        return {**leaf, "roles": [roles.get(role, role) for role in leaf["roles"]]}

    entities = {
        act: renamed(item) if act in ACTS else {key: renamed(leaf) for key, leaf in item.items()}
        for act, item in stored.get("entities", {}).items()
    }
    return {**stored, "entities": entities} if entities else dict(stored)


def with_key_renamed(stored: Mapping[str, Any], act: str, *, old: str, new: str) -> dict[str, Any]:
    """Return what was set, with a property or a relation (see `BY_KEY`) by its new name."""
    entities = stored.get("entities", {})
    if old not in entities.get(act, {}):
        return dict(stored)
    leaves = {new if key == old else key: leaf for key, leaf in entities[act].items()}
    return {**stored, "entities": {**entities, act: leaves}}


def _unkept(change: Any) -> Iterator[Fault]:
    """Yield what could be said and would not be held to."""
    entities = change.get("entities") if isinstance(change, Mapping) else None
    for path, leaf in _leaves(entities if isinstance(entities, Mapping) else {}):
        if leaf.get("policy"):
            yield Fault(f"{path}.policy", "is not held to here; name users, roles and teams")
        if path == f"entities.{READ}" and leaf.get("ownedByTeam"):
            message = "reading is for all entities of a blueprint or for none; name the teams"
            yield Fault(f"{path}.ownedByTeam", message)


def _leaves(entities: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for act, item in entities.items():
        if not isinstance(item, Mapping):
            continue
        if act in ACTS:
            yield f"entities.{act}", item
        for key, leaf in item.items() if act in BY_KEY else ():
            if isinstance(leaf, Mapping):
                yield f"entities.{act}.{key}", leaf
