"""The table of a blueprint: out of an address, in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.paginator import Page

from portal.dashboards import advanced
from portal.dashboards.advanced import Advanced
from portal.dashboards.applied import Applied, applied_of
from portal.dashboards.charts import Slice
from portal.dashboards.columns import Column, LevelColumn
from portal.dashboards.distribution import slices_of
from portal.dashboards.exports import MOST_SHEET_ROWS
from portal.dashboards.listing import Listing, Sorting
from portal.dashboards.querystring import QueryString
from portal.dashboards.table_counts import Found, found_among
from portal.dashboards.table_pages import FoundPaginator, page_of
from portal.dashboards.table_rows import TableRow, rows_of


@dataclass(frozen=True)
class Heading:
    """The head of a column: `sort` is what it asks for, which sorts or turns the sorting round."""

    column: Column
    sort: str
    aria_sort: str


@dataclass(frozen=True)
class Table:
    """Everything the page of a table shows."""

    listing: Listing
    advanced: Advanced
    headings: list[Heading]
    rows: list[TableRow]
    footer: list[list[Slice] | None]
    applied: list[Applied]
    page: Page
    found: Found

    @property
    def query(self) -> QueryString:
        """Return the address, from which the links are made."""
        return self.listing.query

    @property
    def total(self) -> int:
        """Return how many entities pass the filters."""
        return self.page.paginator.count

    @property
    def is_estimate(self) -> bool:
        """Say whether the total, and what stands at the bottom, is about so."""
        return self.found.is_estimate

    @property
    def words(self) -> str:
        """Return what the field of names holds."""
        return self.query.get("q")

    @property
    def whole(self) -> str:
        """Return what a view of this table keeps."""
        return str(self.query.whole)

    @property
    def file_query(self) -> str:
        """Return what the address of this table as a file says."""
        return str(self.query.without())

    @property
    def fits_sheet(self) -> bool:
        """Say whether there is an Excel file of it."""
        return self.total <= MOST_SHEET_ROWS

    @property
    def most_sheet_rows(self) -> int:
        """Return how many rows an Excel file holds."""
        return MOST_SHEET_ROWS


def table_of(listing: Listing) -> Table:
    """Return the page of a table that an address asks for; one past the end is the last."""
    query, filterset, columns = listing.query, listing.filterset, listing.columns
    scorecards = [column.scorecard for column in columns if isinstance(column, LevelColumn)]
    graded = [card for card in scorecards if card is not None]
    found = found_among(filterset, listing.blueprint, graded)
    if listing.grouping:
        page = Page([], 1, FoundPaginator(found.count, is_estimate=found.is_estimate))
    else:
        page, found = page_of(
            found,
            listing.sorting.column,
            is_descending=listing.sorting.is_descending,
            number=query.get("page"),
            scorecards=graded,
        )
    return Table(
        listing=listing,
        advanced=Advanced(
            text=query.get(advanced.NAME),
            faults=list(filterset.errors.get(advanced.NAME, [])),
            titles=listing.titles,
        ),
        headings=[_heading(column, listing.sorting) for column in columns],
        rows=rows_of(page.object_list, columns, listing.teams),
        # Counted over all rows, and not just those of the page.
        footer=bars_under(columns, found.levels) if graded else [],
        applied=applied_of(filterset, query, listing.titles),
        page=page,
        found=found,
    )


def _heading(column: Column, sorting: Sorting) -> Heading:
    is_sorted = column is sorting.column
    goes_down = not sorting.is_descending if is_sorted else column.starts_descending
    return Heading(
        column=column,
        sort=f"-{column.key}" if goes_down else column.key,
        aria_sort=sorting.word if is_sorted else "",
    )


def bars_under(
    columns: Sequence[Column], counts: Mapping[int, Mapping[int, int]]
) -> list[list[Slice] | None]:
    """Return the distribution under each column of badges, of entities by scorecard and level.

    Under the first column stands what they are of.
    """
    return [
        slices_of(column.scorecard, counts.get(column.scorecard.pk, {}))
        if isinstance(column, LevelColumn) and column.scorecard
        else None
        for column in columns[1:]
    ]
