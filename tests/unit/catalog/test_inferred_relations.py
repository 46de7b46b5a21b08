"""Inferred relations against brute force, after every step of drawn histories."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import operations
from catalog.errors import Invalid
from catalog.facts import timestamp
from catalog.models import Blueprint, Entity, EntityRelation
from catalog.operations import EntityDraft, delete_entities, rebuild
from tests.builders import NOW, TESTER, blueprint_document, make_entity

pytestmark = pytest.mark.django_db

RULE = {
    "prefer": "caused_by",
    "through": "service",
    "at": "opened",
    "targetAt": "shipped",
    "withinHours": 2,
    "query": {"combinator": "and", "rules": [{"property": "ok", "operator": "=", "value": True}]},
}


def relations(rule: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "service": {"target": "service"},
        "caused_by": {"target": "deployment"},
        "cause": {"target": "deployment", "title": "Cause", "inferred": {**RULE, **(rule or {})}},
    }


def schema(**properties: str) -> dict[str, Any]:
    return {"properties": {key: {"type": kind} for key, kind in properties.items()}}


def incident_document(rule: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return blueprint_document(
        "incident",
        ownership=None,
        schema=schema(opened="string", minutes="number"),
        relations=relations(rule),
        **more,
    )


def save(rule: dict[str, Any] | None = None) -> None:
    count = {"calculationSpec": {"func": "count", "calculationBy": "entities"}}
    path = [{"path": ["cause"], "fromBlueprint": "incident"}]
    blamed = {
        "combinator": "and",
        "rules": [{"property": "incidents", "operator": ">", "value": 0}],
    }
    spared = {"combinator": "and", "rules": [{"relation": "cause", "operator": "isEmpty"}]}
    operations.save_blueprints(
        definitions=[
            blueprint_document(
                aggregation_properties={
                    "failed": {"target": "deployment", "query": blamed, **count}
                    | {"pathFilter": [{"path": ["service"], "fromBlueprint": "deployment"}]},
                    "spared": {"target": "incident", "query": spared, **count}
                    | {"pathFilter": [{"path": ["service"], "fromBlueprint": "incident"}]},
                }
            ),
            blueprint_document(
                "deployment",
                ownership=None,
                schema=schema(shipped="string", ok="boolean"),
                relations={"service": {"target": "service"}},
                aggregation_properties={
                    "incidents": {"target": "incident", "pathFilter": path, **count}
                },
            ),
            incident_document(rule, mirror_properties={"shipped": {"path": "cause.shipped"}}),
        ],
        by=TESTER,
        now=NOW,
    )


@pytest.fixture
def catalog() -> None:
    save()
    for name in ("pay", "ship"):
        make_entity(name)


def at(minutes: int) -> str:
    return timestamp(NOW + timedelta(minutes=minutes))


def deployment(name: str, minutes: int, service: str | None = "pay", *, ok: bool = True) -> Entity:
    properties = {"shipped": at(minutes), "ok": ok}
    return make_entity(
        name, blueprint="deployment", properties=properties, relations={"service": service}
    )


def incident(
    name: str, minutes: int, service: str | None = "pay", caused_by: str | None = None
) -> Entity:
    return make_entity(
        name,
        blueprint="incident",
        properties={"opened": at(minutes)},
        relations={"service": service, "caused_by": caused_by},
    )


def cause(name: str) -> str | None:
    return fresh("incident", name).fact("relation#cause")


def fresh(blueprint: str, name: str) -> Entity:
    return Entity.objects.of(blueprint).get(identifier=name)


@pytest.mark.usefixtures("catalog")
def test_the_latest_target_before_is_meant_and_what_reads_it_follows():
    deployment("d1", 0)
    deployment("d2", 30)
    deployment("later", 61)
    deployment("bad", 50, ok=False)
    deployment("elsewhere", 55, "ship")
    incident("i", 60)
    assert cause("i") == "d2"
    assert fresh("incident", "i").computed["shipped"] == at(30)
    assert fresh("deployment", "d2").computed["incidents"] == 1
    assert fresh("service", "pay").computed == {"failed": 1, "spared": 0}


@pytest.mark.usefixtures("catalog")
def test_what_somebody_named_goes_first_and_may_come_from_anywhere():
    deployment("d1", 0)
    deployment("d2", 30, "ship")
    incident("i", 60, caused_by="d2")
    assert cause("i") == "d2"
    incident("i", 60, caused_by=None)
    assert cause("i") == "d1"


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(("minutes", "found"), [(0, "d"), (120, "d"), (121, None), (-1, None)])
def test_both_ends_of_the_span_belong_to_it(minutes: int, found: str | None):
    deployment("d", 0)
    incident("i", minutes)
    assert cause("i") == found
    assert fresh("service", "pay").computed == {
        "failed": 1 if found else 0,
        "spared": 0 if found else 1,
    }


@pytest.mark.usefixtures("catalog")
def test_of_two_at_the_same_moment_the_one_made_last_is_meant():
    deployment("d1", 0)
    deployment("d2", 0)
    incident("i", 1)
    assert cause("i") == "d2"


@pytest.mark.usefixtures("catalog")
def test_a_target_that_is_deleted_leaves_the_one_before_it():
    deployment("d1", 0)
    second = deployment("d2", 30)
    incident("i", 60)
    delete_entities(entities=[second], by=TESTER, now=NOW)
    assert cause("i") == "d1"
    assert fresh("deployment", "d1").computed["incidents"] == 1
    fresh("deployment", "d1").delete()
    assert cause("i") is None


@pytest.mark.usefixtures("catalog")
def test_a_source_that_moves_in_time_or_place_finds_another_target():
    deployment("d1", 0)
    deployment("d2", 30)
    deployment("d3", 30, "ship")
    incident("i", 60)
    incident("i", 10)
    assert cause("i") == "d1"
    incident("i", 60, "ship")
    assert cause("i") == "d3"
    incident("i", 60, None)
    assert cause("i") is None


@pytest.mark.usefixtures("catalog")
def test_a_target_that_moves_in_time_or_place_lets_go_and_takes_on():
    deployment("d1", 0)
    deployment("d2", 40)
    incident("early", 20)
    incident("late", 60)
    assert (cause("early"), cause("late")) == ("d1", "d2")
    deployment("d2", 10)
    assert (cause("early"), cause("late")) == ("d2", "d2")
    deployment("d2", 10, "ship")
    assert (cause("early"), cause("late")) == ("d1", "d1")


@pytest.mark.usefixtures("catalog")
def test_no_hours_mean_that_time_tells_nothing():
    deployment("d1", 0)
    incident("i", 0)
    incident("named", 0, caused_by="d1")
    save({"withinHours": 0})
    assert (cause("i"), cause("named")) == (None, "d1")
    deployment("d2", 0)
    assert (cause("i"), cause("named")) == (None, "d1")


@pytest.mark.usefixtures("catalog")
def test_an_edit_of_the_rule_finds_every_target_anew():
    deployment("d1", 0)
    deployment("d2", 90, ok=False)
    incident("i", 130)
    assert cause("i") is None
    save({"withinHours": 3})
    assert cause("i") == "d1"
    save({"query": None})
    assert cause("i") == "d2"


@pytest.mark.usefixtures("catalog")
def test_nobody_writes_it_but_what_was_read_may_be_sent_back():
    deployment("d1", 0)
    deployment("d2", 10, "ship")
    incident("i", 5)
    blueprint = Blueprint.objects.get(identifier="incident")
    draft = EntityDraft(
        identifier="i",
        properties={"opened": at(5), "minutes": 4},
        relations={"service": "pay", "cause": "d1"},
    )
    operations.upsert_entity(blueprint=blueprint, draft=draft, merge=False, by=TESTER, now=NOW)
    assert cause("i") == "d1"
    with pytest.raises(Invalid) as refused:
        make_entity("i", blueprint="incident", relations={"cause": "d2"})
    (fault,) = refused.value.faults
    assert fault.path == "relations.cause"
    assert fault.message == "is inferred by the portal; say so by the relation 'caused_by'"


CYCLE = {"property": "incidents", "operator": "=", "value": 0}


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("rule", "path", "words"),
    [
        ({"prefer": "caused"}, "prefer", "has no relation 'caused'; did you mean 'caused_by'?"),
        ({"prefer": "service"}, "prefer", "leads to 'service', not to 'deployment'"),
        ({"prefer": "cause"}, "prefer", "is inferred itself"),
        ({"through": "team"}, "through", "blueprint 'incident' has no relation 'team'"),
        ({"through": "caused_by"}, "through", "'deployment' has no relation 'caused_by'"),
        ({"at": "open"}, "at", "has no property 'open'; did you mean 'opened'?"),
        ({"targetAt": "at"}, "targetAt", "blueprint 'deployment' has no property 'at'"),
        (
            {"query": {"combinator": "and", "rules": [{**CYCLE, "property": "okay"}]}},
            "query.rules[0].property",
            "did you mean",
        ),
        (
            {
                "query": {
                    "combinator": "and",
                    "rules": [
                        {
                            "property": "shipped",
                            "operator": "between",
                            "value": {"preset": "lastWeek"},
                        }
                    ],
                }
            },
            "query",
            "moves with the clock",
        ),
    ],
)
def test_a_rule_that_names_what_is_not_there_is_refused_with_the_choices(rule, path, words):
    with pytest.raises(Invalid) as refused:
        save(rule)
    (fault,) = refused.value.faults
    assert fault.path.endswith(f"relations.cause.inferred.{path}")
    assert words in fault.message


@pytest.mark.usefixtures("catalog")
def test_a_target_that_depends_on_what_it_would_cause_is_refused():
    with pytest.raises(Invalid, match="would need itself"):
        save({"query": {"combinator": "and", "rules": [CYCLE]}})


def test_an_inferred_relation_is_neither_required_nor_to_many():
    save()
    for flag in ("required", "many"):
        document = incident_document()
        document["relations"]["cause"][flag] = True
        with pytest.raises(Invalid, match="neither required nor to many"):
            operations.save_blueprint(definition=document, by=TESTER, now=NOW)


SERVICES = st.sampled_from(["pay", "ship", None])
MINUTES = st.integers(-3, 3).map(lambda number: number * 45)
NAMES = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deployment"), NAMES, MINUTES, SERVICES, st.booleans()),
        st.tuples(st.just("incident"), NAMES, MINUTES, SERVICES, st.none() | NAMES),
        st.tuples(st.just("delete"), st.sampled_from(["deployment", "incident", "service"]), NAMES),
        st.tuples(st.just("rebuild"), st.sampled_from(["deployment", "incident"])),
        st.tuples(st.just("rule"), st.sampled_from([0, 1, 3])),
    ),
    min_size=4,
    max_size=24,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_after_any_history_targets_are_those_that_brute_force_finds(django_db_blocker, steps):
    from django.db import transaction

    with transaction.atomic():
        save()
        hours = 2
        for name in ("pay", "ship"):
            make_entity(name)
        for step in steps:
            hours = take(step, hours)
            assert_right(hours)
        transaction.set_rollback(True)


def take(step: tuple[Any, ...], hours: float) -> float:
    match step:
        case ("deployment", number, minutes, service, ok):
            deployment(f"deployment-{number}", minutes, existing("service", service), ok=ok)
        case ("incident", number, minutes, service, caused_by):
            named = existing("deployment", f"deployment-{caused_by}")
            incident(f"incident-{number}", minutes, existing("service", service), named)
        case ("delete", blueprint, number):
            name = ["pay", "ship"][number % 2] if blueprint == "service" else None
            rows = Entity.objects.of(blueprint).named([name or f"{blueprint}-{number}"])
            delete_entities(entities=list(rows), by=TESTER, now=NOW)
        case ("rebuild", blueprint):
            rebuild(blueprint=Blueprint.objects.get(identifier=blueprint), now=NOW)
        case ("rule", wanted):
            save({"withinHours": wanted})
            return wanted
    return hours


def existing(blueprint: str, name: str | None) -> str | None:
    return name if Entity.objects.of(blueprint).named([name or ""]).exists() else None


def assert_right(hours: float) -> None:
    deployments = list(Entity.objects.of("deployment").order_by("id"))
    expected = {row.identifier: brute(row, deployments, hours) for row in incidents()}
    assert {row.identifier: row.fact("relation#cause") for row in incidents()} == expected
    rows = EntityRelation.objects.filter(relation="cause")
    pairs = dict(rows.values_list("source__identifier", "target__identifier"))
    assert pairs == {key: name for key, name in expected.items() if name}
    for row in deployments:
        assert row.computed["incidents"] == list(expected.values()).count(row.identifier)
    for service in Entity.objects.of("service"):
        assert service.computed == {
            "failed": sum(
                row.fact("relation#service") == service.identifier
                and row.identifier in expected.values()
                for row in deployments
            ),
            "spared": sum(
                row.fact("relation#service") == service.identifier
                and expected[row.identifier] is None
                for row in incidents()
            ),
        }


def incidents() -> list[Entity]:
    return list(Entity.objects.of("incident").order_by("id"))


def brute(row: Entity, deployments: list[Entity], hours: float) -> str | None:
    if row.fact("relation#caused_by"):
        return row.fact("relation#caused_by")
    opened, service = row.properties["opened"], row.fact("relation#service")
    earliest = timestamp(NOW.fromisoformat(opened.replace("Z", "+00:00")) - timedelta(hours=hours))
    found = [
        (item.properties["shipped"], item.pk, item.identifier)
        for item in deployments
        if item.properties["ok"]
        and service
        and item.fact("relation#service") == service
        and earliest <= item.properties["shipped"] <= opened
        and hours
    ]
    return max(found)[2] if found else None
