"""The command that makes credentials."""

import json

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Change
from portal.integrations.credentials import find_by_secret
from portal.integrations.models import ApiCredential

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


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "a\x00b", "taken"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    call_command("create_credential", "taken", "--json")
    with pytest.raises(CommandError, match="name: "):
        call_command("create_credential", name)
    assert ApiCredential.objects.count() == 1
