"""The tabs of the entity page: which there are, what each shows, and what each costs."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Entity
from scorecards.models import Rule, Scorecard
from scorecards.operations import install_pack
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
)
from tests.pages.reading import html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")

HOSTILE = ["", "nothing", "RELATED", "related/", "'\"><script>alert(1)</script>", "%00", "dora"]


def tabs(response):
    """Return the tabs of a page, and the one it is."""
    bar = re.search(r'<ul class="tabs tabs-tight">(.*?)</ul>', html_of(response), re.DOTALL)[1]
    found = re.findall(r'<a href="([^"]*)"( aria-current="page")?>([^<]*)</a>', bar)
    return [name for _, _, name in found], [name for _, current, name in found if current]


def page(reader, tab="", identifier="anchor", blueprint="service"):
    return reader.get(f"/catalog/{blueprint}/{identifier}/", {"tab": tab} if tab else {})


@pytest.mark.parametrize(
    ("tab", "name"),
    [
        ("", "Overview"),
        ("scorecards", "Scorecards"),
        ("related", "Related"),
        ("timeline", "Timeline"),
    ],
)
def test_the_tab_of_the_address_is_marked_as_the_one_it_is(reader, tab, name):
    assert tabs(page(reader, tab)) == (["Overview", "Scorecards", "Related", "Timeline"], [name])


def test_numbers_have_a_tab_where_the_blueprint_has_such_numbers(reader, delivery):
    names, current = tabs(page(reader, "dora"))
    assert names == ["Overview", "Scorecards", "Related", "Measures", "Timeline"]
    assert current == ["Measures"]


def test_the_tab_of_the_packs_numbers_is_called_by_their_name(reader):
    install_pack(name="dora", by=TESTER, now=NOW)
    make_entity("anchor", team="core")
    assert "DORA" in tabs(page(reader))[0]


def test_what_no_scorecard_grades_has_no_such_tab(reader):
    assert "Scorecards" not in tabs(page(reader, blueprint="deployment", identifier="anchor-v1"))[0]


@pytest.mark.parametrize("tab", HOSTILE)
def test_an_unknown_tab_is_the_first(reader, tab):
    assert tabs(page(reader, tab))[1] == ["Overview"]


def test_the_head_stands_on_every_tab(reader):
    for tab in ("", "scorecards", "related", "timeline"):
        html = html_of(page(reader, tab))
        assert "<h1>Anchor</h1>" in html
        assert '<a href="/teams/core/">Core</a>' in html
        assert '<span class="badge-of">Quality</span> Gold</span>' in html


def test_links_from_elsewhere_lead_to_the_scorecards(reader):
    card = Scorecard.objects.get()
    make_entity("anchor", properties={"tier": 3})
    link = f"/catalog/service/anchor/?tab=scorecards#scorecard-{card.pk}"
    for address in ("/scorecards/quality/", "/"):
        assert link in html_of(reader.get(address))
    html = html_of(page(reader, "scorecards"))
    assert f'id="scorecard-{card.pk}"' in html
    for rule in Rule.objects.all():
        assert f'id="rule-{rule.pk}"' in html


def test_the_overview_has_a_line_for_each_scorecard(reader):
    make_scorecard(
        "speed", title="Speed", rules=[rule_document("quick", query=condition("tier", "=", 9))]
    )
    words = words_of(page(reader))
    assert "Quality Every rule passes 3 of 3 100 % score Gold" in words
    assert "Speed 1 rule to Bronze 0 of 1 0 % score Basic" in words


def test_the_overview_names_what_it_points_at_and_counts_what_points_at_it(reader):
    html = html_of(page(reader))
    assert 'href="/catalog/deployment/?relation.service=anchor">12<' in html
    words = words_of(page(reader, blueprint="deployment", identifier="anchor-v1"))
    assert "Related Graph and lists Service Anchor" in words


def test_what_has_no_value_is_folded_away(reader):
    html = html_of(page(reader))
    shown, folded = html.split("without a value")
    assert "<dt>Home page</dt>" not in shown
    assert "<dt>Home page</dt>" in folded


def test_rules_stand_by_level_with_how_many_pass(reader):
    words = words_of(page(reader, "scorecards", "buoy"))
    order = [
        words.index(part)
        for part in (
            "Bronze 1 of 1 Pass: Tiered",
            "Silver 1 of 1 Pass: Spoken",
            "Gold 0 of 1 Fail: Top",
        )
    ]
    assert order == sorted(order)


def test_rules_that_are_skipped_are_not_counted_and_say_why(reader):
    rules = [
        rule_document("later", in_force_from="2999-01-01"),
        rule_document("other", filter=condition("tier", ">", 5)),
        rule_document("now"),
    ]
    make_scorecard("quality", rules=rules)
    words = words_of(page(reader, "scorecards"))
    assert "Bronze 1 of 1" in words
    assert "Skip: Later not counted Not in force until 1 January 2999." in words
    assert "Skip: Other not counted Left out by the rule's filter: Tier is more than 5." in words


def test_levels_over_time_are_drawn_and_listed(reader):
    make_entity("anchor", properties={"tier": 3})
    make_entity("anchor", properties={"tier": 2})
    response = page(reader, "scorecards")
    html = html_of(response)
    assert 'class="plot plot-levels"' in html
    assert 'aria-label="Quality: from Gold on' in html
    assert "Levels over time When From To" in words_of(response)
    assert "Basic Silver" in words_of(response)


def test_where_no_level_moved_it_says_since_when(reader):
    response = page(reader, "scorecards")
    assert "plot-levels" not in html_of(response)
    assert "Gold ever since it was first graded," in words_of(response)


def test_numbers_show_their_trend_and_what_is_behind_them(reader, delivery):
    make_scorecard(
        "rates",
        title="Rates",
        rules=[rule_document("low", query=condition("rest_share", "<=", 50))],
    )
    make_scorecard(
        "counts", title="Counts", rules=[rule_document("some", query=condition("all", ">=", 1))]
    )
    response = page(reader, "dora")
    html, words = html_of(response), words_of(response)
    assert "Failure rate Bronze 33 % 12 deployments · was 20 % · +65 %" in words
    assert 'aria-label="Failure rate: from' in html
    assert "?behind.service.failed=anchor" in html
    assert "?behind.service.all=anchor" in html
    # A graded number that is no result stands by itself.
    assert "Deployments 12 Bronze" in words


@pytest.mark.parametrize("period", ["1y", "x", "", "'"])
def test_the_period_of_the_trends_is_chosen(reader, delivery, period):
    html = html_of(reader.get("/catalog/service/anchor/", {"tab": "dora", "period": period}))
    current = re.findall(r'period=(\w+)" aria-current="true"', html)
    assert current == ["1y" if period == "1y" else "30d"]


def test_the_numbers_cost_as_many_queries_as_they_did(reader, delivery):
    page(reader, "dora")
    with CaptureQueriesContext(connection) as captured:
        html_of(page(reader, "dora"))
    assert len(captured) == 20


def test_people_are_not_told_of_to_the_public(client, settings):
    make_blueprint("service", relations={"lead": {"target": "_user", "title": "Lead"}})
    make_entity("anchor", relations={"lead": "maya@example.com"})
    settings.TIDEMARK_PUBLIC_READ = True
    for address in (
        "/catalog/service/anchor/",
        "/catalog/service/anchor/?tab=related&depth=3",
        "/charts/graphs/service/anchor.svg?depth=3",
    ):
        content = client.get(address).content.decode()
        assert "Anchor" in content
        assert "Maya L" not in content
    assert client.get("/charts/graphs/_user/maya@example.com.svg").status_code == 404


def test_the_reader_is_told_of_people(reader):
    make_blueprint("service", relations={"lead": {"target": "_user", "title": "Lead"}})
    make_entity("anchor", relations={"lead": "maya@example.com"})
    assert "Lead Maya L" in words_of(page(reader))
    assert "Lead User 1 Maya L" in words_of(page(reader, "related"))


def test_problems_are_told_on_every_tab(reader):
    problems = [{"property": "rate", "message": "cannot divide by zero"}]
    Entity.objects.filter(identifier="anchor").update(problems=problems)
    for tab in ("", "scorecards", "related", "timeline"):
        assert "rate could not be computed" in words_of(page(reader, tab))
