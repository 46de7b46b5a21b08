"""Counters: how many entities are at each level and pass each rule, for all and for each owner."""

from datetime import timedelta
from typing import Any

import pytest

from catalog import operations as catalog_operations
from catalog.models import Entity
from scorecards import operations
from scorecards.counts import counts_by_team, counts_of
from scorecards.models import (
    Counter,
    Evaluation,
    Fingerprint,
    LevelChange,
    RuleChange,
    Scorecard,
    ScorecardSnapshot,
)
from scorecards.operations.counters import take_snapshots, tidy
from tests.builders import (
    NOW,
    TESTER,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    rule_document,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def quality() -> Scorecard:
    """A scorecard with one Gold service of core, one Basic of core and edge, and one of nobody."""
    make_blueprint()
    make_team("core")
    make_team("edge")
    scorecard = make_scorecard()
    make_entity("gold", properties={"tier": 1, "language": "Go"}, team="core")
    make_entity("basic", properties={"tier": 3}, team=["core", "edge"])
    make_entity("alone", properties={"tier": 2})
    return scorecard


def read(team: str = "") -> dict[str, Any]:
    """Return the counters of a team by the names of levels and rules."""
    scorecard = Scorecard.objects.get()
    counts = counts_of([scorecard.pk], team=team)[scorecard.pk]
    titles = dict(scorecard.levels.values_list("id", "title"))
    rules = dict(scorecard.rules.values_list("id", "identifier"))
    return {
        "levels": {titles[id_]: count for id_, count in counts.levels.items() if count},
        "passed": {rules[id_]: n for id_, n in counts.passed.items() if n and id_ in rules},
        "failed": {rules[id_]: n for id_, n in counts.failed.items() if n and id_ in rules},
    }


def test_a_first_evaluation_is_counted_for_all_and_for_each_owner(quality):
    assert read() == {
        "levels": {"Gold": 1, "Basic": 1, "Bronze": 1},
        "passed": {"tiered": 2, "spoken": 1, "top": 1},
        "failed": {"tiered": 1, "spoken": 2, "top": 2},
    }
    assert read("edge") == {
        "levels": {"Basic": 1},
        "passed": {},
        "failed": {"tiered": 1, "spoken": 1, "top": 1},
    }
    assert read("core")["levels"] == {"Gold": 1, "Basic": 1}


def test_a_move_is_taken_from_one_level_and_added_to_the_other(quality):
    make_entity("basic", properties={"tier": 2})
    assert read("edge") == {
        "levels": {"Bronze": 1},
        "passed": {"tiered": 1},
        "failed": {"spoken": 1, "top": 1},
    }


def test_a_new_owner_counts_though_no_rule_reads_it(quality):
    make_entity("basic", team="edge")
    make_entity("alone", team=["edge", "edge"])
    assert read("core")["levels"] == {"Gold": 1}
    assert read("edge")["levels"] == {"Basic": 1, "Bronze": 1}
    assert read()["levels"] == {"Gold": 1, "Basic": 1, "Bronze": 1}


@pytest.mark.parametrize("is_plain", [True, False])
def test_what_is_deleted_counts_no_longer(quality, is_plain):
    entity = Entity.objects.get(identifier="gold")
    if is_plain:
        entity.delete()
    else:
        catalog_operations.delete_entities(entities=[entity], by=TESTER, now=NOW)
    assert read()["levels"] == {"Basic": 1, "Bronze": 1}
    assert read("core")["levels"] == {"Basic": 1}


def test_a_blueprint_that_is_graded_no_longer_counts_no_longer(quality):
    make_scorecard(status="draft")
    assert read() == read("core") == {"levels": {}, "passed": {}, "failed": {}}
    make_scorecard()
    assert read("core")["levels"] == {"Gold": 1, "Basic": 1}


def test_a_rule_in_the_place_of_another_starts_from_nothing(quality):
    make_scorecard(rules=[rule_document("tiered")])
    make_scorecard(rules=[rule_document("tiered"), rule_document("also", level="Gold")])
    assert read()["passed"] == {"tiered": 2, "also": 2}
    assert read()["failed"] == {"tiered": 1, "also": 1}


def test_adding_the_rows_up_changes_nothing_but_their_number(quality):
    make_entity("basic", properties={"tier": 1})
    before = [read(team) for team in ("", "core", "edge")]
    assert Counter.objects.count() > 3
    tidy()
    assert [read(team) for team in ("", "core", "edge")] == before
    assert Counter.objects.count() == 3


def test_counters_that_are_nought_leave_no_row(quality):
    catalog_operations.delete_entities(entities=Entity.objects.of("service"), by=TESTER, now=NOW)
    tidy()
    assert not Counter.objects.exists()


def test_a_recount_mends_what_somebody_broke(quality):
    before = [read(team) for team in ("", "core", "edge")]
    Counter.objects.filter(team="core").delete()
    Counter.objects.update(levels={"1": 99})
    operations.recount(scorecard=quality)
    assert [read(team) for team in ("", "core", "edge")] == before


def test_a_team_that_takes_another_name_keeps_its_counts(quality):
    team = Entity.objects.get(blueprint__identifier="_team", identifier="edge")
    team.identifier = "edges"
    team.save()
    assert set(counts_by_team(quality.pk)) >= {"core", "edges"}
    assert read("edges")["levels"] == {"Basic": 1}
    assert read("edge")["levels"] == {}


def test_a_sweep_in_which_nothing_moved_writes_nothing(quality, django_capture_on_commit_callbacks):
    operations.sweep(now=NOW)
    tables = (Counter, Evaluation, Fingerprint, LevelChange, RuleChange, ScorecardSnapshot)
    before = [list(model.objects.order_by("pk").values()) for model in tables]
    with django_capture_on_commit_callbacks() as sent:
        operations.sweep(now=NOW)
    assert [list(model.objects.order_by("pk").values()) for model in tables] == before
    assert sent == []


def test_a_day_is_remembered_as_it_began(quality):
    operations.sweep(now=NOW)
    make_entity("basic", properties={"tier": 2})
    operations.sweep(now=NOW + timedelta(hours=1))
    operations.sweep(now=NOW + timedelta(days=1))
    rows = ScorecardSnapshot.objects.filter(team="edge").order_by("day")
    assert [(row.day, row.levels, row.passed, row.failed) for row in rows] == [
        (NOW.date(), {"Basic": 1}, {}, {"tiered": 1, "spoken": 1, "top": 1}),
        (
            NOW.date() + timedelta(days=1),
            {"Bronze": 1},
            {"tiered": 1},
            {"spoken": 1, "top": 1},
        ),
    ]


def test_a_scorecard_that_grades_nothing_is_remembered_once():
    make_blueprint()
    make_scorecard()
    assert take_snapshots(now=NOW) == 1
    assert take_snapshots(now=NOW) == 0


def test_a_draft_is_not_remembered(quality):
    make_scorecard(status="draft")
    assert take_snapshots(now=NOW) == 0
