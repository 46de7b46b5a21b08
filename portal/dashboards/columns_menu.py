"""The menu in which the columns of a table are chosen, ordered and hidden. No query."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.dashboards.choosing import ColumnGroup
from portal.dashboards.columns import Column
from portal.dashboards.listing import Listing
from portal.dashboards.querystring import Pair, QueryString

# The name of the menu in addresses that open it.
NAME = "columns"
# What its form sends beside what it sends along.
FIELDS = ("choose", "column", "up", "down")


@dataclass(frozen=True)
class ColumnsMenu:
    """The columns that are shown, in order, and the others by group; the name always stays.

    Those that are shown come with the title of their group: a rule may be called like a property.
    """

    shown: list[tuple[Column, str]]
    groups: list[ColumnGroup]
    kept: list[Pair]
    default: str


def columns_menu(listing: Listing) -> ColumnsMenu:
    """Return the menu of a table, with all rules in it where the listing has them."""
    shown = {column.key for column in listing.columns}
    others = [
        ColumnGroup(group.title, [column for column in group.columns if column.key not in shown])
        for group in listing.groups
    ]
    kinds = {column.key: group.title for group in listing.groups for column in group.columns}
    return ColumnsMenu(
        shown=[(column, kinds.get(column.key, "")) for column in listing.columns[1:]],
        groups=[group for group in others if group.columns],
        kept=listing.query.outside({NAME}),
        default=str(listing.query.without(NAME)),
    )


def after_choosing(
    query: QueryString, columns: Sequence[str], *, up: str = "", down: str = ""
) -> QueryString:
    """Return the address that the form of the menu asks for.

    Its columns come in their order; `up` and `down` name one to move by a place, after which the
    menu stays open.
    """
    keys = list(dict.fromkeys(columns))
    for key, step in ((up, -1), (down, 1)):
        if key in keys:
            place = keys.index(key)
            keys.insert(max(place + step, 0), keys.pop(place))
    chosen = query.without(*FIELDS).having(NAME, ",".join(keys) or "title")
    return chosen.having("menu", NAME) if up or down else chosen
