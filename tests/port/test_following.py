"""What names a blueprint follows it to its new identifier."""

from typing import Any

import pytest

from catalog.models import Change, Entity
from portal.integrations.models import DataMigration, Run
from tests.builders import NOW
from tests.port.clients import PortClient

SEAT = {"type": "string", "format": "entity", "blueprint": "app"}
ACTION: dict[str, Any] = {
    "identifier": "add",
    "trigger": {
        "type": "self-service",
        "operation": "DAY-2",
        "blueprintIdentifier": "app",
        "userInputs": {
            "properties": {
                "next": SEAT,
                "others": {"type": "array", "items": SEAT},
                "app": {"type": "string", "default": "app"},
            }
        },
    },
    "invocationMethod": {
        "type": "UPSERT_ENTITY",
        "blueprintIdentifier": "app",
        "mapping": {"identifier": "by-{{ .entity.identifier }}"},
    },
}
AUTOMATION: dict[str, Any] = {
    "identifier": "tell",
    "trigger": {
        "type": "automation",
        "event": {"type": "ENTITY_UPDATED", "blueprintIdentifier": "app"},
    },
    "invocationMethod": {"type": "KAFKA"},
}
MAPPING = {"blueprint": "app", "entity": {"identifier": ".body.id"}}


@pytest.fixture(autouse=True)
def world(port: PortClient) -> None:
    for name in ("app", "other"):
        body = {"identifier": name, "title": name, "schema": {"properties": {}}}
        assert port.post("/blueprints", body).status_code == 201
    assert port.post("/blueprints/app/entities", {"identifier": "a"}).status_code == 201
    for action in (ACTION, AUTOMATION):
        assert port.post("/actions", action).status_code == 201


def rename(port: PortClient) -> None:
    answer = port.patch("/blueprints/app", {"identifier": "tool"})
    assert answer.status_code == 200, answer.json()


def test_actions_follow(port: PortClient, django_capture_on_commit_callbacks: Any) -> None:
    rename(port)
    action = port.get("/actions/add").json()["action"]
    seat = {**SEAT, "blueprint": "tool"}
    assert action["trigger"]["blueprintIdentifier"] == "tool"
    assert action["trigger"]["userInputs"]["properties"] == {
        "next": seat,
        "others": {"type": "array", "items": seat},
        "app": {"type": "string", "default": "app"},
    }
    assert [row["identifier"] for row in listed(port, "tool")] == ["add", "tell"]
    assert listed(port, "app") == []
    change = Change.objects.filter(kind="action", identifier="add").latest("id")
    assert change.before["trigger"]["blueprintIdentifier"] == "app"
    with django_capture_on_commit_callbacks(execute=True):
        run = port.post("/actions/add/runs", {"entity": "a"}).json()["run"]
    assert port.get(f"/actions/runs/{run['id']}").json()["run"]["status"] == "SUCCESS"
    assert Entity.objects.of("tool").filter(identifier="by-a").exists()


def listed(port: PortClient, blueprint: str) -> list[dict[str, Any]]:
    return port.get(f"/actions?blueprint_identifier={blueprint}").json()["actions"]


def test_automations_hear_what_was_before_and_after(
    port: PortClient, django_capture_on_commit_callbacks: Any
) -> None:
    port.patch("/blueprints/app/entities/a", {"title": "1"})  # which nobody has read yet
    rename(port)
    with django_capture_on_commit_callbacks(execute=True):
        port.patch("/blueprints/tool/entities/a", {"title": "2"})
    heard = Run.objects.filter(action_identifier="tell").order_by("id")
    assert [run.event["diff"]["after"]["title"] for run in heard] == ["1", "2"]


def test_runs_follow_with_what_they_have_not_done_yet(
    port: PortClient, django_capture_on_commit_callbacks: Any
) -> None:
    port.put("/actions/add", {**ACTION, "requiredApproval": True})
    run = port.post("/actions/add/runs", {"entity": "a"}).json()["run"]
    rename(port)
    found = port.get("/actions/runs?blueprint=tool&entity=a").json()["runs"]
    assert [item["id"] for item in found] == [run["id"]]
    with django_capture_on_commit_callbacks(execute=True):
        port.patch(f"/actions/runs/{run['id']}/approval", {"status": "APPROVE"})
    assert Run.objects.get(identifier=run["id"]).status == "SUCCESS"
    assert Entity.objects.of("tool").filter(identifier="by-a").exists()


def test_mappings_of_webhooks_follow(
    port: PortClient, django_capture_on_commit_callbacks: Any
) -> None:
    other = {**MAPPING, "blueprint": "other"}
    hook = {"identifier": "hook", "mappings": [MAPPING, other]}
    made = port.post("/webhooks", hook).json()["integration"]
    rename(port)
    shown = port.get("/webhooks/hook").json()["integration"]
    assert [mapping["blueprint"] for mapping in shown["mappings"]] == ["tool", "other"]
    assert Change.objects.filter(kind="webhook", identifier="hook").count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        port.post(f"/ingest/webhooks/{made['webhookKey']}", {"id": "b"})
    assert Entity.objects.of("tool").filter(identifier="b").exists()


def test_migrations_go_on_into_a_blueprint_under_its_new_name(port: PortClient) -> None:
    mapping = {"blueprint": "app", "entity": {"identifier": ".identifier"}}
    row = DataMigration.objects.create(
        actor="w", source_blueprint="other", mapping=mapping, created_at=NOW, updated_at=NOW
    )
    rename(port)
    row.refresh_from_db()
    assert (row.source_blueprint, row.mapping) == ("other", {**mapping, "blueprint": "tool"})


def test_runs_follow_the_entities_that_they_are_about(
    port: PortClient, django_capture_on_commit_callbacks: Any
) -> None:
    port.put("/actions/add", {**ACTION, "requiredApproval": True})
    run = port.post("/actions/add/runs", {"entity": "a"}).json()["run"]
    assert port.patch("/blueprints/app/entities/a", {"identifier": "z"}).status_code == 200
    found = port.get("/actions/runs?blueprint=app&entity=z").json()["runs"]
    assert [item["id"] for item in found] == [run["id"]]
    with django_capture_on_commit_callbacks(execute=True):
        port.patch(f"/actions/runs/{run['id']}/approval", {"status": "APPROVE"})
    assert Run.objects.get(identifier=run["id"]).status == "SUCCESS"
    assert Entity.objects.of("app").filter(identifier="by-z").exists()
