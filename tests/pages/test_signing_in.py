"""Signing in with a password: how often one may try, and what a password's pages do."""

import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from portal.checks import check_ways_in
from portal.middleware import ClientAddressMiddleware
from portal.models import SignInCount
from portal.signin.throttle import PASSWORD, Attempt, network_of
from tests.builders import make_user

pytestmark = pytest.mark.django_db

PASS = "pass-word-1"


def try_it(client, name="maya", password="wrong", address="192.0.2.1"):  # noqa: S107
    return client.post("/login/", {"username": name, "password": password}, REMOTE_ADDR=address)


def test_the_sixth_wrong_password_from_one_address_is_not_looked_at(client):
    make_user()
    assert [try_it(client).status_code for _ in range(5)] == [200] * 5
    refused = try_it(client, password=PASS)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 900
    assert b"Too many tries" in refused.content
    assert "_auth_user_id" not in client.session


def test_who_is_elsewhere_comes_in_while_an_attacker_waits(client):
    make_user()
    for _ in range(6):
        try_it(client)
    assert try_it(client, password=PASS, address="192.0.2.2").status_code == 302


def test_case_makes_no_name_another(client):
    make_user()
    for name in ("maya", "Maya", "MAYA", "mayA", "mAya"):
        try_it(client, name=name)
    assert try_it(client).status_code == 429


def test_one_address_may_not_try_many_names(client, monkeypatch):
    for number in range(100):
        Attempt(PASSWORD, f"u{number}", "192.0.2.1").take(now=timezone.now())
    assert try_it(client, name="somebody").status_code == 429
    assert try_it(client, name="somebody", address="192.0.2.9").status_code == 200


def test_a_name_tried_from_many_addresses_waits_a_minute_except_where_its_owner_is_known():
    now = timezone.now()
    Attempt(PASSWORD, "maya", "198.51.100.1").succeed(now=now)
    for number in range(20):
        assert Attempt(PASSWORD, "maya", f"192.0.2.{number}").take(now=now) == 0
    assert 0 < Attempt(PASSWORD, "maya", "203.0.113.1").take(now=now) <= 60
    assert Attempt(PASSWORD, "maya", "198.51.100.1").take(now=now) == 0
    assert Attempt(PASSWORD, "maya", "203.0.113.1").take(now=now + timedelta(minutes=1)) == 0


def test_a_window_ends_by_itself_and_what_is_over_is_cleared():
    now = timezone.now()
    attempt = Attempt(PASSWORD, "maya", "192.0.2.1")
    for _ in range(6):
        attempt.take(now=now)
    assert attempt.take(now=now) > 0
    later = now + timedelta(minutes=16)
    assert attempt.take(now=later) == 0
    attempt.succeed(now=later + timedelta(days=31))
    assert SignInCount.objects.count() == 1


def test_the_right_password_forgets_the_wrong_ones(client):
    make_user()
    for _ in range(4):
        try_it(client)
    assert try_it(client, password=PASS).status_code == 302
    client.logout()
    assert [try_it(client).status_code for _ in range(5)] == [200] * 5


def test_wrong_passwords_and_refusals_are_logged(client, caplog):
    for _ in range(6):
        try_it(client)
    said = [record.getMessage() for record in caplog.records if "signin" in record.name]
    assert said[0] == "password of 'maya' from 192.0.2.1: wrong"
    assert "refused for" in said[-1]
    assert not any("wrong'" in line for line in said)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
    ],
)
def test_of_ipv6_the_network_counts(address, network):
    assert network_of(address) == network


def test_the_admin_has_no_door_of_its_own(client):
    response = client.get("/admin/login/?next=/admin/portal/")
    assert response["Location"] == "/login/?next=%2Fadmin%2Fportal%2F"
    assert client.post("/admin/login/", {"username": "x"}).status_code == 302
    client.force_login(make_user())
    assert client.get("/admin/login/").status_code == 403


def test_where_people_sign_in_elsewhere_a_password_lets_nobody_in(client, settings):
    settings.TIDEMARK_LOCAL_LOGIN = False
    make_user()
    assert b"id_password" not in client.get("/login/").content
    assert try_it(client, password=PASS).status_code == 403
    assert client.get("/account/reset/").status_code == 404
    client.force_login(make_user("noa"))
    assert client.get("/account/password/").status_code == 404


def test_changing_the_password_ends_the_other_sessions(client):
    user = make_user()
    other = Client()
    for each in (client, other):
        each.force_login(user)
    wrong = {"old_password": "x", "new_password1": "tide-mark-9", "new_password2": "tide-mark-9"}
    assert client.post("/account/password/", wrong).status_code == 200
    right = {**wrong, "old_password": PASS}
    assert client.post("/account/password/", right)["Location"] == "/account/password/done/"
    assert client.get("/account/password/done/").status_code == 200
    assert other.get("/account/password/").status_code == 302


def test_guessing_the_old_password_is_counted_too(client):
    client.force_login(make_user())
    wrong = {"old_password": "x", "new_password1": "tide-mark-9", "new_password2": "tide-mark-9"}
    answers = [client.post("/account/password/", wrong).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_a_forgotten_password_is_reset_by_mail(client, settings):
    settings.TIDEMARK_SENDS_MAIL = True
    settings.TIDEMARK_URL = "https://portal.example.com"
    make_user()
    assert b"Forgotten password" in client.get("/login/").content
    asked = client.post("/account/reset/", {"email": "maya@example.com"})
    assert asked["Location"] == "/account/reset/sent/"
    address = re.search(r"https://portal\.example\.com(\S+)", mail.outbox[0].body).group(1)
    page = client.get(address, follow=True)
    assert b"New password" in page.content
    new = {"new_password1": "tide-mark-9", "new_password2": "tide-mark-9"}
    assert client.post(page.redirect_chain[-1][0], new)["Location"] == "/login/"
    assert try_it(client, password="tide-mark-9").status_code == 302
    assert b"used up" in client.get(address).content


def test_nobody_learns_who_has_an_account_nor_floods_a_mailbox(client, settings):
    settings.TIDEMARK_SENDS_MAIL = True
    make_user()
    known = client.post("/account/reset/", {"email": "maya@example.com"})
    unknown = client.post("/account/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    answers = [
        client.post("/account/reset/", {"email": "maya@example.com"}).status_code for _ in range(5)
    ]
    assert answers[-1] == 429
    assert len(mail.outbox) == 5


def test_without_mail_nothing_is_offered_that_needs_it(client):
    assert b"Forgotten password" not in client.get("/login/").content
    assert client.get("/account/reset/").status_code == 404


def test_browsers_are_told_what_pages_need(client):
    response = client.get("/login/")
    assert "camera=()" in response["Permissions-Policy"]
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"


def run(code, **environment):
    kept = {name: value for name, value in os.environ.items() if name != "TIDEMARK_MFA"}
    return subprocess.run(
        [sys.executable, "-c", code], env={**kept, **environment}, capture_output=True, text=True
    )


BLOCKED_SPEC = (
    "import importlib.util as u; find = u.find_spec\n"
    "u.find_spec = lambda name, *rest: None if name == 'allauth' else find(name, *rest)\n"
)
BLOCKED = "import sys; sys.modules['allauth'] = None\n"


def test_without_the_extra_the_site_starts_and_knows_nothing_of_it():
    code = (
        BLOCKED + "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'portal.settings'\n"
        "import django; django.setup()\n"
        "from django.urls import resolve; from django.core.management import call_command\n"
        "call_command('check'); print(resolve('/login/').view_name)\n"
    )
    done = run(code)
    assert done.stdout.split()[-1] == "login", done.stderr


def test_proxies_are_believed_as_far_as_they_reach(rf, settings):
    settings.TIDEMARK_PROXIES = 1
    request = rf.get("/", HTTP_X_FORWARDED_FOR="203.0.113.9, 192.0.2.7", REMOTE_ADDR="10.0.0.1")
    ClientAddressMiddleware(lambda request: None)(request)
    assert request.META["REMOTE_ADDR"] == "192.0.2.7"
    request = rf.get("/", HTTP_X_FORWARDED_FOR="nonsense", REMOTE_ADDR="10.0.0.1")
    ClientAddressMiddleware(lambda request: None)(request)
    assert request.META["REMOTE_ADDR"] == "10.0.0.1"


def test_settings_that_let_nobody_in_are_told(settings):
    settings.TIDEMARK_LOCAL_LOGIN = False
    assert [error.id for error in check_ways_in()] == ["portal.E004"]
    settings.TIDEMARK_OIDC = {"name": "Harbour"}
    assert check_ways_in() == []


def test_what_needs_the_extra_says_so_where_it_is_not_installed():
    done = run(BLOCKED_SPEC + "import portal.settings", TIDEMARK_MFA="1")
    assert "need the extra sso" in done.stderr
