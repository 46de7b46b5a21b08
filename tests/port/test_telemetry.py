"""What exporters tell about their work: kept within bounds, cheaply, and told back."""

from typing import Any

import pytest

from portal.integrations import telemetry
from portal.integrations.models import Integration, IntegrationLog, Resync, ResyncKind
from tests.port.clients import PortClient


@pytest.fixture
def ingest(port: PortClient) -> dict[str, str]:
    """Register an exporter and return the paths below ``/v1`` that it is told to send to."""
    body = {"installationId": "catalog-1", "installationAppType": "json-catalog"}
    told = port.post("/integration", body).json()["integration"]
    return {
        name: told[f"{name}Attributes"]["ingestUrl"].removeprefix("http://testserver/v1")
        for name in ("log", "metric", "ingest")
    }


def line(message: Any = "Fetched", **changes: Any) -> dict[str, Any]:
    return {
        "message": message,
        "level": "INFO",
        "timestamp": "2026-11-21T00:57:02.505123Z",
        "extra": {"event_id": "e1"},
        **changes,
    }


def logs(port: PortClient, query: str = "") -> dict[str, Any]:
    answer = port.get(f"/integration/catalog-1/logs{query}")
    assert answer.status_code == 200
    return answer.json()


def messages(port: PortClient, query: str = "") -> list[str]:
    return [row["message"] for row in logs(port, query)["logs"]]


def test_log_lines_are_told_back_the_newest_first(port: PortClient, ingest: dict[str, str]) -> None:
    assert port.post(ingest["log"], {"logs": [line("one"), line("two")]}).json() == {"ok": True}
    newest = IntegrationLog.objects.latest("id")
    assert logs(port, "?limit=1") == {
        "ok": True,
        "logs": [
            {
                "_id": str(newest.pk),
                "timestamp": "2026-11-21T00:57:02.505Z",
                "level": "INFO",
                "message": "two",
                "extra": {"event_id": "e1"},
            }
        ],
        "next": str(newest.pk),
    }
    assert messages(port, f"?log_id={newest.pk}") == ["one"]
    assert logs(port)["next"] is None


def test_log_lines_are_chosen_by_level_and_moment(port: PortClient, ingest: dict[str, str]) -> None:
    later = line("later", timestamp="2026-11-22T00:00:00Z")
    port.post(ingest["log"], {"logs": [line("bad", level="ERROR"), line("fine"), later]})
    assert messages(port, "?level=error") == ["bad"]
    assert messages(port, "?timestamp=2026-11-21T12:00:00Z") == ["fine", "bad"]


@pytest.mark.parametrize(
    ("odd", "level", "message", "extra"),
    [
        ({"message": "x", "level": "warn"}, "WARNING", "x", {}),
        ({"message": "x", "level": "SUCCESS"}, "INFO", "x", {}),
        ({"message": "x", "level": 7, "timestamp": "noon"}, "INFO", "x", {}),
        ({"message": {"a": 1}, "level": None, "extra": 3}, "INFO", '{"a": 1}', {}),
        ({}, "INFO", "null", {}),
        ({"message": "x" * 10_001}, "INFO", f"{'x' * 10_000} ... (10,001 characters)", {}),
        ({"message": "x", "extra": {"a": "b" * 9_999}}, "INFO", "x",
         {"left out": "10,008 characters"}),
    ],
)  # fmt: skip
def test_a_line_is_kept_whatever_is_odd_about_it(
    port: PortClient, ingest: dict[str, str], odd: object, level: str, message: str, extra: object
) -> None:
    assert port.post(ingest["log"], {"logs": [odd]}).status_code == 200
    (row,) = logs(port)["logs"]
    assert (row["level"], row["message"], row["extra"]) == (level, message, extra)


def test_only_the_newest_lines_are_kept(
    port: PortClient, ingest: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "KEPT_LINES", 5)
    other = port.post("/integration", {"installationId": "other"}).json()["integration"]
    port.post(other["logAttributes"]["ingestUrl"].partition("/v1")[2], {"logs": [line("kept")]})
    port.post(ingest["log"], {"logs": [line(str(number)) for number in range(4)]})
    assert len(messages(port)) == 4
    port.post(ingest["log"], {"logs": [line(str(number)) for number in range(4, 6)]})
    assert messages(port) == ["5", "4", "3", "2", "1"]
    port.post(ingest["log"], {"logs": [line(str(number)) for number in range(6, 16)]})
    assert messages(port) == ["15", "14", "13", "12", "11"]
    assert IntegrationLog.objects.filter(integration__identifier="other").count() == 1


def test_many_lines_take_as_many_queries_as_one(
    port: PortClient, ingest: dict[str, str], django_assert_num_queries: Any
) -> None:
    # Who it is, the integration; a savepoint, the lines, and whether any are to be let go of.
    with django_assert_num_queries(6):
        port.post(ingest["log"], {"logs": [line()]})
    with django_assert_num_queries(6):
        port.post(ingest["log"], {"logs": [line()] * 100})
    with django_assert_num_queries(7):
        port.post(ingest["log"], {"logs": [line()] * 950})


def progress(kind: str = "service-1", **changes: Any) -> dict[str, Any]:
    return {
        "integrationType": "json-catalog",
        "installationType": "OnPrem",
        "kindIdentifier": kind,
        "kind": kind.rpartition("-")[0] or kind,
        "kindIndex": 1,
        "eventId": "e1",
        "syncState": "syncing",
        "blueprint": "",
        "metrics": {"phase": {"extract": {"object_count_type": {"raw_extracted": 24.0}}}},
        **changes,
    }


def kinds(port: PortClient, query: str = "") -> dict[str, str]:
    body = port.get(f"/integration/catalog-1/syncMetrics{query}").json()
    assert body["count"] == len(body["data"])
    return {row["kindIdentifier"]: row["syncState"] for row in body["data"]}


def test_how_far_a_resync_is_is_told_back(port: PortClient, ingest: dict[str, str]) -> None:
    pending = [progress(kind, syncState="pending") for kind in ("domain-0", "service-1")]
    path = f"{ingest['metric']}/syncMetrics"
    assert port.post(path, {"syncKindsMetrics": pending}).json() == {"ok": True}
    port.post(path, {"syncKindsMetrics": [progress("__runtime__")]})
    done = {"syncKindMetrics": progress("domain-0", syncState="completed", blueprint="jcDomain")}
    assert port.put(f"{path}/resync/e1/kind/domain-0", done).json() == {"ok": True}
    assert kinds(port) == {
        "domain-0": "completed",
        "service-1": "pending",
        "__runtime__": "syncing",
    }
    row = port.get("/integration/catalog-1/syncMetrics?resyncId=e1").json()["data"][0]
    assert row.pop("updatedAt") > "2026"
    assert row == {
        "eventId": "e1",
        "kindIdentifier": "domain-0",
        "kind": "domain",
        "kindIndex": 1,
        "blueprint": "jcDomain",
        "syncState": "completed",
        "metrics": progress()["metrics"],
    }


def test_the_last_word_about_a_kind_in_one_call_holds(
    port: PortClient, ingest: dict[str, str]
) -> None:
    twice = [progress(syncState="syncing"), progress(syncState="completed")]
    port.post(f"{ingest['metric']}/syncMetrics", {"syncKindsMetrics": twice})
    assert kinds(port) == {"service-1": "completed"}


def test_the_state_of_a_resync_is_that_of_its_run(port: PortClient, ingest: dict[str, str]) -> None:
    path = f"{ingest['metric']}/syncMetrics"
    for event, state in (("e1", "completed"), ("e2", "syncing")):
        run = [progress("__runtime__", eventId=event, syncState=state), progress(eventId=event)]
        port.post(path, {"syncKindsMetrics": run})
    port.put(f"{path}/resync/e2/kind/service-1", {"syncKindMetrics": progress(eventId="e2")})
    port.post(f"{ingest['metric']}/heartbeat", {"eventId": "e1"})
    body = port.get("/integration/catalog-1/syncsMetadata").json()
    assert [(row["eventId"], row["syncState"]) for row in body["data"]] == [
        ("e2", "syncing"),
        ("e1", "completed"),
    ]
    assert body["count"] == 2
    assert all(row["updatedAt"] >= row["createdAt"] for row in body["data"])
    assert kinds(port) == {"__runtime__": "syncing", "service-1": "syncing"}
    assert kinds(port, "?resyncId=e1") == {"__runtime__": "completed", "service-1": "syncing"}


def test_a_heartbeat_makes_a_resync_known(port: PortClient, ingest: dict[str, str]) -> None:
    assert port.post(f"{ingest['metric']}/heartbeat", {"eventId": "e9"}).json() == {"ok": True}
    assert Resync.objects.get().event == "e9"


def test_nothing_is_told_of_an_exporter_that_is_not_there(port: PortClient) -> None:
    for path in ("syncMetrics", "syncsMetadata"):
        answer = port.get(f"/integration/nobody/{path}")
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "count": 0, "data": []})
    assert port.get("/integration/nobody/logs").status_code == 404


def test_only_the_newest_resyncs_are_kept(
    port: PortClient, ingest: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "KEPT_RESYNCS", 2)
    for number in range(4):
        body = {"syncKindsMetrics": [progress(eventId=f"e{number}")]}
        port.post(f"{ingest['metric']}/syncMetrics", body)
    assert list(Resync.objects.order_by("id").values_list("event", flat=True)) == ["e2", "e3"]
    assert ResyncKind.objects.count() == 2


def test_many_kinds_take_as_many_queries_as_one(
    port: PortClient, ingest: dict[str, str], django_assert_num_queries: Any
) -> None:
    path = f"{ingest['metric']}/syncMetrics"
    # Who it is, the integration; a savepoint around three: the resync, its kinds, what is old.
    with django_assert_num_queries(7):
        port.post(path, {"syncKindsMetrics": [progress()]})
    with django_assert_num_queries(7):
        many = [progress(f"service-{number}") for number in range(50)]
        port.post(path, {"syncKindsMetrics": many})
    with django_assert_num_queries(7):
        port.put(f"{path}/resync/e1/kind/service-1", {"syncKindMetrics": progress()})
    with django_assert_num_queries(5):
        port.post(f"{ingest['metric']}/heartbeat", {"eventId": "e1"})


def test_a_kind_with_odd_signs_is_the_one_that_the_body_names(
    port: PortClient, ingest: dict[str, str]
) -> None:
    body = {"syncKindMetrics": progress("a b/c+d-0")}
    path = f"{ingest['metric']}/syncMetrics/resync/e1/kind/a+b%2Fc%2Bd-0"
    assert port.put(path, body).status_code == 200
    assert kinds(port) == {"a b/c+d-0": "syncing"}
    del body["syncKindMetrics"]["kindIdentifier"], body["syncKindMetrics"]["eventId"]
    port.put(path.replace("e1", "e2"), body)
    assert kinds(port) == {"a+b/c+d-0": "syncing"}


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/syncMetrics", {}, "syncKindsMetrics: give a list"),
        ("/syncMetrics", {"syncKindsMetrics": [7]}, "syncKindsMetrics[0]: give an object"),
        ("/syncMetrics", {"syncKindsMetrics": [{"eventId": "e"}]},
         "syncKindsMetrics[0].kindIdentifier: is missing"),
        ("/syncMetrics", {"syncKindsMetrics": [progress(eventId="")]},
         "syncKindsMetrics[0].eventId: give a text"),
        ("/syncMetrics", {"syncKindsMetrics": [progress(kindIndex=-1)]},
         "syncKindsMetrics[0].kindIndex: give a whole number from 0 to 2,147,483,647"),
        ("/heartbeat", {}, "eventId: is missing"),
        ("/heartbeat", {"eventId": "e" * 201}, "eventId: is too long: at most 200 characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_told_with_its_place(
    port: PortClient, ingest: dict[str, str], path: str, body: dict[str, Any], message: str
) -> None:
    answer = port.post(f"{ingest['metric']}{path}", body)
    assert (answer.status_code, answer.json()["message"]) == (422, message)
    assert not Resync.objects.exists()


def test_the_newest_examples_of_a_kind_are_kept(port: PortClient, ingest: dict[str, str]) -> None:
    path = "/integration/catalog-1/kinds/my+kind/examples"
    assert port.post(path, {"examples": [{"n": number} for number in range(4)]}).status_code == 201
    port.post(path, {"examples": [{"n": 4}, {"n": 5}]})
    port.post("/integration/catalog-1/kinds/apps%2Fv1/examples", {"examples": [{"n": 9}]})
    body = port.get("/integration/catalog-1/kinds").json()
    assert {
        kind: [example["data"]["n"] for example in found["examples"]]
        for kind, found in body["data"].items()
    } == {"apps/v1": [9], "my kind": [5, 4, 3, 2, 1]}
    examples = port.get("/integration/catalog-1/kinds/my%20kind/examples").json()["examples"]
    assert [example["data"]["n"] for example in examples] == [5, 4, 3, 2, 1]
    assert set(examples[0]) == {"_id", "data", "createdAt"}


def test_examples_take_few_queries(
    port: PortClient, ingest: dict[str, str], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(6):
        body = {"examples": [{"n": number} for number in range(5)]}
        port.post("/integration/catalog-1/kinds/service/examples", body)


def test_raw_data_is_refused_in_words(port: PortClient, ingest: dict[str, str]) -> None:
    path = f"{ingest['ingest']}/lake/write/integration-type/x/integration/catalog-1/sync/s/kind/k"
    answer = port.post(path, {"kind": "k", "data": []})
    assert (answer.status_code, answer.json()) == (
        404,
        {
            "ok": False,
            "error": "not_found",
            "message": "This server keeps no raw data; map it on your side and write the entities.",
        },
    )


def test_strangers_and_readers_send_nothing(
    stranger: PortClient, reader: PortClient, ingest: dict[str, str]
) -> None:
    body = {"logs": [line()], "eventId": "e", "syncKindsMetrics": []}
    for path in (ingest["log"], f"{ingest['metric']}/syncMetrics", f"{ingest['metric']}/heartbeat"):
        assert stranger.post(path, body).status_code == 401
        assert reader.post(path, body).status_code == 403
    assert stranger.get(ingest["ingest"]).status_code == 401
    assert not IntegrationLog.objects.exists()
    assert not Resync.objects.exists()


def test_what_is_sent_does_not_count_as_a_change_of_the_integration(
    port: PortClient, ingest: dict[str, str]
) -> None:
    before = Integration.objects.values().get()
    port.post(ingest["log"], {"logs": [line()]})
    port.post(f"{ingest['metric']}/syncMetrics", {"syncKindsMetrics": [progress()]})
    port.post("/integration/catalog-1/kinds/service/examples", {"examples": [{"n": 1}]})
    assert Integration.objects.values().get() == before
