"""Reading and writing many rows at once, where Django's own ways cost by the row or the column."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from types import NoneType
from typing import Any, TypeVar

import msgspec
from django.db import connections, models, router
from django.db.models import BooleanField, Func
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
    """Write these fields of these rows, all with one statement, prepared once where that is run."""
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    columns = [model._meta.get_field(name) for name in fields]
    if connection.vendor == "postgresql":
        _update_from_arrays(rows, columns, connection)
        return
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


def _update_from_arrays(
    rows: Sequence[Row], columns: Sequence[models.Field], connection: Any
) -> None:
    quote = connection.ops.quote_name
    names = [quote(column.column) for column in columns]
    arrays = ", ".join(f"%s::{column.db_type(connection)}[]" for column in columns)
    assignments = ", ".join(f"{name} = new.{name}" for name in names)
    # S608: names of ours.
    statement = (
        f"UPDATE {quote(rows[0]._meta.db_table)} AS old SET {assignments} "  # noqa: S608
        f"FROM unnest(%s::bigint[], {arrays}) AS new(id, {', '.join(names)}) WHERE old.id = new.id"
    )
    values = [[getattr(row, column.attname) for row in rows] for column in columns]
    texts = [_texts(*pair, connection) for pair in zip(values, columns, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(statement, [_array([row.pk for row in rows]), *map(_array, texts)])


def _texts(values: Sequence[Any], column: models.Field, connection: Any) -> list[Any]:
    if isinstance(column, models.JSONField):
        return [None if value is None else json.dumps(value) for value in values]
    return [column.get_db_prep_save(value, connection) for value in values]


def insert_rows(
    model: type[models.Model],
    rows: Sequence[tuple[Any, ...]],
    *,
    fields: Sequence[str],
    unique: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> None:
    """Insert rows, values in field order; with `unique`, overwrite those there are by these fields.

    Fields to `keep` are given to new rows only. Several times the speed of `bulk_create`, since no
    model instance is made. The values are those of the columns (ids for relations); instants may be
    aware datetimes.
    """
    if not rows:
        return
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    columns = [model._meta.get_field(name) for name in fields]
    names = [quote(column.column) for column in columns]
    head = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(names)})"
    tail = ""
    if unique:
        keys = [quote(model._meta.get_field(name).column) for name in unique]
        fixed = {*keys, *(quote(model._meta.get_field(name).column) for name in keep)}
        updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in fixed)
        tail = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {updates}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{column.db_type(connection)}[]" for column in columns)
            statement = f"{head} SELECT * FROM unnest({arrays}){tail}"  # noqa: S608
            cursor.execute(statement, [_array(values) for values in zip(*rows, strict=True)])
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"{head} VALUES ({marks}){tail}", _adapted(rows, columns, connection))


def _array(values: Sequence[Any]) -> str | list[Any]:
    """Return the text of an array of numbers or texts; other values are left to the driver.

    The driver asks of every single value what it is.
    """
    kinds = set(map(type, values))
    kinds.discard(NoneType)
    if kinds <= {int}:
        texts = map(str, values)
    elif kinds <= {str}:
        texts = map(_quoted, values)
    elif kinds <= {datetime}:
        texts = map(lru_cache(maxsize=1_000)(_written), values)
    else:
        return list(values)
    if None not in values:
        return f"{{{','.join(texts)}}}"
    pairs = zip(values, texts, strict=True)
    return f"{{{','.join('NULL' if value is None else text for value, text in pairs)}}}"


def _quoted(text: str | None) -> str:
    escaped = (text or "").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _written(moment: datetime | None) -> str:
    return f'"{moment}"'


def _adapted(
    rows: Sequence[tuple[Any, ...]], columns: Sequence[models.Field], connection: Any
) -> Iterable[Sequence[Any]]:
    """Return the rows with instants as the database keeps them."""
    instants = [
        index for index, column in enumerate(columns) if isinstance(column, models.DateTimeField)
    ]
    if not instants:
        return rows
    adapt = lru_cache(maxsize=1_000)(connection.ops.adapt_datetimefield_value)
    adapted = []
    for row in rows:
        values = list(row)
        for index in instants:
            values[index] = adapt(values[index])
        adapted.append(values)
    return adapted


class IsAmong(Func):
    """Whether a whole number is one of many, given as one parameter.

    `__in` has a parameter for each, which Django prepares one by one, and databases limit.
    """

    output_field = BooleanField()

    def __init__(self, expression: str, numbers: Iterable[int]) -> None:
        self.numbers = list(numbers)
        super().__init__(expression)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Unfold a JSON list."""
        column, params = compiler.compile(self.source_expressions[0])
        text = msgspec.json.encode(self.numbers).decode()
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, text]  # noqa: S608

    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, list[Any]]:
        """Compare with an array."""
        column, params = compiler.compile(self.source_expressions[0])
        return f"{column} = ANY(%s)", [*params, self.numbers]


def raw_json(field: str) -> Cast:
    """Return the text of a JSON column, to be decoded by `decode`: several times Django's speed."""
    return Cast(field, models.TextField())


decode = msgspec.json.decode
