"""A page of a table, whose number of rows may be an estimate."""

from collections.abc import Sequence

from django.core.paginator import Page, Paginator

from catalog.models import Entity
from portal.dashboards.columns import Column
from portal.dashboards.table_counts import Found, counted
from portal.dashboards.table_order import ids_between
from scorecards.models import Scorecard

PAGE_SIZE = 50


class FoundPaginator(Paginator):
    """Pages of what was found; `is_estimate` says that `count`, and so the pages, are about so."""

    def __init__(self, count: int, *, is_estimate: bool = False) -> None:
        super().__init__((), PAGE_SIZE)
        self.count = count
        self.is_estimate = is_estimate


def page_of(
    found: Found,
    column: Column,
    *,
    is_descending: bool,
    number: str,
    scorecards: Sequence[Scorecard],
) -> tuple[Page, Found]:
    """Return a page, and what was found: counted after all, where an estimate leads past the end.

    Two queries, or a few more where a table of many rows is sorted by levels or the like.
    """
    paginator = FoundPaginator(found.count, is_estimate=found.is_estimate)
    place = paginator.get_page(number).number
    if found.is_estimate and number.isdecimal():
        place = min(max(int(number), 1), 2 * paginator.num_pages)
    start = (place - 1) * PAGE_SIZE
    ids = ids_between(
        found.entities,
        column,
        is_descending=is_descending,
        # One more, to see whether that is all.
        places=slice(start, start + PAGE_SIZE + 1),
        count=found.count,
        is_estimate=found.is_estimate,
    )
    if found.is_estimate and not ids:
        return page_of(
            counted(found.entities, scorecards),
            column,
            is_descending=is_descending,
            number=number,
            scorecards=scorecards,
        )
    if found.is_estimate:
        has_more = len(ids) > PAGE_SIZE
        paginator.count = max(found.count, start + len(ids)) if has_more else start + len(ids)
        paginator.is_estimate = has_more
    return Page(_rows(ids[:PAGE_SIZE]), place, paginator), found


def _rows(ids: Sequence[int]) -> list[Entity]:
    """Return these entities in this order, with what rows are made of."""
    found = Entity.objects.defer("properties", "computed", "problems").in_bulk(ids)
    return [found[id_] for id_ in ids if id_ in found]
