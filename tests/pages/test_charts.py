"""Charts: what they say in words, how they add up, and that nothing in them is markup."""

import re

import pytest

from portal.dashboards import charts
from portal.dashboards.charts import Slice

LEVELS = [Slice("Gold", 3, "gold"), Slice("Silver", 0, "silver"), Slice("Basic", 1, "paleBlue")]
HOSTILE = [Slice('"><script>alert(1)</script>', 1, '"><script>')]


def test_a_bar_fills_its_width_and_leaves_out_what_is_not_there():
    widths = re.findall(r'width="([\d.]+)" height="8"', charts.bar(LEVELS))
    assert [float(width) for width in widths] == pytest.approx([74.47, 24.82], abs=0.01)


def test_a_bar_says_in_words_what_it_shows():
    assert 'aria-label="Quality: 3 Gold, 1 Basic"' in charts.bar(LEVELS, label="Quality")
    assert "<title>Gold: 3 of 4 (75 %)</title>" in charts.bar(LEVELS)


def test_an_empty_bar_says_so():
    assert 'aria-label="Quality: nothing yet"' in charts.bar([], label="Quality")


def test_a_whole_donut_is_one_arc_without_a_gap():
    drawing = charts.donut([Slice("Gold", 5, "gold")], label="Quality", middle="5")
    assert 'stroke-dasharray="251.33 0.00"' in drawing


def test_an_empty_donut_is_only_its_track():
    assert "donut-arc" not in charts.donut([], label="Quality")


def test_a_meter_of_nothing_is_empty():
    assert 'width="0.00"' in charts.meter(0, 0, label="Rule")


def test_a_sparkline_starts_at_zero():
    assert 'points="0.0,12.0 100.0,2.0"' in charts.sparkline([1, 2], label="Deployments")


def test_a_sparkline_of_one_value_is_nothing():
    assert charts.sparkline([1], label="Deployments") == ""


@pytest.mark.parametrize(
    "drawing",
    [
        charts.bar(HOSTILE, label="<b>"),
        charts.donut(HOSTILE, label="<b>", middle="<b>", under="<b>"),
        charts.meter(1, 2, label="<b>", color="<b>"),
        charts.sparkline([1, 2], label="<b>"),
    ],
)
def test_no_word_in_a_chart_becomes_markup(drawing):
    assert "<script" not in drawing
    assert "<b>" not in drawing


def test_an_unknown_colour_is_neutral():
    assert charts.color_class('x" onload="') == "lv-none"
    assert charts.color_class("paleBlue") == "lv-paleblue"
