"""Deleting entities: who depends on them, and what becomes of those."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import operations
from catalog.errors import HasDependents
from catalog.models import Change, Entity, EntityRelation
from catalog.operations import Dependents
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_team

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def world():
    """Make jobs that require a service and may follow another, and runs that may be of a job."""
    make_blueprint(relations={"needs": {"target": "service", "many": True}})
    make_blueprint(
        "job",
        ownership=None,
        relations={
            "service": {"target": "service", "required": True},
            "after": {"target": "job"},
        },
    )
    make_blueprint("run", ownership=None, relations={"job": {"target": "job"}})
    for name in ("pay", "shop"):
        make_entity(name)
    make_entity("ship", relations={"needs": ["pay", "shop"]})
    make_entity("nightly", blueprint="job", relations={"service": "pay"})
    make_entity("weekly", blueprint="job", relations={"service": "shop", "after": "nightly"})
    make_entity("r1", blueprint="run", relations={"job": "weekly"})


def delete(*identifiers: str, **ways) -> int:
    entities = Entity.objects.named(identifiers)
    return operations.delete_entities(entities=list(entities), by=TESTER, now=LATER, **ways)


def left() -> list[str]:
    return sorted(Entity.objects.values_list("identifier", flat=True))


def test_only_those_that_require_it_depend_by_default():
    with pytest.raises(HasDependents, match=r"^still required by job/nightly; delete them too"):
        delete("pay")
    assert delete("pay", delete_dependents=True) == 2
    assert left() == ["r1", "ship", "shop", "weekly"]
    assert Entity.objects.get(identifier="weekly").fact("relation#after") is None
    assert Entity.objects.get(identifier="ship").fact("relation#needs") == ["shop"]


def test_all_that_point_at_it_depend_where_asked():
    words = r"^still pointed at by service/ship, job/nightly; delete them too, or first$"
    with pytest.raises(HasDependents, match=words):
        delete("pay", dependents=Dependents.ALL)
    assert len(left()) == 6


def test_what_nothing_points_at_is_deleted_alone():
    assert delete("r1", "ship", dependents=Dependents.ALL) == 2
    assert left() == ["nightly", "pay", "shop", "weekly"]


def test_what_points_at_the_deleted_goes_too_and_so_on():
    assert delete("pay", dependents=Dependents.ALL, delete_dependents=True) == 5
    assert left() == ["shop"]
    assert not EntityRelation.objects.exists()
    gone = Change.objects.filter(action="deleted").values_list("identifier", flat=True)
    assert sorted(gone) == ["nightly", "pay", "r1", "ship", "weekly"]


def test_those_that_point_at_each_other_may_go_together():
    make_entity("pay", relations={"needs": ["ship", "pay"]})
    make_entity("ship", relations={"needs": ["pay"]})
    delete("nightly", dependents=Dependents.ALL, delete_dependents=True)
    assert delete("pay", "ship", dependents=Dependents.ALL) == 2


def test_what_a_team_owns_does_not_depend_on_it():
    make_team()
    make_entity("shop", team="core")
    assert delete("core", dependents=Dependents.ALL, delete_dependents=True) == 1
    assert Entity.objects.get(identifier="shop").team == []


def test_what_was_inferred_does_not_depend():
    stamped = {"properties": {"at": {"type": "string", "format": "date-time"}}, "required": []}
    service = {"service": {"target": "service"}}
    make_blueprint("deploy", ownership=None, schema=stamped, relations=service)
    inferred = {
        "through": "service",
        "at": "at",
        "targetAt": "at",
        "withinHours": 2,
    }
    make_blueprint(
        "incident",
        ownership=None,
        schema=stamped,
        relations={**service, "deploy": {"target": "deploy", "inferred": inferred}},
    )
    for blueprint, at in (("deploy", "2026-05-01T00:00:00Z"), ("incident", "2026-05-01T01:00:00Z")):
        make_entity(
            blueprint, blueprint=blueprint, properties={"at": at}, relations={"service": "shop"}
        )
    assert Entity.objects.get(identifier="incident").fact("relation#deploy") == "deploy"
    assert delete("deploy", dependents=Dependents.ALL, delete_dependents=True) == 1
    assert Entity.objects.get(identifier="incident").fact("relation#deploy") is None


@pytest.mark.parametrize("dependents", Dependents)
def test_looking_for_dependents_costs_a_query_a_generation(dependents):
    for number in range(20):
        make_entity(f"s{number}")
        make_entity(f"j{number}", blueprint="job", relations={"service": f"s{number}"})

    def cost(*numbers: int) -> int:
        entities = list(Entity.objects.named([f"s{number}" for number in numbers]))
        with CaptureQueriesContext(connection) as seen:
            operations.delete_entities(
                entities=entities,
                by=TESTER,
                now=LATER,
                delete_dependents=True,
                dependents=dependents,
            )
        return len(seen)

    assert cost(0) == cost(*range(1, 20))
