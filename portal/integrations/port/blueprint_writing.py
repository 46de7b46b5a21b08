"""Writing a blueprint, with the parts of others that it makes possible, and what is kept beside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import operations
from catalog.blueprints import parse
from catalog.computed.graph import CatalogGraph
from catalog.errors import Invalid, NotFound
from catalog.models import Blueprint
from catalog.operations import history
from catalog.registry import document_of
from portal.integrations.models import BlueprintNote
from portal.integrations.port import blueprint_codec as codec
from portal.integrations.port.blueprint_arranging import Arrangement, arrange
from portal.integrations.port.blueprint_notes import body_of, held_by, note_of, pending_of
from portal.integrations.port.blueprint_waiting import Documents, names_missing
from portal.permissions import Actor


@dataclass(frozen=True)
class Stored:
    """All blueprints, locked, with the notes on them."""

    rows: dict[str, Blueprint]

    @classmethod
    def load(cls) -> "Stored":
        """Read and lock them."""
        rows = Blueprint.objects.select_related("note").select_for_update(of=("self",))
        return cls({row.identifier: row for row in rows.order_by("id")})

    def row_of(self, blueprint: Blueprint) -> Blueprint:
        """Return a blueprint as it is stored now; raises `NotFound` where it went meanwhile."""
        row = self.rows.get(blueprint.identifier)
        if row is None:
            raise NotFound(f"There is no blueprint '{blueprint.identifier}' any more.")
        return row

    def arrangement(self) -> Arrangement:
        """Return the documents, and the parts that wait beside them."""
        held = {part: item for row in self.rows.values() for part, item in held_by(row).items()}
        return Arrangement({name: document_of(row) for name, row in self.rows.items()}, held)


@transaction.atomic
def write(stored: Stored, wire: codec.Wire, *, by: Actor, now: datetime) -> None:
    """Make a blueprint what was said, writing what differs.

    Raises `Invalid`, in the words of this dialect.
    """
    name = str(wire.document.get("identifier"))
    row = stored.rows.get(name)
    if row is not None and codec.read(body_of(row)) == wire:
        return
    said = _said(row)
    try:
        arranged = _arranged(stored, name, wire.document)
        if row is not None:
            _drop_values(row, arranged.documents[name], by=by, now=now)
        _keep(stored, arranged, by=by, now=now)
    except Invalid as error:
        raise codec.in_their_words(error, own=name) from None
    row = Blueprint.objects.select_related("note").get(identifier=name)
    note = note_of(row)
    note.extras = wire.extras
    if said != _said(row):
        note.updated_at = now
        record_note(row, before=said, after=_said(row), by=by, now=now)
    note.save()


def settle_waiting(*, by: Actor, now: datetime) -> None:
    """Put the parts that waited for what is there by now into their blueprints."""
    if BlueprintNote.objects.exclude(waiting=[]).exists():
        with transaction.atomic():
            stored = Stored.load()
            _keep(stored, arrange(stored.arrangement(), check=_check), by=by, now=now)


def record_note(
    row: Blueprint, *, before: Mapping[str, Any], after: Mapping[str, Any], by: Actor, now: datetime
) -> None:
    """Write down in the history of a blueprint what moved beside it."""
    history.record_change(
        kind="blueprint", identifier=row.identifier, before=before, after=after, by=by, now=now
    )


def _check(documents: Documents) -> None:
    """Raise `Invalid` where documents, each of which was read, do not fit each other."""
    CatalogGraph(parse(document, is_stored=True) for document in documents.values())


def _said(row: Blueprint | None) -> dict[str, Any]:
    """Return what is said of a blueprint beside the catalog, as history keeps it."""
    if row is None:
        return {"extras": {}, "pending": []}
    return {"extras": note_of(row).extras, "pending": [item["path"] for item in pending_of(row)]}


def _arranged(stored: Stored, name: str, document: dict[str, Any]) -> Arrangement:
    current = stored.arrangement()
    if not current.held and not names_missing(document, current.documents):
        # Read by the operation, for the first time.
        return Arrangement({**current.documents, name: document}, {})
    return arrange(current, parse(document).document, check=_check)


def _drop_values(row: Blueprint, document: Mapping[str, Any], *, by: Actor, now: datetime) -> None:
    schema = document["schema"]
    left = schema.get("properties") if isinstance(schema, dict) else None
    # Where it is no object, the blueprint is about to be refused.
    if isinstance(left, dict) and (gone := row.schema["properties"].keys() - left.keys()):
        operations.drop_values(blueprint=row, keys=gone, by=by, now=now)


def _keep(stored: Stored, arranged: Arrangement, *, by: Actor, now: datetime) -> None:
    """Store what differs: first what no longer waits, so that nothing is put in twice."""
    before = stored.arrangement().documents
    for row in stored.rows.values():
        _keep_waiting(row, arranged)
    changed = [item for name, item in arranged.documents.items() if item != before.get(name)]
    match changed:
        case []:
            return
        case [document]:
            operations.save_blueprint(definition=document, by=by, now=now)
        case _:
            operations.save_blueprints(definitions=changed, by=by, now=now)
    names = arranged.documents.keys() - stored.rows.keys()
    for row in Blueprint.objects.filter(identifier__in=names):
        _keep_waiting(row, arranged)


def _keep_waiting(row: Blueprint, arranged: Arrangement) -> None:
    note = note_of(row)
    held = sorted(item for item in arranged.held.items() if item[0].blueprint == row.identifier)
    listed = [{"section": part.section, "key": part.key, **vars(item)} for part, item in held]
    if listed != note.waiting:
        note.waiting = listed
        note.save()
