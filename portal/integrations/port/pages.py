"""Pages as this dialect knows them: those that are stored, and those that are there by default.

What a page says of blueprints that a visitor does not see is not there for them. It is for whoever
sees everything to write pages, so that what is left out is not lost.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from catalog.errors import NotFound
from catalog.mentions import sees_all
from portal.dashboards.defaults import default_page, default_pages
from portal.dashboards.models import Page
from portal.dashboards.operations import save_page
from portal.dashboards.visitors import Visitor
from portal.dashboards.widgets import Widget
from portal.integrations.port.pages_codec import NAMES, page_body, page_document
from portal.integrations.port.stamps import stamps
from portal.integrations.port.wire_paths import as_sent
from portal.permissions import Actor, Sight


def find_page(identifier: str, visitor: Visitor | None = None) -> Page:
    """Return the page of this name, as a visitor sees it; raises `NotFound`."""
    stored = Page.objects.filter(identifier=identifier).select_related("parent").first()
    page = stored or default_page(identifier)
    if page is not None and visitor is not None:
        page = _as_seen(page, visitor)
    if page is None:
        raise NotFound(f"there is no page '{identifier}'")
    return page


def all_pages(visitor: Visitor) -> list[Page]:
    """Return every page that a visitor sees, by identifier."""
    stored = {page.identifier: page for page in Page.objects.select_related("parent")}
    pages = {page.identifier: page for page in default_pages()} | stored
    seen = (_as_seen(pages[identifier], visitor) for identifier in sorted(pages))
    return [page for page in seen if page is not None]


def _as_seen(page: Page, visitor: Visitor) -> Page | None:
    """Return a page, changed in place to what a visitor sees of it; None where they do not."""
    if visitor.rights.is_unlimited:
        return page
    sight = visitor.rights.sight
    if not sight.sees(page.blueprint or ""):
        return None
    if page.type == Page.Type.DASHBOARD and not visitor.may_read(page):
        return None
    if sight.hidden:
        page.after = seen_name(page.after, sight)
        page.widgets = _without_hidden(page.widgets, sight)
        page.page_filters = page.page_filters and [
            item for item in page.page_filters if sees_all(sight, item)
        ]
        page.extras = {key: item for key, item in page.extras.items() if sees_all(sight, item)}
    return page


def seen_name(sibling: str | None, sight: Sight) -> str | None:
    """Return the page to stand behind, unless it is that of a blueprint that is hidden."""
    return sibling if sibling is None or sight.sees(sibling) else None


def _without_hidden(widgets: list[Widget] | None, sight: Sight) -> list[Widget] | None:
    """Return widgets, of those about what is hidden no more than that they are there."""
    return widgets and [_seen_widget(widget, sight) for widget in widgets]


def _seen_widget(widget: Widget, sight: Sight) -> Widget:
    own = {key: item for key, item in widget.items() if key not in ("widgets", "groups")}
    if not sees_all(sight, own):
        return {key: widget[key] for key in ("id", "type") if key in widget}
    if "widgets" in widget:
        own["widgets"] = _without_hidden(widget["widgets"], sight)
    if "groups" in widget:
        own["groups"] = [
            {**group, "widgets": _without_hidden(group.get("widgets"), sight)}
            for group in widget["groups"]
        ]
    return own


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
