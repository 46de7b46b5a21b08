"""Measures stand with their trend and what they rest on, not in a wall of numbers."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.facts import timestamp
from portal.dashboards.facts import Fact, Measure, in_order
from portal.dashboards.properties import Origin, Property
from portal.dashboards.values import show
from scorecards.operations import install_pack
from tests.builders import NOW, TESTER, make_blueprint, make_entity
from tests.pages.delivery import PROPERTIES, SERVICE_AGGREGATIONS, SERVICE_CALCULATIONS
from tests.pages.reading import html_of, row_names, words_of

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
    response = reader.get("/catalog/service/anchor/?tab=dora")
    words = words_of(response)
    assert "Lead time 6 h 12 pull requests · was 4 h · +50 %" in words
    assert "What they are made of against the period before Tier 1 was 3" in words
    overview = reader.get("/catalog/service/anchor/")
    assert "Measures Trends and events Lead time 6 h +50 % since" in words_of(overview)
    for title in ("Lead time before", "Lead time change", "Lead time rests on", "Tier before"):
        assert f"<dt>{title}</dt>" not in html_of(response) + html_of(overview)


def test_a_measure_without_enough_data_says_so(reader, measured):
    none = {"wait": None, "wait_before": None, "wait_change": None}
    make_entity("anchor", properties={**none, "wait_note": "Not enough data (3 of 5)"})
    for tab in ("overview", "dora"):
        words = words_of(reader.get(f"/catalog/service/anchor/?tab={tab}"))
        assert "Lead time – Not enough data (3 of 5)" in words


def test_an_entity_without_measures_has_no_such_card(reader):
    for tab in ("overview", "dora"):
        html = html_of(reader.get(f"/catalog/service/anchor/?tab={tab}"))
        assert "against the period before" not in html
        assert "tab=dora" not in html


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


def links(response):
    return re.findall(r'<a class="fact-link" href="([^"]*)">(.*?)</a>', html_of(response))


def test_every_computed_value_of_an_entity_leads_to_its_page(reader, delivery):
    tabs = [reader.get(f"/catalog/service/anchor/?tab={tab}") for tab in ("overview", "dora")]
    found = {href: words for tab in tabs for href, words in links(tab)}
    computed = {**SERVICE_AGGREGATIONS, **SERVICE_CALCULATIONS, "lead_name": {}}
    beside = {f"rest_share{suffix}" for suffix in ("_before", "_change", "_note")}
    wanted = {f"/numbers/service/{key}/anchor/" for key in computed.keys() - beside}
    assert found.keys() == wanted
    assert found["/numbers/service/failed/anchor/"] == "Failed deployments, 30 days"


def test_given_values_lead_nowhere(reader, delivery):
    assert "/tier/" not in str(links(reader.get("/catalog/service/anchor/")))


def test_the_large_numbers_of_a_team_lead_to_their_pages(reader, delivery):
    found = dict(links(reader.get("/teams/core/")))
    assert found == {
        "/numbers/_team/failed/core/": "Failed deployments",
        "/numbers/_team/members/core/": "People",
    }


def test_what_a_result_leaves_out_stands_in_its_card_and_leads_to_the_list(reader, delivery):
    response = reader.get("/catalog/service/anchor/?tab=dora")
    card = html_of(response).split("Left out of the measures")[1].split("</section>")[0]
    assert "/numbers/service/rest_failed/anchor/" in card
    assert '<dd class="is-some">4 <a class="link small" href="' in card
    assert 'href="/catalog/deployment/?behind.service.rest_failed=anchor"' in card
    assert "Failures aside 4 list of Failures aside" in words_of(response)
    assert words_of(response).count("Failures aside") == 2


def test_where_nothing_is_left_out_there_is_no_list(reader, delivery):
    response = reader.get("/catalog/service/drift/?tab=dora")
    assert words_of(response).endswith("Left out of the measures Failures aside 0")
    assert "list of Failures aside" not in words_of(response)


def test_the_pack_shows_open_and_unattributed_incidents_beside_its_measures(reader):
    install_pack(name="dora", by=TESTER, now=NOW)
    make_entity("anchor", team="core")
    opened = timestamp(timezone.now() - timedelta(days=2))
    for number in range(3):
        make_entity(
            f"i{number}",
            blueprint="incident",
            now=timezone.now(),
            properties={"opened_at": opened},
            relations={"service": "anchor"},
        )
    for address, owner, card_title in (
        (
            "/catalog/service/anchor/?tab=dora",
            "service.{}=anchor",
            "Left out of the measures",
        ),
        ("/teams/core/", "_team.{}=core", "against the period before"),
    ):
        card = html_of(reader.get(address)).split(card_title)[1]
        card = card.split("What they are made of")[0]
        for key in ("dora_open_incidents", "dora_unattributed_incidents"):
            table = f"/catalog/incident/?behind.{owner.format(key)}"
            assert f'<dd class="is-some">3 <a class="link small" href="{table}">' in card
            assert len(row_names(reader.get(table))) == 3


def test_only_counts_of_the_same_word_stand_aside():
    def counted(key):
        prop = Property(key, key, type="number", origin=Origin.AGGREGATION)
        return Fact(prop, show(1, prop))

    facts = [fact(key, 1) for key in ("x_a", "x_a_before", "x_a_note", "x_given", "z_before", "z")]
    lists = in_order([*facts, counted("x_open"), counted("xy_open"), counted("z_open")])
    assert [item.prop.identifier for item in lists.asides] == ["x_open"]
    assert [item.prop.identifier for item in lists.plain] == ["x_given", "xy_open", "z_open"]
