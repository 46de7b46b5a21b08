"""What pages and folders have in common when they are written: stamps and history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from catalog.operations import history
from portal.dashboards.models import Folder, Page
from portal.permissions import Actor

Document = Mapping[str, Any]


def store(row: Page | Folder, *, before: Document, by: Actor, now: datetime) -> None:
    """Save a row, which was as `before` says or not at all, with its stamps and its history."""
    if row.pk is None:
        row.created_at, row.created_by = now, by.label
    row.updated_at, row.updated_by = now, by.label
    row.save()
    note(row, before, row.document(), by=by, now=now)


def note(
    row: Page | Folder, before: Document, after: Document, *, by: Actor, now: datetime
) -> None:
    """Store the history of a write: what differed."""
    kind = "page" if isinstance(row, Page) else "folder"
    history.record_difference(
        kind=kind, identifier=row.identifier, before=before, after=after, by=by, now=now
    )
