"""The audit log over the wire, and what a credential may do."""

from datetime import datetime, timedelta

import pytest

from catalog.models import Change
from catalog.operations import history
from portal.permissions import Actor
from tests.builders import NOW, make_blueprint, make_entity
from tests.port.test_actions import automation, document

pytestmark = pytest.mark.django_db


def log(port, query=""):
    answer = port.get(f"/audit-log{query}")
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    return answer.json()["audits"]


def named(port, query):
    return [(next(iter(entry["context"].values())), entry["action"]) for entry in log(port, query)]


def change(identifier, *, kind="scorecard", at=NOW, source="test", before=None, after=None):
    row = history.change(
        kind=kind,
        identifier=identifier,
        before=before or {},
        after={"title": "x"} if after is None else after,
        by=Actor(label="ann", source=source),
        now=at,
    )
    row.save()
    return row


@pytest.fixture
def service(db):
    """Return nothing, with the history of a service: made, changed, deleted."""
    Change.objects.all().delete()
    make_blueprint(relations={"needs": {"target": "service", "many": True}})
    make_entity("db", now=NOW + timedelta(minutes=1))
    make_entity("api", title="API", properties={"tier": 1}, now=NOW + timedelta(minutes=2))
    make_entity(
        "api", title="Api", properties={"tier": 2}, relations={"needs": ["db"]},
        now=NOW + timedelta(minutes=3),
    )  # fmt: skip


def test_an_entry_tells_who_did_what_where_and_what_differed(port, service):
    entry = log(port, "?entity=api&limit=1")[0]
    assert entry == {
        "identifier": str(Change.objects.latest("id").pk),
        "action": "UPDATE",
        "resourceType": "entity",
        "status": "SUCCESS",
        "trigger": {
            "by": {"userId": "tester"}, "origin": "TEST", "at": "2026-06-01T12:03:00.000Z"
        },
        "context": {"entity": "api", "blueprint": "service"},
        "diff": {
            "before": {
                "identifier": "api", "blueprint": "service", "title": "API",
                "properties": {"tier": 1}, "relations": {"needs": []},
            },
            "after": {
                "identifier": "api", "blueprint": "service", "title": "Api",
                "properties": {"tier": 2}, "relations": {"needs": ["db"]},
            },
        },
        "additionalData": {},
        "message": "",
    }  # fmt: skip


def test_what_was_not_there_is_null_and_other_things_are_as_they_are_kept(port, service):
    made = log(port, "?entity=db")[0]
    assert (made["action"], made["diff"]["before"]) == ("CREATE", None)
    change("old", before={"title": "Old"}, after={}, at=NOW + timedelta(hours=1))
    gone = log(port)[0]
    assert (gone["action"], gone["context"], gone["resourceType"], gone["diff"]) == (
        "DELETE", {"scorecard": "old"}, "scorecard", {"before": {"title": "Old"}, "after": None}
    )  # fmt: skip


def test_entries_come_newest_first_and_as_many_as_are_asked_for(port, service):
    newest = [("api", "UPDATE"), ("api", "CREATE"), ("db", "CREATE"), ("service", "CREATE")]
    assert named(port, "") == newest
    for number in range(120):
        change(f"card-{number}")
    assert len(log(port)) == 100
    assert len(log(port, "?limit=110")) == 110


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("entity=api", ["api", "api"]),
        ("entity=api&action=create", ["api"]),
        ("entity=none", []),
        ("blueprint=service", ["api", "api", "db", "service"]),
        ("blueprint=service&entity=db", ["db"]),
        ("resources=blueprint", ["service"]),
        ("resources=blueprint&resources=entity&entity=db", ["db"]),
        ("resources=entity,blueprint&action=CREATE", ["api", "db", "service"]),
        ("from=2026-06-01T12:02:00Z&to=2026-06-01T12:02:30Z", ["api"]),
        ("from=2026-06-01T14:02:00%2B02:00&to=2026-06-01T14:02:00+02:00", ["api"]),
        ("to=2026-06-01T12:01:00", ["db", "service"]),
        ("origin=test&entity=db", ["db"]),
        ("origin=UI", []),
        ("entity=db&status=SUCCESS", ["db"]),
        ("entity=db&status=FAILURE", []),
        ("entity=db&InstallationId=mine", []),
        ("entity=db&webhookId=", ["db"]),
        ("entity=db&include_deleted_entities=true&unheard_of=1", ["db"]),
        ("identifier=x", []),
        ("identifier=99999999999999999999999999", []),
        ("entity=a%00b", []),
        ("resources=a%00b", []),
    ],
)
def test_entries_fit_all_that_is_asked(port, service, query, wanted):
    assert [name for name, _action in named(port, f"?{query}")] == wanted


def test_one_entry_is_found_by_its_identifier(port, service):
    row = Change.objects.get(identifier="db")
    assert named(port, f"?identifier={row.pk}") == [("db", "CREATE")]


def test_doors_are_called_as_clients_know_them(port):
    for source in ("page", "admin", "api", "command"):
        change(source, source=source)
    assert {name for name, _ in named(port, "?origin=ui")} == {"page", "admin"}
    assert {name for name, _ in named(port, "?origin=API,COMMAND")} == {"api", "command"}


def test_an_entry_is_found_up_to_the_moment_that_it_shows(port):
    change("exact", at=datetime.fromisoformat("2026-06-01T12:00:00.123456+00:00"))
    shown = log(port, "?entity=&resources=scorecard")[0]["trigger"]["at"]
    assert shown == "2026-06-01T12:00:00.123Z"
    assert named(port, f"?to={shown}&resources=scorecard") == [("exact", "CREATE")]
    assert named(port, "?to=2026-06-01T12:00:00.122Z&resources=scorecard") == []


def test_only_the_parts_that_are_asked_for_are_shown(port, service):
    assert log(port, "?entity=db&includes=context&includes=status") == [
        {"status": "SUCCESS", "context": {"entity": "db", "blueprint": "service"}}
    ]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=²", "limit"),
        ("limit=-1", "limit"),
        ("action=RENAME", "action"),
        ("from=yesterday", "from"),
        ("to=0001-01-01T00:00:00%2B14:00", "to"),
        ("to=a%00b", "to"),
    ],
)
def test_what_cannot_be_asked_is_told(port, query, path):
    answer = port.get(f"/audit-log?{query}")
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{path}: give")


def test_what_a_run_wrote_is_found_by_it(port):
    make_blueprint()
    body = {"identifier": "api", "properties": {}}
    path = "/blueprints/service/entities?upsert=true&merge=true"
    assert port.post(f"{path}&run_id=r_7", body).status_code == 201
    assert port.post(path, {**body, "title": "Other"}).status_code == 201
    assert log(port, "?resources=entity&run_id=r_7&includes=context") == [
        {"context": {"entity": "api", "blueprint": "service", "runId": "r_7"}}
    ]
    assert port.post(f"{path}&run_id=", {**body, "title": "Third"}).status_code == 201
    assert port.post(f"{path}&run_id=%00{'x' * 200}", {**body, "title": "4"}).status_code == 201
    assert list(Change.objects.filter(kind="entity").order_by("id").values_list("run")) == [
        ("r_7",), (None,), (None,), (f"\ufffd{'x' * 99}",)
    ]  # fmt: skip


def test_the_log_costs_two_queries_however_long_it_is(port, django_assert_num_queries):
    port.get("/audit-log")
    for count in (1, 200):
        for number in range(count):
            change(f"card-{count}-{number}")
        with django_assert_num_queries(2):
            port.get("/audit-log?limit=1000&blueprint=service&entity=api")
        with django_assert_num_queries(2):
            port.get("/audit-log?limit=1000")


def test_who_reads_may_read_the_log(reader, stranger):
    change("card", at=NOW)
    assert ("card", "CREATE") in named(reader, "")
    assert stranger.get("/audit-log").status_code == 401


def test_permissions_say_what_the_credential_may_do(port, reader):
    may_read = [
        f"read:{things}"
        for things in (
            "actions", "blueprints", "entities", "pages", "scorecards", "teams", "users"
        )
    ]  # fmt: skip
    answer = reader.get("/auth/permissions?action_version=v2")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "permissions": may_read})
    whole = port.get("/auth/permissions").json()["permissions"]
    assert {*may_read, "create:entities", "delete:pages", "update:teams"} < set(whole)
    assert len(whole) == 4 * len(may_read)


def test_actions_that_the_credential_may_run_are_among_its_permissions(
    port, reader, django_assert_num_queries
):
    for sent in (document("deploy"), document("a/b"), automation("tell")):
        assert port.post("/actions", sent).status_code == 201
    with django_assert_num_queries(2):
        found = port.get("/auth/permissions?action_version=v2").json()["permissions"]
    assert [name for name in found if name.startswith("execute:")] == [
        "execute:actions:a/b", "execute:actions:deploy"
    ]  # fmt: skip
    found = reader.get("/auth/permissions").json()["permissions"]
    assert [name for name in found if name.startswith("execute:")] == []
