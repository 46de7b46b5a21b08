"""Blueprints and scorecards in an archive: their documents, saved by the operations."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from catalog import policy_documents, registry
from catalog.errors import Fault, Invalid
from catalog.models import Blueprint, new_revision
from catalog.operations import save_blueprints
from catalog.storable import storable_faults
from portal.archive.lines import Context, Document, Faults, Lines, Selection, Tally, moment
from scorecards.models import Scorecard
from scorecards.operations import save_scorecard
from scorecards.operations.editing import document_of

_MOMENTS = ("created_at", "updated_at")
_BESIDE = ("permissions", *_MOMENTS)


@dataclass(frozen=True)
class Blueprints:
    """All blueprints, the portal's own among them, with who may do what."""

    name: str = "blueprints"
    is_history: bool = False

    def documents(self, selection: Selection) -> Iterator[Document]:
        """Yield the documents by identifier."""
        for row in sorted(Blueprint.objects.all(), key=lambda row: row.identifier):
            if selection.has(row.identifier):
                yield _document(row)

    def secrets(self) -> list[str]:
        """Return nothing: blueprints have none."""
        return []

    def store(self, lines: Lines, context: Context) -> Tally:
        """Save those that differ, all at once: they may refer to each other."""
        tally, faults = Tally(), Faults(lines.file)
        stored = {row.identifier: _document(row) for row in Blueprint.objects.all()}
        wanted: dict[str, Document] = {}
        at: list[int] = []
        for line, document in lines:
            context.advance(1)
            if found := list(_faults(document)):
                faults.add(line, found)
            elif stored.get(document["identifier"]) == document:
                tally.same += 1
            else:
                wanted[document["identifier"]] = document
                at.append(line)
        faults.must_be_none()
        if not wanted:
            return tally
        try:
            save_blueprints(
                definitions=[_definition(item) for item in wanted.values()],
                by=context.by,
                now=context.now,
            )
        except Invalid as error:
            for fault in error.faults:
                faults.add(_line_of(fault, at), [fault])
            faults.must_be_none()
        for identifier, document in wanted.items():
            values = {key: document[key] for key in _BESIDE}
            rows = Blueprint.objects.filter(identifier=identifier)
            rows.update(**values, revision=new_revision())
        tally.created = len(wanted.keys() - stored.keys())
        tally.changed = len(wanted.keys() & stored.keys())
        return tally


def _document(row: Blueprint) -> Document:
    moments = {name: getattr(row, name).astimezone(UTC).isoformat() for name in _MOMENTS}
    return {**registry.document_of(row), "permissions": row.permissions, **moments}


def _definition(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in _BESIDE}


def _faults(document: Document) -> Iterator[Fault]:
    if not isinstance(document.get("identifier"), str):
        yield Fault("identifier", "is no text")
        return
    if found := storable_faults(document):
        yield from found
        return
    for name in _MOMENTS:
        if moment(document.get(name)) is None:
            yield Fault(name, "is no moment with a time zone, such as 2026-01-31T12:00:00+00:00")
    try:
        policy_documents.merge({}, document.get("permissions"))
    except Invalid as error:
        yield from (fault.under("permissions") for fault in error.faults)


def _line_of(fault: Fault, at: list[int]) -> int:
    number = fault.path.removeprefix("blueprints[").partition("]")[0]
    return at[int(number)] if number.isdigit() and int(number) < len(at) else at[0]


@dataclass(frozen=True)
class Scorecards:
    """All scorecards with their levels and rules."""

    name: str = "scorecards"
    is_history: bool = False

    def documents(self, selection: Selection) -> Iterator[Document]:
        """Yield the documents in the order in which they were made."""
        for row in Scorecard.objects.with_parts().order_by("pk"):
            yield document_of(row)

    def secrets(self) -> list[str]:
        """Return nothing: scorecards have none."""
        return []

    def store(self, lines: Lines, context: Context) -> Tally:
        """Save those that differ. New ones grade nobody before all is in that they look at."""
        tally, faults = Tally(), Faults(lines.file)
        stored = {row.identifier: document_of(row) for row in Scorecard.objects.with_parts()}
        for line, document in lines:
            context.advance(1)
            name: Any = document.get("identifier")
            before = stored.get(name) if isinstance(name, str) else None
            if before == document:
                tally.same += 1
                continue
            is_held_back = before is None and document.get("status") == Scorecard.Status.PUBLISHED
            draft = {**document, "status": str(Scorecard.Status.DRAFT)}
            try:
                save_scorecard(
                    definition=draft if is_held_back else document, by=context.by, now=context.now
                )
            except Invalid as error:
                faults.add(line, error.faults)
                continue
            if is_held_back:
                context.unpublished.append(document)
            tally.created += before is None
            tally.changed += before is not None
        faults.must_be_none()
        return tally
