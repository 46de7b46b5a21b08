"""Scopes: which entities a rule or a campaign is about, as a query and as our condition. Pure.

A scope asks for fields of an entity's definition: ``kind:service AND team:platform``,
``tier:(1 OR 2)``, ``-lifecycle:deprecated``, ``name:checkout*``. What is no field is a tag:
``env:prod`` asks for the tag of this name. See `scope_terms` for how conditions are joined.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.conditions import OPPOSITES, Constant, Group, Leaf, Query, parse
from catalog.errors import Invalid
from portal.integrations.datadog.scope_terms import (
    AllOf,
    Node,
    Not,
    Term,
    read_terms,
    refusal,
)

Condition = dict[str, Any]

# The fields that hold one text, and those that hold a list of them, with the facts they stand for.
_TEXTS = {
    "kind": "$blueprint",
    "name": "$identifier",
    "tier": "tier",
    "lifecycle": "lifecycle",
    "type": "type",
    "application": "application",
}
_LISTS = {
    "team": "$team",
    "owner": "$team",
    "languages": "languages",
    "language": "languages",
    "tags": "tags",
    "tag": "tags",
}
# Also what a blueprint of one's own may hold as a number.
_NUMBERED = "tier"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_TAG_KEY = re.compile(r"[A-Za-z_][\w./-]*")
_PLAIN = re.compile(r"[\w.][\w.:/@+=-]*")
# What no tag is asked for by, and the field by which a fact is asked for: the first of its names.
_OWN = frozenset([*_TEXTS, *_LISTS, "namespace"])
_FIELDS = {
    "$team": "team",
    "languages": "language",
    "tags": "tag",
    **{fact: field for field, fact in _TEXTS.items()},
}
_OPEN = {(False, True): "beginsWith", (True, False): "endsWith", (True, True): "contains"}


def parse_scope(text: str, *, path: str = "scope_query") -> Condition | None:
    """Return the condition that a scope stands for; None where it is empty or ``*``.

    Raises `Invalid` with the place of the fault and the way out.

    >>> parse_scope("kind:service")
    {'combinator': 'and', 'conditions': [{'property': '$blueprint', 'operator': '=', 'value': 'service'}]}
    """  # noqa: E501
    if text.strip() in ("", "*"):
        return None
    found = _condition(read_terms(text, path=path), path=path, is_wanted=True)
    return found if "combinator" in found else _group("and", [found])


def _condition(node: Node, *, path: str, is_wanted: bool) -> Condition:
    """Return the condition of a node; where it is not wanted, that of its opposite."""
    match node:
        case Not(part=part):
            return _condition(part, path=path, is_wanted=not is_wanted)
        case Term():
            return _leaf(node, path=path, is_wanted=is_wanted)
    inner = [_condition(part, path=path, is_wanted=is_wanted) for part in node.parts]
    # The opposite of all is any.
    combinator = "and" if isinstance(node, AllOf) is is_wanted else "or"
    flat = [
        child
        for item in inner
        for child in (item["conditions"] if item.get("combinator") == combinator else [item])
    ]
    merged = _merged(flat) if combinator == "or" else flat
    return merged[0] if len(merged) == 1 else _group(combinator, merged)


def _group(combinator: str, conditions: Sequence[Condition]) -> Condition:
    return {"combinator": combinator, "conditions": list(conditions)}


def _leaf(term: Term, *, path: str, is_wanted: bool) -> Condition:
    name = term.field.lower()
    if name == "namespace":
        raise refusal(path, term.at, "a scope asks for no namespace; ask for names or tags")
    if name in _TEXTS:
        fact, (operator, value) = _TEXTS[name], _text_test(term)
    else:
        fact, (operator, value) = _LISTS.get(name, "tags"), _member_test(term, path=path)
    if not is_wanted:
        operator = OPPOSITES[operator]
    return {"property": fact, "operator": operator, **({} if value is None else {"value": value})}


def _text_test(term: Term) -> tuple[str, Any]:
    is_open = (term.is_open_before, term.is_open_behind)
    if True in is_open:
        return (_OPEN[is_open], term.value) if term.value else ("isNotEmpty", None)
    if term.field.lower() == _NUMBERED and _NUMBER.fullmatch(term.value):
        return "in", [term.value, int(term.value)]
    return "=", term.value


def _member_test(term: Term, *, path: str) -> tuple[str, Any]:
    is_field = term.field.lower() in _LISTS
    if not (term.is_open_before or term.is_open_behind):
        return "contains", term.value if is_field else f"{term.field}:{term.value}"
    if term.value or not is_field:
        shown = f"{term.field}:value"
        message = f"of what an entity has several of, ask for one as a whole, like {shown}"
        raise refusal(path, term.at, message)
    return "isNotEmpty", None


def _merged(conditions: Sequence[Condition]) -> list[Condition]:
    """Return the conditions of which one must hold; those that ask one fact for values as one."""
    merged: dict[Any, Condition] = {}
    for index, item in enumerate(conditions):
        many = _many_of(item)
        place = (item["property"], many) if many else index
        if place in merged:
            values = [*_values(merged[place]), *_values(item)]
            merged[place] = {**item, "operator": many, "value": values}
        else:
            merged[place] = item
    return list(merged.values())


def _many_of(condition: Condition) -> str:
    """Return the operator that asks the same for several values; empty where there is none."""
    match condition.get("operator"):
        case "=" | "in":
            return "in"
        case "contains" if condition["property"] in _LISTS.values():
            return "containsAny"
        case "containsAny":
            return "containsAny"
    return ""


def _values(leaf: Condition) -> list[Any]:
    return leaf["value"] if leaf["operator"] in ("in", "containsAny") else [leaf["value"]]


def write_scope(condition: Mapping[str, Any] | None) -> str | None:
    """Return the scope that a condition stands for, empty for None; None where there is none.

    What scopes are read into can be written; filters that others made, where they say the same.
    """
    if condition is None:
        return ""
    query = parse(condition)
    written = _written(query.root)
    # The judge of what stands there is who reads it.
    return written if written is not None and _is_read_as(query, written) else None


def _is_read_as(query: Query, text: str) -> bool:
    try:
        found = parse_scope(text)
    except Invalid:
        return False
    return found is not None and parse(found) == query


def _written(group: Group) -> str | None:
    parts = []
    for child in group.conditions:
        part = _written_leaf(child) if isinstance(child, Leaf) else _written(child)
        if part is None:
            return None
        # Any inside of all; all inside of any are joined more tightly without.
        needs_parentheses = isinstance(child, Group) and child.combinator == "or"
        parts.append(f"({part})" if needs_parentheses else part)
    return f" {group.combinator.upper()} ".join(parts)


def _written_leaf(leaf: Leaf) -> str | None:
    field = _FIELDS.get(leaf.key)
    if field is None or leaf.is_inverted is not None:
        return None
    if leaf.operator in ("isEmpty", "isNotEmpty"):
        return f"{'-' if leaf.operator == 'isEmpty' else ''}{field}:*"
    if not isinstance(leaf.wanted, Constant):
        return None
    row = leaf.effective
    sign, operator = ("-", row.negates) if row.negates else ("", row.token)
    values = leaf.wanted.value if operator in ("in", "containsAny") else [leaf.wanted.value]
    # Numbers stand beside their texts, which are what was written.
    texts = [item for item in values if isinstance(item, str)]
    return f"{sign}{_written_values(field, operator, texts)}" if texts else None


def _written_values(field: str, operator: str, texts: Sequence[str]) -> str:
    shown = [_shown(text) for text in texts]
    match operator:
        case "beginsWith":
            return f"{field}:{_escaped(texts[0])}*"
        case "endsWith":
            return f"{field}:*{_escaped(texts[0])}"
        case "contains" if field in _TEXTS:
            return f"{field}:*{_escaped(texts[0])}*"
    if len(texts) > 1:
        return f"{field}:({' OR '.join(shown)})"
    key, separator, value = texts[0].partition(":")
    if field == "tag" and separator and _TAG_KEY.fullmatch(key) and key.lower() not in _OWN:
        return f"{key}:{_shown(value)}"
    return f"{field}:{shown[0]}"


def _shown(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.upper() not in ("AND", "OR", "NOT"):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _escaped(text: str) -> str:
    return re.sub(r"([^\w.])", r"\\\1", text)
