"""Tables as files: the same rows, order and columns as on the page, typed, and harmless."""

import csv
from datetime import datetime
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from catalog.models import Blueprint
from catalog.operations import EntityDraft, upsert_entities
from portal.dashboards import exports
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_user
from tests.pages.reading import words_of

pytestmark = pytest.mark.usefixtures("catalog")

SERVICES = "/exports/service"


def csv_of(response) -> list[list[str]]:
    """Return the rows of a CSV file."""
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    return list(csv.reader(StringIO(text, newline="")))


def book_of(response):
    """Return an XLSX file, read back."""
    assert response.status_code == 200
    return load_workbook(BytesIO(b"".join(response.streaming_content)))


def sheet_of(response) -> list[tuple]:
    """Return the rows of an XLSX file."""
    return list(book_of(response).active.iter_rows(values_only=True))


ODD = {
    "properties": {
        "count": {"type": "number", "title": "Count"},
        "wait": {"type": "number", "title": "Wait (hours)"},
        "is_open": {"type": "boolean", "title": "Open"},
        "at": {"type": "string", "format": "date-time", "title": "At"},
        "text": {"type": "string", "title": "Text"},
        "url": {"type": "string", "format": "url", "title": "Link"},
        "labels": {"type": "array", "title": "Labels"},
        "more": {"type": "object", "title": "More"},
    },
    "required": [],
}
COLUMNS = ",".join(f"property.{name}" for name in ODD["properties"])


@pytest.fixture
def odd(catalog: None) -> None:
    """Make things with a value of every type."""
    make_blueprint(
        "odd",
        schema=ODD,
        relations={"ships": {"target": "service", "title": "Ships", "many": True}},
        ownership=None,
    )
    make_entity(
        "full",
        blueprint="odd",
        title="Full, of everything",
        relations={"ships": ["buoy", "anchor", "canoe", "drift"]},
        properties={
            "count": -7,
            "wait": 14.5,
            "is_open": True,
            "at": "2026-05-01T10:30:00+02:00",
            "text": 'a "quoted"\nline',
            "url": "https://example.org/a",
            "labels": ["x", "y", 3],
            "more": {"a": 1},
        },
    )
    make_entity("void", blueprint="odd", title="Void", properties={"is_open": False})


def test_a_csv_file_is_the_table(reader):
    query = "columns=level.quality,owner,property.tier,rule.quality.top&team=core&sort=-title"
    assert csv_of(reader.get(f"{SERVICES}.csv?{query}")) == [
        ["Service", "Identifier", "Quality", "Owner", "Tier", "Top"],
        ["Canoe", "canoe", "Basic", "Core", "3", "Fail"],
        ["Buoy", "buoy", "Silver", "Core", "2", "Fail"],
        ["Anchor", "anchor", "Gold", "Core", "1", "Pass"],
    ]


def test_an_excel_file_is_the_table(reader):
    query = "columns=level.quality,property.tier,identifier&q=an&sort=-title"
    book = book_of(reader.get(f"{SERVICES}.xlsx?{query}"))
    page = book.active
    assert list(page.iter_rows(values_only=True)) == [
        ("Service", "Identifier", "Quality", "Tier"),
        ("Canoe", "canoe", "Basic", 3),
        ("Anchor", "anchor", "Gold", 1),
    ]
    assert page.title == "Service"
    assert page.freeze_panes == "B2"
    assert page.auto_filter.ref == "A1:D3"


def test_csv_holds_every_type_in_full(reader, odd):
    address = f"/exports/odd.csv?columns={COLUMNS},relation.ships,$createdAt"
    assert csv_of(reader.get(address)) == [
        [
            "Odd", "Identifier", "Count", "Wait (h)", "Open", "At", "Text", "Link", "Labels",
            "More", "Ships", "Created",
        ],
        [
            "Full, of everything", "full", "-7", "14.5", "true", "2026-05-01T08:30:00+00:00",
            'a "quoted"\nline', "https://example.org/a", "x, y, 3", '{"a": 1}',
            "Buoy, Anchor, Canoe, Drift", "2026-06-01T12:00:00+00:00",
        ],
        [
            "Void", "void", "", "", "false", "", "", "", "", "", "", "2026-06-01T12:00:00+00:00",
        ],
    ]  # fmt: skip


def test_cells_of_a_sheet_are_typed(reader, odd):
    rows = sheet_of(reader.get(f"/exports/odd.xlsx?columns={COLUMNS},$createdAt"))
    assert rows[1:] == [
        (
            "Full, of everything", "full", -7, 14.5, True, datetime(2026, 5, 1, 8, 30),
            'a "quoted"\nline', "https://example.org/a", "x, y, 3", '{"a": 1}',
            datetime(2026, 6, 1, 12),
        ),
        ("Void", "void", None, None, False, *[None] * 5, datetime(2026, 6, 1, 12)),
    ]  # fmt: skip


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x")', "＝1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(reader, odd, text):
    make_entity("full", blueprint="odd", title=f"{text}!", properties={"text": text})
    make_entity("full", blueprint="odd", properties={"labels": [text]})
    query = "columns=property.text,property.labels,property.count&q=full"
    rows = csv_of(reader.get(f"/exports/odd.csv?{query}"))
    assert rows[1] == [f"'{text}!", "full", f"'{text}", f"'{text}", "-7"]
    page = book_of(reader.get(f"/exports/odd.xlsx?{query}")).active
    row = list(page.iter_rows(min_row=2))[0]
    assert [cell.data_type for cell in row] == ["s", "s", "s", "s", "n"]
    assert row[2].value.startswith("'")
    assert row[4].value == -7


def test_heads_are_harmless_too(reader):
    make_blueprint(
        "sly",
        title="=1+1",
        schema={"properties": {"a": {"type": "string", "title": "@SUM(A1)"}}, "required": []},
    )
    rows = csv_of(reader.get("/exports/sly.csv?columns=property.a"))
    assert rows == [["'=1+1", "Identifier", "'@SUM(A1)"]]
    assert sheet_of(reader.get("/exports/sly.xlsx?columns=property.a"))[0][0] == "'=1+1"


def test_a_sheet_takes_what_sheets_have_no_room_for(reader, odd):
    make_entity(
        "void",
        blueprint="odd",
        title="bell\x07",
        properties={"text": "x" * 40_000, "count": 10**40, "at": "0044-03-15T00:00:00Z"},
    )
    query = "columns=property.text,property.count,property.at&q=void"
    row = sheet_of(reader.get(f"/exports/odd.xlsx?{query}"))[1]
    assert row == ("bell?", "void", "x" * 32_767, str(10**40), "0044-03-15T00:00:00+00:00")


def test_a_view_is_exported_under_its_name(reader):
    reader.post("/views/service/", {"title": "Gold ones", "query": "level.quality=Gold"})
    response = reader.get(f"{SERVICES}.csv?view=gold-ones&columns=owner")
    name = response["Content-Disposition"]
    assert name.startswith('attachment; filename="gold-ones-20')
    assert name.endswith('.csv"')
    assert [row[1] for row in csv_of(response)] == ["Identifier", "anchor"]


def test_the_name_of_a_file_is_safe(reader):
    make_blueprint("a.b:c@d")
    response = reader.get("/exports/a.b:c@d.xlsx")
    assert response["Content-Disposition"].startswith('attachment; filename="a-b-c-d-20')
    assert response["Content-Type"].endswith("spreadsheetml.sheet")


def test_the_page_links_the_files_of_what_it_shows(reader):
    html = reader.get("/catalog/service/?q=an&sort=-title&page=1").content.decode()
    for form in ("csv", "xlsx"):
        assert f'href="{SERVICES}.{form}?q=an&amp;sort=-title"' in html


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_people_are_exported_only_for_those_who_may_see_them(client, settings, form):
    assert client.get(f"/exports/_user.{form}")["Location"].startswith("/login/")
    settings.TIDEMARK_PUBLIC_READ = True
    assert client.get(f"/exports/_user.{form}")["Location"].startswith("/login/")
    assert client.get(f"{SERVICES}.{form}").status_code == 200
    client.force_login(make_user("maya"))
    assert client.get(f"/exports/_user.{form}").status_code == 200


@pytest.mark.parametrize(
    "address", ["/exports/nothing.csv", "/exports/service.pdf", "/exports/service", "/exports/"]
)
def test_what_cannot_be_exported_is_not_there(reader, address):
    assert reader.get(address, follow=True).status_code == 404


def test_exports_only_read(reader):
    assert reader.post(f"{SERVICES}.csv").status_code == 405


@pytest.mark.parametrize(
    "query", ["columns=%00", "sort=--x", "query=%7B", "view=x", "q=%00&page=9"]
)
def test_no_query_string_breaks_an_export(reader, query):
    assert len(csv_of(reader.get(f"{SERVICES}.csv?{query}"))) == 5
    assert len(sheet_of(reader.get(f"{SERVICES}.xlsx?{query}"))) == 5


def test_a_table_that_is_too_large_for_a_sheet_says_so(reader, monkeypatch):
    monkeypatch.setattr(exports, "MOST_SHEET_ROWS", 3)
    monkeypatch.setattr("portal.dashboards.table.MOST_SHEET_ROWS", 3)
    response = reader.get(f"{SERVICES}.xlsx?sort=-title", follow=True)
    assert response.redirect_chain == [("/catalog/service/?sort=-title", 302)]
    words = words_of(response)
    assert "An Excel file holds 3 rows at most, and this table has 4." in words
    assert "narrow the table to get one" in words
    assert len(csv_of(reader.get(f"{SERVICES}.csv"))) == 5
    assert len(sheet_of(reader.get(f"{SERVICES}.xlsx?team=core"))) == 4


def test_chunks_cost_three_queries_each_and_lose_no_row(reader, monkeypatch):
    service = Blueprint.objects.get(identifier="service")
    drafts = [EntityDraft(identifier=f"raft-{n:03}", team="core") for n in range(120)]
    upsert_entities(blueprint=service, drafts=drafts, by=TESTER, now=NOW)
    columns = "columns=owner,level.quality,rule.quality.top,property.tier"

    def queries(chunk: int) -> int:
        monkeypatch.setattr(exports, "CHUNK", chunk)
        with CaptureQueriesContext(connection) as captured:
            rows = csv_of(reader.get(f"{SERVICES}.csv?{columns}"))
        assert len({row[1] for row in rows}) == 125
        return len(captured)

    # Of 124 rows: one chunk, then four. Owners are known, so that two tables are asked.
    assert queries(31) - queries(500) == 3 * 2
