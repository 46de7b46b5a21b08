"""The three questions that SQLite 3.40 cannot answer itself, asked about rare rows only.

A call for every row would make a page wait for whatever else the process computes: each one takes
Python's global lock again. So the SQL asks about lists and objects that are spelt differently,
about numbers that lie next to each other, and about keys with a quotation mark, which no path can
name.
"""

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from catalog.conditions.values import is_equal


def equal(left: str | None, right: str | None) -> bool | None:
    """Return whether two JSON texts hold the same value; null where one is missing."""
    if left is None or right is None:
        return None
    return is_equal(json.loads(left), json.loads(right))


def order(left: str, right: str) -> int:
    """Return -1, 0 or 1 as the first of two numbers is less than, equal to or more than the other.

    SQLite reads decimals to within a unit in the last place, and integers beyond 64 bits as floats.
    """
    one, other = json.loads(left), json.loads(right)
    return (one > other) - (one < other)


def fact(facts: str, key: str) -> str | None:
    """Return what stands under the key, as JSON text."""
    document = json.loads(facts)
    return json.dumps(document[key], separators=(",", ":")) if key in document else None


def install(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Give a new connection to SQLite the functions that compiled queries call."""
    if connection.vendor != "sqlite":
        return
    create = connection.connection.create_function
    create("tidemark_equal", 2, equal, deterministic=True)
    create("tidemark_order", 2, order, deterministic=True)
    create("tidemark_fact", 2, fact, deterministic=True)


# Connected where the SQL is made: a connection without the functions could not run it.
connection_created.connect(install, dispatch_uid="catalog.queries.sqlite_functions")
