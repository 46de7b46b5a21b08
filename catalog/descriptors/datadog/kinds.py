"""Definitions of kinds of entities. Pure."""

from dataclasses import dataclass
from typing import Any

from catalog import schemas
from catalog.descriptors.datadog.shapes import KIND
from catalog.descriptors.references import TEAM_KIND
from catalog.descriptors.texts import read_texts
from catalog.errors import Fault, Invalid

_CHECKER = schemas.validator_of(
    {
        "type": "object",
        "required": ["kind"],
        "additionalProperties": False,
        "properties": {
            "kind": KIND,
            "displayName": {"type": "string", "maxLength": 100},
            "description": {"type": "string", "maxLength": 500},
        },
    }
)


@dataclass(frozen=True)
class KindDefinition:
    """What a client says of a kind; None of what it does not mention."""

    kind: str
    title: str | None
    description: str | None


def read_kinds(sent: Any) -> list[KindDefinition]:
    """Return the kinds in a body: one as an object, or any number in a YAML text.

    Raises `Invalid`; places in one of several documents begin with ``documents[<index>]``.
    """
    documents = read_texts(sent) if isinstance(sent, str) else [sent]
    if not documents:
        raise Invalid.at("", "there is no kind in the text")
    faults = [
        fault.under(f"documents[{index}]") if len(documents) > 1 else fault
        for index, document in enumerate(documents)
        for fault in _faults(document)
    ]
    if faults:
        raise Invalid(faults)
    return [
        KindDefinition(item["kind"], item.get("displayName"), item.get("description"))
        for item in documents
    ]


def _faults(document: Any) -> list[Fault]:
    found = schemas.faults(_CHECKER, document)
    if not found and document["kind"] == TEAM_KIND:
        found.append(Fault("kind", "teams are kept apart; choose another name"))
    return found
