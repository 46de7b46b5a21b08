"""Changing single widgets of a page."""

from collections.abc import Callable, Mapping
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from django.db import transaction

from catalog.errors import Invalid
from portal.dashboards import widgets as lists
from portal.dashboards.models import Page
from portal.dashboards.operations.pages import lock, save_page
from portal.dashboards.widgets import DASHBOARD, Widget
from portal.permissions import Actor


@transaction.atomic
def add_widget(*, page: Page, widget: Mapping[str, Any], by: Actor, now: datetime) -> str:
    """Put a widget on a page and return its id, which is made up where it has none.

    Raises `Invalid`, and `Conflict` where there is a widget with this id.
    """
    added = {"id": token_urlsafe(12), **widget}
    if faults := list(lists.faults_of(added)):
        raise Invalid(faults)

    def edit(widgets: list[Widget]) -> list[Widget]:
        if page.type == Page.Type.DASHBOARD and added["type"] != DASHBOARD:
            widgets = rooted(page, widgets)
        return lists.add_widget(widgets, added)

    _edit(page, edit, by=by, now=now)
    return str(added["id"])


@transaction.atomic
def change_widget(
    *, page: Page, widget: str, changes: Mapping[str, Any], by: Actor, now: datetime
) -> None:
    """Set keys of the widget with this id, wherever on the page it is.

    Raises `NotFound`, and `Invalid` where the page cannot be so.
    """
    _edit(page, lambda widgets: lists.change_widget(widgets, widget, changes), by=by, now=now)


@transaction.atomic
def remove_widget(*, page: Page, widget: str, by: Actor, now: datetime) -> None:
    """Take the widget with this id off a page; raises `NotFound`."""
    _edit(page, lambda widgets: lists.remove_widget(widgets, widget), by=by, now=now)


def rooted(page: Page, widgets: list[Widget]) -> list[Widget]:
    """Return the widgets of a dashboard with the root that holds them all: a new one has none."""
    root = {"id": f"{page.identifier}Dashboard", "type": DASHBOARD}
    return widgets or [{**root, "layout": [], "widgets": []}]


def _edit(
    page: Page, edit: Callable[[list[Widget]], list[Widget]], *, by: Actor, now: datetime
) -> None:
    row = lock(page)
    document = {**row.document(), "widgets": edit(row.widgets or [])}
    save_page(document=document, page=row, by=by, now=now)
