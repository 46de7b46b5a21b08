"""Who wrote an entity last: kept apart from what was written."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import operations
from catalog.errors import Invalid
from catalog.models import Blueprint, Change, Entity
from catalog.operations import EntityDraft, Outcome
from tests.builders import (
    NOW,
    TESTER,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def service():
    """Make services that need each other."""
    make_blueprint(relations={"needs": {"target": "service", "many": True}})


def write(*identifiers: str, datasource: str = "", tier: int = 1, now=NOW, **ways) -> Outcome:
    """Write services of a tier, each needing the first."""
    needs = {"needs": [identifiers[0]]}
    return operations.upsert_entities(
        blueprint=Blueprint.objects.get(identifier="service"),
        drafts=[
            EntityDraft(name, properties={"tier": tier}, relations=needs) for name in identifiers
        ],
        datasource=datasource,
        by=TESTER,
        now=now,
        **ways,
    )


def stored() -> tuple[str, str, object, int]:
    """Return the datasource of `a`, twice, when it was updated, and how many changes it has."""
    entity = Entity.objects.get(identifier="a")
    changes = Change.objects.of_entity(entity).count()
    return entity.datasource, entity.facts["$datasource"], entity.updated_at, changes


def test_an_entity_has_the_datasource_of_its_creator():
    assert write("a", datasource="ocean/1").entities[0].datasource == "ocean/1"
    assert stored() == ("ocean/1", "ocean/1", NOW, 1)


def test_a_change_brings_the_datasource_of_its_writer():
    write("a", datasource="ocean/1")
    write("a", datasource="ocean/2", tier=2, now=LATER)
    assert stored() == ("ocean/2", "ocean/2", LATER, 2)
    change = Change.objects.of_entity(Entity.objects.get()).first()
    assert (change.before, change.after) == ({"tier": 1}, {"tier": 2})


def test_a_write_that_changes_nothing_but_the_datasource_keeps_that_alone():
    write("a", datasource="ocean/1")
    before = Entity.objects.values("updated_at", "updated_by", "created_at", "properties").get()
    outcome = write("a", datasource="ocean/2", now=LATER)
    assert stored() == ("ocean/2", "ocean/2", NOW, 1)
    assert Entity.objects.values(*before).get() == before
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 0, 1)
    assert outcome.unchanged_ids == {outcome.entities[0].pk}
    assert outcome.entities[0].facts["$datasource"] == "ocean/2"


@pytest.mark.parametrize("tier", [1, 2])
def test_a_write_without_a_datasource_leaves_it_alone(tier):
    write("a", datasource="ocean/1")
    write("a", tier=tier, now=LATER)
    assert stored()[:2] == ("ocean/1", "ocean/1")


def test_a_batch_that_replaces_keeps_the_datasource_likewise():
    write("a", datasource="ocean/1", merge=False)
    write("a", datasource="ocean/2", now=LATER, merge=False)
    assert stored() == ("ocean/2", "ocean/2", NOW, 1)


def test_what_reads_the_datasource_follows_it():
    make_blueprint(
        relations={"needs": {"target": "service", "many": True}},
        calculation_properties={"harvester": {"type": "string", "calculation": ".datasource"}},
    )
    make_scorecard(rules=[rule_document(query=condition("$datasource", "=", "ocean/2"))])
    entity = write("a", datasource="hand").entities[0]
    assert (level_of(entity), Entity.objects.get().computed) == ("Basic", {"harvester": "hand"})
    write("a", datasource="ocean/2", now=LATER)
    assert (level_of(entity), Entity.objects.get().computed) == ("Bronze", {"harvester": "ocean/2"})


@pytest.mark.parametrize(
    ("datasource", "words"), [("x" * 201, "at most 200 characters"), ("a\x00", "cannot be stored")]
)
def test_a_datasource_that_cannot_be_stored_is_refused(datasource, words):
    with pytest.raises(Invalid, match=words) as caught:
        write("a", datasource=datasource, is_partial=True)
    assert [fault.path for fault in caught.value.faults] == ["datasource"]


def queries_of(*identifiers: str, **parts) -> tuple[int, int]:
    """Return how many statements a write takes, and how many of them write."""
    with CaptureQueriesContext(connection) as seen:
        write(*identifiers, **parts)
    writing = re.compile(r"(\d+ times: )?(INSERT|UPDATE|DELETE)")
    # But for the look for the blueprint, which is the caller's.
    return len(seen) - 1, sum(bool(writing.match(query["sql"])) for query in seen.captured_queries)


@pytest.mark.parametrize("count", [1, 20])
def test_a_batch_costs_the_same_for_twenty_as_for_one(count):
    make_scorecard()
    names = [f"s{number}" for number in range(count)]
    assert queries_of(*names, datasource="x") == (17, 6)
    assert queries_of(*names, datasource="x", tier=2) == (18, 6)
    # Nothing moved: the blueprints, the entities, what they are related to; and no write.
    assert queries_of(*names, datasource="x", tier=2) == (6, 0)
    assert queries_of(*names, tier=2) == (6, 0)
    assert queries_of(*names, datasource="y", tier=2) == (10, 1)


def test_a_plain_entity_has_no_datasource():
    assert make_entity("a").facts["$datasource"] == ""
