"""Webhooks: their settings on the wire."""

from typing import Any

import pytest
from django.db import connection

from catalog.models import Change
from portal.integrations.models import Webhook
from tests.port.clients import PortClient

MAPPING = {
    "blueprint": "service",
    "filter": '.headers."X-GitHub-Event" == "push"',
    "entity": {"identifier": ".body.repo", "properties": {"language": ".body.language"}},
}
SECURITY = {
    "secret": "s3cret",
    "signatureHeaderName": "X-Hub-Signature-256",
    "signatureAlgorithm": "sha256",
    "signaturePrefix": "sha256=",
    "requestIdentifierPath": '.headers."X-GitHub-Delivery"',
}


def document(**overrides: Any) -> dict[str, Any]:
    """Return what a client sends to make a webhook."""
    whole = {
        "identifier": "github",
        "title": "GitHub",
        "icon": "Github",
        "enabled": True,
        "security": SECURITY,
        "mappings": [MAPPING],
    }
    return {**whole, **overrides}


def test_a_webhook_comes_back_as_it_was_sent(port: PortClient) -> None:
    answer = port.post("/webhooks", document())
    body = answer.json()
    integration = body.pop("integration")
    assert (answer.status_code, body) == (201, {"ok": True})
    row = Webhook.objects.get()
    stamps = {key: integration.pop(key) for key in ("createdAt", "updatedAt")}
    assert all(stamps.values())
    assert integration == {
        **document(),
        "integrationType": "custom",
        "webhookKey": row.key,
        "url": f"http://testserver/v1/ingest/webhooks/{row.key}",
        "createdBy": "writer",
        "updatedBy": "writer",
    }
    assert port.get("/webhooks/github").json()["integration"] == {**integration, **stamps}
    assert port.get("/webhooks").json()["integrations"] == [{**integration, **stamps}]


def test_what_was_not_sent_is_not_there_but_security_always_is(port: PortClient) -> None:
    integration = port.post("/webhooks", {"title": "Bare"}).json()["integration"]
    assert integration["identifier"].startswith("webhook-")
    assert integration["security"] == {}
    assert integration["mappings"] == []
    assert integration["enabled"] is True
    assert not {"icon", "description"} & integration.keys()


def test_a_put_replaces_and_renames(port: PortClient) -> None:
    port.post("/webhooks", document())
    key = Webhook.objects.get().key
    answer = port.put("/webhooks/github", document(identifier="hub", icon=None, security={}))
    integration = answer.json()["integration"]
    assert answer.status_code == 200
    assert (integration["identifier"], integration["security"]) == ("hub", {})
    assert integration["webhookKey"] == key
    assert "icon" not in integration
    assert port.get("/webhooks/github").status_code == 404


def test_a_patch_changes_what_it_names_and_keeps_the_secret(port: PortClient) -> None:
    port.post("/webhooks", document())
    answer = port.patch("/webhooks/github", {"enabled": False, "security": {"signaturePrefix": ""}})
    integration = answer.json()["integration"]
    left = {key: value for key, value in SECURITY.items() if key != "signaturePrefix"}
    assert (integration["enabled"], integration["security"]) == (False, left)
    assert integration["mappings"] == [MAPPING]


def test_who_only_reads_is_not_told_the_secret(port: PortClient, reader: PortClient) -> None:
    port.post("/webhooks", document())
    security = reader.get("/webhooks/github").json()["integration"]["security"]
    assert "secret" not in security
    assert security["signatureHeaderName"] == "X-Hub-Signature-256"
    assert reader.get("/webhooks/metadata").json() == {
        "ok": True,
        "integrations": [
            {
                "identifier": "github",
                "title": "GitHub",
                "icon": "Github",
                "enabled": True,
                "integrationType": "custom",
            }
        ],
    }
    assert reader.delete("/webhooks/github").status_code == 403


def test_who_only_reads_is_not_told_where_to_send(port: PortClient, reader: PortClient) -> None:
    port.post("/webhooks", document())
    told = [reader.get("/webhooks/github").json()["integration"]]
    told += reader.get("/webhooks").json()["integrations"]
    assert [{"url", "webhookKey"} & row.keys() for row in told] == [set(), set()]


def test_a_secret_that_cannot_be_read_is_not_lost_by_a_patch(port: PortClient) -> None:
    port.post("/webhooks", document())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_webhook SET secret = 'sealed:1:altered'")
    security = port.get("/webhooks/github").json()["integration"]["security"]
    assert "secret" not in security
    assert port.patch("/webhooks/github", {"title": "Hub"}).status_code == 409
    key = Webhook.objects.get().key
    assert port.post(f"/ingest/webhooks/{key}").status_code == 401
    answer = port.patch("/webhooks/github", {"security": {"secret": "new"}})
    assert answer.json()["integration"]["security"]["secret"] == "new"


def test_a_deleted_webhook_is_gone(port: PortClient) -> None:
    port.post("/webhooks", document())
    answer = port.delete("/webhooks/github")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert port.get("/webhooks/github").status_code == 404
    assert port.delete("/webhooks/github").status_code == 404


def test_two_webhooks_do_not_share_an_identifier(port: PortClient) -> None:
    port.post("/webhooks", document())
    assert port.post("/webhooks", document()).status_code == 409
    port.post("/webhooks", document(identifier="other"))
    assert port.put("/webhooks/other", document()).status_code == 409


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"identifier": "a b"}, "identifier"),
        ({"identifier": 7}, "identifier"),
        ({"title": "t" * 101}, "title"),
        ({"enabled": "yes"}, "enabled"),
        ({"mappings": {"a": 1}}, "mappings"),
        ({"mappings": ["x"]}, "mappings[0]"),
        ({"mappings": [{**MAPPING, "blueprint": None}]}, "mappings[0].blueprint"),
        ({"mappings": [{**MAPPING, "filter": ".a ||"}]}, "mappings[0].filter"),
        ({"mappings": [{**MAPPING, "itemsToParse": 3}]}, "mappings[0].itemsToParse"),
        ({"mappings": [{**MAPPING, "operation": "upsert"}]}, "mappings[0].operation"),
        ({"mappings": [{**MAPPING, "operation": {"type": 1}}]}, "mappings[0].operation.type"),
        ({"mappings": [{**MAPPING, "entity": {}}]}, "mappings[0].entity.identifier"),
        (
            {"mappings": [{**MAPPING, "entity": {"identifier": ".a", "properties": {"x": "("}}}]},
            "mappings[0].entity.properties.x",
        ),
        # Alone it is no program, but it would close a bracket of what it is put into.
        (
            {"mappings": [{**MAPPING, "entity": {"identifier": "1) | ("}}]},
            "mappings[0].entity.identifier",
        ),
        ({"security": "x"}, "security"),
        ({"security": {"secret": "x"}}, "security.signatureHeaderName"),
        ({"security": {"signatureAlgorithm": "md5"}}, "security.signatureAlgorithm"),
        ({"security": {"requestIdentifierPath": "body.x"}}, "security.requestIdentifierPath"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    port: PortClient, change: dict[str, Any], place: str
) -> None:
    answer = port.post("/webhooks", document(**change))
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{place}: ")
    assert not Webhook.objects.exists()


def test_a_header_may_be_named_without_a_secret(port: PortClient) -> None:
    security = {key: value for key, value in SECURITY.items() if key != "secret"}
    answer = port.post("/webhooks", document(security=security))
    assert answer.json()["integration"]["security"] == security


def test_history_has_what_changed_and_no_secret(port: PortClient) -> None:
    port.post("/webhooks", document())
    port.put("/webhooks/github", document(title="Hub", security={**SECURITY, "secret": "other"}))
    port.put("/webhooks/github", document(title="Hub", security={**SECURITY, "secret": "other"}))
    made, changed = Change.objects.filter(kind="webhook").order_by("id")
    assert (changed.before, changed.after) == (
        {"secret": "one", "title": "GitHub"},
        {"secret": "another", "title": "Hub"},
    )
    assert "s3cret" not in str(made.after)


def test_lists_cost_one_query_however_many(port: PortClient, django_assert_num_queries) -> None:
    for number in range(4):
        port.post("/webhooks", document(identifier=f"w{number}", mappings=[]))
    with django_assert_num_queries(2):  # whose token it is, and the rows
        assert len(port.get("/webhooks").json()["integrations"]) == 4
