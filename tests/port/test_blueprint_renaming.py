"""Blueprints and their items under other names."""

from typing import Any

import pytest

from catalog.models import Blueprint, Entity
from portal.integrations.models import BlueprintNote
from tests.builders import condition, make_entity, make_scorecard
from tests.port.clients import PortClient
from tests.port.test_port_blueprints import APP, BARE
from tests.port.test_port_pages import board


@pytest.fixture(autouse=True)
def app(port: PortClient) -> None:
    assert port.post("/blueprints", APP).status_code == 201
    make_entity("a", blueprint="app", properties={"tier": 1, "language": "go"})
    make_entity("b", blueprint="app", properties={"tier": 2}, relations={"parent": "a"})


@pytest.mark.parametrize("name", ["newPropertyName", "newPropertyIdentifier"])
def test_a_property_is_renamed_with_what_is_kept_beside_it(port: PortClient, name: str) -> None:
    port.patch(
        "/blueprints/app/permissions",
        {"entities": {"updateProperties": {"tier": {"roles": ["Member"]}}}},
    )
    answer = port.patch("/blueprints/app/properties/tier/rename", {name: "rank"})
    assert answer.status_code == 200
    shown = answer.json()["blueprint"]
    assert shown["schema"] == {
        "properties": {
            "rank": {"type": "number", "title": "Tier", "shade": "blue"},
            "language": {"type": "string"},
        },
        "required": ["rank"],
    }
    assert shown["mirrorProperties"] == {"parent_tier": {"path": "parent.rank"}}
    assert Entity.objects.get(identifier="a").properties == {"rank": 1, "language": "go"}
    assert Entity.objects.get(identifier="b").facts["parent_tier"] == 1
    permissions = port.get("/blueprints/app/permissions").json()["permissions"]
    assert list(permissions["entities"]["updateProperties"]) == ["rank"]


def test_a_mirror_is_renamed(port: PortClient) -> None:
    answer = port.patch("/blueprints/app/mirror/parent_tier/rename", {"newMirrorName": "above"})
    assert answer.json()["blueprint"]["mirrorProperties"] == {"above": {"path": "parent.tier"}}
    assert Entity.objects.get(identifier="b").facts["above"] == 1


def test_a_relation_is_renamed(port: PortClient) -> None:
    port.patch("/blueprints/app", {"relations": {"parent": {"target": "app", "kind": "tree"}}})
    answer = port.patch("/blueprints/app/relations/parent/rename", {"newRelationName": "up"})
    shown = answer.json()["blueprint"]
    assert shown["relations"] == {
        "up": {"target": "app", "title": None, "many": False, "required": False, "kind": "tree"}
    }
    assert shown["mirrorProperties"] == {"parent_tier": {"path": "up.tier"}}
    assert shown["aggregationProperties"]["parts"]["pathFilter"][0]["path"] == ["up"]
    assert Entity.objects.get(identifier="b").facts["relation#up"] == "a"


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("properties/no/rename", {"newPropertyName": "x"}, 404,
         "There is no property 'no' in 'app'."),
        ("properties/parent_tier/rename", {"newPropertyName": "x"}, 404,
         "There is no property 'parent_tier' in 'app'."),
        ("mirror/tier/rename", {"newMirrorName": "x"}, 404,
         "There is no mirror property 'tier' in 'app'."),
        ("properties/tier/rename", {}, 422, "newPropertyName: give the new name"),
        ("properties/tier/rename", {"newPropertyName": 7}, 422,
         "newPropertyName: give the new name"),
        ("properties/tier/rename", {"newPropertyName": "a b"}, 422,
         "newPropertyName: a name has 1 to 100 letters, digits and @ _ = \\ - only"),
        ("properties/tier/rename", {"newPropertyName": "language"}, 409,
         "there is a property 'language' already; choose another name"),
    ],
)  # fmt: skip
def test_what_cannot_be_renamed_is_told(
    port: PortClient, path: str, body: dict[str, Any], status: int, message: str
) -> None:
    answer = port.patch(f"/blueprints/app/{path}", body)
    assert (answer.status_code, answer.json()["message"]) == (status, message)


def test_rules_hold_on_to_what_they_read(port: PortClient) -> None:
    rule = {"identifier": "r", "title": "R", "level": "Gold", "query": condition("tier", "<", 3)}
    make_scorecard(blueprints=["app"], rules=[rule])
    answer = port.patch("/blueprints/app/properties/tier/rename", {"newPropertyName": "rank"})
    assert answer.status_code == 409
    assert answer.json()["message"] == "'tier' is read by the rule quality/r; edit them first"


def test_what_waits_is_not_renamed(port: PortClient) -> None:
    port.patch("/blueprints/app", {"relations": {"host": {"target": "host"}}})
    answer = port.patch("/blueprints/app/relations/host/rename", {"newRelationName": "on"})
    assert answer.status_code == 409


RENAMED = {
    **APP,
    "identifier": "tool",
    "title": "Tool",
    "relations": {"parent": {**APP["relations"]["parent"], "target": "tool"}},
    "aggregationProperties": {
        "parts": {
            **APP["aggregationProperties"]["parts"],
            "target": "tool",
            "pathFilter": [{"path": ["parent"], "fromBlueprint": "tool"}],
        }
    },
}


@pytest.mark.parametrize(
    ("send", "body"),
    [
        ("put", RENAMED),
        ("patch", RENAMED),
        ("patch", {"identifier": "tool", "title": "Tool"}),
        # Parts that were read before the client knew the new name.
        ("put", {**APP, "identifier": "tool", "title": "Tool"}),
    ],
)
def test_another_identifier_renames_a_blueprint(
    port: PortClient, send: str, body: dict[str, Any]
) -> None:
    port.post("/blueprints", {**BARE, "identifier": "b", "relations": {"app": {"target": "app"}}})
    answer = getattr(port, send)("/blueprints/app", body)
    assert answer.status_code == 200
    shown = answer.json()["blueprint"]
    assert {key: shown[key] for key in RENAMED} == RENAMED
    assert port.get("/blueprints/app").status_code == 404
    assert port.get("/blueprints/b").json()["blueprint"]["relations"]["app"]["target"] == "tool"
    assert port.get("/blueprints/tool/entities-count").json()["count"] == 2
    assert Entity.objects.get(identifier="b").facts["$blueprint"] == "tool"
    assert shown["createdBy"] == "writer"


def test_pages_follow_a_blueprint_that_is_renamed(port: PortClient) -> None:
    table = {"id": "t", "type": "table-entities-explorer", "blueprint": "app", "dataset": {
        "combinator": "and",
        "rules": [{"property": "$blueprint", "operator": "=", "value": "app"}],
    }}  # fmt: skip
    port.put("/pages/app", {"identifier": "app", "type": "blueprint-entities", "title": "Apps",
                            "blueprint": "app", "widgets": [table]})  # fmt: skip
    inner = {"id": "x", "type": "chart", "chart": {"blueprint": "app"}}
    row = {"height": 320, "columns": [{"id": "x", "size": 12}]}
    root = {"id": "root", "type": "dashboard-widget", "layout": [row], "widgets": [inner]}
    port.post("/pages", board(after="app", widgets=[root]))
    made = port.get("/pages/app").json()["page"]
    port.patch("/blueprints/app", {"identifier": "tool"})
    page = port.get("/pages/tool").json()["page"]
    assert (page["title"], page["blueprint"]) == ("Apps", "tool")
    assert page["widgets"][0]["blueprint"] == "tool"
    assert page["widgets"][0]["dataset"]["rules"][0]["value"] == "tool"
    assert page["createdAt"] == made["createdAt"]
    shown = port.get("/pages/board").json()["page"]
    assert shown["widgets"][0]["widgets"] == [{**inner, "chart": {"blueprint": "tool"}}]
    assert shown["after"] == "tool"
    assert port.get("/pages/app").status_code == 404
    assert port.get("/pages/toolEntity").json()["page"]["blueprint"] == "tool"


def test_a_page_that_was_removed_stays_so(port: PortClient) -> None:
    port.delete("/pages/app")
    port.patch("/blueprints/app", {"identifier": "tool"})
    assert port.get("/pages/tool").status_code == 404


def test_what_waits_follows_a_blueprint_that_is_renamed(port: PortClient) -> None:
    counts = {"calculationSpec": {"func": "count", "calculationBy": "entities"}}
    path = [{"path": ["host", "app"]}]
    body = {
        **BARE,
        "identifier": "b",
        "relations": {"host": {"target": "host"}},
        "aggregationProperties": {"apps": {"target": "app", **counts, "pathFilter": path}},
    }
    port.post("/blueprints", body)
    port.patch("/blueprints/app", {"identifier": "tool"})
    shown = port.get("/blueprints/b").json()["blueprint"]
    assert shown["aggregationProperties"]["apps"]["target"] == "tool"
    relation = {"app": {"target": "tool"}}
    port.post("/blueprints", {**BARE, "identifier": "host", "relations": relation})
    assert list(Blueprint.objects.get(identifier="b").aggregation_properties) == ["apps"]
    assert not BlueprintNote.objects.exclude(waiting=[]).exists()


@pytest.mark.parametrize(
    ("identifier", "status"), [("_team", 409), ("_rule", 409), ("a b", 422), (7, 422), (None, 422)]
)
def test_an_identifier_that_cannot_be_renames_nothing(
    port: PortClient, identifier: Any, status: int
) -> None:
    answer = port.put("/blueprints/app", {**APP, "identifier": identifier})
    assert answer.status_code == status
    assert port.get("/blueprints/app").status_code == 200


def test_the_portals_own_are_not_renamed(port: PortClient) -> None:
    answer = port.put("/blueprints/_team", {"identifier": "group", "title": "Group"})
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
