"""Whatever a client sends about webhooks, actions and runs: never a fault of ours."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.integrations.models import Run, Webhook
from portal.integrations.tasks import execute_run, sweep_integrations
from tests.builders import make_blueprint
from tests.port.clients import PortClient
from tests.port.test_actions import automation, document
from tests.port.test_webhooks import SECURITY
from tests.port.test_webhooks import document as webhook_document

pytestmark = pytest.mark.django_db

FUZZ = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
_WORDS = [
    "identifier", "title", "trigger", "type", "self-service", "automation", "event", "condition",
    "expressions", "combinator", "ENTITY_CREATED", "RUN_CREATED", "blueprintIdentifier", "service",
    "userInputs", "properties", "required", "invocationMethod", "WEBHOOK", "UPSERT_ENTITY", "SLACK",
    "KAFKA", "INTEGRATION_ACTION", "installationId", "url", "body", "headers", "mapping",
    "{{ .a }}",
    "{{ ( }}", "{{ halt }}", "{{ spreadValue() }}", "relations", "entity", "mappings", "blueprint",
    "filter", "itemsToParse", "operation", "delete", "create", "rules", "property", "operator", "=",
    "value", "security", "secret", "signatureAlgorithm", "sha256", "requestIdentifierPath", ".body",
    ".item", "status", "SUCCESS", "link", "message", "terminationStatus", "execute", "approve",
    "users", "a\x00b", "\ud800", "", "x" * 300, "requiredApproval", "publish", "format", "pattern",
    "(",
]  # fmt: skip
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(_WORDS),
)  # fmt: skip
_KEYS = st.sampled_from(_WORDS) | st.text(max_size=5)
JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=12,
)


def _replaced(whole: Any, path: list[int], value: Any) -> Any:
    """Return a document with something else in one place, chosen by numbers."""
    if not path or not isinstance(whole, dict | list) or not whole:
        return value
    keys = list(whole) if isinstance(whole, dict) else list(range(len(whole)))
    key = keys[path[0] % len(keys)]
    copy = dict(whole) if isinstance(whole, dict) else list(whole)
    copy[key] = _replaced(whole[key], path[1:], value)
    return copy


PATHS = st.lists(st.integers(0, 20), min_size=1, max_size=5)
_MAPPING = {
    "blueprint": "service",
    "filter": "true",
    "itemsToParse": ".body.items",
    "operation": {"type": "create", "deleteDependents": True},
    "entity": {
        "identifier": {
            "combinator": "and",
            "rules": [{"property": "$title", "operator": "=", "value": ".item"}],
        },
        "title": ".item",
        "team": [".item"],
        "properties": {"tier": ".item.tier"},
        "relations": {"home": ".item.home"},
    },
}
_WHOLE = {
    "/webhooks": webhook_document(mappings=[_MAPPING]),
    "/actions": document(
        invocationMethod={
            "type": "UPSERT_ENTITY",
            "blueprintIdentifier": "service",
            "mapping": {"identifier": "{{ .inputs.where }}", "properties": {"tier": "{{ .x }}"}},
        }
    ),
    "/actions?automation": automation(expressions=["true"], invocationMethod={"type": "KAFKA"}),
    "/actions/deploy/runs": {"properties": {"where": "test"}, "entity": "shop"},
    "/actions/runs/claim-pending": {"installationId": "x", "limit": 1, "exclude": ["a"]},
}


def _encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


def sent(client: PortClient, method: str, path: str, body: Any) -> int:
    """Send a body as it is; return the status."""
    return client.send(method, path, _encoded(body)).status_code


@pytest.mark.parametrize("path", _WHOLE)
@FUZZ
@given(where=PATHS, value=JSON)
def test_documents_that_are_almost_right(
    port: PortClient, path: str, where: list[int], value: Any
) -> None:
    if path.startswith("/actions/"):
        port.post("/actions", document(invocationMethod={"type": "KAFKA"}))
    body = _replaced(_WHOLE[path], where, value)
    assert sent(port, "post", path, body) in (200, 201, 202, 400, 404, 409, 422)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/webhooks"),
        ("put", "/webhooks/github"),
        ("patch", "/webhooks/github"),
        ("post", "/actions"),
        ("put", "/actions/deploy"),
        ("patch", "/actions/deploy/permissions"),
        ("post", "/actions/deploy/runs"),
        ("patch", "/actions/runs/{run}"),
        ("post", "/actions/runs/{run}/logs"),
        ("patch", "/actions/runs/{run}/approval"),
        ("post", "/actions/runs/claim-pending"),
        ("patch", "/actions/runs/ack"),
    ],
)
@FUZZ
@given(body=JSON)
def test_documents_that_are_anything(port: PortClient, method: str, path: str, body: Any) -> None:
    port.post("/webhooks", webhook_document())
    port.post("/actions", document(invocationMethod={"type": "KAFKA"}))
    answer = port.post("/actions/deploy/runs", {"properties": {"where": "test"}})
    run = answer.json()["run"]["id"] if answer.status_code == 202 else "r_none"
    status = sent(port, method, path.format(run=run), body)
    assert status in (200, 201, 202, 400, 404, 409, 422)


@FUZZ
@given(
    raw=st.binary(max_size=40)
    | JSON.map(lambda body: json.dumps(body).encode("utf-8", "surrogatepass")),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20),
    query=st.text(max_size=10),
    is_signed=st.booleans(),
)
def test_requests_of_strangers(
    port: PortClient, raw: bytes, header: str, query: str, is_signed: bool
) -> None:
    make_blueprint()
    port.post("/webhooks", webhook_document(mappings=[_MAPPING], security={}))
    security = SECURITY if is_signed else {"requestIdentifierPath": ".body | tostring"}
    port.put("/webhooks/github", webhook_document(mappings=[_MAPPING], security=security))
    key = Webhook.objects.get().key
    answer = PortClient().client.post(
        f"/v1/ingest/webhooks/{key}",
        raw,
        content_type="application/json",
        headers={"x-hub-signature-256": header, "x-github-delivery": header},
        query_params={"q": query},
    )
    assert answer.status_code in ((401,) if is_signed else (202, 400, 422))
    sweep_integrations()


@FUZZ
@given(where=PATHS, value=JSON, inputs=st.dictionaries(st.sampled_from(["where", "x"]), JSON))
def test_what_templates_come_to(
    port: PortClient, where: list[int], value: Any, inputs: dict[str, Any]
) -> None:
    make_blueprint()
    body = _WHOLE["/actions"]
    invocation = _replaced(body["invocationMethod"], where, value)
    trigger = {**body["trigger"], "userInputs": {}}
    whole = {**body, "invocationMethod": invocation, "trigger": trigger}
    answer = port.send("post", "/actions", _encoded(whole))
    if answer.status_code != 201:
        assert answer.status_code in (400, 409, 422)
        return
    answer = port.send("post", "/actions/deploy/runs", _encoded({"properties": inputs}))
    assert answer.status_code in (202, 400, 422)
    port.delete("/actions/deploy")
    for run in Run.objects.filter(effect="pending"):
        execute_run(run.pk)
        run.refresh_from_db()
        assert run.attempts == 1
        assert run.effect == "done"
