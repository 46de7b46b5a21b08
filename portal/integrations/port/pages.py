"""Pages as this dialect knows them: those that are stored, and those that are there by default."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from catalog.errors import NotFound
from portal.dashboards.defaults import default_page, default_pages
from portal.dashboards.models import Page
from portal.dashboards.operations import save_page
from portal.integrations.port.pages_codec import NAMES, page_body, page_document
from portal.integrations.port.stamps import stamps
from portal.integrations.port.wire_paths import as_sent
from portal.permissions import Actor


def find_page(identifier: str) -> Page:
    """Return the page of this name; raises `NotFound`."""
    stored = Page.objects.filter(identifier=identifier).select_related("parent").first()
    page = stored or default_page(identifier)
    if page is None:
        raise NotFound(f"there is no page '{identifier}'")
    return page


def all_pages() -> list[Page]:
    """Return every page, by identifier."""
    stored = {page.identifier: page for page in Page.objects.select_related("parent")}
    pages = {page.identifier: page for page in default_pages()} | stored
    return [pages[identifier] for identifier in sorted(pages)]


def create_page(body: Mapping[str, Any], *, by: Actor, now: datetime) -> Page:
    """Create the page that a body describes."""
    with as_sent(NAMES):
        return save_page(document=page_document(body), by=by, now=now)


def replace_page(page: Page, body: Mapping[str, Any], *, by: Actor, now: datetime) -> Page:
    """Make a page what a body says; what it is and how it is called goes without saying."""
    document = {"identifier": page.identifier, "type": page.type, **page_document(body)}
    with as_sent(NAMES):
        return save_page(document=document, page=page, by=by, now=now)


def patch_page(page: Page, body: Mapping[str, Any], *, by: Actor, now: datetime) -> Page:
    """Set what a body mentions; null takes away."""
    given = page_document(body)
    extras = {**page.extras, **given["extras"]}
    with as_sent(NAMES):
        return save_page(
            document={**page.document(), **given, "extras": extras}, page=page, by=by, now=now
        )


def shown_page(page: Page, *, is_compact: bool = False) -> dict[str, Any]:
    """Return a page as answers show it."""
    return page_body(page.document(), stamps(page), is_compact=is_compact)
