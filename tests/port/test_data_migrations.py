"""Work on all entities of a blueprint: begun, told, cancelled, and done in pieces."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.models import Blueprint, Change, Entity
from portal.integrations.models import DataMigration
from portal.integrations.port import data_migrations
from tests.builders import NOW, make_blueprint, make_entity, make_scorecard, make_team
from tests.port.clients import PortClient


@pytest.fixture(autouse=True)
def model(db: None) -> None:
    make_blueprint("app", relations={"parent": {"target": "app", "required": False}})
    for name in "abcde":
        make_entity(name, blueprint="app")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take two entities at a time."""
    monkeypatch.setattr(data_migrations, "CHUNK", 2)


def _begin(port: PortClient, query: str = "") -> DataMigration:
    """Ask for a deletion; the task that is sent after commit does not run in a test."""
    answer = port.delete(f"/blueprints/app/all-entities{query}")
    assert answer.status_code == 200
    assert set(answer.json()) == {"ok", "migrationId"}
    return DataMigration.objects.get(identifier=answer.json()["migrationId"])


def _run(row: DataMigration) -> DataMigration:
    data_migrations.run(migration_id=row.pk, clock=lambda: NOW)
    row.refresh_from_db()
    return row


def test_a_deletion_waits_as_a_row(port: PortClient) -> None:
    row = _begin(port)
    assert Entity.objects.filter(blueprint__identifier="app").count() == 5
    shown = port.get(f"/migrations/{row.identifier}").json()["migration"]
    stamps = {shown.pop("createdAt"), shown.pop("updatedAt")}
    assert len(stamps) == 1
    assert shown == {
        "id": row.identifier,
        "actor": "writer",
        "sourceBlueprint": "app",
        "mapping": {},
        "deleteBlueprint": False,
        "status": "PENDING",
        "entitiesCount": 5,
        "doneCount": 0,
        "failureCount": 0,
        "failures": [],
    }


def test_the_task_is_sent_once_the_row_is_there(
    port: PortClient, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = _begin(port, "?delete_blueprint=true")
    row.refresh_from_db()
    assert (row.status, row.done_count) == ("COMPLETED", 5)
    assert not Blueprint.objects.filter(identifier="app").exists()


def test_entities_go_in_pieces_and_the_blueprint_stays(port: PortClient, small: None) -> None:
    row = _begin(port, "?delete_blueprint=false&run_id=")
    make_entity("late", blueprint="app")
    row = _run(row)
    assert (row.status, row.total_count, row.done_count) == ("COMPLETED", 5, 5)
    assert [entity.identifier for entity in Entity.objects.filter(blueprint__identifier="app")] == [
        "late"
    ]
    change = Change.objects.filter(kind="entity", identifier="a").order_by("-id").first()
    assert (change.action, change.actor, change.source) == ("deleted", "writer", "wire")


def test_doing_it_again_does_nothing(port: PortClient) -> None:
    row = _run(_begin(port))
    make_entity("a", blueprint="app")
    row = _run(row)
    assert row.done_count == 5
    assert Entity.objects.filter(identifier="a").exists()


def test_what_a_dead_worker_left_is_done(port: PortClient, small: None) -> None:
    row = _begin(port)
    assert data_migrations._advance(row.pk, now=NOW)
    row.refresh_from_db()
    assert (row.status, row.done_count) == ("RUNNING", 2)
    assert data_migrations.resume_left(now=NOW + timedelta(minutes=4)) == 0
    assert data_migrations.resume_left(now=NOW + timedelta(minutes=6)) == 1
    assert _run(row).status == "COMPLETED"
    assert data_migrations.resume_left(now=NOW + timedelta(minutes=60)) == 0


def test_a_cancelled_migration_stops_between_pieces(port: PortClient, small: None) -> None:
    row = _begin(port, "?delete_blueprint=true")
    data_migrations._advance(row.pk, now=NOW)
    answer = port.post(f"/migrations/{row.identifier}/cancel")
    assert answer.json()["migration"]["status"] == "CANCELLED"
    row = _run(row)
    assert (row.status, row.done_count) == ("CANCELLED", 2)
    assert Entity.objects.filter(blueprint__identifier="app").count() == 3
    again = port.post(f"/migrations/{row.identifier}/cancel")
    assert (again.status_code, again.json()["message"]) == (
        409,
        "The migration is at an end already: CANCELLED.",
    )


def test_entities_that_require_each_other_go_together(port: PortClient, small: None) -> None:
    Entity.objects.all().delete()
    make_blueprint("app", relations={"parent": {"target": "app"}})
    make_entity("a", blueprint="app")
    for name, parent in ["ba", "cb", "da"]:
        make_entity(name, blueprint="app", relations={"parent": parent})
    make_blueprint("app", relations={"parent": {"target": "app", "required": True}})
    row = _run(_begin(port))
    assert (row.status, row.done_count) == ("COMPLETED", 4)


def test_what_others_require_stays_and_the_row_says_why(port: PortClient) -> None:
    make_blueprint("job", relations={"app": {"target": "app", "required": True}})
    make_entity("j", blueprint="job", relations={"app": "c"})
    row = _run(_begin(port))
    shown = port.get(f"/migrations/{row.identifier}").json()["migration"]
    assert (shown["status"], shown["message"]) == (
        "FAILURE",
        "still required by job/j; delete it first, or point it elsewhere",
    )
    assert Entity.objects.filter(blueprint__identifier="app").count() == 5


@pytest.mark.parametrize("holder", ["relation", "scorecard", "system"])
def test_a_blueprint_that_is_needed_is_refused_before_any_entity_goes(
    port: PortClient, holder: str
) -> None:
    name = "app"
    if holder == "relation":
        make_blueprint("job", relations={"app": {"target": "app"}})
    elif holder == "scorecard":
        make_scorecard(blueprints=["app"], rules=[])
    else:
        name = "_team"
    answer = port.delete(f"/blueprints/{name}/all-entities?delete_blueprint=true")
    assert answer.status_code == 409
    assert answer.json()["error"] == ("conflict" if holder == "system" else "has_dependents")
    assert not DataMigration.objects.exists()
    assert Entity.objects.filter(blueprint__identifier="app").count() == 5


def test_a_blueprint_that_came_to_be_needed_meanwhile_stays(port: PortClient) -> None:
    row = _begin(port, "?delete_blueprint=true")
    make_blueprint("job", relations={"app": {"target": "app"}})
    row = _run(row)
    assert (row.status, row.done_count) == ("FAILURE", 5)
    assert row.message == "still the target of job; edit them first"
    assert Blueprint.objects.filter(identifier="app").exists()


def test_a_blueprint_that_is_gone_has_nothing_left_to_delete(port: PortClient) -> None:
    row = _begin(port)
    Blueprint.objects.get(identifier="app").delete()
    assert _run(row).status == "COMPLETED"


def test_the_work_follows_a_blueprint_that_is_renamed(port: PortClient) -> None:
    row = _begin(port)
    port.patch("/blueprints/app", {"identifier": "tool"})
    row = _run(row)
    assert (row.status, row.source_blueprint, row.done_count) == ("COMPLETED", "tool", 5)
    assert not Entity.objects.filter(blueprint__identifier="tool").exists()


# Mapping.

MAPPING = {
    "blueprint": "job",
    "filter": '.identifier != "c"',
    "entity": {
        "identifier": '"job-" + .identifier',
        "title": ".title | ascii_upcase",
        "icon": ".icon",
        "team": ".team",
        "properties": {"rank": ".properties.tier", "named": {"by": ".createdBy"}},
        "relations": {"app": ".identifier"},
    },
}


@pytest.fixture
def job(db: None) -> None:
    """Make what the entities are mapped to."""
    properties = {"rank": {"type": "number"}, "named": {"type": "object"}}
    relations = {"app": {"target": "app"}}
    make_blueprint("job", schema={"properties": properties}, relations=relations)


def _map(port: PortClient, mapping: Any) -> DataMigration:
    answer = port.post("/migrations", {"sourceBlueprint": "app", "mapping": mapping})
    assert answer.status_code == 201, answer.json()
    assert answer.json()["migration"]["mapping"] == mapping
    return DataMigration.objects.get(identifier=answer.json()["migrationId"])


def test_entities_are_mapped_to_another_blueprint(port: PortClient, job: None, small: None) -> None:
    make_team("core")
    make_entity("a", blueprint="app", properties={"tier": 3}, team="core")
    make_entity("job-a", blueprint="job", properties={"named": {"by": "x"}})
    row = _run(_map(port, MAPPING))
    assert (row.status, row.done_count, row.failure_count, row.failures) == ("COMPLETED", 5, 0, [])
    made = Entity.objects.filter(blueprint__identifier="job").order_by("identifier")
    assert [entity.identifier for entity in made] == ["job-a", "job-b", "job-d", "job-e"]
    first = made[0]
    assert (first.title, first.team, first.facts["relation#app"]) == ("A", ["core"], "a")
    assert first.properties == {"rank": 3, "named": {"by": "tester"}}
    assert first.updated_by == "writer"
    assert Entity.objects.filter(blueprint__identifier="app").count() == 5


def test_mapping_again_changes_nothing(port: PortClient, job: None) -> None:
    _run(_map(port, MAPPING))
    before = list(Entity.objects.order_by("id").values())
    _run(_map(port, MAPPING))
    assert list(Entity.objects.order_by("id").values()) == before


def test_one_entity_may_become_many(port: PortClient, job: None) -> None:
    entity = {"identifier": '.identifier + "-" + (.item | tostring)'}
    row = _run(_map(port, {"blueprint": "job", "itemsToParse": "[1, 2]", "entity": entity}))
    assert (row.status, row.done_count) == ("COMPLETED", 5)
    assert Entity.objects.filter(blueprint__identifier="job").count() == 10


def test_what_cannot_be_made_is_told_and_the_rest_is_made(port: PortClient, job: None) -> None:
    entity = {
        "identifier": 'if .identifier == "b" then null else .identifier end',
        "properties": {
            "rank": 'if .identifier == "c" then error("no rank") '
            'elif .identifier == "d" then "high" else 1 end'
        },
        "relations": {"app": 'if .identifier == "e" then "nobody" else .identifier end'},
    }
    mapping = {"blueprint": "job", "entity": entity, "filter": "true"}
    row = _run(_map(port, mapping))
    assert (row.status, row.done_count, row.failure_count) == ("COMPLETED", 5, 4)
    told = {item["identifier"]: item["message"] for item in row.failures}
    assert told["b"] == "entity.identifier: the program must return a text"
    assert told["c"].startswith("entity.properties.rank: ")
    assert "no rank" in told["c"]
    assert told["d"].startswith("entity.properties.rank: ")
    assert told["e"].startswith("entity.relations.app: ")
    made = Entity.objects.filter(blueprint__identifier="job").order_by("identifier")
    # One bad value does not take the others along.
    assert [(entity.identifier, entity.properties) for entity in made] == [
        ("a", {"rank": 1}),
        ("c", {}),
    ]


def test_entities_are_found_by_a_search(port: PortClient, job: None) -> None:
    search = {
        "combinator": "and",
        "rules": [{"property": "$title", "operator": '"="', "value": ".title"}],
    }
    entity = {"identifier": ".identifier", "relations": {"app": search}}
    row = _run(_map(port, {"blueprint": "job", "entity": entity}))
    assert row.failures == []
    made = Entity.objects.get(blueprint__identifier="job", identifier="a")
    assert made.facts["relation#app"] == "a"


def test_entities_may_be_mapped_within_their_blueprint(port: PortClient) -> None:
    entity = {"identifier": '.identifier + "2"', "properties": {"tier": "2"}}
    row = _run(_map(port, {"blueprint": "app", "entity": entity}))
    assert row.done_count == 5
    assert Entity.objects.filter(blueprint__identifier="app").count() == 10


def test_a_target_that_is_gone_ends_the_work(port: PortClient, job: None) -> None:
    row = _map(port, MAPPING)
    Blueprint.objects.get(identifier="job").delete()
    row = _run(row)
    assert (row.status, row.message) == ("FAILURE", "there is no blueprint 'job' any more")


@pytest.mark.parametrize(
    ("mapping", "path"),
    [
        (None, "mapping"),
        ("x", "mapping"),
        ({**MAPPING, "blueprint": "nothing"}, "mapping.blueprint"),
        ({**MAPPING, "blueprint": ["job"]}, "mapping.blueprint"),
        ({**MAPPING, "entity": {}}, "mapping.entity.identifier"),
        ({**MAPPING, "entity": {"identifier": ".x", "properties": 7}}, "mapping.entity.properties"),
        ({**MAPPING, "filter": 7}, "mapping.filter"),
        ({**MAPPING, "filter": "("}, "mapping.filter"),
        ({**MAPPING, "operation": "delete"}, "mapping.operation"),
        ({**MAPPING, "entity": {"identifier": ".x", "properties": dict.fromkeys(
            map(str, range(501)), "1")}}, "mapping.entity"),
        ({**MAPPING, "itemsToParse": "{"}, "mapping.itemsToParse"),
        ({**MAPPING, "entity": {"identifier": ".x", "properties": {"a": ["("]}}},
         "mapping.entity.properties.a[0]"),
        ({**MAPPING, "entity": {"identifier": 'import "x" as x; .'}}, "mapping.entity.identifier"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_is_refused(
    port: PortClient, job: None, mapping: Any, path: str
) -> None:
    answer = port.post("/migrations", {"sourceBlueprint": "app", "mapping": mapping})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{path}: ")
    assert not DataMigration.objects.exists()


def test_a_source_that_is_not_there_is_refused(port: PortClient, job: None) -> None:
    for source, status in [("nothing", 404), (7, 422), (None, 422)]:
        answer = port.post("/migrations", {"sourceBlueprint": source, "mapping": MAPPING})
        assert answer.status_code == status


def test_no_program_runs_in_this_process(port: PortClient, job: None) -> None:
    entity = {"identifier": "[range(1e9)] | length | tostring"}
    row = _run(_map(port, {"blueprint": "job", "entity": entity}))
    assert (row.status, row.done_count, row.failure_count) == ("COMPLETED", 5, 5)
    assert not Entity.objects.filter(blueprint__identifier="job").exists()


def test_migrations_are_listed_and_found(port: PortClient) -> None:
    make_blueprint("job")
    first, second = _run(_begin(port)), _begin(port)
    port.delete("/blueprints/job/all-entities")
    shown = port.get("/migrations").json()["migrations"]
    assert [item["sourceBlueprint"] for item in shown] == ["job", "app", "app"]
    for query, wanted in [
        ("status=COMPLETED", [first]),
        ("blueprint=app", [second, first]),
        ("blueprint=app&status=PENDING", [second]),
        ("actor=nobody", []),
        ("status=nonsense", []),
    ]:
        shown = port.get(f"/migrations?{query}").json()["migrations"]
        assert [item["id"] for item in shown] == [row.identifier for row in wanted]


def test_what_is_not_there_is_not_found(port: PortClient) -> None:
    assert port.get("/migrations/no").status_code == 404
    assert port.post("/migrations/no/cancel").status_code == 404
    assert port.delete("/blueprints/no/all-entities").status_code == 404


def test_a_credential_that_reads_deletes_and_cancels_nothing(
    port: PortClient, reader: PortClient
) -> None:
    row = _begin(port)
    assert reader.get(f"/migrations/{row.identifier}").status_code == 200
    assert reader.delete("/blueprints/app/all-entities").status_code == 403
    assert reader.post(f"/migrations/{row.identifier}/cancel").status_code == 403


@pytest.mark.parametrize("value", ["%00", "%ff", "x" * 300, "%ed%a0%80"])
def test_a_hostile_filter_finds_nothing(port: PortClient, value: str) -> None:
    for name in ("status", "actor", "blueprint"):
        assert port.get(f"/migrations?{name}={value}").status_code < 500
