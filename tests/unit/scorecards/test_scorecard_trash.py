"""A deleted scorecard comes back with its rules, reports, exemptions and history."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import operations as catalog_operations
from catalog.errors import Conflict
from catalog.models import Blueprint, Change, Deleted, Entity
from catalog.operations import restore
from portal.permissions import Actor, Forbidden, Rights
from scorecards import operations
from scorecards.counts import counts_of
from scorecards.models import (
    Campaign,
    Evaluation,
    Exemption,
    LevelChange,
    Outcome,
    PastOutcome,
    Rule,
    RuleChange,
    Scorecard,
    ScorecardSnapshot,
)
from scorecards.operations import keeping
from scorecards.operations.counters import take_snapshots
from tests.builders import (
    NOW,
    TESTER,
    level_of,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    make_team,
    make_user,
    report,
    rule_document,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


@pytest.fixture
def quality() -> Scorecard:
    """Return a scorecard with something of everything, whose bits are not in order."""
    make_blueprint()
    make_team()
    rules = [
        rule_document("gone"),
        rule_document("tiered", owner="core"),
        rule_document("spoken", level="Silver", query=None),
    ]
    make_scorecard(rules=rules)
    make_scorecard(rules=rules[1:])
    for name in ("pay", "shop"):
        make_entity(name, properties={"tier": 1}, team=["core"])
    make_entity("pay", properties={"tier": 3}, now=NOW + timedelta(hours=1))
    report("pay", "spoken", "FAIL")
    report("pay", "spoken", "PASS", remark="in Go", now=NOW + timedelta(hours=2))
    operations.exempt(
        entity=Entity.objects.get(identifier="pay"),
        rule=Rule.objects.get(identifier="tiered"),
        reason="It is being shut down.",
        expires_on=date(2026, 7, 1),
        by=TESTER,
        now=NOW + timedelta(hours=3),
    )
    make_campaign()
    take_snapshots(now=NOW)
    return Scorecard.objects.get()


def state() -> dict[str, object]:
    """Return what hangs on the scorecard, by name."""
    scorecard = Scorecard.objects.get()
    entity, rule = "entity__identifier", "rule__identifier"
    counts = counts_of([scorecard.pk])[scorecard.pk]
    identifiers = dict(Rule.objects.values_list("id", "identifier"))
    parts = {
        "bits": Rule.objects.values_list("identifier", "bit"),
        "campaigns": Campaign.objects.values_list("identifier", "rules__identifier"),
        "outcomes": Outcome.objects.values_list(
            entity, rule, "state", "remark", "created_at", "reported_at", "reported_by"
        ),
        "past": PastOutcome.objects.values_list(
            entity, rule, "state", "remark", "reported_at", "reported_by", "ended_at"
        ),
        "exemptions": Exemption.objects.values_list(
            entity,
            rule,
            "reason",
            "asked_by",
            "approved_by",
            "expires_on",
            "created_at",
            "ended_at",
        ),
        "rule_changes": RuleChange.objects.values_list(entity, rule, "before", "after", "at"),
        "level_changes": LevelChange.objects.values_list("id", entity, "to_level", "to_rank", "at"),
        "evaluations": Evaluation.objects.values_list(entity, "level__title", "passed", "skipped"),
        "snapshots": ScorecardSnapshot.objects.values_list("team", "day"),
    }
    return {
        "document": operations.document_of(Scorecard.objects.with_parts().get()),
        "created_at": scorecard.created_at,
        "passed": {identifiers[key]: count for key, count in (+counts.passed).items()},
        "snapshot": [(row.levels, row.passed, row.failed) for row in
                     ScorecardSnapshot.objects.order_by("team")],
        **{name: sorted(rows, key=str) for name, rows in parts.items()},
    }  # fmt: skip


def delete(**parts) -> Deleted:
    operations.delete_scorecard(scorecard=Scorecard.objects.get(), by=TESTER, now=LATER, **parts)
    return Deleted.objects.latest("id")


def test_a_scorecard_comes_back_with_all_that_hung_on_it(quality):
    before = state()
    assert all(before.values())
    row = delete()
    assert not Scorecard.objects.exists()
    assert (row.kind, row.identifier, row.document["bits"]) == (
        "scorecard",
        "quality",
        {"tiered": 1, "spoken": 2},
    )
    assert restore(rows=[row], by=TESTER, now=LATER).remarks == []
    assert state() == before
    assert not Deleted.objects.exists()


def test_deletion_and_return_are_in_the_history(quality):
    restore(rows=[delete()], by=TESTER, now=LATER)
    rows = Change.objects.filter(kind="scorecard").order_by("id")
    assert [row.action for row in rows][-2:] == ["deleted", "created"]


def test_an_identifier_that_is_taken_is_a_conflict(quality):
    row = delete()
    make_scorecard()
    with pytest.raises(Conflict, match=r"^there is a scorecard 'quality' again; delete or rename"):
        restore(rows=[row], by=TESTER, now=LATER)
    assert Deleted.objects.exists()


def test_what_the_catalog_lost_meanwhile_is_listed(quality):
    row = delete()
    make_blueprint(schema={"properties": {"language": {"type": "string"}}, "required": []})
    gone = Entity.objects.filter(identifier__in=["pay", "core"])
    catalog_operations.delete_entities(entities=list(gone), by=TESTER, now=LATER)
    remarks = restore(rows=[row], by=TESTER, now=LATER).remarks
    said = [f"{fault.path}: {fault.message}" for fault in remarks]
    assert said[0].startswith("quality: rules[0].query.conditions[0].property: ")
    assert said[1] == "quality: rules: there is no team 'core' any more that owned some of them"
    assert "quality: outcomes: 1 were left out: their entities are not there" in said
    assert Rule.objects.get(identifier="tiered").owner is None


def test_a_scorecard_whose_blueprint_is_gone_cannot_come_back(quality):
    row = delete()
    catalog_operations.delete_blueprint(
        blueprint=Blueprint.objects.get(identifier="service"),
        by=TESTER,
        now=LATER,
        delete_dependents=True,
    )
    with pytest.raises(Conflict, match=r"^there is no blueprint service any more that it could"):
        restore(rows=[row], by=TESTER, now=LATER)


def test_an_entity_brings_its_reports_back_to_a_scorecard_that_came_back_before_it(quality):
    before = state()
    pay = Entity.objects.get(identifier="pay")
    catalog_operations.delete_entities(entities=[pay], by=TESTER, now=LATER)
    entity, scorecard = Deleted.objects.get(), delete()
    restore(rows=[scorecard], by=TESTER, now=LATER)
    assert level_of(Entity.objects.get(identifier="shop")) == "Bronze"
    restore(rows=[entity], by=TESTER, now=LATER)
    after = state()
    assert {key: after[key] for key in ("outcomes", "past", "exemptions", "level_changes")} == {
        key: before[key] for key in ("outcomes", "past", "exemptions", "level_changes")
    }


def test_of_long_histories_the_newest_is_kept_and_that_is_told(quality, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_HISTORY", 1)
    newest = RuleChange.objects.latest("id").at
    count = RuleChange.objects.count()
    row = delete()
    assert row.document["left_out"]["rule_changes"] == count - 1
    restore(rows=[row], by=TESTER, now=LATER)
    assert [change.at for change in RuleChange.objects.all()] == [newest]


def test_who_may_not_edit_it_may_not_restore_it(quality):
    row = delete()
    member = Actor(label="maya", rights=Rights(make_user()))
    with pytest.raises(Forbidden):
        restore(rows=[row], by=member, now=LATER)
    assert Deleted.objects.seen_by(member.rights).count() == 0
    assert Deleted.objects.seen_by(Rights(make_user("root", is_staff=True))).count() == 1


def test_deleting_costs_as_many_queries_however_much_was_reported(quality):
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            row = delete()
        restore(rows=[row], by=TESTER, now=LATER)
        return len(seen)

    few = cost()
    for number in range(20):
        make_entity(f"s{number}", properties={"tier": 1})
        report(f"s{number}", "spoken", "PASS")
        make_entity(f"s{number}", properties={"tier": 3})
    assert cost() == few
