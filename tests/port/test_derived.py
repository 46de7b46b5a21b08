"""Scorecards, rules and their results as entities."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.conditions import parse
from catalog.errors import Invalid
from catalog.facts import timestamp
from portal.integrations.port import derived_search
from portal.integrations.port.derived import (
    derived_blueprint,
    derived_blueprints,
    find_derived,
    search_derived,
)
from scorecards.models import Evaluation, Rule, RuleChange, Scorecard
from tests.builders import (
    NOW,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)
from tests.port.clients import PortClient

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
LEVELS = ["Basic", "Bronze", "Silver", "Gold"]


@pytest.fixture
def world(db: None) -> Scorecard:
    """Make two services, one of them owned, graded by three rules; and a team graded by one."""
    make_blueprint()
    make_team("core", title="Core")
    make_entity("pay", title="Pay", properties={"tier": 2, "language": "go"}, team=["core"])
    make_entity("web", title="Web", properties={"tier": 5})
    titled = condition("$title", "isNotEmpty")
    make_scorecard("teams", blueprints=["_team"], rules=[rule_document("titled", query=titled)])
    return make_scorecard("quality", title="Quality")


def _search(
    blueprint: str, query: Any = None, *, limit: int | None = None, after: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    parsed = None if query is None else parse(query)
    return search_derived(blueprint, query=parsed, now=NOW, limit=limit, after=after)


def _names(blueprint: str, query: Any = None) -> list[str]:
    found, after = _search(blueprint, query)
    assert after is None
    return [entity["identifier"] for entity in found]


def _only(**parts: Any) -> dict[str, Any]:
    return {"combinator": "and", "conditions": [{"operator": "=", **parts}]}


def test_there_are_three_blueprints_with_what_is_known_of_them(world: Scorecard) -> None:
    found = {document["identifier"]: document for document in derived_blueprints()}
    sections = ("mirrorProperties", "calculationProperties", "aggregationProperties", "relations")
    assert {
        name: [list(item["schema"]["properties"]), *(list(item[key]) for key in sections)]
        for name, item in found.items()
    } == {
        "_scorecard": [
            ["blueprint", "levels", "filter"],
            [],
            ["of_rules_passed"],
            ["rules_tested", "rules_passed"],
            [],
        ],
        "_rule": [
            ["level", "query", "rule_description"],
            [],
            ["of_entities_passed"],
            ["entities_tested", "entities_passed"],
            ["scorecard"],
        ],
        "_rule_result": [
            ["result", "entity", "result_last_change"],
            ["level", "scorecard", "blueprint"],
            ["entity_link"],
            [],
            ["rule", "_team", "service"],
        ],
    }
    assert all(item["createdAt"] and item["updatedAt"] for item in found.values())
    assert derived_blueprint("_rule") == found["_rule"]
    assert derived_blueprint("service") is None


def test_results_lead_to_each_blueprint_that_is_graded(world: Scorecard) -> None:
    make_blueprint("rule", title="Rule of law")
    make_scorecard("laws", blueprints=["rule"], rules=[])
    make_blueprint("planned")
    make_scorecard("draft", blueprints=["planned"], rules=[], status="draft")
    relations = derived_blueprint("_rule_result")["relations"]
    plain = {"required": False, "many": False, "type": "rule_result_target"}
    assert relations == {
        "rule": {"title": "Rule", "target": "_rule", "required": True, "many": False},
        "_team": {"title": "Team", "target": "_team", **plain},
        "rule_target": {"title": "Rule of law", "target": "rule", **plain},
        "service": {"title": "Service", "target": "service", **plain},
    }


def test_a_scorecard_is_an_entity_with_its_counts(world: Scorecard) -> None:
    row = Scorecard.objects.get(identifier="quality")
    assert find_derived("_scorecard", "quality", now=NOW) == {
        "identifier": "quality",
        "blueprint": "_scorecard",
        "title": "Quality",
        "icon": None,
        "team": [],
        "properties": {
            "blueprint": "service",
            "levels": [
                {"title": "Basic", "color": "paleBlue"},
                {"title": "Bronze", "color": "bronze"},
                {"title": "Silver", "color": "silver"},
                {"title": "Gold", "color": "gold"},
            ],
            "filter": None,
            "rules_tested": 6,
            "rules_passed": 2,
            "of_rules_passed": pytest.approx(100 / 3),
        },
        "relations": {},
        "createdAt": timestamp(row.created_at),
        "createdBy": "tester",
        "updatedAt": timestamp(row.updated_at),
        "updatedBy": "tester",
    }


def test_a_rule_is_an_entity_with_its_counts(world: Scorecard) -> None:
    found = find_derived("_rule", "tiered", now=NOW)
    assert (found["title"], found["relations"]) == ("Tiered", {"scorecard": "quality"})
    assert found["properties"] == {
        "level": "Bronze",
        "query": condition("tier", "<=", 2),
        "rule_description": None,
        "entities_tested": 2,
        "entities_passed": 1,
        "of_entities_passed": 50,
    }
    make_scorecard("empty", filter=condition("tier", "=", 9), rules=[rule_document("never")])
    share = find_derived("_rule", "never", now=NOW)["properties"]["of_entities_passed"]
    assert share is None


def test_a_result_is_an_entity(world: Scorecard) -> None:
    row = Evaluation.objects.get(entity__identifier="pay")
    scorecard = Scorecard.objects.get(identifier="quality")
    expected = {
        "identifier": "quality.tiered.service.pay",
        "blueprint": "_rule_result",
        "title": "Tiered: Pay",
        "icon": None,
        "team": ["core"],
        "properties": {
            "result": "Passed",
            "entity": "pay",
            "result_last_change": None,
            "level": "Bronze",
            "scorecard": "Quality",
            "blueprint": "service",
            "entity_link": "/catalog/service/pay/",
        },
        "relations": {"rule": "tiered", "_team": None, "service": "pay"},
        "createdAt": timestamp(max(row.entity.created_at, scorecard.created_at)),
        "createdBy": "tidemark",
        "updatedAt": timestamp(row.evaluated_at),
        "updatedBy": "tidemark",
    }
    assert find_derived("_rule_result", "quality.tiered.service.pay", now=NOW) == expected
    assert _search("_rule_result", _only(property="$identifier", value=expected["identifier"])) == (
        [expected],
        None,
    )


def test_a_result_says_when_it_last_changed(world: Scorecard) -> None:
    make_entity("pay", properties={"tier": 3}, now=LATER)
    changed = find_derived("_rule_result", "quality.tiered.service.pay", now=NOW)["properties"]
    assert (changed["result"], changed["result_last_change"]) == ("Not passed", timestamp(LATER))
    other = find_derived("_rule_result", "quality.tiered.service.web", now=NOW)["properties"]
    assert (other["result"], other["result_last_change"]) == ("Not passed", None)


@pytest.mark.parametrize(
    ("blueprint", "identifier"),
    [
        ("_scorecard", "nothing"),
        ("_rule", "nothing"),
        ("_rule", "teams.tiered"),
        ("_rule_result", ""),
        ("_rule_result", "quality.tiered.service"),
        ("_rule_result", "quality.tiered.service.nobody"),
        ("_rule_result", "quality.tiered._team.core"),
        ("_rule_result", "quality.tiered.service.pay.x"),
        ("_rule_result", "quality.=2.service.pay"),
    ],
)
def test_what_is_not_there_is_not_found(world: None, blueprint: str, identifier: str) -> None:
    assert find_derived(blueprint, identifier, now=NOW) is None


def test_parts_of_names_may_hold_what_joins_them(world: Scorecard) -> None:
    make_blueprint("v1.svc")
    make_entity("a.b=c", blueprint="v1.svc", properties={"tier": 1})
    make_scorecard("x.y", blueprints=["v1.svc"], rules=[rule_document("r.1=")])
    name = "x=2Ey.r=2E1=3D.v1=2Esvc.a=2Eb=3Dc"
    found = find_derived("_rule_result", name, now=NOW)
    assert found["identifier"] == name
    assert found["relations"]["rule"] == "x=2Ey.r=2E1=3D"
    assert find_derived("_rule", "x=2Ey.r=2E1=3D", now=NOW)["title"]
    assert find_derived("_rule", "r.1=", now=NOW)["identifier"] == "x=2Ey.r=2E1=3D"


def test_the_rule_that_was_first_goes_by_its_own_identifier(world: Scorecard) -> None:
    make_scorecard("more", rules=[rule_document("tiered"), rule_document("own")])
    assert set(_names("_rule")) == {"titled", "tiered", "spoken", "top", "more.tiered", "own"}
    for name, scorecard in (
        ("tiered", "quality"),
        ("more.tiered", "more"),
        ("quality.tiered", "quality"),
    ):
        assert find_derived("_rule", name, now=NOW)["relations"] == {"scorecard": scorecard}
    rules = {
        entity["relations"]["rule"]
        for entity in _search("_rule_result", _only(property="entity", value="web"))[0]
    }
    assert rules == {"tiered", "spoken", "top", "more.tiered", "own"}


def test_a_scorecard_is_found_by_what_clients_call_it(world: Scorecard, port: PortClient) -> None:
    body = port.get("/blueprints/service/scorecards/quality").json()["scorecard"]
    port.put("/blueprints/service/scorecards/quality", {**body, "identifier": "renamed"})
    assert find_derived("_scorecard", "renamed", now=NOW)["identifier"] == "quality"
    assert find_derived("_scorecard", "quality", now=NOW)["identifier"] == "quality"


def test_one_that_grades_several_blueprints_is_there_once(world: Scorecard) -> None:
    titled = condition("$title", "isNotEmpty")
    make_scorecard(
        "shared", blueprints=["service", "_team"], rules=[rule_document("named", query=titled)]
    )
    assert _names("_scorecard") == ["teams", "quality", "shared"]
    assert find_derived("_scorecard", "shared", now=NOW)["properties"]["blueprint"] == "_team"
    results = _search("_rule_result", _only(relation="rule", value="named"))[0]
    assert {
        (item["properties"]["blueprint"], item["relations"]["service"], item["relations"]["_team"])
        for item in results
    } == {("_team", None, "core"), ("service", "pay", None), ("service", "web", None)}


def test_results_that_do_not_count_are_not_there(world: Scorecard) -> None:
    make_scorecard(
        "odd",
        rules=[
            rule_document("said", query=None),
            rule_document("off", is_enabled=False),
            rule_document("elsewhere", filter=condition("tier", "=", 9)),
        ],
    )
    make_scorecard("draft", status="draft", rules=[rule_document("planned")])
    report("pay", "said", "PASS", scorecard="odd")
    assert _names("_rule_result", _only(property="scorecard", value="Odd")) == [
        "odd.said.service.pay"
    ]
    assert _names("_rule_result", _only(property="scorecard", value="Draft")) == []
    assert "draft" in _names("_scorecard")
    assert "planned" in _names("_rule")


def test_a_rule_that_was_not_looked_at_yet_has_no_results(world: Scorecard) -> None:
    # As a process leaves it that has saved a rule, and whose task has not run yet.
    new = Rule(
        scorecard=world,
        level=world.levels.get(title="Gold"),
        identifier="new",
        title="New",
        query=condition("tier", "=", 2),
        bit=50,
    )
    Rule.objects.bulk_create([new])
    assert find_derived("_rule_result", "quality.new.service.pay", now=NOW) is None
    assert _names("_rule_result", _only(relation="rule", value="new")) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (_only(property="result", value="Passed"), ["spoken.pay", "tiered.pay", "titled.core"]),
        (
            _only(property="$team", operator="containsAny", value=["core"]),
            ["spoken.pay", "tiered.pay", "top.pay"],
        ),
        (_only(property="level", value="Gold"), ["top.pay", "top.web"]),
        (_only(property="blueprint", value="_team"), ["titled.core"]),
        (_only(relation="service", value="web"), ["spoken.web", "tiered.web", "top.web"]),
        (_only(relation="service", operator="isEmpty"), ["titled.core"]),
        (_only(property="$title", value="Top: Web"), ["top.web"]),
        (
            {
                "combinator": "or",
                "rules": [
                    _only(property="entity", value="core"),
                    {
                        "combinator": "and",
                        "rules": [
                            {"property": "scorecard", "operator": "=", "value": "Quality"},
                            {"property": "$team", "operator": "isEmpty"},
                            {"property": "result", "operator": "!=", "value": "Passed"},
                        ],
                    },
                ],
            },
            ["spoken.web", "tiered.web", "titled.core", "top.web"],
        ),
    ],
)
def test_results_are_found_by_what_they_say(
    world: Scorecard, query: dict[str, Any], expected: list[str]
) -> None:
    parts = [name.split(".") for name in _names("_rule_result", query)]
    assert sorted(f"{rule}.{entity}" for _, rule, _, entity in parts) == expected


def test_pages_follow_each_other(world: Scorecard) -> None:
    for blueprint in ("_scorecard", "_rule", "_rule_result"):
        everything, after = _search(blueprint)
        found: list[dict[str, Any]] = []
        while True:
            page, after = _search(blueprint, limit=2, after=after)
            found += page
            if after is None:
                break
            assert len(page) == 2
        assert found == everything
        assert len(_search(blueprint, limit=len(everything))[0]) == len(everything)
        assert _search(blueprint, limit=len(everything))[1] is None


def test_a_page_ends_where_enough_was_looked_at(
    world: Scorecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived_search, "LOOKED_AT_MOST", 2)
    monkeypatch.setattr(derived_search, "FIRST_CHUNK", 1)
    monkeypatch.setattr(derived_search, "LAST_CHUNK", 1)
    query = _only(property="$title", value="Top: Web")
    found, after, pages = [], None, 0
    while pages == 0 or after is not None:
        page, after = _search("_rule_result", query, limit=5, after=after)
        found += page
        pages += 1
    assert [entity["title"] for entity in found] == ["Top: Web"]
    assert pages == 4


def test_too_many_at_once_are_refused(world: Scorecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived_search, "SHOWN_AT_MOST", 7)
    assert len(_search("_rule_result")[0]) == 7
    monkeypatch.setattr(derived_search, "SHOWN_AT_MOST", 6)
    with pytest.raises(Invalid, match="more than 6"):
        _search("_rule_result")


@pytest.mark.parametrize("after", ["", "x", "MS4y", "MQ==", "é", "LTEuMS4x"])
def test_a_cursor_of_elsewhere_is_refused(world: Scorecard, after: str) -> None:
    with pytest.raises(Invalid, match="next"):
        _search("_rule_result", after=after)


def test_searches_cost_as_many_queries_for_many_as_for_one(
    world: Scorecard, django_assert_max_num_queries
) -> None:
    for number in range(30):
        make_entity(f"e{number}", properties={"tier": number})
    make_entity("pay", properties={"tier": 9}, now=LATER)
    assert RuleChange.objects.exists()
    query = {
        "combinator": "and",
        "conditions": [
            {"property": "result", "operator": "=", "value": "Not passed"},
            {"property": "$team", "operator": "containsAny", "value": ["core"]},
        ],
    }
    # Five for the definitions; evaluations, their results, the last changes of these; and the
    # blueprints that are graded.
    with django_assert_max_num_queries(9):
        assert len(_search("_rule_result", query)[0]) == 2
    with django_assert_max_num_queries(9):
        assert len(_search("_rule_result", limit=50)[0]) == 50
    with django_assert_max_num_queries(7):
        assert len(_search("_rule")[0]) == 4
    with django_assert_max_num_queries(9):
        find_derived("_rule_result", "quality.tiered.service.pay", now=NOW)
