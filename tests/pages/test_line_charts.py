"""Line charts: axes at round numbers, gaps, bars, words, and nothing that breaks them."""

import math
import re
from datetime import UTC, datetime, timedelta

import pytest

from portal.dashboards import axes
from portal.dashboards.line_charts import Point, line

NOW = datetime(2026, 6, 14, 9, 30, tzinfo=UTC)


def points(*values, counts=(), step=timedelta(days=1)):
    """Return points a step apart, the last of which is now."""
    counts = counts or [0] * len(values)
    first = NOW - step * (len(values) - 1)
    return [
        Point(first + step * index, value, count)
        for index, (value, count) in enumerate(zip(values, counts, strict=True))
    ]


def drawn(*values, **more):
    return line(points(*values, **more), label="Lead time", unit="h")


def numbers(drawing, kind, name):
    """Return what the parts of a kind have under a name."""
    tags = re.findall(rf'<\w+ class="{kind}[^"]*"[^>]*>', drawing)
    return [float(re.search(rf'\b{name}="([-\d.]+)%?"', tag)[1]) for tag in tags]


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 0, "0 1"),
        (0, 1, "0 0.25 0.5 0.75 1"),
        (1.3, 7.2, "0 2 4 6 8"),
        (0, 0.07, "0 0.02 0.04 0.06 0.08"),
        (-3, 5, "-4 -2 0 2 4 6"),
        (3108, 3108, "0 1,000 2,000 3,000 4,000"),
        (0, 12_500, "0 5k 10k 15k"),
        (0, 2.3e6, "0 1M 2M 3M"),
        (0, 0.0004, "0 0.0001 0.0002 0.0003 0.0004"),
        (0, 1e22, "0 2.5e+21 5e+21 7.5e+21 1e+22"),
        (0, 5e-324, "0 1"),
    ],
)
def test_a_scale_has_round_numbers_from_zero_to_beyond_the_values(low, high, texts):
    assert " ".join(tick.text for tick in axes.scale(low, high)) == texts


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0, 7), (3, 97), (-20, 30), (0, 0), (1e-7, 3e-7), (0, 12_345_678)]
)
def test_ticks_are_few_even_and_around_the_values(low, high):
    ticks = [tick.at for tick in axes.scale(low, high)]
    assert ticks[0] <= min(low, 0) or math.isclose(ticks[0], min(low, 0))
    assert ticks[-1] >= max(high, 0) or math.isclose(ticks[-1], max(high, 0))
    assert 2 <= len(ticks) <= 8
    steps = {round(later - earlier, 12) for earlier, later in zip(ticks, ticks[1:], strict=False)}
    assert max(steps) == pytest.approx(min(steps))


def test_whole_values_have_whole_ticks():
    assert [tick.text for tick in axes.scale(0, 1, is_whole=True)] == ["0", "1"]


@pytest.mark.parametrize(
    ("days", "coarse", "fine"),
    [
        (2, "14 Jun", "13 Jun"),
        (30, "25 May, 4 Jun, 14 Jun", "20 May, 30 May, 9 Jun"),
        (90, "22 Mar, 19 Apr, 17 May, 14 Jun", "5 Apr, 3 May, 31 May"),
        (182, "2026, Mar, May", "Feb, Apr, Jun"),
        (364, "Sep, 2026, May", "Jul, Nov, Mar"),
        (730, "Jul, 2025, Jul, 2026", "Oct, Apr, Oct, Apr"),
    ],
)
def test_dates_stand_at_the_starts_of_days_and_months(days, coarse, fine):
    ticks = axes.dates(NOW - timedelta(days=days), NOW)
    assert ", ".join(tick.text for tick in ticks if not tick.is_fine) == coarse
    assert ", ".join(tick.text for tick in ticks if tick.is_fine) == fine
    assert all(0 <= tick.at <= 1 for tick in ticks)
    assert [tick.at for tick in ticks] == sorted({tick.at for tick in ticks})


def test_no_time_has_no_dates():
    assert axes.dates(NOW, NOW) == []


def test_a_line_goes_from_point_to_point_within_the_axes():
    drawing = drawn(0, 5, 10)
    assert numbers(drawing, "plot-line", "x1") == [0, 50]
    assert numbers(drawing, "plot-line", "x2") == [50, 100]
    assert numbers(drawing, "plot-line", "y1") == [200, 100]
    assert numbers(drawing, "plot-line", "y2") == [100, 0]


def test_a_point_stands_where_its_moment_is():
    near = [Point(NOW - timedelta(days=4), 1), Point(NOW - timedelta(days=1), 1), Point(NOW, 1)]
    assert numbers(line(near, label="x"), "plot-line", "x1") == [0, 75]


def test_a_gap_is_left_where_there_is_no_value():
    drawing = drawn(1, None, 2, 3, None, 4)
    assert numbers(drawing, "plot-line", "x1") == [40]
    assert len(numbers(drawing, "plot-dot", "cx")) == 4


def test_of_many_points_only_lone_ones_have_a_dot():
    drawing = drawn(*[1] * 40, None, 2, None)
    dots = re.findall(r'<circle class="(plot-dot[^"]*)"', drawing)
    assert dots.count("plot-dot plot-dot-lone") == 1
    assert dots.count("plot-dot plot-dot-faint") == 40


def test_bars_fill_the_time_before_their_points():
    drawing = drawn(1, 1, 1, counts=[9, 2, 1])
    assert numbers(drawing, "plot-bar", "height") == [60, 30]
    assert numbers(drawing, "plot-bar", "x") == [5, 55]
    assert numbers(drawing, "plot-bar", "width") == [40, 40]


def test_negative_values_have_zero_in_between():
    drawing = drawn(-5, 5)
    assert numbers(drawing, "plot-zero", "y1") == [100]


def test_a_chart_says_in_words_what_it_shows():
    drawing = drawn(2, None, 4.5, counts=[0, 1, 3])
    label = "Lead time: from 2 h on 12 June 2026 to 4.5 h on 14 June 2026, between 2 h and 4.5 h"
    assert f'role="img" aria-label="{label}"' in drawing
    assert re.findall("<title>(.*?)</title>", drawing) == [
        "12 June 2026: 2 h",
        "13 June 2026: no value, 1 event",
        "14 June 2026: 4.5 h, 3 events",
    ]


def test_without_a_value_there_are_only_bars():
    drawing = drawn(None, None, counts=[0, 3])
    assert 'aria-label="Lead time: no value from 13 June 2026 to 14 June 2026"' in drawing
    assert numbers(drawing, "plot-bar", "height") == [60]
    assert numbers(drawing, "plot-tick", "y") == [204]


@pytest.mark.parametrize("values", [(), (1,)])
def test_fewer_than_two_points_are_no_chart(values):
    assert drawn(*values) == ""


@pytest.mark.parametrize(
    "values",
    [(0, 0), (1e308, -1e308), (1.7e308, 1), (5e-324, 0), (10**400, 1), (2**53, 2**53 + 1)],
)
def test_no_number_breaks_a_chart(values):
    drawing = drawn(*values)
    assert "nan" not in drawing
    assert "inf" not in drawing
    assert all(0 <= y <= 200 for y in numbers(drawing, "plot-line", "y1"))


def test_points_of_one_moment_stand_in_one_place():
    assert "nan" not in line([Point(NOW, 1), Point(NOW, 2)], label="x")


def test_no_word_in_a_chart_becomes_markup():
    drawing = line(points(1, 2), label='"><script>', unit="<b>")
    assert "<script" not in drawing
    assert "<b>" not in drawing
