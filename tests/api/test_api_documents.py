"""Blueprints, scorecards and rules over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Blueprint, Change, Entity
from scorecards.models import Evaluation, Rule, Scorecard
from tests.builders import (
    blueprint_document,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
    scorecard_document,
)

SERVICE = "/api/blueprints/service/"
QUALITY = "/api/scorecards/quality/"

BLUEPRINT_SHOWN = {
    **blueprint_document(),
    "description": "",
    "icon": "",
    "relations": {},
    "mirror_properties": {},
    "calculation_properties": {},
    "aggregation_properties": {},
}
RULE_SHOWN = {
    **rule_document(),
    "description": "",
    "how_to_fix": "",
    "filter": None,
    "evidence": None,
    "is_enabled": True,
    "in_force_from": None,
    "owner": None,
}
LEVELS = [
    {"title": "Basic", "color": "paleBlue"},
    {"title": "Bronze", "color": "bronze"},
    {"title": "Silver", "color": "silver"},
    {"title": "Gold", "color": "gold"},
]


def _paths(response: Any, code: int = 400) -> list[str]:
    assert response.status_code == code, response.content
    return [fault["path"] for fault in response.json()["errors"]]


def _snapshot() -> list[Any]:
    rows = (Blueprint, Scorecard, Rule, Evaluation, Entity, Change)
    return [list(model.objects.order_by("pk").values()) for model in rows]


def test_a_blueprint_is_created_shown_and_deleted(client: APIClient) -> None:
    created = client.post("/api/blueprints/", blueprint_document())
    assert (created.status_code, created.json()) == (201, BLUEPRINT_SHOWN)
    assert client.get(SERVICE).json() == BLUEPRINT_SHOWN
    listed = client.get("/api/blueprints/?identifier=service").json()
    assert listed == {"count": 1, "next": None, "previous": None, "results": [BLUEPRINT_SHOWN]}
    assert client.delete(SERVICE).status_code == 204
    assert client.get(SERVICE).json() == {
        "detail": "There is no blueprint 'service'.",
        "errors": [],
    }


def test_a_scorecard_is_created_shown_and_deleted(world: None, client: APIClient) -> None:
    document = scorecard_document("second", rules=[rule_document()])
    shown = {
        **document,
        "description": "",
        "follows_catalog": False,
        "filter": None,
        "status": "published",
        "levels": LEVELS,
        "rules": [RULE_SHOWN],
    }
    created = client.post("/api/scorecards/", document)
    assert (created.status_code, created.json()) == (201, shown)
    assert client.get("/api/scorecards/second/").json() == shown
    listed = client.get("/api/scorecards/?identifier=second&status=published&blueprint=service")
    assert listed.json() == {"count": 1, "next": None, "previous": None, "results": [shown]}
    assert level_of(Entity.objects.get(identifier="cart"), "second") == "Bronze"
    assert client.delete("/api/scorecards/second/").status_code == 204
    assert client.get("/api/scorecards/second/").status_code == 404
    assert Change.objects.filter(kind="scorecard", source="api").count() == 2


def test_post_of_what_is_there_is_a_conflict(world: None, client: APIClient) -> None:
    before = _snapshot()
    response = client.post("/api/blueprints/", blueprint_document(title="Other"))
    assert response.status_code == 409
    assert response.json() == {
        "detail": "There is a blueprint 'service' already; PUT replaces it.",
        "errors": [],
    }
    assert client.post("/api/scorecards/", scorecard_document()).status_code == 409
    rule = client.post("/api/rules/", {"scorecard": "quality", **rule_document()})
    assert rule.status_code == 409
    assert rule.json() == {
        "detail": "There is a rule 'tiered' in 'quality' already; /api/rules/<id>/ changes it.",
        "errors": [],
    }
    assert _snapshot() == before


def test_put_creates_or_replaces(world: None, client: APIClient) -> None:
    created = client.put("/api/blueprints/domain/", {"title": "Domain"})
    assert created.status_code == 201
    replaced = client.put("/api/blueprints/domain/", {"title": "Area"})
    assert (replaced.status_code, replaced.json()["title"]) == (200, "Area")
    emptied = client.put(QUALITY, {"title": "Quality", "blueprints": ["service"]})
    assert (emptied.status_code, emptied.json()["rules"]) == (200, [])


@pytest.mark.parametrize("address", [SERVICE, QUALITY])
def test_what_was_read_can_be_put_back(world: None, client: APIClient, address: str) -> None:
    document, before = client.get(address).json(), Change.objects.count()
    assert client.put(address, document).json() == document
    assert Change.objects.count() == before


def test_patch_replaces_the_parts_it_names(world: None, client: APIClient) -> None:
    before = client.get(SERVICE).json()
    assert client.patch(SERVICE, {"title": "Services"}).json() == {**before, "title": "Services"}
    scorecard = client.get(QUALITY).json()
    assert client.patch(QUALITY, {"title": "New"}).json() == {**scorecard, "title": "New"}


def test_a_new_threshold_moves_every_badge_at_once(world: None, client: APIClient) -> None:
    rules = [rule_document(query=condition("tier", "<=", 3))]
    assert client.patch(QUALITY, {"rules": rules}).status_code == 200
    levels = {row.identifier: level_of(row) for row in Entity.objects.of("service")}
    assert levels == {"cart": "Bronze", "blog": "Bronze"}


@pytest.mark.parametrize("address", [SERVICE, QUALITY])
def test_an_object_is_not_renamed(world: None, client: APIClient, address: str) -> None:
    assert _paths(client.patch(address, {"identifier": "other"})) == ["identifier"]
    assert _paths(client.put(address, {"identifier": "other"})) == ["identifier"]


def test_a_system_blueprint_stays(world: None, client: APIClient) -> None:
    assert client.delete("/api/blueprints/_team/").status_code == 409


def test_an_identifier_may_hold_slashes(world: None, client: APIClient) -> None:
    make_blueprint("k8s/pod")
    make_scorecard("infra/pods", blueprints=["k8s/pod"], rules=[])
    assert client.get("/api/blueprints/k8s/pod/").json()["identifier"] == "k8s/pod"
    assert client.get("/api/scorecards/infra~pods/").json()["identifier"] == "infra/pods"


BAD_BLUEPRINTS = [
    ({"title": 7}, "title"),
    ({"nope": 1}, ""),
    ({"schema": {"properties": {"a": {"type": "text"}}}}, "schema.properties.a.type"),
    ({"schema": {"properties": {}, "required": ["a"]}}, "schema.required"),
    ({"relations": {"r": {"target": "nope"}}}, "relations.r.target"),
    (
        {"calculation_properties": {"c": {"calculation": ".a | (", "type": "number"}}},
        "calculation_properties.c.calculation",
    ),
    (
        {"mirror_properties": {"m": {"path": "nope.title"}}},
        "mirror_properties.m.path",
    ),
    (
        {
            "aggregation_properties": {
                "a": {
                    "target": "service",
                    "calculationSpec": {"func": "count", "calculationBy": "entities"},
                    "query": {"combinator": "and", "rules": [{"property": "x", "operator": "~"}]},
                }
            }
        },
        "aggregation_properties.a.query.rules[0].operator",
    ),
    ({"ownership": {"type": "Both"}}, "ownership"),
    ({"description": "a\x00b"}, "description"),
]


@pytest.mark.parametrize(("part", "path"), BAD_BLUEPRINTS)
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_bad_blueprint_is_400_with_its_path_and_saves_nothing(
    world: None, client: APIClient, method: str, part: dict[str, Any], path: str
) -> None:
    before = _snapshot()
    body = {**blueprint_document(), **part} if method == "put" else part
    assert _paths(getattr(client, method)(SERVICE, body)) == [path]
    assert _snapshot() == before


BAD_RULES = [
    ({"level": "Platinum"}, "level"),
    ({"level": "Basic"}, "level"),
    ({"query": condition("tier", "~", 2)}, "query.conditions[0].operator"),
    ({"query": condition("teir", "=", 2)}, "query.conditions[0].property"),
    ({"query": {**condition("tier", "=", 2), "combinator": "xor"}}, "query.combinator"),
    ({"query": 7}, "query"),
    ({"filter": condition("tier", "between", 2)}, "filter.conditions[0].value"),
    ({"owner": "nobody"}, "owner"),
    ({"in_force_from": "tomorrow"}, "in_force_from"),
    ({"is_enabled": "yes"}, "is_enabled"),
    ({"title": "a\x00b"}, "title"),
]


@pytest.mark.parametrize(("part", "path"), BAD_RULES)
def test_a_bad_rule_is_400_with_its_path_and_saves_nothing(
    world: None, client: APIClient, part: dict[str, Any], path: str
) -> None:
    rule = Rule.objects.get(identifier="tiered")
    before = _snapshot()
    new = {"scorecard": "quality", **rule_document("new"), **part}
    assert _paths(client.post("/api/rules/", new)) == [path]
    assert _paths(client.put(f"/api/rules/{rule.pk}/", {**rule_document(), **part})) == [path]
    assert _paths(client.patch(f"/api/rules/{rule.pk}/", part)) == [path]
    whole = {"rules": [rule_document(), {**rule_document("new"), **part}]}
    assert _paths(client.patch(QUALITY, whole)) == [f"rules[1].{path}"]
    assert _snapshot() == before


BAD_SCORECARDS = [
    ({"blueprints": ["nope"], "rules": []}, "blueprints[0]"),
    ({"blueprints": "service"}, "blueprints"),
    ({"levels": [{"title": "One", "color": "gold"}]}, "levels"),
    ({"levels": [{"title": "a", "color": "gold"}, {"title": "b", "color": "beige"}], "rules": []},
     "levels[1].color"),
    ({"filter": condition("teir", "=", 1)}, "filter.conditions[0].property"),
    ({"status": "hidden"}, "status"),
    ({"rules": [rule_document(f"r{index}") for index in range(64)]}, "rules"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "path"), BAD_SCORECARDS)
def test_a_bad_scorecard_is_400_with_its_path_and_saves_nothing(
    world: None, client: APIClient, part: dict[str, Any], path: str
) -> None:
    before = _snapshot()
    assert _paths(client.post("/api/scorecards/", {**scorecard_document("new"), **part})) == [path]
    assert _paths(client.put(QUALITY, {**scorecard_document(), **part})) == [path]
    assert _paths(client.patch(QUALITY, part)) == [path]
    assert _snapshot() == before


def test_a_rule_is_created_shown_changed_and_deleted(world: None, client: APIClient) -> None:
    made = client.post(
        "/api/rules/", {"scorecard": "quality", **rule_document("new", owner="core")}
    )
    assert made.status_code == 201
    pk = made.json()["id"]
    shown = {**RULE_SHOWN, **rule_document("new"), "owner": "core"}
    shown |= {"id": pk, "scorecard": "quality"}
    address = f"/api/rules/{pk}/"
    assert made.json() == client.get(address).json() == client.put(address, shown).json() == shown
    patched = client.patch(address, {"query": condition("tier", "=", 9)})
    assert patched.json() == {**shown, "query": condition("tier", "=", 9)}
    assert level_of(Entity.objects.get(identifier="cart")) == "Basic"
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert level_of(Entity.objects.get(identifier="cart")) == "Gold"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "scorecard"),
        ({"scorecard": 7}, "scorecard"),
        ({"scorecard": "nope"}, "scorecard"),
    ],
)
def test_a_rule_needs_a_scorecard(
    world: None, client: APIClient, body: dict[str, Any], path: str
) -> None:
    assert _paths(client.post("/api/rules/", {**rule_document("new"), **body})) == [path]


@pytest.mark.parametrize("part", [{"identifier": "x"}, {"scorecard": "x"}, {"id": 0}])
def test_a_rule_stays_which_it_is(world: None, client: APIClient, part: dict[str, Any]) -> None:
    rule = Rule.objects.get(identifier="tiered")
    assert _paths(client.patch(f"/api/rules/{rule.pk}/", part)) == list(part)


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 40, "x"])
def test_an_unknown_rule_is_404(world: None, client: APIClient, number: str) -> None:
    assert client.get(f"/api/rules/{number}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["tiered", "spoken", "top"]),
        ("scorecard=quality&level=Gold", ["top"]),
        ("identifier=spoken", ["spoken"]),
        ("enabled=false", ["spoken"]),
        ("enabled=true", ["tiered", "top"]),
        ("owner=core", ["tiered"]),
        ("scorecard=nope", []),
    ],
)
def test_rules_are_filtered(
    world: None, client: APIClient, query: str, expected: list[str]
) -> None:
    Rule.objects.filter(identifier="spoken").update(is_enabled=False)
    Rule.objects.filter(identifier="tiered").update(owner=Entity.objects.get(identifier="core"))
    rows = client.get(f"/api/rules/?{query}").json()["results"]
    assert [row["identifier"] for row in rows] == expected


def test_the_queries_of_lists_do_not_grow_with_their_rows(
    world: None, queries_of: Callable[[str], int]
) -> None:
    addresses = ["/api/blueprints/", "/api/scorecards/", "/api/rules/"]
    few = [queries_of(address) for address in addresses]
    for index in range(3):
        make_blueprint(f"b{index}")
        make_scorecard(f"s{index}", blueprints=["service", f"b{index}"])
    make_entity("third")
    # Token and count; then blueprints; scorecards, their blueprints, levels and rules; rules.
    assert few == [queries_of(address) for address in addresses] == [3, 6, 3]
