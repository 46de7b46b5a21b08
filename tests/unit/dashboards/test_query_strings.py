"""Query strings within a saved view: addresses say only what differs from it."""

import pytest

from portal.dashboards.querystring import QueryString

BASE = QueryString((("team", "core"), ("sort", "owner"), ("columns", "a,b")))


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ([], "?view=mine"),
        ([("view", "mine")], "?view=mine"),
        ([("sort", "owner")], "?view=mine"),
        ([("sort", "-owner")], "?view=mine&sort=-owner"),
        ([("sort", "")], "?view=mine&sort="),
        ([("q", "x"), ("team", "")], "?view=mine&q=x&team="),
        ([("team", "core"), ("page", "2")], "?view=mine&page=2"),
    ],
)
def test_an_address_names_the_view_and_what_differs(given, written):
    assert str(QueryString.within("mine", BASE, given)) == written


def test_reading_what_was_written_gives_the_same():
    query = QueryString.within("mine", BASE, [("sort", ""), ("q", "x")])
    again = QueryString.within("mine", BASE, query.written)
    assert dict(again.pairs) == dict(query.pairs) == {"team": "core", "columns": "a,b", "q": "x"}


@pytest.mark.parametrize(
    ("given", "is_changed"),
    [
        ([], False),
        ([("page", "2")], False),
        ([("menu", "columns")], False),
        ([("sort", "owner")], False),
        ([("sort", "title")], True),
        ([("team", "")], True),
        ([("q", "x")], True),
    ],
)
def test_a_page_further_on_is_no_change_of_the_view(given, is_changed):
    assert QueryString.within("mine", BASE, given).is_changed is is_changed


def test_links_stay_in_the_view():
    query = QueryString.within("mine", BASE, [("page", "3")])
    assert str(query.having("sort", "title")) == "?view=mine&sort=title"
    assert str(query.without("team")) == "?view=mine&team="
    assert str(query.whole) == "?team=core&sort=owner&columns=a%2Cb"


def test_a_form_sends_along_what_it_has_no_field_for():
    query = QueryString.within("mine", BASE, [("q", "x"), ("sort", "")])
    assert query.outside({"q", "team"}) == [("view", "mine"), ("sort", "")]
