"""What is kept beside a blueprint, and the blueprint with it as clients see it."""

from typing import Any

from catalog.models import Blueprint
from catalog.registry import document_of
from portal.integrations.models import BlueprintNote
from portal.integrations.port import blueprint_codec as codec
from portal.integrations.port.blueprint_arranging import Held
from portal.integrations.port.blueprint_waiting import Part, having


def note_of(row: Blueprint) -> BlueprintNote:
    """Return the note on a blueprint: an empty one where none was made yet."""
    return getattr(row, "note", None) or BlueprintNote(blueprint=row, updated_at=row.updated_at)


def held_by(row: Blueprint) -> dict[Part, Held]:
    """Return the parts of a blueprint that wait."""
    return {
        Part(row.identifier, item["section"], item["key"]): Held(item["definition"], item["reason"])
        for item in note_of(row).waiting
    }


def body_of(row: Blueprint) -> dict[str, Any]:
    """Return all that was last said of a blueprint, the parts that wait among it."""
    parts = {part: item.definition for part, item in held_by(row).items()}
    return codec.show(having(document_of(row), parts), note_of(row).extras)


def pending_of(row: Blueprint) -> list[dict[str, str]]:
    """Return the places of the parts that wait, each with what it waits for."""
    return [
        {"path": codec.their_place(part.section, part.key), "message": item.reason}
        for part, item in held_by(row).items()
    ]
