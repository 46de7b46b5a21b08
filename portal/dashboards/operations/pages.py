"""Making, changing and deleting pages."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Conflict, Invalid, NotFound
from catalog.operations import history
from portal.dashboards.boards.checking import board_faults
from portal.dashboards.defaults import default_page
from portal.dashboards.documents import ENTITY_SUFFIX, PageDocument, parse_page
from portal.dashboards.models import Folder, Page, RemovedDefault
from portal.dashboards.operations.folders import save_folder
from portal.dashboards.operations.rows import note, store
from portal.dashboards.page_permissions import parse_permissions
from portal.dashboards.widgets import Widget, with_blueprint_renamed
from portal.permissions import Actor


@transaction.atomic
def save_page(
    *, document: Mapping[str, Any], page: Page | None = None, by: Actor, now: datetime
) -> Page:
    """Create a page from its document, or make `page` what the document says.

    See `portal.dashboards.documents`. A default page that is changed is stored from then on. A
    parent that is not there is made: tools name the folder that they want. A document that changes
    nothing writes nothing. Raises `Invalid`, also where it would change identifier or type, which
    addresses depend on, and `Conflict` where there is such a page, be it by default.
    """
    wanted = parse_page(document)
    if page is None:
        row = _new(wanted)
    else:
        row = lock(page)
        for name in ("identifier", "type"):
            if getattr(wanted, name) != getattr(row, name):
                raise Invalid.at(name, f"stays '{getattr(row, name)}'; make another page")
    before = row.document() if row.pk else {}
    moved = history.difference(before, asdict(wanted))
    if "widgets" in moved and wanted.type == Page.Type.DASHBOARD:
        _require_drawable(wanted, before=before.get("widgets") or [], now=now)
    if moved:
        _fill(row, wanted, by=by, now=now)
        store(row, before=before, by=by, now=now)
    return row


@transaction.atomic
def save_missing_pages(
    *, documents: Iterable[Mapping[str, Any]], by: Actor, now: datetime
) -> list[Page]:
    """Create the pages that are not there; those that are stay as people have made them."""
    return [
        save_page(document=document, by=by, now=now)
        for document in documents
        if not is_there(document["identifier"])
    ]


@transaction.atomic
def delete_page(*, page: Page, by: Actor, now: datetime) -> None:
    """Delete a page: home and the page of a blueprint's entities are then as they are by default.

    Raises `Conflict` where they are so already: these two are always there.
    """
    is_default = page.pk is None
    if is_default and page.type != Page.Type.CATALOG:
        raise Conflict(f"'{page.identifier}' is there by default and cannot be deleted")
    note(page, page.document(), {}, by=by, now=now)
    if not is_default:
        page.delete()
    if page.type == Page.Type.CATALOG and default_page(page.identifier) is not None:
        RemovedDefault.objects.create(identifier=page.identifier)


@transaction.atomic
def forget_blueprint(*, identifier: str, by: Actor, now: datetime) -> None:
    """Delete what is stored about the pages of a blueprint, and of its entities."""
    about = Page.objects.filter(
        blueprint=identifier, type__in=[Page.Type.CATALOG, Page.Type.ENTITY]
    )
    for page in about.select_related("parent").order_by("id"):
        note(page, page.document(), {}, by=by, now=now)
        page.delete()
    RemovedDefault.objects.filter(identifier=identifier).delete()


@transaction.atomic
def follow_blueprint(*, old: str, new: str, by: Actor, now: datetime) -> None:
    """Have pages know a blueprint by its new identifier: its own two, and all that tell of it."""
    names = {old: new, f"{old}{ENTITY_SUFFIX}": f"{new}{ENTITY_SUFFIX}"}
    taken = set(Page.objects.values_list("identifier", flat=True))
    for page in Page.objects.select_related("parent").order_by("id"):
        before = page.document()
        if page.blueprint == old:
            page.blueprint = new
            name = names.get(page.identifier, page.identifier)
            page.identifier = page.identifier if name in taken else name
        page.after = names.get(page.after, page.after)
        page.widgets = with_blueprint_renamed(page.widgets, old=old, new=new)
        page.page_filters = with_blueprint_renamed(page.page_filters, old=old, new=new)
        if page.document() != before:
            store(page, before=before, by=by, now=now)
    RemovedDefault.objects.filter(identifier=old).update(identifier=new)


@transaction.atomic
def save_page_permissions(
    *, page: Page, permissions: Mapping[str, Any], by: Actor, now: datetime
) -> Page:
    """Say who may read and update a page: each list given takes the place of the one before.

    Raises `Invalid`.
    """
    given = parse_permissions(permissions)
    row = lock(page)
    if row.pk is None:
        store(row, before={}, by=by, now=now)
    before = row.permissions
    after = {key: before.get(key, {}) | given.get(key, {}) for key in before | given}
    if before != after:
        row.permissions = after
        row.updated_at, row.updated_by = now, by.label
        row.save()
        note(row, {"permissions": before}, {"permissions": after}, by=by, now=now)
    return row


def lock(page: Page) -> Page:
    """Return the page as it is stored now, kept from others until the transaction ends.

    A default page is itself: it becomes a row. Raises `NotFound` where it was deleted meanwhile.
    """
    if page.pk is None:
        return page
    row = Page.objects.select_for_update().filter(pk=page.pk).first()
    if row is None:
        raise NotFound(f"there is no page '{page.identifier}'")
    return row


def _require_drawable(wanted: PageDocument, *, before: list[Widget], now: datetime) -> None:
    if faults := board_faults(wanted.widgets or [], before=before, now=now):
        raise Invalid(faults)


def _new(wanted: PageDocument) -> Page:
    if is_there(wanted.identifier):
        raise Conflict(f"there is a page '{wanted.identifier}' already; change that one")
    if wanted.type == Page.Type.ENTITY:
        raise Invalid.at("type", "comes with its blueprint; make the blueprint first")
    return Page(identifier=wanted.identifier, type=wanted.type)


def is_there(identifier: str) -> bool:
    """Say whether there is a page of this name, be it by default."""
    is_stored = Page.objects.filter(identifier=identifier).exists()
    return is_stored or default_page(identifier) is not None


def _fill(page: Page, wanted: PageDocument, *, by: Actor, now: datetime) -> None:
    for name, value in asdict(wanted).items():
        if name != "parent":
            setattr(page, name, value)
    page.parent = _folder(wanted.parent, by=by, now=now) if wanted.parent else None


def _folder(identifier: str, *, by: Actor, now: datetime) -> Folder:
    found = Folder.objects.filter(identifier=identifier).first()
    if found is not None:
        return found
    try:
        return save_folder(document={"identifier": identifier}, by=by, now=now)
    except Invalid as error:
        raise Invalid.at("parent", error.faults[0].message) from None
