"""Addresses: identifiers go in and come out the same, and links carry what was chosen."""

from urllib.parse import unquote

import pytest
from django.urls import resolve, reverse

from portal.dashboards.querystring import MAX_LENGTH, MAX_WORDS_LENGTH, QueryString

IDENTIFIERS = [
    "plain",
    "a/b",
    "a//b",
    "/a",
    "a/",
    "a/../b",
    "github.com/x/y",
    "ü+=@:.\\x",
    "a b?#%",
]


@pytest.mark.parametrize("identifier", IDENTIFIERS)
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("catalog_table", "blueprint"),
        ("team", "team"),
        ("scorecard", "identifier"),
        ("entity", "identifier"),
        ("number", "identifier"),
        ("number", "blueprint"),
    ],
)
def test_an_identifier_comes_out_of_its_address_as_it_went_in(name, key, identifier):
    others = {"blueprint": "x/y"} if name in ("entity", "number") else {}
    if name == "number":
        others |= {"key": "rate\\=@", "identifier": "e/f"}
    address = reverse(name, kwargs={**others, key: identifier})
    # What a browser sends is decoded once before it is looked up.
    match = resolve(unquote(address))
    assert (match.url_name, match.kwargs) == (name, {**others, key: identifier})


def test_dots_and_double_slashes_are_hidden_from_browsers():
    assert reverse("entity", args=["service", "a/../b"]) == "/catalog/service/a~..~b/"
    assert reverse("entity", args=["service", "a/b"]) == "/catalog/service/a/b/"


def test_a_query_string_drops_what_says_nothing():
    query = QueryString.of([("q", " net "), ("team", ""), ("sort", "\x00"), ("page", "2")])
    assert query.pairs == (("q", "net"), ("page", "2"))


def test_links_keep_the_rest_and_start_at_the_first_page():
    query = QueryString.of([("q", "net"), ("sort", "title"), ("page", "2")])
    assert str(query.having("sort", "-title")) == "?q=net&sort=-title"
    assert str(query.without("q", "sort")) == "?"


def test_a_long_text_is_cut():
    query = QueryString.of([("q", "x" * 10_000), ("relation.service", "x" * 10_000)])
    assert len(query.get("q")) == MAX_WORDS_LENGTH
    assert len(query.get("relation.service")) == MAX_LENGTH
