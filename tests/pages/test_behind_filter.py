"""The filter of a table that keeps what a number is made of."""

import re
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Entity
from tests.builders import condition, make_blueprint, make_entity
from tests.pages.delivery import aggregation
from tests.pages.form_reading import form_of
from tests.pages.reading import html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("delivery")

DEPLOYMENTS = "/catalog/deployment/"
FAILED = "behind.service.failed"


def asked(**parameters):
    return f"{DEPLOYMENTS}?{urlencode(parameters)}"


def behind(prop="failed", owner="anchor", blueprint="service", **others):
    return asked(**{f"behind.{blueprint}.{prop}": owner, **others})


def test_a_table_keeps_what_an_aggregation_counts(reader):
    names = ["anchor-v0", "anchor-v3", "anchor-v6", "anchor-v9"]
    assert row_names(reader.get(behind())) == names
    assert Entity.objects.get(identifier="anchor").computed["failed"] == len(names)
    assert row_names(reader.get(behind("failed", "core", "_team"))) == names


def test_what_has_no_number_is_not_behind_a_function_of_numbers(reader):
    assert len(row_names(reader.get(behind("typical")))) == 9
    assert len(row_names(reader.get(behind("rate")))) == 12


def test_the_chip_says_it_in_words_and_takes_it_away(reader):
    html = html_of(reader.get(behind(q="anchor", sort="-title")))
    chip = re.search(
        r'<a class="filter-chip" href="([^"]*)" aria-label="Remove the filter Behind: ([^"]*)"',
        html,
    )
    assert unescape(chip[1]) == "?q=anchor&sort=-title"
    assert chip[2] == "Failed deployments, 30 days of Anchor"


def test_it_narrows_beside_every_other_filter(reader):
    assert row_names(reader.get(behind(q="v3"))) == ["anchor-v3"]
    assert row_names(reader.get(behind(sort="-title"))) == [
        "anchor-v9",
        "anchor-v6",
        "anchor-v3",
        "anchor-v0",
    ]
    assert row_names(reader.get(behind(**{"property.status": "success"}))) == []
    assert len(row_names(reader.get(behind(team="core")))) == 4
    query = '{"combinator":"and","conditions":[{"property":"minutes","operator":">","value":50}]}'
    assert row_names(reader.get(behind(query=query))) == ["anchor-v6", "anchor-v9"]
    assert row_names(reader.get(behind(**{"behind.service.typical": "anchor"}))) == [
        "anchor-v0",
        "anchor-v6",
        "anchor-v9",
    ]


def test_the_forms_keep_it(reader):
    page = reader.get(behind())
    hidden = f'<input type="hidden" name="{FAILED}" value="anchor" form="filters">'
    assert hidden in html_of(page)
    assert form_of(page, "sort") == {FAILED: ["anchor"]}


def test_an_owner_that_is_not_there_is_ignored_and_the_page_says_so(reader):
    response = reader.get(behind(owner="nobody"))
    assert len(row_names(response)) == 12
    assert "Behind nobody (unknown, ignored)" in words_of(response)


@pytest.mark.parametrize(
    "query",
    [
        "behind.service.nonsense=anchor",
        "behind.nonsense.failed=anchor",
        # It is no number of events, but a value of one.
        "behind.service.grade=anchor",
        "behind.service.lead_name=anchor",
        # It is behind nothing of this table.
        "behind._team.members=core",
        "behind.=anchor",
        "behind.service.=anchor",
        "behind.failed=anchor",
        "behind=service.failed",
        "behind.service.failed=",
        "behind.service.failed=%00",
        "behind.service.failed.=anchor",
        "behind.%00.failed=anchor",
    ],
)
def test_what_is_no_number_is_ignored(reader, query):
    response = reader.get(f"{DEPLOYMENTS}?{query}")
    assert len(row_names(response)) == 12
    assert "Behind" not in words_of(response)


def test_nothing_an_address_says_becomes_markup(reader):
    hostile = '"><script>alert(1)</script>'
    html = html_of(reader.get(behind(owner=hostile)))
    assert "<script>alert" not in html
    html = html_of(reader.get(asked(**{f"behind.{hostile}.x": hostile})))
    assert "<script>alert" not in html


@pytest.mark.parametrize("identifier", ["a@b_c.d+e:f\\g/h=i-j", "Ünïcode/水", "x" * 1000])
def test_an_owner_may_be_called_anything(reader, identifier):
    make_entity(identifier)
    make_entity("other", blueprint="deployment", relations={"service": identifier})
    assert row_names(reader.get(behind("all", identifier))) == ["other"]
    by_hand = f"{DEPLOYMENTS}?behind.service.all={quote(identifier, safe='')}"
    assert row_names(reader.get(by_hand)) == ["other"]


def test_a_blueprint_may_have_dots_in_its_name(reader):
    make_blueprint("a.b/c:d")
    make_blueprint("e", relations={"in": {"target": "a.b/c:d"}}, ownership=None)
    definition = aggregation("All", "in", func="count")
    definition |= {"target": "e", "pathFilter": [{"path": ["in"], "fromBlueprint": "e"}]}
    make_blueprint("a.b/c:d", aggregation_properties={"all": definition})
    make_entity("x", blueprint="a.b/c:d")
    make_entity("y", blueprint="e", relations={"in": "x"})
    make_entity("z", blueprint="e")
    response = reader.get(f"/catalog/e/?{urlencode({'behind.a.b/c:d.all': 'x'})}")
    assert row_names(response) == ["y"]


def test_the_bottom_line_counts_what_is_behind(reader):
    definition = aggregation("All", "$team", func="count")
    definition |= {"target": "service"}
    definition["pathFilter"] = [{"path": ["$team"], "fromBlueprint": "service"}]
    make_blueprint("_team", ownership=None, aggregation_properties={"services": definition})
    html = html_of(reader.get("/catalog/service/?behind._team.services=core"))
    assert 'aria-label="1 Gold, 1 Silver, 1 Basic"' in html


def test_the_public_learns_of_no_person_by_it(client, settings):
    settings.TIDEMARK_PUBLIC_READ = True
    make_blueprint(
        "_user",
        aggregation_properties={
            "leads": {
                "title": "Leads",
                "target": "service",
                "calculationSpec": {"func": "count", "calculationBy": "entities"},
                "pathFilter": [{"path": ["lead"], "fromBlueprint": "service"}],
            }
        },
    )
    make_entity("anchor", relations={"lead": "maya@example.com"})
    address = "/catalog/service/?behind._user.leads=maya%40example.com"
    response = client.get(address)
    assert len(row_names(response)) == 4
    assert "Behind" not in words_of(response)


def test_only_so_many_are_taken_from_one_address(reader):
    names = ["all", "failed", "rate", "typical", "rest_failed"]
    several = {f"behind.service.{name}": "anchor" for name in names}
    words = words_of(reader.get(asked(**{"behind._team.failed": "core"}, **several)))
    assert words.count("Behind") == 5


def test_it_costs_three_queries_and_tables_without_it_none(reader):
    def queries(address):
        with CaptureQueriesContext(connection) as found:
            html_of(reader.get(address))
        return len(found)

    # The revision of the graph, who the owner is, and which entities are behind.
    assert queries(behind()) == queries(DEPLOYMENTS) + 3
    assert queries(behind(query=str(condition("minutes", ">", 3)).replace("'", '"'))) == (
        queries(DEPLOYMENTS) + 3
    )
