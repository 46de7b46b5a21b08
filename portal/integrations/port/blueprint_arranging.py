"""What is in blueprints, and what waits, once one is written or another came. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.errors import Invalid
from portal.integrations.port.blueprint_waiting import (
    SECTIONS,
    Document,
    Documents,
    Part,
    having,
    parts_of,
    waiting,
    without,
)


@dataclass(frozen=True)
class Held:
    """A part that is not in its blueprint yet, and why."""

    definition: Any
    reason: str


@dataclass(frozen=True)
class Arrangement:
    """Blueprint documents that fit each other, and the parts that wait beside them."""

    documents: dict[str, Document]
    held: dict[Part, Held]


def arrange(
    current: Arrangement, document: Document | None = None, *, check: Callable[[Documents], None]
) -> Arrangement:
    """Return how things stand with a new document, or after others than these moved.

    `check` raises `Invalid` for documents that do not fit each other. What is wrong with the new
    document is raised; where parts of others turn out to be wrong once nothing is missing any more,
    they go on waiting, for that reason.
    """
    name = document["identifier"] if document else None
    held = {part: item for part, item in current.held.items() if part.blueprint != name}
    wanted = _with(current.documents, {part: item.definition for part, item in held.items()})
    documents: dict[str, Document] = dict(current.documents)
    if document and name:
        wanted[name] = document
        apart = waiting(wanted, held={part: item.reason for part, item in held.items()})
        mine = {part: item for part, item in parts_of(document) if part in apart}
        documents[name] = without(document, mine)
        check(documents)
        held |= {part: Held(item, apart[part]) for part, item in mine.items()}
    reasons = waiting(wanted)
    ready = {part: item.definition for part, item in held.items() if part not in reasons}
    documents, refused = _admit(documents, ready, check)
    if errors := [error for part, error in refused.items() if part.blueprint == name]:
        raise errors[0]
    reasons |= {part: str(error) for part, error in refused.items()}
    left = {
        part: Held(item.definition, reasons[part]) for part, item in held.items() if part in reasons
    }
    return Arrangement(documents, left)


def _admit(
    documents: dict[str, Document], parts: Mapping[Part, Any], check: Callable[[Documents], None]
) -> tuple[dict[str, Document], dict[Part, Invalid]]:
    """Return the documents with all parts that fit them, and why the others do not.

    Tried all at once, and where that fails one by one, until none of those left goes in.
    """
    whole = _with(documents, parts)
    if not parts or not _fault(whole, check):
        return whole, {}
    left = sorted(parts, key=lambda part: SECTIONS.index(part.section))
    while True:
        refused: dict[Part, Invalid] = {}
        for part in left:
            trial = _with(documents, {part: parts[part]})
            if error := _fault(trial, check):
                refused[part] = error
            else:
                documents = trial
        if len(refused) == len(left):
            return documents, refused
        left = list(refused)


def _fault(documents: Documents, check: Callable[[Documents], None]) -> Invalid | None:
    try:
        check(documents)
    except Invalid as error:
        return error
    return None


def _with(documents: Documents, parts: Mapping[Part, Any]) -> dict[str, Document]:
    whole = dict(documents)
    for part, item in parts.items():
        whole[part.blueprint] = having(whole[part.blueprint], {part: item})
    return whole
