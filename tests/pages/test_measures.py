"""Measures stand with their trend and what they rest on, not in a wall of numbers."""

import pytest

from portal.dashboards.facts import Fact, Measure, in_order
from portal.dashboards.properties import Property
from portal.dashboards.values import show
from tests.builders import make_blueprint, make_entity
from tests.pages.conftest import PROPERTIES
from tests.pages.reading import html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")

MEASURED = {
    "wait_before": {"type": "number", "title": "Lead time before (hours)"},
    "wait_change": {"type": "number", "title": "Lead time change (%)"},
    "wait_note": {"type": "string", "title": "Lead time rests on"},
    "tier_before": {"type": "number", "title": "Tier before"},
}


def fact(key, value, unit=""):
    prop = Property(identifier=key, title=key, unit=unit, type="number")
    return Fact(prop, show(value, prop))


@pytest.fixture
def measured():
    make_blueprint("service", schema={"properties": PROPERTIES | MEASURED, "required": []})
    make_entity(
        "anchor",
        properties={
            "wait": 6,
            "wait_before": 4,
            "wait_change": 50,
            "wait_note": "12 pull requests",
            "tier": 1,
            "tier_before": 3,
        },
    )


def test_a_measure_shows_its_trend_and_what_it_rests_on(reader, measured):
    response = reader.get("/catalog/service/anchor/")
    words = words_of(response)
    assert "Measures against the period before" in words
    assert "Lead time 12 pull requests 6 h was 4 h +50 %" in words
    assert "What they are made of Tier 1 was 3" in words
    for title in ("Lead time before", "Lead time change", "Lead time rests on", "Tier before"):
        assert f"<dt>{title}</dt>" not in html_of(response)


def test_a_measure_without_enough_data_says_so(reader, measured):
    none = {"wait": None, "wait_before": None, "wait_change": None}
    make_entity("anchor", properties={**none, "wait_note": "Not enough data (3 of 5)"})
    words = words_of(reader.get("/catalog/service/anchor/"))
    assert "Lead time Not enough data (3 of 5) –" in words


def test_an_entity_without_measures_has_no_such_card(reader):
    html = html_of(reader.get("/catalog/service/anchor/"))
    assert "against the period before" not in html


def test_a_team_shows_its_measures_in_one_card_and_not_as_large_numbers(reader):
    make_blueprint(
        "_team", schema={"properties": PROPERTIES | MEASURED, "required": []}, ownership=None
    )
    make_entity(
        "core", blueprint="_team", properties={"wait": 6, "wait_before": 8, "wait_change": -25}
    )
    words = words_of(reader.get("/teams/core/"))
    assert "6 h was 8 h -25 %" in words
    assert words.count("Lead time before") == 0


@pytest.mark.parametrize(
    ("change", "trend"), [(None, ""), (0, "0 %"), (12.5, "+12.5 %"), (-3, "-3 %"), (0.5, "+0.5 %")]
)
def test_a_trend_has_its_sign(change, trend):
    before, moved = fact("x_before", 1), fact("x_change", change, "%")
    assert Measure(fact("x", 1), before, moved, None).trend == trend


def test_facts_without_a_period_before_stand_alone():
    facts = [fact(key, 1) for key in ("x", "x_before", "x_note", "y", "y_note", "z_before")]
    lists = in_order(facts)
    assert [item.prop.identifier for item in lists.plain] == ["y", "y_note", "z_before"]
    assert [item.fact.prop.identifier for item in lists.results] == ["x"]
    assert lists.parts == []
