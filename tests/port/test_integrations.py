"""Exporters: registering, what they are set to, and asking them to resync."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.models import Change
from portal.integrations.models import Integration, IntegrationCursor
from tests.port.clients import PortClient

START = datetime(2026, 11, 21, 0, 57, tzinfo=UTC)
CONFIG = {
    "deleteDependentEntities": True,
    "entityDeletionThreshold": 0.9,
    "resources": [
        {
            "kind": "service",
            "selector": {"query": "true", "apiQueryParams": {"page": 1}},
            "port": {"entity": {"mappings": {"blueprint": '"jcService"', "icon": None}}},
        }
    ],
}
NEW = {
    "installationId": "catalog-1",
    "installationAppType": "json-catalog",
    "version": "0.1.0",
    "changelogDestination": {},
    "config": CONFIG,
    "actionsProcessingEnabled": False,
    "incrementalSyncEnabled": False,
    "createPortResourcesOrigin": "Default",
}

Clock = Callable[[int], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a function that sets the clock, in seconds since the start."""

    def set_to(seconds: int) -> None:
        moment = START + timedelta(seconds=seconds)
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    set_to(0)
    return set_to


@pytest.fixture
def made(port: PortClient, at: Clock) -> dict[str, Any]:
    """Register an exporter and return what was answered."""
    answer = port.post("/integration", NEW)
    assert answer.status_code == 201
    return answer.json()["integration"]


def written(**changes: Any) -> dict[str, Any]:
    """Return the object of the exporter that was just registered."""
    name = f"{Integration.objects.get().pk:024x}"
    return {
        "_id": name,
        "_orgId": "org_tidemark",
        "identifier": "catalog-1",
        "installationId": "catalog-1",
        "installationAppType": "json-catalog",
        "integrationType": "json-catalog",
        "installationType": "OnPrem",
        "version": "0.1.0",
        "changelogDestination": {},
        "config": CONFIG,
        "actionsProcessingEnabled": False,
        "incrementalSyncEnabled": False,
        "createPortResourcesOrigin": "Default",
        "arePortResourcesInitialized": False,
        "resyncState": {},
        "logAttributes": {
            "ingestId": name,
            "ingestUrl": f"http://testserver/v1/ingest/logs/integration/{name}",
        },
        "metricAttributes": {
            "ingestId": name,
            "ingestUrl": f"http://testserver/v1/ingest/metrics/integration/{name}",
        },
        "ingestAttributes": {"ingestUrl": "http://testserver/v1/ingest/lake"},
        "createdAt": "2026-11-21T00:57:00.000Z",
        "updatedAt": "2026-11-21T00:57:00.000Z",
        "createdBy": "writer",
        "updatedBy": "writer",
        **changes,
    }


def test_an_exporter_that_is_not_registered_is_an_object_without_one(port: PortClient) -> None:
    answer = port.get("/integration/catalog-1?oceanCoreVersion=0.55.4&isPolling=false")
    assert answer.status_code == 404
    assert answer.json() == {
        "ok": False,
        "error": "not_found",
        "message": "There is no integration 'catalog-1'.",
    }


def test_a_registered_exporter_is_told_back_whole(port: PortClient, made: dict[str, Any]) -> None:
    assert made == written()
    for query in ("", "?byField=installationId", "?oceanCoreVersion=0.55.4&isPolling=true"):
        answer = port.get(f"/integration/catalog-1{query}")
        assert answer.json() == {"ok": True, "integration": written()}
    assert port.get(f"/integration/{made['_id']}").json() == {"ok": True, "integration": written()}


@pytest.mark.parametrize(
    "config", [{}, [], {"a": None}, [{"kind": "x"}], {"selector": {"deep": [1, 1.5, True, "7"]}}]
)
def test_a_config_is_told_back_as_it_came(port: PortClient, at: Clock, config: object) -> None:
    answer = port.post("/integration", {**NEW, "config": config})
    assert answer.json()["integration"]["config"] == config
    assert port.get("/integration/catalog-1").json()["integration"]["config"] == config


def test_addresses_to_send_to_are_on_the_host_that_was_asked(
    port: PortClient, made: dict[str, Any], settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["portal.example"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    headers = {"host": "portal.example:8443", "x-forwarded-proto": "https"}
    told = port.get("/integration/catalog-1", headers=headers).json()["integration"]
    name = made["_id"]
    assert [
        told["logAttributes"]["ingestUrl"],
        told["metricAttributes"]["ingestUrl"],
        told["ingestAttributes"]["ingestUrl"],
    ] == [
        f"https://portal.example:8443/v1/ingest/logs/integration/{name}",
        f"https://portal.example:8443/v1/ingest/metrics/integration/{name}",
        "https://portal.example:8443/v1/ingest/lake",
    ]


def test_registering_a_second_time_is_a_conflict(port: PortClient, made: dict[str, Any]) -> None:
    answer = port.post("/integration", NEW)
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert Integration.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"installationId": None}, "identifier: give a text"),
        ({"installationId": "a b"}, "identifier: may hold letters, digits and @ _ . + : \\ / = - "),
        ({"installationId": "a" * 201}, "identifier: is too long: at most 200 characters"),
        ({"installationId": "metadata"}, "installationId: 'metadata' is an address of its own"),
        ({"config": 7}, "config: give an object or a list"),
        ({"version": 7}, "version: give a text"),
        ({"version": "a" * 501}, "version: is too long: at most 500 characters"),
        ({"actionsProcessingEnabled": "no"}, "actionsProcessingEnabled: give true or false"),
        ({"changelogDestination": []}, "changelogDestination: give an object"),
    ],
)
def test_what_cannot_be_registered_is_told_with_its_place(
    port: PortClient, changes: dict[str, Any], message: str
) -> None:
    answer = port.post("/integration", {**NEW, **changes})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_request")
    assert answer.json()["message"].startswith(message)
    assert not Integration.objects.exists()


def test_a_change_is_told_back_and_recorded(
    port: PortClient, made: dict[str, Any], at: Clock
) -> None:
    at(10)
    body = {"processingMode": "dsp", "version": "0.2.0", "actionsProcessingEnabled": True}
    body |= {"installationId": "catalog-1", "title": "Catalog", "arePortResourcesInitialized": True}
    answer = port.patch("/integration/catalog-1", {**body, "somethingNew": 1})
    assert answer.json() == {
        "ok": True,
        "integration": written(**body, updatedAt="2026-11-21T00:57:10.000Z"),
    }
    change = Change.objects.filter(kind="integration").latest("id")
    assert (change.identifier, change.actor, change.source) == ("catalog-1", "writer", "wire")
    assert change.before == {
        "has_initialized_resources": False,
        "processes_actions": False,
        "processing_mode": "",
        "title": "",
        "version": "0.1.0",
    }
    assert port.get("/integration/catalog-1/resync-request").json()["request"] is None


def test_a_null_title_clears_it(port: PortClient, made: dict[str, Any]) -> None:
    assert port.patch("/integration/catalog-1", {"title": "x"}).json()["integration"]["title"]
    assert (
        "title" not in port.patch("/integration/catalog-1", {"title": None}).json()["integration"]
    )


def test_what_changes_nothing_writes_nothing(
    port: PortClient, made: dict[str, Any], at: Clock
) -> None:
    changes = Change.objects.count()
    at(10)
    answer = port.patch("/integration/catalog-1", {"version": "0.1.0", "config": CONFIG})
    assert answer.json()["integration"] == written()
    assert Change.objects.count() == changes


def test_an_exporter_is_not_renamed(port: PortClient, made: dict[str, Any]) -> None:
    answer = port.patch("/integration/catalog-1", {"installationId": "other", "version": "9"})
    assert answer.status_code == 422
    assert answer.json()["message"] == (
        "installationId: cannot be changed; this one is 'catalog-1'"
    )
    assert Integration.objects.get().version == "0.1.0"


def test_a_deleted_exporter_is_gone_with_what_it_told(
    port: PortClient, made: dict[str, Any]
) -> None:
    port.put("/integration/catalog-1/cursor?kind=service", {"primary": "2026-01-01"})
    assert port.delete("/integration/catalog-1").json() == {"ok": True}
    assert port.get("/integration/catalog-1").status_code == 404
    assert port.delete("/integration/catalog-1").status_code == 404
    assert not IntegrationCursor.objects.exists()
    assert Change.objects.filter(kind="integration").latest("id").action == "deleted"


def test_a_reader_changes_nothing(
    port: PortClient, reader: PortClient, made: dict[str, Any]
) -> None:
    assert reader.get("/integration/catalog-1").status_code == 200
    for path in ("", "/config", "/resync-state"):
        answer = reader.patch(f"/integration/catalog-1{path}", {"config": {}})
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert reader.delete("/integration/catalog-1").status_code == 403
    assert reader.post("/integration/catalog-1/resync-request").status_code == 403


def test_a_slash_in_an_identifier_stays_in_its_part(port: PortClient, at: Clock) -> None:
    port.post("/integration", {**NEW, "installationId": "team/catalog"})
    answer = port.get("/integration/team%2Fcatalog/resync-request")
    assert answer.json() == {"ok": True, "request": None}


def test_lists_take_as_many_queries_however_long_they_are(
    port: PortClient, made: dict[str, Any], django_assert_num_queries: Any
) -> None:
    for number in range(5):
        port.post("/integration", {**NEW, "installationId": f"more-{number}"})
    port.patch("/integration/more-3", {"actionsProcessingEnabled": True})
    with django_assert_num_queries(2):
        rows = port.get("/integration").json()["integrations"]
    assert [row["identifier"] for row in rows] == ["catalog-1", *(f"more-{n}" for n in range(5))]
    with django_assert_num_queries(2):
        rows = port.get("/integration/metadata").json()["integrations"]
    assert [row["identifier"] for row in rows] == ["catalog-1", *(f"more-{n}" for n in range(5))]
    assert "config" not in rows[0]
    acting = port.get("/integration?actionsProcessingEnabled=true").json()["integrations"]
    assert [row["identifier"] for row in acting] == ["more-3"]


def test_no_type_has_its_resources_made_by_the_server(port: PortClient) -> None:
    answer = port.get("/integration/provision-enabled")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "integrations": []})


RUNNING = {
    "status": "running",
    "lastResyncEnd": None,
    "lastResyncStart": "2026-11-21T00:57:09.123456+00:00",
    "nextResync": None,
    "intervalInMinuets": None,
}


def test_the_state_of_a_resync_is_told_back_with_its_moment(
    port: PortClient, made: dict[str, Any], at: Clock
) -> None:
    at(10)
    answer = port.patch("/integration/catalog-1/resync-state", RUNNING)
    assert answer.json()["integration"] == written(
        resyncState={
            **RUNNING,
            "lastResyncStart": "2026-11-21T00:57:09.123Z",
            "updatedAt": "2026-11-21T00:57:10.000Z",
        },
        # The same moment: older exporters would take a later one for a wish to resync.
        updatedAt="2026-11-21T00:57:10.000Z",
    )
    at(20)
    end = {"status": "completed", "lastResyncEnd": "2026-11-21T00:57:19Z", "intervalInMinuets": 60}
    port.patch("/integration/catalog-1/resync-state", end)
    assert port.get("/integration/catalog-1").json()["integration"]["resyncState"] == {
        "status": "completed",
        "lastResyncStart": "2026-11-21T00:57:09.123Z",
        "lastResyncEnd": "2026-11-21T00:57:19.000Z",
        "nextResync": None,
        "intervalInMinuets": 60,
        "updatedAt": "2026-11-21T00:57:20.000Z",
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"status": "sleeping"}, "status: give one of running, completed, failed, aborted"),
        ({"lastResyncEnd": "today"}, "lastResyncEnd: give an instant such as"),
        ({"intervalInMinuets": -1}, "intervalInMinuets: give a whole number from 0 to"),
    ],
)
def test_a_state_that_cannot_be_is_told_with_its_place(
    port: PortClient, made: dict[str, Any], body: dict[str, Any], message: str
) -> None:
    answer = port.patch("/integration/catalog-1/resync-state", body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(message)
    assert port.get("/integration/catalog-1").json()["integration"] == written()


def _request(port: PortClient) -> dict[str, Any] | None:
    return port.get("/integration/catalog-1/resync-request").json()["request"]


@pytest.mark.parametrize("path", ["resync-request", "resync"])
def test_a_resync_is_asked_for_until_one_begins(
    port: PortClient, made: dict[str, Any], at: Clock, path: str
) -> None:
    assert _request(port) is None
    at(10)
    asked = {"updatedAt": "2026-11-21T00:57:10.000Z", "createdBy": "writer"}
    answer = port.post(f"/integration/catalog-1/{path}")
    assert (answer.json()["ok"], answer.json()["request"]) == (True, asked)
    assert _request(port) == asked
    at(20)
    port.patch("/integration/catalog-1/resync-state", {**RUNNING, "status": "failed"})
    assert _request(port) == asked
    port.patch("/integration/catalog-1/resync-state", RUNNING)
    assert _request(port) is None
    at(30)
    port.post(f"/integration/catalog-1/{path}")
    assert _request(port) == {**asked, "updatedAt": "2026-11-21T00:57:30.000Z"}


@pytest.mark.parametrize(
    ("path", "body", "headers", "is_asked"),
    [
        ("/config", {"config": {"resources": []}}, {}, True),
        ("/config", {"config": CONFIG}, {}, True),
        ("/config", {"config": {"resources": []}}, {"x-skip-resync": "true"}, False),
        ("/config", {"config": {"resources": []}}, {"x-skip-resync": "false"}, True),
        ("", {"config": {"resources": []}}, {}, True),
        ("", {"config": CONFIG}, {}, False),
        ("", {"config": {"resources": []}}, {"x-skip-resync": "true"}, False),
        ("", {"version": "9"}, {}, False),
        ("", {}, {}, True),
    ],
)
def test_another_mapping_asks_for_a_resync(
    port: PortClient,
    made: dict[str, Any],
    path: str,
    body: dict[str, Any],
    headers: dict[str, str],
    is_asked: bool,
) -> None:
    answer = port.patch(f"/integration/catalog-1{path}", body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["integration"]["config"] == body.get("config", CONFIG)
    assert (_request(port) is not None) is is_asked


def test_a_config_has_to_be_sent_to_be_replaced(port: PortClient, made: dict[str, Any]) -> None:
    answer = port.patch("/integration/catalog-1/config", {})
    assert (answer.status_code, answer.json()["message"]) == (
        422,
        "config: is missing; send the mapping",
    )


def test_a_cursor_is_kept_for_each_kind_and_mapping(port: PortClient, made: dict[str, Any]) -> None:
    def cursor(query: str) -> Any:
        return port.get(f"/integration/catalog-1/cursor?{query}").json()["cursor"]

    assert cursor("kind=service&index=0") is None
    one, two = {"primary": "2026-01-01T00:00:00+00:00"}, {"primary": "2026-02-01T00:00:00+00:00"}
    port.put("/integration/catalog-1/cursor?kind=service&index=0", one)
    port.post("/integration/catalog-1/cursor?kind=service&index=1", one)
    port.put("/integration/catalog-1/cursor?kind=service&index=1", two)
    assert cursor("kind=service&index=0") == {**one, "kind": "service", "index": 0}
    assert cursor("kind=service") == {**one, "kind": "service", "index": 0}
    assert cursor("kind=service&index=1") == {**two, "kind": "service", "index": 1}
    assert cursor("kind=team&index=1") is None


@pytest.mark.parametrize("query", ["", "kind=", "kind=%00", "kind=a&index=-1", "kind=a&index=x"])
def test_a_cursor_without_a_place_is_refused(
    port: PortClient, made: dict[str, Any], query: str
) -> None:
    assert port.get(f"/integration/catalog-1/cursor?{query}").status_code == 422
    assert port.put(f"/integration/catalog-1/cursor?{query}", {}).status_code == 422


def test_the_calls_of_a_resync_take_few_queries(
    port: PortClient, made: dict[str, Any], django_assert_num_queries: Any
) -> None:
    # Who it is, and the integration.
    with django_assert_num_queries(2):
        port.get("/integration/catalog-1")
    with django_assert_num_queries(2):
        port.get("/integration/catalog-1/resync-request")
    # And a savepoint, the row once more for this transaction alone, and the write.
    with django_assert_num_queries(6):
        port.patch("/integration/catalog-1/resync-state", RUNNING)
