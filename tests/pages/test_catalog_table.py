"""The catalog table: rows, filters, order, pages, and what an address may get wrong."""

import re

import pytest

from catalog.models import Blueprint
from catalog.operations import EntityDraft, upsert_entities
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_scorecard
from tests.pages.reading import html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("catalog")

SERVICES = "/catalog/service/"


def test_a_table_has_a_row_per_entity_by_title(reader):
    assert row_names(reader.get(SERVICES)) == ["Anchor", "Buoy", "Canoe", "Drift"]


def test_a_row_shows_owner_badge_and_values(reader):
    make_entity("anchor", properties={"wait": 14.5})
    row = re.search(r"<tr><th scope=\"row\">.*?Anchor.*?</tr>", html_of(reader.get(SERVICES)))
    assert row
    for part in ('href="/teams/core/"', "lv-gold", ">Gold<", "14.5 h", ">Go<"):
        assert part in row[0]


def test_a_row_links_what_it_is_related_to(reader):
    assert 'href="/catalog/service/anchor/">Anchor</a>' in html_of(
        reader.get("/catalog/deployment/")
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=AN", ["Anchor", "Canoe"]),
        ("q=an+oe", ["Canoe"]),
        ("q=%25", []),
        ("team=core", ["Anchor", "Buoy", "Canoe"]),
        ("property.language=Go", ["Anchor"]),
        ("property.language=Go&property.language=Python", ["Buoy"]),
        ("level.quality=Silver", ["Buoy"]),
        ("level.quality=below:Silver", ["Canoe", "Drift"]),
        ("level.quality=none", []),
        ("team=core&level.quality=Basic", ["Canoe"]),
    ],
)
def test_filters_narrow_the_table(reader, query, names):
    assert row_names(reader.get(f"{SERVICES}?{query}")) == names


def test_a_boolean_property_can_be_filtered_by(reader):
    make_entity("anchor", properties={"is_public": True})
    make_entity("buoy", properties={"is_public": False})
    assert row_names(reader.get(f"{SERVICES}?property.is_public=true")) == ["Anchor"]
    assert row_names(reader.get(f"{SERVICES}?property.is_public=false")) == ["Buoy"]


def test_two_properties_narrow_together(reader):
    make_entity("anchor", properties={"is_public": True})
    query = "property.is_public=true&property.language=Python"
    assert row_names(reader.get(f"{SERVICES}?{query}")) == []


def test_inherited_owners_and_relations_narrow_too(reader):
    make_entity("drift-v1", blueprint="deployment", relations={"service": "drift"})
    assert row_names(reader.get("/catalog/deployment/?relation.service=drift")) == ["drift-v1"]
    assert len(row_names(reader.get("/catalog/deployment/?team=core"))) == 12


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("title", ["Anchor", "Buoy", "Canoe", "Drift"]),
        ("-title", ["Drift", "Canoe", "Buoy", "Anchor"]),
        # By rank: Basic is below Silver, whatever the alphabet says.
        ("level.quality", ["Canoe", "Drift", "Buoy", "Anchor"]),
        ("-level.quality", ["Anchor", "Buoy", "Drift", "Canoe"]),
        ("property.tier", ["Anchor", "Buoy", "Drift", "Canoe"]),
        ("-property.tier", ["Canoe", "Buoy", "Drift", "Anchor"]),
        # In the order of the definition (Python, Go), and those without one last, both ways.
        ("property.language", ["Buoy", "Anchor", "Canoe", "Drift"]),
        ("-property.language", ["Anchor", "Buoy", "Canoe", "Drift"]),
        ("owner", ["Anchor", "Buoy", "Canoe", "Drift"]),
    ],
)
def test_any_column_sorts(reader, sort, names):
    assert row_names(reader.get(f"{SERVICES}?sort={sort}")) == names


def test_numbers_sort_as_numbers_and_null_comes_last(reader):
    make_entity("anchor", properties={"wait": 9})
    make_entity("buoy", properties={"wait": 10})
    make_entity("drift", properties={"wait": None})
    names = ["Buoy", "Anchor", "Canoe", "Drift"]
    assert row_names(reader.get(f"{SERVICES}?sort=-property.wait")) == names


def test_the_head_of_the_sorted_column_says_so_and_turns_it_round(reader):
    html = html_of(reader.get(f"{SERVICES}?q=o&sort=-level.quality"))
    assert re.search(
        r'aria-sort="descending"><button class="sort"[^>]* name="sort" value="level.quality"', html
    )
    assert html.count("aria-sort") == 1


def test_the_bottom_line_counts_all_filtered_rows(reader):
    html = html_of(reader.get(f"{SERVICES}?team=core"))
    assert 'aria-label="1 Gold, 1 Silver, 1 Basic"' in html


def test_pages_hold_fifty_and_keep_the_filters(reader):
    drafts = [EntityDraft(identifier=f"raft-{number:03}") for number in range(60)]
    service = Blueprint.objects.get(identifier="service")
    upsert_entities(blueprint=service, drafts=drafts, by=TESTER, now=NOW)
    first = reader.get(f"{SERVICES}?q=raft")
    assert len(row_names(first)) == 50
    assert 'rel="next" href="?q=raft&amp;page=2"' in html_of(first)
    assert row_names(reader.get(f"{SERVICES}?q=raft&page=2"))[-1] == "raft-059"


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=99999999999999999999999",
        "page=two",
        "page=1%00",
        "sort=",
        "sort=nonsense",
        "sort=level.nonsense",
        "sort=--title",
        "sort=property.",
        "sort=facts__tier",
        "sort=title%3B+drop+table",
        "property.language=Cobol",
        "property.nonsense=1",
        "level.quality=Platinum",
        "level.quality=below:",
        "level.nonsense=Gold",
        "team=nobody",
        "relation.nonsense=x",
        "q=%00",
        "q=%27%22%3C%5C%",
        "q=" + "a+" * 3000,
        "q=%F0%9F%8C%8A",
        "q[]=1&q=2",
    ],
)
def test_no_query_string_breaks_the_table(reader, query):
    assert reader.get(f"{SERVICES}?{query}").status_code == 200


def test_an_unknown_choice_is_ignored_and_the_page_says_so(reader):
    response = reader.get(f"{SERVICES}?level.quality=Platinum")
    assert len(row_names(response)) == 4
    assert "Quality Platinum (unknown, ignored)" in words_of(response)


def test_script_gets_only_the_rows_and_the_tidy_address(reader):
    headers = {"HX-Request": "true", "HX-Target": "results"}
    response = reader.get(f"{SERVICES}?q=an&team=&sort=title", headers=headers)
    assert html_of(response).lstrip().startswith('<div id="results"')
    assert response["HX-Push-Url"] == f"{SERVICES}?q=an&sort=title"
    assert {"HX-Request", "HX-Target"} <= set(response["Vary"].split(", "))


def test_a_history_restore_gets_the_whole_page(reader):
    headers = {
        "HX-Request": "true",
        "HX-Target": "results",
        "HX-History-Restore-Request": "true",
    }
    assert "<!doctype html>" in html_of(reader.get(SERVICES, headers=headers))


def test_the_form_sends_along_what_it_has_no_field_for(reader):
    html = html_of(reader.get("/catalog/deployment/?relation.service=anchor&sort=-title"))
    assert '<input type="hidden" name="relation.service" value="anchor" form="filters">' in html
    assert '<input type="hidden" name="sort" value="-title" form="filters">' in html


def test_an_empty_blueprint_says_how_it_fills(reader):
    make_blueprint("library")
    assert "No Libraries yet" in words_of(reader.get("/catalog/library/"))


def test_filters_that_leave_nothing_say_so(reader):
    assert "Nothing passes these filters" in words_of(reader.get(f"{SERVICES}?q=zzz"))


def test_properties_named_like_lookups_are_only_properties(reader):
    names = ["in", "isnull", "contains", "a__b", "exact"]
    make_blueprint(
        "odd",
        schema={
            "properties": {name: {"type": "string", "enum": ["x", "y"]} for name in names},
            "required": [],
        },
    )
    make_entity("one", blueprint="odd", properties=dict.fromkeys(names, "x"))
    make_entity("two", blueprint="odd", properties=dict.fromkeys(names, "y"))
    for name in names:
        assert row_names(reader.get(f"/catalog/odd/?property.{name}=x")) == ["one"]
        assert row_names(reader.get(f"/catalog/odd/?sort=-property.{name}")) == ["two", "one"]


def test_a_draft_has_no_column(reader):
    make_scorecard("secret", title="Secret plans", status="draft")
    assert "Secret plans" not in words_of(reader.get(SERVICES))
