"""Dashboards as they are drawn: what widgets show, and what is told where they cannot."""

import re
from datetime import timedelta
from html import unescape
from statistics import median
from unittest.mock import patch

import pytest
from django.core import checks
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.errors import Invalid
from catalog.facts import timestamp
from portal.dashboards.boards import tables
from portal.dashboards.operations import save_folder, save_page
from scorecards.operations import install_pack
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_scorecard, make_team
from tests.pages.reading import assert_is_only_text, html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")

EVERYTHING = {"combinator": "and", "rules": []}


def board(*widgets, identifier="board", **parts):
    """Save a dashboard on which each of these widgets has a row of its own."""
    named = [{"id": f"w{number}", **widget} for number, widget in enumerate(widgets)]
    root = {
        "id": "root",
        "type": "dashboard-widget",
        "layout": [{"height": 400, "columns": [{"id": it["id"], "size": 12}]} for it in named],
        "widgets": named,
    }
    document = {"identifier": identifier, "type": "dashboard", "widgets": [root], **parts}
    return save_page(document=document, by=TESTER, now=NOW)


def drawn(reader, *widgets, **parts):
    """Return the answer with a dashboard of these widgets."""
    board(*widgets, **parts)
    return reader.get("/dashboards/board/")


def pie(prop, **parts):
    """Return a pie of services."""
    found = {"blueprint": "service", "property": prop, "dataset": EVERYTHING}
    return {"type": "entities-pie-chart", **found, **parts}


def number_of(func="count", **parts):
    """Return a number over services."""
    return {"type": "entities-number-chart", "blueprint": "service", "func": func, **parts}


def links(response):
    """Return the links of a page: address -> words."""
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', html_of(response), re.S)
    return {unescape(href): re.sub(r"<[^>]+>", "", text) for href, text in found}


def test_a_pie_of_a_scorecard_counts_levels_best_first(reader):
    response = drawn(reader, pie("scorecard#quality", title="Quality"))
    assert "Quality 1 of" not in words_of(response)
    assert re.search(r"Gold 1 25 % Silver 1 25 % Bronze 1 25 % Basic 1 25 %", words_of(response))
    assert links(response)["/catalog/service/?level.quality=Gold"] == "Gold"


def test_a_pie_counts_only_what_its_dataset_keeps(reader):
    rules = {"combinator": "and", "rules": [{"property": "tier", "operator": "<", "value": 3}]}
    response = drawn(reader, pie("scorecard#quality", dataset=rules))
    assert "Gold 1 33 % Silver 1 33 % Bronze 1 33 % Basic 0 0 %" in words_of(response)


@pytest.mark.parametrize("prop", ["property#language", "calculation-property#language", "language"])
def test_a_pie_of_a_property_counts_values_and_what_is_empty(reader, prop):
    words = words_of(drawn(reader, pie(prop)))
    assert "Empty 2 50 % Go 1 25 % Python 1 25 %" in words


def test_what_is_behind_a_slice_is_a_link_away(reader):
    found = links(drawn(reader, pie("property#language")))
    address = next(href for href, text in found.items() if text == "Go")
    assert "Anchor" in html_of(reader.get(address))
    assert "Buoy" not in html_of(reader.get(address))
    empty = next(href for href, text in found.items() if text == "Empty")
    assert "Drift" in html_of(reader.get(empty))


def test_owners_and_rules_can_be_counted(reader):
    words = words_of(drawn(reader, pie("$team"), pie("scorecard-rule#quality#top")))
    assert "Core 3 75 % Empty 1 25 %" in words
    assert "Passing 1 25 % Failing 3 75 %" in words


def test_more_values_than_a_pie_holds_are_others(reader):
    for number in range(20):
        make_entity(f"more-{number}", properties={"tier": 100 + number})
    words = words_of(drawn(reader, pie("property#tier")))
    # Of 23 values, fourteen have a slice: the two of tier 2, and thirteen single ones.
    assert "Other 9" in words


def test_a_dataset_may_name_the_blueprint_and_be_a_plain_list(reader):
    rules = [
        {"property": "$blueprint", "operator": "=", "value": "service"},
        {"property": "tier", "operator": "=", "value": 1},
    ]
    widget = {"type": "bar-chart", "property": "property#language", "dataset": rules}
    assert "Go 1 100 %" in words_of(drawn(reader, widget))


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ({"chartType": "countEntities"}, "4"),
        ({"calculationBy": "entities"}, "4"),
        ({"chartType": "aggregateByProperty", "property": "tier", "func": "sum"}, "8"),
        ({"chartType": "aggregateByProperty", "property": "tier", "func": "max"}, "3"),
        ({"chartType": "aggregateByProperty", "property": "tier", "func": "min"}, "1"),
        ({"chartType": "aggregateByProperty", "property": "tier", "func": "average"}, "2"),
        ({"chartType": "displaySingleProperty", "entity": "canoe", "property": "tier"}, "3"),
    ],
)
def test_numbers_are_counted_reduced_or_read(reader, parts, shown):
    words = words_of(drawn(reader, number_of(title="Found", **parts)))
    assert f"Found {shown} " in f"{words} "


@pytest.mark.parametrize("tiers", [[], [5], [5, 9], [4, 2, 9]])
def test_the_median_is_the_middle_or_the_mean_of_two(reader, tiers):
    for index, tier in enumerate(tiers):
        make_entity(f"more-{index}", properties={"tier": tier})
    widget = number_of("median", chartType="aggregateByProperty", property="tier", title="Middle")
    expected = median([1, 2, 3, 2, *tiers])
    assert f"Middle {expected:g} " in f"{words_of(drawn(reader, widget))} "


def test_of_several_thresholds_that_are_met_the_nearest_one_speaks(reader):
    rules = [
        {"operator": ">", "value": 0, "message": "some", "color": "yellow"},
        {"operator": ">=", "value": 4, "message": "enough", "color": "green"},
        {"operator": ">", "value": 100, "message": "plenty", "color": "blue"},
    ]
    widget = number_of(chartType="countEntities", conditionalFormatting=rules)
    response = drawn(reader, widget)
    assert "enough" in words_of(response)
    assert "some" not in words_of(response)
    assert "lv-green" in html_of(response)


def test_lines_count_events_by_the_day_they_happened(reader):
    dates = {"at": {"type": "string", "format": "date-time"}}
    make_blueprint("event", schema={"properties": dates, "required": []})
    now = timezone.now().replace(hour=12)
    for days in (0, 0, 1, 3):
        at = timestamp(now - timedelta(days=days, hours=1))
        make_entity(f"e{days}-{at[-9:]}-{_next()}", blueprint="event", properties={"at": at})
    line = {"title": "Events", "blueprint": "event", "measureTimeBy": "at", "dataset": []}
    widget = {
        "type": "multi-line-chart",
        "title": "Line",
        "timeInterval": "day",
        "timeRange": {"preset": "lastWeek"},
        "lines": [{**line, "chartType": "countEntities", "func": "count"}],
        "baselines": [{"name": "Goal", "value": 3, "color": "green"}],
    }
    with _at(now):
        words = words_of(drawn(reader, widget))
    values = re.search(r"From Events (.*?) (?:Dashboards|$)", words)
    counts = re.findall(r"\d{4} (\d+)", values[1] if values else words)
    assert counts[:4] == ["2", "1", "0", "1"]
    assert "Goal 3" in words


_serial = iter(range(100))


def _next():
    return next(_serial)


def _at(moment):
    return patch("portal.dashboards.views_boards.timezone.now", return_value=moment)


def table(**settings):
    """Return a table of services."""
    found = {
        "blueprint": "service",
        "dataset": EVERYTHING,
        "blueprintConfig": {"service": settings},
    }
    return {"type": "table-entities-explorer", "title": "Table", **found}


def test_a_table_shows_the_chosen_columns_in_their_order(reader):
    order = ["$title", "language", "scorecard#quality", "scorecard-rule#quality#top", "team"]
    shown = {"propertiesSettings": {"order": order, "shown": order[:-1]}}
    response = drawn(
        reader,
        table(
            **shown, sortSettings={"sortBy": [{"property": "scorecard#quality", "order": "desc"}]}
        ),
    )
    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html_of(response))
    assert heads == ["Service", "Language", "Quality", "Top"]
    names = re.findall(r'table-title" href="[^"]*">(\w+)</a>', html_of(response))
    assert names == ["Anchor", "Buoy", "Drift", "Canoe"]
    assert "Anchor Go Gold Pass Buoy Python Silver Fail" in words_of(response)


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("team", ["Core 3", "Empty 1"]),
        ("tier", ["1 1", "2 2", "3 1"]),
        ("scorecard#quality", ["Gold 1", "Silver 1", "Bronze 1", "Basic 1"]),
    ],
)
def test_a_table_stands_in_groups_with_how_each_is_distributed(reader, by, groups):
    response = drawn(reader, table(groupSettings={"groupBy": [by]}))
    heads = re.findall(r'<th scope="rowgroup">(.*?)</th>', html_of(response), re.S)
    assert [" ".join(re.sub(r"<[^>]+>", " ", head).split()) for head in heads] == groups
    bars = re.findall(r'class="bar"[^>]*aria-label="([^"]*)"', html_of(response))
    assert len([label for label in bars if label.startswith(groups[0].split()[0])]) == 1


def test_of_many_groups_the_first_are_shown_and_all_are_counted(reader):
    for number in range(130):
        make_entity(f"more-{number}", properties={"tier": 1_000 + number})
    response = drawn(reader, table(groupSettings={"groupBy": ["tier"]}))
    assert len(re.findall('scope="rowgroup"', html_of(response))) == 100
    assert "100 of 134 shown." in words_of(response)


def test_what_has_no_group_comes_last_and_takes_no_room_from_others(reader):
    for number in range(120):
        make_entity(f"more-{number}")
    response = drawn(reader, table(groupSettings={"groupBy": ["language"]}))
    heads = re.findall(r'<th scope="row(group)?">(.*?)</th>', html_of(response), re.S)
    names = [" ".join(re.sub(r"<[^>]+>", " ", head).split()) for _, head in heads]
    assert names[:5] == ["Go 1", "Anchor", "Python 1", "Buoy", "Empty 122"]


def test_a_heat_map_gives_shares_of_passes_by_owner(reader):
    widget = {"type": "heat-map", "blueprint": "service", "scorecard": "quality"}
    words = words_of(drawn(reader, widget))
    assert "Owner Tiered Spoken Top Core 67 % 67 % 33 % Nobody 100 % 0 % 0 %" in words


def test_texts_know_their_reader_and_stay_texts(reader):
    hostile = "<script>alert(1)</script> {{ .user.firstName }} {{ .user.password }}"
    response = drawn(reader, {"type": "markdown", "markdown": hostile})
    assert "Maya" in words_of(response)
    assert_is_only_text(html_of(response))


def test_links_lead_only_where_it_is_safe(reader):
    items = [
        {"title": "Docs", "url": "https://example.org/docs", "description": "All of them"},
        {"title": "Bad", "url": "javascript:alert(1)"},
    ]
    response = drawn(reader, {"type": "links-widget", "links": items})
    assert "https://example.org/docs" in links(response)
    assert "Bad" in words_of(response)
    assert "javascript:" not in html_of(response)


def test_a_frame_shows_only_hosts_that_are_allowed(reader):
    widget = {"type": "iframe-widget", "url": "https://grafana.example.org/d/1"}
    assert "<iframe" not in html_of(drawn(reader, widget))
    assert "TIDEMARK_FRAME_HOSTS" in words_of(reader.get("/dashboards/board/"))
    with override_settings(TIDEMARK_FRAME_HOSTS=["grafana.example.org"]):
        assert 'src="https://grafana.example.org/d/1"' in html_of(reader.get("/dashboards/board/"))


@pytest.mark.parametrize("entry", ["https://a.example.org", "a.example.org/x", "'none'", ""])
def test_what_is_no_host_is_told_before_the_site_starts(entry):
    with override_settings(TIDEMARK_FRAME_HOSTS=[entry, "b.example.org:8443"]):
        found = [error.msg for error in checks.run_checks() if error.id == "portal.E003"]
    assert found == [f"TIDEMARK_FRAME_HOSTS: {entry!r} is no host."]


def test_the_values_of_an_entity_are_shown_in_the_order_asked_for(reader):
    widget = {"type": "entity-details", "blueprint": "service", "entity": "anchor"}
    words = words_of(drawn(reader, {**widget, "order": ["language"], "hiddenQuery": ["wait"]}))
    assert "Language Go Tier 1" in words


@pytest.mark.parametrize(
    ("widget", "path", "message"),
    [
        (pie("property#langauge"), "widgets[0].widgets[0]", "did you mean 'language'?"),
        (
            pie(
                "language",
                dataset={
                    "combinator": "and",
                    "rules": [{"property": "teir", "operator": "=", "value": 1}],
                },
            ),
            "widgets[0].widgets[0]",
            "dataset.rules[0]",
        ),
        (number_of("sum", chartType="aggregateByProperty", property="x"), "widgets[0]", "'x'"),
        (table(propertiesSettings={"order": ["nothing"]}), "widgets[0]", "'nothing'"),
        (table(groupSettings={"groupBy": "team"}), "widgets[0]", "not"),
        (pie(None), "widgets[0].widgets[0].property", "not of type"),
    ],
)
def test_what_a_widget_gets_wrong_is_refused_when_it_is_saved(widget, path, message):
    with pytest.raises(Invalid) as caught:
        board(widget)
    assert caught.value.faults[0].path.startswith(path)
    assert message in caught.value.faults[0].message


def test_a_page_may_come_before_what_it_is_about_and_says_what_is_missing(reader):
    widgets = [pie("x", blueprint="library"), pie("scorecard#later"), {"type": "ai-agent"}]
    words = words_of(drawn(reader, *widgets))
    assert "there is no blueprint 'library'" in words
    assert "no published scorecard 'later' grades service; there are: quality" in words
    assert "Widgets of type 'ai-agent' are not shown here." in words
    make_scorecard("later")
    assert "'later'" not in words_of(reader.get("/dashboards/board/"))


def test_a_widget_without_data_says_so_in_its_own_words(reader):
    nothing = {"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": 9}]}
    widget = pie("language", dataset=nothing, emptyStateText="All quiet")
    assert "All quiet" in words_of(drawn(reader, widget))


def test_a_private_dashboard_is_seen_by_who_made_it_alone(reader, client):
    board({"type": "markdown", "markdown": "x"}, title="Secret", visibility="private")
    assert reader.get("/dashboards/board/").status_code == 404
    assert "Secret" not in words_of(reader.get("/dashboards/"))


def test_dashboards_stand_in_their_folders_in_the_list_and_in_the_navigation(reader):
    save_folder(document={"title": "Delivery"}, by=TESTER, now=NOW)
    board({"type": "markdown", "markdown": "x"}, title="Weekly", parent="delivery")
    words = words_of(reader.get("/dashboards/"))
    assert words.count("Delivery Weekly") == 2


def test_the_dashboard_of_the_dora_pack_is_drawn_whole(reader):
    make_team("core", title="Core", properties={})
    install_pack(name="dora", by=TESTER, now=NOW)
    make_entity("anchor", properties={"tier": 1})
    words = words_of(reader.get("/dashboards/dora_scorecards/"))
    assert "cannot be drawn" not in words
    assert "DORA levels, service by service" in words


def test_a_dashboard_makes_no_more_queries_for_more_rows(reader):
    board(
        pie("scorecard#quality"),
        pie("property#language"),
        number_of(chartType="countEntities"),
        table(groupSettings={"groupBy": ["team"]}),
        {"type": "heat-map", "blueprint": "service", "scorecard": "quality"},
    )
    before = _queries(reader)
    for number in range(60):
        make_entity(f"more-{number}", team="core", properties={"tier": number})
    assert _queries(reader) == before == 24


def _queries(reader):
    with CaptureQueriesContext(connection) as captured:
        html_of(reader.get("/dashboards/board/"))
    return len(captured)


@pytest.mark.parametrize("several", [False, True])
def test_a_table_by_owner_of_many_rows_is_that_of_few(reader, monkeypatch, several):
    make_team("deck", title="Deck é")
    for number in range(12):
        make_entity(f"raft-{number}", team=["deck"] if number % 3 else None)
    if several:
        make_entity("raft-0", team=["core", "deck"])
    few = drawn(reader, table(groupSettings={"groupBy": ["team"]}))
    monkeypatch.setattr(tables, "FEW", 1)
    many = reader.get("/dashboards/board/")
    assert "Deck é 8" in words_of(many)
    assert words_of(many) == words_of(few)
