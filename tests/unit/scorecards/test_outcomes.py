"""What tools report counts like what a query finds: at once, and with history."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.errors import Invalid
from catalog.models import Blueprint, Change, Entity
from catalog.operations import EntityDraft, upsert_entities
from scorecards import operations
from scorecards.models import Evaluation, LevelChange, Outcome, Rule, RuleChange, Scorecard
from scorecards.operations import OutcomeReport, Receipt
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
    scorecard_document,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
AFTER = NOW + timedelta(days=2)


def reported_rule(**overrides: Any) -> dict[str, Any]:
    return rule_document("tested", **{"level": "Silver", "query": None, **overrides})


def make_reported(**overrides: Any) -> Scorecard:
    """Ask for two rules at Silver, of which one is reported: it lifts nobody on its own."""
    small = rule_document("small", level="Silver")
    return make_scorecard(rules=[rule_document(), small, reported_rule(**overrides)])


@pytest.fixture
def pay() -> Entity:
    make_blueprint()
    make_reported()
    return make_entity("pay", properties={"tier": 2})


def status_of(entity: Entity, rule: str = "tested") -> str:
    row = Evaluation.objects.select_related("scorecard").get(entity=entity)
    found = {item.rule.identifier: item.status for item in rule_results(row, Rule.objects.all())}
    return found[rule].value


def test_a_rule_without_a_query_is_stored_as_null(pay):
    assert Rule.objects.get(query__isnull=True).identifier == "tested"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scorecards_rule WHERE query IS NULL")
        assert cursor.fetchone() == (1,)
    assert operations.document_of(Scorecard.objects.get())["rules"][2]["query"] is None


def test_the_key_of_the_query_has_to_be_there(pay):
    rule = reported_rule()
    del rule["query"]
    with pytest.raises(Invalid) as caught:
        make_scorecard(rules=[rule])
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [
        ("rules[0]", '"query" is a required property')
    ]


def test_nothing_reported_counts_neither_way(pay):
    assert (status_of(pay), level_of(pay)) == ("SKIP", "Silver")


@pytest.mark.parametrize(
    ("state", "status", "level"),
    [("pass", "PASS", "Silver"), ("FAIL", "FAIL", "Bronze"), ("Skip", "SKIP", "Silver")],
)
def test_a_report_counts_before_its_transaction_ends(pay, state, status, level):
    with transaction.atomic():
        assert report("pay", "tested", state) == Receipt(created=1, updated=0, unchanged=0)
        assert (status_of(pay), level_of(pay)) == (status, level)


def test_an_outcome_says_who_reported_what_and_when(pay):
    report("pay", "tested", "fail", remark="Two findings", now=LATER)
    row = Outcome.objects.get()
    assert (row.rule.identifier, row.entity, row.state) == ("tested", pay, "FAIL")
    assert (row.remark, row.reported_at, row.reported_by) == ("Two findings", LATER, "tester")


def test_a_level_of_reported_rules_is_awarded_once_they_pass(pay):
    make_reported(level="Gold")
    assert level_of(pay) == "Silver"
    report("pay", "tested", "pass")
    assert level_of(pay) == "Gold"


def test_reports_leave_the_history_that_any_move_leaves(pay):
    report("pay", "tested", "fail", now=LATER)
    report("pay", "tested", "pass", now=AFTER)
    assert list(RuleChange.objects.order_by("id").values_list("before", "after", "at")) == [
        ("SKIP", "FAIL", LATER),
        ("FAIL", "PASS", AFTER),
    ]
    moves = LevelChange.objects.order_by("id").values_list("from_level", "to_level", "at")
    assert list(moves) == [("Silver", "Bronze", LATER), ("Bronze", "Silver", AFTER)]


def test_the_same_report_again_writes_nothing(pay):
    report("pay", "tested", "fail", remark="Two findings")
    with CaptureQueriesContext(connection) as captured:
        again = report("pay", "tested", "FAIL", remark="Two findings", now=LATER)
    assert again == Receipt(created=0, updated=0, unchanged=1)
    writes = ("INSERT", "UPDATE", "DELETE")
    assert not [query["sql"] for query in captured if query["sql"].startswith(writes)]
    assert Outcome.objects.get().reported_at == NOW


def test_a_new_remark_is_kept_and_evaluates_nothing(pay):
    report("pay", "tested", "pass")
    evaluated_at = Evaluation.objects.get().evaluated_at
    updated = report("pay", "tested", "pass", remark="Again", now=LATER)
    assert updated == Receipt(created=0, updated=1, unchanged=0)
    row = Outcome.objects.get()
    assert (row.remark, row.reported_at) == ("Again", LATER)
    assert Evaluation.objects.get().evaluated_at == evaluated_at


@pytest.mark.parametrize(
    "unless",
    [
        {"filter": condition("language", "=", "Go")},
        {"in_force_from": "2999-01-01"},
        {"is_enabled": False},
    ],
    ids=["filter", "not in force", "switched off"],
)
def test_what_takes_other_rules_out_takes_reported_ones_out_too(pay, unless):
    report("pay", "tested", "fail")
    make_reported(**unless)
    assert (status_of(pay), level_of(pay)) == ("SKIP", "Silver")
    make_reported()
    assert (status_of(pay), level_of(pay)) == ("FAIL", "Bronze")


def test_a_filter_that_comes_to_hold_brings_back_what_was_reported(pay):
    make_reported(filter=condition("language", "=", "Go"))
    report("pay", "tested", "fail")
    assert status_of(pay) == "SKIP"
    make_entity("pay", properties={"language": "Go"}, now=LATER)
    assert status_of(pay) == "FAIL"


def test_other_writes_to_an_entity_keep_what_was_reported(pay):
    report("pay", "tested", "fail")
    make_entity("pay", properties={"tier": 3}, now=LATER)
    make_entity("pay", properties={"tier": 1}, now=AFTER)
    assert (status_of(pay), level_of(pay)) == ("FAIL", "Bronze")
    operations.reevaluate(blueprint="service", now=AFTER)
    assert (status_of(pay), level_of(pay)) == ("FAIL", "Bronze")


def test_a_rule_may_turn_from_reported_to_asked_and_back(pay):
    report("pay", "tested", "fail")
    make_reported(query=condition("tier", "=", 2))
    assert (status_of(pay), level_of(pay)) == ("PASS", "Silver")
    make_reported()
    assert (status_of(pay), level_of(pay)) == ("FAIL", "Bronze")


def test_withdrawing_leads_back_to_nothing_reported(pay):
    report("pay", "tested", "fail", remark="Two findings")
    outcome = Outcome.objects.get()
    count = operations.withdraw_outcomes(outcome_ids=[outcome.pk], by=TESTER, now=LATER)
    assert (count, Outcome.objects.count()) == (1, 0)
    assert (status_of(pay), level_of(pay)) == ("SKIP", "Silver")
    last = RuleChange.objects.latest("id")
    assert (last.before, last.after, last.at) == ("FAIL", "SKIP", LATER)
    change = Change.objects.get(kind="outcome", action="deleted")
    assert (change.action, change.actor, change.blueprint, change.identifier) == (
        "deleted", "tester", "service", "pay",
    )  # fmt: skip
    assert change.before == {
        "scorecard": "quality",
        "rule": "tested",
        "state": "FAIL",
        "remark": "Two findings",
        "reported_by": "tester",
    }


def test_a_withdrawal_of_what_is_gone_says_so(pay):
    assert operations.withdraw_outcomes(outcome_ids=[7], by=TESTER, now=LATER) == 0


def test_the_last_of_two_reports_about_the_same_holds(pay):
    reports = [OutcomeReport("tested", "service", "pay", state) for state in ("fail", "pass")]
    receipt = operations.report_outcomes(
        scorecard=Scorecard.objects.get(), reports=reports, by=TESTER, now=NOW
    )
    assert receipt == Receipt(created=1, updated=0, unchanged=0)
    assert status_of(pay) == "PASS"


def fleet(count: int) -> list[OutcomeReport]:
    drafts = [EntityDraft(f"s{number}", properties={"tier": 1}) for number in range(count)]
    upsert_entities(
        blueprint=Blueprint.objects.get(identifier="service"), drafts=drafts, by=TESTER, now=NOW
    )
    return [OutcomeReport("tested", "service", draft.identifier, "fail") for draft in drafts]


def queries_of(reports: list[OutcomeReport]) -> int:
    scorecard = Scorecard.objects.get()
    with CaptureQueriesContext(connection) as captured:
        operations.report_outcomes(scorecard=scorecard, reports=reports, by=TESTER, now=LATER)
    return len(captured)


def test_many_reports_take_as_many_statements_as_few(pay):
    reports = fleet(600)
    few = queries_of(reports[:10])
    assert queries_of(reports[10:]) == few
    assert Evaluation.objects.filter(level__title="Bronze").count() == 600


def test_very_many_reports_are_evaluated_by_a_task_and_end_the_same(
    pay, settings, django_capture_on_commit_callbacks
):
    reports = fleet(5)
    settings.TIDEMARK_INLINE_LIMIT = 4
    with django_capture_on_commit_callbacks(execute=True):
        queries_of(reports)
        assert Entity.objects.stale().count() == 5
        assert not Evaluation.objects.filter(level__title="Bronze").exists()
    assert not Entity.objects.stale().exists()
    assert Evaluation.objects.filter(level__title="Bronze").count() == 5


GOOD = {"rule": "tested", "blueprint": "service", "entity": "pay", "state": "pass"}


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"rule": "teste"}, "rule", "'quality' has no rule 'teste'; did you mean 'tested'?"),
        ({"rule": "x"}, "rule", "'quality' has no rule 'x'; reported are: tested"),
        (
            {"rule": "tiered"},
            "rule",
            "'tiered' has a query of its own; set that to null to report its results",
        ),
        (
            {"blueprint": "_team"},
            "entity",
            "there is no _team 'pay'; create it first",
        ),
        ({"blueprint": "shop"}, "blueprint", "there is no blueprint 'shop'"),
        ({"scorecard": "nope"}, "scorecard", "there is no scorecard 'nope'"),
        ({"entity": "shop"}, "entity", "there is no service 'shop'; create it first"),
        ({"state": "passed"}, "state", "give pass, fail or skip"),
        ({"state": ""}, "state", "give pass, fail or skip"),
        ({"remark": "x" * 5_001}, "remark", "holds 5,001 characters; send at most 5,000"),
        (
            {"entity": "a\x00"},
            "entity",
            "holds a character that cannot be stored (NUL or half a surrogate pair); remove it",
        ),
        (
            {"remark": "\ud800"},
            "remark",
            "holds a character that cannot be stored (NUL or half a surrogate pair); remove it",
        ),
    ],
)
def test_a_faulty_report_is_refused_with_its_path_and_none_is_kept(pay, change, path, words):
    reports = [OutcomeReport(**GOOD), OutcomeReport(**{**GOOD, **change})]
    with pytest.raises(Invalid) as caught:
        operations.report_outcomes(
            scorecard=Scorecard.objects.get(), reports=reports, by=TESTER, now=NOW
        )
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [
        (f"outcomes[1].{path}", words)
    ]
    assert not Outcome.objects.exists()


def test_every_fault_is_told_at_once(pay):
    report_ = OutcomeReport("x", "service", "shop", "maybe", "x" * 6_000)
    with pytest.raises(Invalid) as caught:
        operations.report_outcomes(
            scorecard=Scorecard.objects.get(), reports=[report_], by=TESTER, now=NOW
        )
    assert [fault.path for fault in caught.value.faults] == [
        f"outcomes[0].{name}" for name in ("rule", "entity", "state", "remark")
    ]


def test_a_remark_of_the_longest_length_is_kept(pay):
    report("pay", "tested", "pass", remark="x" * 5_000)
    assert len(Outcome.objects.get().remark) == 5_000


def test_more_than_one_call_may_hold_are_refused(pay):
    with pytest.raises(Invalid, match="outcomes: 5,001 are too many: send at most 5,000"):
        operations.report_outcomes(
            scorecard=Scorecard.objects.get(),
            reports=[OutcomeReport(**GOOD)] * 5_001,
            by=TESTER,
            now=NOW,
        )


def test_a_scorecard_without_reported_rules_takes_no_reports(pay):
    make_scorecard()
    with pytest.raises(Invalid, match="reported are: none"):
        report("pay", "tested", "pass")


def test_outcomes_go_with_their_rule_and_their_entity(pay):
    make_entity("shop")
    report("pay", "tested", "pass")
    report("shop", "tested", "pass")
    Entity.objects.filter(identifier="shop").delete()
    assert Outcome.objects.get().entity == pay
    operations.save_scorecard(definition=scorecard_document(), by=TESTER, now=LATER)
    assert not Outcome.objects.exists()


def test_a_plain_save_of_a_reported_rule_keeps_it_reported(pay):
    report("pay", "tested", "fail")
    rule = Rule.objects.get(identifier="tested")
    rule.title = "Pen-tested"
    rule.save()
    assert (Rule.objects.get(pk=rule.pk).is_reported, status_of(pay)) == (True, "FAIL")
