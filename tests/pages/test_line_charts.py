"""Line charts: where the line and its gaps lie, what they say in words, and that nothing breaks."""

import math
import re
from datetime import UTC, datetime, timedelta

import pytest

from portal.dashboards import axes
from portal.dashboards.line_charts import Point, line

START = datetime(2026, 1, 1, tzinfo=UTC)


def points(*values: float | None) -> list[Point]:
    return [Point(START + timedelta(days=day), value, 1) for day, value in enumerate(values)]


def test_a_gap_in_the_values_is_a_gap_in_the_line():
    drawing = line(points(1, 2, None, 4, 5), label="Rate")
    assert drawing.count('class="plot-line"') == 2
    assert drawing.count("<circle") == 4


def test_it_says_in_words_what_it_shows():
    drawing = line(points(1, 9, 4), label="Lead <time>", unit="h")
    assert "Lead &lt;time&gt;: from 1 h on 1 January 2026 to 4 h on 3 January 2026" in drawing
    assert "between 1 h and 9 h" in drawing
    nothing = line(points(None, None), label="Rate")
    assert "Rate: no value from 1 January 2026 to 2 January 2026" in nothing


def test_the_highest_value_stands_at_or_below_the_highest_tick():
    drawing = line(points(0, 73), label="Rate")
    downs = [float(value) for value in re.findall(r'cy="([\d.]+)"', drawing)]
    assert 0 <= downs[1] < downs[0] <= 200


def test_bars_are_as_high_as_what_happened():
    counted = [Point(START, 1, 0), Point(START + timedelta(days=1), 1, 2)]
    counted.append(Point(START + timedelta(days=2), 1, 4))
    heights = re.findall(r'class="plot-bar"[^>]* height="([\d.]+)"', line(counted, label="Rate"))
    assert [float(height) for height in heights] == [30, 60]


@pytest.mark.parametrize(
    "values", [(0, 0), (-5, -5), (1e308, -1e308), (5e-324, 0), (1e-9, 2e-9), (10**400, 1), (-3, 7)]
)
def test_no_number_breaks_it(values):
    drawing = line(points(*values), label="Rate")
    assert "nan" not in drawing
    assert "inf" not in drawing
    assert "<svg" in drawing


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_points_are_no_line(count):
    assert line(points(*range(count)), label="Rate") == ""


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0, 7), (3, 97), (-20, 30), (0, 0), (1e-7, 3e-7), (0, 12_345_678)]
)
def test_ticks_are_few_even_and_around_the_values(low, high):
    ticks = [tick.at for tick in axes.scale(low, high, is_whole=False)]
    assert ticks[0] <= min(low, 0) or math.isclose(ticks[0], min(low, 0))
    assert ticks[-1] >= max(high, 0) or math.isclose(ticks[-1], max(high, 0))
    assert 2 <= len(ticks) <= 8
    steps = {round(later - earlier, 12) for earlier, later in zip(ticks, ticks[1:], strict=False)}
    assert max(steps) == pytest.approx(min(steps))
