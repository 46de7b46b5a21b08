"""The table of a blueprint: out of an address, in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django_filters import FilterSet

from catalog.models import Blueprint
from portal.dashboards import advanced
from portal.dashboards.advanced import Advanced
from portal.dashboards.applied import Applied, applied_of
from portal.dashboards.charts import Slice
from portal.dashboards.columns import Column, LevelColumn
from portal.dashboards.distribution import LevelCounts, levels_among, slices_of
from portal.dashboards.exports import MOST_SHEET_ROWS
from portal.dashboards.listing import Listing, Sorting
from portal.dashboards.querystring import QueryString
from portal.dashboards.table_rows import TableRow, rows_of
from scorecards.counts import counts_of
from scorecards.models import Evaluation, Scorecard

PAGE_SIZE = 50


@dataclass(frozen=True)
class Heading:
    """The head of a column: its link sorts, or turns the sorting round."""

    column: Column
    link: str
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

    @property
    def query(self) -> QueryString:
        """Return the address, from which the links are made."""
        return self.listing.query

    @property
    def total(self) -> int:
        """Return how many entities pass the filters."""
        return self.page.paginator.count

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
    page = Paginator(listing.entities, PAGE_SIZE).get_page(query.get("page"))
    return Table(
        listing=listing,
        advanced=Advanced(
            text=query.get(advanced.NAME),
            faults=list(filterset.errors.get(advanced.NAME, [])),
            titles=listing.titles,
        ),
        headings=[_heading(column, query, listing.sorting) for column in columns],
        rows=[] if listing.grouping else rows_of(page.object_list, columns, listing.teams),
        footer=_footer(filterset, columns, listing.blueprint),
        applied=applied_of(filterset, query, listing.titles),
        page=page,
    )


def _heading(column: Column, query: QueryString, sorting: Sorting) -> Heading:
    is_sorted = column is sorting.column
    goes_down = not sorting.is_descending if is_sorted else column.starts_descending
    return Heading(
        column=column,
        link=str(query.having("sort", f"-{column.key}" if goes_down else column.key)),
        aria_sort=sorting.word if is_sorted else "",
    )


def _footer(
    filterset: FilterSet, columns: Sequence[Column], blueprint: Blueprint
) -> list[list[Slice] | None]:
    """Return the distribution under each column of badges, over all rows and not just the page.

    Counted where rows are filtered out; the counters know how it is over all of them.
    """
    found = [column.scorecard for column in columns if isinstance(column, LevelColumn)]
    scorecards = [card for card in found if card is not None]
    if not scorecards:
        return []
    return bars_under(columns, _level_counts(filterset, scorecards, blueprint))


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


def is_narrowed(filterset: FilterSet) -> bool:
    """Say whether any filter is in force, so that kept counts do not tell how it is."""
    return not filterset.is_valid() or any(filterset.form.cleaned_data.values())


def _level_counts(
    filterset: FilterSet, scorecards: Sequence[Scorecard], blueprint: Blueprint
) -> LevelCounts:
    if is_narrowed(filterset):
        entities = filterset.qs.order_by()
        return levels_among(
            Evaluation.objects.filter(scorecard__in=scorecards, entity__in=entities)
        )
    found = counts_of([item.pk for item in scorecards], blueprint_id=blueprint.pk)
    return {scorecard: counts.levels for scorecard, counts in found.items()}
