"""Signing in through an OpenID Connect provider: who comes in, as whom, with which teams."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import USER, Change, Entity
from catalog.operations import EntityDraft, save_team, save_user
from portal.models import User
from tests.builders import TESTER, make_user
from tests.pages.oidc_double import CLIENT, SECRET, Provider, new_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings):
    provider = Provider()
    provider.claims = {
        "sub": "17",
        "email": "Noa@example.com",
        "email_verified": True,
        "preferred_username": "noa",
        "name": "Noa Berg",
        "groups": ["core", "/Ops team", "unheard-of"],
    }
    settings.TIDEMARK_ALLOWED_HOSTS_OUT = ["127.0.0.1"]
    settings.TIDEMARK_OIDC = {
        "name": "Harbour",
        "server_url": provider.url,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "scopes": ["openid", "email"],
        "groups_claim": "groups",
        "team_by_group": {},
        "admin_group": "",
        "viewer_group": "",
        "verified_domains": [],
    }
    for identifier, title in (("core", "Core"), ("ops", "Ops team"), ("apps", "Apps")):
        draft = EntityDraft(identifier=identifier, title=title)
        save_team(draft=draft, is_new=True, by=TESTER, now=timezone.now())
    yield provider
    provider.stop()


def begin(client, query=""):
    return client.get(f"/oidc/login/{query}")["Location"]


def sign_in(client, provider, query=""):
    client.logout()
    return client.get(provider.sign_in(begin(client, query)))


def person(email="noa@example.com"):
    return Entity.objects.of(USER).get(identifier=email)


def assert_refused(client, response, words):
    assert response.status_code == 403
    assert words in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_first_sign_in_makes_the_account_the_entity_and_its_teams(client, provider):
    assert "Log in with Harbour" in client.get("/login/?next=/teams/").content.decode()
    response = sign_in(client, provider, "?next=/teams/")
    assert response["Location"] == "/teams/"
    user = User.objects.get()
    assert (user.username, user.email, user.get_full_name()) == (
        "noa",
        "noa@example.com",
        "Noa Berg",
    )
    assert (user.has_usable_password(), user.is_staff, user.role) == (False, False, "member")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert sorted(person().team) == ["core", "ops"]
    change = Change.objects.filter(identifier="noa@example.com").latest("id")
    assert (change.actor, change.source) == ("noa", "signin")
    assert client.get("/teams/").status_code == 200


def test_claimed_teams_follow_the_groups_and_given_ones_stay(client, provider):
    sign_in(client, provider)
    draft = EntityDraft(identifier="noa@example.com", team=["core", "ops", "apps"])
    save_user(draft=draft, is_new=False, by=TESTER, now=timezone.now())
    provider.claims["groups"] = ["ops"]
    sign_in(client, provider)
    assert sorted(person().team) == ["apps", "ops"]
    provider.claims["groups"] = ["apps"]
    sign_in(client, provider)
    del provider.claims["groups"]
    sign_in(client, provider)
    assert person().team == ["apps"]
    assert User.objects.count() == 1


def test_groups_can_be_mapped_to_teams(client, provider, settings):
    settings.TIDEMARK_OIDC |= {"team_by_group": {"unheard-of": "apps", "core": "nowhere"}}
    sign_in(client, provider)
    assert person().team == ["apps"]


def test_the_groups_of_admins_and_viewers_make_and_unmake_them(client, provider, settings):
    settings.TIDEMARK_OIDC |= {"admin_group": "core", "viewer_group": "unheard-of"}
    sign_in(client, provider)
    assert User.objects.values_list("is_staff", "role").get() == (True, "viewer")
    provider.claims["groups"] = []
    sign_in(client, provider)
    assert User.objects.values_list("is_staff", "role").get() == (False, "member")


def test_without_a_group_for_admins_those_made_by_hand_stay(client, provider):
    make_user("noa", is_staff=True)
    sign_in(client, provider)
    assert User.objects.get().is_staff


def test_an_account_with_the_verified_address_is_connected_and_keeps_its_password(client, provider):
    user = make_user("berg", email="noa@example.com")
    sign_in(client, provider)
    assert client.session["_auth_user_id"] == str(user.pk)
    user.refresh_from_db()
    assert user.has_usable_password()
    provider.claims["email"] = "other@example.com"
    sign_in(client, provider)
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize("verified", [False, "false", None])
def test_an_address_that_is_not_verified_is_refused(client, provider, verified):
    make_user("berg", email="noa@example.com")
    provider.claims["email_verified"] = verified
    assert_refused(client, sign_in(client, provider), "not verified your address")
    assert User.objects.count() == 1


def test_domains_can_be_trusted_whose_provider_does_not_say(client, provider, settings):
    del provider.claims["email_verified"]
    settings.TIDEMARK_OIDC |= {"verified_domains": ["example.com"]}
    assert sign_in(client, provider).status_code == 302
    provider.claims |= {"email": "x@example.org", "sub": "18"}
    assert_refused(client, sign_in(client, provider), "not verified your address")


def test_a_disabled_account_is_refused_known_or_not_yet_connected(client, provider):
    user = make_user("berg", email="noa@example.com", is_active=False)
    assert_refused(client, sign_in(client, provider), "disabled")
    User.objects.update(is_active=True)
    sign_in(client, provider)
    User.objects.update(is_active=False)
    assert_refused(client, sign_in(client, provider), "disabled")
    assert user.pk == User.objects.get().pk


def test_another_state_is_refused(client, provider):
    address = urlsplit(provider.sign_in(begin(client)))
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    forged = urlencode({**query, "state": "another"})
    response = client.get(f"{address.path}?{forged}")
    assert_refused(client, response, "was not completed")


def test_what_began_in_another_browser_is_refused(client, provider):

    theirs = provider.sign_in(begin(Client()))
    assert_refused(client, client.get(theirs), "was not completed")


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"aud": "another-client"},
        {"iss": "https://elsewhere.example.com"},
        {"exp": 1_600_000_000},
        {"sub": "18"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_token_that_says_otherwise_is_refused(client, provider, changes):
    provider.changes = changes
    assert_refused(client, sign_in(client, provider), "was not completed")
    assert not User.objects.exists()


def test_a_token_signed_by_another_is_refused(client, provider):
    provider.signing_key = new_key()
    assert_refused(client, sign_in(client, provider), "was not completed")


def test_a_provider_without_user_info_is_enough(client, provider):
    provider.has_userinfo = False
    assert sign_in(client, provider).status_code == 302


def test_a_provider_that_is_down_or_may_not_be_reached_is_told(client, provider, settings):
    settings.TIDEMARK_ALLOWED_HOSTS_OUT = []
    response = client.get("/oidc/login/")
    assert_refused(client, response, "was not completed")


def test_what_a_request_adds_is_not_asked_of_the_provider(client, provider):
    location = begin(client, "?scope=everything&auth_params=prompt%3Dnone&process=connect")
    asked = parse_qs(urlsplit(location).query)
    assert set(asked["scope"][0].split()) == {"openid", "email"}
    assert "prompt" not in asked


def test_where_to_go_next_stays_on_this_site(client, provider):
    assert sign_in(client, provider, "?next=https://evil.example.com/")["Location"] == "/"


def test_without_a_provider_there_is_no_such_door(client):
    assert client.get("/oidc/login/").status_code == 404
    assert "Log in with" not in client.get("/login/").content.decode()
