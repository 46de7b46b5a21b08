"""The pages of scorecards, and the search."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.dashboards.formats import day
from scorecards.models import MAX_RULES, Scorecard, ScorecardSnapshot
from tests.builders import (
    condition,
    make_entity,
    make_scorecard,
    make_user,
    report,
    rule_document,
)
from tests.pages.reading import assert_is_only_text, html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("catalog")

QUALITY = "/scorecards/quality/"


def graded(response):
    """Return the names of what a scorecard lists as graded."""
    return row_names(response, below="graded")


def test_the_list_shows_each_distribution(reader):
    html = html_of(reader.get("/scorecards/"))
    assert 'aria-label="Quality: 1 Gold, 1 Silver, 1 Bronze, 1 Basic"' in html


def test_a_scorecard_shows_how_its_rules_fare(reader):
    words = words_of(reader.get(QUALITY))
    assert "Tiered 75 % pass 1 fail" in words
    assert "Spoken 50 % pass 2 fail" in words
    assert "Top 25 % pass 3 fail" in words


def test_a_scorecard_lists_what_it_grades_lowest_first(reader):
    assert graded(reader.get(QUALITY)) == ["Canoe", "Drift", "Buoy", "Anchor"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("level=Gold", ["Anchor"]),
        ("rule=spoken", ["Canoe", "Drift"]),
        ("rule=tiered&level=Basic", ["Canoe"]),
        ("rule=tiered&level=Gold", []),
    ],
)
def test_what_is_graded_narrows_to_a_level_and_to_a_failing_rule(reader, query, names):
    assert graded(reader.get(f"{QUALITY}?{query}")) == names


@pytest.mark.parametrize(
    "query", ["level=Platinum", "rule=nonsense", "page=x", "page=99", "rule=%00", "level=%27"]
)
def test_no_query_string_breaks_a_scorecard(reader, query):
    assert len(graded(reader.get(f"{QUALITY}?{query}"))) == 4


def test_rules_that_count_for_nothing_say_so(reader):
    make_scorecard("future", rules=[rule_document("later", in_force_from="2999-01-01")])
    assert "counts for none" in words_of(reader.get("/scorecards/future/"))


def test_reported_rules_are_marked(reader):
    rules = [rule_document(), rule_document("tested", query=None)]
    make_scorecard("security", rules=rules)
    words = words_of(reader.get("/scorecards/security/"))
    assert "Tested reported counts for none" in words
    assert "Tiered reported" not in words
    report("anchor", "tested", "pass", scorecard="security")
    report("buoy", "tested", "fail", scorecard="security")
    address = "/scorecards/security/"
    assert "Tested reported 50 % pass 1 fail" in words_of(reader.get(address))
    assert graded(reader.get(f"{address}?rule=tested")) == ["Buoy"]


def test_a_scorecard_without_rules_says_so(reader):
    make_scorecard("bare", rules=[])
    assert "No rules yet" in words_of(reader.get("/scorecards/bare/"))


def test_a_draft_has_no_page(reader):
    make_scorecard("secret", status="draft")
    assert reader.get("/scorecards/secret/").status_code == 404


def test_the_highest_bit_can_be_filtered_by(reader):
    rules = [
        rule_document(f"rule_{number}", query=condition("tier", "=", 1))
        for number in range(MAX_RULES)
    ]
    make_scorecard("long", rules=rules)
    names = graded(reader.get(f"/scorecards/long/?rule=rule_{MAX_RULES - 1}"))
    assert names == ["Buoy", "Canoe", "Drift"]


def test_search_finds_across_blueprints_and_puts_the_best_first(reader):
    make_entity("anchor-chain", title="Chain")
    words = words_of(reader.get("/search/?q=anchor"))
    assert "14 entries across the catalog" in words
    assert words.index("Anchor Service") < words.index("Chain Service") < words.index("anchor-v0")


def test_search_narrows_to_a_blueprint_and_pages(reader):
    for number in range(20):
        make_entity(f"anchor-w{number}", blueprint="deployment")
    html = html_of(reader.get("/search/?q=anchor&blueprint=deployment&page=2"))
    assert html.count('class="row-title" href="/catalog/deployment/') == 7
    assert 'href="/catalog/service/anchor/"' not in html


@pytest.mark.parametrize(
    "query", ["", "q=", "q=%00", "q=zzz", "q=anchor&blueprint=nonsense", "q=a&page=x", "q=%25_"]
)
def test_no_query_string_breaks_the_search(reader, query):
    assert reader.get(f"/search/?{query}").status_code == 200


def test_search_without_a_find_says_so(reader):
    assert "Nothing is called that" in words_of(reader.get("/search/?q=zzz"))


@pytest.mark.parametrize(
    "query",
    [
        "team=nobody",
        "team=%00",
        "team=%27%20OR%201=1",
        "days=0",
        "days=-7",
        "days=1e9",
        "days=99999999999999999999",
        "days=7&days=x",
        "teams=x",
        "teams=-1",
        "teams=999999999999",
        "scores=nonsense",
        "level=&rule=&team=&days=",
        "page=-1",
        "page=99999999999999999999",
    ],
)
def test_what_a_scorecard_cannot_be_asked_for_is_left_out(reader, query):
    assert len(graded(reader.get(f"{QUALITY}?{query}"))) == 4


def test_what_somebody_typed_is_only_text(reader):
    html = html_of(reader.get(f'{QUALITY}?x="><script>alert(1)</script>&days=7'))
    assert_is_only_text(html)


@pytest.mark.parametrize(("days", "chosen"), [("", "30"), ("7", "7"), ("365", "365"), ("8", "30")])
def test_a_period_is_chosen_in_the_address(reader, days, chosen):
    html = html_of(reader.get(f"{QUALITY}?days={days}"))
    assert f'aria-current="true">{chosen} days</a>' in html
    assert f"Moved in {chosen} days" in html


def test_levels_that_are_replaced_leave_no_counts_behind(reader):
    levels = [
        {"title": "Sand", "color": "brown"},
        {"title": "Rock", "color": "olive"},
    ]
    make_scorecard(levels=levels, rules=[rule_document(level="Rock")])
    words = words_of(reader.get(QUALITY))
    assert "All 4 Rock 3 Sand 1" in words
    assert "Tiered 75 % pass 1 fail Lowest: Core 67 %" in words
    assert len(graded(reader.get(QUALITY))) == 4


def test_those_who_may_edit_are_led_to_the_form_that_shows_the_impact(client, reader):
    assert "preview impact" not in words_of(reader.get(QUALITY))
    client.force_login(make_user("ed", is_staff=True))
    assert "Edit and preview impact" in words_of(client.get(QUALITY))


def test_the_public_reads_a_scorecard_where_reading_is_open(client, settings):
    assert client.get(QUALITY).status_code == 302
    settings.TIDEMARK_PUBLIC_READ = True
    words = words_of(client.get(f"{QUALITY}?team=core"))
    assert "Maya" not in words
    assert "services of Core" in words


def test_the_list_tells_how_the_scores_moved(reader):
    now = timezone.now()
    for days, passed in ((40, 1), (20, 2), (10, 4)):
        ScorecardSnapshot.objects.create(
            scorecard=Scorecard.objects.get(),
            day=(now - timedelta(days=days)).date(),
            passed={"tiered": passed},
            failed={"tiered": 8 - passed},
        )
    response = reader.get("/scorecards/")
    since = day(now - timedelta(days=20))
    assert "50 % +25 of the results that count are passes" in words_of(response)
    assert f"since {since}" in words_of(response)
    assert 'aria-label="Score: from 25 to 50"' in html_of(response)


def test_the_list_narrows_to_a_blueprint(reader):
    make_scorecard("releases", blueprints=["deployment"], rules=[])
    every = words_of(reader.get("/scorecards/"))
    assert "All 2 Deployments 1 Services 1" in every
    html = html_of(reader.get("/scorecards/?blueprint=deployment")).partition("<main")[2]
    assert 'href="/scorecards/releases/"' in html
    assert 'href="/scorecards/quality/"' not in html
    assert html_of(reader.get("/scorecards/?blueprint=%00")).count('class="card overview"') == 2


def test_without_scorecards_the_way_to_the_first_is_shown_to_those_who_may(client, reader):
    Scorecard.objects.all().delete()
    assert "No scorecards yet" in words_of(reader.get("/scorecards/"))
    assert "Install a pack" not in words_of(reader.get("/scorecards/"))
    client.force_login(make_user("ed", is_staff=True))
    assert "Create the first Install a pack" in words_of(client.get("/scorecards/"))
