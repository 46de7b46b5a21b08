"""Running a statement that carries its parameters."""

from typing import Any

from django.db import connection

from catalog.queries.sql import SQL


def run(statement: SQL) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows, none where it is no question."""
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.params)
        return list(cursor.fetchall()) if cursor.description else []
