"""The page of one number: its value, its formula, what it is made of and what is behind it."""

import re
from html import unescape
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft, upsert_entities
from tests.builders import TESTER, make_blueprint, make_entity
from tests.pages.delivery import aggregation, calculation
from tests.pages.reading import assert_is_only_text, html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("delivery")

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def address(key, owner="anchor", blueprint="service", query=""):
    return f"/numbers/{blueprint}/{key}/{owner}/{query}"


def page(reader, *where, **more):
    return reader.get(address(*where, **more))


def links(response):
    """Return the links in the main part of a page: address -> words."""
    html = html_of(response)
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', html[html.index("<main") :], re.S)
    return {unescape(href): re.sub(r"<[^>]+>", "", text) for href, text in found}


def test_an_aggregation_says_its_value_its_formula_and_what_is_behind_it(reader):
    response = page(reader, "failed")
    words = words_of(response)
    assert "Catalog Services Anchor Failed deployments, 30 days of Anchor 4" in words
    assert "How it comes about Those that went wrong. How many deployments of Anchor" in words
    assert "whose Status is failure and whose Deployed at is within the last 30 days." in words
    assert "What is behind it 4 deployments" in words
    assert links(response)["/catalog/service/anchor/"] == "Anchor"


def test_the_newest_events_come_first_with_their_dates(reader):
    response = page(reader, "failed")
    behind = html_of(response).split('id="behind"')[1]
    names = re.findall(r'class="table-title" href="[^"]*">(anchor-v\d+)<', behind)
    assert names == ["anchor-v9", "anchor-v6", "anchor-v3", "anchor-v0"]
    assert "Deployed at anchor-v9 2 days ago anchor-v6 5 days ago" in words_of(response)
    table = "/catalog/deployment/?behind.service.failed=anchor"
    assert links(response)[table] == "All 4 in the table"
    assert sorted(row_names(reader.get(table))) == sorted(names)


def test_events_without_a_date_come_last(reader):
    make_entity("undated", blueprint="deployment", relations={"service": "anchor"})
    assert row_names(page(reader, "rate"))[-1] == "undated"


def test_the_property_that_is_calculated_with_is_shown(reader):
    response = page(reader, "typical")
    words = words_of(response)
    assert "50 min How it comes about The median Duration (minutes) of the deployments" in words
    assert "What is behind it 9 deployments" in words
    assert "Deployment Duration Created at anchor-v10 100 min" in words
    assert "anchor-v3" not in words


def test_a_computed_value_of_an_event_leads_on(reader):
    make_blueprint(
        "deployment",
        schema=Blueprint.objects.get(identifier="deployment").schema,
        relations={"service": {"target": "service", "title": "Service"}},
        calculation_properties={"hours": calculation("Hours", ".properties.minutes / 60")},
    )
    definition = aggregation("Longest", "service", func="max", property="hours")
    make_blueprint("service", aggregation_properties={"longest": definition})
    found = links(page(reader, "longest"))
    assert found["/numbers/deployment/hours/anchor-v10/"] == "1.67"


def test_at_most_fifty_events_are_listed(reader):
    drafts = [EntityDraft(f"d{n}", relations={"service": "anchor"}) for n in range(60)]
    deployments = Blueprint.objects.get(identifier="deployment")
    upsert_entities(blueprint=deployments, drafts=drafts, by=TESTER, now=deployments.created_at)
    response = page(reader, "all")
    assert len([name for name in row_names(response) if not name[0].isdigit()]) == 50
    assert "All 72 in the table , the newest 50 above" in words_of(response)


def test_a_single_event_is_not_called_all_of_them(reader):
    make_entity("alone")
    make_entity("first", blueprint="deployment", relations={"service": "alone"})
    response = page(reader, "all", "alone")
    assert links(response)["/catalog/deployment/?behind.service.all=alone"] == (
        "Open it in the table"
    )


def test_what_rests_on_nothing_says_so(reader):
    words = words_of(page(reader, "failed", "drift"))
    assert "Nothing is behind it No deployment of Drift counts here now." in words
    assert "in the table" not in words


def test_a_calculation_names_what_it_reads_and_where_that_comes_from(reader):
    response = page(reader, "grade")
    words = words_of(response)
    assert "Grade of Anchor C How it comes about" in words
    assert "What it is made of Tier 1 Failure rate 33 % Title Anchor" in words
    found = links(response)
    assert found["/numbers/service/rest_share/anchor/"] == "Failure rate"
    assert not any("/tier/" in href for href in found)
    program = html_of(response).split('<pre class="code">')[1].split("</pre>")[0]
    assert "if .properties.rest_share &gt; 20 and" in program


def test_a_calculation_shows_the_aggregations_below_it_however_deep(reader):
    response = page(reader, "grade")
    words = words_of(response)
    assert "What is behind it Deployments 12 deployments in the table 12" in words
    assert "Failed deployments, 30 days 4 deployments in the table 4" in words
    found = links(response)
    assert found["/catalog/deployment/?behind.service.all=anchor"] == "12 deployments in the table"
    assert found["/numbers/service/failed/anchor/"] == "Failed deployments, 30 days"


def test_a_measure_shows_what_stands_beside_it(reader):
    response = page(reader, "rest_share")
    assert "33 % 12 deployments was 20 % , +65 % How it" in words_of(response)
    found = links(response)
    assert found["/numbers/service/rest_share_before/anchor/"] == "was 20 %"
    assert found["/numbers/service/rest_share_change/anchor/"] == "+65 %"


def test_a_program_that_may_read_everything_says_so(reader):
    words = words_of(page(reader, "size"))
    assert "it may read everything about Anchor" in words
    assert "Its program may read everything about this service." in words


def test_a_program_that_reads_nothing_says_so(reader):
    words = words_of(page(reader, "fixed"))
    assert "Its program reads nothing: the value is the same for all." in words
    assert "What is behind it" not in words


def test_a_program_that_failed_says_why(reader):
    words = words_of(page(reader, "broken"))
    assert "It could not be computed: " in words
    assert "no way" in words


def test_a_mirror_shows_its_path_and_what_it_reads(reader):
    make_entity("anchor", relations={"lead": "maya@example.com"})
    response = page(reader, "lead_name")
    words = words_of(response)
    assert "Maya L How it comes about The title of the Lead of Anchor." in words
    assert "What it reads 1 user" in words
    assert links(response)["/catalog/_user/maya@example.com/"] == "Maya L"


def test_a_mirror_that_leads_nowhere_says_so(reader):
    words = words_of(page(reader, "lead_name"))
    assert "Nothing is behind it No user stands at the end of its path." in words


def test_a_mirror_is_shown_as_what_it_reads_is(reader):
    make_entity("anchor", properties={"wait": 3})
    assert "Waits of anchor-v1 3 h How it" in words_of(
        page(reader, "waits", "anchor-v1", "deployment")
    )


def test_the_number_of_a_team_leads_back_to_the_team(reader):
    response = page(reader, "failed", "core", "_team")
    assert "by way of their Service and its Owning teams" in words_of(response)
    found = links(response)
    assert found["/teams/core/"] == "Core"
    assert found["/catalog/deployment/?behind._team.failed=core"] == "All 4 in the table"


def test_the_public_is_told_how_many_people_and_not_who(client, settings):
    settings.TIDEMARK_PUBLIC_READ = True
    words = words_of(client.get(address("members", "core", "_team")))
    assert "What is behind it 1 user" in words
    assert "Who they are is shown to those who are logged in." in words
    assert "Maya" not in words
    assert "in the table" not in words


def test_the_public_sees_no_link_to_people_below_a_calculation(client, settings):
    settings.TIDEMARK_PUBLIC_READ = True
    document = Blueprint.objects.get(identifier="_team").aggregation_properties
    make_blueprint(
        "_team",
        ownership=None,
        aggregation_properties=document,
        calculation_properties={"crew": calculation("Crew", ".properties.members + 1")},
    )
    response = client.get(address("crew", "core", "_team"))
    assert "People 1 user 1" in words_of(response)
    assert not any("behind." in href for href in links(response))


@pytest.mark.parametrize(
    "identifier", ["a/b", "a//b", "/a", "a/../b", "a@b_c.d+e:f\\g=h-i", "Ünï/水"]
)
def test_an_entity_may_be_called_anything(reader, identifier):
    make_entity(identifier, properties={"tier": 1})
    make_entity("other", blueprint="deployment", relations={"service": identifier})
    shown = links(reader.get(f"/catalog/service/?q={identifier[0]}"))
    entity = next(href for href, words in shown.items() if words == identifier)
    number = next(
        href for href, words in links(reader.get(entity)).items() if words == "Deployments"
    )
    response = reader.get(number)
    assert row_names(response)[-1] == "other"
    table = next(href for href, words in links(response).items() if "in the table" in words)
    assert row_names(reader.get(table)) == ["other"]


@pytest.mark.parametrize(
    ("query", "current", "noun"),
    [
        ("", "30d", "day"),
        ("?period=90d", "90d", "day"),
        ("?period=6m", "6m", "week"),
        ("?period=1y", "1y", "week"),
        ("?period=2y", "2y", "month"),
        ("?period=nonsense", "30d", "day"),
        ("?period=%00", "30d", "day"),
    ],
)
def test_the_period_of_the_trend_is_chosen_by_a_link(reader, query, current, noun):
    html = html_of(page(reader, "failed", query=query))
    assert re.findall(r'href="\?period=(\w+)#trend" aria-current="true"', html) == [current]
    assert f"by {noun}" in html
    assert '<svg class="plot"' in html


def test_the_trend_is_that_of_the_events(reader):
    response = page(reader, "all")
    assert "Deployments: from " in html_of(response)
    assert "between " in html_of(response)
    counts = re.findall(r"<title>[^<]*: (\d+), \d+ events?</title>", html_of(response))
    assert counts[-1] == "12"


def test_the_trend_is_also_a_table(reader):
    table = html_of(page(reader, "failed")).split("As a table")[1].split("</details>")[0]
    assert table.count("<tr>") == 32
    assert '<th scope="col">Date</th>' in table


@pytest.mark.parametrize(
    ("key", "has_trend"), [("grade", False), ("lead_name", False), ("size", True)]
)
def test_only_numbers_of_events_have_a_trend(reader, key, has_trend):
    assert ('id="trend"' in html_of(page(reader, key))) is has_trend


def test_a_past_in_which_nothing_was_says_so(reader):
    with patch("portal.dashboards.trends.trend", lambda *args, **more: []):
        assert "Nothing happened in this time" in words_of(page(reader, "failed"))


@pytest.mark.parametrize("value", ["x", True, [1], {}, float("nan"), float("inf"), 10**400, None])
def test_a_past_value_that_is_no_number_is_a_gap(reader, value):
    def trend(entity, key, *, moments):
        return [SimpleNamespace(at=at, value=value, count=1) for at in moments]

    with patch("portal.dashboards.trends.trend", trend):
        html = html_of(page(reader, "rest_share"))
    assert "no value, 1 event" in html
    assert "plot-dot" not in html


def test_nothing_stored_becomes_markup(reader):
    make_entity("anchor", title=HOSTILE)
    make_entity("anchor-v9", blueprint="deployment", title=HOSTILE)
    for key in ("failed", "rest_share", "grade", "typical", "lead_name"):
        assert_is_only_text(html_of(page(reader, key)))


@pytest.mark.parametrize(
    "facts",
    [
        {"failed": "four", "rest_share": [1], "grade": {"a": 1}, "typical": True},
        {"failed": 1e308, "rest_share": -1e308, "grade": 7, "typical": None},
        {"failed": [], "rest_share": "x" * 5000, "grade": [{"a": 1}], "typical": -0.0},
        {},
    ],
)
def test_no_stored_value_breaks_the_page(reader, facts):
    Entity.objects.filter(identifier="anchor").update(facts=facts)
    for key in ("failed", "rest_share", "grade", "typical", "lead_name"):
        assert page(reader, key).status_code == 200


NUMBERS = {
    # Session, user, what they may read, navigation (3), entity, graph; then the target, the count
    # and the rows of an aggregation; then the trend.
    address("failed"): 14,
    address("typical"): 15,
    address("rest_share"): 13,
    address("grade"): 8,
    address("lead_name"): 11,
    address("failed", "core", "_team"): 15,
}


def queries(reader, where):
    with CaptureQueriesContext(connection) as captured:
        html_of(reader.get(where))
    return len(captured)


@pytest.mark.parametrize("where", NUMBERS)
def test_a_page_makes_as_many_queries_as_it_did(reader, where):
    queries(reader, where)
    assert queries(reader, where) == NUMBERS[where]


def test_no_page_makes_more_queries_for_more_events(reader):
    before = {where: queries(reader, where) for where in NUMBERS}
    drafts = [
        EntityDraft(f"d{n}", properties={"minutes": n}, relations={"service": "anchor"})
        for n in range(300)
    ]
    deployments = Blueprint.objects.get(identifier="deployment")
    upsert_entities(blueprint=deployments, drafts=drafts, by=TESTER, now=deployments.created_at)
    assert {where: queries(reader, where) for where in NUMBERS} == before
