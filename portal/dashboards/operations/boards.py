"""Editing dashboards in the page: what one person changes must not undo what another did.

Every edit says which version of the page it was made on (`seen`, see `Page.version`) and is refused
where the page has moved on since.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from secrets import token_hex, token_urlsafe
from typing import Any

from django.db import transaction

from catalog.errors import Conflict, NotFound
from portal.dashboards import layouts
from portal.dashboards import widgets as lists
from portal.dashboards.documents import MAX_LENGTH
from portal.dashboards.layouts import Move
from portal.dashboards.models import Page
from portal.dashboards.operations.pages import delete_page, is_there, lock, save_page
from portal.dashboards.operations.widgets import rooted
from portal.dashboards.widgets import DASHBOARD, Widget
from portal.permissions import Actor

_SMALL = ("entities-number-chart", "entities-pie-chart")


class Changed(Conflict):
    """The page was changed since it was seen: `by` whom, `at` what moment."""

    def __init__(self, page: Page) -> None:
        self.by, self.at = page.updated_by, page.updated_at
        super().__init__(f"'{page.identifier}' was changed by {self.by}; reload it")


class Locked(Conflict):
    """The page is locked: nobody changes it before it is unlocked."""


@transaction.atomic
def create_board(
    *, title: str, settings: Mapping[str, Any], is_private: bool, by: Actor, now: datetime
) -> Page:
    """Create an empty dashboard, called after its title; `settings` are keys of its document.

    A private one stands in no folder, and its address cannot be guessed. Raises `Invalid`.
    """
    document = {
        **settings,
        "identifier": _free_identifier(title, is_private=is_private),
        "type": Page.Type.DASHBOARD,
        "title": title,
    }
    return save_page(document=_shelved(document, is_private=is_private), by=by, now=now)


@transaction.atomic
def copy_board(*, page: Page, title: str, is_private: bool, by: Actor, now: datetime) -> Page:
    """Create a dashboard with the same widgets under another title; raises `Invalid`.

    The copy is not locked, and says nothing about who may read it: it is a page of its own.
    """
    document = {
        **page.document(),
        "identifier": _free_identifier(title, is_private=is_private),
        "title": title,
        "after": page.identifier,
        "is_locked": None,
    }
    return save_page(document=_shelved(document, is_private=is_private), by=by, now=now)


@transaction.atomic
def change_board(
    *,
    page: Page,
    settings: Mapping[str, Any],
    is_private: bool,
    seen: str,
    by: Actor,
    now: datetime,
) -> Page:
    """Set keys of a dashboard's document beside its widgets; raises `Invalid` and `Conflict`."""
    row = _open(page, seen=seen)
    document = {**row.document(), **settings}
    return save_page(document=_shelved(document, is_private=is_private), page=row, by=by, now=now)


@transaction.atomic
def delete_board(*, page: Page, seen: str, by: Actor, now: datetime) -> None:
    """Delete a dashboard; raises `Conflict`."""
    delete_page(page=_open(page, seen=seen), by=by, now=now)


@transaction.atomic
def arrange_board(*, page: Page, move: Move, seen: str, by: Actor, now: datetime) -> Page:
    """Move or resize what stands on a dashboard; raises `Invalid`, `NotFound` and `Conflict`."""

    def arrange(root: Widget) -> Widget:
        return {**root, "layout": layouts.moved(root["layout"], move)}

    return _edit(page, arrange, seen=seen, by=by, now=now)


@transaction.atomic
def put_widget(
    *,
    page: Page,
    widget: Mapping[str, Any],
    row: int | None = None,
    seen: str,
    by: Actor,
    now: datetime,
) -> str:
    """Put a new widget into a row of a dashboard, or below all, and return its id.

    Small ones of one type make a row of their own together. Raises `Invalid` and `Conflict`.
    """
    added = {"id": token_urlsafe(12), **widget}

    def put(root: Widget) -> Widget:
        place = _row_of_its_like(root, added) if row is None else row
        return {
            **root,
            "layout": layouts.put_at(root["layout"], added["id"], row=place),
            "widgets": [*root["widgets"], added],
        }

    _edit(page, put, seen=seen, by=by, now=now)
    return str(added["id"])


@transaction.atomic
def replace_widget(*, page: Page, widget: Widget, seen: str, by: Actor, now: datetime) -> Page:
    """Make the widget with this id what its document says.

    Raises `Invalid`, `NotFound` and `Conflict`.
    """
    return _edit(
        page, lambda root: lists.replace_widget([root], widget)[0], seen=seen, by=by, now=now
    )


@transaction.atomic
def copy_widget(*, page: Page, widget: str, seen: str, by: Actor, now: datetime) -> str:
    """Put a copy of a widget beside it, or below where the row is full, and return its id.

    Raises `NotFound` and `Conflict`.
    """
    made: list[str] = []

    def copy(root: Widget) -> Widget:
        found = lists.find_widget(root["widgets"], widget)
        copied = lists.copy_of(found, lambda: token_urlsafe(12))
        made.append(copied["id"])
        return {
            **root,
            "layout": layouts.put_after(root["layout"], copied["id"], after=widget),
            "widgets": [*root["widgets"], copied],
        }

    _edit(page, copy, seen=seen, by=by, now=now)
    return made[0]


@transaction.atomic
def take_widget(*, page: Page, widget: str, seen: str, by: Actor, now: datetime) -> Page:
    """Take a widget off a dashboard; raises `NotFound` and `Conflict`."""
    return _edit(
        page, lambda root: lists.remove_widget([root], widget)[0], seen=seen, by=by, now=now
    )


def _edit(
    page: Page, edit: Callable[[Widget], Widget], *, seen: str, by: Actor, now: datetime
) -> Page:
    row = _open(page, seen=seen)
    root = rooted(row, row.widgets or [])[0]
    if root.get("type") != DASHBOARD:
        raise NotFound(f"'{row.identifier}' is no dashboard that can be arranged")
    whole = {**root, "layout": root.get("layout") or [], "widgets": root.get("widgets") or []}
    return save_page(
        document={**row.document(), "widgets": [edit(whole)]}, page=row, by=by, now=now
    )


def _row_of_its_like(root: Widget, widget: Widget) -> int | None:
    """Return the last row, if it has room and all in it are as small and of the same type."""
    if widget["type"] not in _SMALL or not root["layout"]:
        return None
    last = root["layout"][-1]
    types = {item["id"]: item["type"] for item in root["widgets"]}
    is_alike = all(types[column["id"]] == widget["type"] for column in last["columns"])
    return len(root["layout"]) - 1 if is_alike and layouts.has_room(last) else None


def _open(page: Page, *, seen: str) -> Page:
    """Return the page as it is stored, locked, if it may be changed and is as it was seen."""
    row = lock(page)
    if row.is_locked:
        raise Locked(f"'{row.identifier}' is locked; unlock it first")
    if row.version != seen:
        raise Changed(row)
    return row


def _shelved(document: Mapping[str, Any], *, is_private: bool) -> dict[str, Any]:
    """Return a document with whom it is for; a private page stands in no folder."""
    if is_private:
        return {**document, "visibility": "private", "parent": None, "after": None}
    is_public = document.get("visibility") in (None, Page.Visibility.EVERYBODY)
    return {**document, "visibility": document.get("visibility") if is_public else None}


def _free_identifier(title: str, *, is_private: bool) -> str:
    """Return an identifier made of the title that no page has."""
    made = re.sub(r"\W+", "_", title.lower()).strip("_")[: MAX_LENGTH - 20] or "dashboard"
    if is_private:
        return f"{made}_{token_hex(4)}"
    names = [made, *(f"{made}_{number}" for number in range(2, 20)), f"{made}_{token_hex(4)}"]
    return next(name for name in names if not is_there(name))
