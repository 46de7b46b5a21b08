"""What a definition takes over from another: metadata, when it is written. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from catalog.descriptors.datadog.definitions import Definition
from catalog.descriptors.references import Reference

Metadata = dict[str, Any]

INHERITED = ("description", "owner", "additionalOwners", "tags", "contacts", "links")
_SYSTEMS = frozenset(["system", "application"])
# What follows the one system of its file without saying so.
_FOLLOWERS = frozenset(["service", "datastore", "queue", "ui"])


def bases(definitions: Sequence[Definition]) -> dict[int, Reference]:
    """Return what each definition of a file inherits from, by its index, where it does."""
    systems = [item.reference for item in definitions if item.reference.kind in _SYSTEMS]
    found: dict[int, Reference] = {}
    for index, definition in enumerate(definitions):
        named = definition.whole["metadata"].get("inheritFrom")
        if named is not None:
            found[index] = Reference.parse(named)
        elif len(systems) == 1 and definition.reference.kind in _FOLLOWERS:
            found[index] = systems[0]
    return found


def inherited(
    definitions: Sequence[Definition], stored: Callable[[Reference], Mapping[str, Any] | None]
) -> list[Metadata]:
    """Return what each definition takes over: of its base, and of what that takes over itself.

    What it says itself stays its own. `stored` returns the metadata of an entity outside the file;
    a base that does not exist gives nothing.
    """
    places = {item.reference: index for index, item in enumerate(definitions)}
    base_of = bases(definitions)

    def metadata_of(reference: Reference, behind: frozenset[Reference]) -> Mapping[str, Any]:
        if reference in behind:
            # A circle: nobody in it has more to give.
            return {}
        index = places.get(reference)
        if index is None:
            return stored(reference) or {}
        own: Metadata = definitions[index].whole["metadata"]
        if index not in base_of:
            return own
        return {**_taken(metadata_of(base_of[index], behind | {reference})), **own}

    result = []
    for index, definition in enumerate(definitions):
        taken: Mapping[str, Any] = {}
        if index in base_of:
            taken = metadata_of(base_of[index], frozenset([definition.reference]))
        own = definition.whole["metadata"]
        result.append({key: item for key, item in _taken(taken).items() if key not in own})
    return result


def _taken(metadata: Mapping[str, Any]) -> Metadata:
    return {key: metadata[key] for key in INHERITED if key in metadata}
