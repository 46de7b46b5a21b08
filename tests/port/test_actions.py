"""Actions: their documents on the wire, and who may run them."""

from typing import Any

import pytest

from catalog.models import Change
from portal.integrations.models import Action
from tests.port.clients import PortClient

INVOCATION = {"type": "WEBHOOK", "url": "https://hooks.example.com/{{ .inputs.where }}"}


def document(identifier: str = "deploy", **overrides: Any) -> dict[str, Any]:
    """Return a self-service action, as a client sends it."""
    whole = {
        "identifier": identifier,
        "title": "Deploy",
        "trigger": {
            "type": "self-service",
            "operation": "DAY-2",
            "blueprintIdentifier": "service",
            "userInputs": {
                "properties": {
                    "where": {"type": "string", "enum": ["test", "live"]},
                    "size": {"type": "number", "visible": {"jqQuery": "true"}},
                },
                "required": ["where"],
                "order": ["where"],
            },
        },
        "invocationMethod": INVOCATION,
        "requiredApproval": False,
        "publish": True,
        "unknown": {"kept": [1, None]},
    }
    return {**whole, **overrides}


def automation(identifier: str = "tell", **overrides: Any) -> dict[str, Any]:
    """Return an automation, as a client sends it."""
    event = {"type": "ENTITY_CREATED", "blueprintIdentifier": "service"}
    trigger = {"type": "automation", "event": {**event, **overrides.pop("event", {})}}
    if "expressions" in overrides:
        trigger["condition"] = {
            "type": "JQ",
            "expressions": overrides.pop("expressions"),
            "combinator": "and",
        }
    return document(identifier, trigger=trigger, **overrides)


def test_an_action_comes_back_as_it_was_sent(port: PortClient) -> None:
    answer = port.post("/actions", document())
    body = answer.json()
    action = body.pop("action")
    assert (answer.status_code, body) == (201, {"ok": True})
    meta = {key: action.pop(key) for key in ("id", "createdAt", "updatedAt")}
    assert all(meta.values())
    assert action == {**document(), "createdBy": "writer", "updatedBy": "writer"}
    kept = port.get("/actions/deploy").json()
    assert kept == {"ok": True, "action": {**action, **meta}}
    assert [*kept["action"]["trigger"]["userInputs"]["properties"]] == ["where", "size"]


def test_what_was_read_may_be_sent_back(port: PortClient) -> None:
    action = port.post("/actions", document()).json()["action"]
    answer = port.put("/actions/deploy", action)
    assert (answer.status_code, answer.json()["action"]) == (200, action)
    assert Change.objects.filter(kind="action").count() == 1


def test_a_put_replaces_and_renames(port: PortClient) -> None:
    port.post("/actions", document())
    secret = Action.objects.get().secret.reveal()
    sent = document("ship")
    del sent["unknown"]
    action = port.put("/actions/deploy", sent).json()["action"]
    assert (action["identifier"], "unknown" in action) == ("ship", False)
    assert port.get("/actions/deploy").status_code == 404
    assert Action.objects.get().secret.reveal() == secret


def test_an_action_is_deleted(port: PortClient) -> None:
    port.post("/actions", document())
    assert port.delete("/actions/deploy").json() == {"ok": True}
    assert port.get("/actions/deploy").status_code == 404
    assert port.delete("/actions/deploy").status_code == 404


def test_two_actions_do_not_share_an_identifier(port: PortClient) -> None:
    port.post("/actions", document())
    assert port.post("/actions", document()).status_code == 409


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["deploy", "hidden", "made", "ran"]),
        ("trigger_type=self-service", ["deploy", "hidden"]),
        ("trigger_type=automation&version=v2", ["made", "ran"]),
        ("blueprint_identifier=service", ["deploy", "hidden", "made"]),
        ("operation=CREATE", ["hidden"]),
        ("published=true", ["deploy", "made", "ran"]),
        ("published=false", ["hidden"]),
        ("trigger_event=RUN_UPDATED&trigger_event=RUN_CREATED", ["ran"]),
        ("trigger_event_action_identifier=deploy", ["ran"]),
        ("action_identifier=deploy,made", ["deploy", "made"]),
        ("blueprint_identifier=none", []),
    ],
)
def test_a_list_holds_what_is_asked_for(port: PortClient, query: str, wanted: list[str]) -> None:
    port.post("/actions", document())
    trigger = {**document()["trigger"], "operation": "CREATE"}
    port.post("/actions", document("hidden", trigger=trigger, publish=False))
    port.post("/actions", automation("made"))
    port.post(
        "/actions",
        automation(
            "ran",
            event={
                "type": "RUN_UPDATED",
                "blueprintIdentifier": None,
                "actionIdentifier": "deploy",
            },
        ),
    )
    answer = port.get(f"/actions?{query}")
    assert [row["identifier"] for row in answer.json()["actions"]] == wanted


def test_lists_cost_one_query_however_many(port: PortClient, django_assert_num_queries) -> None:
    for number in range(4):
        port.post("/actions", document(f"a{number}"))
    with django_assert_num_queries(2):
        assert len(port.get("/actions").json()["actions"]) == 4


_TRIGGER = document()["trigger"]
_EVENT = {"type": "ENTITY_CREATED", "blueprintIdentifier": "service"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"identifier": "a b"}, "identifier"),
        ({"identifier": None}, "identifier"),
        ({"trigger": "CREATE"}, "trigger"),
        ({"trigger": {"type": "other"}}, "trigger.type"),
        ({"trigger": {**_TRIGGER, "operation": "DO"}}, "trigger.operation"),
        ({"trigger": {**_TRIGGER, "blueprintIdentifier": 1}}, "trigger.blueprintIdentifier"),
        ({"trigger": {**_TRIGGER, "userInputs": []}}, "trigger.userInputs"),
        (
            {"trigger": {**_TRIGGER, "userInputs": {"properties": {"x": 1}}}},
            "trigger.userInputs.properties.x",
        ),
        (
            {"trigger": {**_TRIGGER, "userInputs": {"required": "x"}}},
            "trigger.userInputs.required",
        ),
        ({"trigger": {"type": "automation"}}, "trigger.event"),
        ({"trigger": {"type": "automation", "event": {"type": "X"}}}, "trigger.event.type"),
        (
            {"trigger": {"type": "automation", "event": {"type": "ENTITY_CREATED"}}},
            "trigger.event.blueprintIdentifier",
        ),
        (
            {"trigger": {"type": "automation", "event": _EVENT, "condition": {"expressions": 1}}},
            "trigger.condition.expressions",
        ),
        (
            {
                "trigger": {
                    "type": "automation",
                    "event": _EVENT,
                    "condition": {"expressions": ["true", ".a ||"]},
                }
            },
            "trigger.condition.expressions[1]",
        ),
        ({"invocationMethod": None}, "invocationMethod"),
        ({"invocationMethod": {"type": "WEBHOOK"}}, "invocationMethod.url"),
        ({"invocationMethod": {**INVOCATION, "headers": ["x"]}}, "invocationMethod.headers"),
        ({"invocationMethod": {**INVOCATION, "body": {"a": "{{ ( }}"}}}, "invocationMethod.body.a"),
        ({"invocationMethod": {"type": "UPSERT_ENTITY"}}, "invocationMethod.blueprintIdentifier"),
        ({"requiredApproval": "yes"}, "requiredApproval"),
        ({"publish": "yes"}, "publish"),
    ],
)
def test_what_could_not_be_executed_is_refused_with_its_place(
    port: PortClient, change: dict[str, Any], place: str
) -> None:
    answer = port.post("/actions", document(**change))
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{place}: ")
    assert not Action.objects.exists()


def test_what_is_not_executed_here_is_kept_whatever_it_says(port: PortClient) -> None:
    invocation = {"type": "GITHUB", "org": 7, "workflowInputs": {"x": "{{ ( }}", "y": "${{ z }}"}}
    answer = port.post("/actions", document(invocationMethod=invocation))
    assert answer.json()["action"]["invocationMethod"] == invocation


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"invocationMethod": {"type": "GITHUB"}}, "does not execute GITHUB"),
        ({"invocationMethod": {"type": "KAFKA"}}, "publishes nothing"),
        (
            {"trigger": {"type": "automation", "event": {"type": "TIMER_PROPERTY_EXPIRED"}}},
            "does not fire TIMER_PROPERTY_EXPIRED",
        ),
        ({"invocationMethod": {"type": "INTEGRATION_ACTION"}}, None),
        ({}, None),
    ],
)
def test_what_will_not_happen_is_said_when_it_is_stored(
    port: PortClient, change: dict[str, Any], warning: str | None
) -> None:
    for answer in (port.post("/actions", document(**change)),
                   port.put("/actions/deploy", document(**change))):  # fmt: skip
        warnings = answer.json().get("warnings", [])
        assert (warning in warnings[0]) if warning else warnings == []


def test_permissions_have_defaults_and_are_changed_in_parts(port: PortClient) -> None:
    port.post("/actions", document())
    default = {
        "execute": {"users": [], "roles": ["Member"], "teams": [], "ownedByTeam": False},
        "approve": {"users": [], "roles": [], "teams": []},
    }
    answer = port.get("/actions/deploy/permissions")
    assert answer.json() == {"ok": True, "permissions": default}
    policy = {"queries": {}, "conditions": ["true"]}
    answer = port.patch(
        "/actions/deploy/permissions",
        {"execute": {"users": ["a@example.com"], "policy": policy}},
    )
    wanted = {**default, "execute": {**default["execute"], "users": ["a@example.com"],
                                     "policy": policy}}  # fmt: skip
    assert answer.json() == {"ok": True, "permissions": wanted}
    assert port.get("/actions/deploy/permissions").json()["permissions"] == wanted


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"run": {}}, "run"),
        ({"execute": []}, "execute"),
        ({"approve": {"users": "a"}}, "approve.users"),
    ],
)
def test_permissions_that_are_none_are_refused(
    port: PortClient, sent: dict[str, Any], place: str
) -> None:
    port.post("/actions", document())
    answer = port.patch("/actions/deploy/permissions", sent)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{place}: ")


def test_the_key_of_signatures_is_for_those_who_write(port: PortClient, reader: PortClient) -> None:
    port.post("/actions", document())
    secret = Action.objects.get().secret.reveal()
    assert port.get("/actions/deploy/signing-secret").json() == {"ok": True, "secret": secret}
    assert reader.get("/actions/deploy/signing-secret").status_code == 403
    assert secret not in reader.get("/actions/deploy").content.decode()
    assert reader.post("/actions", document("b")).status_code == 403
