"""Giving entities other identifiers: everything that holds the old one follows."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import operations
from catalog.errors import Fault, Invalid
from catalog.models import Blueprint, Change, Entity
from catalog.operations import EntityDraft, Outcome
from scorecards.models import Evaluation
from tests.builders import (
    NOW,
    TESTER,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    rule_document,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def world():
    """Make services that need each other, and jobs that mirror what their service is called."""
    make_blueprint(relations={"needs": {"target": "service", "many": True}})
    make_blueprint(
        "job",
        relations={"service": {"target": "service"}},
        mirror_properties={
            "called": {"path": "service.$identifier"},
            "neighbours": {"path": "service.needs.$identifier"},
        },
        calculation_properties={
            "loud": {"type": "string", "calculation": ".relations.service + .properties.called"}
        },
        ownership={"type": "Inherited", "path": "service"},
    )


def write(*drafts: EntityDraft, blueprint: str = "service", **ways) -> Outcome:
    return operations.upsert_entities(
        blueprint=Blueprint.objects.get(identifier=blueprint),
        drafts=drafts,
        by=TESTER,
        now=LATER,
        **ways,
    )


def faults_of(*drafts: EntityDraft, **ways) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        write(*drafts, **ways)
    return caught.value.faults


def get(identifier: str) -> Entity:
    return Entity.objects.get(identifier=identifier)


def test_a_renamed_entity_stays_the_same_entity():
    before = make_entity("pay", properties={"tier": 1}, relations={"needs": ["pay"]})
    outcome = write(EntityDraft("pay", new_identifier="payments", title="Payments"))
    after = outcome.by_index[0]
    assert (after.pk, after.identifier, after.properties) == (before.pk, "payments", {"tier": 1})
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 1, 0)
    stored = Entity.objects.get(pk=before.pk)
    assert stored.identifier == stored.facts["$identifier"] == "payments"
    assert stored.facts == after.facts
    assert stored.fact("relation#needs") == ["payments"]
    assert (stored.updated_at, stored.created_at) == (LATER, NOW)


def test_history_tells_what_it_was_called():
    make_entity("pay")
    renamed = write(EntityDraft("pay", new_identifier="payments")).by_index[0]
    change = Change.objects.of_entity(renamed).get()
    assert (change.action, change.before, change.after) == (
        "updated",
        {"$identifier": "pay"},
        {"$identifier": "payments"},
    )


def test_what_points_at_it_and_what_is_computed_through_it_follows():
    make_entity("pay")
    make_entity("shop", relations={"needs": ["pay"]})
    make_entity("nightly", blueprint="job", relations={"service": "pay"})
    make_entity("weekly", blueprint="job", relations={"service": "shop"})
    write(EntityDraft("pay", new_identifier="payments"))
    assert get("shop").fact("relation#needs") == ["payments"]
    nightly = get("nightly")
    assert nightly.fact("relation#service") == "payments"
    assert nightly.computed == {
        "called": "payments",
        "neighbours": None,
        "loud": "paymentspayments",
    }
    assert get("weekly").computed["neighbours"] == ["payments"]
    # They are as they were, but for a name: that is no edit of theirs.
    assert [get(name).updated_at for name in ("shop", "nightly", "weekly")] == [NOW] * 3


def test_owners_follow_a_renamed_team():
    make_team()
    make_entity("pay", team="core")
    make_entity("nightly", blueprint="job", relations={"service": "pay"})
    write(EntityDraft("core", new_identifier="kernel"), blueprint="_team")
    assert (get("pay").team, get("nightly").team) == (["kernel"], ["kernel"])


def test_what_reads_the_name_is_evaluated_anew():
    make_scorecard(rules=[rule_document(query=condition("$identifier", "beginsWith", "p"))])
    make_scorecard(
        "linked",
        blueprints=["job"],
        rules=[
            rule_document(
                query={
                    "combinator": "and",
                    "conditions": [{"relation": "service", "operator": "=", "value": "shop"}],
                }
            )
        ],
    )
    pay = make_entity("pay")
    nightly = make_entity("nightly", blueprint="job", relations={"service": "pay"})
    assert (level_of(pay), level_of(nightly, "linked")) == ("Bronze", "Basic")
    found = set(Evaluation.objects.values_list("pk", flat=True))
    write(EntityDraft("pay", new_identifier="shop"))
    assert (level_of(pay), level_of(nightly, "linked")) == ("Basic", "Bronze")
    assert set(Evaluation.objects.values_list("pk", flat=True)) == found


def test_what_is_taken_is_a_conflict():
    make_entity("pay")
    make_entity("shop")
    assert faults_of(EntityDraft("pay", new_identifier="shop")) == [
        Fault(
            "entities[0].new_identifier",
            "there is a service 'shop' already; choose another identifier",
            is_conflict=True,
        )
    ]
    assert {"pay", "shop"} <= set(Entity.objects.values_list("identifier", flat=True))


def test_what_is_not_there_is_not_renamed():
    found = faults_of(EntityDraft("pay", new_identifier="shop"))
    assert [(fault.path, fault.is_missing) for fault in found] == [("entities[0].identifier", True)]


@pytest.mark.parametrize("name", ["a b", "", None, 7, ["a"], "x" * 1001, "a\x00"])
def test_an_unusable_new_identifier_is_refused(name):
    make_entity("pay")
    found = faults_of(EntityDraft("pay", new_identifier=name))
    assert {fault.path for fault in found} == {"entities[0].new_identifier"}


def test_its_own_name_is_no_new_one():
    make_entity("pay")
    assert write(EntityDraft("pay", new_identifier="pay")).unchanged == 1
    assert write(EntityDraft("new", new_identifier="new")).created == 1


def test_a_name_given_up_or_taken_stands_twice():
    make_entity("a")
    make_entity("b")
    found = faults_of(EntityDraft("a", new_identifier="c"), EntityDraft("c"))
    assert [fault.path for fault in found] == ["entities[1].identifier"]
    found = faults_of(EntityDraft("a", new_identifier="c"), EntityDraft("b", new_identifier="c"))
    assert [fault.path for fault in found] == ["entities[1].new_identifier"]


def test_names_go_round_where_drafts_may_repeat():
    a, b = make_entity("a"), make_entity("b")
    outcome = write(
        EntityDraft("a", new_identifier="x"),
        EntityDraft("b", new_identifier="a"),
        EntityDraft("x", new_identifier="b", title="Was a"),
        EntityDraft("x"),
        may_repeat=True,
    )
    assert {index: row.pk for index, row in outcome.by_index.items() if index < 3} == {
        0: a.pk,
        1: b.pk,
        2: a.pk,
    }
    assert [row.identifier for row in outcome.entities] == ["b", "a", "b", "x"]
    assert (get("b").pk, get("b").title, get("a").pk) == (a.pk, "Was a", b.pk)


def test_others_of_the_batch_may_point_at_it_by_either_name():
    make_entity("pay")
    make_entity("same", relations={"needs": ["pay"]})
    write(
        EntityDraft("old", relations={"needs": ["pay"]}),
        EntityDraft("pay", new_identifier="payments"),
        EntityDraft("new", relations={"needs": ["payments"]}),
        EntityDraft("same", title="Same"),
    )
    assert [get(name).fact("relation#needs") for name in ("old", "new", "same")] == [
        ["payments"]
    ] * 3


def test_a_partial_batch_points_at_nothing_by_a_name_that_was_refused():
    make_entity("pay")
    outcome = write(
        EntityDraft("pay", new_identifier="payments", title=7),
        EntityDraft("new", relations={"needs": ["payments"]}),
        is_partial=True,
    )
    assert [fault.path for fault in outcome.faults] == [
        "entities[0].title",
        "entities[1].relations.needs",
    ]
    assert get("pay").identifier == "pay"


def test_renaming_costs_the_same_for_twenty_as_for_one():
    make_scorecard()
    for number in range(21):
        make_entity(f"s{number}")
        make_entity(f"j{number}", blueprint="job", relations={"service": f"s{number}"})

    def cost(*numbers: int) -> int:
        drafts = [EntityDraft(f"s{n}", new_identifier=f"renamed-{n}") for n in numbers]
        with CaptureQueriesContext(connection) as seen:
            write(*drafts)
        return len(seen)

    assert cost(0) == cost(*range(1, 21))
