"""What the database says of rule results is what conditions say of their facts."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalog.conditions import Query, matches, parse
from portal.integrations.port.derived import search_derived
from portal.integrations.port.derived_definitions import Definitions, Facts
from portal.integrations.port.derived_narrowing import narrow
from portal.integrations.port.derived_results import (
    Found,
    add_late_facts,
    evaluations_of,
    results_of,
)
from tests.builders import (
    NOW,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    rule_document,
)

pytestmark = pytest.mark.django_db

TEXTS = [
    "Passed",
    "Not passed",
    "pay",
    "web",
    "core",
    "ops",
    "Gold",
    "Quality",
    "service",
    "_team",
    "titled",
    "more.tiered",
    "quality.tiered.service.pay",
    "teams.titled._team.core",
    "x",
    "",
]
PROPERTIES = [
    "result",
    "entity",
    "level",
    "scorecard",
    "blueprint",
    "entity_link",
    "result_last_change",
    "$team",
    "$identifier",
    "$title",
    "$createdAt",
    "$blueprint",
    "nothing",
]
RELATIONS = ["rule", "service", "_team", "system", "nothing"]
_texts = st.sampled_from(TEXTS)
_values = _texts | st.none() | st.booleans() | st.integers(0, 3) | st.lists(_texts, max_size=3)
_references = st.builds(lambda name: {"property": name}, st.sampled_from(PROPERTIES))
_operands = {
    ("=", "!="): _values | _references,
    ("contains", "doesNotContains"): _texts | st.integers(0, 3) | _references,
    ("in", "notIn", "containsAny"): st.lists(_texts | st.integers(0, 3), max_size=4) | _references,
    ("beginsWith", "endsWith", "doesNotBeginsWith", "doesNotEndsWith"): _texts,
    (">", "<="): st.sampled_from([2, "2026-06-01T12:00:00Z"]),
    ("between", "notBetween"): st.just({"preset": "lastWeek"}),
}


@st.composite
def _leaves(draw: st.DrawFn) -> dict[str, Any]:
    subject, names = draw(st.sampled_from([("property", PROPERTIES), ("relation", RELATIONS)]))
    leaf = {subject: draw(st.sampled_from(names))}
    if draw(st.integers(0, 4)) == 0:
        inverted = draw(st.sampled_from([{}, {"not": True}, {"not": False}]))
        return {**leaf, "operator": draw(st.sampled_from(["isEmpty", "isNotEmpty"])), **inverted}
    operators, operands = draw(st.sampled_from(list(_operands.items())))
    return {**leaf, "operator": draw(st.sampled_from(operators)), "value": draw(operands)}


_groups = st.recursive(
    _leaves(),
    lambda inner: st.fixed_dictionaries(
        {
            "combinator": st.sampled_from(["and", "or"]),
            "rules": st.lists(inner, min_size=1, max_size=4),
        }
    ),
    max_leaves=8,
)
_queries = st.fixed_dictionaries(
    {"combinator": st.sampled_from(["and", "or"]), "rules": st.lists(_groups, max_size=4)}
).map(lambda raw: parse(raw, allow_empty=True))


def _evaluations(query: Query | None, definitions: Definitions) -> list[Found]:
    condition = narrow(query, definitions, now=NOW)
    return evaluations_of(condition, after=None, limit=1_000)


@pytest.fixture
def world(db: None) -> list[Facts]:
    """Make results of all kinds, and return what each of them says."""
    make_blueprint()
    make_blueprint(
        "system",
        relations={"runs": {"title": "Runs", "target": "service"}},
        ownership={"type": "Inherited", "path": "runs"},
    )
    make_team("core")
    make_team("ops")
    make_entity("pay", properties={"tier": 2, "language": "go"}, team=["core", "ops"])
    make_entity("web", properties={"tier": 5}, team=["ops"])
    make_entity("pay", blueprint="system", relations={"runs": "pay"}, properties={"tier": 1})
    titled = rule_document("titled", query=condition("$title", "isNotEmpty"))
    make_scorecard("teams", blueprints=["_team"], rules=[titled])
    make_scorecard("quality", blueprints=["service", "system"])
    make_scorecard("more", rules=[rule_document("tiered", level="Gold"), titled])
    make_entity("web", properties={"tier": 1}, now=NOW + timedelta(days=1))
    definitions = Definitions()
    results = list(results_of(_evaluations(None, definitions), definitions))
    add_late_facts(results)
    found = [result.facts for result in results]
    assert len(found) == 2 + 3 * 3 + 2 * 2
    return found


@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=_queries)
def test_no_result_that_a_query_holds_for_is_missed(world: list[Facts], query: Query) -> None:
    found, after = search_derived("_rule_result", query=query, now=NOW, limit=None, after=None)
    wanted = [facts["$identifier"] for facts in world if matches(query, facts, now=NOW)]
    assert [entity["identifier"] for entity in found] == wanted
    assert after is None


def _leaf(name: str, operator: str, *value: Any, subject: str = "property") -> dict[str, Any]:
    return {subject: name, "operator": operator, **({"value": value[0]} if value else {})}


COMMON = [
    _leaf("result", "=", "Not passed"),
    _leaf("scorecard", "beginsWith", "Q"),
    _leaf("level", "in", ["Gold"]),
    _leaf("blueprint", "!=", "service"),
    _leaf("entity", "=", "pay"),
    _leaf("entity", "contains", "a"),
    _leaf("$team", "containsAny", ["core"]),
    _leaf("$team", "isEmpty"),
    _leaf("$identifier", "in", ["quality.tiered.service.pay"]),
    _leaf("rule", "=", "tiered", subject="relation"),
    _leaf("service", "isNotEmpty", subject="relation"),
]


@pytest.mark.parametrize("combinator", ["and", "or"])
@pytest.mark.parametrize("leaf", COMMON)
def test_common_conditions_only_lead_to_evaluations_with_such_results(
    world: list[Facts], leaf: dict[str, Any], combinator: str
) -> None:
    definitions = Definitions()
    other = _leaf("entity", "=", "web")
    query = parse({"combinator": combinator, "rules": [leaf, other]})
    evaluations = _evaluations(query, definitions)
    assert len(evaluations) < len(_evaluations(None, definitions))
    for found in evaluations:
        results = results_of([found], definitions)
        assert any(matches(query, result.facts, now=NOW) for result in results)


def test_what_is_about_rules_has_to_hold_for_the_same_rule(world: list[Facts]) -> None:
    rules = [
        _leaf("rule", "=", "tiered", subject="relation"),
        _leaf("result", "=", "Not passed"),
    ]
    assert _evaluations(parse({"combinator": "and", "rules": rules}), Definitions()) == []


def test_long_lists_and_groups_are_no_burden(world: list[Facts]) -> None:
    names = [f"quality.tiered.service.e{number}" for number in range(40_000)]
    definitions = Definitions()
    for leaf in (
        _leaf("$identifier", "in", names),
        _leaf("entity", "in", names),
        _leaf("service", "in", names, subject="relation"),
        _leaf("$team", "containsAny", names),
    ):
        for combinator in ("and", "or"):
            rules = [leaf, _leaf("$title", "=", "x")]
            _evaluations(parse({"combinator": combinator, "rules": rules}), definitions)
    mixed = [
        *(_leaf("entity", "=", name) for name in names[:25]),
        *(_leaf("service", "=", name, subject="relation") for name in names[:25]),
    ]
    nested: dict[str, Any] = {"combinator": "or", "rules": mixed}
    for number in range(17):
        nested = {"combinator": ("and", "or")[number % 2], "rules": [*mixed, nested]}
    _evaluations(parse(nested), definitions)
    for combinator in ("and", "or"):
        _evaluations(parse({"combinator": combinator, "rules": mixed * 19}), definitions)
