"""What runs do: requests that go out signed, entities that are written, and what failed."""

import hmac
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from catalog.models import Change, Entity
from portal.integrations.actions import executing
from portal.integrations.models import Action, Run, RunLog
from portal.integrations.secrets import create_secret
from portal.integrations.tasks import execute_run, sweep_integrations
from tests.builders import NOW, TESTER, make_blueprint, make_entity
from tests.port.clients import PortClient
from tests.port.test_actions import document
from tests.unit.raw_server import RawServer, ok, raw_server, saying

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_server_allowed() -> Iterator[None]:
    with override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=["127.0.0.1"]):
        yield


def run_of(port: PortClient, invocation: dict[str, Any], **body: Any) -> Run:
    """Set an action with this invocation off, and return its run as it then is."""
    port.delete("/actions/deploy")
    answer = port.post("/actions", document(invocationMethod=invocation))
    assert answer.status_code == 201, answer.json()
    answer = port.post("/actions/deploy/runs", {"properties": {"where": "test"}, **body})
    assert answer.status_code == 202, answer.json()
    return Run.objects.get(identifier=answer.json()["run"]["id"])


def webhook(server: RawServer, **parts: Any) -> dict[str, Any]:
    return {"type": "WEBHOOK", "url": f"{server.url}/hook?key=s3cret", **parts}


def told(run: Run) -> list[str]:
    return list(RunLog.objects.filter(run=run).order_by("id").values_list("message", flat=True))


def test_a_webhook_is_sent_with_its_templates_filled(port: PortClient) -> None:
    make_blueprint()
    make_entity("shop", title="Shop", properties={"tier": 2})
    with raw_server(saying(ok())) as server:
        run = run_of(
            port,
            webhook(
                server,
                url=server.url + "/{{ .inputs.where }}",
                method="put",
                headers={"X-Run": "{{ .run.id }}", "X-Tier": "{{ .entity.properties.tier }}"},
                body={
                    "{{ spreadValue() }}": "{{ .inputs }}",
                    "entity": "{{ .entity.identifier }}",
                    "none": "{{ .inputs.none }}",
                    "by": "{{ .trigger.by.user.email }}",
                    "action": "{{ .action.identifier }}",
                },
            ),
            entity="shop",
        )
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /test HTTP/1.1\r\n")
    assert f"\r\nX-Run: {run.identifier}\r\n".encode() in head
    assert b"\r\nX-Tier: 2\r\n" in head
    assert json.loads(body) == {
        "where": "test", "entity": "shop", "by": "writer", "action": "deploy"
    }  # fmt: skip


def test_a_receiver_can_tell_that_a_request_is_genuine(port: PortClient) -> None:
    with raw_server(saying(ok())) as server:
        run_of(port, webhook(server, body={"a": "ä"}))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    moment = headers["X-Port-Timestamp"]
    key = port.get("/actions/deploy/signing-secret").json()["secret"]
    digest = hmac.digest(key.encode(), moment.encode() + b"." + body, "sha256")
    assert headers["X-Port-Signature"] == f"v1,{b64encode(digest).decode()}"
    assert abs(datetime.now(UTC).timestamp() - int(moment)) < 60


@pytest.mark.parametrize(
    ("synchronized", "said", "status"),
    [
        (True, ok(), "SUCCESS"),
        ("true", ok(status=b"204 No"), "SUCCESS"),
        (True, ok(status=b"400 No"), "FAILURE"),
        (True, ok(b"", b"Location: /", status=b"302 Found"), "FAILURE"),
        (False, ok(), "IN_PROGRESS"),
        (None, ok(), "IN_PROGRESS"),
        # Nobody is at it who could report.
        (False, ok(b"no such job", status=b"404 No"), "FAILURE"),
    ],
)
def test_the_answer_decides_where_that_is_asked_for(
    port: PortClient, synchronized: Any, said: bytes, status: str
) -> None:
    with raw_server(saying(said)) as server:
        run = run_of(port, webhook(server, synchronized=synchronized, agent=True))
    assert (run.status, run.effect) == (status, "done")
    (line,) = told(run)
    assert line.startswith("POST 127.0.0.1: ")
    assert "s3cret" not in line
    assert ("no such job" in line) == (b"no such job" in said)


def test_what_does_not_answer_is_tried_again_and_then_given_up(port: PortClient) -> None:
    with raw_server(saying(ok(status=b"503 Busy"))) as server:
        run = run_of(port, webhook(server, synchronized=True))
        assert (run.status, run.effect, run.attempts) == ("IN_PROGRESS", "pending", 1)
        assert sweep_integrations() == 0  # put off
        for _ in range(6):
            Run.objects.update(put_off_until=None)
            sweep_integrations()
    run.refresh_from_db()
    assert (run.status, run.effect, run.attempts) == ("FAILURE", "done", 5)
    assert len(server.requests) == 5
    assert told(run)[0].endswith("Attempt 1 of 5; the next in 1 min.")
    assert len(told(run)) == 5


def test_a_host_that_comes_back_is_served(port: PortClient) -> None:
    with raw_server(saying(b""), saying(ok())) as server:
        run = run_of(port, webhook(server, synchronized=True))
        assert run.effect == "pending"
        Run.objects.update(put_off_until=None)
        sweep_integrations()
    run.refresh_from_db()
    assert run.status == "SUCCESS"


def test_what_must_not_be_reached_is_not_tried_again(port: PortClient) -> None:
    with override_settings(TIDEMARK_ALLOWED_HOSTS_OUT=[]):
        run = run_of(port, {"type": "WEBHOOK", "url": "http://169.254.169.254/latest"})
    assert (run.status, run.attempts) == ("FAILURE", 1)


@pytest.mark.parametrize(
    ("invocation", "place"),
    [
        ({"url": "{{ .inputs.none }}"}, "invocationMethod.url"),
        ({"url": "https://x.example.com", "headers": {"a": "{{ .run.id.x }}"}},
         "invocationMethod.headers.a"),
        ({"url": "https://x.example.com", "body": {"a": "{{ halt }}"}}, "invocationMethod"),
    ],
)  # fmt: skip
def test_templates_that_fail_fail_the_run_with_their_place(
    port: PortClient, invocation: dict[str, Any], place: str
) -> None:
    run = run_of(port, {"type": "WEBHOOK", **invocation})
    assert run.status == "FAILURE"
    assert told(run)[0].startswith(place)


def test_what_a_receiver_reported_meanwhile_stands(
    port: PortClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = executing.send_webhook

    def report_first(run: Run, *args: Any, **kwargs: Any) -> Any:
        port.patch(f"/actions/runs/{run.identifier}", {"status": "SUCCESS"})
        return real(run, *args, **kwargs)

    monkeypatch.setattr(executing, "send_webhook", report_first)
    with raw_server(saying(ok(status=b"500 No"))) as server:
        run = run_of(port, webhook(server))
    assert (run.status, run.effect) == ("SUCCESS", "done")


def test_a_message_goes_to_slack(port: PortClient) -> None:
    with raw_server(saying(ok(b"ok"))) as server:
        invocation = {
            "type": "SLACK",
            "url": f"{server.url}/services/T0",
            "body": {"text": "*{{ .inputs.where }}*"},
        }
        run = run_of(port, invocation)
    assert server.requests[0].endswith(b'\r\n\r\n{"text": "*test*"}')
    assert b"X-Port-Signature" not in server.requests[0]
    assert run.status == "SUCCESS"


def test_an_entity_is_written_and_tied_to_the_run(port: PortClient) -> None:
    make_blueprint("part", ownership=None)
    make_blueprint(relations={"home": {"target": "part", "many": False, "required": False}})
    make_entity("shop", properties={"language": "go"})
    invocation = {
        "type": "UPSERT_ENTITY",
        "blueprintIdentifier": "service",
        "mapping": {
            "identifier": "shop",
            "title": "{{ .inputs.where }}",
            "icon": "{{ .inputs.none }}",
            "properties": {"tier": "{{ .inputs.size }}", "language": "{{ .inputs.none }}"},
            "relations": {"home": "p-{{ .inputs.where }}"},
        },
    }
    run = run_of(port, invocation, properties={"where": "test", "size": 3})
    entity = Entity.objects.of("service").get()
    assert (entity.title, entity.properties) == ("test", {"language": "go", "tier": 3})
    assert entity.facts["relation#home"] == "p-test"
    assert (run.status, told(run)) == ("SUCCESS", ["service 'shop' was written."])
    change = Change.objects.filter(kind="entity", identifier="shop").latest("id")
    assert (change.source, change.actor) == ("action", "deploy")
    assert change.run == run.identifier
    execute_run(run.pk)
    assert Change.objects.filter(kind="entity", identifier="shop").count() == 2


def test_an_entity_that_is_refused_fails_the_run(port: PortClient) -> None:
    make_blueprint()
    invocation = {
        "type": "UPSERT_ENTITY",
        "blueprintIdentifier": "service",
        "mapping": {"identifier": "shop", "properties": {"tier": "high"}},
    }
    run = run_of(port, invocation)
    assert run.status == "FAILURE"
    assert told(run)[0].startswith("invocationMethod.mapping.properties.tier: ")
    assert not Entity.objects.of("service").exists()
    run = run_of(port, {**invocation, "blueprintIdentifier": "nowhere"})
    assert told(run)[0].startswith("invocationMethod.blueprintIdentifier: ")


def test_secrets_of_the_organization_go_out_and_stay_out_of_the_run(port: PortClient) -> None:
    create_secret(name="TOKEN", value="t0p", by=TESTER, now=NOW)
    with raw_server(saying(ok())) as server:
        run = run_of(port, webhook(server, headers={"X-Token": "{{ .secrets.TOKEN }}"}))
    assert b"X-Token: t0p" in server.requests[0]
    assert "t0p" not in port.get(f"/actions/runs/{run.identifier}").content.decode()
    assert "t0p" not in "".join(told(run))


def test_what_a_server_tells_back_of_a_secret_stays_out_of_the_log(port: PortClient) -> None:
    create_secret(name="TOKEN", value='t0p"s3cret', by=TESTER, now=NOW)
    refusal = b'not t0p"s3cret, nor ' + json.dumps('t0p"s3cret').encode() + b". "
    # The last stands where the log is cut.
    body = refusal.ljust(493, b".") + b' t0p"s3cret'
    answer = b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with raw_server(saying(answer)) as server:
        run = run_of(port, webhook(server, headers={"X-Token": "{{ .secrets.TOKEN }}"}))
    (line,) = told(run)
    assert ' not ***, nor "***". ...' in line
    assert "t0p" not in line


@pytest.mark.parametrize("program", [".secrets.TOKEN | error", ".secrets.TOKEN | tonumber"])
def test_a_program_that_fails_at_a_secret_does_not_tell_it(port: PortClient, program: str) -> None:
    create_secret(name="TOKEN", value="t0p", by=TESTER, now=NOW)
    with raw_server(saying(ok())) as server:
        run = run_of(port, webhook(server, body={"a": f"{{{{ {program} }}}}"}))
    assert run.status == "FAILURE"
    assert "***" in told(run)[0]
    assert "t0p" not in told(run)[0]


def test_a_secret_that_cannot_be_read_fails_the_run(port: PortClient) -> None:
    create_secret(name="TOKEN", value="t0p", by=TESTER, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_organizationsecret SET value = 'sealed:1:altered'")
    with raw_server(saying(ok())) as server:
        run = run_of(port, webhook(server, headers={"X-Token": "{{ .secrets.TOKEN }}"}))
    assert (run.status, run.attempts, server.requests) == ("FAILURE", 1, [])
    assert told(run)[0].startswith("The stored secret cannot be read")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tasks from being sent, as where the worker died."""
    monkeypatch.setattr(execute_run, "delay_on_commit", lambda *args: None)


def test_what_a_dead_worker_left_is_swept_up_once(port: PortClient, held: None) -> None:
    with raw_server(saying(ok())) as server:
        run = run_of(port, webhook(server, synchronized=True))
        assert server.requests == []
        now = datetime.now(UTC)
        Run.objects.update(claimed_until=now + timedelta(minutes=1))  # somebody is at it
        assert sweep_integrations() == 0
        Run.objects.update(claimed_until=now - timedelta(minutes=1))  # and died
        assert sweep_integrations() == 1
        assert sweep_integrations() == 0
    assert len(server.requests) == 1
    run.refresh_from_db()
    assert run.status == "SUCCESS"


def test_nothing_goes_out_before_it_is_approved(port: PortClient) -> None:
    with raw_server(saying(ok())) as server:
        port.post(
            "/actions",
            document(invocationMethod=webhook(server, synchronized=True), requiredApproval=True),
        )
        answer = port.post("/actions/deploy/runs", {"properties": {"where": "test"}})
        path = f"/actions/runs/{answer.json()['run']['id']}"
        sweep_integrations()
        assert server.requests == []
        port.patch(f"{path}/approval", {"status": "APPROVE"})
    assert len(server.requests) == 1
    assert port.get(path).json()["run"]["status"] == "SUCCESS"


def test_a_run_of_an_action_that_is_gone_sends_nothing(port: PortClient, held: None) -> None:
    with raw_server(saying(ok())) as server:
        run = run_of(port, webhook(server))
        Action.objects.all().delete()
        sweep_integrations()
        assert server.requests == []
    run.refresh_from_db()
    assert run.status == "FAILURE"


def test_what_breaks_unexpectedly_is_tried_again_so_many_times(
    port: PortClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(executing, "send_webhook", broken)
    run = run_of(port, {"type": "WEBHOOK", "url": "https://x.example.com"})
    for _ in range(6):
        Run.objects.update(put_off_until=None)
        sweep_integrations()
    run.refresh_from_db()
    assert (run.status, run.effect) == ("FAILURE", "done")
    assert told(run) == ["Given up after 5 attempts; the server's log tells more."]
