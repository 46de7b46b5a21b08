"""Drafts: what callers ask an entity to be, read against what is stored and what may be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from catalog import facts as facts_of
from catalog import schemas
from catalog.blueprints import BlueprintSpec
from catalog.errors import Fault
from catalog.models import Blueprint, Entity
from catalog.operations import relations
from catalog.signals import EVERYTHING
from portal.permissions import Actor


class _Unset:
    """The value of what a draft does not mention."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final[Any] = _Unset()


@dataclass(frozen=True)
class EntityDraft:
    """What a caller wants an entity to be. Parts left UNSET are not mentioned.

    `properties` maps identifiers to JSON values (null clears), `relations` names to an identifier,
    a list of them, or null, `team` is an identifier, a list, or null.
    """

    identifier: str
    title: Any = UNSET
    icon: Any = UNSET
    properties: Any = UNSET
    relations: Any = UNSET
    team: Any = UNSET


@dataclass
class Plan:
    """One draft on its way into the database. `keys` are those of the facts that it moves."""

    entity: Entity
    wishes: relations.Wishes
    is_new: bool
    before: dict[str, Any]
    faults: list[Fault]
    keys: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class DraftReader:
    """Reads the drafts of one batch. With `is_merge`, what a draft does not mention stays."""

    blueprint: Blueprint
    spec: BlueprintSpec
    is_merge: bool
    by: Actor
    now: datetime
    datasource: str

    def read(
        self,
        draft: EntityDraft,
        entity: Entity | None,
        have: Mapping[str, list[str]],
    ) -> Plan:
        """Return the entity as it would be saved, with everything that is wrong with it."""
        faults: list[Fault] = []
        is_new = entity is None
        before = {} if entity is None else entity.facts
        if entity is None:
            entity = self._new(draft.identifier)
        self._set_texts(entity, draft, faults)
        entity.properties = self._properties(entity, draft, is_new=is_new, faults=faults)
        # What the blueprint has stopped naming stays with the entity, and refuses no other edit.
        checked = {
            key: value
            for key, value in entity.properties.items()
            if key in self.spec.properties or key not in before
        }
        faults.extend(
            fault.under("properties")
            for fault in schemas.property_faults(self.spec.schema, checked)
        )
        wishes = self._wishes(draft, have, faults)
        faults.extend(_required_relations(self.spec, {**have, **wishes}))
        return Plan(entity=entity, wishes=wishes, is_new=is_new, before=before, faults=faults)

    def _new(self, identifier: str) -> Entity:
        return Entity(
            blueprint=self.blueprint,
            identifier=identifier,
            datasource=self.datasource,
            created_at=self.now,
            created_by=self.by.label,
            updated_at=self.now,
            updated_by=self.by.label,
        )

    def _set_texts(self, entity: Entity, draft: EntityDraft, faults: list[Fault]) -> None:
        for name, limit in (("title", 1000), ("icon", 100)):
            value = getattr(draft, name)
            if value is UNSET and (self.is_merge or entity.pk is None):
                continue
            value = "" if value is UNSET or value is None else value
            if not isinstance(value, str) or len(value) > limit:
                faults.append(Fault(name, f"give a text of at most {limit} characters"))
                continue
            setattr(entity, name, value)
        entity.title = entity.title or entity.identifier

    def _properties(
        self,
        entity: Entity,
        draft: EntityDraft,
        *,
        is_new: bool,
        faults: list[Fault],
    ) -> dict[str, Any]:
        given = {} if draft.properties is UNSET or draft.properties is None else draft.properties
        if not isinstance(given, Mapping):
            faults.append(Fault("properties", "give an object of property values"))
            given = {}
        for key in sorted(given.keys() & self.spec.computed_keys):
            faults.append(Fault(f"properties.{key}", "is computed by the portal; leave it out"))
        given = {key: value for key, value in given.items() if key not in self.spec.computed_keys}
        old = entity.properties if self.is_merge else {}
        defaults = {
            key: definition["default"]
            for key, definition in self.spec.properties.items()
            if is_new and definition.get("default") is not None
        }
        whole = {**defaults, **old, **given}
        return {key: value for key, value in whole.items() if value is not None}

    def _wishes(
        self, draft: EntityDraft, have: Mapping[str, list[str]], faults: list[Fault]
    ) -> relations.Wishes:
        given = {} if draft.relations is UNSET or draft.relations is None else draft.relations
        if not isinstance(given, Mapping):
            faults.append(Fault("relations", "give an object of relation names to identifiers"))
            given = {}
        is_direct = self.spec.ownership is not None and not self.spec.ownership.is_inherited
        team = draft.team
        if team is None or (team is UNSET and not self.is_merge):
            team = [] if is_direct else UNSET
        if not self.is_merge:
            given = {**dict.fromkeys(self.spec.written_relations), **given}
        wishes = relations.read_wishes(
            given, None if team is UNSET else team, spec=self.spec, faults=faults
        )
        for name in sorted(wishes.keys() & self.spec.inferred_relations):
            # What was read may be sent back; that says nothing.
            if wishes.pop(name) != have.get(name, []):
                faults.append(Fault(f"relations.{name}", self._way_to_say(name)))
        return wishes

    def _way_to_say(self, relation: str) -> str:
        inferred = self.spec.relations[relation].inferred
        prefer = inferred.prefer if inferred else None
        way = f"say so by the relation '{prefer}'" if prefer else "leave it out"
        return f"is inferred by the portal; {way}"

    def finish(self, plan: Plan, have: Mapping[str, list[str]]) -> None:
        """Work out the facts and which keys move; stamp the entity if any do."""
        related = {**have, **plan.wishes}
        after = facts_of.build(plan.entity, spec=self.spec, related=related)
        plan.keys = facts_of.changed_keys(plan.before, after)
        if plan.keys and not plan.is_new:
            plan.entity.updated_at, plan.entity.updated_by = self.now, self.by.label
            after = facts_of.build(plan.entity, spec=self.spec, related=related)
            plan.keys = facts_of.changed_keys(plan.before, after)
        if plan.is_new:
            # Rules also speak about what an entity lacks.
            plan.keys.add(EVERYTHING)
        plan.entity.facts = after


def _required_relations(
    spec: BlueprintSpec, related: Mapping[str, Sequence[str]]
) -> Iterable[Fault]:
    for relation in spec.relations.values():
        if relation.is_required and not related.get(relation.identifier):
            yield Fault(f"relations.{relation.identifier}", "is required; name an entity")
