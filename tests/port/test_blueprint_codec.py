"""Blueprints between the dialect and our own documents."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import Fault, Invalid
from portal.integrations.port.blueprint_codec import Wire, in_their_words, merge, read, show

BARE = {
    "identifier": "app",
    "title": "App",
    "schema": {"properties": {}, "required": []},
    "relations": {},
    "mirror_properties": {},
    "calculation_properties": {},
    "aggregation_properties": {},
}


def test_a_bare_blueprint_has_every_section() -> None:
    wire = read({"identifier": "app", "title": "App"})
    assert wire == Wire(BARE, {})
    assert show(wire.document, wire.extras) == {
        "identifier": "app",
        "title": "App",
        "schema": {"properties": {}, "required": []},
        "relations": {},
        "mirrorProperties": {},
        "calculationProperties": {},
        "aggregationProperties": {},
    }


def test_what_only_the_wire_knows_comes_back_where_it_stood() -> None:
    body = {
        "identifier": "app",
        "title": "App",
        "changelogDestination": {"type": "WEBHOOK", "url": "https://example.com"},
        "includeInGlobalSearch": False,
        "schema": {
            "properties": {"tier": {"type": "number", "shade": {"a": [1]}}},
            "required": [],
            "odd": None,
        },
        "relations": {
            "on": {"target": "x", "title": "On", "many": True, "required": False, "type": "y"}
        },
        "mirrorProperties": {"m": {"path": "on.$title", "width": 3}},
        "calculationProperties": {
            "c": {"calculation": ".title", "type": "string", "dateFormat": "relative"}
        },
        "aggregationProperties": {
            "a": {
                "target": "x",
                "calculationSpec": {"func": "count", "calculationBy": "entities", "of": "z"},
            }
        },
        "ownership": {"type": "Direct", "union": True},
        "mirror_properties": "of another kind",
    }
    wire = read(body)
    assert wire.document["schema"]["properties"] == {"tier": {"type": "number"}}
    assert wire.document["ownership"] == {"type": "Direct"}
    assert wire.document["aggregation_properties"]["a"]["calculationSpec"] == {
        "func": "count",
        "calculationBy": "entities",
    }
    assert wire.extras["relations"] == {"on": {"type": "y"}}
    assert show(wire.document, wire.extras) == body


def test_extras_go_with_the_item_they_belong_to() -> None:
    wire = read({"identifier": "a", "relations": {"b": {"target": "c", "type": "y"}}})
    assert show({**wire.document, "relations": {}}, wire.extras)["relations"] == {}


def test_null_says_nothing() -> None:
    body = {
        "identifier": "app",
        "title": "App",
        "icon": None,
        "description": "",
        "ownership": None,
        "teamInheritance": None,
        "schema": {"properties": {"tier": {"type": "number", "format": None}}, "required": None},
        "mirrorProperties": None,
        "relations": {"on": {"target": "x", "title": None, "many": False, "required": None}},
    }
    assert read(body) == Wire(
        {
            **BARE,
            "schema": {"properties": {"tier": {"type": "number"}}, "required": []},
            "relations": {"on": {"target": "x"}},
        },
        {},
    )


def test_the_older_form_of_ownership_is_read_and_shown_as_it_was_sent() -> None:
    body = {"identifier": "a", "title": "A", "teamInheritance": {"path": "on"}}
    wire = read(body)
    assert wire.document["ownership"] == {"type": "Inherited", "path": "on"}
    shown = show(wire.document, wire.extras)
    assert shown["teamInheritance"] == {"path": "on"}
    assert "ownership" not in shown
    assert read(shown) == wire


def test_both_forms_of_ownership_are_shown_where_both_were_sent() -> None:
    ownership = {"type": "Direct", "title": "Owners"}
    body = {"identifier": "a", "teamInheritance": {"path": "on"}, "ownership": ownership}
    wire = read(body)
    assert wire.document["ownership"] == ownership
    shown = show(wire.document, wire.extras)
    assert (shown["teamInheritance"], shown["ownership"]) == ({"path": "on"}, ownership)
    assert read(shown) == wire


@pytest.mark.parametrize("inheritance", [7, "on", {}, {"path": ""}, {"path": 1}, []])
def test_a_broken_older_form_is_refused(inheritance: Any) -> None:
    with pytest.raises(Invalid) as refused:
        read({"identifier": "a", "teamInheritance": inheritance})
    assert [fault.path for fault in refused.value.faults] == ["teamInheritance.path"]


def test_one_form_of_ownership_replaces_the_other_in_a_change() -> None:
    shown = {"identifier": "a", "teamInheritance": {"path": "on"}}
    direct = {"ownership": {"type": "Direct"}}
    assert merge(shown, direct) == {"identifier": "a", **direct}
    older = {"teamInheritance": {"path": "on"}}
    assert merge({"identifier": "a", **direct}, older) == {"identifier": "a", **older}


def test_places_are_named_in_the_words_of_the_dialect() -> None:
    faults = [
        Fault("mirror_properties.x.path", ""),
        Fault("app.aggregation_properties.x", ""),
        Fault("other.calculation_properties.x", ""),
        Fault("app.other.relations.x", ""),
        Fault("schema.properties.mirror_properties_x", ""),
    ]
    assert [fault.path for fault in in_their_words(Invalid(faults), own="app").faults] == [
        "mirrorProperties.x.path",
        "aggregationProperties.x",
        "other.calculationProperties.x",
        "app.other.relations.x",
        "schema.properties.mirror_properties_x",
    ]


# What may stand beside the keys of anything: keys that nobody knows.
_EXTRAS = st.dictionaries(
    st.sampled_from(["path_", "mirror_properties", "x", "$y"]),
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
        max_leaves=4,
    ),
    max_size=2,
)


def _items(**keys: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Return sections whose items have some of these keys, null where it says nothing."""
    known = st.fixed_dictionaries({}, optional={key: st.none() | keys[key] for key in keys})
    item = st.builds(lambda one, other: {**one, **other}, known, _EXTRAS)
    return st.dictionaries(st.sampled_from("abc"), item, max_size=2)


_TITLE = st.sampled_from(["A", "B"])
_PARTS = {
    "icon": st.sampled_from(["", "x"]),
    "schema": st.fixed_dictionaries(
        {},
        optional={
            "properties": _items(type=st.just("string"), title=_TITLE, default=st.just("x")),
            "required": st.none() | st.just([]),
        },
    ),
    "relations": _items(
        target=_TITLE, title=_TITLE, many=st.booleans(), required=st.booleans(), description=_TITLE
    ),
    "mirrorProperties": _items(path=st.just("a.b"), title=_TITLE),
    "aggregationProperties": _items(
        target=_TITLE, calculationSpec=_EXTRAS, query=st.just({"combinator": "and", "rules": []})
    ),
    "ownership": st.builds(
        lambda one, other: {**other, **one},
        st.sampled_from([{"type": "Direct"}, {"type": "Inherited", "path": "a"}]),
        _EXTRAS,
    ),
    "teamInheritance": st.just({"path": "a"}),
}
_BODIES = st.builds(
    lambda parts, extras: {"identifier": "app", "title": "App", **extras, **parts},
    st.fixed_dictionaries({}, optional={key: st.none() | part for key, part in _PARTS.items()}),
    _EXTRAS,
)


@given(body=_BODIES)
def test_reading_what_is_shown_gives_the_same_again(body: dict[str, Any]) -> None:
    wire = read(body)
    shown = show(wire.document, wire.extras)
    assert read(shown) == wire


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*_PARTS, "properties", "type", "path", "x"]), inner)
    ),
    max_leaves=20,
)


@given(body=st.dictionaries(st.sampled_from([*_PARTS, "identifier", "x"]), _ANY))
def test_reading_never_fails(body: dict[str, Any]) -> None:
    with suppress(Invalid):
        assert set(BARE) - {"identifier", "title"} <= set(read(body).document)
