"""Second factors: set up, asked for, used up, required of admins."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from tests.builders import make_token, make_user
from tests.pages.reading import INLINE

pytestmark = pytest.mark.django_db

PASS = "pass-word-1"


def code_of(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def log_in(client, **more):
    return client.post("/login/", {"username": "maya", "password": PASS, **more})


def set_up(client):
    """Set a second factor up as people do; return its key and the page after."""
    page = client.get("/account/factor/set-up/", follow=True)
    if page.redirect_chain:
        page = client.post(page.redirect_chain[-1][0], {"password": PASS}, follow=True)
    secret = page.context["form"].secret
    done = client.post("/account/factor/set-up/", {"code": code_of(secret)}, follow=True)
    return secret, done


@pytest.fixture
def maya(client):
    user = make_user()
    log_in(client)
    return user


def test_a_second_factor_is_set_up_after_the_password_once_more(client, maya):
    assert client.get("/account/factor/set-up/")["Location"].startswith("/account/confirm/?next=")
    secret, page = set_up(client)
    assert page.redirect_chain[-1][0] == "/account/factor/codes/"
    assert len(page.context["unused_codes"]) == 10
    stored = Authenticator.objects.get(user=maya, type="totp").data["secret"]
    assert secret not in stored


def test_the_password_alone_lets_nobody_in_any_more(client, maya):
    secret, _ = set_up(client)
    client.logout()
    assert log_in(client, next="/teams/")["Location"] == "/account/code/"
    assert client.get("/teams/").status_code == 302
    page = client.get("/account/code/")
    assert b"Second factor" in page.content
    wrong = client.post("/account/code/", {"code": "000000"})
    assert b"Incorrect code" in wrong.content
    # Another one than was used to set it up: each is good once.
    later = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + 1))
    assert client.post("/account/code/", {"code": later})["Location"] == "/teams/"
    assert client.get("/teams/").status_code == 200


def test_a_recovery_code_lets_in_once(client, maya):
    _, page = set_up(client)
    code = page.context["unused_codes"][0]
    for expected in (302, 200):
        client.logout()
        log_in(client)
        assert client.post("/account/code/", {"code": code}).status_code == expected


def test_a_code_is_good_once_in_all_processes(client, maya, monkeypatch):
    started_at = time.time()
    monkeypatch.setattr(time, "time", lambda: started_at)
    secret, _ = set_up(client)
    later = format_hotp_value(hotp_value(secret, int(started_at) // 30 + 1))
    answers = []
    # The first was used to set it up, the last is the same to who compares them.
    for code in (code_of(secret), later, later, f"{later[:3]} {later[3:]}"):
        # Where allauth keeps used codes; every process has its own.
        cache.clear()
        client.logout()
        log_in(client)
        answers.append(client.post("/account/code/", {"code": code}).status_code)
    assert answers == [200, 302, 200, 200]


def test_codes_cannot_be_guessed(client, maya):
    set_up(client)
    client.logout()
    log_in(client)
    answers = [
        client.post("/account/code/", {"code": "000000"}, REMOTE_ADDR=f"192.0.2.{number}")
        for number in range(11)
    ]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]


def test_a_second_factor_is_removed_by_who_holds_it_or_by_the_command(client, maya):
    set_up(client)
    assert client.get("/account/factor/remove/").status_code == 200
    client.post("/account/factor/remove/")
    assert not Authenticator.objects.exists()
    set_up(client)
    call_command("remove_factor", "maya")
    assert not Authenticator.objects.exists()
    client.logout()
    assert log_in(client)["Location"] == "/"


def test_admins_get_no_further_than_to_set_it_up_where_it_is_required(client, settings):
    settings.TIDEMARK_REQUIRE_MFA = True
    user = make_user(is_staff=True)
    log_in(client)
    for address in ("/", "/admin/", "/teams/"):
        assert client.get(address)["Location"] == "/account/factor/set-up/"
    refused = client.get("/api/entities/")
    assert (refused.status_code, "second factor" in refused.json()["detail"]) == (403, True)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {make_token(user)}"}
    client.logout()
    assert client.get("/api/entities/", **bearer).status_code == 200
    log_in(client)
    set_up(client)
    assert client.get("/admin/").status_code == 200
    client.post("/account/factor/remove/")
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_a_session_from_before_it_was_set_up_elsewhere_gives_the_code(client, settings):
    settings.TIDEMARK_REQUIRE_MFA = True
    make_user(is_staff=True)
    other = Client()
    log_in(other)
    log_in(client)
    set_up(client)
    assert other.get("/teams/").status_code == 302
    assert "_auth_user_id" not in other.session
    assert client.get("/teams/").status_code == 200


def test_who_is_no_admin_need_not(client, settings, maya):
    settings.TIDEMARK_REQUIRE_MFA = True
    assert client.get("/teams/").status_code == 200


@pytest.mark.parametrize("address", ["factor/", "factor/set-up/", "factor/codes/", "confirm/"])
def test_the_pages_have_no_inline_code(client, maya, address):
    if "codes" in address:
        set_up(client)
    page = client.get(f"/account/{address}", follow=True)
    assert page.status_code == 200
    assert INLINE.search(page.content.decode()) is None
    assert "unsafe" not in page["Content-Security-Policy"]
