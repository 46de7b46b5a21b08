"""The routes of blueprints."""

from typing import Any

import pytest

from catalog.errors import NotFound
from catalog.models import Blueprint, Change, Entity
from catalog.operations import rename_blueprint, rename_property, set_permissions
from portal.integrations.models import BlueprintNote
from portal.integrations.port import blueprints
from tests.builders import (
    NOW,
    TESTER,
    blueprint_document,
    make_blueprint,
    make_entity,
    make_scorecard,
)
from tests.port.clients import PortClient

STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy")
APP = {
    "identifier": "app",
    "title": "App",
    "icon": "Microservice",
    "description": "What runs.",
    "schema": {
        "properties": {
            "tier": {"type": "number", "title": "Tier", "shade": "blue"},
            "language": {"type": "string"},
        },
        "required": ["tier"],
    },
    "relations": {"parent": {"title": "Parent", "target": "app", "many": False, "required": False}},
    "mirrorProperties": {"parent_tier": {"path": "parent.tier"}},
    "calculationProperties": {"loud": {"type": "string", "calculation": ".title + '!'"}},
    "aggregationProperties": {
        "parts": {
            "target": "app",
            "calculationSpec": {
                "func": "count",
                "calculationBy": "entities",
                "averageOf": "week",
            },
            "pathFilter": [{"path": ["parent"], "fromBlueprint": "app"}],
        }
    },
    "ownership": {"type": "Direct", "title": "Owners"},
    "changelogDestination": {"type": "KAFKA"},
}
BARE = {
    "identifier": "app",
    "title": "App",
    "schema": {"properties": {}, "required": []},
    "relations": {},
    "mirrorProperties": {},
    "calculationProperties": {},
    "aggregationProperties": {},
}


def _without_stamps(blueprint: dict[str, Any]) -> dict[str, Any]:
    assert set(STAMPS) <= set(blueprint)
    return {key: blueprint[key] for key in blueprint if key not in STAMPS}


def test_a_blueprint_is_created_and_shown_as_it_was_sent(port: PortClient) -> None:
    answer = port.post("/blueprints", APP)
    assert (answer.status_code, answer.json()["ok"]) == (201, True)
    made = answer.json()["blueprint"]
    assert _without_stamps(made) == APP
    assert (made["createdBy"], made["updatedBy"]) == ("writer", "writer")
    assert made["createdAt"] == made["updatedAt"]
    assert port.get("/blueprints/app").json() == {"ok": True, "blueprint": made}
    shown = port.get("/blueprints").json()["blueprints"]
    assert [item["identifier"] for item in shown] == [
        "_rule", "_rule_result", "_scorecard", "_team", "_user", "app"
    ]  # fmt: skip
    assert shown[5] == made


def test_a_blueprint_that_is_there_is_not_created(port: PortClient) -> None:
    port.post("/blueprints", APP)
    answer = port.post("/blueprints", BARE)
    assert answer.status_code == 409
    assert answer.json() == {
        "ok": False,
        "error": "conflict",
        "message": "There is a blueprint 'app' already; PUT replaces it.",
    }


def test_what_was_read_can_be_sent_back_and_changes_nothing(port: PortClient) -> None:
    port.post("/blueprints", APP)
    make_blueprint("other", relations={"app": {"target": "app", "title": None, "many": False}})
    before = Change.objects.count(), list(Blueprint.objects.values("revision").order_by("id"))
    for identifier in ("app", "other", "_team", "_user"):
        shown = port.get(f"/blueprints/{identifier}").json()["blueprint"]
        for send in (port.put, port.patch):
            answer = send(f"/blueprints/{identifier}", shown)
            assert (answer.status_code, answer.json()["blueprint"]) == (200, shown)
    after = Change.objects.count(), list(Blueprint.objects.values("revision").order_by("id"))
    assert after == before


def test_a_replaced_blueprint_is_what_the_body_says_and_nothing_else(port: PortClient) -> None:
    made = port.post("/blueprints", APP).json()["blueprint"]
    answer = port.put("/blueprints/app", {"title": "App"})
    assert answer.status_code == 200
    shown = answer.json()["blueprint"]
    assert _without_stamps(shown) == BARE
    assert shown["createdAt"] == made["createdAt"]
    assert shown["updatedAt"] > made["updatedAt"]


def test_values_go_with_the_property_that_is_gone(port: PortClient) -> None:
    port.post("/blueprints", APP)
    make_entity("a", blueprint="app", properties={"tier": 1, "language": "go"})
    make_entity("b", blueprint="app", properties={"tier": 2})
    without = {**APP, "schema": {"properties": {"tier": {"type": "number"}}}}
    assert port.put("/blueprints/app", without).status_code == 200
    entity = Entity.objects.get(identifier="a")
    assert entity.properties == {"tier": 1}
    assert "language" not in entity.facts
    assert entity.updated_by == "writer"
    change = Change.objects.filter(kind="entity", identifier="a").order_by("-id").first()
    assert (change.before, change.after) == ({"language": "go"}, {"language": None})
    assert Change.objects.filter(kind="entity", identifier="b").count() == 1
    port.put("/blueprints/app", APP)
    assert Entity.objects.get(identifier="a").properties == {"tier": 1}


def test_a_patch_changes_what_it_names(port: PortClient) -> None:
    made = port.post("/blueprints", APP).json()["blueprint"]
    relation = {"target": "_team", "title": None, "many": True, "required": False}
    answer = port.patch(
        "/blueprints/app",
        {
            "identifier": "app",
            "description": None,
            "relations": {"teams": relation},
            "aggregationProperties": {"parts": None},
            "schema": {"properties": {"tier": {"type": "number"}, "language": None}},
            "x": {"y": 1},
        },
    )
    assert answer.status_code == 200
    wanted = {
        **APP,
        "relations": {**APP["relations"], "teams": relation},
        "aggregationProperties": {},
        "schema": {"properties": {"tier": {"type": "number"}}, "required": ["tier"]},
        "x": {"y": 1},
    }
    del wanted["description"]
    assert _without_stamps(answer.json()["blueprint"]) == wanted
    assert answer.json()["blueprint"]["createdAt"] == made["createdAt"]


def test_a_patch_takes_a_section_away_or_what_is_required(port: PortClient) -> None:
    port.post("/blueprints", APP)
    answer = port.patch(
        "/blueprints/app",
        {"schema": {"required": []}, "mirrorProperties": None, "calculationProperties": {}},
    )
    shown = answer.json()["blueprint"]
    assert shown["schema"] == {**APP["schema"], "required": []}
    assert shown["mirrorProperties"] == {}
    assert shown["calculationProperties"] == APP["calculationProperties"]


def test_a_model_is_sent_in_steps(port: PortClient) -> None:
    sections = ("relations", "mirrorProperties", "calculationProperties", "aggregationProperties")
    first = {key: APP[key] for key in APP if key not in (*sections, "ownership")}
    port.post("/blueprints", first)
    second = {**first, "relations": APP["relations"], "ownership": APP["ownership"]}
    assert port.patch("/blueprints/app", second).status_code == 200
    assert _without_stamps(port.patch("/blueprints/app", APP).json()["blueprint"]) == APP


def test_who_created_and_who_edited_is_told_whatever_the_door(port: PortClient) -> None:
    make_blueprint("app")
    shown = port.get("/blueprints/app").json()["blueprint"]
    assert (shown["createdBy"], shown["updatedBy"]) == ("tester", "tester")
    changed = port.patch("/blueprints/app", {"x": 1}).json()["blueprint"]
    assert (changed["createdBy"], changed["updatedBy"]) == ("tester", "writer")
    assert changed["updatedAt"] > shown["updatedAt"]
    change = Change.objects.order_by("-id")[0]
    assert (change.kind, change.action) == ("blueprint", "updated")
    assert (change.before["extras"], change.after["extras"]) == ({}, {"x": 1})
    team = port.get("/blueprints/_team").json()["blueprint"]
    assert (team["createdBy"], team["updatedBy"]) == ("tidemark", "tidemark")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": None}, 'title": "title" is a required property'),
        ({"schema": 5}, "schema: "),
        ({"schema": {"properties": {"x": {"type": "enum"}}}}, "schema.properties.x.type: "),
        ({"mirrorProperties": {"x": {"path": "no.y"}}}, "mirrorProperties.x.path: "),
        ({"calculationProperties": {"x": {"type": "string", "calculation": "("}}},
         "calculationProperties.x.calculation: "),
        ({"relations": {"x": {"many": True}}}, "relations.x: "),
        ({"relations": {"x": {"target": "app", "many": True, "required": True}}}, "relations.x: "),
        ({"identifier": "a b"}, "identifier: "),
        ({"identifier": ["app"]}, "identifier: "),
        ({"identifier": {"a": 1}}, "identifier: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    port: PortClient, change: dict[str, Any], message: str
) -> None:
    answer = port.post("/blueprints", {**BARE, **change})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_request")
    if "title" not in change:
        assert answer.json()["message"].startswith(message)
    assert not Blueprint.objects.filter(is_system=False).exists()
    assert not BlueprintNote.objects.exists()


def test_an_edit_that_is_refused_leaves_everything_as_it_was(port: PortClient) -> None:
    port.post("/blueprints", APP)
    make_entity("a", blueprint="app", properties={"tier": 1, "language": "go"})
    shown = port.get("/blueprints/app").json()
    bad = {**BARE, "x": 1, "mirrorProperties": {"x": {"path": "no.y"}}}
    assert port.put("/blueprints/app", bad).status_code == 422
    assert port.get("/blueprints/app").json() == shown
    assert Entity.objects.get(identifier="a").properties == {"tier": 1, "language": "go"}


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_a_blueprint_that_is_not_there_is_not_found(port: PortClient, method: str) -> None:
    body = {} if method in ("get", "delete") else {"body": BARE}
    answer = getattr(port, method)("/blueprints/nothing", **body)
    assert answer.status_code == 404
    assert answer.json() == {
        "ok": False,
        "error": "not_found",
        "message": "There is no blueprint 'nothing'.",
    }


def test_an_edit_of_what_went_meanwhile_makes_nothing(port: PortClient) -> None:
    port.post("/blueprints", APP)
    row = blueprints.find("app")
    port.delete("/blueprints/app")
    for act in (blueprints.replace_blueprint, blueprints.change_blueprint):
        with pytest.raises(NotFound):
            act(blueprint=row, body={"title": "A"}, by=TESTER, now=NOW)
    with pytest.raises(NotFound):
        set_permissions(blueprint=row, change={}, by=TESTER, now=NOW)
    with pytest.raises(NotFound):
        rename_blueprint(blueprint=row, identifier="tool", by=TESTER, now=NOW)
    with pytest.raises(NotFound):
        rename_property(blueprint=row, key="tier", new_key="x", by=TESTER, now=NOW)
    assert not Blueprint.objects.filter(is_system=False).exists()


def test_a_blueprint_without_entities_is_deleted_with_its_note(port: PortClient) -> None:
    port.post("/blueprints", APP)
    answer = port.delete("/blueprints/app")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert port.get("/blueprints/app").status_code == 404
    assert not BlueprintNote.objects.exists()


def test_a_blueprint_with_entities_is_not_deleted(port: PortClient) -> None:
    port.post("/blueprints", APP)
    make_entity("a", blueprint="app", properties={"tier": 1})
    answer = port.delete("/blueprints/app")
    assert (answer.status_code, answer.json()["error"]) == (409, "has_dependents")
    assert port.get("/blueprints/app/entities-count").json() == {"ok": True, "count": 1}


def test_a_blueprint_that_others_point_at_is_not_deleted(port: PortClient) -> None:
    port.post("/blueprints", APP)
    port.post("/blueprints", {**BARE, "identifier": "b", "relations": {"a": {"target": "app"}}})
    answer = port.delete("/blueprints/app")
    assert (answer.status_code, answer.json()["error"]) == (409, "has_dependents")


def test_identifiers_may_hold_what_addresses_encode(port: PortClient) -> None:
    port.post("/blueprints", {**BARE, "identifier": "a/b+c@d"})
    shown = port.get("/blueprints/a%2Fb%2Bc%40d").json()["blueprint"]
    assert shown["identifier"] == "a/b+c@d"
    assert port.delete("/blueprints/a%2Fb%2Bc%40d").status_code == 200


def test_a_catalog_page_that_nobody_wants_is_not_there(port: PortClient) -> None:
    port.post("/blueprints?create_catalog_page=false", APP)
    port.post("/blueprints?create_catalog_page=true", {**BARE, "identifier": "b"})
    port.post("/blueprints", {**BARE, "identifier": "c"})
    statuses = {
        page: port.get(f"/pages/{page}").status_code for page in ("app", "b", "c", "appEntity")
    }
    assert statuses == {"app": 404, "b": 200, "c": 200, "appEntity": 200}


def test_the_list_takes_a_fixed_number_of_queries(
    port: PortClient, django_assert_num_queries
) -> None:
    port.post("/blueprints", APP)
    port.get("/blueprints")
    with django_assert_num_queries(4):
        port.get("/blueprints")
    for index in range(5):
        port.post("/blueprints", {**BARE, "identifier": f"b{index}"})
    with django_assert_num_queries(4):
        assert len(port.get("/blueprints").json()["blueprints"]) == 11


def test_sending_back_what_was_read_takes_few_queries(
    port: PortClient, django_assert_max_num_queries
) -> None:
    port.post("/blueprints", APP)
    shown = port.get("/blueprints/app").json()["blueprint"]
    with django_assert_max_num_queries(8):
        port.put("/blueprints/app", shown)


def test_reading_needs_no_credential_that_writes(reader: PortClient) -> None:
    make_blueprint("app")
    assert reader.get("/blueprints/app").status_code == 200
    for method in ("put", "patch"):
        assert getattr(reader, method)("/blueprints/app", BARE).status_code == 403
    assert reader.delete("/blueprints/app").status_code == 403
    assert reader.post("/blueprints", BARE).status_code == 403


# The portal's own.


def test_a_team_takes_more_properties_and_keeps_its_own(port: PortClient) -> None:
    body = {
        "identifier": "_team",
        "schema": {"properties": {"kind": {"type": "string"}}},
        "relations": {"parent": {"target": "_team"}},
    }
    answer = port.post("/blueprints", body)
    assert answer.status_code == 200
    shown = answer.json()["blueprint"]
    assert shown["title"] == "Team"
    assert shown["schema"]["properties"] == {
        "description": {"type": "string", "title": "Description"},
        "kind": {"type": "string"},
    }
    assert shown["relations"]["parent"]["target"] == "_team"


def test_people_stay_owned_by_teams(port: PortClient) -> None:
    shown = port.put("/blueprints/_user", {"title": "Person"}).json()["blueprint"]
    assert (shown["title"], shown["ownership"]) == ("Person", {"type": "Direct", "title": "Teams"})


@pytest.mark.parametrize(
    ("identifier", "change", "path"),
    [
        ("_team", {"schema": {"properties": {"description": {"type": "number"}}}},
         "schema.properties.description.type"),
        ("_team", {"relations": {"p": {"target": "_team", "required": True}}},
         "relations.p.required"),
        ("_user", {"ownership": {"type": "Inherited", "path": "p"}}, "ownership.type"),
    ],
)  # fmt: skip
def test_what_the_portal_relies_on_cannot_be_edited(
    port: PortClient, identifier: str, change: dict[str, Any], path: str
) -> None:
    answer = port.patch(f"/blueprints/{identifier}", change)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{path}: ")


def test_the_portals_own_are_not_deleted(port: PortClient) -> None:
    answer = port.delete("/blueprints/_team")
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")


@pytest.mark.parametrize("identifier", ["_scorecard", "_rule", "_rule_result"])
def test_what_is_made_of_scorecards_is_shown_and_not_edited(
    port: PortClient, identifier: str
) -> None:
    make_scorecard(blueprints=[make_blueprint("app").identifier], rules=[])
    path = f"/blueprints/{identifier}"
    shown = port.get(path).json()["blueprint"]
    assert shown["identifier"] == identifier
    assert set(STAMPS) <= set(shown)
    structure = port.get(f"/blueprints/system/{identifier}/structure").json()["blueprint"]
    assert structure["schema"] == shown["schema"]
    for send in (port.put, port.patch):
        assert send(path, shown).json() == {"ok": True, "blueprint": shown}
        refused = send(path, {**shown, "title": "Other"})
        assert (refused.status_code, refused.json()["message"]) == (
            409,
            f"'{identifier}' is made of the scorecards; edit these",
        )
    assert port.post("/blueprints", shown).status_code == 409
    assert port.delete(path).status_code == 409
    rename = port.patch(f"{path}/properties/level/rename", {"newPropertyName": "x"})
    assert rename.status_code == 409


def test_the_structure_of_the_portals_own_is_told(port: PortClient) -> None:
    port.patch("/blueprints/_team", {"relations": {"parent": {"target": "_team"}}})
    answer = port.get("/blueprints/system/_team/structure")
    assert answer.json() == {
        "ok": True,
        "blueprint": {
            **BARE,
            "identifier": "_team",
            "title": "Team",
            "icon": "team",
            "description": "Owns entities, and has people.",
            "schema": {
                "properties": {"description": {"type": "string", "title": "Description"}},
                "required": [],
            },
        },
    }
    assert port.get("/blueprints/system/app/structure").status_code == 404


def test_documents_of_other_doors_are_shown(port: PortClient) -> None:
    make_blueprint("service", icon="", mirror_properties={})
    shown = port.get("/blueprints/service").json()["blueprint"]
    document = blueprint_document("service")
    assert (shown["schema"], shown["ownership"]) == (document["schema"], document["ownership"])
    assert "icon" not in shown
