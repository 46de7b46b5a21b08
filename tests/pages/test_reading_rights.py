"""What somebody may not read stands on no page."""

import pytest

from catalog.models import Blueprint, Entity
from portal.dashboards.models import Page
from scorecards.models import Rule
from tests.builders import (
    NOW,
    condition,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    make_team,
    make_user,
    rule_document,
)

TITLE, NAME, KIND = "Xylophone Vault", "xylo-vault", "secret-kind"
DATASET = {
    "combinator": "and",
    "rules": [{"property": "$blueprint", "operator": "=", "value": KIND}],
}

# Where whoever may read finds it, without asking for it by name.
SHOWING = [
    "/",
    "/teams/core/",
    "/catalog/service/anchor/?tab=related",
    "/catalog/service/anchor/?tab=related&depth=2",
    "/catalog/service/",
    "/scorecards/hidden/",
    "/campaigns/push/",
    "/search/?q=xylo",
    "/palette/?q=xylo",
    "/dashboards/mixed/",
]
ADDRESSES = [
    *SHOWING,
    "/catalog/service/?columns=relation.vault",
    "/catalog/service/?menu=filters",
    "/catalog/service/?menu=columns",
    "/catalog/service/?group=relation.vault",
    "/catalog/service/anchor/",
    "/catalog/service/anchor/?tab=timeline",
    "/catalog/service/anchor/?tab=scorecards",
    "/charts/graphs/service/anchor.svg",
    "/charts/scorecards/hidden.svg",
    "/charts/teams/core/hidden.svg",
    "/exports/service.csv?columns=relation.vault",
    "/badges/service/anchor/",
    "/teams/",
    "/scorecards/",
    "/scorecards/hidden/?tab=entities",
    "/campaigns/",
    "/dashboards/",
    "/search/",
]
NAMED = [
    f"/catalog/{KIND}/",
    f"/catalog/{KIND}/?menu=filters",
    f"/catalog/{KIND}/{NAME}/",
    f"/catalog/{KIND}/{NAME}/?tab=related",
    f"/catalog/{KIND}/{NAME}/?tab=timeline",
    f"/exports/{KIND}.csv",
    f"/badges/{KIND}/{NAME}/",
    f"/badges/{KIND}/{NAME}/hidden.svg",
    f"/charts/graphs/{KIND}/{NAME}.svg",
]


@pytest.fixture
def secret(db):
    """Make a blueprint that only the vault team reads, its entity wherever one can stand."""
    make_team("core", title="Core")
    make_team("vault", title="Vault team")
    make_entity("maya@example.com", blueprint="_user", title="Maya", team="core")
    make_entity("vera@example.com", blueprint="_user", title="Vera", team=["core", "vault"])
    make_blueprint(KIND, title="Secret kind")
    make_blueprint("service", relations={"vault": {"target": KIND, "title": "Store"}})
    make_entity(NAME, blueprint=KIND, title=TITLE, team="core")
    make_entity("anchor", title="Anchor", team="core", relations={"vault": NAME})
    make_scorecard(
        "hidden",
        blueprints=["service", KIND],
        rules=[rule_document("tiered", query=condition("tier", "=", 1))],
    )
    kept = {"relation": "vault", "operator": "=", "value": "gold"}
    rules = [
        rule_document("kept", query={"combinator": "and", "conditions": [kept]}),
        rule_document("left", filter={"combinator": "and", "conditions": [kept]}),
    ]
    make_scorecard("keeping", rules=rules)
    make_campaign("push", rules=["hidden/tiered"])
    Page.objects.create(
        identifier="mixed",
        title="Mixed",
        created_at=NOW,
        updated_at=NOW,
        type="dashboard",
        widgets=[{"id": "t", "type": "table-entities-explorer", "title": "T", "dataset": DATASET}],
    )
    Blueprint.objects.filter(identifier=KIND).update(
        permissions={"entities": {"read": {"roles": [], "teams": ["vault"]}}}
    )


def body(response):
    parts = response.streaming_content if response.streaming else [response.content]
    return b"".join(parts).decode()


def login(client, name):
    client.force_login(make_user(name))
    return client


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_names_what_its_reader_may_not_read(secret, client, address):
    response = login(client, "maya").get(address)
    assert response.status_code == 200
    text = body(response).replace("q=xylo", "")
    for word in (TITLE, NAME, KIND, "Secret kind"):
        at = text.find(word)
        assert at < 0, text[at - 200 : at + 100]


def test_a_rule_says_what_it_found_to_who_may_see_it(secret, client):
    address = "/catalog/service/anchor/?tab=scorecards"
    assert body(login(client, "maya").get(address)).count("something that you may not see") == 2
    assert body(login(client, "vera").get(address)).count(NAME) >= 2


@pytest.mark.parametrize("address", NAMED)
def test_a_page_of_a_hidden_blueprint_is_not_there(secret, client, address):
    assert login(client, "maya").get(address).status_code == 404


@pytest.mark.parametrize("address", [*NAMED, *SHOWING])
def test_whoever_is_in_the_team_that_may_read_finds_it(secret, client, address):
    response = login(client, "vera").get(address)
    assert response.status_code == 200


@pytest.mark.parametrize("address", ["/catalog/service/anchor/?tab=related", "/search/?q=xylo"])
def test_a_member_of_the_permitted_team_sees_its_name(secret, client, address):
    assert TITLE in body(login(client, "vera").get(address))


def test_the_public_reads_as_somebody_without_a_name(secret, client, settings):
    settings.TIDEMARK_PUBLIC_READ = True
    assert client.get(f"/catalog/{KIND}/").status_code == 404
    assert TITLE not in body(client.get("/search/?q=xylo"))


def test_a_widget_about_it_says_that_it_may_not_be_seen(secret, client):
    assert "you may not see this" in body(login(client, "maya").get("/dashboards/mixed/"))


def test_a_view_of_it_cannot_be_saved_and_its_rows_not_changed(secret, client):
    browser = login(client, "maya")
    assert browser.post(f"/views/{KIND}/", {"title": "Mine"}).status_code == 404
    assert browser.post(f"/bulk/{KIND}/", {"action": "delete"}).status_code == 404


def test_a_member_is_offered_to_edit_what_their_team_owns_and_nothing_else(secret, client):
    make_entity("drift", title="Drift")
    browser = login(client, "maya")
    assert "/change/" in body(browser.get("/catalog/service/anchor/"))
    assert "/change/" not in body(browser.get("/catalog/service/drift/"))


def test_a_member_of_a_team_may_change_rows_and_a_viewer_may_not(secret, client):
    assert "menu=rows" in body(login(client, "maya").get("/catalog/service/"))
    client.force_login(make_user("vera", role="viewer"))
    assert "menu=rows" not in body(client.get("/catalog/service/"))
    assert client.post("/bulk/service/", {"action": "delete"}).status_code == 403


def test_who_does_not_moderate_is_not_asked_for_reasons_of_an_exemption(secret, client):
    anchor = Entity.objects.get(identifier="anchor")
    rule = Rule.objects.get(identifier="tiered")
    sent = {"entity": anchor.pk, "rule": rule.pk}
    assert login(client, "maya").post("/exemptions/", sent).status_code == 403


def test_a_viewer_makes_no_dashboard(secret, client):
    client.force_login(make_user("maya", role="viewer"))
    assert client.get("/new-dashboard/").status_code == 403
