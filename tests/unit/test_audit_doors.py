"""What the audit log has of users, tokens and sessions, and from where it was written."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from catalog.models import Change
from portal.models import ApiToken, User
from scorecards.operations import OutcomeReport, report_outcomes
from scorecards.operations.outcome_batches import receive_outcomes
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_scorecard, rule_document

pytestmark = pytest.mark.django_db

SECRET = "a-long-Passw0rd"


@pytest.fixture
def root() -> User:
    """Return somebody who may do everything."""
    return get_user_model().objects.create_superuser("root", "root@example.org", SECRET)


@pytest.fixture
def admin(root: User) -> Client:
    """Return a client signed in as root."""
    client = Client(REMOTE_ADDR="10.1.2.3", headers={"X-Request-ID": "request-7"})
    client.force_login(root)
    return client


def rows(kind: str) -> list[Change]:
    """Return the rows of a kind in their order, none of which has a secret."""
    found = list(Change.objects.filter(kind=kind).order_by("id"))
    texts = json.dumps([(row.before, row.after, row.identifier, row.actor) for row in found])
    digests = [*User.objects.values_list("password", flat=True)]
    digests += ApiToken.objects.values_list("digest", flat=True)
    assert not [secret for secret in (*digests, SECRET) if secret and secret in texts]
    return found


def shown(kind: str) -> list[tuple[str, str, str, str]]:
    """Return of the rows of a kind what was done to what, by whom and through which door."""
    return [(row.action, row.identifier, row.actor, row.source) for row in rows(kind)]


def test_a_login_and_a_logout_are_told(root: User):
    client = Client(REMOTE_ADDR="10.1.2.3", headers={"X-Request-ID": "request-7"})
    client.post("/login/", {"username": "root", "password": SECRET})
    client.post("/logout/")
    assert shown("session") == [
        ("created", "root", "root", "page"),
        ("deleted", "root", "root", "page"),
    ]
    for row in rows("session"):
        assert (row.address, row.request_id, row.user_id) == ("10.1.2.3", "request-7", root.pk)
    # That somebody came in changes nothing about the user.
    assert [row.action for row in rows("user")] == ["created"]


def test_a_login_that_fails_is_told_with_what_was_typed(root: User):
    client = Client(REMOTE_ADDR="10.1.2.3")
    client.post("/login/", {"username": "x" * 300, "password": SECRET + "!"})
    client.post("/login/", {"username": "root", "password": "wrong"})
    assert shown("session") == [
        ("refused", "x" * 200, "", "page"),
        ("refused", "root", "", "page"),
    ]
    assert {row.address for row in rows("session")} == {"10.1.2.3"}


def test_a_user_made_changed_and_deleted_in_the_admin_is_told(admin: Client, root: User):
    form = {"username": "ann", "email": "ann@example.org", "usable_password": "true"}
    form["role"] = "member"
    admin.post("/admin/portal/user/add/", {**form, "password1": SECRET, "password2": SECRET})
    ann = User.objects.get(username="ann")
    changed = {"username": "ann", "email": "ann@example.org", "is_active": "on"}
    changed |= {"is_staff": "on", "role": "viewer"}
    admin.post(f"/admin/portal/user/{ann.pk}/change/", changed)
    passwords = {"usable_password": "true", "password1": SECRET + "2", "password2": SECRET + "2"}
    admin.post(f"/admin/portal/user/{ann.pk}/password/", passwords)
    admin.post(f"/admin/portal/user/{ann.pk}/delete/", {"post": "yes"})
    told = [row for row in rows("user") if row.identifier == "ann"]
    assert [(row.action, row.before, row.after) for row in told[1:3]] == [
        (
            "updated",
            {"is_staff": False, "role": "member"},
            {"is_staff": True, "role": "viewer"},
        ),
        ("updated", {"password": "(former)"}, {"password": "(new)"}),
    ]
    assert [row.action for row in told] == ["created", "updated", "updated", "deleted"]
    where = {(row.actor, row.user_id, row.source, row.address, row.request_id) for row in told}
    assert where == {("root", root.pk, "admin", "10.1.2.3", "request-7")}


def test_a_user_made_by_a_command_is_told():
    call_command("createsuperuser", interactive=False, username="ann", email="ann@example.org")
    assert shown("user") == [("created", "ann", "shell", "shell")]


def test_a_token_made_and_revoked_in_the_admin_is_told(admin: Client, root: User):
    form = {"name": "ci", "user": root.pk, "scope": "read"}
    admin.post("/admin/portal/apitoken/add/", form)
    key = ApiToken.objects.get().token_key
    admin.post(f"/admin/portal/apitoken/{key}/delete/", {"post": "yes"})
    assert shown("token") == [
        ("created", key, "root", "admin"),
        ("deleted", key, "root", "admin"),
    ]
    after = rows("token")[0].after
    assert (after["name"], after["user"], after["scope"]) == ("ci", "root", "read")


def test_a_token_made_by_a_command_is_told_and_its_use_is_not(root: User, capsys: Any):
    call_command("create_token", "root", "--scope", "write", "--name", "ci")
    token = capsys.readouterr().out.strip()
    key = ApiToken.objects.get().token_key
    Client().get("/api/entities/", headers={"Authorization": f"Bearer {token}"})
    assert shown("token") == [("created", key, "shell", "shell")]


def test_an_entity_written_through_the_api_is_told_with_address_and_request(root: User):
    make_blueprint("service")
    _, token = ApiToken.objects.create(user=root, scope="write")
    client = Client(
        REMOTE_ADDR="10.1.2.3",
        headers={"Authorization": f"Bearer {token}", "X-Request-ID": "request-8"},
    )
    body = {"blueprint": "service", "identifier": "pay"}
    assert client.post("/api/entities/", body, content_type="application/json").status_code == 201
    [row] = rows("entity")
    assert (row.source, row.address, row.request_id) == ("api", "10.1.2.3", "request-8")


def test_behind_a_proxy_the_address_is_that_of_the_client(root: User, settings: Any):
    settings.TIDEMARK_PROXIES = 1
    client = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.7"})
    client.post("/login/", {"username": "root", "password": "wrong"})
    assert [row.address for row in rows("session")] == ["192.0.2.7"]


def test_outside_of_requests_there_is_no_address(root: User):
    make_blueprint("service")
    assert {(row.address, row.request_id) for row in rows("blueprint")} == {("", "")}


def test_reports_of_outcomes_are_told_as_a_whole():
    make_blueprint("service")
    make_entity("pay")
    make_scorecard("care", rules=[rule_document("seen", query=None)])
    report = OutcomeReport("seen", "service", "pay", "pass", scorecard="care")
    report_outcomes(reports=[report], by=TESTER, now=NOW)
    report_outcomes(reports=[report], by=TESTER, now=NOW)
    receive_outcomes(reports=[report], by=TESTER, now=NOW)
    [told, batch] = rows("outcome")
    assert (told.after, told.actor) == ({"created": 1, "updated": 0}, "tester")
    assert batch.after == {"total": 1}


def test_a_rebuild_is_told():
    make_blueprint("service")
    call_command("rebuild", "service")
    [row] = rows("rebuild")
    assert (row.identifier, row.source, row.after) == (
        "service", "shell", {"blueprints": ["service"]},
    )  # fmt: skip
