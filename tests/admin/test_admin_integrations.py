"""Letting machines in, and looking after exporters."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client

from catalog.models import Change
from portal.integrations.credentials import create_credential, find_by_secret
from portal.integrations.integrations import register_integration, save_resync_state
from portal.integrations.models import ApiCredential, Integration
from portal.integrations.reports import KindProgress, LogLine
from portal.integrations.telemetry import keep_logs, keep_progress
from portal.models import User
from tests.admin.builders import BY, NOW
from tests.admin.pages import errors_of, fields_of
from tests.builders import make_user

CREDENTIALS = "/admin/integrations/apicredential/"
INTEGRATIONS = "/admin/integrations/integration/"


def _count(number: float) -> dict[str, float]:
    return {"object_count": number}


METRICS = {
    "phase": {
        "extract": {"object_count_type": {"raw_extracted": _count(1_025.0)}},
        "load": {
            "object_count_type": {
                "loaded": _count(1_024.0),
                "failed": _count(1.0),
                "skipped": _count(0.0),
            }
        },
    }
}


def secrets_in(page: str) -> list[str]:
    """Return the client id, the client secret, the API key and the application key on a page."""
    shown = re.search(r'<dl class="tm-secrets">.*?</dl>', page)
    return re.findall(r"<code>([\w-]+)</code>", shown[0]) if shown else []


@pytest.fixture
def credential(admin: Client) -> ApiCredential:
    """Return a credential that was made before."""
    return create_credential(name="pipeline", scope="write", by=BY, now=NOW)[0]


@pytest.fixture
def editor(db: None) -> Client:
    """Return a client signed in as one who edits the catalog and manages nobody."""
    user = get_user_model().objects.create_user(
        username="ann", email="ann@example.org", is_staff=True
    )
    client = Client()
    client.force_login(user)
    return client


def test_a_new_credential_shows_its_secrets_once(admin: Client) -> None:
    form = fields_of(admin.get(f"{CREDENTIALS}add/"))
    assert form == {
        "name": "", "user": "", "scope": "write", "role": "admin", "blueprints": [],
        "expires_at_0": "", "expires_at_1": "",
    }  # fmt: skip
    data = {**form, "name": " pipeline ", "scope": "read"}
    response = admin.post(f"{CREDENTIALS}add/", data, follow=True)
    client_id, secret, api_key, app_key = secrets_in(response.content.decode())
    row = find_by_secret(client_id, secret)
    assert row is not None
    assert (row.name, row.scope) == ("pipeline", "read")
    again = admin.get(CREDENTIALS).content.decode()
    assert client_id in again
    for hidden in (secret, api_key, app_key, row.secret_digest, row.api_key_digest):
        assert hidden not in again
        assert hidden not in admin.get(f"{CREDENTIALS}{row.pk}/change/").content.decode()
    change = Change.objects.get(kind="credential")
    assert (change.actor, change.source, change.identifier) == ("root", "admin", "pipeline")
    assert not LogEntry.objects.exists()


def test_a_credential_is_made_for_a_person_who_may_come_in(admin: Client) -> None:
    user = make_user(password=None, is_active=False)
    data = {"name": "laptop", "user": user.pk, "scope": "read", "role": "admin"}
    refused = admin.post(f"{CREDENTIALS}add/", data)
    assert errors_of(refused) == {"user": ["'maya' is not active; nothing lets them in"]}
    User.objects.filter(pk=user.pk).update(is_active=True)
    admin.post(f"{CREDENTIALS}add/", data)
    assert ApiCredential.objects.get().user == user
    assert "maya" in admin.get(CREDENTIALS).content.decode()


def test_a_taken_name_is_told_at_its_field(admin: Client, credential: ApiCredential) -> None:
    data = {"name": "pipeline", "scope": "read", "role": "admin"}
    answer = admin.post(f"{CREDENTIALS}add/", data)
    assert errors_of(answer) == {
        "name": ["there is a credential 'pipeline' already; choose another name"]
    }
    assert ApiCredential.objects.count() == 1


def test_a_credential_is_shut_out_and_let_in_again(
    admin: Client, credential: ApiCredential
) -> None:
    page = f"{CREDENTIALS}{credential.pk}/change/"
    assert fields_of(admin.get(page)) == {
        "name": "pipeline", "is_enabled": "on", "expires_at_0": "", "expires_at_1": ""
    }  # fmt: skip
    admin.post(page, {"name": "deploys"})
    credential.refresh_from_db()
    assert (credential.name, credential.is_enabled, credential.scope) == ("deploys", False, "write")
    # What cannot be changed is not, whatever is sent.
    admin.post(page, {"name": "deploys", "is_enabled": "on", "scope": "read", "client_id": "x"})
    credential.refresh_from_db()
    assert (credential.is_enabled, credential.scope) == (True, "write")


def test_new_secrets_take_the_place_of_the_old_ones_after_a_question(
    admin: Client, credential: ApiCredential
) -> None:
    page = f"{CREDENTIALS}{credential.pk}/rotate/"
    assert page in admin.get(f"{CREDENTIALS}{credential.pk}/change/").content.decode()
    asked = admin.get(page)
    assert "New secrets for pipeline The secret and the keys" in words_of(asked)
    before = credential.secret_digest
    credential.refresh_from_db()
    assert credential.secret_digest == before
    client_id, secret, _api_key, _app_key = secrets_in(
        admin.post(page, follow=True).content.decode()
    )
    assert client_id == credential.client_id
    assert find_by_secret(client_id, secret) == credential
    assert ApiCredential.objects.get().secret_digest != before


def test_a_credential_is_deleted(admin: Client, credential: ApiCredential) -> None:
    page = f"{CREDENTIALS}{credential.pk}/delete/"
    assert "pipeline" in admin.get(page).content.decode()
    admin.post(page, {"post": "yes"})
    assert not ApiCredential.objects.exists()
    assert Change.objects.filter(kind="credential").latest("id").action == "deleted"
    assert admin.get(f"{CREDENTIALS}{credential.pk}/rotate/").status_code == 404


def test_editors_of_the_catalog_let_nobody_in(editor: Client, credential: ApiCredential) -> None:
    for path in ("", "add/", f"{credential.pk}/change/", f"{credential.pk}/rotate/"):
        assert editor.get(f"{CREDENTIALS}{path}").status_code == 403
    assert editor.post(f"{CREDENTIALS}{credential.pk}/rotate/").status_code == 403
    assert editor.post(f"{CREDENTIALS}{credential.pk}/delete/", {"post": "yes"}).status_code == 403
    assert CREDENTIALS not in editor.get(INTEGRATIONS).content.decode()


@pytest.fixture
def integration(db: None) -> Integration:
    """Return an exporter that has resynced, a while ago."""
    settings = {"app_type": "json-catalog", "version": "0.1.0", "config": {"resources": ["<b>"]}}
    row = register_integration(identifier="catalog-1", settings=settings, by=BY, now=NOW)
    values = {"resync_status": "running", "resync_started_at": NOW}
    save_resync_state(integration=row, values=values, by=BY, now=NOW)
    done = {"resync_status": "completed", "resync_ended_at": NOW + timedelta(minutes=1)}
    lines = [
        LogLine(at=NOW, level="INFO", message="Fetched 24 services"),
        LogLine(at=NOW, level="ERROR", message="<script>alert(1)</script>"),
    ]
    keep_logs(integration=row, lines=lines)
    kinds = [
        KindProgress(event="e", identifier="__runtime__", state="completed"),
        KindProgress(event="e", identifier="service-1", state="completed", metrics=METRICS),
        KindProgress(event="e", identifier="odd-2", state="failed", metrics={"phase": 7}),
    ]
    keep_progress(integration=row, kinds=kinds, now=NOW)
    return save_resync_state(integration=row, values=done, by=BY, now=NOW + timedelta(minutes=1))


def words_of(response: Any) -> str:
    """Return the text of a page, on one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_the_page_of_an_exporter_tells_how_its_resync_went(
    editor: Client, integration: Integration
) -> None:
    page = editor.get(f"{INTEGRATIONS}{integration.pk}/change/")
    words = words_of(page)
    assert "State Completed" in words
    assert "Began 2026-03-02 12:00:00 UTC Ended 2026-03-02 12:01:00 UTC" in words
    assert "service-1 Completed, 1,025 read, 1,024 written, 1 failed" in words
    assert "odd-2 Failed" in words
    assert "__runtime__" not in words
    assert "INFO Fetched 24 services" in words
    assert "&lt;script&gt;alert(1)" in words
    assert "&lt;b&gt;" in words
    assert "Asked for" not in words
    assert "Completed" in words_of(editor.get(INTEGRATIONS))


def test_a_resync_is_asked_for_by_a_button(editor: Client, integration: Integration) -> None:
    page = f"{INTEGRATIONS}{integration.pk}/"
    assert f'action="{page}resync/"' in editor.get(f"{page}change/").content.decode()
    assert editor.get(f"{page}resync/").status_code == 405
    words = words_of(editor.post(f"{page}resync/", follow=True))
    assert "catalog-1 is asked to resync." in words
    assert re.search(r"Asked for \S+ \S+ UTC by ann", words)
    row = Integration.objects.get()
    assert row.open_request_at is not None
    assert row.open_request_at == row.updated_at
    assert editor.post(f"{INTEGRATIONS}999/resync/").status_code == 404


def test_an_exporter_is_looked_at_and_deleted_but_not_edited(
    editor: Client, integration: Integration
) -> None:
    page = f"{INTEGRATIONS}{integration.pk}/"
    assert editor.post(f"{page}change/", {"version": "9"}).status_code == 403
    assert editor.get(f"{INTEGRATIONS}add/").status_code == 403
    editor.post(f"{page}delete/", {"post": "yes"})
    assert not Integration.objects.exists()


def test_members_without_staff_rights_ask_for_nothing(integration: Integration) -> None:
    user = get_user_model().objects.create_user(username="bob", email="bob@example.org")
    client = Client()
    client.force_login(user)
    assert client.post(f"{INTEGRATIONS}{integration.pk}/resync/").status_code == 403
    assert Integration.objects.get().open_request_at is None
