"""Scorecards, rules and results at the addresses of entities."""

from typing import Any
from urllib.parse import quote

import pytest

from catalog.models import Entity
from scorecards.models import Rule, Scorecard
from tests.builders import make_blueprint, make_entity, make_scorecard, rule_document
from tests.port.clients import PortClient


@pytest.fixture
def graded(db: None) -> None:
    """Store two services, one of which passes the only rule, and one that has a second."""
    make_blueprint()
    make_scorecard(rules=[rule_document("tiered"), rule_document("top", level="Gold")])
    make_entity("cart", properties={"tier": 1})
    make_entity("blog", properties={"tier": 3})


def rule(prop: str, operator: str, value: Any) -> dict[str, Any]:
    return {"property": prop, "operator": operator, "value": value}


def names(body: dict[str, Any]) -> list[str]:
    assert body["ok"] is True, body
    return [entity["identifier"] for entity in body["entities"]]


def test_results_are_listed_read_and_searched_and_stored_nowhere(
    port: PortClient, graded: None
) -> None:
    listed = port.get("/blueprints/_rule_result/entities").json()
    assert len(names(listed)) == 4
    failing = {"combinator": "and", "rules": [rule("result", "=", "Not passed")]}
    found = port.post("/blueprints/_rule_result/entities/search", {"query": failing}).json()
    assert {entity["properties"]["entity"] for entity in found["entities"]} == {"blog"}
    assert found["next"] is None
    failing["rules"].append(rule("$blueprint", "=", "_rule_result"))
    everywhere = port.post("/entities/search", failing).json()
    assert sorted(names(everywhere)) == sorted(names(found))
    assert everywhere["matchingBlueprints"] == ["_rule_result"]
    one = found["entities"][0]
    path = f"/blueprints/_rule_result/entities/{quote(one['identifier'], safe='')}"
    assert port.get(path).json()["entity"] == one
    assert port.get(f"{path}?include=properties.result").json()["entity"] == {
        "identifier": one["identifier"],
        "blueprint": "_rule_result",
        "properties": {"result": "Not passed"},
    }
    assert not Entity.objects.of("_rule_result").exists()


def test_a_search_that_names_no_blueprint_finds_what_is_stored(
    port: PortClient, graded: None
) -> None:
    query = {"combinator": "and", "rules": [rule("$title", "contains", "")]}
    assert port.post("/entities/search", query).json()["matchingBlueprints"] == ["service"]


def test_results_page_by_page(port: PortClient, graded: None) -> None:
    seen: list[str] = []
    body: dict[str, Any] = {"limit": 1}
    for _ in range(9):
        answer = port.post("/blueprints/_rule_result/entities/search", body).json()
        seen += names(answer)
        if answer["next"] is None:
            break
        body["from"] = answer["next"]
    assert sorted(seen) == sorted(names(port.get("/blueprints/_rule_result/entities").json()))
    for limit in (0, 1_001, True, "1"):
        wrong = {"limit": limit}
        assert port.post("/blueprints/_rule_result/entities/search", wrong).status_code == 422


def test_what_only_stored_entities_have_cannot_be_asked_for(port: PortClient, graded: None) -> None:
    related = {"operator": "relatedTo", "blueprint": "service", "value": "cart"}
    query = {"combinator": "and", "rules": [related]}
    answer = port.post("/blueprints/_rule_result/entities/search", {"query": query})
    assert (answer.status_code, answer.json()["message"].split(":")[0]) == (422, "query")


def test_a_scorecard_is_written_as_an_entity(port: PortClient, graded: None) -> None:
    sent = {
        "identifier": "light",
        "title": "Light",
        "properties": {
            "blueprint": "service",
            "levels": [{"title": "No", "color": "red"}, {"title": "Yes", "color": "green"}],
            "rules": [
                {
                    "identifier": "lit",
                    "title": "Lit",
                    "level": "Yes",
                    "query": {"combinator": "and", "conditions": [rule("tier", "=", 1)]},
                }
            ],
        },
    }
    made = port.post("/blueprints/_scorecard/entities", sent)
    assert made.status_code == 201, made.json()
    assert Scorecard.objects.get(identifier="light").levels.count() == 2
    assert Rule.objects.filter(scorecard__identifier="light").count() == 1
    name = quote(made.json()["entity"]["identifier"], safe="")
    path = f"/blueprints/_scorecard/entities/{name}"
    assert port.patch(path, {"title": "Lighter"}).json()["entity"]["title"] == "Lighter"
    assert port.post("/blueprints/_scorecard/entities", sent).status_code == 409
    bulk = port.post(
        "/blueprints/_scorecard/entities/bulk?upsert=true&merge=true",
        {"entities": [sent, {"identifier": "x"}, 7]},
    )
    assert bulk.status_code == 207
    assert [error["index"] for error in bulk.json()["errors"]] == [1, 2]
    assert port.delete(path).status_code == 200
    assert not Scorecard.objects.filter(identifier="light").exists()
    assert port.delete(path).status_code == 404


def test_results_are_not_written(port: PortClient, graded: None) -> None:
    name = names(port.get("/blueprints/_rule_result/entities").json())[0]
    path = f"/blueprints/_rule_result/entities/{quote(name, safe='')}"
    for answer in (
        port.post("/blueprints/_rule_result/entities", {"identifier": "x"}),
        port.patch(path, {"properties": {"result": "Passed"}}),
        port.delete(path),
    ):
        assert answer.status_code in (403, 422)


@pytest.mark.parametrize("blueprint", ["_scorecard", "_rule", "_rule_result"])
def test_what_is_not_there_is_told(port: PortClient, graded: None, blueprint: str) -> None:
    for call in (port.get, port.put, port.patch):
        assert call(f"/blueprints/{blueprint}/entities/none").status_code == 404
    assert port.get(f"/blueprints/{blueprint}").json()["blueprint"]["identifier"] == blueprint
