"""The organization, and who may come in for it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.models import Change
from portal.integrations.credentials import (
    change_credential,
    create_credential,
    find_by_secret,
    rotate_credential,
)
from portal.integrations.models import ApiCredential
from portal.permissions import SHELL
from tests.port.clients import PortClient

PLAIN = {"id": "org_tidemark", "name": "Tidemark", "featureFlags": [], "isBlocked": False}


def test_the_organization_is_there_from_the_start(port: PortClient) -> None:
    assert port.get("/organization").json() == {"ok": True, "organization": PLAIN}


def test_what_is_kept_with_the_organization_is_told_back(port: PortClient) -> None:
    look = {"portalTitle": "Ours", "announcement": {"enabled": True, "content": "Hello"}}
    answer = port.patch("/organization", {"name": "Acme", "featureFlags": ["X"], **look})
    assert answer.json() == {"ok": True, "organization": {**PLAIN, "name": "Acme", **look}}
    port.patch("/organization", {"portalTitle": "Yours"})
    told = port.get("/organization").json()["organization"]
    assert told == {**PLAIN, "name": "Acme", **look, "portalTitle": "Yours"}
    port.put("/organization", {**told, "hiddenBlueprints": []} | {"announcement": None})
    assert port.get("/organization").json()["organization"] == {
        **told,
        "announcement": None,
        "hiddenBlueprints": [],
    }
    port.put("/organization", {"name": "Acme"})
    assert port.get("/organization").json()["organization"] == {**PLAIN, "name": "Acme"}


def test_history_tells_what_changed_of_the_organization(port: PortClient) -> None:
    port.patch("/organization", {"name": "Acme", "portalTitle": "Ours"})
    port.patch("/organization", {"name": "Acme", "portalTitle": "Ours"})
    (change,) = Change.objects.filter(kind="organization")
    assert change.before == {"name": "Tidemark", "settings.portalTitle": None}
    assert change.after == {"name": "Acme", "settings.portalTitle": "Ours"}


@pytest.mark.parametrize("name", ["", "  ", 7, None, "a" * 201])
def test_a_name_that_cannot_be_is_refused(port: PortClient, name: object) -> None:
    answer = port.patch("/organization", {"name": name})
    assert (answer.status_code, answer.json()["message"][:5]) == (422, "name:")


def test_there_is_no_event_stream(port: PortClient) -> None:
    answer = port.get("/kafka-credentials")
    assert (answer.status_code, answer.json()) == (
        404,
        {
            "ok": False,
            "error": "not_found",
            "message": (
                "This server has no event stream; use an event listener of type POLLING or ONCE."
            ),
        },
    )


@pytest.fixture
def app(port: PortClient) -> dict[str, Any]:
    """Make an app and return what was answered."""
    answer = port.post("/apps", {"name": "pipeline"})
    assert answer.status_code == 200
    return answer.json()["app"]


def comes_in(app: dict[str, Any]) -> bool:
    """Say whether the id and the secret of an app give an access token."""
    pair = {"clientId": app["id"], "clientSecret": app["secret"]}
    return PortClient().post("/auth/access_token", pair).status_code == 200


def test_a_new_app_comes_in_by_the_secret_it_is_told_once(
    port: PortClient, app: dict[str, Any]
) -> None:
    assert comes_in(app)
    assert set(app) == {"id", "name", "secret", "enabled", "createdAt", "lastUsedAt"}
    rows = port.get("/apps").json()["apps"]
    assert [row["name"] for row in rows] == ["pipeline", "writer"]
    assert app["secret"] not in str(rows)
    assert ApiCredential.objects.get(name="pipeline").scope == "write"
    change = Change.objects.filter(kind="credential").latest("id")
    assert (change.identifier, change.actor) == ("pipeline", "writer")


def test_a_rotated_secret_takes_the_place_of_the_old_one(
    port: PortClient, app: dict[str, Any]
) -> None:
    keys = ApiCredential.objects.values("api_key_digest", "app_key_digest").get(name="pipeline")
    answer = port.post(f"/apps/{app['id']}/rotate-secret")
    again = answer.json()["app"]
    assert (again["id"], again["name"]) == (app["id"], "pipeline")
    assert comes_in(again)
    assert not comes_in(app)
    assert keys == ApiCredential.objects.values(*keys).get(name="pipeline")
    change = Change.objects.filter(kind="credential").latest("id")
    assert change.after == {"name": "pipeline", "rotated": "secret"}


def test_an_app_is_renamed_and_shut_out(port: PortClient, app: dict[str, Any]) -> None:
    answer = port.put(f"/apps/{app['id']}", {"name": "deploys", "enabled": False})
    assert (answer.json()["app"]["name"], answer.json()["app"]["enabled"]) == ("deploys", False)
    assert not comes_in(app)
    port.put(f"/apps/{app['id']}", {"enabled": True})
    assert comes_in(app)
    taken = port.put(f"/apps/{app['id']}", {"name": "writer"})
    assert (taken.status_code, taken.json()["message"]) == (
        422,
        "name: there is a credential 'writer' already; choose another name",
    )


def test_a_deleted_app_is_gone(port: PortClient, app: dict[str, Any]) -> None:
    assert port.delete(f"/apps/{app['id']}").json() == {"ok": True}
    assert not comes_in(app)
    for answer in (
        port.delete(f"/apps/{app['id']}"),
        port.put(f"/apps/{app['id']}", {"name": "x"}),
        port.post(f"/apps/{app['id']}/rotate-secret"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 7}, {"name": "a" * 101}])
def test_an_app_needs_a_name(port: PortClient, body: dict[str, Any]) -> None:
    answer = port.post("/apps", body)
    assert (answer.status_code, answer.json()["message"][:5]) == (422, "name:")
    assert ApiCredential.objects.count() == 1


def test_a_reader_makes_no_apps(reader: PortClient) -> None:
    assert reader.get("/apps").status_code == 200
    for answer in (
        reader.post("/apps", {"name": "x"}),
        reader.patch("/organization", {"name": "x"}),
        reader.delete("/apps/x"),
    ):
        assert answer.status_code == 403


def test_a_rotated_credential_has_other_secrets_and_keys(db: None) -> None:
    now = datetime.now(UTC)
    row, made = create_credential(name="ocean", scope="read", by=SHELL, now=now)
    again = rotate_credential(credential=row, by=SHELL, now=now)
    assert again.client_id == made.client_id
    assert find_by_secret(again.client_id, again.client_secret) == row
    assert find_by_secret(made.client_id, made.client_secret) is None
    for name in ("client_secret", "api_key", "app_key"):
        assert getattr(again, name) != getattr(made, name)


def test_what_changes_nothing_of_a_credential_is_not_recorded(db: None) -> None:
    now = datetime.now(UTC)
    row, _made = create_credential(name="ocean", scope="read", by=SHELL, now=now)
    change_credential(credential=row, by=SHELL, now=now, name="ocean", is_enabled=True)
    assert Change.objects.filter(kind="credential").count() == 1
