"""The picture of a preview shows what saving then does."""

from typing import Any

import pytest
from django.db.models import Count

from scorecards.admin_preview import stored_of
from scorecards.impact import Stored, impact_of
from scorecards.impact_parts import Cell, Impact
from scorecards.models import Evaluation, Level, Scorecard
from scorecards.operations import document_of, preview_scorecard, save_scorecard
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
    scorecard_document,
)
from tests.unit.scorecards.test_preview import EDITS, stricter

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def services() -> None:
    make_blueprint()
    make_scorecard()
    for tier in (1, 2, 3, 3):
        make_entity(properties={"tier": tier, "language": "Go"})


def levels(*titles: str) -> list[dict[str, str]]:
    return [{"title": title, "color": "blue"} for title in titles]


def impact(definition: dict[str, Any]) -> Impact:
    stored = Scorecard.objects.filter(identifier=definition["identifier"]).first() or Scorecard()
    # As the form sends it: with everything said.
    whole = {"levels": [], "status": "published", **document_of(Scorecard.objects.get())}
    whole |= definition
    whole["rules"] = [{"is_enabled": True, **rule} for rule in definition["rules"]]
    preview = preview_scorecard(definition=whole, now=NOW)
    return impact_of(preview, whole, stored_of(stored))


def stored_counts(identifier: str) -> dict[str, int]:
    rows = Level.objects.filter(scorecard__identifier=identifier).annotate(n=Count("evaluations"))
    counts = {row.title: row.n for row in rows if row.n}
    ungraded = 4 - Evaluation.objects.filter(scorecard__identifier=identifier).count()
    return {**counts, "Not graded": ungraded} if ungraded else counts


EDITED = {
    **EDITS,
    "a renamed level": lambda: scorecard_document(
        levels=levels("Start", "Bronze", "Silver", "Gold")
    ),
    "a level between": lambda: scorecard_document(
        levels=levels("Basic", "Iron", "Bronze", "Silver", "Gold")
    ),
    "no level of old": lambda: scorecard_document(
        levels=levels("A", "B"), rules=[rule_document(level="B")]
    ),
    "other titles at other places": lambda: scorecard_document(
        levels=levels("Bronze", "Basic", "Top"), rules=[rule_document(level="Top")]
    ),
}


@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED.keys())
def test_the_bars_show_what_is_stored_before_and_after_saving(edit: Any) -> None:
    definition = edit()
    found = impact(definition)
    before = stored_counts(definition["identifier"])
    save_scorecard(definition=definition, by=TESTER, now=NOW)
    after = stored_counts(definition["identifier"])
    # Before saving, a level that is renamed still has its old title.
    assert sorted(share.count for share in found.before if share.count) == sorted(before.values())
    assert {share.label: share.count for share in found.after if share.count} == after


@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED.keys())
def test_the_ways_lead_from_one_bar_to_the_other(edit: Any) -> None:
    found = impact(edit())
    for row in found.rows:
        assert sum(cell.count for cell in row.cells) == row.step.before
    for index, step in enumerate(found.columns):
        assert sum(row.cells[index].count for row in found.rows) == step.after
    moved = sum(cell.count for row in found.rows for cell in row.cells if cell.way != "stay")
    assert moved == found.moved_count == sum(found.ways.values())


def test_who_falls_is_told_from_who_stays() -> None:
    found = impact(stricter())
    assert [step.title for step in found.steps] == ["Gold", "Silver", "Bronze", "Basic"]
    assert found.ways == {"down": 1}
    silver = next(row for row in found.rows if row.step.title == "Silver")
    assert silver.cells == [Cell(0, ""), Cell(0, ""), Cell(0, ""), Cell(1, "down")]
    [mover] = found.movers
    assert (mover.before.title, mover.after.title, mover.is_drop) == ("Silver", "Basic", True)


def test_a_level_that_goes_is_shown_as_it_was() -> None:
    found = impact(
        scorecard_document(levels=levels("Basic", "Bronze"), rules=[rule_document("tiered")])
    )
    gone = {step.title: step.before for step in found.steps if step.is_gone}
    assert gone == {"Gold": 1, "Silver": 1}
    assert [step.title for step in found.columns] == ["Bronze", "Basic"]
    assert found.gone_rules == ["Spoken", "Top"]


def test_a_filter_takes_entities_out() -> None:
    found = impact(scorecard_document(filter=condition("tier", ">", 1)))
    assert found.ways == {"ungraded": 1}
    assert [(share.label, share.count) for share in found.after][-1] == ("Not graded", 1)


def test_a_new_rule_is_marked_and_an_old_one_compared() -> None:
    definition = scorecard_document()
    definition["rules"] = [definition["rules"][0], rule_document("fresh")]
    old, new = impact(definition).rules
    assert (old.is_new, old.passed_difference, old.failed_difference) == (False, 0, 0)
    assert (new.is_new, new.passed_difference, new.failed_difference) == (True, 2, 2)


def test_only_the_first_that_move_are_named() -> None:
    for _ in range(30):
        make_entity(properties={"tier": 2, "language": "Go"})
    found = impact(stricter())
    assert (len(found.movers), found.more, found.moved_count) == (20, 11, 31)


def test_a_level_that_somebody_removes_meanwhile_is_still_drawn() -> None:
    definition = document_of(Scorecard.objects.get())
    definition["rules"][0]["query"] = condition("tier", "<=", 1)
    preview = preview_scorecard(definition=definition, now=NOW)
    definition["levels"] = levels("Basic", "Bronze", "Gold")
    definition["rules"] = []
    assert [move.before.label for move in impact_of(preview, definition, Stored()).movers] == [
        "Silver"
    ]


def test_a_scorecard_that_is_not_there_yet_grades_for_the_first_time() -> None:
    found = impact(scorecard_document("fresh"))
    assert found.ways == {"graded": 4}
    assert [row.step.label for row in found.rows] == ["Not graded"]
    assert [step.label for step in found.columns] == ["Gold", "Silver", "Bronze", "Basic"]
