"""Pairs of whole numbers as a table in a statement, given as one parameter."""

from collections.abc import Sequence

import msgspec
from django.db import connection

from catalog.queries.sql import SQL, sql

_TABLES = {
    "sqlite": "SELECT value ->> 0 AS {first}, value ->> 1 AS {second} FROM json_each({pairs})",
    "postgresql": "SELECT (value ->> 0)::bigint AS {first}, (value ->> 1)::bigint AS {second}"
    " FROM jsonb_array_elements({pairs}::jsonb)",
}


def pairs_of(pairs: Sequence[tuple[int, int]], first: str, second: str) -> SQL:
    """Return the SELECT of these pairs, with names for its two columns."""
    text = msgspec.json.encode(pairs).decode()
    return sql(_TABLES[connection.vendor], first=SQL(first), second=SQL(second), pairs=text)
