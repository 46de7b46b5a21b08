"""Reading much of a database as it is at one moment, whatever is written meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction


@contextmanager
def snapshot(connection: Any) -> Iterator[None]:
    """Read in a block what is there at its beginning; inside a transaction, what that one sees.

    Nobody waits for it: neither database locks what is only read.
    """
    if connection.in_atomic_block:
        yield
        return
    is_sqlite = connection.vendor == "sqlite"
    mode = getattr(connection, "transaction_mode", None)
    if is_sqlite:
        # The usual one takes the lock of who writes.
        connection.transaction_mode = "DEFERRED"
    try:
        with transaction.atomic(using=connection.alias):
            if not is_sqlite:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if is_sqlite:
            connection.transaction_mode = mode
