"""`manage.py create_token`."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.models import ApiToken, User
from tests.api.callers import client_with
from tests.builders import make_user

pytestmark = pytest.mark.django_db


def _run(*args: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("create_token", *args, stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue().strip()


@pytest.mark.parametrize("name", ["ada", "ada@example.com", "ADA@example.com"])
def test_the_token_is_printed_and_works(editor: User, name: str) -> None:
    token, warning = _run(name, "--scope", "write")
    assert warning == ""
    client = client_with(token)
    assert client.put("/api/blueprints/service/", {"title": "Service"}).status_code == 201


def test_json_tells_everything_about_the_token(editor: User) -> None:
    printed = json.loads(_run("ada", "--scope", "read", "--name", "CI", "--days", "7", "--json")[0])
    row = ApiToken.objects.get()
    assert printed == {
        "token": printed["token"],
        "user": "ada",
        "scope": "read",
        "name": "CI",
        "role": "",
        "blueprints": [],
        "expires_at": row.expiry.isoformat(),
    }
    assert timedelta(days=6) < row.expiry - timezone.now() < timedelta(days=7)
    assert printed["token"].startswith("tdm_")
    assert printed["token"] not in str(ApiToken.objects.values())
    assert client_with(printed["token"]).get("/api/").status_code == 200


def test_a_write_token_that_cannot_write_is_told_of() -> None:
    make_user(password=None, role="viewer")
    said = "As viewer, maya only reads, and so will the token."
    assert _run("maya", "--scope", "write")[1] == said


def test_a_member_is_warned_where_the_token_is_a_viewers() -> None:
    make_user(password=None)
    assert _run("maya", "--scope", "write")[1] == ""
    said = "As viewer, maya only reads, and so will the token."
    assert _run("maya", "--scope", "write", "--role", "viewer")[1] == said


def test_a_token_is_limited_to_blueprints_that_there_are(world: None, editor: User) -> None:
    _run("ada", "--scope", "write", "--role", "moderator", "--blueprint", "service")
    row = ApiToken.objects.get()
    assert (row.role, row.blueprints) == ("moderator", ["service"])
    with pytest.raises(CommandError, match="no blueprint 'sevice'; there are: _team, _user, serv"):
        _run("ada", "--scope", "write", "--blueprint", "sevice")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nobody", "--scope", "read"], "There is no user 'nobody'"),
        (["gone", "--scope", "read"], "'gone' is not active"),
        (["ada", "--scope", "read", "--days", "0"], "--days takes a number from 1 to 3650"),
        (["ada", "--scope", "read", "--days", "9" * 30], "--days takes a number from 1 to 3650"),
        (["ada", "--scope", "read", "--name", "x" * 101], "--name takes at most 100 characters"),
        (["ada", "--scope", "admin"], "invalid choice: 'admin'"),
        (["ada"], "--scope"),
    ],
)
def test_what_cannot_be_is_refused_in_words(editor: User, args: Any, message: str) -> None:
    make_user("gone", is_active=False, password=None)
    with pytest.raises(CommandError, match=message):
        _run(*args)
    assert not ApiToken.objects.exists()
