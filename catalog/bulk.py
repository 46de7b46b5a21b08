"""Writing many rows at once, where Django's own `bulk_update` builds one CASE per column."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import msgspec
from django.db import connections, models, router
from django.db.models.functions import Cast

Item = TypeVar("Item")
Row = TypeVar("Row", bound=models.Model)

# Below the number of parameters that either database takes in one statement.
CHUNK = 5_000


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Yield the items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def update_rows(rows: Sequence[Row], *, fields: Sequence[str]) -> None:
    """Write these fields of these rows, with one prepared statement run for all of them."""
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    columns = [model._meta.get_field(name) for name in fields]
    assignments = ", ".join(f"{quote(column.column)} = %s" for column in columns)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {assignments} WHERE id = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                [
                    *(
                        column.get_db_prep_save(getattr(row, column.attname), connection)
                        for column in columns
                    ),
                    row.pk,
                ]
                for row in rows
            ],
        )


def raw_json(field: str) -> Cast:
    """Return the text of a JSON column, to be decoded by `decode`: several times Django's speed."""
    return Cast(field, models.TextField())


decode = msgspec.json.decode
