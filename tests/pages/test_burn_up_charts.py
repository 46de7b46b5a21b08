"""Burn-ups: where their lines stand, and what they say in words."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.dashboards.burn_up_charts import BurnUp, Stage, burn_up, in_words

START = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def stages(*counts: tuple[int, int]) -> list[Stage]:
    """Return stages a day apart, each so many done of so many."""
    return [Stage(START + index * DAY, *count) for index, count in enumerate(counts)]


def lines(svg: str, kind: str) -> list[tuple[float, ...]]:
    """Return the lines of a kind, each as x1, y1, x2, y2."""
    found = re.findall(
        rf'<line class="{kind}" x1="([-\d.]+)%?" y1="([-\d.]+)" x2="([-\d.]+)%?" y2="([-\d.]+)"',
        svg,
    )
    return [tuple(map(float, line)) for line in found]


def test_what_is_done_rises_towards_what_there_is():
    chart = BurnUp(stages((0, 10), (5, 10)), starts_at=START)
    svg = burn_up(chart, label="Push")
    assert lines(svg, "plot-line") == [(0, 220, 100, 110)]
    assert lines(svg, "plot-scope") == [(0, 0, 100, 0)]
    assert lines(svg, "plot-due") == lines(svg, "plot-forecast") == []


def test_the_due_date_is_a_mark_with_a_word_on_the_side_with_room():
    late = BurnUp(stages((0, 10), (5, 10)), starts_at=START, due_at=START + 2 * DAY)
    svg = burn_up(late, label="Push")
    assert lines(svg, "plot-due") == [(100, 220, 100, 0)]
    assert 'text-anchor="end">due</text>' in svg
    early = BurnUp(stages((0, 10), *[(5, 10)] * 20), starts_at=START, due_at=START + DAY)
    assert 'text-anchor="start">due</text>' in burn_up(early, label="Push")


def test_a_forecast_leads_from_now_to_the_day_on_which_all_is_done():
    chart = BurnUp(stages((0, 10), (5, 10)), START, START + 3 * DAY, START + 2 * DAY)
    assert lines(burn_up(chart, label="Push"), "plot-forecast") == [(33.33, 110, 66.67, 0)]


def test_a_forecast_that_leads_too_far_is_cut_off_where_the_drawing_ends():
    chart = BurnUp(stages((0, 10), (5, 10)), START, None, START + 101 * DAY)
    assert chart.last == START + 1.5 * DAY
    ((_, start, end, height),) = lines(burn_up(chart, label="Push"), "plot-forecast")
    assert (start, end) == (110, 100)
    assert 109 < height < 110


def test_a_campaign_that_began_before_its_first_stage_is_drawn_from_its_beginning():
    chart = BurnUp(stages((0, 10), (5, 10)), starts_at=START - DAY)
    assert lines(burn_up(chart, label="Push"), "plot-line") == [(50, 220, 100, 110)]


@pytest.mark.parametrize(
    ("due_at", "done_at", "words"),
    [
        (None, None, ""),
        (START + 9 * DAY, None, "; due on 10 May 2026"),
        (None, START + 9 * DAY, "; done on 10 May 2026 at this pace"),
    ],
)
def test_a_burn_up_says_what_it_shows(due_at, done_at, words):
    chart = BurnUp(stages((0, 10), (1_000, 2_000)), START, due_at, done_at)
    said = in_words(chart, label="A < B")
    assert said == (
        f"A < B: from 0 of 10 done on 1 May 2026 to 1,000 of 2,000 done on 2 May 2026{words}"
    )
    assert 'aria-label="A &lt; B: from' in burn_up(chart, label="A < B")


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=2, max_size=50),
    st.integers(-100, 1_000),
    st.integers(0, 1_000),
)
def test_everything_stands_inside_of_the_drawing(counts, due, ahead):
    found = stages(*[(min(pair), max(pair)) for pair in counts])
    chart = BurnUp(found, START, START + due * DAY, found[-1].at + ahead * DAY)
    svg = burn_up(chart, label="Push")
    for kind in ("plot-line", "plot-scope", "plot-due", "plot-forecast"):
        for x1, y1, x2, y2 in lines(svg, kind):
            assert 0 <= min(x1, x2) <= max(x1, x2) <= 100
            assert 0 <= min(y1, y2) <= max(y1, y2) <= 220
