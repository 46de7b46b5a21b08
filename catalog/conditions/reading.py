"""What a query depends on, and whether that exists."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from catalog.conditions.nodes import (
    RELATION_PREFIX,
    Group,
    Leaf,
    Node,
    PresetRange,
    Query,
    Reference,
)
from catalog.conditions.problems import Problem, closest, quoted

META_PROPERTIES: tuple[str, ...] = (
    "$identifier",
    "$title",
    "$icon",
    "$blueprint",
    "$team",
    "$createdAt",
    "$createdBy",
    "$updatedAt",
    "$updatedBy",
    "$datasource",
)

CHOICES_NAMED = 10


def leaves(query: Query, *, path: str = "query", written: Any = None) -> Iterator[tuple[str, Leaf]]:
    """Yield every condition with its path, in reading order.

    `written` is the JSON that the query was parsed from: groups may call their conditions "rules".
    """
    yield from _leaves(query.root, path, written or {})


def _leaves(node: Node, path: str, written: Mapping[str, Any]) -> Iterator[tuple[str, Leaf]]:
    match node:
        case Group(conditions=conditions):
            key = "rules" if "rules" in written else "conditions"
            for index, child in enumerate(conditions):
                inner = written[key][index] if written else {}
                yield from _leaves(child, f"{path}.{key}[{index}]", inner)
        case Leaf():
            yield path, node


def reads(query: Query) -> frozenset[str]:
    """Return the keys of the facts that the answer depends on."""
    return frozenset(key for _, leaf in leaves(query) for key in _keys(leaf))


def _keys(leaf: Leaf) -> tuple[str, ...]:
    return (leaf.key, leaf.wanted.key) if isinstance(leaf.wanted, Reference) else (leaf.key,)


def without(query: Query, keys: Collection[str]) -> Query:
    """Return the query as it is where these keys of the facts are empty."""
    return Query(_group_without(query.root, keys))


def _group_without(group: Group, keys: Collection[str]) -> Group:
    children = (
        _group_without(node, keys) if isinstance(node, Group) else _leaf_without(node, keys)
        for node in group.conditions
    )
    return replace(group, conditions=tuple(children))


def _leaf_without(leaf: Leaf, keys: Collection[str]) -> Leaf:
    # No facts have a relation without a name.
    if leaf.key in keys:
        leaf = replace(leaf, subject="relation", name="")
    if isinstance(leaf.wanted, Reference) and leaf.wanted.key in keys:
        leaf = replace(leaf, wanted=Reference(RELATION_PREFIX))
    return leaf


def reads_clock(query: Query) -> bool:
    """Return whether the answer can change while the facts stay as they are."""
    return any(isinstance(leaf.wanted, PresetRange) for _, leaf in leaves(query))


def check_properties(
    query: Query, known: Collection[str], *, path: str = "query", written: Any = None
) -> list[Problem]:
    """Return a problem for every property or relation that the entities do not have.

    `known` holds keys of facts; relations are `relation#<identifier>`. Every entity has the
    meta-properties, so they need not be among them. `written` is the JSON of the query.
    """
    keys = frozenset(known) | frozenset(META_PROPERTIES)
    return [
        problem
        for place, leaf in leaves(query, path=path, written=written)
        for problem in _check_leaf(leaf, keys, place)
    ]


def _check_leaf(leaf: Leaf, keys: frozenset[str], path: str) -> Iterator[Problem]:
    if leaf.key not in keys:
        message = _missing_relation if leaf.subject == "relation" else _missing_property
        yield Problem(f"{path}.{leaf.subject}", message(leaf.name, keys))
    if isinstance(leaf.wanted, Reference) and leaf.wanted.key not in keys:
        yield Problem(f"{path}.value.property", _missing_property(leaf.wanted.key, keys))


def _missing_property(name: str, keys: frozenset[str]) -> str:
    if f"{RELATION_PREFIX}{name}" in keys:
        return f'{quoted(name)} is a relation; name it in "relation"'
    properties = sorted(key for key in keys if not key.startswith(RELATION_PREFIX))
    return f"there is no property {quoted(name)}" + _hint(name, properties)


def _missing_relation(name: str, keys: frozenset[str]) -> str:
    if name in keys:
        return f'{quoted(name)} is a property; name it in "property"'
    relations = sorted(
        key.removeprefix(RELATION_PREFIX) for key in keys if key.startswith(RELATION_PREFIX)
    )
    return f"there is no relation {quoted(name)}" + _hint(name, relations)


def _hint(name: str, known: list[str]) -> str:
    if suggestion := closest(name, known):
        return f"; did you mean {quoted(suggestion)}?"
    # What people named comes before what every entity has.
    first = sorted(known, key=lambda key: (key.startswith("$"), key))[:CHOICES_NAMED]
    return f"; choose one of {', '.join(first)}" if first else "; it has none"
