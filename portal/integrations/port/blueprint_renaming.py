"""Giving a blueprint, or an item of one, another name, with what is kept beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import operations, renames
from catalog.errors import Conflict, Invalid, NotFound
from catalog.models import Blueprint
from catalog.registry import document_of
from portal.integrations.models import BlueprintNote
from portal.integrations.port import blueprint_codec as codec
from portal.integrations.port.blueprint_notes import note_of
from portal.integrations.port.derived import DERIVED
from portal.permissions import Actor


@dataclass(frozen=True)
class Kind:
    """A kind of item.

    `section` of our document has it, `path` leads to it in theirs, and `names` are the keys of a
    body under which its new name may stand.
    """

    noun: str
    section: str
    path: tuple[str, ...]
    names: tuple[str, ...]

    def items_of(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the items of this kind in a document of ours."""
        whole = document[self.section]
        return whole["properties"] if self.section == "schema" else whole

    def name_in(self, body: Mapping[str, Any]) -> str:
        """Return the new name that a body gives; raises `Invalid`."""
        name = next((body[key] for key in self.names if key in body), None)
        if not isinstance(name, str):
            raise Invalid.at(self.names[0], "give the new name")
        return name


PROPERTY = Kind(
    noun="property",
    section="schema",
    path=("schema", "properties"),
    names=("newPropertyName", "newPropertyIdentifier"),
)
MIRROR = Kind(
    noun="mirror property",
    section="mirror_properties",
    path=("mirrorProperties",),
    names=("newMirrorName", "newMirrorIdentifier"),
)
RELATION = Kind(
    noun="relation",
    section="relations",
    path=("relations",),
    names=("newRelationName", "newRelationIdentifier"),
)


@transaction.atomic
def rename_item(
    *, blueprint: Blueprint, kind: Kind, key: str, new_key: str, by: Actor, now: datetime
) -> None:
    """Give a property, a mirror or a relation another name.

    Raises `NotFound` where the blueprint has no such item, `Conflict` where it only waits to be, or
    where the catalog finds a reason, `Invalid` for what is no name.
    """
    if any(item["key"] == key for item in note_of(blueprint).waiting):
        raise Conflict(f"'{key}' waits for what is missing; send it under its new name")
    if key not in kind.items_of(document_of(blueprint)):
        raise NotFound(f"There is no {kind.noun} '{key}' in '{blueprint.identifier}'.")
    change = operations.rename_relation if kind is RELATION else operations.rename_property
    try:
        change(blueprint=blueprint, key=key, new_key=new_key, by=by, now=now)
    except Invalid as error:
        faults = [replace(fault, path=fault.path or kind.names[0]) for fault in error.faults]
        raise codec.in_their_words(Invalid(faults), own=blueprint.identifier) from None
    for note in BlueprintNote.objects.filter(blueprint=blueprint):
        note.extras = _rekeyed(note.extras, kind.path, key, new_key)
        note.save()


@transaction.atomic
def rename_blueprint(
    *, blueprint: Blueprint, identifier: Any, by: Actor, now: datetime
) -> Blueprint:
    """Give a blueprint another identifier; what waits and points at it follows too."""
    if not isinstance(identifier, str):
        raise Invalid.at("identifier", "give a text")
    if identifier in DERIVED:
        raise Conflict(f"'{identifier}' belongs to the portal, and is there already.")
    old = blueprint.identifier
    for note in BlueprintNote.objects.exclude(waiting=[]):
        note.waiting = [_pointing_anew(item, old, identifier) for item in note.waiting]
        note.save()
    try:
        return operations.rename_blueprint(
            blueprint=blueprint, identifier=identifier, by=by, now=now
        )
    except Invalid as error:
        raise codec.in_their_words(error, own=identifier) from None


def _pointing_anew(item: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    document = {item["section"]: {item["key"]: item["definition"]}}
    changed = renames.with_blueprint_renamed(document, old, new)
    return {**item, "definition": changed[item["section"]][item["key"]]}


def _rekeyed(whole: dict[str, Any], path: tuple[str, ...], old: str, new: str) -> dict[str, Any]:
    """Return an object in which one key, at the end of a path, is another."""
    if not path:
        return {new if key == old else key: item for key, item in whole.items()}
    if path[0] not in whole:
        return whole
    return {**whole, path[0]: _rekeyed(whole[path[0]], path[1:], old, new)}
