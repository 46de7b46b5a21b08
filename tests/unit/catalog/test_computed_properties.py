"""Computed properties follow every write that can move them, and only those."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import operations
from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft, refresh_clock_values
from tests.builders import (
    NOW,
    TESTER,
    blueprint_document,
    make_blueprint,
    make_entity,
    make_team,
)

pytestmark = pytest.mark.django_db

WEEK = timedelta(weeks=1)


def spec(func: str, **more) -> dict:
    by = "property" if "property" in more else "entities"
    return {"func": func, "calculationBy": by, **more}


@pytest.fixture
def model():
    """Make teams, services and deployments: every kind of computed property along them."""
    number = {"type": "number"}
    make_blueprint("service")
    make_blueprint(
        "deployment",
        ownership={"type": "Inherited", "path": "service"},
        schema={
            "properties": {
                "at": {"type": "string", "format": "date-time"},
                "ok": {"type": "boolean"},
                "hours": number,
            },
            "required": [],
        },
        relations={"service": {"target": "service"}},
        mirror_properties={"language": {"path": "service.language"}},
    )
    succeeded = {
        "combinator": "and",
        "rules": [{"property": "ok", "operator": "=", "value": True}],
    }
    aggregations = {
        "deploys": {"target": "deployment", "query": succeeded, "calculationSpec": spec("count")},
        "per_week": {
            "target": "deployment",
            "calculationSpec": spec("average", averageOf="week", measureTimeBy="at"),
        },
        **{
            func: {"target": "deployment", "calculationSpec": spec(func, property="hours")}
            for func in ("sum", "min", "max", "median")
        },
        "mean": {
            "target": "deployment",
            "calculationSpec": spec("average", property="hours", averageOf="total"),
        },
    }
    service = blueprint_document(
        "service",
        relations={"parent": {"target": "service"}},
        mirror_properties={"parent_tier": {"path": "parent.tier"}},
        calculation_properties={
            "score": {**number, "calculation": "(.properties.deploys // 0) * 10"},
            "better": {**number, "calculation": ".properties.score + 1"},
        },
        aggregation_properties=aggregations,
    )
    make_blueprint(**service)
    make_blueprint(
        "_team",
        title="Team",
        ownership=None,
        schema={"properties": {}, "required": []},
        aggregation_properties={
            "deploys": {
                "target": "deployment",
                "query": succeeded,
                "calculationSpec": spec("count"),
            }
        },
    )
    make_team("core")
    make_team("edge")
    make_entity("pay", properties={"tier": 1, "language": "Go"}, team="core")


def deploy(identifier: str, *, service: str | None = "pay", **properties) -> Entity:
    return make_entity(
        identifier,
        blueprint="deployment",
        properties={"ok": True, **properties},
        relations={"service": service},
    )


def computed(identifier: str) -> dict:
    return Entity.objects.get(identifier=identifier).computed


def test_without_events_counts_are_zero_and_means_are_null(model):
    assert computed("pay") == {
        "deploys": 0,
        "per_week": 0,
        "sum": 0,
        "min": None,
        "max": None,
        "median": None,
        "mean": None,
        "parent_tier": None,
        "score": 0,
        "better": 1,
    }


def test_functions_over_events(model):
    deploy("d1", hours=1, at=(NOW - 2 * WEEK).isoformat())
    deploy("d2", hours=2, at=(NOW - WEEK).isoformat())
    deploy("d3", hours=6, ok=False)
    deploy("d4", at=NOW.isoformat())
    values = computed("pay")
    assert {key: values[key] for key in ("deploys", "sum", "min", "max", "median", "mean")} == {
        "deploys": 3,
        "sum": 9,
        "min": 1,
        "max": 6,
        "median": 2,
        "mean": 3,
    }
    # Four deployments over the two weeks since the first.
    assert values["per_week"] == 2


def test_a_chain_of_values_follows_one_event(model):
    deploy("d1")
    assert (computed("pay")["score"], computed("pay")["better"]) == (10, 11)
    assert computed("core")["deploys"] == 1


def test_an_event_that_stops_matching_is_taken_back(model):
    deploy("d1")
    deploy("d1", ok=False)
    assert (computed("pay")["deploys"], computed("core")["deploys"]) == (0, 0)


def test_an_event_that_moves_is_counted_where_it_went(model):
    make_entity("shop", team="edge")
    deploy("d1")
    deploy("d1", service="shop")
    assert [computed(name)["deploys"] for name in ("pay", "shop", "core", "edge")] == [0, 1, 0, 1]


def test_a_service_that_changes_hands_takes_its_events_along(model):
    deploy("d1")
    make_entity("pay", team="edge")
    assert [computed(name)["deploys"] for name in ("core", "edge")] == [0, 1]
    assert Entity.objects.get(identifier="d1").team == ["edge"]


def test_a_deleted_event_is_no_longer_counted(model):
    deploy("d1")
    deploy("d2")
    Entity.objects.get(identifier="d1").delete()
    assert (computed("pay")["deploys"], computed("core")["deploys"]) == (1, 1)


def test_inherited_ownership_is_read_along_the_path(model):
    assert deploy("d1").team == ["core"]
    assert deploy("d2", service=None).team == []


def test_mirrors_follow_their_source(model):
    make_entity("shop", relations={"parent": "pay"})
    deploy("d1")
    make_entity("pay", properties={"tier": 3, "language": "Rust"})
    assert computed("shop")["parent_tier"] == 3
    assert computed("d1")["language"] == "Rust"


def test_plain_saves_move_dependents_too(model):
    deploy("d1")
    service = Entity.objects.get(identifier="pay")
    service.properties["language"] = "Zig"
    service.save()
    assert computed("d1")["language"] == "Zig"


def test_a_value_per_interval_sinks_as_time_passes(model):
    deploy("d1", at=(NOW - WEEK).isoformat())
    assert computed("pay")["per_week"] == 1
    refresh_clock_values(now=NOW + 3 * WEEK)
    assert computed("pay")["per_week"] == 0.25


def test_a_failing_program_leaves_null_and_a_problem_that_goes_away(model):
    make_blueprint(
        "job",
        ownership=None,
        schema={"properties": {"name": {"type": "string"}}, "required": []},
        calculation_properties={
            "half": {"type": "number", "calculation": ".properties.name | tonumber / 2"}
        },
    )
    job = make_entity("nightly", blueprint="job", properties={"name": "x"})
    assert job.computed == {"half": None}
    assert [problem["property"] for problem in job.problems] == ["half"]
    job = make_entity("nightly", blueprint="job", properties={"name": "8"})
    assert (job.computed, job.problems) == ({"half": 4}, [])


def test_many_events_in_one_batch_refresh_their_service_once(model):
    def load(prefix: str, count: int) -> int:
        drafts = [
            EntityDraft(f"{prefix}{index}", properties={"ok": True}, relations={"service": "pay"})
            for index in range(count)
        ]
        blueprint = Blueprint.objects.get(identifier="deployment")
        with CaptureQueriesContext(connection) as queries:
            operations.upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=NOW)
        # Inserts come in as many statements as the database has room for parameters.
        return sum(not query["sql"].startswith("INSERT") for query in queries)

    assert load("a", 2) == load("b", 200)
    assert computed("pay")["deploys"] == 202


def test_a_program_that_reads_everything_does_not_read_itself():
    everything = {"type": "string", "calculation": ".properties | tojson"}
    make_blueprint("job", ownership=None, calculation_properties={"a": everything, "b": everything})
    job = make_entity("nightly", blueprint="job", properties={"tier": 1})
    assert job.computed == {"a": '{"tier":1}', "b": '{"tier":1}'}


def test_the_problem_of_a_calculation_goes_with_it():
    broken = {"type": "number", "calculation": ".title | tonumber"}
    make_blueprint("job", ownership=None, calculation_properties={"broken": broken})
    assert make_entity("nightly", blueprint="job").problems
    make_blueprint("job", ownership=None)
    job = Entity.objects.get(identifier="nightly")
    assert (job.computed, job.problems) == ({}, [])


@pytest.mark.parametrize("hours", [1e308, -1e308, 10**308])
def test_a_number_that_json_cannot_keep_is_null(model, hours):
    deploy("d1", hours=hours)
    deploy("d2", hours=hours)
    values = computed("pay")
    assert (values["sum"], values["min"]) == (None, pytest.approx(hours))


def test_facts_that_were_never_built_are_rebuilt_from_nothing(model):
    deploy("d1")
    Entity.objects.update(facts={}, computed={})
    for blueprint in Blueprint.objects.order_by("-id"):
        operations.rebuild(blueprint=blueprint, now=NOW)
    assert (computed("pay")["deploys"], computed("core")["deploys"]) == (1, 1)
