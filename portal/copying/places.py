"""Databases named by address, beside the one that this installation runs on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dj_database_url
from django.db import Error, connections

from portal.copying.copier import CopyFailed

ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")


def settings_of(url: str) -> dict[str, Any]:
    """Return the settings of a database from its address; raises `CopyFailed`."""
    try:
        found = dict(dj_database_url.parse(url))
    except ValueError:
        # The message of the parser may hold the password.
        found = {}
    if found.get("ENGINE") not in ENGINES:
        raise CopyFailed("write an address like sqlite:////data/t.sqlite3 or postgres://host/name")
    if found["ENGINE"] == ENGINES[0]:
        if found["NAME"] in ("", ":memory:"):
            raise CopyFailed("a database in memory is nowhere else; name a file")
        found["OPTIONS"] = {"timeout": 20}
    return found


@contextmanager
def opened(alias: str, url: str, *, must_exist: bool = False) -> Iterator[Any]:
    """Open the database at an address under an alias, for a block; raises `CopyFailed`."""
    found = settings_of(url)
    is_file = found["ENGINE"] == ENGINES[0]
    if must_exist and is_file and not Path(found["NAME"]).is_file():
        raise CopyFailed(f"there is no file {found['NAME']}")
    both = {"default": connections.settings["default"], alias: found}
    connections.settings[alias] = connections.configure_settings(both)[alias]
    try:
        connections[alias].ensure_connection()
        yield connections[alias]
    except Error as error:
        raise CopyFailed(f"{alias}: {str(error).strip()}") from error
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]
