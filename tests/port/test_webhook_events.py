"""What is sent to a webhook: let in, stored, and made into entities."""

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from catalog.models import Change, Entity
from portal.integrations.models import Webhook, WebhookEvent
from portal.integrations.tasks import process_webhook, sweep_integrations
from portal.integrations.webhooks import processing
from tests.builders import make_blueprint, make_entity, make_team
from tests.port.clients import PortClient
from tests.port.test_webhooks import SECURITY, document

pytestmark = pytest.mark.django_db(transaction=True)

PLAIN = {"blueprint": "service", "entity": {"identifier": ".body.id"}}


@pytest.fixture
def service(db: None) -> None:
    make_blueprint("part", ownership=None)
    make_blueprint(
        "service",
        relations={
            "parts": {"target": "part", "many": True, "required": False},
            "home": {"target": "part", "many": False, "required": False},
        },
    )


@pytest.fixture
def send(port: PortClient, service: None) -> Callable[..., Any]:
    """Return a function that makes the webhook of a test, and sends a body to it."""

    def send(body: Any, *mappings: dict[str, Any], query: str = "", **headers: str) -> WebhookEvent:
        if not Webhook.objects.exists():
            port.post("/webhooks", document(mappings=list(mappings), security={}))
        answer = deliver(body, query=query, **headers)
        assert answer.status_code == 202
        return WebhookEvent.objects.get(pk=answer.json()["eventId"])

    return send


def deliver(body: Any, *, query: str = "", raw: bytes | None = None, **headers: str) -> Any:
    """Send a request as another system would."""
    key = Webhook.objects.get().key
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return PortClient().send(
        "post",
        f"/ingest/webhooks/{key}{query}",
        json.dumps(body).encode() if raw is None else raw,
        headers=sent,
    )


def mapping(blueprint: str = "service", *, entity: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return a mapping."""
    return {"blueprint": blueprint, "entity": entity, **parts}


def test_a_request_becomes_an_entity(send: Callable[..., WebhookEvent]) -> None:
    make_team("core")
    entity = {
        "identifier": ".body.repo.id",
        "title": ".body.repo.name",
        "icon": "'Github'",
        "team": ".body.team",
        "properties": {
            "language": ".body.repo.language",
            "tier": ".queryParams.tier | tonumber",
            "event": '.headers."X-GitHub-Event"',
        },
    }
    body = {"repo": {"id": 17, "name": "Shop", "language": "go"}, "team": "core"}
    event = send(body, mapping(entity=entity), query="?tier=2", x_github_event="push")
    row = Entity.objects.of("service").get()
    assert (row.identifier, row.title, row.icon, row.team) == ("17", "Shop", "Github", ["core"])
    assert row.properties == {"language": "go", "tier": 2, "event": "push"}
    assert (row.datasource, row.created_by) == ("webhook/github", "webhook/github")
    assert Change.objects.get(identifier="17").source == "webhook"
    assert (event.state, event.problems, event.touched) == (
        "done",
        [],
        [{"blueprint": "service", "identifier": "17", "action": "created"}],
    )


def test_what_a_request_does_not_say_stays(send: Callable[..., WebhookEvent]) -> None:
    make_entity("shop", title="Shop", properties={"tier": 1, "language": "go"})
    entity = {
        "identifier": "'shop'",
        "title": ".body.title",
        "properties": {"language": ".body.language"},
    }
    event = send({"language": "rust"}, mapping(entity=entity))
    row = Entity.objects.of("service").get()
    assert (row.title, row.properties) == ("Shop", {"tier": 1, "language": "rust"})
    assert event.touched == [{"blueprint": "service", "identifier": "shop", "action": "updated"}]


def test_mappings_apply_where_their_filter_holds(send: Callable[..., WebhookEvent]) -> None:
    send(
        {"id": "a"},
        mapping("part", entity={"identifier": ".body.id"}, filter=".body.kind == 'part'"),
        mapping(entity={"identifier": ".body.id"}, filter=".headers['x-kind'] == 'service'"),
        x_kind="service",
    )
    assert list(Entity.objects.values_list("blueprint__identifier", "identifier")) == [
        ("service", "a")
    ]


def test_each_item_becomes_an_entity_and_a_repeated_one_counts_once(
    send: Callable[..., WebhookEvent],
) -> None:
    entity = {"identifier": ".item.id", "properties": {"language": ".item.l"}}
    items = [{"id": "a", "l": "go"}, {"id": "skip"}, {"id": "a", "l": "c"}, {"id": "b"}]
    event = send(
        {"items": items},
        mapping(entity=entity, itemsToParse=".body.items", filter=".item.id != 'skip'"),
    )
    found = {row.identifier: row.properties for row in Entity.objects.of("service")}
    assert found == {"a": {"language": "c"}, "b": {}}
    assert (event.touched_count, event.problems) == (2, [])


def test_items_beyond_the_five_hundredth_are_left_out_and_told(
    send: Callable[..., WebhookEvent],
) -> None:
    event = send(
        {}, mapping(entity={"identifier": ".item | tostring"}, itemsToParse="[range(501)]")
    )
    assert Entity.objects.of("service").count() == 500
    assert (event.touched_count, len(event.touched)) == (500, 100)
    assert event.problems == [
        {
            "mapping": 0,
            "path": "itemsToParse",
            "message": "gives 501 items; those after the first 500 were left out",
        }
    ]


@pytest.mark.parametrize(
    ("body", "items", "message"),
    [
        ({}, ".body.items", None),
        ({"items": {}}, ".body.items", "gives object, not a list"),
        ({}, ".body.items | map(.x)", "Cannot iterate over null (null)"),
        # Not about this kind of request: no reason to complain.
        ({"other": 1}, ".body.items | map(.x)", None),
    ],
)
def test_items_that_are_none_are_told_where_the_mapping_is_meant(
    send: Callable[..., WebhookEvent], body: Any, items: str, message: str | None
) -> None:
    event = send(
        body,
        mapping(entity={"identifier": ".item"}, itemsToParse=items, filter=".body.other | not"),
    )
    assert [one["message"] for one in event.problems] == ([message] if message else [])


def test_a_program_that_fails_takes_nothing_else_along(
    send: Callable[..., WebhookEvent],
) -> None:
    make_entity("shop", properties={"tier": 1})
    entity = {
        "identifier": "'shop'",
        "properties": {"tier": ".body.tier | tonumber", "language": ".body.language"},
    }
    event = send(
        {"tier": "one", "language": "go"},
        mapping(entity=entity),
        mapping(entity={"identifier": ".body.nothing"}),
        mapping("part", entity={"identifier": "def f: f; f"}),
        mapping("part", entity={"identifier": "halt"}),
        mapping("part", entity={"identifier": "'last'"}),
        mapping("nowhere", entity={"identifier": "'x'"}),
    )
    assert Entity.objects.of("service").get().properties == {"tier": 1, "language": "go"}
    assert Entity.objects.of("part").get().identifier == "last"
    assert [(one["mapping"], one["path"]) for one in event.problems] == [
        (0, "entity.properties.tier"),
        (2, ""),
        (3, ""),
        (1, "entity.identifier"),
        (5, "blueprint"),
    ]


def test_what_the_catalog_refuses_is_told_at_its_item(send: Callable[..., WebhookEvent]) -> None:
    entity = {"identifier": ".item.id", "properties": {"tier": ".item.tier"}}
    items = [{"id": "a", "tier": 1}, {"id": "b", "tier": "x"}]
    event = send({"items": items}, mapping(entity=entity, itemsToParse=".body.items"))
    assert [row.identifier for row in Entity.objects.of("service")] == ["a"]
    (problem,) = event.problems
    assert (problem["item"], problem["path"]) == (1, "entity.properties.tier")


def test_what_is_pointed_at_and_missing_is_made(send: Callable[..., WebhookEvent]) -> None:
    entity = {"identifier": "'shop'", "relations": {"parts": ".body.parts", "home": ".body.home"}}
    event = send({"parts": ["a", "b"], "home": 7}, mapping(entity=entity))
    facts = Entity.objects.of("service").get().facts
    assert (facts["relation#parts"], facts["relation#home"]) == (["a", "b"], "7")
    assert {item["identifier"] for item in event.touched} == {"shop", "a", "b", "7"}


def test_identifiers_and_relations_may_be_searches(send: Callable[..., WebhookEvent]) -> None:
    make_entity("shop", properties={"language": "go", "tier": 3})
    make_entity("a", blueprint="part", title="Engine")
    make_entity("b", blueprint="part", title="Engine")
    make_entity("c", blueprint="part", title="Wheel")
    by_language = {
        "combinator": '"and"',
        "rules": [{"property": '"language"', "operator": '"="', "value": ".body.language"}],
    }
    by_title = {
        "combinator": "and",
        "rules": [{"property": "$title", "operator": "=", "value": ".body.title"}],
    }
    entity = {
        "identifier": by_language,
        "properties": {"tier": "1"},
        "relations": {"parts": by_title, "home": {**by_title, "rules": [
            {"property": "$title", "operator": "in", "value": "['Wheel']"}
        ]}},
    }  # fmt: skip
    event = send({"language": "go", "title": "Engine"}, mapping(entity=entity))
    assert event.problems == []
    row = Entity.objects.of("service").get()
    assert (row.identifier, row.properties["tier"]) == ("shop", 1)
    assert (row.facts["relation#parts"], row.facts["relation#home"]) == (["a", "b"], "c")


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"property": "language", "operator": "=", "value": "go"}, "entity.identifier"),
        ({"property": "nothing", "operator": "=", "value": "go"}, "entity.identifier"),
        ({"property": "language", "operator": "like", "value": "go"},
         "entity.identifier.rules[0].operator"),
    ],
)  # fmt: skip
def test_a_search_that_cannot_tell_one_entity_is_a_problem(
    send: Callable[..., WebhookEvent], rule: dict[str, str], place: str
) -> None:
    for name in ("a", "b"):
        make_entity(name, properties={"language": "go"})
    search = {"combinator": "and", "rules": [{key: f"'{text}'" for key, text in rule.items()}]}
    event = send({}, mapping(entity={"identifier": search, "properties": {"tier": "1"}}))
    assert [one["path"] for one in event.problems] == [place]
    assert Change.objects.filter(action="updated").count() == 0


def test_a_delete_takes_what_requires_it_along_unless_told_otherwise(
    send: Callable[..., WebhookEvent],
) -> None:
    make_blueprint("child", relations={"of": {"target": "part", "many": False, "required": True}})
    for name in ("a", "b"):
        make_entity(name, blueprint="part")
        make_entity(f"of-{name}", blueprint="child", relations={"of": name})
    event = send(
        {},
        mapping("part", entity={"identifier": "'a'"}, operation="delete"),
        mapping(
            "part",
            entity={"identifier": "'b'"},
            operation={"type": "delete", "deleteDependents": False},
        ),
        mapping("part", entity={"identifier": "'gone'"}, operation="delete"),
    )
    left = set(
        Entity.objects.exclude(blueprint__is_system=True).values_list("identifier", flat=True)
    )
    assert left == {"b", "of-b"}
    assert event.touched == [{"blueprint": "part", "identifier": "a", "action": "deleted"}]
    assert [(one["mapping"], one["path"]) for one in event.problems] == [(1, "operation")]


def test_mappings_see_what_those_before_them_have_written(
    send: Callable[..., WebhookEvent],
) -> None:
    by_title = {
        "combinator": "and",
        "rules": [{"property": "$title", "operator": "=", "value": "'New'"}],
    }
    event = send(
        {},
        mapping("part", entity={"identifier": "'p'", "title": "'New'"}),
        mapping(entity={"identifier": "'s'", "relations": {"home": by_title}}),
    )
    assert event.problems == []
    assert Entity.objects.of("service").get().facts["relation#home"] == "p"


# --- the door


def _signature(body: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(b"s3cret", body, algorithm).hexdigest()


@pytest.mark.parametrize(
    ("security", "signature", "status"),
    [
        ({}, f"sha256={_signature(b'{}')}", 202),
        ({}, f"sha256={_signature(b'{}').upper()}", 202),
        ({}, _signature(b"{}"), 401),
        ({}, f"sha256={_signature(b'{ }')}", 401),
        ({}, "", 401),
        ({}, "sha256=\u00e9", 401),
        ({"signatureAlgorithm": "sha1", "signaturePrefix": ""}, _signature(b"{}", "sha1"), 202),
        ({"signatureAlgorithm": None, "signaturePrefix": ""}, _signature(b"{}"), 202),
        ({"signatureAlgorithm": "plain", "signaturePrefix": "Bearer "}, "Bearer s3cret", 202),
        ({"signatureAlgorithm": "plain", "signaturePrefix": "Bearer "}, "Bearer s3cre", 401),
        ({"secret": None}, "", 202),
    ],
)
def test_a_request_needs_the_signature_that_is_asked_for(
    port: PortClient, security: dict[str, Any], signature: str, status: int
) -> None:
    port.post("/webhooks", document(security={**SECURITY, **security}, mappings=[]))
    answer = deliver(None, raw=b"{}", x_hub_signature_256=signature)
    assert answer.status_code == status
    assert WebhookEvent.objects.count() == (status == 202)


def test_the_answer_is_accepted(port: PortClient) -> None:
    port.post("/webhooks", document(security={}, mappings=[]))
    answer = deliver({})
    event = WebhookEvent.objects.get()
    assert (answer.status_code, answer.json()) == (202, {"ok": True, "eventId": str(event.pk)})


def test_an_unknown_key_is_not_found_and_a_disabled_webhook_says_so(port: PortClient) -> None:
    assert PortClient().post("/ingest/webhooks/abc").status_code == 404
    port.post("/webhooks", document(security={}, enabled=False))
    assert deliver({}).status_code == 403
    assert not WebhookEvent.objects.exists()


def test_bodies_beyond_half_a_mebibyte_are_refused(port: PortClient) -> None:
    port.post("/webhooks", document(security={}, mappings=[]))
    assert deliver(None, raw=b'"' + b"a" * (512 * 1024 - 2) + b'"').status_code == 202
    answer = deliver(None, raw=b'"' + b"a" * (512 * 1024 - 1) + b'"')
    assert (answer.status_code, answer.json()["error"]) == (413, "payload_too_large")


@pytest.mark.parametrize("raw", [b"{", b"payload=%7B%7D", b'{"a": "\\u0000"}', b"\xff"])
def test_a_body_that_is_no_json_is_told_so(port: PortClient, raw: bytes) -> None:
    port.post("/webhooks", document(security={}, mappings=[]))
    assert deliver(None, raw=raw).status_code in (400, 422)
    assert not WebhookEvent.objects.exists()


def test_an_empty_body_is_an_empty_object(port: PortClient) -> None:
    port.post("/webhooks", document(security={}, mappings=[]))
    assert deliver(None, raw=b"").status_code == 202
    assert WebhookEvent.objects.get().body == {}


def test_what_lets_somebody_in_somewhere_is_not_stored(port: PortClient) -> None:
    security = {**SECURITY, "signatureAlgorithm": "plain", "signaturePrefix": "",
                "signatureHeaderName": "X-Pass"}  # fmt: skip
    port.post("/webhooks", document(security=security, mappings=[]))
    deliver(
        {}, authorization="Bearer t0p", cookie="a=t0p", x_gitlab_token="t0p", x_api_key="t0p",
        x_hub_signature="t0p", x_pass="s3cret", x_github_event="push", idempotency_key="ok",
    )  # fmt: skip
    headers = WebhookEvent.objects.get().headers
    assert headers["x-github-event"] == "push"
    assert headers["idempotency-key"] == "ok"
    assert not {"t0p", "s3cret"} & set(" ".join(map(str, headers.values())).split())


# --- once, in order, and not lost


def test_a_request_that_was_sent_before_changes_nothing(port: PortClient, service: None) -> None:
    security = {"requestIdentifierPath": '.headers."X-GitHub-Delivery"'}
    port.post("/webhooks", document(security=security, mappings=[PLAIN]))
    for name, identifier in (("one", "a"), ("one", "b"), ("two", "c"), ("", "d"), ("", "e")):
        deliver({"id": name and identifier or identifier}, x_github_delivery=name)
    states = list(WebhookEvent.objects.order_by("id").values_list("state", flat=True))
    assert states == ["done", "duplicate", "done", "done", "done"]
    assert sorted(row.identifier for row in Entity.objects.of("service")) == ["a", "c", "d", "e"]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tasks from being sent, as where the worker died."""
    monkeypatch.setattr(process_webhook, "delay_on_commit", lambda *args: None)


def test_what_a_dead_worker_left_is_swept_up_in_order(
    held: None, send: Callable[..., WebhookEvent]
) -> None:
    entity = {"identifier": "'shop'", "properties": {"tier": ".body.tier"}}
    for tier in (1, 2, 3):
        send({"tier": tier}, mapping(entity=entity))
    assert not Entity.objects.of("service").exists()
    assert sweep_integrations() == 3
    assert Entity.objects.of("service").get().properties == {"tier": 3}
    assert sweep_integrations() == 0


def test_where_somebody_is_at_the_oldest_nobody_overtakes(
    held: None, send: Callable[..., WebhookEvent]
) -> None:
    first = send({"id": "a"}, PLAIN)
    send({"id": "b"})
    now = datetime.now(UTC)
    WebhookEvent.objects.filter(pk=first.pk).update(claimed_until=now + timedelta(minutes=1))
    assert sweep_integrations() == 0
    # It died.
    WebhookEvent.objects.filter(pk=first.pk).update(claimed_until=now - timedelta(minutes=1))
    assert sweep_integrations() == 2


def test_a_request_that_breaks_is_tried_again_and_holds_up_nobody(
    held: None, send: Callable[..., WebhookEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = send({"id": "a"}, PLAIN)
    send({"id": "b"})
    apply = processing.Applier.apply

    def broken(self: Any, wishes: Any, problems: Any) -> Any:
        if any(wish.entity["identifier"] == "a" for wish in wishes):
            raise OperationalError("away")
        return apply(self, wishes, problems)

    monkeypatch.setattr(processing.Applier, "apply", broken)
    assert sweep_integrations() == 1
    first.refresh_from_db()
    assert (first.state, first.attempts, first.claimed_until) == ("pending", 1, None)
    assert sweep_integrations() == 0  # put off
    for _ in range(3):
        WebhookEvent.objects.filter(pk=first.pk).update(put_off_until=None)
        sweep_integrations()
    first.refresh_from_db()
    assert (first.state, first.problem_count) == ("failed", 1)
    assert [row.identifier for row in Entity.objects.of("service")] == ["b"]


def test_processing_twice_is_processing_once(send: Callable[..., WebhookEvent]) -> None:
    event = send({"id": "a"}, PLAIN)
    assert processing.process_event(event=event, now=datetime.now(UTC)) is False
    assert Change.objects.filter(kind="entity", identifier="a").count() == 1


def test_old_requests_are_forgotten(held: None, send: Callable[..., WebhookEvent]) -> None:
    event = send({"id": "a"}, PLAIN)
    old = datetime.now(UTC) - timedelta(days=31)
    WebhookEvent.objects.filter(pk=event.pk).update(received_at=old)
    sweep_integrations()
    assert not WebhookEvent.objects.exists()
    assert Entity.objects.of("service").count() == 1


def test_a_request_costs_as_many_queries_for_many_items_as_for_one(
    send: Callable[..., WebhookEvent], django_assert_max_num_queries
) -> None:
    entity = {"identifier": ".item.id", "properties": {"language": ".item.l"}}
    many = [{"id": f"s{number}", "l": "go"} for number in range(200)]
    send({"items": many}, mapping(entity=entity, itemsToParse=".body.items"))
    with django_assert_max_num_queries(60):
        send({"items": [{**item, "l": "c"} for item in many]})
