"""The command palette: what it finds, and for whom."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.dashboards.operations import save_page
from tests.builders import NOW, TESTER, make_entity
from tests.pages.reading import html_of

pytestmark = pytest.mark.usefixtures("catalog")


def hits(reader, words):
    """Return what is found: title, kind and address."""
    html = html_of(reader.get("/palette/", {"q": words}))
    found = re.findall(
        r'href="([^"]*)"[^>]*>.*?palette-title">(.*?)</span><span class="palette-kind">(.*?)<', html
    )
    return [(unescape(title), kind, unescape(href)) for href, title, kind in found]


def test_it_finds_entities_scorecards_dashboards_and_tables(reader):
    save_page(
        document={"identifier": "quality_week", "type": "dashboard", "title": "Quality, weekly"},
        by=TESTER,
        now=NOW,
    )
    make_entity("quality-gate", title="Quality gate")
    assert hits(reader, "qual") == [
        ("Quality gate", "Service", "/catalog/service/quality-gate/"),
        ("Quality", "Scorecard", "/scorecards/quality/"),
        ("Quality, weekly", "Dashboard", "/dashboards/quality_week/"),
    ]
    assert ("Services", "Table", "/catalog/service/") in hits(reader, "services")
    assert ("Core", "Team", "/teams/core/") in hits(reader, "core")


def test_the_very_name_comes_first(reader):
    make_entity("anchor-two", title="Anchor two")
    assert hits(reader, "anchor")[0] == ("Anchor", "Service", "/catalog/service/anchor/")


def test_what_is_not_found_can_be_searched_for_all_the_same(reader):
    html = html_of(reader.get("/palette/", {"q": "<b>zzz"}))
    assert "Nothing is called “&lt;b&gt;zzz”" in html
    assert 'href="/search/?q=%3Cb%3Ezzz"' in html


def test_without_words_there_is_nothing(reader):
    assert html_of(reader.get("/palette/")).strip() == ""


def test_strangers_are_asked_to_log_in_and_the_public_sees_no_persons(client, settings):
    assert client.get("/palette/", {"q": "a"}).status_code == 302
    settings.TIDEMARK_PUBLIC_READ = True
    assert hits(client, "maya") == []
    assert hits(client, "anchor")


def test_it_asks_the_database_a_fixed_number_of_times(reader):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            hits(reader, "an")
        return len(captured)

    before = queries()
    for number in range(30):
        make_entity(f"anchor-{number}")
    assert queries() == before == 7
