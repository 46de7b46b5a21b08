"""Entities as definitions: what was sent, with what the entity says by now."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.blueprints import BlueprintSpec
from catalog.descriptors.datadog.definitions import as_v3
from catalog.descriptors.datadog.evidence import with_facts
from catalog.descriptors.references import Reference
from catalog.models import Entity
from catalog.querysets import EntityQuerySet
from portal.integrations.datadog.definitions.declaring import Name, named
from portal.integrations.datadog.definitions.kinds import (
    blueprint_of,
    keeping_of,
    kind_of,
)
from portal.integrations.models import EntityDefinition
from portal.permissions import Rights
from scorecards.reach import described_blueprints

Document = dict[str, Any]

# What would be decoded for every row, and is read by nobody.
_UNREAD = (
    "properties",
    "computed",
    "problems",
    "blueprint__schema",
    "blueprint__relations",
    "blueprint__mirror_properties",
    "blueprint__calculation_properties",
    "blueprint__aggregation_properties",
)


@dataclass(frozen=True)
class Described:
    """An entity with its definition of today.

    `whole` is everything that holds of it, in v3; `own` is the same without what it inherited.
    `kept` is what was sent, None where nobody defined it.
    """

    entity: Entity
    reference: Reference
    whole: Document
    own: Document
    kept: EntityDefinition | None

    @property
    def version(self) -> str:
        """Return the version of the format in which it was defined."""
        return self.kept.schema_version if self.kept else "v3"

    @property
    def is_service_definition(self) -> bool:
        """Say whether it was defined in a format before entities had kinds."""
        return self.kept is not None and "apiVersion" not in self.kept.document

    @property
    def created_at(self) -> datetime:
        """Return when there was something of it first."""
        return self.entity.created_at

    @property
    def modified_at(self) -> datetime:
        """Return when it was last edited, here or elsewhere."""
        moments = [self.entity.updated_at, *([self.kept.updated_at] if self.kept else [])]
        return max(moments)

    @property
    def raw(self) -> str:
        """Return the definition as it came; where it came as no text of its own, as JSON."""
        if self.kept is None:
            return json.dumps(self.own)
        return self.kept.text or json.dumps(self.kept.document)


def described_entities(rights: Rights) -> EntityQuerySet:
    """Return the entities of all kinds with what was sent of them, in the order they came.

    Those that `rights` may read.
    """
    rows = Entity.objects.filter(blueprint__in=described_blueprints().values("pk"))
    return with_definitions(rows.readable_by(rights)).order_by("id")


def with_definitions(rows: EntityQuerySet) -> EntityQuerySet:
    """Load with entities what `describe` reads of them."""
    return rows.select_related("blueprint", "definition").defer(*_UNREAD)


def entities_called(names: Iterable[Name], *, rights: Rights | None = None) -> dict[Name, Entity]:
    """Return the entities that have these kinds and identifiers, teams included.

    With `rights`, those that these may read.
    """
    wanted = {(blueprint_of(kind), identifier) for kind, identifier in names}
    rows = Entity.objects.filter(named(wanted, "blueprint__identifier", "identifier"))
    rows = rows.readable_by(rights)
    return {
        (kind_of(entity.blueprint.identifier), entity.identifier): entity
        for entity in with_definitions(rows)
    }


def describe(entity: Entity, specs: Mapping[str, BlueprintSpec]) -> Described:
    """Return an entity with its definition of today. No query, where it was loaded for this."""
    kept: EntityDefinition | None = getattr(entity, "definition", None)
    kind = kind_of(entity.blueprint.identifier)
    sent = as_v3(kept.document, kept.schema_version) if kept else {"apiVersion": "v3"}
    reference = _reference(entity, kind, sent.get("metadata", {}))
    names = {"name": reference.name, "namespace": reference.namespace}
    taken = kept.inherited if kept else {}
    own = {**sent, "kind": kind, "metadata": {**sent.get("metadata", {}), **names}}
    said = {**own, "metadata": {**taken, **own["metadata"]}}
    keeping = keeping_of(specs[entity.blueprint.identifier])
    whole = with_facts(said, entity.facts, keeping=keeping, is_loose=kept is None)
    return Described(entity, reference, whole, _without_inherited(whole, own, taken), kept)


def _reference(entity: Entity, kind: str, metadata: Mapping[str, Any]) -> Reference:
    """Return how an entity is named: as in its definition, unless it was renamed since."""
    if metadata:
        sent = Reference(kind, metadata["name"], metadata["namespace"])
        if sent.identifier == entity.identifier:
            return sent
    return Reference.of(kind, entity.identifier)


def _without_inherited(
    whole: Document, own: Mapping[str, Any], taken: Mapping[str, Any]
) -> Document:
    metadata = {
        key: item
        for key, item in whole["metadata"].items()
        if key in own["metadata"] or key not in taken or item != taken[key]
    }
    return {**whole, "metadata": metadata}
