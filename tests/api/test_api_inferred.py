"""Inferred relations over REST: shown, sent back as they are, and refused otherwise."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Entity
from tests.builders import make_blueprint, make_entity

ALARM = "/api/entities/incident/alarm/"


@pytest.fixture
def alarm(world: None) -> None:
    """Store an incident for which one of two deployments is found."""
    text = {"type": "string", "format": "date-time"}
    schema = {"properties": {"at": text}, "required": []}
    through = {"service": {"target": "service"}}
    make_blueprint("deployment", ownership=None, schema=schema, relations=through)
    rule = {"prefer": "named", "through": "service", "at": "at", "targetAt": "at", "withinHours": 1}
    relations = {
        **through,
        "named": {"target": "deployment"},
        "cause": {"target": "deployment", "inferred": rule},
    }
    make_blueprint("incident", ownership=None, schema=schema, relations=relations)
    at = {"at": "2026-06-01T12:00:00Z"}
    make_entity("v1", blueprint="deployment", properties=at, relations={"service": "cart"})
    make_entity("v2", blueprint="deployment", properties=at, relations={"service": "blog"})
    make_entity("alarm", blueprint="incident", properties=at, relations={"service": "cart"})


def test_what_get_shows_may_be_put_back(alarm: None, client: APIClient) -> None:
    shown = client.get(ALARM).json()
    assert shown["relations"] == {"service": "cart", "named": None, "cause": "v1"}
    response = client.put(ALARM, shown, format="json")
    assert response.status_code == 200, response.content
    assert response.json()["relations"] == shown["relations"]


@pytest.mark.parametrize("value", ["v2", None, ["v1", "v2"]])
def test_another_target_is_refused_with_the_way_to_say_it(
    alarm: None, client: APIClient, value: object
) -> None:
    response = client.patch(ALARM, {"relations": {"cause": value}}, format="json")
    assert response.status_code == 400
    faults = {fault["path"]: fault["message"] for fault in response.json()["errors"]}
    wanted = "is inferred by the portal; say so by the relation 'named'"
    assert wanted in faults["relations.cause"] or "takes one entity" in faults["relations.cause"]
    response = client.patch(ALARM, {"relations": {"named": "v2"}}, format="json")
    assert response.json()["relations"]["cause"] == "v2"


def test_it_is_found_by_conditions_and_follows_a_late_report(
    alarm: None, client: APIClient
) -> None:
    late = {
        "blueprint": "deployment",
        "identifier": "v1-1",
        "properties": {"at": "2026-06-01T12:00:00Z"},
        "relations": {"service": "cart"},
    }
    assert client.post("/api/entities/", late, format="json").status_code == 201
    query = '{"combinator":"and","conditions":[{"relation":"cause","operator":"=","value":"v1-1"}]}'
    found = client.get("/api/entities/", {"blueprint": "incident", "query": query}).json()
    assert [row["identifier"] for row in found["results"]] == ["alarm"]
    assert Entity.objects.of("deployment").count() == 3
