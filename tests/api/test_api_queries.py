"""Lists over REST that are narrowed by conditions: `query=<JSON>`."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from tests.builders import condition, make_blueprint, make_entity, make_team
from tests.hostile_queries import HOSTILE


def asked(query: Any, of: str = "entities", **parameters: str) -> str:
    """Return the address of a list with a query, which may be given as text."""
    text = query if isinstance(query, str) else json.dumps(query)
    return f"/api/{of}/?{urlencode({'query': text, **parameters})}"


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["identifier"] for row in response.json()["results"]]


def group(combinator: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"combinator": combinator, "conditions": [*parts]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (condition("tier", "=", 1), ["cart"]),
        (condition("tier", "=", "1"), []),
        (condition("tier", "!=", 1), ["core", "blog"]),
        (condition("language", "isEmpty"), ["core", "blog"]),
        (condition("$team", "contains", "core"), ["cart"]),
        (condition("$updatedAt", "between", {"preset": "today"}), []),
        (condition("$updatedAt", "<", "2026-06-02"), ["core", "cart", "blog"]),
        (
            group("or", condition("tier", ">", 2), condition("language", "=", "Go")),
            ["cart", "blog"],
        ),
        ({"combinator": "and", "rules": condition("tier", "<", 2)["conditions"]}, ["cart"]),
        (" ", ["core", "cart", "blog"]),
    ],
)
def test_a_list_holds_what_the_query_holds_for(
    world: None, client: APIClient, query: Any, expected: list[str]
) -> None:
    assert names(client.get(asked(query))) == expected


def test_a_query_narrows_beside_the_other_filters(world: None, client: APIClient) -> None:
    query = condition("tier", "isNotEmpty")
    assert names(client.get(asked(query, search="o", blueprint="service"))) == ["blog"]
    assert names(client.get(asked(query, level="quality:Gold", team="core"))) == ["cart"]
    assert names(client.get(asked(query, page_size="1", page="2"))) == ["blog"]


def test_relations_are_asked_about_by_name(world: None, client: APIClient) -> None:
    make_blueprint("deployment", relations={"service": {"target": "service"}})
    for name, service in (("d1", "cart"), ("d2", "blog")):
        make_entity(name, blueprint="deployment", relations={"service": service})
    leaf = {"relation": "service", "operator": "=", "value": "cart"}
    assert names(client.get(asked(group("and", leaf), blueprint="deployment"))) == ["d1"]


def test_teams_are_narrowed_too(world: None, client: APIClient) -> None:
    make_team("apps", title="Apps")
    query = condition("$title", "beginsWith", "A")
    assert names(client.get(asked(query, of="teams"))) == ["apps"]


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("{", "query", "This is not JSON: Expecting property name enclosed in double quotes"),
        ("7", "query", 'must be an object like {"combinator": "and", "conditions": [...]}'),
        (condition("tier", "=>", 1), "query.conditions[0].operator", 'did you mean ">="?'),
        (condition("tier", ">", "7"), "query.conditions[0].value", "without quotes"),
        (group("and", group("nor")), "query.conditions[0].combinator", 'did you mean "or"?'),
        (condition("tier", "="), "query.conditions[0].value", "is missing"),
        (
            group("and", *[{"property": "a", "operator": "isEmpty"}] * 200),
            "query",
            "may have 4,000",
        ),
        (condition("tier", "=", "\ud800"), "query.conditions[0].value", "cannot be stored"),
    ],
)
def test_a_malformed_query_is_400_with_the_path_and_a_way_out(
    world: None, client: APIClient, query: Any, path: str, message: str
) -> None:
    response = client.get(asked(query))
    assert response.status_code == 400
    first = response.json()["errors"][0]
    assert first["path"] == path
    assert message in first["message"]


def test_every_fault_is_told_at_its_place(world: None, client: APIClient) -> None:
    query = group("and", {"property": "tier"}, {"operator": "isEmpty"})
    missing = 'names nothing to test; give it a "property" or a "relation"'
    body = client.get(asked(query)).json()
    assert [error["path"] for error in body["errors"]] == [
        "query.conditions[0].operator",
        "query.conditions[1]",
    ]
    assert body["errors"][1]["message"] == missing
    assert body["detail"].startswith("query.conditions[0].operator: is missing;")
    assert body["detail"].endswith("(and 1 more)")


def test_names_are_checked_against_the_blueprint_that_is_asked_for(
    world: None, client: APIClient
) -> None:
    query = condition("teir", "=", 1)
    assert client.get(asked(query, blueprint="service")).json() == {
        "detail": 'query.conditions[0].property: there is no property "teir"; did you mean "tier"?',
        "errors": [
            {
                "path": "query.conditions[0].property",
                "message": 'there is no property "teir"; did you mean "tier"?',
            }
        ],
    }
    assert client.get(asked(query, of="teams")).status_code == 400
    # Of all blueprints, one may have it some day; and of none there is nothing to find.
    assert names(client.get(asked(query))) == []
    assert names(client.get(asked(query, blueprint="nope"))) == []


@pytest.mark.parametrize("of", ["entities", "teams"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_query_is_an_error_of_ours(world: None, client: APIClient, text: str, of: str) -> None:
    parameters = {"blueprint": "service"} if of == "entities" else {}
    for more in ({}, parameters):
        response = client.get(asked(text, of=of, **more))
        assert response.status_code in (200, 400)
        assert set(response.json()) >= ({"results"} if response.status_code == 200 else {"errors"})


def test_a_query_costs_at_most_a_look_at_the_blueprints(
    world: None, client: APIClient, queries_of: Callable[[str], int]
) -> None:
    query = condition("tier", "=", 1)
    # The token, the count, the entities, their badges; then also the blueprints.
    assert queries_of(asked(query)) == 4
    assert queries_of(asked(query, blueprint="service")) == 5


def test_the_document_describes_the_filter(client: APIClient) -> None:
    document = client.get("/api/schema/?format=json").json()
    for address in ("/api/entities/", "/api/teams/"):
        parameters = document["paths"][address]["get"]["parameters"]
        found = next(item for item in parameters if item["name"] == "query")
        assert "Conditions as JSON" in found["description"]
