"""From a query back to JSON."""

from typing import Any

from catalog.conditions.nodes import (
    Constant,
    Group,
    Leaf,
    Node,
    PresetRange,
    Query,
    Range,
    Reference,
    Wanted,
)


def dump(query: Query) -> dict[str, Any]:
    """Return the canonical JSON: children under `conditions`, all else as it was read.

    Reading it again gives an equal query.
    """
    return dump_node(query.root)


def dump_node(node: Node) -> dict[str, Any]:
    """Return the JSON of one group or condition."""
    match node:
        case Group(combinator=combinator, conditions=conditions):
            children = [dump_node(child) for child in conditions]
            return {"combinator": combinator, "conditions": children}
        case Leaf():
            return _dump_leaf(node)


def _dump_leaf(leaf: Leaf) -> dict[str, Any]:
    document: dict[str, Any] = {leaf.subject: leaf.name, "operator": leaf.operator}
    if leaf.wanted is not None:
        document["value"] = dump_wanted(leaf.wanted)
    if leaf.is_inverted is not None:
        document["not"] = leaf.is_inverted
    return document


def dump_wanted(wanted: Wanted) -> Any:
    """Return the JSON of what a condition compares with; None where it compares with nothing."""
    match wanted:
        case Constant():
            return wanted.value
        case Reference(key=key):
            return {"property": key}
        case Range(start=start, end=end):
            return {"from": start.value, "to": end.value}
        case PresetRange(token=token):
            return {"preset": token}
        case None:
            return None
