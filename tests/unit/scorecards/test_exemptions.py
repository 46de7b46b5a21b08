"""An exempt entity is not asked: at once, until the day is over, everywhere alike."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import Invalid
from catalog.models import Change, Entity
from catalog.operations import delete_entities
from scorecards import compiled as compiling
from scorecards import operations
from scorecards.counts import counts_of
from scorecards.evaluation import Masks, with_exempt
from scorecards.models import Evaluation, Exemption, LevelChange, Rule, RuleChange
from scorecards.operations.batches import Judge, facts_of
from scorecards.results import panels_for, rule_results
from tests.builders import (
    NOW,
    TESTER,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    report,
    rule_document,
    scorecard_document,
)

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture
def pay() -> Entity:
    """Fails `tiered`, which stands at Bronze, and holds no level."""
    make_blueprint()
    make_scorecard()
    return make_entity("pay", properties={"tier": 3, "language": "Go"})


def exempt(entity: Entity, rule: str = "tiered", *, now=NOW, **parts) -> Exemption:
    wanted = {"reason": "It is being shut down.", **parts}
    row = Rule.objects.get(identifier=rule)
    return operations.exempt(entity=entity, rule=row, by=TESTER, now=now, **wanted)


def results_of(entity: Entity) -> dict[str, str]:
    row = Evaluation.objects.get(entity=entity, scorecard__identifier="quality")
    rules = row.scorecard.rules.all()
    return {item.rule.identifier: item.status.value for item in rule_results(row, rules)}


def reasons_of(entity: Entity, *, now=NOW) -> dict[str, str]:
    (panel,) = panels_for(entity, now=now)
    return {item.rule.identifier: item.skip_reason for item in panel.rules}


def test_an_exempt_entity_is_skipped_at_once_and_rises(pay):
    assert (results_of(pay)["tiered"], level_of(pay)) == ("FAIL", "Basic")
    exempt(pay)
    assert (results_of(pay)["tiered"], level_of(pay)) == ("SKIP", "Silver")
    moved = RuleChange.objects.get(entity=pay)
    assert (moved.before, moved.after) == ("FAIL", "SKIP")
    assert LevelChange.objects.get(entity=pay).to_level == "Silver"


def test_a_rule_that_passes_counts_no_more_either(pay):
    exempt(pay, "spoken")
    assert results_of(pay) == {"tiered": "FAIL", "spoken": "SKIP", "top": "FAIL"}


def test_others_are_asked_as_before(pay):
    other = make_entity("cart", properties={"tier": 3})
    exempt(pay)
    assert results_of(other)["tiered"] == "FAIL"


@pytest.mark.parametrize(
    ("expires_on", "reason", "expected"),
    [
        (
            date(2027, 5, 3),
            "It is being shut down.",
            "Exempt until 3 May 2027: It is being shut down, approved by tester.",
        ),
        (None, "old", "Exempt: old, approved by tester."),
    ],
)
def test_the_page_says_until_when_why_and_by_whom(pay, expires_on, reason, expected):
    exempt(pay, expires_on=expires_on, reason=reason)
    assert reasons_of(pay) == {"tiered": expected, "spoken": "", "top": ""}


def test_an_exemption_holds_through_its_last_day_and_the_sweep_ends_it(pay):
    row = exempt(pay, expires_on=TODAY)
    operations.sweep(now=NOW + timedelta(hours=11))
    assert results_of(pay)["tiered"] == "SKIP"
    operations.sweep(now=NOW + DAY)
    assert (results_of(pay)["tiered"], level_of(pay)) == ("FAIL", "Basic")
    row.refresh_from_db()
    assert (row.ended_at, row.ended_by) == (NOW + DAY, "tidemark")
    assert operations.end_expired(now=NOW + 2 * DAY) == 0


def test_until_the_sweep_what_is_stored_and_what_is_explained_agree(pay):
    exempt(pay, expires_on=TODAY)
    later = NOW + 3 * DAY
    operations.evaluate_entities(entity_ids=[pay.pk], now=later)
    assert results_of(pay)["tiered"] == "SKIP"
    assert reasons_of(pay, now=later)["tiered"].startswith("Exempt until 1 June 2026")


def test_an_exemption_without_end_outlives_every_sweep(pay):
    exempt(pay)
    operations.sweep(now=NOW + 4000 * DAY)
    assert results_of(pay)["tiered"] == "SKIP"


def test_a_withdrawn_exemption_is_history_and_the_rule_counts_again(pay):
    row = exempt(pay)
    operations.withdraw_exemption(exemption=row, by=TESTER, now=NOW + DAY)
    assert (results_of(pay)["tiered"], row.ended_at, row.ended_by) == ("FAIL", NOW + DAY, "tester")
    operations.withdraw_exemption(exemption=row, by=TESTER, now=NOW + 2 * DAY)
    assert row.ended_at == NOW + DAY
    assert exempt(pay).pk != row.pk


def test_every_step_is_in_the_history(pay):
    Change.objects.all().delete()
    row = exempt(pay, expires_on=TODAY, asked_by="maya")
    exempt(pay, expires_on=TODAY + DAY, asked_by="maya")
    exempt(pay, expires_on=TODAY + DAY, asked_by="maya")
    operations.withdraw_exemption(exemption=row, by=TESTER, now=NOW)
    rows = Change.objects.filter(kind="exemption").order_by("id")
    assert [(item.action, item.blueprint, item.identifier) for item in rows] == [
        ("created", "service", "pay"),
        ("updated", "service", "pay"),
        ("deleted", "service", "pay"),
    ]
    assert rows[0].after == {
        "scorecard": "quality",
        "rule": "tiered",
        "reason": "It is being shut down.",
        "asked_by": "maya",
        "approved_by": "tester",
        "expires_on": "2026-06-01",
    }


def test_a_second_exemption_from_the_same_rule_changes_the_first(pay):
    first = exempt(pay, expires_on=TODAY)
    second = exempt(pay, reason="Other", expires_on=None)
    assert (second.pk, second.reason, second.expires_on) == (first.pk, "Other", None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Exemption.objects.create(
            entity=pay, rule=first.rule, reason="twice", created_at=NOW, ended_at=None
        )


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"reason": "  "}, "reason"),
        ({"reason": "a" * 2_001}, "reason"),
        ({"reason": "a\x00b"}, "reason"),
        ({"asked_by": "a" * 201}, "asked_by"),
        ({"asked_by": "\x00"}, "asked_by"),
        ({"expires_on": TODAY - DAY}, "expires_on"),
    ],
)
def test_what_makes_no_sense_is_refused(pay, parts, path):
    with pytest.raises(Invalid) as caught:
        exempt(pay, **parts)
    assert [fault.path for fault in caught.value.faults] == [path]
    assert not Exemption.objects.exists()


def test_a_rule_that_does_not_grade_the_entity_is_refused(pay):
    make_blueprint("host")
    with pytest.raises(Invalid, match="does not grade"):
        exempt(make_entity("web-1", blueprint="host"))


def test_exemptions_go_with_their_entity_and_with_their_rule(pay):
    other = make_entity("cart", properties={"tier": 3})
    exempt(pay)
    exempt(other)
    delete_entities(entities=[pay], by=TESTER, now=NOW)
    assert Exemption.objects.get().entity == other
    make_scorecard(rules=[rule_document("spoken")])
    assert not Exemption.objects.exists()


def test_an_edit_of_the_scorecard_keeps_who_is_exempt(pay):
    exempt(pay)
    make_scorecard(
        rules=[rule_document("new", level="Silver"), rule_document("tiered", level="Silver")]
    )
    assert results_of(pay) == {"new": "FAIL", "tiered": "SKIP"}


def test_a_reported_failure_is_skipped_too(pay):
    make_scorecard(rules=[rule_document("tested", query=None)])
    report("pay", "tested", "FAIL")
    exempt(pay, "tested")
    assert results_of(pay) == {"tested": "SKIP"}
    assert reasons_of(pay)["tested"].startswith("Exempt: ")


def test_counters_and_the_second_run_know_it(pay):
    exempt(pay)
    stored = list(Evaluation.objects.values())
    operations.reevaluate(blueprint="service", now=NOW)
    operations.sweep(now=NOW)
    assert list(Evaluation.objects.values()) == stored
    counts = counts_of([stored[0]["scorecard_id"]])[stored[0]["scorecard_id"]]
    rule = Rule.objects.get(identifier="tiered")
    assert (counts.total, counts.passed[rule.pk], counts.failed[rule.pk]) == (1, 0, 0)


def test_a_preview_knows_who_is_exempt(pay):
    exempt(pay)
    preview = operations.preview_scorecard(definition=scorecard_document(), now=NOW)
    assert (preview.moved_count, preview.rules[0].failed_after) == (0, 0)


def test_a_chunk_without_exemptions_costs_one_query_whatever_its_size(pay):
    def cost() -> int:
        scorecards = compiling.for_blueprint("service")
        rows = facts_of(Entity.objects.of("service"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            Judge(scorecards, rows, now=NOW)
        return len(queries)

    assert cost() == 1
    for _ in range(5):
        make_entity(properties={"tier": 1})
    assert cost() == 1
    exempt(pay)
    assert cost() == 1


def test_the_page_asks_for_exemptions_only_where_something_is_skipped(pay):
    with CaptureQueriesContext(connection) as before:
        panels_for(pay, now=NOW)
    assert not [query for query in before if "scorecards_exemption" in query["sql"]]


@given(
    passed=st.integers(0, 2**63 - 1),
    skipped=st.integers(0, 2**63 - 1),
    bits=st.sets(st.integers(0, 62)),
)
@settings(max_examples=200)
def test_masks_with_exempt_rules_agree_with_asking_rule_by_rule(passed, skipped, bits):
    found = Masks(passed & ~skipped, skipped)
    masks = with_exempt(found, sum(1 << bit for bit in bits))
    assert masks.passed & masks.skipped == 0
    for bit in range(63):
        assert masks.word(bit) == ("SKIP" if bit in bits else found.word(bit))
