"""The connection to the database, after something went wrong with it."""

from django.db import connection


def drop_if_broken() -> None:
    """Let the next query connect anew, where a fault left the connection of no use."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
