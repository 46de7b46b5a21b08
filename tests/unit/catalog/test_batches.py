"""Batches as surfaces of other dialects want them: what is new, what is missing, what repeats."""

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from catalog import operations
from catalog.errors import Fault, Invalid
from catalog.models import Blueprint, Change, Entity, EntityRelation, Sample, Series, Total
from catalog.operations import EntityDraft, Outcome
from catalog.querysets import EntityQuerySet
from catalog.signals import entities_changed
from scorecards.models import Evaluation, LevelChange
from tests.builders import (
    NOW,
    TESTER,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
)

pytestmark = pytest.mark.django_db

COUNT = {"func": "count", "calculationBy": "entities"}


@pytest.fixture(autouse=True)
def world():
    """Make services of domains, which need a name; domains count their services."""
    make_blueprint(
        "domain",
        schema={
            "properties": {"name": {"type": "string"}, "kind": {"type": "string", "default": "x"}},
            "required": ["name"],
        },
        ownership=None,
    )
    make_blueprint(
        relations={
            "domain": {"target": "domain"},
            "needs": {"target": "service", "many": True},
            "contact": {"target": "_user"},
        },
    )
    make_blueprint(
        "domain",
        schema={
            "properties": {"name": {"type": "string"}, "kind": {"type": "string", "default": "x"}},
            "required": ["name"],
        },
        ownership=None,
        aggregation_properties={"services": {"target": "service", "calculationSpec": COUNT}},
    )


def write(*drafts: EntityDraft, **ways) -> Outcome:
    return operations.upsert_entities(
        blueprint=Blueprint.objects.get(identifier="service"),
        drafts=drafts,
        by=TESTER,
        now=NOW,
        **ways,
    )


def faults_of(*drafts: EntityDraft, **ways) -> list[Fault]:
    """Return what a batch is refused with, after a look whether nothing was saved."""
    before = list(Entity.objects.order_by("id").values())
    with pytest.raises(Invalid) as caught:
        write(*drafts, **ways)
    assert list(Entity.objects.order_by("id").values()) == before
    return caught.value.faults


def names(blueprint: str = "service") -> list[str]:
    return sorted(Entity.objects.of(blueprint).values_list("identifier", flat=True))


def indexed(outcome: Outcome) -> dict[int, str]:
    return {index: entity.identifier for index, entity in outcome.by_index.items()}


def test_an_outcome_tells_what_is_new_and_what_was_left_as_it_was():
    make_entity("same", properties={"tier": 1})
    make_entity("other", properties={"tier": 1})
    outcome = write(
        EntityDraft("bad", properties={"tier": "x"}),
        EntityDraft("new"),
        EntityDraft("same", properties={"tier": 1}),
        EntityDraft("other", properties={"tier": 2}),
        is_partial=True,
    )
    assert indexed(outcome) == {1: "new", 2: "same", 3: "other"}
    assert outcome.new_ids == {outcome.by_index[1].pk}
    assert outcome.unchanged_ids == {outcome.by_index[2].pk}
    assert (outcome.created, outcome.updated, outcome.unchanged) == (1, 1, 1)
    assert [fault.path for fault in outcome.faults] == ["entities[0].properties.tier"]


def test_what_does_not_exist_is_created_where_asked():
    make_entity("there", blueprint="domain", properties={"name": "There"})
    outcome = write(
        EntityDraft("a", relations={"domain": "shop", "needs": ["b", "c"]}),
        EntityDraft("b", relations={"domain": "there", "needs": ["c"]}),
        create_missing=True,
    )
    assert indexed(outcome) == {0: "a", 1: "b"}
    assert [(row.blueprint.identifier, row.identifier) for row in outcome.bare] == [
        ("domain", "shop"),
        ("service", "c"),
    ]
    assert (outcome.created, names("domain")) == (2, ["shop", "there"])
    shop = Entity.objects.get(identifier="shop")
    assert (shop.title, shop.properties) == ("shop", {"kind": "x"})
    assert (shop.computed, shop.facts["services"]) == ({"services": 1}, 1)
    assert (shop.created_at, shop.created_by) == (NOW, "tester")
    a = Entity.objects.get(identifier="a")
    assert (a.fact("relation#domain"), a.fact("relation#needs")) == ("shop", ["b", "c"])
    change = Change.objects.of_entity(shop).get()
    assert (change.action, change.after["$title"]) == ("created", "shop")


def test_what_is_created_by_the_way_is_evaluated_and_claimed_by_no_datasource():
    make_scorecard()
    outcome = write(
        EntityDraft("a", relations={"needs": ["b"]}), create_missing=True, datasource="ocean/1"
    )
    assert [(row.datasource, level_of(row)) for row in outcome.bare] == [("", "Basic")]
    assert outcome.entities[0].datasource == "ocean/1"
    outcome = write(EntityDraft("b"), datasource="ocean/1")
    assert (outcome.unchanged, outcome.entities[0].datasource) == (1, "ocean/1")


def test_what_is_created_by_the_way_may_be_filled_later():
    write(EntityDraft("a", relations={"domain": "shop"}), create_missing=True)
    with pytest.raises(Invalid):
        make_entity("shop", blueprint="domain", title="Shop")
    assert make_entity("shop", blueprint="domain", properties={"name": "Shop"}).computed == {
        "services": 1
    }


def test_nothing_is_created_unless_asked():
    found = faults_of(EntityDraft("a", relations={"domain": "shop"}))
    assert [(fault.path, fault.is_missing) for fault in found] == [
        ("entities[0].relations.domain", True)
    ]


def test_teams_and_users_are_never_created_by_the_way():
    draft = EntityDraft("a", relations={"domain": "shop", "contact": "maya"}, team="core")
    found = faults_of(draft, create_missing=True)
    assert [(fault.path, fault.is_missing) for fault in found] == [
        ("entities[0].relations.contact", True),
        ("entities[0].team", True),
    ]


def test_nothing_is_created_for_a_draft_that_is_refused():
    outcome = write(
        EntityDraft("a", relations={"domain": "shop", "needs": ["x"]}, team="nobody"),
        EntityDraft("b", relations={"needs": ["a", "c"]}),
        EntityDraft("c", properties={"tier": "x"}),
        create_missing=True,
        is_partial=True,
    )
    assert [fault.path for fault in outcome.faults] == [
        "entities[0].team",
        "entities[2].properties.tier",
    ]
    # What the sound one points at is there all the same, and nothing of what was refused.
    assert [row.identifier for row in outcome.bare] == ["a", "c"]
    assert (names(), names("domain")) == (["a", "b", "c"], [])
    assert Entity.objects.get(identifier="a").fact("relation#needs") == []


def test_an_unusable_identifier_is_the_fault_of_the_draft_that_names_it():
    relations = {"domain": "a b", "needs": ["fine", "x" * 1001]}
    found = faults_of(EntityDraft("a", relations=relations), create_missing=True)
    assert [(fault.path, fault.is_missing) for fault in found] == [
        ("entities[0].relations.domain", False),
        ("entities[0].relations.needs", False),
    ]
    assert found[0].message.startswith("there is no such domain to create: it may hold letters")


def cost(count: int, **ways) -> int:
    """Return how many statements it takes to write services that each name a domain and a need."""
    drafts = [
        EntityDraft(f"s{n}", relations={"domain": f"d{n}", "needs": [f"x{n}"]})
        for n in range(count)
    ]
    with CaptureQueriesContext(connection) as seen:
        write(*drafts, **ways)
    Entity.objects.of("service").delete()
    return len(seen)


def test_creating_by_the_way_costs_no_more_for_many():
    # The first pays for filling the series that counts.
    cost(1, create_missing=True)
    Entity.objects.of("domain").delete()
    one = cost(1, create_missing=True)
    Entity.objects.of("domain").delete()
    assert cost(20, create_missing=True) == one


def test_being_ready_to_create_costs_nothing():
    for number in range(20):
        make_entity(f"d{number}", blueprint="domain", properties={"name": "x"})
    drafts = [EntityDraft(f"s{n}", relations={"domain": f"d{n}"}) for n in range(20)]
    write(EntityDraft("first", relations={"domain": "d0"}))

    def queries(**ways) -> int:
        with CaptureQueriesContext(connection) as seen:
            write(*drafts, **ways)
        Entity.objects.of("service").delete()
        return len(seen)

    assert queries(create_missing=True, may_repeat=True, is_partial=True) == queries()


def test_a_create_refuses_what_exists_as_a_conflict():
    make_entity("a")
    found = faults_of(EntityDraft("b"), EntityDraft("a", title="A"), create_only=True)
    message = "there is a service 'a' already; choose another identifier"
    assert found == [Fault("entities[1].identifier", message, is_conflict=True)]


def test_an_update_refuses_what_does_not_exist_as_missing():
    make_entity("a")
    found = faults_of(EntityDraft("a", title="A"), EntityDraft("b"), update_only=True)
    message = "there is no service 'b'; create it first"
    assert found == [Fault("entities[1].identifier", message, is_missing=True)]


def test_a_partial_create_takes_the_rest_and_may_point_at_what_exists():
    make_entity("a")
    drafts = [EntityDraft("b", relations={"needs": ["a"]}), EntityDraft("a", title="A")]
    outcome = write(*drafts, create_only=True, is_partial=True)
    assert indexed(outcome) == {0: "b"}
    assert Entity.objects.get(identifier="a").title == "a"


def test_an_identifier_that_stands_twice_is_a_fault_unless_asked():
    found = faults_of(EntityDraft("a"), EntityDraft("a"))
    assert found == [Fault("entities[1].identifier", "stands twice in this batch; send it once")]


def test_drafts_of_one_entity_are_applied_in_order_where_asked():
    make_team()
    outcome = write(
        EntityDraft("a", title="One", properties={"tier": 1}),
        EntityDraft("b", relations={"needs": ["a"]}),
        EntityDraft("a", title="Two", team="core"),
        EntityDraft("a", properties={"tier": 3}),
        may_repeat=True,
    )
    assert indexed(outcome) == {0: "a", 1: "b", 2: "a", 3: "a"}
    assert (outcome.created, outcome.updated, outcome.unchanged) == (2, 0, 0)
    shown = {(row.title, row.team[0], row.properties["tier"]) for row in outcome.entities[2:]}
    assert shown == {("Two", "core", 3)}
    assert outcome.by_index[0] is outcome.by_index[3]
    changes = Change.objects.of_entity(outcome.by_index[0])
    assert [change.action for change in changes] == ["updated", "updated", "created"]


def test_a_round_that_changes_back_is_told_as_a_change():
    make_entity("a", title="A")
    make_entity("b", title="B")
    outcome = write(
        EntityDraft("a", title="X"),
        EntityDraft("b", title="B"),
        EntityDraft("a", title="A"),
        may_repeat=True,
    )
    assert outcome.unchanged_ids == {outcome.by_index[1].pk}


def test_a_faulty_repeat_saves_nothing_of_any_round():
    found = faults_of(EntityDraft("a"), EntityDraft("a", properties={"tier": "x"}), may_repeat=True)
    assert [fault.path for fault in found] == ["entities[1].properties.tier"]


def test_a_partial_batch_takes_the_repeats_that_are_sound():
    drafts = [
        EntityDraft("a", properties={"tier": "x"}),
        EntityDraft(7),
        EntityDraft("a", title="A"),
        EntityDraft(["a"]),
        EntityDraft("a", title=7),
    ]
    outcome = write(*drafts, may_repeat=True, is_partial=True)
    assert indexed(outcome) == {2: "a"}
    assert [fault.path for fault in outcome.faults] == [
        "entities[0].properties.tier",
        "entities[1].identifier",
        "entities[3].identifier",
        "entities[4].title",
    ]
    assert Entity.objects.of("service").get().title == "A"


def test_a_repeat_of_what_is_to_be_created_only_is_a_conflict():
    outcome = write(
        EntityDraft("a", title="A"),
        EntityDraft("a", title="B"),
        may_repeat=True,
        is_partial=True,
        create_only=True,
    )
    assert indexed(outcome) == {0: "a"}
    assert [fault.is_conflict for fault in outcome.faults] == [True]
    assert Entity.objects.of("service").get().title == "A"


def everything() -> list[list[dict]]:
    """Return every row that a write of entities can touch."""
    models = (Entity, EntityRelation, Change, Series, Sample, Total, Evaluation, LevelChange)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.fixture
def told():
    """Collect what is told about moved entities."""
    seen = []

    def note(moved, **kwargs):
        seen.append(moved)

    entities_changed.connect(note)
    yield seen
    entities_changed.disconnect(note)


def test_a_dry_run_tells_what_would_be_and_stores_nothing(told):
    make_scorecard()
    make_team()
    make_entity("a", properties={"tier": 2}, relations={"domain": None})
    before, _ = everything(), told.clear()
    drafts = [
        EntityDraft("a", properties={"tier": 1}, relations={"domain": "shop"}, team="core"),
        EntityDraft("b", relations={"needs": ["a"]}),
        EntityDraft("b", title="B"),
        EntityDraft("c", title=7),
    ]
    ways = {"create_missing": True, "may_repeat": True, "is_partial": True, "datasource": "x"}
    dry = write(*drafts, dry_run=True, **ways)
    assert everything() == before
    assert told == []
    real = write(*drafts, **ways)
    assert [row.facts for row in dry.entities] == [row.facts for row in real.entities]
    assert [row.facts for row in dry.bare] == [row.facts for row in real.bare]
    assert (indexed(dry), dry.faults) == (indexed(real), real.faults)
    counts = (dry.created, dry.updated, dry.unchanged, len(dry.bare))
    assert counts == (real.created, real.updated, real.unchanged, len(real.bare)) == (1, 1, 0, 1)
    assert everything() != before
    assert told


def test_a_dry_run_refuses_what_a_write_would_refuse(told):
    drafts = [EntityDraft("a", relations={"domain": "shop"}), EntityDraft("b", title=7)]
    assert faults_of(*drafts, dry_run=True) == faults_of(*drafts)
    assert told == []


def test_a_write_that_meets_others_again_and_again_goes_on(monkeypatch):
    meetings = iter([True, True, True])
    insert = EntityQuerySet.bulk_create

    def meet(rows, *args, **kwargs):
        if next(meetings, False):
            raise IntegrityError
        return insert(rows, *args, **kwargs)

    monkeypatch.setattr(EntityQuerySet, "bulk_create", meet)
    assert write(EntityDraft("a")).created == 1
    meetings = iter([True] * 5)
    with pytest.raises(IntegrityError):
        write(EntityDraft("b"))
