"""Scorecards between the documents of the dialect and our own."""

from typing import Any

import pytest

from catalog.errors import Invalid
from portal.integrations.port.scorecard_codec import (
    NO_QUERY,
    native_query,
    read,
    to_native,
    to_wire,
)

QUERY = {"combinator": "and", "conditions": [{"property": "tier", "operator": "<=", "value": 2}]}


def _rule(identifier: str = "tiered", **overrides: Any) -> dict[str, Any]:
    rule = {"identifier": identifier, "title": "Tiered", "level": "Bronze", "query": QUERY}
    return {**rule, **overrides}


def _body(**overrides: Any) -> dict[str, Any]:
    return {"identifier": "dora", "title": "DORA", "rules": [_rule()], **overrides}


def _faults(body: dict[str, Any]) -> list[str]:
    with pytest.raises(Invalid) as caught:
        read(body, blueprint="service")
    return [fault.path for fault in caught.value.faults]


def test_what_the_server_says_by_itself_is_left_out() -> None:
    sent = _body(
        id="7",
        blueprint="service",
        createdAt="x",
        createdBy="x",
        updatedAt="x",
        updatedBy="x",
    )
    assert read(sent, blueprint="service") == _body()


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["", "", ""]),
        (_body(blueprint="team"), ["blueprint"]),
        (_body(description="x"), [""]),
        (_body(rules=None), ["rules"]),
        (_body(rules=[_rule(owner="core")]), ["rules[0]"]),
        (_body(rules=[_rule(query=None)]), ["rules[0].query"]),
        (_body(rules=[7]), ["rules[0]"]),
        (_body(filter=[]), ["filter"]),
        (_body(levels="Gold"), ["levels"]),
        (_body(rules=[_rule(), _rule("a/b")]), ["rules[1].identifier"]),
        (_body(rules=[_rule("a.b")], levels=None), ["rules[0].identifier"]),
    ],
)
def test_what_is_not_of_the_shape_is_refused_with_its_place(
    body: dict[str, Any], paths: list[str]
) -> None:
    assert _faults(body) == paths


def test_a_scorecard_with_levels_may_name_its_rules_more_freely() -> None:
    levels = [{"title": "Low", "color": "red"}, {"title": "High", "color": "green"}]
    body = _body(levels=levels, rules=[_rule("src/a.b:1")])
    assert read(body, blueprint="service") == body


@pytest.mark.parametrize(
    ("written", "native"),
    [
        ({"operator": "isEmpty", "not_": False}, {"operator": "isEmpty"}),
        ({"operator": "isEmpty", "not_": True}, {"operator": "isEmpty", "not": True}),
        ({"operator": "isEmpty", "not": True}, {"operator": "isEmpty", "not": True}),
        ({"operator": "isEmpty", "value": None}, {"operator": "isEmpty"}),
        ({"operator": "isNotEmpty", "value": ""}, {"operator": "isNotEmpty"}),
        ({"operator": "isEmpty", "value": 7}, {"operator": "isEmpty", "value": 7}),
        ({"operator": ">=", "value": "4"}, {"operator": ">=", "value": 4}),
        ({"operator": "<", "value": "-1.5"}, {"operator": "<", "value": -1.5}),
        ({"operator": "=", "value": "4"}, {"operator": "=", "value": "4"}),
        ({"operator": ">", "value": "9" * 5_000}, {"operator": ">", "value": "9" * 5_000}),
        ({"operator": ["="], "value": "4"}, {"operator": ["="], "value": "4"}),
    ],
)
def test_conditions_are_read_as_they_are_meant(
    written: dict[str, Any], native: dict[str, Any]
) -> None:
    nested = {"combinator": "or", "rules": [{"combinator": "and", "conditions": [written]}, 7]}
    assert native_query(nested) == {
        "combinator": "or",
        "rules": [{"combinator": "and", "conditions": [native]}, 7],
    }


def test_what_the_dialect_cannot_say_is_kept() -> None:
    kept = {
        "how_to_fix": "Ask.",
        "owner": "core",
        "is_enabled": False,
        "in_force_from": "2026-01-01",
        "filter": QUERY,
    }
    before = {
        "identifier": "service--dora",
        "title": "Old",
        "description": "Why.",
        "blueprints": ["service", "team"],
        "filter": QUERY,
        "status": "draft",
        "levels": [{"title": "Low", "color": "red"}],
        "rules": [
            {**_rule(title="Old", description="Old", query=QUERY), **kept},
            {**_rule("gone"), **kept},
        ],
    }
    native = to_native(
        _body(rules=[_rule(), _rule("new")]),
        identifier="service--dora",
        blueprint="service",
        before=before,
    )
    assert native == {
        "identifier": "service--dora",
        "title": "DORA",
        "description": "Why.",
        "blueprints": ["service", "team"],
        "filter": None,
        "follows_catalog": False,
        "status": "draft",
        "rules": [{**_rule(description=""), **kept}, _rule("new", description="")],
    }


def test_a_reported_rule_is_shown_without_conditions_and_stays_reported() -> None:
    before = {"blueprints": ["service"], "rules": [_rule(query=None)]}
    native = to_native(
        _body(rules=[_rule(query=NO_QUERY), _rule("new", query=NO_QUERY)]),
        identifier="dora",
        blueprint="service",
        before=before,
    )
    assert [rule["query"] for rule in native["rules"]] == [None, NO_QUERY]
    native |= {"levels": [], "filter": None}
    assert to_wire(native, identifier="dora", written={})["rules"][0]["query"] == NO_QUERY


def _round(written: dict[str, Any], **edits: Any) -> dict[str, Any]:
    native = {
        "levels": [],
        **to_native(written, identifier="dora", blueprint="service"),
        **edits,
    }
    wire = to_wire(native, identifier="dora", written=written)
    return {key: item for key, item in wire.items() if key != "levels"}


@pytest.mark.parametrize(
    "written",
    [
        _body(),
        _body(filter=None),
        _body(filter=QUERY, rules=[]),
        _body(rules=[_rule(description="Why.")]),
        _body(rules=[_rule(description=None), _rule("b", description="")]),
        _body(
            rules=[
                _rule(
                    query={
                        "combinator": "or",
                        "conditions": [
                            {"property": "a", "operator": "isEmpty", "not_": False},
                            {"relation": "b", "operator": "isNotEmpty", "not": True},
                            {"property": "c", "operator": ">=", "value": "10"},
                            {"property": "d", "operator": "=", "value": True},
                            {"property": "e", "operator": "=", "value": 2.0},
                        ],
                    }
                )
            ]
        ),
    ],
)
def test_what_was_written_is_shown_as_it_was_written(written: dict[str, Any]) -> None:
    assert _round(written) == written


def test_what_was_edited_here_is_shown_as_it_is_now() -> None:
    written = _body(filter=QUERY, rules=[_rule(description="Old.")])
    other = {"combinator": "and", "conditions": [{"property": "tier", "operator": "isEmpty"}]}
    edited = [_rule(title="New", description="", query=other, level="Gold")]
    assert _round(written, title="New", filter=None, rules=edited) == _body(
        title="New",
        filter=None,
        rules=[_rule(title="New", query=other, level="Gold")],
    )
