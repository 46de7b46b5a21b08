"""The numbers that rows get next: also those of deleted rows must not come again.

Cursors remember how far rows were read, by their numbers.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models


def read_sequences(connection: Any, tables: Iterable[type[models.Model]]) -> dict[Any, int]:
    """Return the last number that was given out, by model, of those that get numbers."""
    found = {}
    with connection.cursor() as cursor:
        for model in tables:
            column = getattr(model._meta.auto_field, "column", None)
            if column is None:
                continue
            found[model] = max(
                _last_given(cursor, model._meta.db_table, column, connection),
                models.QuerySet(model, using=connection.alias).aggregate(last=models.Max("pk"))[
                    "last"
                ]
                or 0,
            )
    return found


def _last_given(cursor: Any, table: str, column: str, connection: Any) -> int:
    if connection.vendor == "sqlite":
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        return row[0] if row else 0
    cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', column])
    (sequence,) = cursor.fetchone()
    # S608: the database's own name of it, quoted where it has to be.
    cursor.execute(f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608
    last, is_called = cursor.fetchone()
    return last if is_called else 0


def write_sequences(connection: Any, last_given: Mapping[type[models.Model], int]) -> None:
    """Let each model's rows go on behind these numbers."""
    with connection.cursor() as cursor:
        for model, last in last_given.items():
            table, column = model._meta.db_table, model._meta.auto_field.column
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)",
                    [f'"{table}"', column, max(last, 1), last > 0],
                )
                continue
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])
