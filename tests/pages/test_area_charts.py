"""Stacked areas: where their bands stand, and what they say in words."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.dashboards.area_charts import Areas, Band, Stage, areas

START = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BANDS = (Band("Gold", "gold"), Band("Basic", "paleBlue"))


def chart(*counts: tuple[int, ...], bands: tuple[Band, ...] = BANDS) -> Areas:
    """Return stages a day apart."""
    return Areas(bands, [Stage(START + index * DAY, part) for index, part in enumerate(counts)])


def polygons(svg: str) -> list[tuple[str, list[tuple[float, float]]]]:
    """Return the colour class and the corners of each band."""
    found = re.findall(r'<polygon class="plot-area ([^"]+)" points="([^"]+)"', svg)
    return [
        (color, [tuple(map(float, corner.split(","))) for corner in points.split()])
        for color, points in found
    ]


def test_the_first_band_lies_on_the_others():
    svg = areas(chart((0, 10), (5, 5)), label="Quality")
    assert polygons(svg) == [
        ("lv-paleblue", [(0, 0), (1000, 110), (1000, 220), (0, 220)]),
        ("lv-gold", [(0, 0), (1000, 0), (1000, 110), (0, 0)]),
    ]


def test_a_stage_stands_where_its_moment_is():
    stages = [Stage(START, (1, 1)), Stage(START + DAY, (1, 1)), Stage(START + 4 * DAY, (1, 1))]
    (_, corners), _ = polygons(areas(Areas(BANDS, stages), label="Quality"))
    assert [x for x, _ in corners] == [0, 250, 1000, 1000, 250, 0]


def test_a_band_that_was_never_held_is_not_drawn():
    assert len(polygons(areas(chart((0, 3), (0, 4)), label="Quality"))) == 1


def test_it_says_where_it_began_and_where_it_ended_and_each_stage_what_it_was():
    svg = areas(chart((0, 10), (5, 5)), label="Quality")
    assert 'aria-label="Quality: on 1 May 2026: 10 Basic; on 2 May 2026: 5 Gold, 5 Basic"' in svg
    assert "<title>2 May 2026\nGold: 5 (50 %)\nBasic: 5 (50 %)</title>" in svg
    assert "<title>1 May 2026\nBasic: 10 (100 %)</title>" in svg


def test_one_moment_is_no_history():
    assert areas(chart((1, 2)), label="Quality") == ""
    assert areas(chart(), label="Quality") == ""


def test_nothing_at_all_is_drawn_flat():
    svg = areas(chart((0, 0), (0, 0)), label="Quality")
    assert polygons(svg) == []
    assert "nothing" in svg


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "&", "<b>"])
def test_names_are_only_text(text):
    svg = areas(chart((1,), (2,), bands=(Band(text, text),)), label=text)
    assert "<script" not in svg
    assert "<b>" not in svg
    assert "lv-none" in svg


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=2, max_size=40))
def test_every_corner_is_within_the_drawing(counts):
    for _, corners in polygons(areas(chart(*counts), label="x")):
        assert all(0 <= x <= 1000 and 0 <= y <= 220 for x, y in corners)
