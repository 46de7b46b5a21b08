"""Making, moving and deleting folders."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Conflict, HasDependents, Invalid
from catalog.operations import history
from portal.dashboards.documents import parse_folder
from portal.dashboards.models import Folder
from portal.dashboards.operations.rows import note, store
from portal.permissions import Actor

# Folders in folders in folders.
MOST_LEVELS = 3
_NAMED = 5


@transaction.atomic
def save_folder(
    *, document: Mapping[str, Any], folder: Folder | None = None, by: Actor, now: datetime
) -> Folder:
    """Create a folder from its document, or make `folder` what the document says.

    Raises `Conflict` where there is one of this name, and `Invalid`: also for a parent that is not
    there, that is inside of the folder, or below which there is no room.
    """
    wanted = parse_folder(document)
    # All of them, locked: two moves at once could make a circle that neither sees.
    folders = {row.identifier: row for row in Folder.objects.select_for_update()}
    if folder is None and wanted.identifier in folders:
        raise Conflict(f"there is a folder '{wanted.identifier}' already; change that one")
    if folder is not None and wanted.identifier != folder.identifier:
        raise Invalid.at("identifier", f"stays '{folder.identifier}'; make another folder")
    _check_parent(wanted.identifier, wanted.parent, folders)
    row = folders.get(wanted.identifier) or Folder(identifier=wanted.identifier)
    before = row.document() if row.pk else {}
    if history.difference(before, asdict(wanted)):
        row.title, row.after = wanted.title, wanted.after
        row.parent = folders[wanted.parent] if wanted.parent else None
        store(row, before=before, by=by, now=now)
    return row


@transaction.atomic
def delete_folder(*, folder: Folder, by: Actor, now: datetime) -> None:
    """Delete a folder; raises `HasDependents` where it holds something, which would lose its place.

    Nothing moves up by itself: what is in a folder may be meant for those who find it there.
    """
    inside = [
        name
        for rows in (folder.folders, folder.pages)
        for name in rows.order_by("identifier").values_list("identifier", flat=True)
    ]
    if inside:
        shown = ", ".join(inside[:_NAMED]) + (", ..." if len(inside) > _NAMED else "")
        raise HasDependents(f"'{folder.identifier}' still holds {shown}; move or delete them first")
    note(folder, folder.document(), {}, by=by, now=now)
    folder.delete()


def _check_parent(identifier: str, parent: str | None, folders: Mapping[str, Folder]) -> None:
    if parent is None:
        return
    if parent not in folders:
        raise Invalid.at("parent", f"there is no folder '{parent}'; create it first")
    by_id = {row.pk: row for row in folders.values()}
    above = [folders[parent]]
    while above[-1].parent_id is not None:
        above.append(by_id[above[-1].parent_id])
    if identifier in {row.identifier for row in above}:
        raise Invalid.at("parent", f"'{parent}' is inside of '{identifier}'; choose another")
    if len(above) + _height(folders.get(identifier), folders) > MOST_LEVELS:
        raise Invalid.at("parent", f"folders go {MOST_LEVELS} levels deep; choose one further up")


def _height(folder: Folder | None, folders: Mapping[str, Folder]) -> int:
    """Return how many levels of folders there are from this one down; a new one has its own."""
    if folder is None:
        return 1
    inside = [row for row in folders.values() if row.parent_id == folder.pk]
    return 1 + max((_height(row, folders) for row in inside), default=0)
