"""Locks that a process holds on the database: its end gives them back, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from django.db import Error, connection


class Taken(Exception):
    """Somebody else has the lock; the message says of what."""


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Hold the lock of this name for a block; raises `Taken` while somebody else has it."""
    with _lock_of_session(name) if connection.vendor == "postgresql" else _lock_of_file(name):
        yield


@contextmanager
def _lock_of_session(name: str) -> Iterator[None]:
    key = [crc32(name.encode())]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", key)
        if cursor.fetchone() != (True,):
            raise _taken(name)
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", key)
        except Error:
            # A connection that ends takes its locks along.
            connection.close()


@contextmanager
def _lock_of_file(name: str) -> Iterator[None]:
    """Lock a file beside that of the database; it stays, for a lock on a deleted one is none."""
    if connection.is_in_memory_db():
        # No other process can open it.
        yield
        return
    with Path(f"{connection.settings_dict['NAME']}-{name}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(name) from None
        yield


def _taken(name: str) -> Taken:
    return Taken(
        f"another {name} is at work on this database; let it end, or stop it, and try again"
    )
