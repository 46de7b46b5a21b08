"""The columns of a table: which can be chosen, in which order, and what they show and sort by."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Blueprint
from catalog.operations import EntityDraft, upsert_entities
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_scorecard
from tests.pages.reading import html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("catalog")

SERVICES = "/catalog/service/"
SCRIPT = {"HX-Request": "true"}


def heads(response) -> list[str]:
    """Return the heads of the columns, in order."""
    found = re.findall(r'<button class="sort"[^>]*>([^<]*)', html_of(response))
    return [unescape(head) for head in found]


def cells(response, name: str) -> list[str]:
    """Return what the row of this name shows."""
    row = re.search(rf'<tr><th scope="row"><a[^>]*>{name}</a>.*?</tr>', html_of(response))
    assert row
    found = re.findall(r"<td[^>]*>(.*?)</td>", row[0])
    return [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in found]


def test_columns_are_shown_in_the_order_of_the_address_behind_the_name(reader):
    columns = "property.language,level.quality,owner"
    response = reader.get(f"{SERVICES}?columns={columns}")
    assert heads(response) == ["Service", "Language", "Quality", "Owner"]
    assert cells(response, "Anchor") == ["Go", "Gold", "Core"]


def test_without_columns_the_default_ones_are_shown(reader):
    assert heads(reader.get(SERVICES)) == heads(reader.get(f"{SERVICES}?columns="))
    assert heads(reader.get(SERVICES))[:3] == ["Service", "Owner", "Quality"]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ("title", ["Service"]),
        ("owner,title,owner", ["Service", "Owner"]),
        ("identifier,$createdAt,$updatedAt", ["Service", "Identifier", "Created", "Updated"]),
        (",,owner,", ["Service", "Owner"]),
        ("nonsense", ["Service"]),
        ("owner,level.gone,rule.quality.gone", ["Service", "Owner"]),
        ("facts,__class__,property.", ["Service"]),
    ],
)
def test_columns_that_are_not_there_are_as_if_not_said(reader, columns, shown):
    assert heads(reader.get(f"{SERVICES}?columns={columns}")) == shown


def test_what_is_ignored_is_told(reader):
    words = words_of(reader.get(f"{SERVICES}?columns=owner,level.gone&property.gone=1"))
    assert "therefore ignored: level.gone , property.gone" in words
    assert "ignored" not in words_of(reader.get(f"{SERVICES}?columns=owner"))


def test_a_rule_is_a_column_and_sorts(reader):
    response = reader.get(f"{SERVICES}?columns=rule.quality.top&sort=rule.quality.top")
    assert heads(response) == ["Service", "Top"]
    assert row_names(response) == ["Buoy", "Canoe", "Drift", "Anchor"]
    assert cells(response, "Anchor") == ["Pass"]
    assert cells(response, "Buoy") == ["Fail"]


def test_a_column_sorts_also_where_it_is_not_shown(reader):
    response = reader.get(f"{SERVICES}?columns=owner&sort=-level.quality")
    assert row_names(response) == ["Anchor", "Buoy", "Drift", "Canoe"]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("identifier", ["Anchor", "Buoy", "Canoe", "Drift"]),
        ("-identifier", ["Drift", "Canoe", "Buoy", "Anchor"]),
        ("-$createdAt", ["Anchor", "Buoy", "Canoe", "Drift"]),
    ],
)
def test_attributes_sort(reader, sort, names):
    assert row_names(reader.get(f"{SERVICES}?columns=owner&sort={sort}")) == names


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("property.tier_of_ship", ["two", "ten", "none"]),
        ("-property.tier_of_ship", ["ten", "two", "none"]),
        ("property.name_of_ship", ["two", "ten", "none"]),
    ],
)
def test_mirrored_numbers_sort_as_numbers_and_texts_as_texts(reader, sort, names):
    make_entity("anchor", properties={"tier": 10})
    make_blueprint(
        "crew",
        schema={"properties": {}, "required": []},
        relations={"ship": {"target": "service", "title": "Ship"}},
        mirror_properties={
            "tier_of_ship": {"path": "ship.tier"},
            "name_of_ship": {"path": "ship.language"},
        },
        ownership=None,
    )
    make_entity("ten", blueprint="crew", relations={"ship": "anchor"})
    make_entity("two", blueprint="crew", relations={"ship": "buoy"})
    make_entity("buoy", properties={"language": "Ada"}, merge=True)
    make_entity("none", blueprint="crew")
    response = reader.get(f"/catalog/crew/?columns=property.tier_of_ship&sort={sort}")
    assert row_names(response) == names


def test_a_disabled_rule_cannot_be_chosen(reader):
    make_scorecard("strict", rules=[{**rule, "is_enabled": False} for rule in [dict(RULE)]])
    assert "rule.strict.spoken" not in html_of(reader.get(f"{SERVICES}?menu=columns"))


RULE = {
    "identifier": "spoken",
    "title": "Spoken",
    "level": "Bronze",
    "query": {"combinator": "and", "conditions": [{"property": "tier", "operator": "isNotEmpty"}]},
}


@pytest.fixture
def convoy(catalog: None) -> None:
    """Make convoys of many services."""
    make_blueprint(
        "convoy",
        schema={
            "properties": {
                "notes": {"type": "string", "format": "markdown", "title": "Notes"},
                "ports": {"type": "array", "title": "Ports"},
            },
            "required": [],
        },
        relations={"ships": {"target": "service", "title": "Ships", "many": True}},
        ownership=None,
    )
    make_entity("small", blueprint="convoy", relations={"ships": ["buoy", "anchor"]})
    make_entity("none", blueprint="convoy")


def test_a_relation_to_many_is_a_column(reader, convoy):
    response = reader.get("/catalog/convoy/?columns=relation.ships&sort=-relation.ships")
    assert row_names(response) == ["small", "none"]
    assert cells(response, "small") == ["Buoy, Anchor"]
    assert cells(response, "none") == [""]


def test_a_cell_shows_the_first_of_many_and_how_many_more(reader, convoy):
    service = Blueprint.objects.get(identifier="service")
    drafts = [EntityDraft(identifier=f"raft-{number}") for number in range(9)]
    upsert_entities(blueprint=service, drafts=drafts, by=TESTER, now=NOW)
    make_entity(
        "large",
        blueprint="convoy",
        relations={"ships": [draft.identifier for draft in drafts]},
        properties={"ports": list(range(8)), "notes": "# Notes\n\n" + "word " * 200},
    )
    columns = "relation.ships,property.ports,property.notes"
    response = reader.get(f"/catalog/convoy/?columns={columns}")
    ships, ports, notes = cells(response, "large")
    assert ships == "raft-0, raft-1, raft-2, raft-3, raft-4 +4"
    assert ports.split() == ["0", "1", "2", "3", "4", "+3"]
    assert notes.startswith("# Notes word")
    assert len(notes) == 200


def test_the_menu_holds_everything_that_can_be_chosen(reader):
    html = html_of(reader.get(f"{SERVICES}?menu=columns&columns=level.quality,property.tier"))
    values = re.findall(r'name="column" value="([^"]+)"( checked)?', html)
    assert [key for key, is_shown in values if is_shown] == ["level.quality", "property.tier"]
    others = {key for key, is_shown in values if not is_shown}
    assert {"owner", "identifier", "$createdAt", "$updatedAt", "property.language"} <= others
    assert {f"rule.quality.{name}" for name in ("tiered", "spoken", "top")} <= others
    assert "title" not in others


def test_script_gets_the_menu_alone(reader):
    headers = {**SCRIPT, "HX-Target": "columns-panel"}
    html = html_of(reader.get(f"{SERVICES}?q=an&columns=owner", headers=headers))
    assert html.lstrip().startswith('<form method="get" class="columns"')
    assert '<input type="hidden" name="q" value="an">' in html


def test_script_gets_the_filters_alone(reader):
    headers = {**SCRIPT, "HX-Target": "filters-panel"}
    html = html_of(reader.get(f"{SERVICES}?level.quality=Gold", headers=headers))
    assert 'name="level.quality"' in html
    assert '<option value="Gold" selected>' in html
    assert "<table" not in html


@pytest.mark.parametrize(
    ("pressed", "columns", "menu"),
    [
        ("", "owner%2Clevel.quality%2Cproperty.tier", ""),
        ("&up=level.quality", "level.quality%2Cowner%2Cproperty.tier", "&menu=columns"),
        ("&down=level.quality", "owner%2Cproperty.tier%2Clevel.quality", "&menu=columns"),
        ("&up=owner", "owner%2Clevel.quality%2Cproperty.tier", "&menu=columns"),
        ("&down=property.tier", "owner%2Clevel.quality%2Cproperty.tier", "&menu=columns"),
        ("&up=nonsense", "owner%2Clevel.quality%2Cproperty.tier", "&menu=columns"),
    ],
)
def test_the_form_of_the_menu_leads_to_the_tidy_address(reader, pressed, columns, menu):
    sent = "choose=1&q=an&column=owner&column=level.quality&column=property.tier"
    response = reader.get(f"{SERVICES}?{sent}{pressed}")
    assert response.status_code == 302
    assert response["Location"] == f"{SERVICES}?q=an&columns={columns}{menu}"


def test_all_columns_can_be_hidden(reader):
    response = reader.get(f"{SERVICES}?choose=1", follow=True)
    assert heads(response) == ["Service"]


@pytest.mark.parametrize(
    "query",
    [
        "columns=%00",
        "columns=" + "a," * 4000,
        "columns=<script>alert(1)</script>",
        "columns=" + ",".join(f"property.p{n}" for n in range(400)),
        "choose=1&column=%00&column=" + "x" * 3000,
        "choose=1&up=%F0%9F%8C%8A&down=",
        "menu=nonsense",
        "menu=columns&columns=title",
        "sort=rule.&columns=rule.",
        "sort=-relation.nonsense",
    ],
)
def test_no_choice_of_columns_breaks_the_table(reader, query):
    response = reader.get(f"{SERVICES}?{query}", follow=True)
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_a_table_with_every_kind_of_column_makes_a_fixed_number_of_queries(reader, convoy):
    columns = "owner,level.quality,rule.quality.top,property.tier,identifier,$updatedAt"
    addresses = {
        f"{SERVICES}?columns={columns}": 20,
        f"{SERVICES}?columns=property.tier": 16,
        f"{SERVICES}?menu=columns": 19,
        "/catalog/convoy/?columns=relation.ships": 16,
    }

    def counts() -> dict[str, int]:
        found = {}
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                html_of(reader.get(address))
            found[address] = len(captured)
        return found

    assert counts() == addresses
    drafts = [EntityDraft(identifier=f"raft-{number}", team="core") for number in range(60)]
    service = Blueprint.objects.get(identifier="service")
    upsert_entities(blueprint=service, drafts=drafts, by=TESTER, now=NOW)
    names = [draft.identifier for draft in drafts]
    make_entity("huge", blueprint="convoy", relations={"ships": names})
    assert counts() == addresses
