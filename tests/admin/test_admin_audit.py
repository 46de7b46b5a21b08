"""The list of changes in the admin: its filters, and the files of what they leave."""

import csv
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client

from catalog.models import Change
from catalog.operations import history, seal, verify
from portal.permissions import Actor
from tests.admin.builders import NOW

CHANGES = "/admin/catalog/change/"
LATER = (NOW + timedelta(days=2)).date().isoformat()


def write(identifier: str, *, days: int = 0, actor: str = "ann", **parts: Any) -> None:
    """Leave a row of somebody at an address."""
    history.record_change(
        kind=parts.pop("kind", "entity"),
        blueprint=parts.pop("blueprint", "service"),
        identifier=identifier,
        before={},
        after={"title": "=HYPERLINK(1)"},
        by=Actor(label=actor, source=parts.pop("source", "page"), address="10.1.2.3"),
        now=NOW + timedelta(days=days),
    )


@pytest.fixture
def client(admin: Client) -> Client:
    """Return an administrator, with four rows in the history."""
    Change.objects.all().delete()
    write("pay")
    write("=cmd|calc", days=1, actor="bob")
    write("cart", days=2, blueprint="app")
    write("ann", days=3, kind="user", blueprint="", source="admin")
    return admin


def lines(response: Any) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines."""
    return [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["ann", "cart", "=cmd|calc", "pay"]),
        ("?actor=bob", ["=cmd|calc"]),
        ("?source=admin", ["ann"]),
        ("?kind=user", ["ann"]),
        ("?action__exact=deleted", []),
        ("?blueprint=app", ["cart"]),
        (f"?at_from_0={LATER}&at_from_1=00:00:00", ["ann", "cart"]),
        ("?q=ar", ["cart"]),
        ("?q=10.1.2.3&kind=user", ["ann"]),
    ],
)
def test_the_file_has_what_the_list_shows(client: Client, query: str, found: list[str]):
    response = client.get(f"{CHANGES}export/jsonl/{query}")
    assert [line["identifier"] for line in lines(response)] == found
    page = client.get(f"{CHANGES}{query}").content.decode()
    assert all(f">{name}</a>" in page for name in found)


def test_the_list_leads_to_its_files_with_its_filters(client: Client):
    page = client.get(f"{CHANGES}?kind=user&q=an").content.decode()
    for form in ("csv", "jsonl"):
        assert f'href="{CHANGES}export/{form}/?kind=user&amp;q=an"' in page


def test_a_line_has_all_that_is_known(client: Client):
    seal(now=NOW)
    response = client.get(f"{CHANGES}export/jsonl/?kind=user")
    assert response["Content-Disposition"] == 'attachment; filename="audit.jsonl"'
    row = Change.objects.get(kind="user")
    assert lines(response) == [
        {
            "id": row.pk,
            "at": row.at.isoformat(),
            "actor": "ann",
            "user_id": None,
            "source": "admin",
            "address": "10.1.2.3",
            "request_id": "",
            "kind": "user",
            "blueprint": "",
            "identifier": "ann",
            "action": "created",
            "run": None,
            "before": {},
            "after": {"title": "=HYPERLINK(1)"},
            "called": "",
            "seal_number": 4,
            "digest": row.digest,
        }
    ]


def test_no_cell_of_the_csv_is_a_formula(client: Client):
    response = client.get(f"{CHANGES}export/csv/")
    text = b"".join(response.streaming_content).decode()
    head, *body = list(csv.reader(StringIO(text)))
    place = head.index("identifier")
    assert [row[place] for row in body] == ["ann", "cart", "'=cmd|calc", "pay"]
    assert not [cell for row in body for cell in row if cell.startswith(("=", "+", "@"))]


def test_a_file_has_an_end(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("catalog.admin.MOST_EXPORTED", 3)
    response = client.get(f"{CHANGES}export/csv/?q=a", follow=True)
    assert response.redirect_chain == [(f"{CHANGES}?q=a", 302)]
    assert "A file from here holds 3 changes at most" in response.content.decode()
    assert client.get(f"{CHANGES}export/csv/?kind=user").status_code == 200


def test_there_is_no_file_of_another_form_or_for_others(client: Client):
    assert client.get(f"{CHANGES}export/pdf/").status_code == 404
    member = Client()
    member.force_login(get_user_model().objects.create_user("cy", "cy@example.org", "x"))
    assert member.get(f"{CHANGES}export/csv/").status_code == 403


@pytest.mark.parametrize("query", ["?actor=%00", "?at_from_0=x&at_from_1=y", "?nonsense=1", "?p=x"])
def test_filters_that_are_nonsense_are_no_failure(client: Client, query: str):
    for address in (CHANGES, f"{CHANGES}export/csv/"):
        assert client.get(f"{address}{query}").status_code in (200, 302)


def test_the_command_writes_what_was_done_between_two_days(client: Client, tmp_path: Any):
    path = tmp_path / "audit.jsonl"
    since = (NOW + timedelta(days=1)).isoformat()
    until = (NOW + timedelta(days=3)).isoformat()
    call_command("audit", "--export", str(path), "--from", since, "--to", until)
    written = [json.loads(line)["identifier"] for line in path.read_text().splitlines()]
    assert written == ["=cmd|calc", "cart"]
    with pytest.raises(CommandError, match="is there already"):
        call_command("audit", "--export", str(path))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("audit", "--export", str(tmp_path / "no" / "file"))
    seal(now=NOW)
    assert verify().count == 4
