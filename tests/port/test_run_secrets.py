"""Secrets of the organization in what actions send."""

import json

import responses

from portal.integrations.models import OrganizationSecret, Run
from tests.port.clients import PortClient
from tests.port.test_actions import document

ADDRESS = "https://hooks.example.org/deploy"


def deploy(port: PortClient) -> None:
    """Make an action whose webhook needs a secret, and set it off."""
    invocation = {
        "type": "WEBHOOK",
        "url": ADDRESS,
        "synchronized": True,
        "headers": {"Authorization": "Bearer {{ .secrets.TOKEN }}"},
        "body": {"where": "{{ .inputs.where }}"},
    }
    assert port.post("/actions", document(invocationMethod=invocation)).status_code == 201
    answer = port.post("/actions/deploy/runs", {"properties": {"where": "test"}})
    assert answer.status_code == 202


@responses.activate
def test_a_webhook_gets_the_secret_and_nobody_else_does(
    port: PortClient, django_capture_on_commit_callbacks
) -> None:
    made = port.post("/organization/secrets", {"secretName": "TOKEN", "secretValue": "s3cret"})
    assert made.status_code == 201, made.json()
    responses.post(ADDRESS, json={})
    with django_capture_on_commit_callbacks(execute=True):
        deploy(port)
    sent = responses.calls[0].request
    assert sent.headers["Authorization"] == "Bearer s3cret"
    assert json.loads(sent.body) == {"where": "test"}
    run = Run.objects.get()
    assert run.status == "SUCCESS"
    shown = port.get(f"/actions/runs/{run.identifier}").content
    logs = port.get(f"/actions/runs/{run.identifier}/logs").content
    listed = port.get("/organization/secrets").content
    assert b"s3cret" not in shown + logs + listed


@responses.activate
def test_a_secret_that_cannot_be_opened_fails_the_run_and_says_so(
    port: PortClient, settings, django_capture_on_commit_callbacks
) -> None:
    port.post("/organization/secrets", {"secretName": "TOKEN", "secretValue": "s3cret"})
    sealed = OrganizationSecret.objects.values_list("value", flat=True)
    assert len(sealed) == 1
    with django_capture_on_commit_callbacks() as callbacks:
        deploy(port)
    settings.SECRET_KEY = "another"
    for callback in callbacks:
        callback()
    assert not responses.calls
    assert Run.objects.get().status == "FAILURE"
