"""Queries in English, as fragments that a page puts into its own sentence."""

import json
import re
from collections.abc import Mapping

from catalog.conditions.nodes import (
    RELATION_PREFIX,
    Constant,
    Group,
    Leaf,
    Node,
    PresetRange,
    Query,
    Range,
    Reference,
)
from catalog.conditions.operators import OPERATORS, Operand
from catalog.conditions.values import as_moment

Titles = Mapping[str, str]
NULL = Constant.of(None)


def describe(query: Query, *, titles: Titles | None = None) -> str:
    """Return what the query asks for.

    `titles` maps keys of facts to what people call them; an identifier stands in for what is not
    there, with spaces for underscores.

    Example: `deployment frequency is at least 0.25 and total deployments is more than 0`.
    """
    return _describe_node(query.root, titles or {}, is_nested=False)


def _describe_node(node: Node, titles: Titles, *, is_nested: bool) -> str:
    match node:
        case Leaf():
            return _describe_leaf(node, titles)
        case Group(conditions=()):
            return "anything"
        case Group(combinator=combinator, conditions=conditions):
            has_many = len(conditions) > 1
            parts = [
                _describe_node(child, titles, is_nested=is_nested or has_many)
                for child in conditions
            ]
            text = f" {combinator} ".join(parts)
            return f"({text})" if is_nested and has_many else text


def _describe_leaf(leaf: Leaf, titles: Titles) -> str:
    label = leaf.effective.label
    if _is_worded(leaf) or leaf.effective.dated:
        label = f"is {describe_wanted(leaf, titles=titles)}"
    elif leaf.wanted is not None:
        label = f"{label} {_operand_text(leaf, titles)}"
    return f"{title_of(leaf.key, titles)} {label}"


def describe_wanted(leaf: Leaf, *, titles: Titles | None = None) -> str:
    """Return what a condition wants, to show beside what was found: `at most 720`."""
    operator, text = leaf.effective, _operand_text(leaf, titles or {})
    if isinstance(leaf.wanted, Range | PresetRange):
        return f"not {text}" if operator.negates else text
    if leaf.wanted == NULL:
        return OPERATORS["isNotEmpty" if operator.negates else "isEmpty"].wanted
    if operator.dated and isinstance(leaf.wanted, Constant) and as_moment(leaf.wanted.value):
        return f"{operator.dated} {text}"
    return f"{operator.wanted} {text}".strip()


def _is_worded(leaf: Leaf) -> bool:
    """Return whether the wanted text already holds the operator, so that only "is" is missing."""
    return isinstance(leaf.wanted, Range | PresetRange) or leaf.wanted == NULL


def _operand_text(leaf: Leaf, titles: Titles) -> str:
    match leaf.wanted:
        case None:
            return ""
        case Reference(key=key):
            return title_of(key, titles)
        case PresetRange():
            return leaf.wanted.preset.label
        case Range(start=start, end=end):
            return f"between {_value_text(start.value)} and {_value_text(end.value)}"
        case Constant():
            return _constant_text(leaf.wanted.value, operand=leaf.effective.operand)


def _constant_text(value: object, *, operand: Operand) -> str:
    if isinstance(value, list) and operand is Operand.LIST and value:
        # A number and the text of the same number read alike, and once is enough.
        return ", ".join(dict.fromkeys(map(_value_text, value)))
    return _value_text(value)


def _value_text(value: object) -> str:
    """Return a value the way people write it; JSON where that would be ambiguous."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return json.dumps(value, ensure_ascii=False)


def title_of(key: str, titles: Titles) -> str:
    """Return what people call a key of the facts."""
    if key in titles:
        return titles[key]
    if key.startswith("$"):
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key[1:]).lower() or key
    return key.removeprefix(RELATION_PREFIX).replace("_", " ")
