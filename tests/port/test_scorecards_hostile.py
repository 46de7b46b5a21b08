"""Nothing that is sent of scorecards is an error of ours: the test client re-raises those."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalog.conditions import ConditionError, parse
from catalog.errors import CatalogError, Invalid
from portal.integrations.port.derived import find_derived, search_derived
from portal.integrations.port.derived_writing import delete_derived, write_derived
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
)
from tests.hostile_queries import HOSTILE
from tests.port.clients import PortClient

pytestmark = pytest.mark.django_db

_ADDRESS = "/blueprints/service/scorecards"
_QUERY = {
    "combinator": "and",
    "conditions": [
        {"property": "tier", "operator": ">=", "value": "4"},
        {"property": "language", "operator": "isEmpty", "not_": False, "not": True},
        {"property": "$createdAt", "operator": "between", "value": {"preset": "lastWeek"}},
    ],
}
_CARD = {
    "identifier": "quality",
    "title": "Quality",
    "filter": _QUERY,
    "levels": [{"title": "Low", "color": "red"}, {"title": "High", "color": "green"}],
    "rules": [{**rule_document(level="High"), "description": "Why.", "query": _QUERY}],
    "id": "1",
    "blueprint": "service",
}
_WRITES = {
    ("post", _ADDRESS): {**_CARD, "identifier": "new"},
    ("put", _ADDRESS): [_CARD, {**_CARD, "identifier": "other", "id": "2"}],
    ("put", f"{_ADDRESS}/quality"): _CARD,
}
_ENTITIES = {
    "_scorecard": {
        "identifier": "quality",
        "title": "Quality",
        "properties": {
            "blueprint": "service",
            **{key: _CARD[key] for key in ("levels", "filter", "rules")},
        },
        "relations": {},
        "team": [],
    },
    "_rule": {
        "identifier": "tiered",
        "title": "Tiered",
        "properties": {"level": "Gold", "query": _QUERY, "rule_description": "Why."},
        "relations": {"scorecard": "quality"},
    },
}

_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
# What the parser of bodies lets through.
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


def _values(texts: st.SearchStrategy[str], numbers: st.SearchStrategy[Any]) -> Any:
    return st.recursive(
        st.none() | st.booleans() | numbers | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=8,
    )


_ANYTHING = _values(_ANY_TEXT, st.integers() | st.floats())
_STORABLE = _values(
    _TEXT, st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)


def _mutated(draw: Any, value: Any, values: Any) -> Any:
    """Return the value with one place in it replaced by anything, or with one more key."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from([*sorted(value), "more"]))
        return {**value, key: _mutated(draw, value.get(key), values)}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        return [_mutated(draw, value[0], values), *value[1:]]
    return draw(values)


@st.composite
def _requests(draw: Any) -> tuple[str, str, Any]:
    (method, address), good = draw(st.sampled_from(list(_WRITES.items())))
    return method, address, _mutated(draw, good, _ANYTHING)


@st.composite
def _entities(draw: Any) -> tuple[str, Any]:
    blueprint, good = draw(st.sampled_from(list(_ENTITIES.items())))
    changed = _mutated(draw, good, _STORABLE)
    return blueprint, changed if isinstance(changed, dict) else good


@pytest.fixture
def world(db: None) -> None:
    make_blueprint()
    make_entity("pay", properties={"tier": 2})
    make_scorecard("quality")
    make_scorecard("named", rules=[rule_document(query=condition("$title", "isNotEmpty"))])


_SLOW = [HealthCheck.function_scoped_fixture]


@given(request=_requests())
@hypothesis_settings(max_examples=40, suppress_health_check=_SLOW)
def test_whatever_is_sent_is_answered(world: None, port: PortClient, request: Any) -> None:
    method, address, body = request
    answer = port.send(method, address, json.dumps(body).encode())
    assert answer.status_code < 500
    assert answer.json()["ok"] is (answer.status_code < 400)


@given(
    written=_entities(),
    merge=st.booleans(),
    upsert=st.booleans(),
)
@hypothesis_settings(max_examples=40, suppress_health_check=_SLOW)
def test_whatever_is_written_as_an_entity_is_taken_or_refused(
    world: None, written: tuple[str, Any], merge: bool, upsert: bool
) -> None:
    blueprint, body = written
    try:
        made = write_derived(blueprint, body, merge=merge, upsert=upsert, by=TESTER, now=NOW)
    except CatalogError:
        return
    assert find_derived(blueprint, made["identifier"], now=NOW) == made


@given(name=_TEXT | st.sampled_from(["a.b.c.d", "=", "=2E.=3D", "quality.tiered.service."]))
@hypothesis_settings(max_examples=40, suppress_health_check=_SLOW)
def test_whatever_name_is_looked_for_is_found_or_not(world: None, name: str) -> None:
    for blueprint in ("_scorecard", "_rule", "_rule_result"):
        found = find_derived(blueprint, name, now=NOW)
        assert found is None or found["blueprint"] == blueprint
        with pytest.raises(CatalogError):
            delete_derived(blueprint, f"{name} ", by=TESTER, now=NOW)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_conditions_are_taken_or_refused(world: None, port: PortClient, name: str) -> None:
    rule = json.dumps(rule_document())
    wrapped = rule.replace(json.dumps(rule_document()["query"]), HOSTILE[name])
    body = f'{{"identifier": "new", "title": "New", "rules": [{wrapped}]}}'
    assert port.send("post", _ADDRESS, body.encode(errors="surrogatepass")).status_code < 500
    try:
        query = parse(json.loads(HOSTILE[name]), allow_empty=True)
    except (ValueError, RecursionError, ConditionError):
        return
    for blueprint in ("_scorecard", "_rule", "_rule_result"):
        found, after = search_derived(blueprint, query=query, now=NOW, limit=5, after=None)
        assert len(found) <= 5
        assert after is None or isinstance(after, str)


@given(after=_TEXT)
@hypothesis_settings(max_examples=40, suppress_health_check=_SLOW)
def test_whatever_cursor_is_sent_is_refused(world: None, after: str) -> None:
    with pytest.raises(Invalid, match="next"):
        search_derived("_rule_result", query=None, now=NOW, limit=5, after=after)


@pytest.mark.parametrize("name", ["%00", "%ff", "%0a", "..", "%2e%2e", "~", "%5c", "x" * 3_000])
def test_a_hostile_address_is_not_found(world: None, port: PortClient, name: str) -> None:
    for address in (f"{_ADDRESS}/{name}", f"/blueprints/{name}/scorecards"):
        assert port.get(address).status_code == 404
        assert port.put(address, _CARD).status_code in (404, 422)
    assert port.delete(f"{_ADDRESS}/{name}").status_code == 404
