"""What the blueprint views call: looks up, calls the operations of the catalog, keeps the note."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from catalog import policy_documents, renames
from catalog.errors import Conflict, NotFound
from catalog.facts import timestamp
from catalog.mentions import only_seen
from catalog.models import Blueprint, Change
from catalog.registry import document_of
from portal.dashboards.defaults import default_page
from portal.dashboards.operations import delete_page
from portal.integrations.port import blueprint_codec as codec
from portal.integrations.port import system_blueprints
from portal.integrations.port.blueprint_notes import body_of, note_of, pending_of
from portal.integrations.port.blueprint_renaming import rename_blueprint
from portal.integrations.port.blueprint_writing import Stored, write
from portal.integrations.port.derived import DERIVED, derived_blueprint, derived_blueprints
from portal.permissions import SYSTEM as PORTAL
from portal.permissions import Actor, Rights

# The sections whose items name other blueprints.
_POINTING = frozenset({"relations", "aggregationProperties"})


def shown() -> QuerySet[Blueprint]:
    """Return the blueprints with all that `present` shows, in one query."""
    said = Change.objects.filter(
        kind="blueprint", blueprint="", identifier=OuterRef("identifier")
    ).values("actor")
    return Blueprint.objects.select_related("note").annotate(
        created_by=Subquery(said.order_by("id")[:1]), updated_by=Subquery(said.order_by("-id")[:1])
    )


def all_presented(*, rights: Rights) -> list[dict[str, Any]]:
    """Return all blueprints that may be read, by identifier: those that are derived, too."""
    stored = [_open(present(row), rights) for row in rights.readable(shown(), via="pk")]
    return sorted([*stored, *derived_blueprints(rights=rights)], key=itemgetter("identifier"))


def presented(identifier: str, *, rights: Rights) -> dict[str, Any]:
    """Return a blueprint in this dialect, stored or derived; raises `NotFound`."""
    if derived := derived_blueprint(identifier, rights=rights):
        return derived
    if not rights.may_read_blueprint(identifier):
        raise _missing(identifier)
    return _open(present(find(identifier)), rights)


def _open(body: dict[str, Any], rights: Rights) -> dict[str, Any]:
    """Return a blueprint without what it says of those that may not be read."""
    sections = {key: only_seen(body.get(key, {}), rights.sight) for key in _POINTING & body.keys()}
    return {**body, **sections}


def check_unchanged(identifier: str, body: Mapping[str, Any], *, rights: Rights) -> dict[str, Any]:
    """Return a derived blueprint, which a body may repeat; raises `Conflict` for an edit."""
    derived = presented(identifier, rights=rights)
    if codec.read(codec.merge(derived, body)) != codec.read(derived):
        raise _derived_conflict(identifier)
    return derived


def editable(identifier: str) -> Blueprint:
    """Return a blueprint to be edited; raises `NotFound`, and `Conflict` for a derived one."""
    if identifier in DERIVED:
        raise _derived_conflict(identifier)
    return find(identifier)


def _derived_conflict(identifier: str) -> Conflict:
    return Conflict(f"'{identifier}' is made of the scorecards; edit these")


def find(identifier: str) -> Blueprint:
    """Return a blueprint with all that `present` shows; raises `NotFound`."""
    row = shown().filter(identifier=identifier).first()
    if row is None:
        raise _missing(identifier)
    return row


def _missing(identifier: str) -> NotFound:
    return NotFound(f"There is no blueprint '{identifier}'.")


def present(row: Blueprint) -> dict[str, Any]:
    """Return one of the blueprints that `shown` gives, in this dialect.

    `pending` is there where parts of it wait for blueprints that are missing.
    """
    body = body_of(row) | {
        "createdAt": timestamp(row.created_at),
        "createdBy": row.created_by or PORTAL.label,
        "updatedAt": timestamp(max(row.updated_at, note_of(row).updated_at)),
        "updatedBy": row.updated_by or PORTAL.label,
    }
    pending = pending_of(row)
    return {**body, "pending": pending} if pending else body


@transaction.atomic
def create(
    *, body: Mapping[str, Any], by: Actor, now: datetime, has_catalog_page: bool = True
) -> tuple[Blueprint, bool]:
    """Create a blueprint; say with it whether it is new.

    A system blueprint is always there: to create it replaces what of it can be replaced. Raises
    `Conflict` where another one is there, `Invalid` for what cannot be saved.

    Without `has_catalog_page` the page that lists its entities is removed at once.
    """
    # What is no text is refused with everything else that is wrong.
    identifier = str(body.get("identifier"))
    stored = Stored.load()
    row = stored.rows.get(identifier)
    if row is not None and not row.is_system:
        raise Conflict(f"There is a blueprint '{identifier}' already; PUT replaces it.")
    if row is not None:
        return replace_blueprint(blueprint=row, body=body, by=by, now=now), False
    if identifier in DERIVED:
        raise _derived_conflict(identifier)
    write(stored, codec.read(body), by=by, now=now)
    page = None if has_catalog_page else default_page(identifier)
    if page is not None:
        delete_page(page=page, by=by, now=now)
    return find(identifier), True


@transaction.atomic
def replace_blueprint(
    *, blueprint: Blueprint, body: Mapping[str, Any], by: Actor, now: datetime
) -> Blueprint:
    """Make a blueprint what the body says, and nothing else; another identifier renames it.

    The values that entities were given of properties that it has no more go with them. What was
    read may be sent back as it is: that changes nothing.
    """
    wire = codec.read({"identifier": blueprint.identifier, **body})
    identifier, old = wire.document.get("identifier"), blueprint.identifier
    if identifier != old:
        blueprint = rename_blueprint(blueprint=blueprint, identifier=identifier, by=by, now=now)
        # Parts that a client read before it knew the new name.
        document = renames.with_blueprint_renamed(wire.document, old, blueprint.identifier)
        wire = replace(wire, document=document)
    if blueprint.is_system:
        document = system_blueprints.with_managed(
            blueprint.identifier, wire.document, stored=document_of(blueprint)
        )
        wire = replace(wire, document=document)
    stored = Stored.load()
    stored.row_of(blueprint)
    write(stored, wire, by=by, now=now)
    return find(blueprint.identifier)


@transaction.atomic
def change_blueprint(
    *, blueprint: Blueprint, body: Mapping[str, Any], by: Actor, now: datetime
) -> Blueprint:
    """Change what the body names, and nothing else.

    Clients send a single relation, or all that there are. So in a section the items are named one
    by one: each replaces the one of its key, and null takes it away. Other top-level keys are
    replaced as they are. Values go with a property that goes, as in `replace_blueprint`.
    """
    # Locked first, so that two changes of different keys do not undo each other; and all of them,
    # in the one order: two that began with their own would wait for each other.
    row = Stored.load().rows.get(blueprint.identifier)
    if row is None:
        raise NotFound(f"There is no blueprint '{blueprint.identifier}' any more.")
    whole = codec.merge(body_of(row), body)
    return replace_blueprint(blueprint=row, body=whole, by=by, now=now)


def permissions_of(blueprint: Blueprint, *, rights: Rights) -> dict[str, Any]:
    """Return who may do what with its entities, with what holds where nobody said."""
    hidden = rights.hidden.values()
    return policy_documents.shown(
        blueprint.permissions, blueprint=blueprint.identifier, hidden=hidden
    )
