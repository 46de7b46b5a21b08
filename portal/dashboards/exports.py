"""A table as a file: all rows that pass its filters, in its order, with the columns it shows.

Rows are read in chunks, each with at most three queries for what other tables know of them, so
that memory does not grow with the table.
"""

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils.translation import gettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from catalog.bulk import chunks
from portal.dashboards.columns import AttributeColumn, Column
from portal.dashboards.listing import Listing
from portal.dashboards.plain_values import Plain, heading_of, plain
from portal.dashboards.table_rows import known
from portal.spreadsheets import harmless

CHUNK = 500
# A sheet has room for 1,048,576 rows, but few programs open one of that size in good time.
MOST_SHEET_ROWS = 100_000
# Limits of a sheet: letters of a cell, digits of a number, characters, and the first year.
_MOST_LETTERS = 32_767
_MOST_INTEGER = 10**15
_NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FIRST_YEAR = 1900
_NAME_WIDTH, _WIDTH = 36, 18


class TooMany(Exception):
    """A table has more rows than a sheet takes; the message says the way out."""


def exported(listing: Listing) -> list[Column]:
    """Return the columns of the file: the identifier behind the name, then those shown."""
    title, *others = listing.columns
    identifier = AttributeColumn("identifier", gettext("Identifier"), attribute="identifier")
    return [title, identifier, *(column for column in others if column.key != identifier.key)]


def csv_lines(listing: Listing) -> Iterator[str]:
    """Yield the table as CSV, some hundred lines at a time."""
    columns = exported(listing)
    yield _csv([[heading_of(column) for column in columns]])
    for rows in _chunks(listing, columns):
        yield _csv([[_csv_cell(value) for value in row] for row in rows])


def sheet(listing: Listing) -> IO[bytes]:
    """Return the table as an XLSX file, its cells typed; raises `TooMany`."""
    count = listing.filterset.qs.count()
    if count > MOST_SHEET_ROWS:
        message = gettext(
            "An Excel file holds %(most)s rows at most, and this table has %(count)s. "
            "Narrow it with filters, or take the CSV file, which holds any number."
        )
        raise TooMany(message % {"most": f"{MOST_SHEET_ROWS:,}", "count": f"{count:,}"})
    columns = exported(listing)
    book = Workbook(write_only=True)
    page = book.create_sheet(_sheet_title(listing.blueprint.title))
    page.freeze_panes = "B2"
    for place in range(len(columns)):
        letter = get_column_letter(place + 1)
        page.column_dimensions[letter].width = _WIDTH if place else _NAME_WIDTH
    page.append([_head(page, heading_of(column)) for column in columns])
    for rows in _chunks(listing, columns):
        for row in rows:
            page.append([_sheet_cell(value) for value in row])
    page.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count + 1}"
    file = TemporaryFile()  # noqa: SIM115 - closed by the response that sends it
    book.save(file)
    file.seek(0)
    return file


def _chunks(listing: Listing, columns: list[Column]) -> Iterator[list[list[Plain]]]:
    entities = listing.entities.iterator(chunk_size=CHUNK)
    for chunk in chunks(entities, CHUNK):
        rows = known(chunk, columns, listing.teams, has_all=True)
        yield [[plain(column, row) for column in columns] for row in rows]


def _csv(rows: list[list[Any]]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerows(rows)
    # Half a surrogate is no text; whoever stored one gets a question mark.
    return buffer.getvalue().encode(errors="replace").decode()


def _csv_cell(value: Plain) -> str | int | float:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case str():
            return harmless(value)
    return value


def _sheet_cell(value: Plain) -> Any:
    match value:
        case str():
            return _sheet_text(value)
        case bool():
            return value
        case int() if abs(value) >= _MOST_INTEGER:
            return str(value)[:_MOST_LETTERS]
        case datetime():
            # Sheets know no time zones, and no days before their calendar begins.
            is_known = value.year >= _FIRST_YEAR
            return value.replace(tzinfo=None) if is_known else value.isoformat()
    return value


def _sheet_text(text: str) -> str:
    return _NO_CHARACTERS.sub("?", harmless(text))[:_MOST_LETTERS]


def _head(page: Any, text: str) -> Any:
    cell = WriteOnlyCell(page, _sheet_text(text))
    cell.font = Font(bold=True)
    return cell


def _sheet_title(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\'\x00-\x1f]", " ", title)[:31].strip() or "Sheet"
