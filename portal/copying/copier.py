"""The rows of every table, streamed from one database into another and compared afterwards."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.migrations.executor import MigrationExecutor

from catalog.bulk import chunks
from catalog.models import Blueprint
from catalog.system import SYSTEM
from portal.copying.digests import Digest
from portal.copying.sequences import read_sequences, write_sequences
from portal.snapshots import snapshot

CHUNK = 2_000
NAMED = 5

# Told of a table and of how many rows more were gone through.
Watch = Callable[[str, int], object]


class CopyFailed(Exception):
    """Nothing was copied; the message says why, and what can be done."""


@dataclass(frozen=True)
class Table:
    """The rows of a model, and how many there are."""

    model: type[models.Model]
    count: int

    @property
    def name(self) -> str:
        """Return the name in the database."""
        return self.model._meta.db_table

    @property
    def columns(self) -> list[models.Field]:
        """Return what is stored of a row."""
        return [
            field
            for field in self.model._meta.local_concrete_fields
            if field.column is not None and not field.generated
        ]


@dataclass(frozen=True)
class Plan:
    """What is to be copied."""

    tables: Sequence[Table]

    @property
    def row_count(self) -> int:
        """Return how many rows there are in all."""
        return sum(table.count for table in self.tables)


@dataclass(frozen=True)
class Check:
    """What became of a table: how many rows went over, and whether they are the same there."""

    table: str
    count: int
    is_same: bool


def _models() -> list[type[models.Model]]:
    found = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
    }
    return [found[name] for name in sorted(found)]


def plan_copy(source: Any) -> Plan:
    """Return the tables of all installed apps, those that join rows among them."""
    return Plan([Table(model, _rows(model, source).count()) for model in _models()])


def check_migrated(connection: Any) -> None:
    """Raise `CopyFailed` unless the database is of this version."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CopyFailed(
            "the database to copy from is of an earlier version; migrate it first: "
            "manage.py migrate, with DATABASE_URL naming it"
        )


def check_unused(target: Any) -> None:
    """Raise `CopyFailed` where the database holds more than migrations make.

    Asked before it is migrated too: what is of an earlier version is not to be touched.
    """
    there = set(target.introspection.table_names())
    made = {ContentType, Permission}
    names = [model._meta.db_table for model in _models() if model not in made]
    used = [name for name in names if name in there and _is_used(name, target)]
    if used:
        shown = ", ".join(used[:NAMED]) + (", ..." if len(used) > NAMED else "")
        raise CopyFailed(
            f"the database to copy into is in use: there are rows in {shown}; name an empty one"
        )


def _is_used(table: str, connection: Any) -> bool:
    where, params = "", []
    if table == Blueprint._meta.db_table:
        where = f" WHERE identifier NOT IN ({', '.join(['%s'] * len(SYSTEM))})"
        params = list(SYSTEM)
    with connection.cursor() as cursor:
        # S608: names of ours.
        cursor.execute(
            f"SELECT 1 FROM {connection.ops.quote_name(table)}{where} LIMIT 1",  # noqa: S608
            params,
        )
        return cursor.fetchone() is not None


def copy_tables(*, source: Any, target: Any, plan: Plan, watch: Watch) -> list[Check]:
    """Copy all rows in one transaction, and return how they compare when read again.

    What differs there takes everything back: raises `CopyFailed`. Constraints between rows are
    checked at the end, so that the order of the tables does not matter.
    """
    with snapshot(source), transaction.atomic(using=target.alias):
        for model in (Permission, ContentType, Blueprint):
            _rows(model, target)._raw_delete(target.alias)
        digests = {
            table.name: _copy(table, source=source, target=target, watch=watch)
            for table in plan.tables
        }
        write_sequences(target, read_sequences(source, _models()))
        target.check_constraints()
        checks = [
            _check(table, digests[table.name], target=target, watch=watch) for table in plan.tables
        ]
        if wrong := [check.table for check in checks if not check.is_same]:
            raise CopyFailed(
                f"what was read back of {', '.join(wrong)} is not what was written; "
                "nothing was copied"
            )
    return checks


def _copy(table: Table, *, source: Any, target: Any, watch: Watch) -> Digest:
    digest = Digest()
    for rows in chunks(_read(table, source), CHUNK):
        digest.add(rows)
        _insert(table, rows, target)
        watch(table.name, len(rows))
    return digest


def _check(table: Table, wanted: Digest, *, target: Any, watch: Watch) -> Check:
    found = Digest()
    for rows in chunks(_read(table, target), CHUNK):
        found.add(rows)
        watch(table.name, len(rows))
    return Check(table.name, wanted.count, found == wanted)


def _read(table: Table, connection: Any) -> Iterator[tuple[Any, ...]]:
    names = [column.attname for column in table.columns]
    return _rows(table.model, connection).values_list(*names).iterator(chunk_size=CHUNK)


def _rows(model: type[models.Model], connection: Any) -> models.QuerySet:
    return models.QuerySet(model, using=connection.alias).order_by()


def _insert(table: Table, rows: Iterable[Sequence[Any]], connection: Any) -> None:
    columns = table.columns
    quote = connection.ops.quote_name
    names = ", ".join(quote(column.column) for column in columns)
    ready = (
        [
            column.get_db_prep_save(value, connection)
            for column, value in zip(columns, row, strict=True)
        ]
        for row in rows
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Several times as fast as INSERT.
            with cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
                for row in ready:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        # S608: names of ours.
        statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608
        cursor.executemany(statement, ready)
