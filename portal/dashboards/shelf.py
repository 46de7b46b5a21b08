"""Which dashboards there are for a reader, in the order of the sidebar."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from portal.dashboards.models import Folder, Page
from portal.dashboards.sidebar import Item, ordered
from portal.dashboards.visitors import Visitor


@dataclass(frozen=True)
class ShelfItem:
    """A dashboard, or a folder that holds some."""

    identifier: str
    title: str
    is_folder: bool
    icon: str = ""
    description: str = ""
    created_by: str = ""
    is_private: bool = False
    may_change: bool = False
    depth: int = 0


def visible_boards(visitor: Visitor) -> QuerySet[Page]:
    """Return the dashboards that somebody may see, but for those that name who may read them.

    A private one is seen by who made it alone. Who is named is asked of `Visitor.may_read`, row by
    row: a column of JSON is no index.
    """
    private = Q(visibility=Page.Visibility.PRIVATE)
    rows = Page.objects.filter(type=Page.Type.DASHBOARD)
    return rows.exclude(private & ~Q(created_by=visitor.username or None))


def boards_for(visitor: Visitor, folders: Iterable[Folder] = ()) -> list[ShelfItem]:
    """Return dashboards in the folders that hold any, and in those given; one query."""
    # As deep as folders go.
    found = visible_boards(visitor).select_related("parent__parent__parent").defer("widgets")
    rows = [row for row in found if visitor.may_read(row)]
    pages = {row.identifier: row for row in rows}
    above = {folder.identifier: folder for row in rows for folder in _above(row)}
    shelves = {folder.identifier: folder for folder in folders} | above
    items = [
        Item(row.identifier, row.title, is_folder=True, parent=_parent(row), after=row.after)
        for row in shelves.values()
    ]
    items += [
        Item(row.identifier, str(row), is_folder=False, parent=_parent(row), after=row.after)
        for row in pages.values()
    ]
    return [
        _folder(shelves[item.identifier])
        if item.is_folder
        else _board(pages[item.identifier], visitor)
        for item in ordered(items)
    ]


def _parent(row: Folder | Page) -> str | None:
    return row.parent.identifier if row.parent else None


def _above(row: Folder | Page) -> Iterator[Folder]:
    while row.parent is not None:
        row = row.parent
        yield row


def _folder(row: Folder) -> ShelfItem:
    return ShelfItem(row.identifier, row.title, is_folder=True, depth=len(list(_above(row))))


def _board(page: Page, visitor: Visitor) -> ShelfItem:
    return ShelfItem(
        page.identifier,
        str(page),
        is_folder=False,
        icon=page.icon or "",
        description=page.description or "",
        created_by=page.created_by,
        is_private=page.visibility == Page.Visibility.PRIVATE,
        may_change=visitor.may_change(page),
        depth=len(list(_above(page))),
    )
