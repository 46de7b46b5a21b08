"""Lists of entities: at once up to a limit, or page by page."""

import base64
import binascii
import re
from typing import Any

from catalog.errors import Invalid
from catalog.models import Entity
from catalog.querysets import EntityQuerySet

# Lists without pages are built in memory.
SHOWN_AT_MOST = 50_000
PAGE = 200
PAGE_AT_MOST = 1_000
_CURSOR = re.compile(r"after:([0-9]{1,18})")


def found_at_once(rows: EntityQuerySet, *, may_cut: bool) -> tuple[list[Entity], bool]:
    """Return all the rows, by id, and whether these are all.

    Raises `Invalid` where there are more than can be shown at once, unless it may be cut there.
    """
    found = list(_light(rows).order_by("id")[: SHOWN_AT_MOST + 1])
    if len(found) <= SHOWN_AT_MOST:
        return found, True
    if not may_cut:
        raise Invalid.at(
            "",
            f"finds more than {SHOWN_AT_MOST:,} entities; narrow it, or read them page by page "
            "with POST /v1/blueprints/<blueprint>/entities/search",
        )
    return found[:SHOWN_AT_MOST], False


def page_of(
    rows: EntityQuerySet, *, limit: Any, after: Any, most: int = PAGE_AT_MOST
) -> tuple[list[Entity], str | None]:
    """Return a page of rows, by id, and the cursor of the next one, None after the last.

    `limit` and `after` are what the client sent, or None; raises `Invalid`.
    """
    size = PAGE if limit is None else limit
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= most:
        raise Invalid.at("limit", f"give a number from 1 to {most:,}")
    found = list(_light(rows).filter(id__gt=_position(after)).order_by("id")[: size + 1])
    if len(found) <= size:
        return found, None
    return found[:size], _cursor(found[size - 1].pk)


def _light(rows: EntityQuerySet) -> EntityQuerySet:
    return rows.only("id", "blueprint_id", "identifier", "facts")


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"after:{position}".encode()).decode()


def _position(cursor: Any) -> int:
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
    except (AttributeError, UnicodeError, binascii.Error, ValueError):
        text = ""
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Invalid.at("from", "is not what 'next' said; begin without it")
    return int(found[1])
