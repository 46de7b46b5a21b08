"""Lists of entities: at once up to a limit, or page by page."""

from typing import Any

from catalog.errors import Invalid
from catalog.models import Entity
from catalog.querysets import EntityQuerySet
from portal.integrations.port.cursors import cursor_of, position_of

# Lists without pages are built in memory.
SHOWN_AT_MOST = 50_000
PAGE = 200
PAGE_AT_MOST = 1_000


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
    size = PAGE if limit is None else page_size(limit, most=most)
    (last,) = position_of(after, length=1) or (0,)
    found = list(_light(rows).filter(id__gt=last).order_by("id")[: size + 1])
    if len(found) <= size:
        return found, None
    return found[:size], cursor_of((found[size - 1].pk,))


def page_size(limit: Any, *, most: int = PAGE_AT_MOST) -> int:
    """Return how many a page is to hold; raises `Invalid`."""
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= most:
        raise Invalid.at("limit", f"give a number from 1 to {most:,}")
    return limit


def _light(rows: EntityQuerySet) -> EntityQuerySet:
    return rows.only("id", "blueprint_id", "identifier", "facts")
