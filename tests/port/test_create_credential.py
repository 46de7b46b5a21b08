"""The command that makes credentials."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import Change
from portal.integrations.credentials import find_by_secret
from portal.integrations.models import ApiCredential
from tests.builders import make_blueprint, make_user

pytestmark = pytest.mark.django_db


def test_the_secrets_are_printed_once_and_open_the_door(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_credential", "ocean", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"clientId", "clientSecret", "apiKey", "appKey"}
    row = find_by_secret(printed["clientId"], printed["clientSecret"])
    assert row is not None
    assert (row.name, row.scope) == ("ocean", "write")
    assert find_by_secret(printed["clientId"], "wrong") is None


def test_without_json_each_stands_on_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_credential", "ocean", "--scope", "read")
    lines = capsys.readouterr().out.splitlines()
    assert [line[:14].strip() for line in lines] == [
        "client id", "client secret", "api key", "app key"
    ]  # fmt: skip


def test_history_names_the_credential_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_credential", "ocean", "--json")
    change = Change.objects.get(kind="credential")
    assert (change.identifier, change.after) == ("ocean", {"name": "ocean", "scope": "write"})


def test_a_credential_is_limited_and_history_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    make_blueprint()
    limits = ["--role", "moderator", "--blueprint", "service", "--days", "7"]
    call_command("create_credential", "ocean", *limits)
    row = ApiCredential.objects.get()
    assert (row.role, row.blueprints) == ("moderator", ["service"])
    assert timedelta(days=6) < row.expires_at - timezone.now() < timedelta(days=7)
    assert Change.objects.get(kind="credential").after == {
        "name": "ocean",
        "scope": "write",
        "role": "moderator",
        "blueprints": ["service"],
        "expires_at": row.expires_at.isoformat(),
    }


def test_a_credential_is_that_of_a_person_and_history_says_so() -> None:
    user = make_user(password=None)
    call_command("create_credential", "laptop", "--user", user.email)
    assert ApiCredential.objects.get().user == user
    assert Change.objects.get(kind="credential").after["user"] == "maya"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (["--user", "nobody"], "There is no user 'nobody'"),
        (["--blueprint", "nothing"], "there is no blueprint 'nothing'; there are: _team, _user"),
        (["--days", "0"], "--days takes a number from 1 to 3650"),
        (["--role", "king"], "invalid choice: 'king'"),
    ],
)
def test_limits_that_cannot_be_are_refused(limits: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("create_credential", "ocean", *limits)
    assert not ApiCredential.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "a\x00b", "taken"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    call_command("create_credential", "taken", "--json")
    with pytest.raises(CommandError, match="name: "):
        call_command("create_credential", name)
    assert ApiCredential.objects.count() == 1
