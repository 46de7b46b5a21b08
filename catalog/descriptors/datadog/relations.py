"""The relations that a definition declares, each of them in both directions. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalog.descriptors.datadog.definitions import Definition
from catalog.descriptors.references import Reference
from catalog.errors import Fault, Invalid
from catalog.identifiers import identifier_fault


class RelationType(StrEnum):
    """What one entity is to another, in the words of the API."""

    OWNS = "RelationTypeOwns"
    OWNED_BY = "RelationTypeOwnedBy"
    OTHER_OWNS = "RelationTypeOtherOwns"
    OTHER_OWNED_BY = "RelationTypeOtherOwnedBy"
    DEPENDS_ON = "RelationTypeDependsOn"
    DEPENDENCY_OF = "RelationTypeDependencyOf"
    PARTS_OF = "RelationTypePartsOf"
    HAS_PART = "RelationTypeHasPart"
    IMPLEMENTED_BY = "RelationTypeImplementedBy"
    IMPLEMENTS = "RelationTypeImplements"


_PAIRS = (
    (RelationType.OWNED_BY, RelationType.OWNS),
    (RelationType.OTHER_OWNED_BY, RelationType.OTHER_OWNS),
    (RelationType.DEPENDS_ON, RelationType.DEPENDENCY_OF),
    (RelationType.PARTS_OF, RelationType.HAS_PART),
    (RelationType.IMPLEMENTED_BY, RelationType.IMPLEMENTS),
)
INVERSE = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
# What `spec` declares, seen from the entity that declares it.
_BY_KEY = {
    "dependsOn": RelationType.DEPENDS_ON,
    "dependencyOf": RelationType.DEPENDENCY_OF,
    "componentOf": RelationType.PARTS_OF,
    "components": RelationType.HAS_PART,
    "implementedBy": RelationType.IMPLEMENTED_BY,
}


@dataclass(frozen=True, order=True)
class Declared:
    """One relation, in one direction."""

    type: RelationType
    source: Reference
    target: Reference

    @property
    def inverse(self) -> "Declared":
        """Return the same relation, seen from its other end."""
        return Declared(INVERSE[self.type], self.target, self.source)


def declared(definition: Definition) -> set[Declared]:
    """Return the relations of a definition in both directions, ownership by its owner aside.

    Raises `Invalid` with the place of each name that is no reference.
    """
    faults: list[Fault] = []
    found: set[Declared] = set()
    own = definition.reference
    for path, type_, name in _named(definition.whole):
        try:
            is_team = type_ is RelationType.OTHER_OWNED_BY
            target = Reference.team(name) if is_team else Reference.parse(name)
        except ValueError as error:
            faults.append(Fault(path, str(error)))
            continue
        faults.extend(fault.at(path) for fault in reference_faults(target))
        one = Declared(type_, own, target)
        found |= {one, one.inverse}
    base = definition.whole["metadata"].get("inheritFrom")
    if base is not None:
        try:
            Reference.parse(base)
        except ValueError as error:
            faults.append(Fault("metadata.inheritFrom", str(error)))
    if faults:
        raise Invalid(faults)
    return found


def reference_faults(reference: Reference) -> Iterator[Fault]:
    """Yield why nothing could ever be named so."""
    if len(reference.kind) > 100:
        yield Fault("", "the kind is too long: at most 100 characters")
    yield from identifier_fault(reference.identifier)


def _named(whole: Mapping[str, Any]) -> Iterator[tuple[str, RelationType, str]]:
    """Yield what a definition names as related: the place, the type and the name."""
    for key, type_ in _BY_KEY.items():
        for index, name in enumerate(whole.get("spec", {}).get(key, [])):
            yield f"spec.{key}[{index}]", type_, name
    for index, owner in enumerate(whole["metadata"].get("additionalOwners", [])):
        # Clients send owners without a name for none.
        if owner["name"]:
            path = f"metadata.additionalOwners[{index}].name"
            yield path, RelationType.OTHER_OWNED_BY, owner["name"]
