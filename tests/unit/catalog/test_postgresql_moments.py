"""Dates that are read by the million are read as all others are. Needs PostgreSQL."""

import pytest

from catalog.conditions.values import as_moment
from catalog.queries.dialects import microseconds
from catalog.queries.postgresql_moments import stored_microseconds_of
from catalog.queries.running import run
from catalog.queries.sql import SQL, sql
from tests.unit.oracle.test_spellings import DATES

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

AS_STORED = [
    "1970-01-01T00:00:00.000Z",
    "1969-12-31T23:59:59.999Z",
    "2099-12-31T23:59:59.999Z",
    "2100-01-01T00:00:00.000Z",
    "2024-02-29T12:00:00.000Z",
    "2026-02-28T12:00:00.007Z",
    "2026-01-31T00:00:00.120Z",
]
NEARLY = [
    "2026-02-29T12:00:00.000Z",
    "2026-04-31T12:00:00.000Z",
    "2026-05-25T24:00:00.000Z",
    "2026-05-25T12:60:00.000Z",
    "2026-05-25T12:00:60.000Z",
    "2026-05-25T12:00:00.000ZZ",
    "2026-05-25T12:00:00.0000Z",
    "2026-05-25T12:00:00.000Z ",
    " 2026-05-25T12:00:00.000Z",
    "2026-05-25T12:00:00.00Z",
    "2026-05-25T12:00:00.000z",
    "2026-05-25 12:00:00.000Z",
    "2026-05-25T12:00:00.000",
    "٢٠٢٦-05-25T12:00:00.000Z",
    "",
]


@pytest.mark.parametrize("text", [*AS_STORED, *NEARLY, *DATES])
def test_a_text_is_the_date_that_a_condition_reads(text: str) -> None:
    moment = as_moment(text)
    statement = sql(
        "SELECT {found} FROM (SELECT {text}::text AS text) AS written",
        found=stored_microseconds_of(SQL("text")),
        text=text,
    )
    assert run(statement) == [(None if moment is None else microseconds(moment),)]


def test_no_text_is_no_date() -> None:
    found = stored_microseconds_of(SQL("text"))
    assert run(sql("SELECT {found} FROM (SELECT NULL::text) AS w(text)", found=found)) == [(None,)]
