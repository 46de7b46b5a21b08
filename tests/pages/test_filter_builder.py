"""The filter builder: rows become the address of the table, and an address fills the rows again."""

import json
import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import registry
from catalog.conditions import OPERATORS, ValueType, operators_for
from catalog.forms_rows import Row, Table, Unreadable
from catalog.forms_subjects import Subject, subjects_of
from catalog.models import Blueprint
from portal.dashboards.builder import Builder, Sent, address_of, builder_of
from portal.dashboards.builder_offers import Offers
from portal.dashboards.querystring import QueryString
from scorecards.models import Scorecard
from tests.builders import condition
from tests.hostile_queries import HOSTILE
from tests.pages.reading import html_of, row_names, words_of

SERVICES = "/catalog/service/"


def asked(*rows: tuple[str, str, str], where: str = "and", **more) -> str:
    """Return the address that the form sends for some rows."""
    pairs = [("where", where), *more.items()]
    for row in rows:
        names = ("where.property", "where.operator", "where.value")
        pairs += list(zip(names, row, strict=True))
    return f"{SERVICES}?{urlencode(pairs)}"


def offers() -> Offers:
    """Return what the builder of the services offers."""
    cards = Scorecard.objects.prefetch_related("levels")
    subjects = subjects_of(registry.graph(), ["service"])
    return Offers(subjects, {f"level.{card.identifier}": card for card in cards})


def address(response) -> dict[str, list[str]]:
    """Return the parameters that the form led to."""
    assert response.status_code == 302, words_of(response)
    return parse_qs(urlsplit(response["Location"]).query)


@pytest.mark.usefixtures("catalog")
class TestPages:
    """What the server makes of rows, as a browser sees it."""

    def test_rows_lead_to_the_address_that_says_the_same(self, reader):
        response = reader.get(
            asked(("tier", "<=", "2"), ("", "", ""), ("$team", "contains", "core"), q="o")
        )
        assert list(address(response)) == ["q", "query"]
        assert json.loads(address(response)["query"][0]) == {
            "combinator": "and",
            "conditions": [
                {"property": "tier", "operator": "<=", "value": 2},
                {"property": "$team", "operator": "contains", "value": "core"},
            ],
        }
        assert row_names(reader.get(response["Location"])) == ["Anchor", "Buoy"]

    def test_levels_become_the_filter_of_their_scorecard(self, reader):
        response = reader.get(asked(("level.quality", "<", "Silver"), ("tier", "=", "3")))
        assert address(response)["level.quality"] == ["below:Silver"]
        assert row_names(reader.get(response["Location"])) == ["Canoe"]

    def test_a_level_that_was_shown_goes_with_its_row(self, reader):
        more = {"level.quality": "Gold", "where.shown": "level.quality"}
        assert address(reader.get(asked(("tier", "=", "1"), **more))).keys() == {"query"}
        assert "level.quality" in address(
            reader.get(asked(("tier", "=", "1"), **{"level.quality": "Gold"}))
        )

    def test_no_rows_lift_the_conditions(self, reader):
        text = json.dumps(condition("tier", "=", 1))
        assert address(reader.get(asked(("", "=", ""), query=text, team="core"))) == {
            "team": ["core"]
        }

    def test_json_is_taken_as_it_is_where_it_is_meant(self, reader):
        text = json.dumps(condition("tier", "=", 1), indent=2)
        response = reader.get(asked(("tier", "=", "2"), query=text, **{"where.as": "json"}))
        assert address(response)["query"] == [
            '{"combinator":"and","conditions":[{"property":"tier","operator":"=","value":1}]}'
        ]

    def test_an_address_fills_the_rows_again(self, reader):
        query = json.dumps(condition("language", "in", ["Go", "Python"]))
        page = reader.get(
            f"{SERVICES}?{urlencode({'query': query, 'level.quality': 'Gold', 'where': 'open'})}"
        )
        rows = html_of(page).split('class="where-row"')[1:]
        assert 'value="level.quality" data-type="level" selected' in rows[0]
        assert 'value="Gold"' in rows[0]
        assert 'value="language" selected' in rows[1]
        assert 'value="in" selected' in rows[1]
        assert 'value="Go, Python"' in rows[1]
        assert '<input type="hidden" name="where.shown" value="level.quality">' in html_of(page)

    def test_nested_conditions_stay_json_with_a_note(self, reader):
        nested = {
            "combinator": "or",
            "conditions": [condition("tier", "=", 1), condition("tier", "=", 3)],
        }
        page = reader.get(f"{SERVICES}?{urlencode({'query': json.dumps(nested), 'where': 'open'})}")
        assert "These conditions nest groups" in words_of(page)
        assert "&quot;or&quot;" in html_of(page)

    def test_the_form_comes_only_when_it_is_asked_for(self, reader):
        assert 'id="where"' not in html_of(reader.get(SERVICES))
        html = html_of(reader.get(f"{SERVICES}?q=a&where=open"))
        assert 'id="where"' in html
        assert '<input type="hidden" name="q" value="a" form="where">' in html
        assert html.count('class="where-row"') == 3

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            (
                ("language", "<", "2"),
                "Row 2: 'is less than' does not suit Language; choose is, is not, contains",
            ),
            (("tier", "contains", "2"), "Row 2: 'contains' does not suit Tier; choose is"),
            (("tier", ">", "two"), "Row 2: 'two' is not a number, as this property is"),
            (("tier", "between", "5, 1"), "Row 2: value ends before it begins; swap from and to"),
            (("tier", "between", "5"), "Row 2: give two bounds with a comma between"),
            (("$createdAt", ">", "soon"), "Row 2: value must be"),
            (("tier", "", "2"), "Row 2: choose an operator"),
            (("", "=", "2"), "Row 2: choose a property"),
            (("tier", "=", ""), "Row 2: give a value to compare with"),
            (("teir", "=", "1"), 'Row 2: there is no "teir" here; did you mean "tier"?'),
            (
                ("level.quality", "=", "Platinum"),
                "Row 2: choose a level: Basic, Bronze, Silver, Gold",
            ),
            (
                ("level.quality", "contains", "Gold"),
                "Row 2: 'contains' does not suit Quality; choose is, is below",
            ),
        ],
    )
    def test_a_wrong_row_is_named_and_stays_as_it_was(self, reader, row, message):
        response = reader.get(asked(("tier", ">=", "1"), row, q="o"))
        assert message in words_of(response)
        assert "The conditions have no effect" in words_of(response)
        assert row_names(response) == ["Anchor", "Buoy", "Canoe"]
        rows = html_of(response).split('class="where-row"')[1:]
        assert 'value="&gt;=" data-types' in rows[0]
        assert not row[2] or f'value="{row[2]}"' in unescape(rows[1])

    def test_levels_hold_beside_other_conditions_only(self, reader):
        rows = ("tier", "=", "1"), ("level.quality", "=", "Gold")
        words = words_of(reader.get(asked(*rows, where="or")))
        assert "Row 2: a level can be asked for only where all conditions hold" in words
        twice = ("level.quality", "=", "Gold"), ("level.quality", "isEmpty", "")
        assert "Row 2: a row before it asks for the same level" in words_of(
            reader.get(asked(*twice))
        )

    @pytest.mark.parametrize(
        "query",
        [
            urlencode([("where.property", "tier")] * 300),
            urlencode(
                [
                    ("where.value", "x" * 100_000),
                    ("where.property", "language"),
                    ("where.operator", "="),
                ]
            ),
            "where.property=tier&where.operator=%00&where.value=%00",
            "where.property=%F0%9F%8C%8A&where.operator=%3D&where.value=1",
            "where=xor&where.property=tier&where.operator=%3D&where.value=%3Cscript%3Ealert(1)",
            "where.shown=level.nothing&where.as=json&query=%7B",
            "where.property=language&where.operator=in&where.value=" + "%5B" * 3000,
            "where.property=tier&where.operator=%3D&where.value=" + "9" * 900,
            "where.property=tier&where.operator=%3D&where.value=NaN",
            "where.property=level.quality&where.operator=%3D",
        ],
    )
    def test_no_parameters_break_the_page(self, reader, query):
        response = reader.get(f"{SERVICES}?{query}", follow=True)
        assert response.status_code == 200
        assert "<script>alert" not in html_of(response)

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
    def test_no_query_breaks_the_form(self, reader, text):
        assert (
            reader.get(f"{SERVICES}?{urlencode({'query': text, 'where': 'open'})}").status_code
            == 200
        )

    def test_each_condition_that_must_hold_can_be_lifted(self, reader):
        query = {
            "combinator": "and",
            "conditions": [
                *condition("tier", "<=", 2)["conditions"],
                *condition("language", "=", "Go")["conditions"],
            ],
        }
        html = html_of(reader.get(f"{SERVICES}?{urlencode({'query': json.dumps(query)})}"))
        links = [unescape(link) for link in re.findall(r'class="filter-chip" href="([^"]*)"', html)]
        names = [row_names(reader.get(f"{SERVICES}{link}")) for link in links]
        assert names == [["Anchor"], ["Anchor", "Buoy", "Drift"]]

    def test_the_whole_page_comes_for_script_too_with_its_tidy_address(self, reader):
        headers = {"HX-Request": "true", "HX-Target": "catalog"}
        opened = reader.get(f"{SERVICES}?q=o&team=&page=1&where=open", headers=headers)
        assert opened["HX-Push-Url"] == f"{SERVICES}?q=o&page=1&where=open"
        closed = reader.get(f"{SERVICES}?q=o&query=&where=", headers=headers)
        assert closed["HX-Push-Url"] == f"{SERVICES}?q=o"
        assert '<section class="card" id="catalog"' in html_of(
            reader.get(SERVICES, headers=headers)
        )


SUBJECTS = {
    type_: Subject(f"some_{type_.name.lower()}", type_.name.title(), "Properties", type_)
    for type_ in ValueType
}


@pytest.mark.parametrize("type_", list(ValueType))
def test_a_property_is_offered_the_operators_of_its_type_and_no_others(type_):
    subject = SUBJECTS[type_]
    offered = Offers({subject.key: subject}, {})
    for token in OPERATORS:
        row = Row(subject.key, token, "1")
        if OPERATORS[token] in operators_for(type_):
            offered.check(row)
        else:
            with pytest.raises(ValueError, match="does not suit"):
                offered.check(row)


def test_the_script_is_told_the_types_of_every_operator():
    told = {
        item.operator.token: item.types.split()
        for item in Builder(Offers({}, {}), None, []).operators
    }
    assert told.keys() == OPERATORS.keys()
    for token, types in told.items():
        assert set(types) - {"level"} == {str(type_) for type_ in OPERATORS[token].types}


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
VALUES = {
    "string": texts,
    "number": st.one_of(st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False)).map(
        str
    ),
    "boolean": st.sampled_from(["true", "no"]),
    "date-time": st.sampled_from(["2026-01-31", "2026-01-31T10:00:00Z"]),
    "array": st.lists(texts, max_size=3).map(json.dumps),
    "object": st.dictionaries(texts, st.integers(), max_size=2).map(json.dumps),
}


@st.composite
def rows(draw) -> Row:
    """Return a row that suits its property, with a value that may be none."""
    subject = draw(st.sampled_from(list(SUBJECTS.values())))
    operator = draw(st.sampled_from(operators_for(subject.type)))
    one = VALUES[str(subject.type)]
    match operator.operand:
        case "none":
            text = ""
        case "range":
            text = ", ".join([draw(one), draw(one)])
        case "list":
            text = draw(
                st.lists(texts if subject.type != "number" else st.integers(-9, 9), max_size=3).map(
                    json.dumps
                )
            )
        case "value":
            text = draw(one)
        case _:
            text = draw(texts if subject.type in ("array", "string") else one)
    return Row(subject.key, operator.token, text)


@given(st.lists(rows(), max_size=4), st.sampled_from(["and", "or"]))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rows_that_lead_to_an_address_come_back_from_it(some, combinator):
    offered = Offers({item.key: item for item in SUBJECTS.values()}, {})
    sent = Sent(Table(combinator, tuple(some)), frozenset(), is_json=False)
    try:
        query = address_of(sent, QueryString(), offered)
    except Unreadable:
        return
    again = builder_of(query, offered)
    assert again.table is not None
    sent = Sent(again.table, frozenset(), is_json=False)
    assert meaning(address_of(sent, QueryString(), offered)) == meaning(query)


def meaning(query: QueryString):
    """Return what an address asks for; the order of keys means nothing."""
    return json.loads(query.get("query") or "null")


@pytest.mark.django_db
def test_every_key_of_a_blueprint_is_offered(catalog):
    spec = registry.graph().specs[Blueprint.objects.get(identifier="service").identifier]
    assert set(offers().subjects) >= {*spec.fact_keys, "$team", "$createdAt", "$updatedAt"}
