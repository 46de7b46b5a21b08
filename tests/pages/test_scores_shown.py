"""Scores stand next to the levels, and what was reported before with its rule."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.dashboards import scorecard_page as pages
from scorecards import operations
from scorecards.models import Outcome
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)
from tests.pages.reading import html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")


@pytest.fixture
def second(catalog: None) -> None:
    """Grade services and jobs by a second scorecard, with a reported rule."""
    make_blueprint("job", title="Job")
    make_team("web", title="Web")
    make_entity("nightly", blueprint="job", team="web", properties={"tier": 3})
    make_scorecard(
        "safety",
        blueprints=["service", "job"],
        rules=[
            rule_document("tested", query=None),
            rule_document("small", query=condition("tier", "<=", 2)),
        ],
    )


def test_an_entity_shows_its_score_by_scorecard_and_over_all(reader, second):
    report("buoy", "tested", "fail", scorecard="safety")
    words = words_of(reader.get("/catalog/service/buoy/"))
    everything = words_of(reader.get("/catalog/service/buoy/?tab=scorecards"))
    # Quality: two of three; safety: one of two; over all: three of five.
    for found in (words, everything):
        assert "67 % score" in found
        assert "50 % score" in found
    assert "60 % score" in words


def test_what_is_skipped_and_switched_off_is_left_out_of_the_score(reader, second):
    make_scorecard("safety", rules=[rule_document("tested", query=None)])
    words = words_of(reader.get("/catalog/service/anchor/"))
    assert words.count("100 % score") == 2


def test_the_list_of_scorecards_shows_the_scores(reader):
    # Of four services: 3 + 2 + 0 + 1 results of twelve.
    assert "50 % of the results that count are passes" in words_of(reader.get("/scorecards/"))


def test_a_scorecard_shows_scores_by_kind_and_by_team_the_lowest_first(reader, second):
    words = words_of(reader.get("/scorecards/safety/"))
    assert "Mean scores by team and by kind Jobs 0 % Services 75 % Web 0 % Core 67 %" in words


def test_a_scorecard_of_one_kind_shows_none(reader):
    words = words_of(reader.get("/scorecards/quality/"))
    assert (
        "Mean scores by team and by kind Core 56 % The mean of the scores of what a team owns"
        in words
    )


def test_by_team_is_worked_out_on_demand_where_it_would_take_long(reader, monkeypatch):
    monkeypatch.setattr(pages, "MOST_AT_ONCE", 2)
    address = "/scorecards/quality/"
    reader.get(address)
    with CaptureQueriesContext(connection) as captured:
        html = html_of(reader.get(address))
    # As many as without scores.
    assert len(captured) == 20
    assert 'href="?scores=groups#scores"' in html
    assert "Core 56 %" in words_of(reader.get(f"{address}?scores=groups"))


def test_a_team_shows_the_mean_of_what_it_owns(reader):
    # Its services pass three, two and none of three rules.
    assert "56 % score" in words_of(reader.get("/teams/core/"))


def test_nothing_that_counts_is_no_score(reader):
    make_scorecard("quality", rules=[rule_document("tested", query=None)])
    for address in ("/catalog/service/anchor/", "/teams/core/", "/scorecards/"):
        assert "%" not in words_of(reader.get(address)).replace("0 %", "")
    assert "No rule counts for anything yet" in words_of(reader.get("/scorecards/quality/"))


def test_what_was_reported_before_stands_with_the_rule(reader, second):
    for state, remark in (("fail", "Two findings"), ("skip", "Vacation"), ("pass", "")):
        report("anchor", "tested", state, scorecard="safety", remark=remark)
    words = words_of(reader.get("/catalog/service/anchor/?tab=scorecards"))
    before = words.partition("Reported before")[2]
    assert before.index("Skip by tester") < before.index("Fail by tester")
    assert "Vacation" in before
    assert "Two findings" in before


def test_of_a_long_history_only_the_newest_is_shown(reader, second):
    for number in range(9):
        report("anchor", "tested", "fail", scorecard="safety", remark=f"Run {number}.")
    words = words_of(reader.get("/catalog/service/anchor/?tab=scorecards"))
    assert "Run 3." in words
    assert "Run 2." not in words


def test_a_withdrawn_outcome_stands_in_the_history_of_its_rule(reader, second):
    report("anchor", "tested", "fail", scorecard="safety", remark="Two findings")
    ids = list(Outcome.objects.values_list("id", flat=True))
    operations.withdraw_outcomes(outcome_ids=ids, by=TESTER, now=NOW)
    words = words_of(reader.get("/catalog/service/anchor/?tab=scorecards"))
    assert "Nothing reported yet" in words
    assert "Two findings" in words.partition("Reported before")[2]
