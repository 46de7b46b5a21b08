"""Scopes against an oracle that reads the same trees, and back to text again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.conditions import matches, parse
from catalog.errors import Invalid
from portal.integrations.datadog.scope_terms import MAX_DEPTH, MAX_LENGTH, MAX_TERMS
from portal.integrations.datadog.scopes import parse_scope, write_scope
from tests.builders import NOW, condition

_CHECKOUT = {
    "$blueprint": "service",
    "$identifier": "checkout-api",
    "$team": ["platform", "payments"],
    "tier": "1",
    "lifecycle": "production",
    "type": "web",
    "application": "shop",
    "languages": ["go", "python"],
    "tags": ["env:prod", "pci", "url:http://shop"],
}


def _holds(scope: str, **facts: Any) -> bool:
    found = parse_scope(scope)
    return found is None or matches(parse(found), {**_CHECKOUT, **facts}, now=NOW)


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "  ",
        "*",
        "kind:service",
        "KIND:service",
        "kind:service AND team:platform",
        "kind:service team:payments",
        "owner:platform",
        "team:(payments AND platform)",
        "kind:(service OR datastore)",
        "kind:datastore OR tier:1",
        "kind:datastore OR kind:service AND tier:1",
        "tier:1",
        'tier:"1"',
        "tier:(1 OR 2)",
        "lifecycle:production AND type:web AND application:shop",
        "language:go AND languages:python",
        "env:prod",
        "env:(dev OR prod)",
        "tag:pci AND tags:env:prod",
        'url:"http://shop"',
        "url:http://shop",
        'name:"checkout-api"',
        "name:checkout*",
        "name:*-api",
        "name:*out-a*",
        "name:*",
        "team:*",
        "-kind:datastore",
        "NOT kind:datastore",
        "NOT NOT kind:service",
        "kind:service -lifecycle:deprecated",
        "-team:(a OR b)",
        "-env:(dev OR test)",
        "NOT (kind:service AND tier:2)",
        "NOT(kind:datastore)",
        "-name:*worker",
        "kind:(-datastore)",
        "(kind:service OR tier:2) AND (env:prod)",
    ],
)
def test_a_scope_matches(scope: str) -> None:
    assert _holds(scope)


@pytest.mark.parametrize(
    "scope",
    [
        "kind:Service",
        "kind:datastore",
        "team:plat",
        "tier:2",
        "tier:(2 OR 3)",
        "env:production",
        "tag:env",
        "team:(payments AND core)",
        "name:checkout",
        "name:api*",
        'name:"checkout*"',
        r"name:checkout\*",
        "-kind:*",
        "-env:(dev OR prod)",
        "(kind:datastore OR kind:service) AND tier:2",
        "kind:service AND -tier:1",
        "NOT (kind:service OR tier:2)",
    ],
)
def test_a_scope_does_not_match(scope: str) -> None:
    assert not _holds(scope)


def test_a_tier_may_be_a_number_where_the_blueprint_says_so() -> None:
    assert _holds("tier:1", tier=1)
    assert not _holds("-tier:(1 OR 2)", tier=2)


def test_what_an_entity_does_not_have_is_not_it() -> None:
    assert not _holds("lifecycle:production", lifecycle=None)
    assert _holds("-lifecycle:production", lifecycle=None)
    assert not _holds("env:prod", tags=None)


def test_a_scope_is_read_into_our_grammar() -> None:
    assert parse_scope("kind:(service OR api) AND env:prod") == {
        "combinator": "and",
        "conditions": [
            {"property": "$blueprint", "operator": "in", "value": ["service", "api"]},
            {"property": "tags", "operator": "contains", "value": "env:prod"},
        ],
    }


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        ("checkout", 'at character 1: "checkout" names no field'),
        ("kind:service and tier:1", "at character 14: write AND in capitals"),
        ("kind:(service or api)", "at character 15: write OR in capitals"),
        ("kind:service AND", "at character 17: a condition is missing here"),
        ("kind:service AND OR tier:1", "at character 18: something is missing here"),
        ("NOT", "at character 4: a condition is missing here"),
        ("kind:", "at character 6: a value is missing"),
        ("kind: service", "at character 6: a value is missing"),
        ("kind:(service OR)", "at character 17: a value is missing"),
        ("kind:()", "at character 7: a value is missing"),
        ("()", "at character 2: a condition is missing here"),
        ("kind:(service", 'at character 6: this "(" is never closed'),
        ("kind:service)", 'at character 13: ")" closes nothing'),
        ('name:"checkout', "at character 6: this quote is never closed"),
        ("tier:>1", "at character 6: a scope asks for whole values"),
        ("tier:[1 TO 3]", "at character 6: a scope asks for whole values"),
        ("name:check*api", "at character 6: * stands at the beginning or the end"),
        ("name:chec?out", "at character 6: * stands at the beginning or the end"),
        ("team:plat*", "at character 6: of what an entity has several of"),
        ("env:*", "at character 5: of what an entity has several of"),
        ("namespace:default", "at character 11: a scope asks for no namespace"),
        ("(" * (MAX_DEPTH + 1) + "kind:a", "at character 9: parentheses nest at most 8 deep"),
        ("a:b " * (MAX_TERMS + 1), "a scope has at most 300 values"),
        ("k" * MAX_LENGTH + ":a", "holds at most 10,000 characters"),
    ],
)
def test_what_is_no_scope_is_refused_with_its_place(scope: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_scope(scope, path="entity_scope")
    (fault,) = caught.value.faults
    assert fault.path == "entity_scope"
    assert message in fault.message


@pytest.mark.parametrize(
    ("query", "scope"),
    [
        (None, ""),
        (condition("$blueprint", "=", "service"), "kind:service"),
        (condition("$team", "contains", "core"), "team:core"),
        (condition("tags", "contains", "env:prod"), "env:prod"),
        (condition("tags", "contains", "kind:prod"), "tag:kind:prod"),
        (condition("tags", "containsAny", ["env:a", "b c"]), 'tag:(env:a OR "b c")'),
        (condition("$identifier", "=", "OR"), 'name:"OR"'),
        (condition("$identifier", "!=", 'a"b'), r'-name:"a\"b"'),
        (condition("$identifier", "doesNotEndsWith", "*x"), r"-name:*\*x"),
        (condition("tier", "isEmpty"), "-tier:*"),
    ],
)
def test_conditions_of_others_are_written_where_a_scope_says_the_same(
    query: Mapping[str, Any] | None, scope: str
) -> None:
    assert write_scope(query) == scope


@pytest.mark.parametrize(
    "query",
    [
        condition("language", "=", "go"),
        condition("tier", "=", 1),
        condition("tier", "<=", 2),
        condition("$blueprint", "=", {"property": "$identifier"}),
        condition("$team", "=", ["core"]),
        condition("$createdAt", "between", {"preset": "lastWeek"}),
        {
            "combinator": "and",
            "conditions": [{"property": "tier", "operator": "isEmpty", "not": True}],
        },
        {"combinator": "and", "conditions": [{"relation": "$team", "operator": "isEmpty"}]},
    ],
)
def test_what_no_scope_says_is_not_written(query: Mapping[str, Any]) -> None:
    assert write_scope(query) is None


_VALUES = ["service", "api", "1", "2", "env:prod", "a b", "OR", 'q"x', "", "*", "-x", "and", "ä"]
_FACTS = {
    "kind": "$blueprint",
    "name": "$identifier",
    "tier": "tier",
    "team": "$team",
    "tag": "tags",
    "env": "tags",
}


@dataclass(frozen=True)
class _Asked:
    """A field with a value, as the text writes it, and what it means."""

    field: str
    value: str

    @property
    def text(self) -> str:
        value = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.field}:"{value}"'

    def holds(self, facts: Mapping[str, Any]) -> bool:
        found = facts.get(_FACTS[self.field])
        value = f"env:{self.value}" if self.field == "env" else self.value
        if isinstance(found, list):
            return value in found
        if self.field == "tier" and isinstance(found, int):
            return str(found) == value
        return bool(found == value)


Tree = _Asked | tuple[str, Any]
_TREES: st.SearchStrategy[Tree] = st.recursive(
    st.builds(_Asked, st.sampled_from(sorted(_FACTS)), st.sampled_from(_VALUES)),
    lambda inner: st.one_of(
        st.tuples(st.just("NOT"), inner),
        st.tuples(st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)
_ENTITIES = st.fixed_dictionaries(
    {},
    optional={
        "$blueprint": st.sampled_from(_VALUES),
        "$identifier": st.sampled_from(_VALUES),
        "tier": st.sampled_from([*_VALUES, 1, 2, None]),
        "$team": st.lists(st.sampled_from(_VALUES), max_size=2),
        "tags": st.lists(st.sampled_from([*_VALUES, "env:1", "env:service"]), max_size=3),
    },
)


def _text(tree: Tree) -> str:
    match tree:
        case _Asked():
            return tree.text
        case ("NOT", inner):
            return f"NOT {_text(inner)}"
        case (joiner, parts):
            return f"({f' {joiner} '.join(map(_text, parts))})"
    raise AssertionError(tree)


def _wanted(tree: Tree, facts: Mapping[str, Any]) -> bool:
    match tree:
        case _Asked():
            return tree.holds(facts)
        case ("NOT", inner):
            return not _wanted(inner, facts)
        case ("AND", parts):
            return all(_wanted(part, facts) for part in parts)
        case (_, parts):
            return any(_wanted(part, facts) for part in parts)
    raise AssertionError(tree)


@given(tree=_TREES, facts=_ENTITIES)
def test_a_scope_means_what_it_says(tree: Tree, facts: Mapping[str, Any]) -> None:
    found = parse_scope(_text(tree))
    assert found is not None
    assert matches(parse(found), facts, now=NOW) is _wanted(tree, facts)


@given(tree=_TREES)
def test_a_scope_is_written_back_and_means_the_same(tree: Tree) -> None:
    found = parse_scope(_text(tree))
    written = write_scope(found)
    assert written is not None
    assert parse_scope(written) == found


_PIECES = [
    "kind:",
    "team:",
    "env:",
    "tier:",
    "(",
    ")",
    '"',
    "\\",
    "*",
    " AND ",
    " OR ",
    "NOT ",
    "-",
]


@given(
    st.text(max_size=30) | st.lists(st.sampled_from([*_PIECES, *_VALUES]), max_size=12).map("".join)
)
def test_any_text_is_a_scope_or_is_refused(text: str) -> None:
    try:
        found = parse_scope(text)
    except Invalid:
        return
    if found is not None:
        parse(found)
        assert parse_scope(write_scope(found) or "") == found


def test_the_deepest_scope_is_not_too_deep_for_a_condition() -> None:
    scope = "-env:(a OR b)"
    for _ in range(MAX_DEPTH - 1):
        scope = f"(tier:1 OR kind:a AND {scope})"
    found = parse_scope(scope)
    assert parse(found)
    assert write_scope(found) is not None
