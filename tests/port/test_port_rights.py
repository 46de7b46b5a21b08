"""What credentials that are limited to a role, or to blueprints, read and write in this dialect."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import ProtectedError
from django.utils import timezone

from catalog.models import Blueprint, Change, Entity
from catalog.operations import set_permissions
from portal.integrations.credentials import create_credential
from portal.integrations.models import ApiCredential
from portal.integrations.port import tokens
from portal.models import ApiToken, User
from portal.permissions import SHELL, rights_of
from tests.builders import (
    TESTER,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    make_token,
    make_user,
    rule_document,
)
from tests.port.clients import PortClient, check_answer

ALL = {"combinator": "and", "rules": []}


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    """Store `vault`, which only admins read, and a service that points at an entity of it."""
    make_blueprint("vault")
    make_blueprint(relations={"keeps": {"target": "vault"}})
    make_entity("ingot", blueprint="vault", properties={"tier": 1})
    make_entity("cart", properties={"tier": 1}, relations={"keeps": "ingot"})
    make_entity("blog", properties={"tier": 3}, relations={"keeps": "ingot"})
    make_scorecard("safety", blueprints=["vault"], rules=[rule_document("sealed")])
    make_scorecard("mixed", blueprints=["service", "vault"], rules=[rule_document("tiered")])
    vault = Blueprint.objects.get(identifier="vault")
    change = {"entities": {"read": {"roles": ["Admin"]}}}
    set_permissions(blueprint=vault, change=change, by=TESTER, now=timezone.now())


def _client(name: str = "limited", **limits: Any) -> PortClient:
    now = timezone.now()
    given = {"scope": "write", **limits}
    row, _made = create_credential(name=name, by=SHELL, now=now, **given)
    return PortClient(token=tokens.issue(row, now=now))


@pytest.fixture
def member() -> PortClient:
    """Return a credential of the role member."""
    return _client(role="member")


@pytest.mark.parametrize(
    "path",
    [
        "/blueprints",
        "/blueprints/service/entities",
        "/blueprints/service/entities/cart",
        "/scorecards",
        "/blueprints/_rule/entities",
        "/blueprints/_scorecard/entities",
        "/blueprints/_rule_result/entities",
        "/blueprints/_rule_result",
    ],
)
def test_what_is_hidden_is_in_no_list(port: PortClient, member: PortClient, path: str) -> None:
    whole, shown = port.get(path).content.decode(), member.get(path).content.decode()
    assert any(word in whole for word in ("vault", "ingot", "safety"))
    assert not any(word in shown for word in ("vault", "ingot", "safety"))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/entities/search", ALL),
        ("/entities/search", {"combinator": "and", "rules": [
            {"operator": "relatedTo", "blueprint": "service", "value": "cart"}]}),
        ("/blueprints/entities/datasource-entities", {}),
        ("/blueprints/service/entities/search", {}),
        ("/blueprints/_rule_result/entities/search", {}),
    ],
)  # fmt: skip
def test_what_is_hidden_is_not_found(
    port: PortClient, member: PortClient, path: str, body: dict[str, Any]
) -> None:
    assert "ingot" in port.post(path, body).content.decode() or "safety" in str(body)
    found = member.post(path, body)
    assert found.status_code == 200
    assert "ingot" not in found.content.decode()


def test_nothing_is_found_across_what_is_hidden(port: PortClient, member: PortClient) -> None:
    def found(client: PortClient, blueprint: str, value: str) -> set[str]:
        rule = {"operator": "relatedTo", "blueprint": blueprint, "value": value}
        answer = client.post("/entities/search", {"combinator": "and", "rules": [rule]})
        return {entity["identifier"] for entity in answer.json()["entities"]}

    assert found(port, "vault", "ingot") == {"cart", "blog"}
    assert found(member, "vault", "ingot") == set()
    assert "ingot" in found(port, "service", "cart")
    assert found(member, "service", "cart") == set()


@pytest.mark.parametrize(
    "rule",
    [
        {"property": "relation#keeps", "operator": "beginsWith", "value": "in"},
        {"relation": "keeps", "operator": "beginsWith", "value": "in"},
        {"relation": "keeps", "operator": "=", "value": "ingot"},
        {"relation": "keeps", "operator": "isNotEmpty"},
    ],
)
def test_no_rule_finds_out_what_is_hidden(
    port: PortClient, member: PortClient, rule: dict[str, Any]
) -> None:
    search = {"combinator": "and", "rules": [rule]}
    assert len(port.post("/entities/search", search).json()["entities"]) == 2
    assert member.post("/entities/search", search).json()["entities"] == []
    count = {"func": "count", "query": search}
    assert member.post("/entities/aggregate", count).json()["result"] == 0


def test_numbers_are_of_what_may_be_read(port: PortClient, member: PortClient) -> None:
    body = {"func": "count", "query": {"combinator": "and", "rules": [
        {"property": "$blueprint", "operator": "in", "value": ["vault", "service"]}]}}  # fmt: skip
    assert port.post("/entities/aggregate", body).json()["result"] == 3
    assert member.post("/entities/aggregate", body).json()["result"] == 2
    mixed = "/blueprints/_scorecard/entities/mixed"
    assert port.get(mixed).json()["entity"]["properties"]["rules_tested"] == 3
    assert member.get(mixed).json()["entity"]["properties"]["rules_tested"] is None


def test_values_do_not_name_what_is_hidden(port: PortClient, member: PortClient) -> None:
    query = {"combinator": "and", "rules": [
        {"property": "$blueprint", "operator": "=", "value": "service"}]}  # fmt: skip
    by_relation = {"func": "countValues", "relation": "keeps", "query": query}
    assert port.post("/entities/aggregate", by_relation).json()["result"] == {"ingot": 2}
    assert member.post("/entities/aggregate", by_relation).json()["result"] == {"null": 2}
    by_fact = {"func": "countValues", "property": "relation#keeps", "query": query}
    assert member.post("/entities/aggregate", by_fact).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/blueprints/vault"),
        ("get", "/blueprints/vault/entities"),
        ("get", "/blueprints/vault/entities/ingot"),
        ("get", "/blueprints/vault/entities-count"),
        ("get", "/blueprints/vault/scorecards"),
        ("get", "/blueprints/vault/permissions"),
        ("post", "/blueprints/vault/entities"),
        ("post", "/blueprints/vault/entities/search"),
        ("delete", "/blueprints/vault/entities/ingot"),
        ("get", "/blueprints/_scorecard/entities/safety"),
        ("get", "/blueprints/_rule_result/entities/safety.sealed.vault.ingot"),
    ],
)
def test_what_is_hidden_has_no_address(
    port: PortClient, member: PortClient, method: str, path: str
) -> None:
    body = {"identifier": "silver"} if method == "post" else None
    answer = member.send(method, path, body)
    assert answer.status_code == 404
    check_answer(answer)
    assert port.send(method, path, body).status_code != 404


def test_a_member_writes_what_permissions_let_members_write(member: PortClient) -> None:
    body = {"identifier": "shop", "properties": {"tier": 2}}
    refused = member.post("/blueprints/service/entities", body)
    assert refused.status_code == 403
    assert refused.json() == {
        "ok": False,
        "error": "forbidden",
        "message": "you may not create this; admins and moderators of 'service' may, and whoever "
        "its permissions name",
    }
    service = Blueprint.objects.get(identifier="service")
    change = {"entities": {"register": {"roles": ["Member"]}}}
    set_permissions(blueprint=service, change=change, by=TESTER, now=timezone.now())
    assert member.post("/blueprints/service/entities", body).status_code == 201
    assert member.patch("/blueprints/service/entities/shop", body).status_code == 200
    changed = {**body, "properties": {"tier": 3}}
    assert member.patch("/blueprints/service/entities/shop", changed).status_code == 403


def test_a_bulk_write_says_which_entities_it_may_not_write(member: PortClient) -> None:
    body = {"entities": [{"identifier": "cart", "properties": {"tier": 9}}]}
    answer = member.post("/blueprints/service/entities/bulk?upsert=true&merge=true", body)
    assert answer.status_code == 207
    assert [item["statusCode"] for item in answer.json()["errors"]] == [403]
    assert Entity.objects.get(identifier="cart").properties["tier"] == 1


def test_a_moderator_of_a_blueprint_writes_its_entities_and_scorecards() -> None:
    client = _client(role="moderator", blueprints=["service"])
    body = {"identifier": "shop", "properties": {"tier": 2}}
    assert client.post("/blueprints/service/entities", body).status_code == 201
    assert client.delete("/blueprints/service/entities/shop").status_code == 200
    card = {"identifier": "own", "title": "Own", "rules": []}
    assert client.post("/blueprints/service/scorecards", card).status_code == 201
    assert client.delete("/blueprints/service/scorecards/mixed").status_code == 403
    assert client.get("/blueprints/vault").status_code == 404


LIMITS = [{"role": "member"}, {"role": "moderator"}, {"blueprints": ["service"]}]


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/apps"),
        ("post", "/apps"),
        ("get", "/organization/secrets"),
        ("get", "/audit-log"),
        ("get", "/webhooks"),
        ("post", "/webhooks"),
        ("get", "/integration"),
        ("post", "/blueprints"),
        ("patch", "/blueprints/service"),
        ("patch", "/blueprints/service/permissions"),
        ("post", "/actions"),
        ("post", "/pages"),
        ("post", "/teams"),
    ],
)
def test_what_is_for_admins_is_refused_to_limited_credentials(
    limits: dict[str, Any], method: str, path: str
) -> None:
    answer = _client(**limits).send(method, path, {"name": "more"} if method != "get" else None)
    assert answer.status_code == 403
    check_answer(answer)


def test_a_credential_of_blueprints_sees_no_people(port: PortClient) -> None:
    limited = _client(blueprints=["service"])
    for path in ("/teams", "/users"):
        assert port.get(path).status_code == 200
        assert limited.get(path).status_code == 403


@pytest.fixture
def maya() -> User:
    """Return a member of the team `core`, which owns `cart` and nothing else."""
    for team in ("core", "other"):
        make_team(team)
    make_entity("cart", team="core")
    make_entity("blog", team="other")
    make_entity("maya@example.com", blueprint="_user", team=["core"])
    return make_user(password=None)


CHANGE = {"properties": {"tier": 2}}


def test_a_credential_of_a_person_writes_what_their_teams_own(maya: User) -> None:
    client = _client(user=maya)
    assert client.patch("/blueprints/service/entities/cart", CHANGE).status_code == 200
    assert client.patch("/blueprints/service/entities/blog", CHANGE).status_code == 403
    assert client.delete("/blueprints/service/entities/cart").status_code == 403
    assert client.post("/blueprints", {"identifier": "more"}).status_code == 403
    row = Change.objects.filter(kind="entity").latest("id")
    assert (row.identifier, row.actor, row.user_id) == ("cart", "maya", maya.pk)


def test_a_credential_of_a_person_reads_what_they_may(maya: User) -> None:
    assert _client("first", user=maya).get("/blueprints/vault").status_code == 404
    vault = Blueprint.objects.get(identifier="vault")
    change = {"entities": {"read": {"roles": ["Admin"], "teams": ["core"]}}}
    set_permissions(blueprint=vault, change=change, by=TESTER, now=timezone.now())
    assert _client("second", user=maya).get("/blueprints/vault").status_code == 200
    assert _client("third", role="member").get("/blueprints/vault").status_code == 404


@pytest.mark.parametrize(
    "limits", [{"role": "viewer"}, {"scope": "read"}, {"blueprints": ["vault"]}]
)
def test_a_credential_of_a_person_does_no_more_than_it_says(
    maya: User, limits: dict[str, Any]
) -> None:
    answer = _client(user=maya, **limits).patch("/blueprints/service/entities/cart", CHANGE)
    assert answer.status_code == (404 if "blueprints" in limits else 403)


@pytest.mark.parametrize(
    ("change", "status"), [({"is_active": False}, 401), ({"role": "viewer"}, 403)]
)
def test_a_credential_of_a_person_does_no_more_than_they_may(
    maya: User, change: dict[str, Any], status: int
) -> None:
    client = _client(user=maya)
    User.objects.update(**change)
    answer = client.patch("/blueprints/service/entities/cart", CHANGE)
    assert answer.status_code == status


def test_nobody_is_deleted_from_under_their_credential(maya: User) -> None:
    _client(user=maya)
    with pytest.raises(ProtectedError):
        maya.delete()


def test_a_moderator_is_told_that_they_write_scorecards(maya: User) -> None:
    make_entity("maya@example.com", blueprint="_user", properties={
        "moderated_blueprints": ["service"]})  # fmt: skip
    told = _client(user=maya).get("/auth/permissions").json()["permissions"]
    assert "update:scorecards" in told
    assert "update:blueprints" not in told


def test_a_credential_that_is_over_lets_nobody_in() -> None:
    client = _client(expires_at=timezone.now() + timedelta(days=1))
    assert client.get("/blueprints").status_code == 200
    ApiCredential.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get("/blueprints").status_code == 401


@pytest.mark.parametrize(
    ("limits", "writes"),
    [
        ({"role": "viewer"}, set()),
        ({"role": "member"}, {"entities"}),
        ({"role": "moderator"}, {"entities", "scorecards"}),
        ({"blueprints": ["service"]}, {"entities", "scorecards"}),
    ],
)
def test_a_credential_is_told_what_it_may_do(limits: dict[str, Any], writes: set[str]) -> None:
    told = _client(**limits).get("/auth/permissions").json()["permissions"]
    assert {name.split(":")[1] for name in told if not name.startswith("read:")} == writes
    assert "read:blueprints" in told


def test_a_blueprint_is_renamed_with_who_moderates_it(port: PortClient) -> None:
    make_entity("maya@example.com", blueprint="_user", properties={
        "moderated_blueprints": ["service", "vault"]})  # fmt: skip
    user = make_user(password=None)
    make_token(user)
    ApiToken.objects.update(blueprints=["service"])
    _client(blueprints=["service"])
    change = {"entities": {"update": {"roles": ["service-moderator", "Admin"]}}}
    vault = Blueprint.objects.get(identifier="vault")
    set_permissions(blueprint=vault, change=change, by=TESTER, now=timezone.now())
    assert port.put("/blueprints/service", {
        **port.get("/blueprints/service").json()["blueprint"], "identifier": "app",
    }).status_code == 200  # fmt: skip
    vault.refresh_from_db()
    assert vault.permissions["entities"]["update"]["roles"] == ["app-moderator", "Admin"]
    assert rights_of(user).moderates("app")
    assert rights_of(user).moderates("vault")
    assert ApiToken.objects.get().blueprints == ["app"]
    assert ApiCredential.objects.get(name="limited").blueprints == ["app"]
