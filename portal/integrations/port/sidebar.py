"""The sidebar and its folders, as this dialect knows them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from catalog.errors import NotFound
from portal.dashboards.models import Folder, Page
from portal.dashboards.operations import save_folder
from portal.dashboards.sidebar import Item, ordered
from portal.dashboards.visitors import Visitor
from portal.integrations.port.pages import all_pages, seen_name
from portal.integrations.port.pages_codec import SIDEBAR, folder_document, sidebar_item
from portal.integrations.port.stamps import stamps
from portal.permissions import Actor

_IN_SIDEBAR = (Page.Type.DASHBOARD, Page.Type.CATALOG)


def shown_sidebar(visitor: Visitor) -> dict[str, Any]:
    """Return the sidebar: folders, and the pages that a visitor sees there, from top to bottom."""
    folders = list(Folder.objects.select_related("parent"))
    for folder in folders:
        folder.after = seen_name(folder.after, visitor.rights.sight)
    rows = [*folders, *filter(_shows, all_pages(visitor))]
    by_item = {_item(row): row for row in rows}
    items = [shown_item(by_item[item]) for item in ordered(by_item)]
    return {"identifier": SIDEBAR, "items": items}


def shown_item(row: Folder | Page) -> dict[str, Any]:
    """Return a folder or a page as the sidebar shows it."""
    kind = "folder" if isinstance(row, Folder) else "page"
    return sidebar_item(row.document(), stamps(row), kind=kind)


def find_folder(identifier: str) -> Folder:
    """Return the folder of this name; raises `NotFound`."""
    row = Folder.objects.filter(identifier=identifier).select_related("parent").first()
    if row is None:
        raise NotFound(f"there is no folder '{identifier}'")
    return row


def create_folder(body: Mapping[str, Any], *, by: Actor, now: datetime) -> Folder:
    """Create the folder that a body describes."""
    return save_folder(document=folder_document(body), by=by, now=now)


def patch_folder(folder: Folder, body: Mapping[str, Any], *, by: Actor, now: datetime) -> Folder:
    """Set what a body mentions; null takes away."""
    document = folder.document() | folder_document(body)
    return save_folder(document=document, folder=folder, by=by, now=now)


def _shows(page: Page) -> bool:
    is_hidden = page.shows_in_sidebar is False or page.visibility == Page.Visibility.PRIVATE
    return page.type in _IN_SIDEBAR and not is_hidden


def _item(row: Folder | Page) -> Item:
    return Item(
        identifier=row.identifier,
        title=row.title or row.identifier,
        is_folder=isinstance(row, Folder),
        parent=row.parent.identifier if row.parent else None,
        after=row.after,
    )
