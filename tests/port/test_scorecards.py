"""Scorecards at the addresses of the dialect."""

from typing import Any

import pytest
from django.http import HttpResponse

from catalog.models import Blueprint
from portal.integrations.models import ScorecardNote
from scorecards.models import LevelChange, Rule, Scorecard
from scorecards.operations import document_of, save_rule
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
from tests.port.clients import PortClient

pytestmark = pytest.mark.django_db

ADDRESS = "/blueprints/service/scorecards"
LEVELS = [
    {"title": "Basic", "color": "paleBlue"},
    {"title": "Bronze", "color": "bronze"},
    {"title": "Silver", "color": "silver"},
    {"title": "Gold", "color": "gold"},
]
META = ("id", "blueprint", "createdAt", "createdBy", "updatedAt", "updatedBy")


@pytest.fixture(autouse=True)
def _service(db: None) -> None:
    make_blueprint()


def _rule(identifier: str = "tiered", **overrides: Any) -> dict[str, Any]:
    return rule_document(identifier, **overrides)


def _body(identifier: str = "dora", **overrides: Any) -> dict[str, Any]:
    return {"identifier": identifier, "title": "DORA", "rules": [_rule()], **overrides}


def _made(answer: HttpResponse, *, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.json()
    assert answer.json()["ok"] is True
    return answer.json()["scorecard"]


def _plain(card: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in card.items() if key not in META}


def _refused(answer: HttpResponse) -> str:
    assert (answer.status_code, answer.json()["ok"]) == (422, False)
    return answer.json()["message"]


def test_the_answer_is_what_was_sent_with_levels_and_what_the_server_says(
    port: PortClient,
) -> None:
    card = _made(port.post(ADDRESS, _body()), status=201)
    row = Scorecard.objects.get(identifier="dora")
    stamp = card["createdAt"]
    assert stamp.endswith("Z")
    assert card == {
        **_body(levels=LEVELS),
        "id": str(row.pk),
        "blueprint": "service",
        "createdAt": stamp,
        "createdBy": "writer",
        "updatedAt": card["updatedAt"],
        "updatedBy": "writer",
    }
    assert _made(port.get(f"{ADDRESS}/dora")) == card
    assert port.get(ADDRESS).json() == {"ok": True, "scorecards": [card]}


@pytest.mark.parametrize("levels", [None, []])
def test_levels_that_say_nothing_are_the_default_ones(port: PortClient, levels: Any) -> None:
    assert _made(port.post(ADDRESS, _body(levels=levels)), status=201)["levels"] == LEVELS


def test_entities_are_graded_at_once(port: PortClient) -> None:
    entity = make_entity("pay", properties={"tier": 2})
    port.post(ADDRESS, _body())
    assert level_of(entity, "dora") == "Bronze"


def test_conditions_come_back_as_they_were_sent(port: PortClient) -> None:
    conditions = [
        {"property": "$team", "operator": "isNotEmpty", "not_": False},
        {"property": "language", "operator": "isEmpty", "not": True},
        {"property": "tier", "operator": "=", "value": 2},
        {"property": "tier", "operator": "!=", "value": True},
        {"property": "tier", "operator": ">=", "value": "1"},
        {"property": "language", "operator": "in", "value": ["go", "c"]},
    ]
    query = {"combinator": "and", "conditions": conditions}
    sent = _body(rules=[_rule(query=query)], filter=query, levels=LEVELS)
    assert _plain(_made(port.post(ADDRESS, sent), status=201)) == sent
    assert _plain(_made(port.put(f"{ADDRESS}/dora", sent))) == sent


def test_not_turns_emptiness_around(port: PortClient) -> None:
    entity = make_entity("pay", properties={"language": "go"})
    leaf = {"property": "language", "operator": "isEmpty", "not": True}
    port.post(ADDRESS, _body(rules=[_rule(query={"combinator": "and", "conditions": [leaf]})]))
    assert level_of(entity, "dora") == "Bronze"


def test_rules_stay_in_their_order_and_say_no_more_than_they_did(port: PortClient) -> None:
    rules = [
        _rule("z", level="Gold"),
        _rule("a", description="Why."),
        _rule("m", level="Silver"),
    ]
    card = _made(port.post(ADDRESS, _body(rules=rules, filter=None)), status=201)
    assert card["rules"] == rules
    assert card["filter"] is None


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"rules": [_rule(level="Diamond")]}, "rules[0].level"),
        ({"rules": [_rule(level="Basic")]}, "rules[0].level"),
        ({"identifier": "a b"}, "identifier"),
        ({"identifier": ".."}, "identifier"),
        ({"identifier": "a" * 101}, "identifier"),
        ({"rules": [_rule(), _rule()]}, "rules[1]"),
        ({"rules": [_rule(query=condition("teir", "=", 1))]}, "rules[0].query.conditions[0]"),
        ({"filter": {"combinator": "and", "conditions": []}}, "filter.conditions"),
        ({"levels": [{"title": "A", "color": "pink"}, {"title": "B", "color": "mauve"}]}, "levels"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    port: PortClient, changes: dict[str, Any], place: str
) -> None:
    assert _refused(port.post(ADDRESS, _body(**changes))).startswith(place)
    assert not Scorecard.objects.exists()
    assert not ScorecardNote.objects.exists()


def test_a_name_is_there_once_on_a_blueprint_and_again_on_another(port: PortClient) -> None:
    port.post(ADDRESS, _body())
    again = port.post(ADDRESS, _body(title="Other"))
    assert (again.status_code, again.json()["error"]) == (409, "conflict")
    query = condition("$title", "isNotEmpty")
    body = _body(rules=[_rule(query=query)])
    team = _made(port.post("/blueprints/_team/scorecards", body), status=201)
    assert (team["identifier"], team["blueprint"]) == ("dora", "_team")
    assert set(Scorecard.objects.values_list("identifier", flat=True)) == {"dora", "_team--dora"}
    assert _made(port.get("/blueprints/_team/scorecards/dora")) == team
    port.delete(f"{ADDRESS}/dora")
    assert port.get(f"{ADDRESS}/dora").status_code == 404
    assert _made(port.get("/blueprints/_team/scorecards/dora")) == team


def test_names_too_long_to_be_put_together_still_differ(port: PortClient) -> None:
    name = "n" * 100
    other = "b" * 60
    for blueprint in (other, other[:-1] + "c"):
        make_blueprint(blueprint)
    for blueprint in ("service", other, other[:-1] + "c"):
        answer = port.post(f"/blueprints/{blueprint}/scorecards", _body(name))
        assert _made(answer, status=201)["identifier"] == name
    assert Scorecard.objects.count() == 3


def test_slashes_in_names_stay_in_their_part_of_the_address(port: PortClient) -> None:
    port.post(ADDRESS, _body("a/b"))
    assert _made(port.get(f"{ADDRESS}/a%2Fb"))["identifier"] == "a/b"


@pytest.mark.parametrize("method", ["get", "put", "delete"])
@pytest.mark.parametrize("path", ["/blueprints/service/scorecards/x", "/blueprints/x/scorecards/x"])
def test_what_is_not_there_is_not_found(port: PortClient, method: str, path: str) -> None:
    body = {"body": _body()} if method == "put" else {}
    answer = getattr(port, method)(path, **body)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_a_reader_only_reads(reader: PortClient) -> None:
    assert reader.get(ADDRESS).status_code == 200
    assert reader.get("/scorecards").status_code == 200
    assert reader.post(ADDRESS, _body()).status_code == 403
    assert reader.put(ADDRESS, []).status_code == 403


def test_replacing_keeps_what_the_dialect_cannot_say(port: PortClient) -> None:
    make_team("core")
    make_scorecard(
        "dora",
        description="Why.",
        status="draft",
        rules=[
            _rule(
                how_to_fix="Ask.",
                owner="core",
                is_enabled=False,
                in_force_from="2026-01-01",
                filter=condition("language", "isNotEmpty"),
                evidence=condition("tier", "!=", None),
            )
        ],
    )
    card = _made(port.put(f"{ADDRESS}/dora", _body(title="New", rules=[_rule(title="T")])))
    assert (card["title"], card["rules"]) == ("New", [_rule(title="T")])
    document = document_of(Scorecard.objects.get())
    assert (document["description"], document["status"]) == ("Why.", "draft")
    assert document["rules"] == [
        {
            **_rule(title="T", description=""),
            "how_to_fix": "Ask.",
            "owner": "core",
            "is_enabled": False,
            "in_force_from": "2026-01-01",
            "filter": condition("language", "isNotEmpty"),
            "evidence": condition("tier", "!=", None),
        }
    ]


def test_what_get_says_can_be_put(port: PortClient) -> None:
    make_scorecard("dora", rules=[_rule(query=None), _rule("b", description="Why.")])
    card = _made(port.get(f"{ADDRESS}/dora"))
    before = document_of(Scorecard.objects.get())
    again = _made(port.put(f"{ADDRESS}/dora", card))
    assert {**again, "updatedAt": "", "updatedBy": ""} == {
        **card,
        "updatedAt": "",
        "updatedBy": "",
    }
    assert document_of(Scorecard.objects.get()) == before


def test_a_put_that_names_it_otherwise_renames_it_and_keeps_its_history(port: PortClient) -> None:
    entity = make_entity("pay", properties={"tier": 2})
    port.post(ADDRESS, _body())
    make_entity("pay", properties={"tier": 5})
    rule = Rule.objects.get()
    card = _made(port.put(f"{ADDRESS}/dora", _body("metrics")))
    assert card["identifier"] == "metrics"
    assert port.get(f"{ADDRESS}/dora").status_code == 404
    assert _made(port.get(f"{ADDRESS}/metrics")) == card
    assert Rule.objects.get() == rule
    assert LevelChange.objects.filter(entity=entity).count() == 1
    # The old name is free.
    assert _made(port.post(ADDRESS, _body()), status=201)["id"] != card["id"]


def test_a_name_that_is_taken_is_not_given_twice(port: PortClient) -> None:
    port.post(ADDRESS, _body("one"))
    port.post(ADDRESS, _body("two"))
    assert port.put(f"{ADDRESS}/one", _body("two")).status_code == 409
    assert [card["identifier"] for card in port.get(ADDRESS).json()["scorecards"]] == ["one", "two"]


def test_scorecards_made_here_go_by_their_own_identifier_on_every_blueprint(
    port: PortClient,
) -> None:
    query = condition("$title", "isNotEmpty")
    make_scorecard("shared", blueprints=["service", "_team"], rules=[_rule(query=query)])
    cards = port.get("/scorecards").json()["scorecards"]
    assert [(card["blueprint"], card["identifier"]) for card in cards] == [
        ("_team", "shared"),
        ("service", "shared"),
    ]
    assert [(card["createdBy"], card["updatedBy"]) for card in cards] == [("tester", "tester")] * 2


def test_a_page_that_is_a_blueprint_is_not_looked_at(port: PortClient) -> None:
    port.post(ADDRESS, _body())
    everything = port.get("/scorecards").json()
    assert len(everything["scorecards"]) == 1
    for page in ("service", "_team", "7", "-1", ""):
        assert port.get(f"/scorecards?page={page}").json() == everything


def test_deleting_takes_a_scorecard_with_all_that_it_found(port: PortClient) -> None:
    make_entity("pay", properties={"tier": 2})
    port.post(ADDRESS, _body())
    assert port.delete(f"{ADDRESS}/dora").json() == {"ok": True}
    assert not Scorecard.objects.exists()
    assert not ScorecardNote.objects.exists()


def test_deleting_one_that_grades_another_blueprint_too_only_takes_it_from_this_one(
    port: PortClient,
) -> None:
    pay, core = make_entity("pay"), make_team("core")
    query = condition("$title", "isNotEmpty")
    make_scorecard("shared", blueprints=["service", "_team"], rules=[_rule(query=query)])
    assert (level_of(pay, "shared"), level_of(core, "shared")) == ("Bronze", "Bronze")
    assert port.delete(f"{ADDRESS}/shared").json() == {"ok": True}
    assert (level_of(pay, "shared"), level_of(core, "shared")) == (None, "Bronze")
    assert port.get(f"{ADDRESS}/shared").status_code == 404
    assert port.get("/blueprints/_team/scorecards/shared").status_code == 200


def test_what_others_cannot_do_without_is_not_taken_away(port: PortClient) -> None:
    make_scorecard("shared", blueprints=["service", "_team"])
    answer = port.delete(f"{ADDRESS}/shared")
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert "only 'service' has" in answer.json()["message"]
    assert port.get(f"{ADDRESS}/shared").status_code == 200


def test_the_name_of_one_that_left_a_blueprint_can_be_given_again(port: PortClient) -> None:
    port.post(ADDRESS, _body())
    row = Scorecard.objects.get()
    row.blueprints.set([make_blueprint("system")])
    card = _made(port.post(ADDRESS, _body()), status=201)
    assert card["id"] != str(row.pk)
    assert _made(port.get(f"{ADDRESS}/dora")) == card


def _put_all(port: PortClient, bodies: Any) -> Any:
    answer = port.put(ADDRESS, bodies)
    assert answer.status_code == 200, answer.json()
    return [(card["id"], card["identifier"], card["title"]) for card in answer.json()["scorecards"]]


def test_a_put_of_all_changes_makes_and_deletes(port: PortClient) -> None:
    one, two, gone = (
        _made(port.post(ADDRESS, _body(name)), status=201)["id"] for name in ("one", "two", "gone")
    )
    found = _put_all(
        port, [_body("two", title="By name"), _body("uno", title="By id", id=one), _body("new")]
    )
    new = str(Scorecard.objects.get(identifier="new").pk)
    assert found == [(one, "uno", "By id"), (two, "two", "By name"), (new, "new", "DORA")]
    assert not Scorecard.objects.filter(pk=gone).exists()


def test_a_put_of_what_get_says_of_all_changes_nothing(port: PortClient) -> None:
    port.post(ADDRESS, _body("one"))
    make_scorecard("two")
    before = port.get(ADDRESS).json()["scorecards"]
    after = port.put(ADDRESS, before).json()["scorecards"]
    assert [_plain(card) for card in after] == [_plain(card) for card in before]


def test_two_scorecards_can_change_names(port: PortClient) -> None:
    one = _made(port.post(ADDRESS, _body("one")), status=201)["id"]
    two = _made(port.post(ADDRESS, _body("two")), status=201)["id"]
    found = _put_all(port, [_body("two", id=one), _body("one", id=two)])
    assert [row[:2] for row in found] == [(one, "two"), (two, "one")]


def test_a_put_of_none_deletes_all(port: PortClient) -> None:
    port.post(ADDRESS, _body())
    assert port.put(ADDRESS, []).json() == {"ok": True, "scorecards": []}
    assert not Scorecard.objects.exists()


def test_scorecards_of_other_blueprints_are_left_alone_by_a_put_of_all(port: PortClient) -> None:
    query = condition("$title", "isNotEmpty")
    make_scorecard("teams", blueprints=["_team"], rules=[_rule(query=query)])
    make_scorecard("shared", blueprints=["service", "_team"], rules=[_rule(query=query)])
    assert _put_all(port, []) == []
    left = port.get("/blueprints/_team/scorecards").json()["scorecards"]
    assert [card["identifier"] for card in left] == ["teams", "shared"]


@pytest.mark.parametrize(
    ("bodies", "place"),
    [
        ({}, "send a JSON list"),
        ([7], "[0]: "),
        ([{"identifier": "x"}], "[0]: "),
        ([_body(), _body()], "[1].identifier"),
        ([_body("a", id="{id}"), _body("keep")], "[1].id"),
        ([_body("new"), _body("other", rules=[_rule(level="X")])], "[1].rules[0].level"),
    ],
)
def test_a_put_of_all_that_cannot_be_saves_nothing(
    port: PortClient, bodies: Any, place: str
) -> None:
    kept = _made(port.post(ADDRESS, _body("keep")), status=201)
    for body in bodies:
        if isinstance(body, dict) and body.get("id") == "{id}":
            body |= {"id": kept["id"]}
    assert _refused(port.put(ADDRESS, bodies)).startswith(place)
    assert port.get(ADDRESS).json()["scorecards"] == [kept]


def test_an_edit_made_here_shows_and_says_by_whom(port: PortClient) -> None:
    port.post(ADDRESS, _body(rules=[_rule(description="Old.")]))
    row = Scorecard.objects.get()
    save_rule(scorecard=row, definition=_rule(title="Edited", query=None), by=TESTER, now=NOW)
    card = _made(port.get(f"{ADDRESS}/dora"))
    assert (card["createdBy"], card["updatedBy"]) == ("writer", "tester")
    nothing = {"combinator": "and", "conditions": []}
    assert card["rules"] == [_rule(title="Edited", query=nothing)]


def test_a_blueprint_takes_its_notes_along(port: PortClient) -> None:
    query = condition("$title", "isNotEmpty")
    port.post(ADDRESS, _body(rules=[_rule(query=query)]))
    row = Scorecard.objects.get()
    row.blueprints.add(Blueprint.objects.get(identifier="_team"))
    Blueprint.objects.get(identifier="service").delete()
    assert not ScorecardNote.objects.exists()


def test_lists_cost_as_many_queries_for_many_as_for_one(
    port: PortClient, django_assert_max_num_queries
) -> None:
    make_team("core")
    for number in range(5):
        port.post(ADDRESS, _body(f"card-{number}"))
        make_scorecard(f"own-{number}", rules=[_rule(owner="core"), _rule("b")])
    # Two for the credential, one for the blueprint.
    with django_assert_max_num_queries(8):
        assert len(port.get(ADDRESS).json()["scorecards"]) == 10
    with django_assert_max_num_queries(7):
        assert len(port.get("/scorecards").json()["scorecards"]) == 10
