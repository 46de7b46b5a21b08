"""The advanced filter of a catalog table: conditions as JSON in the address."""

import json
import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.builders import condition, make_entity
from tests.hostile_queries import HOSTILE
from tests.pages.form_reading import form_of
from tests.pages.reading import html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("catalog")

SERVICES = "/catalog/service/"


def asked(query, **parameters) -> str:
    """Return the address of the services for which a query holds."""
    text = query if isinstance(query, str) else json.dumps(query)
    return f"{SERVICES}?{urlencode({'query': text, **parameters})}"


def test_only_what_the_conditions_hold_for_is_shown(reader):
    query = {
        "combinator": "or",
        "conditions": [
            {"property": "tier", "operator": ">=", "value": 3},
            {"property": "$team", "operator": "isEmpty"},
        ],
    }
    response = reader.get(asked(query))
    assert row_names(response) == ["Canoe", "Drift"]
    assert "Where Tier is at least 3 or team is empty" in words_of(response)


def test_conditions_narrow_beside_the_other_filters(reader):
    assert row_names(reader.get(asked(condition("tier", "<=", 2), team="core", q="o"))) == [
        "Anchor",
        "Buoy",
    ]


def test_the_filter_can_be_lifted_and_every_link_keeps_it(reader):
    html = html_of(reader.get(asked(condition("tier", "<=", 2), q="o")))
    chip = re.search(
        r'<a class="filter-chip" href="([^"]*)" aria-label="Remove the filter Where', html
    )
    assert chip[1] == "?q=o"
    links = re.findall(r'<a [^>]*href="(\?[^"]*menu=[^"]*)"', html)
    assert links
    assert all("query=%7B%22combinator" in link for link in links)


def test_sorting_keeps_it(reader):
    page = reader.get(asked(condition("tier", "<=", 2), q="o", sort="title"))
    assert form_of(page, "sort") == {
        "q": ["o"],
        "query": [json.dumps(condition("tier", "<=", 2))],
    }


def test_what_was_typed_stays_in_the_field(reader):
    text = json.dumps(condition("tier", "<=", 2), indent=2)
    html = html_of(reader.get(asked(text, where="open")))
    field = re.search(r'<textarea [^>]*id="query"[^>]*>(.*?)</textarea>', html, re.DOTALL)
    assert unescape(field[1]) == text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{", "query: This is not JSON: Expecting property name enclosed in double quotes"),
        (
            condition("teir", "=", 1),
            'query.conditions[0].property: there is no property "teir"; did you mean "tier"?',
        ),
        (
            condition("tier", "=>", 1),
            'query.conditions[0].operator: "=>" is not an operator; did you mean ">="?',
        ),
        (
            {"combinator": "xor", "conditions": []},
            'query.combinator: "xor" is not a combinator',
        ),
        ("[" * 3_000, "query: This is nested too deeply; flatten it."),
        ("{" + " " * 5_000 + "}", "query: has 5,002 characters and may have 4,000; shorten it"),
    ],
)
def test_a_wrong_query_has_no_effect_and_the_page_says_why(reader, query, message):
    response = reader.get(asked(query))
    assert len(row_names(response)) == 4
    words = words_of(response)
    assert f"The conditions have no effect {message}" in words
    assert "(not understood, ignored)" in words


def test_script_gets_the_message_with_the_rows(reader):
    headers = {"HX-Request": "true", "HX-Target": "results"}
    response = reader.get(asked(condition("teir", "=", 1)), headers=headers)
    assert html_of(response).lstrip().startswith('<div id="results"')
    assert "did you mean &quot;tier&quot;?" in html_of(response)


def test_many_faults_are_counted_and_the_first_are_shown(reader):
    leaves = [{"property": f"nope{n}", "operator": "isEmpty"} for n in range(9)]
    words = words_of(reader.get(asked({"combinator": "and", "conditions": leaves})))
    assert "nope4" in words.split("Where")[0].split("have no effect")[1]
    assert "and 4 more" in words


def test_a_long_query_is_cut_in_its_chip(reader):
    query = {"combinator": "or", "conditions": [{"property": "tier", "operator": "isEmpty"}] * 60}
    chip = re.search(r"<span>Where <b>(.*?)</b></span>", html_of(reader.get(asked(query))))
    assert chip[1].startswith("Tier is empty or Tier is empty")
    assert len(chip[1]) <= 161
    assert chip[1].endswith("…")


def test_the_example_is_a_query_that_can_be_asked_here(reader):
    for blueprint in ("service", "deployment"):
        html = html_of(reader.get(f"/catalog/{blueprint}/?where=open"))
        example = unescape(re.search(r'placeholder="(\{[^"]*)"', html)[1])
        response = reader.get(f"/catalog/{blueprint}/?{urlencode({'query': example})}")
        assert "have no effect" not in words_of(response)


def test_the_field_names_what_can_be_asked_about(reader):
    html = html_of(reader.get("/catalog/deployment/?where=open"))
    assert '<code title="Service">service</code>' in html


def test_relations_can_be_asked_about(reader):
    query = {
        "combinator": "and",
        "conditions": [{"relation": "service", "operator": "=", "value": "drift"}],
    }
    make_entity("drift-v1", blueprint="deployment", relations={"service": "drift"})
    address = f"/catalog/deployment/?{urlencode({'query': json.dumps(query)})}"
    assert row_names(reader.get(address)) == ["drift-v1"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_query_breaks_the_page(reader, text):
    response = reader.get(asked(text))
    assert response.status_code == 200
    assert "<script>alert" not in html_of(response)


def test_a_query_costs_no_query_of_its_own(reader):
    with CaptureQueriesContext(connection) as plain:
        reader.get(f"{SERVICES}?q=a")
    with CaptureQueriesContext(connection) as narrowed:
        reader.get(asked(condition("tier", "<=", 2), q="a"))
    assert len(narrowed) == len(plain) == 19
