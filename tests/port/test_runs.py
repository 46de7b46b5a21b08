"""Runs: set off, told about, approved, and done by integrations."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.integrations.models import Action, Run, RunLog
from tests.builders import make_blueprint, make_entity
from tests.port.clients import PortClient
from tests.port.test_actions import automation, document

KAFKA = {"type": "KAFKA", "payload": {}}


@pytest.fixture
def shop(db: None) -> None:
    make_blueprint()
    make_entity("shop", title="The shop")


def start(port: PortClient, body: Any = None, *, query: str = "", **parts: Any) -> dict[str, Any]:
    """Make an action that others do, and return a run of it."""
    if not Action.objects.exists():
        answer = port.post("/actions", document(**{"invocationMethod": KAFKA, **parts}))
        assert answer.status_code == 201, answer.json()
    whole = {"properties": {"where": "test"}, **(body or {})}
    answer = port.post(f"/actions/deploy/runs{query}", whole)
    assert answer.status_code == 202, answer.json()
    return answer.json()["run"]


def test_a_run_says_what_it_is_about(port: PortClient, shop: None) -> None:
    run = start(port, {"properties": {"where": "test", "more": [1]}, "entity": "shop"})
    assert run.pop("id").startswith("r_")
    assert run.pop("createdAt") == run.pop("updatedAt")
    assert run == {
        "status": "IN_PROGRESS",
        "action": {"identifier": "deploy", "title": "Deploy"},
        "blueprint": {"identifier": "service", "title": "Service"},
        "entity": {"identifier": "shop", "title": "The shop"},
        "properties": {"where": "test", "more": [1]},
        "payload": KAFKA,
        "link": [],
        "endedAt": None,
        "createdBy": "writer",
        "updatedBy": "writer",
    }


def test_a_run_is_read_again(port: PortClient) -> None:
    run = start(port)
    assert port.get(f"/actions/runs/{run['id']}?version=v2").json() == {"ok": True, "run": run}
    assert port.get("/actions/runs/r_none").status_code == 404


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ({}, "properties"),
        ({"where": "moon"}, "properties.where"),
        ({"where": 1}, "properties.where"),
        ({"where": "test", "size": "large"}, "properties.size"),
        ([], "properties"),
    ],
)
def test_inputs_must_be_those_that_are_asked_for(
    port: PortClient, properties: Any, place: str
) -> None:
    port.post("/actions", document())
    answer = port.post("/actions/deploy/runs", {"properties": properties})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{place}: ")
    assert not Run.objects.exists()


def test_what_cannot_be_set_off_says_why(port: PortClient, shop: None) -> None:
    assert port.post("/actions/none/runs").status_code == 404
    port.post("/actions", automation())
    assert port.post("/actions/tell/runs").status_code == 422
    port.post("/actions", document(invocationMethod=KAFKA))
    body = {"properties": {"where": "test"}}
    assert port.post("/actions/deploy/runs", {**body, "entity": "gone"}).status_code == 404
    assert port.post("/actions/deploy/runs", {**body, "entity": 1}).status_code == 422


def test_a_machine_may_say_for_whom_it_runs(port: PortClient) -> None:
    assert start(port, query="?run_as=ann%40example.com")["createdBy"] == "ann@example.com"


def test_what_this_portal_does_not_do_has_failed_and_says_so(port: PortClient) -> None:
    invocation = {"type": "GITHUB", "org": "x", "repo": "y", "workflow": "z"}
    run = start(port, invocationMethod=invocation)
    assert (run["status"], run["endedAt"] is None) == ("FAILURE", False)
    (log,) = port.get(f"/actions/runs/{run['id']}/logs").json()["runLogs"]
    assert log["message"] == "GITHUB is not executed by this portal."
    assert log["terminationStatus"] == "FAILURE"


def test_others_report_what_came_of_a_run(port: PortClient) -> None:
    run = start(port)
    told = {
        "status": "SUCCESS",
        "statusLabel": "Live",
        "link": "https://ci.example.com/1",
        "summary": "All good",
        "externalRunId": "77",
        "message": {"a": 1},
    }
    answer = port.patch(f"/actions/runs/{run['id']}?runId={run['id']}", told)
    changed = answer.json()["run"]
    assert answer.status_code == 200
    assert changed["endedAt"] is not None
    assert {key: changed[key] for key in told} == {**told, "link": ["https://ci.example.com/1"]}


def test_a_run_that_has_ended_takes_no_other_status_but_a_link(port: PortClient) -> None:
    path = f"/actions/runs/{start(port)['id']}"
    port.patch(path, {"status": "FAILURE"})
    assert port.patch(path, {"status": "SUCCESS"}).status_code == 422
    assert (
        port.post(f"{path}/logs", {"message": "x", "terminationStatus": "SUCCESS"}).status_code
        == 422
    )
    changed = port.patch(path, {"link": ["https://a", "https://b"]}).json()["run"]
    assert (changed["status"], changed["link"]) == ("FAILURE", ["https://a", "https://b"])


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({"status": "DONE"}, "status"),
        ({"status": ["SUCCESS"]}, "status"),
        ({"link": [1]}, "link"),
        ({"summary": {}}, "summary"),
        ({"externalRunId": "x" * 201}, "externalRunId"),
    ],
)
def test_what_cannot_be_told_is_refused(port: PortClient, told: dict[str, Any], place: str) -> None:
    answer = port.patch(f"/actions/runs/{start(port)['id']}", told)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{place}: ")


def test_lines_are_added_and_the_last_may_end_the_run(port: PortClient) -> None:
    path = f"/actions/runs/{start(port)['id']}"
    RunLog.objects.all().delete()
    answer = port.post(f"{path}/logs", {"message": "Building", "statusLabel": "Building"})
    log = answer.json()["runLog"]
    assert answer.status_code == 201
    assert (log["message"], log["runId"]) == ("Building", path.rpartition("/")[2])
    assert port.get(path).json()["run"]["statusLabel"] == "Building"
    port.post(f"{path}/logs", {"message": "Done", "terminationStatus": "SUCCESS"})
    assert port.get(path).json()["run"]["status"] == "SUCCESS"
    logs = port.get(f"{path}/logs").json()["runLogs"]
    assert [row["message"] for row in logs] == ["Building", "Done"]
    assert [
        row["message"] for row in port.get(f"{path}/logs?limit=1&offset=1").json()["runLogs"]
    ] == ["Done"]
    assert port.post(f"{path}/logs", {}).status_code == 422
    assert port.post(f"{path}/logs", {"message": "x", "terminationStatus": "X"}).status_code == 422


def test_a_run_waits_for_approval(port: PortClient) -> None:
    run = start(port, requiredApproval={"type": "ALL"})
    path = f"/actions/runs/{run['id']}"
    assert (run["status"], run["requiredApproval"]) == ("WAITING_FOR_APPROVAL", {"type": "ALL"})
    assert port.patch(path, {"status": "SUCCESS"}).status_code == 422
    answer = port.patch(f"{path}/approval", {"status": "APPROVE", "description": "go"})
    assert answer.status_code == 201
    approved = port.get(path).json()["run"]
    assert approved["status"] == "IN_PROGRESS"
    assert approved["approval"] == {"state": "APPROVE", "description": "go", "userId": "writer"}
    assert port.patch(f"{path}/approval", {"status": "DECLINE"}).status_code == 409


def test_a_declined_run_has_ended(port: PortClient) -> None:
    path = f"/actions/runs/{start(port, requiredApproval=True)['id']}"
    assert port.patch(f"{path}/approval", {"status": "YES"}).status_code == 422
    declined = port.patch(f"{path}/approval", {"status": "DECLINE"}).json()["run"]
    assert (declined["status"], declined["endedAt"] is None) == ("DECLINED", False)


def test_the_approvers_are_those_of_the_permissions(port: PortClient) -> None:
    path = f"/actions/runs/{start(port, requiredApproval=True)['id']}"
    port.patch("/actions/deploy/permissions", {"approve": {"users": ["ann@example.com"]}})
    answer = port.get(f"{path}/approvers?include_pending_approvers=true")
    assert answer.json() == {"ok": True, "approvers": [{"email": "ann@example.com"}]}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", [2, 1, 0]),
        ("active=true", [2, 1]),
        ("limit=1", [2]),
        ("limit=x", [2, 1, 0]),
        ("entity=shop&blueprint=service", [1]),
        ("external_run_id=77&version=v2", [0]),
        ("external_run_id=", [2, 1, 0]),
        ("action=deploy", [2, 1, 0]),
        ("action=other", []),
        ("user_email=ann", [2]),
        ("external_run_id=%00", []),
    ],
)
def test_lists_of_runs_hold_what_is_asked_for(
    port: PortClient, shop: None, query: str, wanted: list[int]
) -> None:
    ids = [
        start(port)["id"],
        start(port, {"entity": "shop"})["id"],
        start(port, query="?run_as=ann")["id"],
    ]
    port.patch(f"/actions/runs/{ids[0]}", {"status": "SUCCESS", "externalRunId": "77"})
    found = port.get(f"/actions/runs?{query}").json()["runs"]
    assert [ids.index(run["id"]) for run in found] == wanted


def test_lists_cost_one_query_however_many(port: PortClient, django_assert_num_queries) -> None:
    for _ in range(4):
        start(port)
    with django_assert_num_queries(2):
        assert len(port.get("/actions/runs").json()["runs"]) == 4


def test_a_run_outlives_its_action(port: PortClient) -> None:
    run = start(port)
    port.delete("/actions/deploy")
    assert port.get(f"/actions/runs/{run['id']}").json()["run"]["action"]["title"] == "Deploy"
    answer = port.get(f"/actions/runs/{run['id']}/approvers")
    assert answer.json()["approvers"] == []


# --- done by integrations

INTEGRATION = {
    "type": "INTEGRATION_ACTION",
    "installationId": "ocean-1",
    "integrationActionType": "dispatch_workflow",
    "integrationActionExecutionProperties": {
        "where": "{{ .inputs.where }}",
        "id": "{{ .run.id }}",
        "title": "{{ .entity.title }}",
    },
}
CLAIM = {"installationId": "ocean-1", "limit": 5, "visibilityTimeoutMs": 60_000}


def claim(port: PortClient, **changes: Any) -> list[dict[str, Any]]:
    answer = port.post(
        "/actions/runs/claim-pending",
        {**CLAIM, **changes},
        headers={"x-port-reserved-usage": "true"},
    )
    assert answer.status_code == 200
    return answer.json()["runs"]


def test_an_integration_claims_its_runs_with_what_they_are_to_do(
    port: PortClient, shop: None
) -> None:
    run = start(port, {"entity": "shop"}, invocationMethod=INTEGRATION)
    assert claim(port, installationId="other") == []
    assert claim(port, exclude=["deploy"]) == []
    (claimed,) = claim(port)
    assert (claimed["id"], claimed["status"]) == (run["id"], "IN_PROGRESS")
    assert claimed["payload"] == {
        **INTEGRATION,
        "integrationActionExecutionProperties": {
            "where": "test",
            "id": run["id"],
            "title": "The shop",
        },
    }
    assert claim(port) == []


def test_a_claimed_run_is_offered_again_until_it_is_acknowledged(port: PortClient) -> None:
    run = start(port, invocationMethod=INTEGRATION)
    claim(port)
    Run.objects.update(claimed_until=datetime.now(UTC) - timedelta(seconds=1))
    assert [row["id"] for row in claim(port)] == [run["id"]]
    answer = port.patch("/actions/runs/ack", {"runId": run["id"]})
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert port.patch("/actions/runs/ack", {"runId": run["id"]}).status_code == 409
    Run.objects.update(claimed_until=datetime.now(UTC) - timedelta(seconds=1))
    assert claim(port) == []
    assert port.patch(f"/actions/runs/{run['id']}", {"status": "SUCCESS"}).status_code == 200


def test_a_run_whose_templates_fail_is_not_handed_out(port: PortClient) -> None:
    broken = {**INTEGRATION, "integrationActionExecutionProperties": {"x": "{{ .run.id.x }}"}}
    run = start(port, invocationMethod=broken)
    assert claim(port) == []
    path = f"/actions/runs/{run['id']}"
    assert port.get(path).json()["run"]["status"] == "FAILURE"
    (log,) = port.get(f"{path}/logs").json()["runLogs"]
    assert "integrationActionExecutionProperties.x" in log["message"]


@pytest.mark.parametrize(
    "body", [{}, {**CLAIM, "limit": -1}, {**CLAIM, "limit": "x"}, {**CLAIM, "exclude": "x"}]
)
def test_a_claim_that_is_none_is_refused(port: PortClient, body: dict[str, Any]) -> None:
    assert port.post("/actions/runs/claim-pending", body).status_code == 422


def test_of_workflows_there_are_none(port: PortClient) -> None:
    answer = port.post("/workflows/runs/claim-pending", CLAIM)
    assert answer.json() == {"ok": True, "nodeRuns": []}
    assert port.get("/workflows/nodes/runs?external_run_id=1").json() == {
        "ok": True,
        "nodeRuns": [],
    }
    assert port.patch("/workflows/runs/ack", {"nodeRunIdentifier": "x"}).status_code == 404
    assert port.patch("/workflows/nodes/runs/x", {}).status_code == 404


def test_who_only_reads_sets_nothing_off(port: PortClient, reader: PortClient) -> None:
    run = start(port)
    assert reader.post("/actions/deploy/runs").status_code == 403
    assert reader.patch(f"/actions/runs/{run['id']}", {}).status_code == 403
    assert reader.get(f"/actions/runs/{run['id']}").status_code == 200
