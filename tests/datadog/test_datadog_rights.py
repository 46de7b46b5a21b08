"""What keys that are limited to a role, or to blueprints, read and write in this dialect."""

from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Blueprint, Entity
from catalog.operations import set_permissions
from portal.integrations.credentials import create_credential
from portal.integrations.datadog import ids
from portal.models import User
from portal.permissions import SHELL
from scorecards.models import Outcome, Rule
from scorecards.operations import install_pack
from tests.builders import (
    TESTER,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    make_team,
    make_user,
    rule_document,
)
from tests.datadog.clients import DatadogClient

RULES, OUTCOMES = "/api/v2/scorecard/rules", "/api/v2/scorecard/outcomes"
CATALOG = "/api/v2/catalog/entity"


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    """Store `vault`, which only admins read, and a service; both owned and graded."""
    make_team("core")
    make_blueprint("vault")
    make_blueprint()
    make_entity("ingot", blueprint="vault", team="core", properties={"tier": 1})
    make_entity("cart", team="core", properties={"tier": 1})
    make_scorecard("safety", blueprints=["vault"], rules=[rule_document("sealed")])
    rules = [rule_document("tiered"), rule_document("said", query=None)]
    make_scorecard("mixed", blueprints=["service", "vault"], rules=rules)
    make_campaign(rules=["mixed/tiered"])
    vault = Blueprint.objects.get(identifier="vault")
    change = {"entities": {"read": {"roles": ["Admin"]}}}
    set_permissions(blueprint=vault, change=change, by=TESTER, now=timezone.now())


def _client(**limits: Any) -> DatadogClient:
    now = timezone.now()
    made = create_credential(name="limited", scope="write", by=SHELL, now=now, **limits)[1]
    return DatadogClient({"DD-API-KEY": made.api_key, "DD-APPLICATION-KEY": made.app_key})


def _text(client: DatadogClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        CATALOG,
        f"{CATALOG}?filter[ref]=vault:ingot",
        "/api/v2/catalog/relation",
        "/api/v2/catalog/kind",
        RULES,
        "/api/v2/scorecard/scorecards",
        OUTCOMES,
        "/api/v2/scorecard/scores/by-entity",
        "/api/v2/scorecard/scores/by-kind",
    ],
)
def test_what_is_hidden_is_in_no_list(datadog: DatadogClient, path: str) -> None:
    words = ("vault", "ingot", "Safety", "Vault", "Sealed")
    shown = _text(_client(role="member"), path)
    assert any(word in _text(datadog, path) for word in words)
    assert not any(word in shown.replace(path, "") for word in words if "filter" not in path)
    if "filter" in path:
        assert '"data": []' in shown.replace('"data":[]', '"data": []')


def test_numbers_are_of_what_may_be_read(datadog: DatadogClient) -> None:
    path = "/api/v2/scorecard/campaigns/push?include_meta=true"
    assert datadog.get(path).json()["meta"]["entity_count"] == 2
    assert _client(role="member").get(path).json()["meta"]["entity_count"] == 1


def test_a_member_may_not_report_or_describe() -> None:
    client = _client(role="member")
    said = Rule.objects.get(identifier="said")
    about = {"service_name": "cart", "entity_reference": "service:cart"}
    result = {"rule_id": ids.rule_id(said.pk), "state": "pass", **about}
    batch = {"data": {"type": "batched-outcome", "attributes": {"results": [result]}}}
    definition = {
        "apiVersion": "v3", "kind": "service", "metadata": {"name": "shop"},
    }  # fmt: skip
    for path, body in (
        (f"{OUTCOMES}/batch", batch),
        (OUTCOMES, batch),
        (CATALOG, definition),
        (CATALOG, {**definition, "kind": "queue"}),
        ("/api/v2/services/definitions", {"schema-version": "v2.1", "dd-service": "shop"}),
        (RULES, {"data": {"type": "rule", "attributes": {
            "name": "New", "enabled": True, "scorecard_name": "Mixed"}}}),
        (RULES, {"data": {"type": "rule", "attributes": {
            "name": "New", "enabled": True, "scorecard_name": "Quite new"}}}),
    ):  # fmt: skip
        answer = client.post(path, body)
        assert answer.status_code == 403, (path, answer.content)
        assert isinstance(answer.json()["errors"][0], str)
    assert client.delete(f"{CATALOG}/service:cart").status_code == 403
    assert client.delete(f"{CATALOG}/vault:ingot").status_code == 404
    assert not Outcome.objects.exists()
    assert Entity.objects.of("service").count() == 1
    assert not Blueprint.objects.filter(identifier="queue").exists()


def test_a_moderator_of_services_reports_and_describes_them(service: None) -> None:
    make_scorecard("own", rules=[rule_document("reported", query=None)])
    client = _client(role="moderator", blueprints=["service"])
    rule = ids.rule_id(Rule.objects.get(identifier="reported").pk)
    result = {"rule_id": rule, "service_name": "cart", "state": "pass"}
    batch = {"data": {"type": "batched-outcome", "attributes": {"results": [result]}}}
    assert client.post(f"{OUTCOMES}/batch", batch).status_code == 200
    assert Outcome.objects.get().entity.identifier == "cart"
    assert client.delete(f"{CATALOG}/service:cart").status_code == 204


def test_keys_of_a_person_describe_what_their_teams_own(datadog: DatadogClient) -> None:
    # It takes an admin to make services describable.
    datadog.post(CATALOG, {"apiVersion": "v3", "kind": "service", "metadata": {"name": "first"}})
    make_team("other")
    make_entity("blog", team="other")
    make_entity("maya@example.com", blueprint="_user", team=["core"])
    client = _client(user=make_user(password=None))
    own, others = (
        client.post(CATALOG, {
            "apiVersion": "v3", "kind": "service",
            "metadata": {"name": name, "displayName": "Told", "owner": owner},
        })
        for name, owner in (("cart", "core"), ("blog", "other"))
    )  # fmt: skip
    assert (own.status_code, others.status_code) == (202, 403)
    assert Entity.objects.get(identifier="cart").title == "Told"
    assert client.delete(f"{CATALOG}/service:cart").status_code == 403
    User.objects.update(is_active=False)
    assert client.get("/api/v2/validate_keys").status_code == 403


def test_events_are_for_who_may_write_them_and_packs_for_admins() -> None:
    event = {"data": {"attributes": {
        "service": "cart", "started_at": 1693491974000000000, "finished_at": 1693491984000000000,
        "git": {"commit_sha": "66adc9350f2cc9b250b69abddab733dd55e1a588",
                "repository_url": "https://github.com/example/example"}}}}  # fmt: skip
    limited = _client(role="moderator", blueprints=["service", "vault"])
    refused = limited.post("/api/v2/dora/deployment", event)
    assert refused.status_code == 403
    assert refused.json() == {
        "errors": ["Only admins may write the blueprints of the pack 'dora'."]
    }
    install_pack(name="dora", by=TESTER, now=timezone.now())
    assert limited.post("/api/v2/dora/deployment", event).status_code == 403
    assert not Entity.objects.of("deployment").exists()


@pytest.mark.parametrize("limits", [{"role": "member"}, {"blueprints": ["service"]}])
@pytest.mark.parametrize("path", ["/api/v2/scorecard/campaigns", "/api/v2/catalog/kind"])
def test_what_is_for_admins_is_refused_to_limited_keys(limits: dict[str, Any], path: str) -> None:
    assert _client(**limits).post(path, {}).json() == {"errors": ["Only admins may write this."]}
