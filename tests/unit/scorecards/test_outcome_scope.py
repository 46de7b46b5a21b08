"""Outcomes outlive the scope of their rules, and what they said before is kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Entity
from scorecards import operations
from scorecards.models import Evaluation, Outcome, PastOutcome, Rule, RuleChange, Scorecard
from scorecards.operations import OutcomeReport, Receipt, Said
from scorecards.results import rule_results
from tests.builders import (
    NOW,
    TESTER,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    report,
    rule_document,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
AFTER = NOW + timedelta(days=2)


def grade(identifier: str = "quality", **overrides: Any) -> Scorecard:
    """Save a scorecard with a rule that is asked and one that is reported."""
    rule_parts = overrides.pop("tested", {})
    tested = rule_document("tested", level="Silver", query=None, **rule_parts)
    return make_scorecard(identifier, rules=[rule_document(), tested], **overrides)


@pytest.fixture
def pay() -> Entity:
    make_blueprint()
    make_blueprint("job")
    grade()
    return make_entity("pay", properties={"tier": 2})


def status_of(entity: Entity, rule: str = "tested") -> str | None:
    row = Evaluation.objects.select_related("scorecard").filter(entity=entity).first()
    rules = Rule.objects.filter(identifier=rule)
    return rule_results(row, rules)[0].status.value if row else None


NARROWER = {
    "filter of the rule": ({"tested": {"filter": condition("tier", "=", 1)}}, "SKIP"),
    "filter of the scorecard": ({"filter": condition("tier", "=", 1)}, None),
    "blueprint not graded": ({"blueprints": ["job"]}, None),
    "draft": ({"status": "draft"}, None),
}


@pytest.mark.parametrize("narrower", NARROWER)
def test_an_outcome_is_kept_by_a_narrower_scope_and_counts_again_in_a_wider_one(pay, narrower):
    parts, status = NARROWER[narrower]
    report("pay", "tested", "fail", remark="Two findings")
    assert (status_of(pay), level_of(pay)) == ("FAIL", "Bronze")
    grade(**parts)
    assert status_of(pay) == status
    assert Outcome.objects.get().remark == "Two findings"
    grade()
    assert (status_of(pay), level_of(pay)) == ("FAIL", "Bronze")
    assert not PastOutcome.objects.exists()


@pytest.mark.parametrize("narrower", NARROWER)
def test_what_is_out_of_scope_may_be_reported_about_and_counts_later(pay, narrower):
    parts, status = NARROWER[narrower]
    grade(**parts)
    assert report("pay", "tested", "fail") == Receipt(created=1, updated=0, unchanged=0)
    assert status_of(pay) == status
    grade()
    assert status_of(pay) == "FAIL"


def history() -> list[tuple]:
    rows = PastOutcome.objects.order_by("id")
    return list(rows.values_list("state", "remark", "reported_at", "reported_by", "ended_at"))


def test_what_an_outcome_said_before_is_kept(pay):
    report("pay", "tested", "fail", remark="Two findings")
    assert history() == []
    report("pay", "tested", "fail", remark="One finding", now=LATER)
    report("pay", "tested", "pass", now=AFTER)
    assert history() == [
        ("FAIL", "Two findings", NOW, "tester", LATER),
        ("FAIL", "One finding", LATER, "tester", AFTER),
    ]
    row = Outcome.objects.get()
    assert (row.created_at, row.reported_at) == (NOW, AFTER)


def test_the_same_report_again_leaves_no_history(pay):
    report("pay", "tested", "fail")
    report("pay", "tested", "fail", now=LATER)
    assert history() == []


def test_a_withdrawn_outcome_is_history(pay):
    report("pay", "tested", "fail", remark="Two findings")
    ids = Outcome.objects.values_list("id", flat=True)
    operations.withdraw_outcomes(outcome_ids=list(ids), by=TESTER, now=LATER)
    assert history() == [("FAIL", "Two findings", NOW, "tester", LATER)]


def test_reports_of_several_scorecards_are_kept_together(pay):
    grade("safety")
    receipt = operations.report_outcomes(
        reports=[
            OutcomeReport("tested", "service", "pay", "fail", scorecard="safety"),
            OutcomeReport("tested", "service", "pay", "pass"),
        ],
        scorecard=Scorecard.objects.get(identifier="quality"),
        by=TESTER,
        now=NOW,
    )
    assert receipt == Receipt(created=2, updated=0, unchanged=0)
    assert (level_of(pay, "safety"), level_of(pay, "quality")) == ("Bronze", "Silver")


def record(said: dict[tuple[int, int], Said], **overrides: Any) -> Receipt:
    values = {"by": "robot", "reported_at": LATER, "now": AFTER, **overrides}
    return operations.record_outcomes(said=said, **values)


def test_an_entity_with_reports_of_many_rules_is_evaluated_once(pay):
    for name in ("safety", "cost"):
        grade(name)
    rules = Rule.objects.filter(identifier="tested").values_list("id", flat=True)
    said = {(rule, pay.pk): Said("FAIL", "") for rule in rules}
    with CaptureQueriesContext(connection) as captured:
        assert record(said) == Receipt(created=3, updated=0, unchanged=0)
    facts = [
        query for query in captured if "fingerprint" in query["sql"] and "facts" in query["sql"]
    ]
    assert len(facts) == 1
    assert set(RuleChange.objects.values_list("after", "at")) == {("FAIL", AFTER)}


def test_statements_about_what_is_gone_are_dropped_and_the_others_kept(pay):
    rule = Rule.objects.get(identifier="tested").pk
    said = {
        (rule, pay.pk): Said("FAIL", "why"),
        (rule, pay.pk + 1_000): Said("FAIL", ""),
        (rule + 1_000, pay.pk): Said("FAIL", ""),
    }
    assert record(said) == Receipt(created=1, updated=0, unchanged=0, dropped=2)
    row = Outcome.objects.get()
    assert (row.state, row.remark, row.reported_at, row.reported_by) == (
        ("FAIL", "why", LATER, "robot")
    )


def test_an_older_report_that_comes_second_overrules_nothing(pay):
    report("pay", "tested", "pass", now=AFTER)
    pair = (Rule.objects.get(identifier="tested").pk, pay.pk)
    said = {pair: Said("FAIL", "")}
    assert record(said, is_late=True) == Receipt(created=0, updated=0, unchanged=0, dropped=1)
    assert Outcome.objects.get().state == "PASS"
    assert record(said, is_late=True, reported_at=AFTER) == Receipt(0, 1, 0)
