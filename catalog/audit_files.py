"""The audit log as files: a line for each change, with all that it says."""

import csv
import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

from catalog.querysets import ChangeQuerySet
from portal.spreadsheets import harmless

# Of one file from the pages; the command writes any number.
MOST_EXPORTED = 100_000
COLUMNS = (
    "id", "at", "actor", "user_id", "source", "address", "request_id", "kind", "blueprint",
    "identifier", "action", "run", "before", "after", "called", "seal_number", "digest",
)  # fmt: skip
_CHUNK = 1_000


def json_lines(rows: ChangeQuerySet) -> Iterator[str]:
    """Yield a JSON object and a line break for each change."""
    for row in _rows(rows):
        yield json.dumps({**row, "at": row["at"].isoformat()}) + "\n"


def csv_lines(rows: ChangeQuerySet) -> Iterator[str]:
    """Yield a head and a line for each change; what was before and after is JSON."""
    yield _csv(COLUMNS)
    for row in _rows(rows):
        yield _csv([_cell(row[name]) for name in COLUMNS])


def _rows(rows: ChangeQuerySet) -> Iterator[dict[str, Any]]:
    # All of them, whatever a list leaves out.
    return rows.defer(None).values(*COLUMNS).iterator(chunk_size=_CHUNK)


def _cell(value: Any) -> Any:
    match value:
        case str():
            return harmless(value)
        case dict():
            return json.dumps(value)
        case None | int():
            return value
    return value.isoformat()


def _csv(cells: Any) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerow(cells)
    # Half a surrogate is no text; whoever stored one gets a question mark.
    return buffer.getvalue().encode(errors="replace").decode()


Form = tuple[Callable[[ChangeQuerySet], Iterator[str]], str]
FORMS: dict[str, Form] = {
    "csv": (csv_lines, "text/csv; charset=utf-8"),
    "jsonl": (json_lines, "application/x-ndjson"),
}
