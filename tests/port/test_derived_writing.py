"""Scorecards and rules, written as entities."""

from typing import Any

import pytest

from catalog.errors import Conflict, Invalid, NotFound
from portal.integrations.port.derived import find_derived
from portal.integrations.port.derived_writing import delete_derived, write_derived
from scorecards.models import Rule, Scorecard
from scorecards.operations import document_of
from tests.builders import (
    NOW,
    TESTER,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    rule_document,
)

pytestmark = pytest.mark.django_db

LEVELS = [{"title": "Low", "color": "red"}, {"title": "High", "color": "green"}]
CONDITIONS = "properties.query.conditions"


@pytest.fixture(autouse=True)
def _service(db: None) -> None:
    make_blueprint()


def _write(blueprint: str, body: Any, *, merge: bool = False, upsert: bool = False) -> Any:
    return write_derived(blueprint, body, merge=merge, upsert=upsert, by=TESTER, now=NOW)


def _patch(blueprint: str, body: Any) -> Any:
    return _write(blueprint, body, merge=True, upsert=True)


def _put(blueprint: str, body: Any) -> Any:
    return _write(blueprint, body, upsert=True)


def _delete(blueprint: str, identifier: str) -> None:
    delete_derived(blueprint, identifier, by=TESTER, now=NOW)


def _scorecard(**properties: Any) -> dict[str, Any]:
    return {
        "identifier": "dora",
        "title": "DORA",
        "properties": {"blueprint": "service", "rules": [rule_document()], **properties},
    }


def _rule(identifier: str = "spoken", **properties: Any) -> dict[str, Any]:
    query = condition("language", "isNotEmpty")
    return {
        "identifier": identifier,
        "title": "Spoken",
        "properties": {"level": "Bronze", "query": query, **properties},
        "relations": {"scorecard": "dora"},
    }


def _stored(identifier: str = "dora") -> dict[str, Any]:
    return document_of(Scorecard.objects.get(identifier=identifier))


def test_a_scorecard_is_made_with_its_rules(port: Any) -> None:
    entity = make_entity("pay", properties={"tier": 2})
    made = _write("_scorecard", _scorecard(filter=condition("tier", "<", 9)))
    assert made == find_derived("_scorecard", "dora", now=NOW)
    assert (made["title"], made["properties"]["blueprint"]) == ("DORA", "service")
    assert made["properties"]["filter"] == condition("tier", "<", 9)
    assert level_of(entity, "dora") == "Bronze"
    shown = port.get("/blueprints/service/scorecards/dora").json()["scorecard"]
    assert shown["rules"] == [rule_document()]


def test_what_is_there_is_only_written_over_where_that_was_asked_for() -> None:
    _write("_scorecard", _scorecard())
    _write("_rule", _rule())
    for blueprint, body in (("_scorecard", _scorecard()), ("_rule", _rule())):
        with pytest.raises(Conflict, match="upsert"):
            _write(blueprint, body)
        with pytest.raises(Conflict, match="upsert"):
            _write(blueprint, body, merge=True)


def test_a_patch_leaves_what_it_does_not_name() -> None:
    _write("_scorecard", _scorecard(filter=condition("tier", "<", 9)))
    before = _stored()
    _patch("_scorecard", {"identifier": "dora", "title": "New"})
    assert _stored() == {**before, "title": "New"}
    _patch("_scorecard", {"identifier": "dora", "properties": {"filter": None}})
    assert _stored() == {**before, "title": "New", "filter": None}


def test_a_put_clears_but_for_levels_and_rules() -> None:
    body = _scorecard(
        levels=LEVELS, filter=condition("tier", "<", 9), rules=[rule_document(level="High")]
    )
    _write("_scorecard", body)
    before = _stored()
    _put("_scorecard", {"identifier": "dora", "properties": {}})
    assert _stored() == {**before, "title": "dora", "filter": None}
    _put("_scorecard", {"identifier": "dora", "properties": {"rules": None, "levels": None}})
    assert (_stored()["rules"], len(_stored()["levels"])) == ([], 4)


def test_what_was_read_can_be_written() -> None:
    _write("_scorecard", _scorecard())
    _write("_rule", _rule(rule_description="Why."))
    before = _stored()
    for blueprint, name in (("_scorecard", "dora"), ("_rule", "spoken"), ("_rule", "tiered")):
        read = find_derived(blueprint, name, now=NOW)
        written = _put(blueprint, read)
        assert {**written, "updatedAt": ""} == {**read, "updatedAt": ""}
    assert _stored() == before


def test_a_scorecard_without_a_name_gets_one() -> None:
    made = _write("_scorecard", {"properties": {"blueprint": "service"}})
    assert made["identifier"].startswith("e_")
    assert made["title"] == made["identifier"]


def test_a_scorecard_can_move_to_another_blueprint() -> None:
    make_team("core")
    titled = condition("$title", "isNotEmpty")
    _write("_scorecard", _scorecard(rules=[rule_document(query=titled)]))
    moved = _patch("_scorecard", {"identifier": "dora", "properties": {"blueprint": "_team"}})
    assert moved["properties"]["blueprint"] == "_team"
    assert _stored()["blueprints"] == ["_team"]


def test_one_of_several_blueprints_is_no_move() -> None:
    titled = condition("$title", "isNotEmpty")
    make_scorecard("dora", blueprints=["_team", "service"], rules=[rule_document(query=titled)])
    _patch("_scorecard", {"identifier": "dora", "properties": {"blueprint": "service"}})
    assert _stored()["blueprints"] == ["_team", "service"]


def test_a_rule_is_added_changed_and_cleared() -> None:
    _write("_scorecard", _scorecard())
    made = _write("_rule", _rule(rule_description="Why."))
    assert made == find_derived("_rule", "spoken", now=NOW)
    assert made["properties"]["rule_description"] == "Why."
    _patch("_rule", {"identifier": "spoken", "properties": {"level": "Gold"}})
    rule = Rule.objects.select_related("level").get(identifier="spoken")
    assert (rule.level.title, rule.description, rule.title) == ("Gold", "Why.", "Spoken")
    _put("_rule", {**_rule(), "title": None, "relations": {}})
    rule.refresh_from_db()
    assert (rule.description, rule.title, rule.position) == ("", "spoken", 1)


def test_a_rule_keeps_what_the_dialect_cannot_say() -> None:
    make_scorecard("dora", rules=[rule_document(how_to_fix="Ask."), rule_document("b")])
    _patch("_rule", {"identifier": "tiered", "title": "New"})
    rule = Rule.objects.get(identifier="tiered")
    assert (rule.title, rule.how_to_fix) == ("New", "Ask.")


def test_a_rule_that_another_scorecard_has_too_is_named_with_its_own() -> None:
    make_scorecard("dora", rules=[rule_document()])
    make_scorecard("other", rules=[])
    body = {**_rule("tiered"), "relations": {"scorecard": "other"}}
    with pytest.raises(Invalid, match=r"another is 'other\.tiered'"):
        _put("_rule", body)
    made = _write("_rule", {**body, "identifier": "other.tiered"})
    assert made["identifier"] == "other.tiered"
    assert Rule.objects.filter(scorecard__identifier="other").get().identifier == "tiered"


def test_deleting_takes_scorecards_and_rules() -> None:
    _write("_scorecard", _scorecard())
    _write("_rule", _rule())
    _delete("_rule", "spoken")
    assert [rule["identifier"] for rule in _stored()["rules"]] == ["tiered"]
    _delete("_scorecard", "dora")
    assert not Scorecard.objects.exists()
    for blueprint in ("_scorecard", "_rule"):
        with pytest.raises(NotFound, match=blueprint):
            _delete(blueprint, "dora")


def test_results_are_not_written() -> None:
    _write("_scorecard", _scorecard())
    make_entity("pay", properties={"tier": 2})
    name = "dora.tiered.service.pay"
    assert find_derived("_rule_result", name, now=NOW)
    with pytest.raises(Invalid, match="what scorecards find"):
        _put("_rule_result", {"identifier": name, "properties": {"result": "Passed"}})
    with pytest.raises(Invalid, match="what scorecards find"):
        _delete("_rule_result", name)


@pytest.mark.parametrize(
    ("blueprint", "body", "place"),
    [
        ("_scorecard", {"identifier": {"combinator": "and", "rules": []}}, "identifier"),
        ("_scorecard", {"properties": []}, "properties"),
        ("_scorecard", {"team": "core"}, "team"),
        ("_scorecard", {"properties": {}}, "properties.blueprint"),
        ("_scorecard", {"properties": {"blueprint": "nothing"}}, "properties.blueprint"),
        ("_scorecard", {"properties": {"blueprint": ["service"]}}, "properties.blueprint"),
        ("_scorecard", _scorecard(sla=7), "properties.sla"),
        ("_scorecard", _scorecard(levels=7), "properties.levels"),
        ("_scorecard", _scorecard(rules=[{}]), "properties.rules[0]"),
        ("_scorecard", _scorecard(rules=[rule_document(level="X")]), "properties.rules[0].level"),
        ("_scorecard", {**_scorecard(), "identifier": "a b"}, "identifier"),
        ("_rule", {"identifier": "x"}, "relations.scorecard"),
        ("_rule", {**_rule(), "relations": {"scorecard": ["dora"]}}, "relations.scorecard"),
        ("_rule", {**_rule(), "properties": {}}, "properties.level"),
        ("_rule", _rule(level="X"), "properties.level"),
        ("_rule", _rule(level=7), "properties.level"),
        (
            "_rule",
            _rule(query=condition("teir", "=", 1)),
            "properties.query.conditions[0].property",
        ),
        ("_rule", _rule(rule_description=7), "properties.rule_description"),
        ("_rule", _rule("a b"), "identifier"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    blueprint: str, body: dict[str, Any], place: str
) -> None:
    make_scorecard("dora")
    Rule.objects.filter(identifier="spoken").delete()
    before = _stored()
    body = {**body, "identifier": "new"} if body.get("identifier") == "dora" else body
    with pytest.raises(Invalid) as caught:
        _write(blueprint, body)
    assert caught.value.faults[0].path == place
    assert _stored() == before
    assert Scorecard.objects.count() == 1


def test_relations_that_there_are_not_are_not_found() -> None:
    for blueprint, body in (("_scorecard", _scorecard()), ("_rule", _rule())):
        with pytest.raises(NotFound, match="owner"):
            _write(blueprint, {**body, "relations": {"owner": "core"}})
