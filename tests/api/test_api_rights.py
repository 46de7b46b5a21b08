"""What members, moderators and limited tokens read and write over REST."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Blueprint, Entity
from catalog.operations import set_permissions
from portal.models import ApiToken, User
from scorecards.models import Exemption
from tests.api.callers import client_with
from tests.builders import (
    TESTER,
    condition,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    make_team,
    make_token,
    make_user,
    report,
    rule_document,
)

SECRET_READ = {"entities": {"read": {"roles": ["Admin"], "teams": ["core"]}}}


@pytest.fixture
def secret(world: None) -> None:
    """Store `vault`, which only the team `core` reads: graded, related, with something reported."""
    make_blueprint("vault")
    make_blueprint(relations={"keeps": {"target": "vault"}})
    make_entity("ingot", blueprint="vault", team="core", properties={"tier": 1})
    make_entity("cart", relations={"keeps": "ingot"})
    rules = [rule_document("sealed", query=None), rule_document("tiered")]
    make_scorecard("safety", blueprints=["vault"], rules=rules)
    make_scorecard("mixed", blueprints=["service", "vault"], rules=rules)
    report("ingot", "sealed", "PASS", scorecard="safety", blueprint="vault")
    report("ingot", "sealed", "FAIL", scorecard="safety", blueprint="vault")
    _allow("vault", SECRET_READ)


def _allow(blueprint: str, change: dict[str, Any]) -> None:
    row = Blueprint.objects.get(identifier=blueprint)
    set_permissions(blueprint=row, change=change, by=TESTER, now=timezone.now())


def _member(*teams: str, moderates: tuple[str, ...] = (), username: str = "maya") -> User:
    make_entity(
        f"{username}@example.com",
        blueprint="_user",
        team=list(teams),
        properties={"moderated_blueprints": list(moderates)},
    )
    return make_user(username, password=None)


def _client(user: User, **limits: Any) -> APIClient:
    return client_with(ApiToken.objects.create(user=user, scope="write", **limits)[1])


LISTS = [
    "/api/blueprints/",
    "/api/entities/",
    "/api/scorecards/",
    "/api/rules/",
    "/api/evaluations/",
    "/api/rule-results/",
    "/api/level-changes/",
    "/api/outcomes/",
    "/api/past-outcomes/",
    "/api/scores/entity/",
    "/api/scores/rule/",
    "/api/scores/scorecard/",
    "/api/scores/kind/",
    "/api/exemptions/",
]


@pytest.mark.parametrize("address", LISTS)
def test_what_is_hidden_is_in_no_list_and_no_count(
    secret: None, client: APIClient, address: str
) -> None:
    ingot = Entity.objects.get(identifier="ingot")
    rule = ingot.evaluations.get(scorecard__identifier="safety").scorecard.rules.first()
    Exemption.objects.create(
        entity=ingot, rule=rule, reason="x", approved_by="x", created_at=timezone.now()
    )
    reader = _client(_member())
    whole = client.get(address, {"page_size": 500}).json()
    shown = reader.get(address, {"page_size": 500}).json()
    assert "vault" in str(whole) or "safety" in str(whole)
    assert "vault" not in str(shown)
    assert "safety" not in str(shown)
    assert "ingot" not in str(shown)
    assert shown["count"] == len(shown["results"]) < whole["count"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/blueprints/vault/",
        "/api/blueprints/vault/permissions/",
        "/api/entities/vault/ingot/",
        "/api/scorecards/safety/",
    ],
)
def test_what_is_hidden_has_no_address(secret: None, client: APIClient, address: str) -> None:
    assert client.get(address).status_code == 200
    assert _client(_member()).get(address).status_code == 404
    assert _client(_member("core", username="bo")).get(address).status_code == 200


def test_a_relation_to_what_is_hidden_is_left_out(secret: None, client: APIClient) -> None:
    address = "/api/entities/service/cart/"
    assert client.get(address).json()["relations"] == {"keeps": "ingot"}
    assert _client(_member()).get(address).json()["relations"] == {}


def _kept(operator: str, *value: Any, subject: str = "relation") -> dict[str, str]:
    name = "keeps" if subject == "relation" else "relation#keeps"
    leaf = {subject: name, "operator": operator, **({"value": value[0]} if value else {})}
    return {"query": json.dumps({"combinator": "and", "conditions": [leaf]})}


@pytest.mark.parametrize(
    ("asked", "found", "seen"),
    [
        ({"property": "relation#keeps:ingot"}, {"cart"}, set()),
        (_kept("=", "ingot"), {"cart"}, set()),
        (_kept("beginsWith", "in"), {"cart"}, set()),
        (_kept("beginsWith", "in", subject="property"), {"cart"}, set()),
        ({"blueprint": "service", **_kept("isNotEmpty")}, {"cart"}, set()),
        ({"blueprint": "service", **_kept("isEmpty")}, {"blog"}, {"blog", "cart"}),
    ],
)
def test_no_filter_finds_out_what_is_hidden(
    secret: None, client: APIClient, asked: dict[str, str], found: set[str], seen: set[str]
) -> None:
    for reader, wanted in ((client, found), (_client(_member()), seen)):
        answer = reader.get("/api/entities/", asked).json()
        assert {item["identifier"] for item in answer["results"]} == wanted


def test_nothing_of_a_member_points_at_what_is_hidden_from_them(secret: None) -> None:
    make_team("till")
    make_entity("kiosk", team="till", relations={"keeps": "ingot"})
    member, address = _client(_member("till")), "/api/entities/service/kiosk/"
    for guess in ("ingot", "silver"):
        answer = member.patch(address, {"relations": {"keeps": guess}}, "json")
        assert answer.status_code == 400
        assert answer.json()["detail"] == (
            "relations.keeps: there is no such relation; there are: none"
        )
    # What they were shown has no such relation: to send it back takes nothing away.
    shown = member.get(address).json()
    sent = {key: shown[key] for key in ("title", "team", "properties", "relations")}
    assert member.put(address, sent, "json").status_code == 200
    assert Entity.objects.get(identifier="kiosk").fact("relation#keeps") == "ingot"


def test_a_token_for_some_blueprints_points_at_others_that_its_owner_may_read(secret: None) -> None:
    narrow = _client(_member("core"), blueprints=["service"])
    answer = narrow.patch("/api/entities/service/cart/", {"relations": {"keeps": "ingot"}}, "json")
    assert answer.status_code == 200
    assert answer.json()["relations"] == {}


def test_a_deletion_that_is_refused_names_nothing_hidden(secret: None, client: APIClient) -> None:
    make_blueprint("vault", relations={"of": {"target": "service", "required": True}})
    make_entity("gold", blueprint="vault", relations={"of": "blog"})
    address, every = "/api/entities/service/blog/", "?delete_dependents=true"
    member = _client(_member())
    moderator = _client(_member(moderates=("service",), username="bo"))
    answers = [
        client.delete(address),
        member.delete(address),
        moderator.delete(address),
        moderator.delete(address + every),
    ]
    assert [(answer.status_code, answer.json()["detail"]) for answer in answers] == [
        (409, "still required by vault/gold; delete them too, or first"),
        (403, "you may not delete 'blog'; admins and moderators of 'service' may, and whoever its "
        "permissions name"),
        (409, "still required by 1 more; delete them too, or first"),
        (403, "you may not delete all that depends on it"),
    ]  # fmt: skip


def test_a_reason_tells_nothing_hidden(secret: None, client: APIClient) -> None:
    wanted = {"relation": "keeps", "operator": "=", "value": "gold"}
    rule = rule_document("kept", filter={"combinator": "and", "conditions": [wanted]})
    make_scorecard("keeping", rules=[rule])
    address = "/api/rule-results/?scorecard=keeping&entity=cart"
    said = "Left out by the rule's filter: keeps is gold. Found: keeps"
    reasons = [
        reader.get(address).json()["results"][0]["reason"]
        for reader in (client, _client(_member()))
    ]
    assert reasons == [f"{said} ingot.", f"{said} something that you may not see."]


def test_progress_and_team_counts_are_of_what_may_be_read(secret: None, client: APIClient) -> None:
    make_campaign(rules=["mixed/tiered"])
    reader = _client(_member())
    assert client.get("/api/campaigns/push/").json()["progress"]["entities"] == 3
    assert reader.get("/api/campaigns/push/").json()["progress"]["entities"] == 2
    assert client.get("/api/teams/core/").json()["entity_count"] == 2
    assert reader.get("/api/teams/core/").json()["entity_count"] == 1


def test_a_token_limited_to_blueprints_sees_and_writes_no_others(secret: None) -> None:
    admin = make_user("root", is_staff=True, password=None)
    client = _client(admin, blueprints=["service"])
    assert client.get("/api/entities/").json()["count"] == 2
    assert client.get("/api/entities/vault/ingot/").status_code == 404
    body = {"blueprint": "vault", "identifier": "silver"}
    assert client.post("/api/entities/", body, "json").json()["errors"] == [
        {"path": "blueprint", "message": "there is no blueprint 'vault'"}
    ]
    assert client.put("/api/entities/vault/silver/", {}, "json").status_code == 404
    ours = {"blueprint": "service", "identifier": "shop"}
    assert client.post("/api/entities/", ours, "json").status_code == 201
    assert client.get("/api/changes/").status_code == 403
    assert client.put("/api/blueprints/service/", {"title": "S"}, "json").status_code == 403


def test_a_member_changes_what_their_team_owns(world: None) -> None:
    client = _client(_member("core"))
    change = {"properties": {"tier": 2}}
    assert client.patch("/api/entities/service/cart/", change, "json").status_code == 200
    refused = client.patch("/api/entities/service/blog/", change, "json")
    assert refused.status_code == 403
    assert refused.json() == {
        "detail": "you may not change 'blog'; admins and moderators of 'service' may, and whoever "
        "its permissions name",
        "errors": [
            {
                "path": "",
                "message": "you may not change 'blog'; admins and moderators of 'service' may, "
                "and whoever its permissions name",
            }
        ],
    }
    assert client.delete("/api/entities/service/cart/").status_code == 403
    assert Entity.objects.of("service").count() == 2


def test_a_bulk_write_is_refused_as_a_whole(world: None) -> None:
    body = {"blueprint": "service", "entities": [
        {"identifier": "cart", "properties": {"tier": 3}},
        {"identifier": "blog", "properties": {"tier": 1}},
    ]}  # fmt: skip
    answer = _client(_member("core")).post("/api/entities/bulk/", body, "json")
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["path"] == "entities[1]"
    assert Entity.objects.get(identifier="cart").properties["tier"] == 1


@pytest.mark.parametrize(("moderates", "code"), [((), 403), (("service",), 201), (("other",), 403)])
def test_scorecards_are_for_moderators_of_what_they_grade(
    world: None, moderates: tuple[str, ...], code: int
) -> None:
    make_blueprint("other")
    client = _client(_member(moderates=moderates))
    rule = {"scorecard": "quality", **rule_document("new", query=condition("tier", "isNotEmpty"))}
    assert client.post("/api/rules/", rule, "json").status_code == code
    document = {
        "identifier": "more", "title": "More", "blueprints": ["service"],
        "rules": [rule_document("new", query=None)],
    }  # fmt: skip
    assert client.post("/api/scorecards/", document, "json").status_code == code
    outcome = {"scorecard": "more", "rule": "new", "blueprint": "service", "entity": "cart"}
    made = client.post("/api/outcomes/", {**outcome, "state": "PASS"}, "json")
    assert made.status_code == (code if code == 201 else 400)


def test_a_patch_of_a_scorecard_keeps_the_blueprints_that_are_hidden(secret: None) -> None:
    _allow("vault", {"entities": {"read": {"users": ["nobody"], "teams": []}}})
    client = _client(_member(moderates=("service", "vault")))
    answer = client.patch("/api/scorecards/mixed/", {"title": "Both"}, "json")
    assert answer.status_code == 200
    assert answer.json()["blueprints"] == ["service"]
    admin = client_with(make_token(make_user("root", is_staff=True, password=None)))
    assert admin.get("/api/scorecards/mixed/").json()["blueprints"] == ["service", "vault"]


def test_permissions_are_read_by_all_and_set_by_admins(world: None, client: APIClient) -> None:
    address = "/api/blueprints/service/permissions/"
    change = {"entities": {"update": {"roles": ["Member"]}}}
    member = _client(_member())
    assert member.patch(address, change, "json").status_code == 403
    assert client.patch(address, change, "json").json()["entities"]["update"] == {
        "users": [], "roles": ["Member"], "teams": [], "ownedByTeam": True,
    }  # fmt: skip
    assert member.get(address).json()["entities"]["update"]["roles"] == ["Member"]
    assert member.patch("/api/entities/service/blog/", {"title": "B"}, "json").status_code == 200
    refused = client.patch(address, {"entities": {"fly": {}}}, "json")
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, "entities")


def test_me_tells_who_asks_and_what_their_token_narrows(world: None) -> None:
    member = _member("core", moderates=("service",))
    assert _client(member, name="CI", role="viewer").get("/api/me/").json() | {"token": None} == {
        "username": "maya",
        "role": "Viewer",
        "may_write": False,
        "teams": ["core"],
        "moderated_blueprints": [],
        "token": None,
    }
    token = _client(member, name="CI", blueprints=["service"]).get("/api/me/").json()["token"]
    assert token.pop("expires_at").startswith("20")
    assert token == {"name": "CI", "scope": "write", "role": "", "blueprints": ["service"]}
    session = APIClient()
    session.force_login(member)
    me = session.get("/api/me/").json()
    assert (me["token"], me["moderated_blueprints"]) == (None, ["service"])


EXEMPTION = {
    "scorecard": "quality", "rule": "top", "blueprint": "service", "entity": "blog",
    "reason": "Nobody calls it.", "expires_on": "2099-03-31",
}  # fmt: skip


def test_an_exemption_is_made_changed_found_and_withdrawn(world: None, client: APIClient) -> None:
    made = client.post("/api/exemptions/", EXEMPTION, "json")
    body = made.json()
    assert made.status_code == 201
    assert body.pop("created_at")
    number = body.pop("id")
    assert body == {
        **EXEMPTION, "asked_by": "ada", "approved_by": "ada", "ended_at": None, "ended_by": "",
    }  # fmt: skip
    again = client.post("/api/exemptions/", {**EXEMPTION, "asked_by": "maya"}, "json")
    assert (again.status_code, again.json()["asked_by"]) == (200, "maya")
    for query, count in [
        ("live=true", 1), ("live=false", 0), ("entity=blog", 1), ("entity=cart", 0),
        ("blueprint=service", 1), ("rule=top", 1), ("scorecard=other", 0),
        ("expiring_before=2099-04-01", 1), ("expiring_before=2099-03-31", 0),
    ]:  # fmt: skip
        assert client.get(f"/api/exemptions/?{query}").json()["count"] == count, query
    assert client.delete(f"/api/exemptions/{number}/").status_code == 204
    ended = client.get(f"/api/exemptions/{number}/").json()
    assert ended["ended_by"] == "ada"
    assert client.get("/api/exemptions/?live=true").json()["count"] == 0


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"reason": " "}, "reason"),
        ({"expires_on": "2001-01-01"}, "expires_on"),
        ({"expires_on": "soon"}, "expires_on"),
        ({"entity": "none"}, "entity"),
        ({"rule": "none"}, "rule"),
        ({"scorecard": "none"}, "scorecard"),
        ({"rule": None}, "rule"),
    ],
)
def test_an_exemption_that_cannot_be_is_refused(
    world: None, client: APIClient, change: dict[str, Any], path: str
) -> None:
    refused = client.post("/api/exemptions/", {**EXEMPTION, **change}, "json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["path"] == path
    assert not Exemption.objects.exists()


def test_exemptions_are_for_moderators(world: None, client: APIClient) -> None:
    owner = _client(_member("core"))
    moderator = _client(_member(moderates=("service",), username="bo"))
    assert owner.post("/api/exemptions/", EXEMPTION, "json").status_code == 403
    made = moderator.post("/api/exemptions/", EXEMPTION, "json")
    assert made.status_code == 201
    assert owner.delete(f"/api/exemptions/{made.json()['id']}/").status_code == 403
    assert owner.get("/api/exemptions/").json()["count"] == 1


def test_a_list_costs_two_queries_more_for_who_is_no_admin(secret: None, queries_of: Any) -> None:
    reader = _client(_member())
    reader.get("/api/blueprints/")
    with CaptureQueriesContext(connection) as captured:
        assert reader.get("/api/evaluations/").status_code == 200
    # The policies, and, since one restricts reading, the teams of whoever asks.
    assert len(captured) == queries_of("/api/evaluations/") + 2
