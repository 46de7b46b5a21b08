"""Saving, changing and deleting views of tables."""

from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext

from catalog.errors import Conflict, Invalid, NotFound
from catalog.models import Blueprint
from catalog.operations import history
from portal.dashboards.models import TableView
from portal.dashboards.querystring import PASSING, VIEW, QueryString
from portal.permissions import Actor

# Of one person on one table: more is a list in which nobody finds anything.
MOST_VIEWS = 100
MOST_LETTERS = 8_000
MOST_TITLE = 100
_MOST_PARAMETERS = 200


@transaction.atomic
def save_view(
    *,
    blueprint: Blueprint,
    title: str,
    query: str,
    is_shared: bool,
    owner_id: int,
    by: Actor,
    now: datetime,
) -> TableView:
    """Save a table as it is shown at an address; `query` is the query string of that.

    The identifier comes from the title and stays, whatever becomes of the title: addresses name
    it. Raises `Invalid`, and `Conflict` where the owner has too many already.
    """
    # The blueprint's row, locked: two at once could take the same identifier.
    locked = Blueprint.objects.select_for_update().filter(pk=blueprint.pk).first()
    if locked is None:
        raise NotFound(gettext("This blueprint is not there any more."))
    views = TableView.objects.filter(blueprint=blueprint)
    if views.filter(owner_id=owner_id).count() >= MOST_VIEWS:
        message = gettext("You have %(count)d views of this table; delete one of them first.")
        raise Conflict(message % {"count": MOST_VIEWS})
    title = _title(title)
    taken = set(views.values_list("identifier", flat=True))
    row = TableView(
        blueprint=blueprint,
        identifier=_identifier(title, taken),
        title=title,
        query=_query(query),
        is_shared=is_shared,
        owner_id=owner_id,
        created_at=now,
        updated_at=now,
    )
    row.save()
    _note(row, {}, row.document(), by=by, now=now)
    return row


@transaction.atomic
def change_view(
    *,
    view: TableView,
    title: str | None = None,
    query: str | None = None,
    is_shared: bool | None = None,
    by: Actor,
    now: datetime,
) -> TableView:
    """Give a view another title or address, or share it or not any more; None leaves things.

    Raises `Invalid`, `NotFound` where it was deleted meanwhile, and `Conflict` where nobody would
    see it, because whoever it belonged to is gone.
    """
    row = TableView.objects.select_for_update().filter(pk=view.pk).first()
    if row is None:
        raise NotFound(gettext("This view is not there any more."))
    if is_shared is False and row.owner_id is None:
        raise Conflict(gettext("This view belongs to nobody; delete it instead of hiding it."))
    before = row.document()
    row.title = row.title if title is None else _title(title)
    row.query = row.query if query is None else _query(query)
    row.is_shared = row.is_shared if is_shared is None else is_shared
    if history.difference(before, row.document()):
        row.updated_at = now
        row.save()
        _note(row, before, row.document(), by=by, now=now)
    return row


@transaction.atomic
def delete_view(*, view: TableView, by: Actor, now: datetime) -> None:
    """Delete a view; where it is gone already, that is all there was to do."""
    row = TableView.objects.select_for_update().filter(pk=view.pk).first()
    if row is not None:
        _note(row, row.document(), {}, by=by, now=now)
        row.delete()


def _title(text: str) -> str:
    title = " ".join(text.replace("\x00", "").split())
    if not title:
        raise Invalid.at("title", gettext("Give the view a title."))
    if len(title) > MOST_TITLE:
        message = gettext("A title has %(count)d letters at most.")
        raise Invalid.at("title", message % {"count": MOST_TITLE})
    return title


def _query(text: str) -> str:
    """Return a query string as views keep it; raises `Invalid` where it is too long."""
    if len(text) > MOST_LETTERS:
        message = gettext("The address is too long to be saved; take some filters or columns away.")
        raise Invalid.at("query", message)
    try:
        pairs = parse_qsl(text.removeprefix("?"), max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise Invalid.at("query", gettext("The address has too many parts to be saved.")) from None
    query = QueryString.of(dict(pairs).items()).without(VIEW, *PASSING)
    return str(query).removeprefix("?")


def _identifier(title: str, taken: set[str]) -> str:
    start = slugify(title, allow_unicode=True)[:80] or "view"
    names = (start if number == 1 else f"{start}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _note(row: TableView, before: Any, after: Any, *, by: Actor, now: datetime) -> None:
    keys = history.difference(before, after)
    history.record_change(
        kind="view",
        blueprint=row.blueprint.identifier,
        identifier=row.identifier,
        before={key: before[key] for key in sorted(keys) if key in before},
        after={key: after[key] for key in sorted(keys) if key in after},
        by=by,
        now=now,
    )
