"""Rows of whole numbers as a table in a statement, given as one parameter."""

from collections.abc import Sequence

import msgspec
from django.db import connection

from catalog.queries.sql import SQL, sql

_COLUMNS = {
    "sqlite": "value ->> {index} AS {name}",
    "postgresql": "(value ->> {index})::bigint AS {name}",
}
_TABLES = {
    "sqlite": "SELECT {columns} FROM json_each({rows})",
    "postgresql": "SELECT {columns} FROM jsonb_array_elements({rows}::jsonb)",
}


def table_of(rows: Sequence[tuple[int, ...]], *names: str) -> SQL:
    """Return the SELECT of these rows, with names for their columns."""
    column = _COLUMNS[connection.vendor]
    columns = ", ".join(column.format(index=index, name=name) for index, name in enumerate(names))
    text = msgspec.json.encode(rows).decode()
    return sql(_TABLES[connection.vendor], columns=SQL(columns), rows=text)
