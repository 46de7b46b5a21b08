"""Blueprints that point at each other in circles, created in any order."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.errors import Invalid
from catalog.models import Blueprint, Entity
from catalog.operations import save_blueprint
from catalog.registry import document_of
from portal.integrations.models import BlueprintNote
from tests.builders import NOW, TESTER, make_blueprint, make_entity
from tests.port import cyclic, vendor
from tests.port.clients import PortClient


def _state() -> dict[str, Any]:
    return {row.identifier: document_of(row) for row in Blueprint.objects.all()}


def _waiting() -> dict[str, list[str]]:
    rows = BlueprintNote.objects.exclude(waiting=[]).select_related("blueprint")
    return {
        row.blueprint.identifier: [f"{item['section']}.{item['key']}" for item in row.waiting]
        for row in rows
    }


def _post(port: PortClient, bodies: Any) -> list[dict[str, Any]]:
    answers = [port.post("/blueprints", body) for body in bodies]
    assert {answer.status_code for answer in answers} <= {200, 201}, [a.json() for a in answers]
    return [answer.json()["blueprint"] for answer in answers]


def _forget() -> None:
    Blueprint.objects.filter(is_system=False).delete()
    bare = {"identifier": "_team", "title": "Team", "schema": {}}
    save_blueprint(definition=bare, by=TESTER, now=NOW)
    BlueprintNote.objects.all().delete()


def test_every_order_ends_in_the_same_model(port: PortClient) -> None:
    states = []
    for bodies in permutations(cyclic.MODEL):
        _post(port, bodies)
        assert _waiting() == {}
        states.append(_state())
        _forget()
    assert all(state == states[0] for state in states)
    assert set(states[0]["release"]["mirror_properties"]) == {"hours", "tier", "app_releases"}
    assert set(states[0]["_team"]["aggregation_properties"]) == {"apps", "releases"}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(vendor.NAMES))
def test_the_vendors_blueprints_go_in_in_any_order(port: PortClient, order: list[str]) -> None:
    bodies = {body["identifier"]: body for body in vendor.blueprints()}
    _forget()
    _post(port, [bodies[name] for name in order])
    for name, body in bodies.items():
        shown = port.get(f"/blueprints/{name}").json()["blueprint"]
        assert {key: shown[key] for key in body} == body
        assert "pending" not in shown
    assert _waiting() == {}


def test_the_answer_is_what_was_sent_and_says_what_waits(port: PortClient) -> None:
    (shown,) = _post(port, [cyclic.RELEASE])
    assert shown["relations"]["app"] == {
        "target": "app",
        "title": None,
        "many": False,
        "required": False,
    }
    assert shown["mirrorProperties"] == cyclic.RELEASE["mirrorProperties"]
    assert shown["pending"] == [
        {"path": "mirrorProperties.app_releases", "message": "waits for the blueprint 'change'"},
        {"path": "mirrorProperties.hours", "message": "waits for the blueprint 'change'"},
        {"path": "mirrorProperties.tier", "message": "waits for the blueprint 'app'"},
        {"path": "relations.app", "message": "waits for the blueprint 'app'"},
        {"path": "relations.change", "message": "waits for the blueprint 'change'"},
    ]
    stored = Blueprint.objects.get(identifier="release")
    assert (stored.relations, stored.mirror_properties) == ({}, {})


def test_what_waits_comes_to_be_by_any_door(port: PortClient) -> None:
    _post(port, [cyclic.RELEASE])
    make_blueprint("app", ownership={"type": "Direct"})
    stored = Blueprint.objects.get(identifier="release")
    assert (list(stored.relations), list(stored.mirror_properties)) == (["app"], ["tier"])
    assert _waiting() == {
        "release": ["mirror_properties.app_releases", "mirror_properties.hours", "relations.change"]
    }


def test_what_waits_can_be_sent_back_and_taken_away(port: PortClient) -> None:
    (shown,) = _post(port, [cyclic.RELEASE])
    again = port.put("/blueprints/release", shown).json()["blueprint"]
    assert again == shown
    bare = port.patch("/blueprints/release", {"relations": None, "mirrorProperties": None}).json()
    assert "pending" not in bare["blueprint"]
    assert _waiting() == {}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"mirrorProperties": {"x": {"path": "nowhere.y"}}}, "mirrorProperties.x.path"),
        ({"mirrorProperties": {"x": {"path": "owner.nothing"}}}, "mirrorProperties.x.path"),
        ({"relations": {"app": {"target": "app", "many": 1}}}, "relations.app.many"),
        ({"ownership": {"type": "Inherited", "path": "nowhere"}}, "ownership.path"),
    ],
)
def test_nothing_waits_that_is_wrong_for_another_reason(
    port: PortClient, change: dict[str, Any], path: str
) -> None:
    relations = {"app": {"target": "app"}, "owner": {"target": "_team"}}
    body = {**cyclic.RELEASE, "mirrorProperties": {}, "relations": relations, **change}
    answer = port.post("/blueprints", body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{path}: ")
    assert not Blueprint.objects.filter(identifier="release").exists()


def test_a_part_of_the_new_blueprint_that_is_wrong_once_nothing_is_missing_is_refused(
    port: PortClient,
) -> None:
    _post(port, [cyclic.CHANGE, cyclic.RELEASE])
    aggregation = {
        "target": "release",
        "calculationSpec": {"func": "sum", "calculationBy": "property", "property": "nothing"},
        "pathFilter": [{"path": ["app"], "fromBlueprint": "release"}],
    }
    body = {**cyclic.APP, "aggregationProperties": {"x": aggregation}}
    answer = port.post("/blueprints", body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("aggregationProperties.x.calculationSpec.property: ")
    assert "app" not in _state()
    assert Blueprint.objects.get(identifier="release").relations == {"change": {"target": "change"}}


def test_a_part_of_another_one_that_turns_out_wrong_goes_on_waiting_and_says_why(
    port: PortClient,
) -> None:
    body = {**cyclic.RELEASE, "relations": {"app": {"target": "app"}}}
    _post(port, [{**body, "mirrorProperties": {"x": {"path": "app.nothing"}}}])
    _post(port, [{**cyclic.APP, "aggregationProperties": {}}])
    shown = port.get("/blueprints/release").json()["blueprint"]
    assert shown["mirrorProperties"] == {"x": {"path": "app.nothing"}}
    (pending,) = shown["pending"]
    assert pending["path"] == "mirrorProperties.x"
    assert "blueprint 'app' has no property 'nothing'" in pending["message"]
    # The relation is sound, and there.
    assert list(Blueprint.objects.get(identifier="release").relations) == ["app"]
    # Whoever says it again is refused, and the next edit of the other one mends it.
    again = port.patch(
        "/blueprints/release", {"title": "R", "mirrorProperties": {"x": {"path": "app.nothing"}}}
    )
    assert again.status_code == 422
    port.patch("/blueprints/app", {"schema": {"properties": {"nothing": {"type": "string"}}}})
    assert list(Blueprint.objects.get(identifier="release").mirror_properties) == ["x"]


def test_a_part_that_was_defined_otherwise_meanwhile_gives_way(port: PortClient) -> None:
    _post(port, [{"identifier": "a", "title": "A", "relations": {"b": {"target": "b"}}}])
    make_blueprint("a", relations={"b": {"target": "_team"}})
    make_blueprint("b")
    assert Blueprint.objects.get(identifier="a").relations == {"b": {"target": "_team"}}
    assert _waiting() == {}


def test_a_computed_value_waits_for_what_it_reads(port: PortClient) -> None:
    mirror = {
        "identifier": "a",
        "title": "A",
        "relations": {"b": {"target": "b"}},
        "mirrorProperties": {"x": {"path": "b.$title"}},
    }
    reader = {
        "identifier": "c",
        "title": "C",
        "relations": {"a": {"target": "a"}},
        "mirrorProperties": {"y": {"path": "a.x"}},
    }
    _post(port, [mirror, reader])
    assert _waiting() == {"a": ["mirror_properties.x", "relations.b"], "c": ["mirror_properties.y"]}
    _post(port, [{"identifier": "b", "title": "B"}])
    assert _waiting() == {}


def test_a_relation_to_what_is_made_of_scorecards_is_kept_and_says_why_it_is_none(
    port: PortClient,
) -> None:
    relation = {"target": "_rule_result", "title": "Result", "many": False, "required": False}
    (shown,) = _post(port, [{"identifier": "a", "title": "A", "relations": {"result": relation}}])
    assert shown["relations"] == {"result": relation}
    message = "'_rule_result' is made of the scorecards; nothing is related to it here"
    assert shown["pending"] == [{"path": "relations.result", "message": message}]


def test_entities_get_the_values_of_what_waited(port: PortClient) -> None:
    _post(port, [cyclic.APP])
    make_entity("cart", blueprint="app")
    assert "releases" not in Entity.objects.get(identifier="cart").facts
    _post(port, [cyclic.CHANGE, cyclic.RELEASE])
    assert Entity.objects.get(identifier="cart").facts["releases"] == 0


def test_what_waits_is_refused_to_nobody_else(port: PortClient) -> None:
    with pytest.raises(Invalid):
        make_blueprint("a", relations={"b": {"target": "b"}})
