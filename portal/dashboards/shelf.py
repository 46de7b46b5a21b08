"""Which dashboards there are for a reader, in the order of the sidebar."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from portal.dashboards.models import Folder, Page
from portal.dashboards.sidebar import Item, ordered


@dataclass(frozen=True)
class ShelfItem:
    """A dashboard, or a folder that holds some."""

    identifier: str
    title: str
    is_folder: bool
    icon: str = ""
    description: str = ""


def visible_boards(username: str) -> QuerySet[Page]:
    """Return the dashboards that a user may see; a private one only by who made it."""
    private = Q(visibility=Page.Visibility.PRIVATE)
    rows = Page.objects.filter(type=Page.Type.DASHBOARD)
    return rows.exclude(private & ~Q(created_by=username or None))


def boards_for(username: str) -> list[ShelfItem]:
    """Return dashboards in the folders that hold any; one query."""
    # As deep as folders go.
    rows = visible_boards(username).select_related("parent__parent__parent").defer("widgets")
    pages = {row.identifier: row for row in rows}
    folders = {folder.identifier: folder for row in rows for folder in _above(row)}
    items = [
        Item(row.identifier, row.title, is_folder=True, parent=_parent(row), after=row.after)
        for row in folders.values()
    ]
    items += [
        Item(row.identifier, str(row), is_folder=False, parent=_parent(row), after=row.after)
        for row in pages.values()
    ]
    return [_shelved(item, pages) for item in ordered(items)]


def _parent(row: Folder | Page) -> str | None:
    return row.parent.identifier if row.parent else None


def _above(row: Folder | Page) -> Iterator[Folder]:
    while row.parent is not None:
        row = row.parent
        yield row


def _shelved(item: Item, pages: dict[str, Page]) -> ShelfItem:
    if item.is_folder:
        return ShelfItem(item.identifier, item.title, is_folder=True)
    page = pages[item.identifier]
    return ShelfItem(
        item.identifier,
        item.title,
        is_folder=False,
        icon=page.icon or "",
        description=page.description or "",
    )
