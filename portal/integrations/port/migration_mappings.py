"""Mappings from the entities of one blueprint to those of another.

They are what mappings of webhooks are (see `portal.integrations.webhooks.mappings`), but their
programs see the source entity as clients do, and ``.item`` for each of the items to parse.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.computed import jq
from catalog.errors import Fault, Invalid
from catalog.storable import storable_faults
from portal.integrations.webhooks.applying import body_of
from portal.integrations.webhooks.mappings import EntityMapping, compile_faults, parse_mappings

Json = dict[str, Any]
# How many programs one mapping may have.
_MAX_PROGRAMS = 500


@dataclass(frozen=True)
class Made:
    """What a mapping makes of the source entity at a position: a body, or why there is none."""

    source: int
    body: Json | None
    message: str = ""


def read(document: Any) -> EntityMapping:
    """Return the mapping that a JSON value describes; raises `Invalid`."""
    try:
        (mapping,) = parse_mappings([document])
    except Invalid as error:
        raise Invalid(_seen_alone(fault) for fault in error.faults) from None
    if mapping.is_delete:
        raise Invalid.at("mapping.operation", "a migration only creates; leave it out")
    return mapping


def check(mapping: EntityMapping) -> None:
    """Raise `Invalid` where programs of a mapping do not compile."""
    if len(mapping.tree.programs) > _MAX_PROGRAMS:
        raise Invalid.at("mapping.entity", f"has more than {_MAX_PROGRAMS} programs; map less")
    if faults := compile_faults([mapping]):
        raise Invalid(map(_seen_alone, faults))


def _seen_alone(fault: Fault) -> Fault:
    return fault.at(fault.path.replace("mappings[0]", "mapping", 1))


def made(mapping: EntityMapping, documents: Sequence[Json], *, now: datetime) -> Iterator[Made]:
    """Yield what a mapping makes of source entities, in their order.

    A part whose program failed is told, and the body goes without it.
    """
    pairs = [(mapping.program, document) for document in documents]
    for source, answer in enumerate(jq.evaluate_many(pairs, now=now)):
        wishes, problems = mapping.read(answer)
        for problem in problems:
            yield Made(source, None, f"{problem.path or 'mapping'}: {problem.message}")
        for wish in wishes:
            yield _made(source, body_of(wish))


def _made(source: int, body: Json) -> Made:
    if not isinstance(body["identifier"], str | dict) or not body["identifier"]:
        return Made(source, None, "entity.identifier: the program must return a text")
    if faults := storable_faults(body):
        return Made(source, None, f"entity.{faults[0].path}: {faults[0].message}")
    return Made(source, body)
