"""Drafts: what callers ask an entity to be, read against what is stored and what may be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from catalog import facts as facts_of
from catalog import schemas
from catalog.blueprints import BlueprintSpec
from catalog.conditions.nodes import RELATION_PREFIX
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
    a list of them, or null, `team` is an identifier, a list, or null. `new_identifier` renames an
    entity that exists.
    """

    identifier: str
    title: Any = UNSET
    icon: Any = UNSET
    properties: Any = UNSET
    relations: Any = UNSET
    team: Any = UNSET
    new_identifier: Any = UNSET

    @property
    def is_renaming(self) -> bool:
        """Say whether it asks for another identifier."""
        return self.new_identifier is not UNSET and self.new_identifier != self.identifier

    @property
    def names(self) -> dict[str, Any]:
        """Return the identifiers that it is about, by where they stand."""
        renamed = {"new_identifier": self.new_identifier} if self.is_renaming else {}
        return {"identifier": self.identifier, **renamed}


@dataclass(frozen=True)
class Leniency:
    """What a write lets pass that is a fault otherwise.

    `may_have_unknown`: properties that the blueprint does not define. `may_lack_required`: nothing
    where the blueprint requires something. `may_repeat_computed`: computed properties, and teams
    that are not the entity's own, which are passed over, so that what was read can be sent back.
    """

    may_have_unknown: bool = False
    may_lack_required: bool = False
    may_repeat_computed: bool = False


STRICT = Leniency()


@dataclass
class Plan:
    """One draft on its way into the database. `keys` are those of the facts that it moves."""

    blueprint: str
    entity: Entity
    wishes: relations.Wishes
    is_new: bool
    before: dict[str, Any]
    faults: list[Fault]
    keys: set[str] = field(default_factory=set)

    @property
    def is_changed(self) -> bool:
        """Say whether it says anything new; who says it is not about the entity."""
        return not self.keys <= {"$datasource"}

    @property
    def is_renamed(self) -> bool:
        """Say whether it gives an entity that exists another identifier."""
        return not self.is_new and "$identifier" in self.keys


@dataclass(frozen=True)
class DraftReader:
    """Reads the drafts of one batch. With `is_merge`, what a draft does not mention stays."""

    blueprint: Blueprint
    spec: BlueprintSpec
    is_merge: bool
    by: Actor
    now: datetime
    datasource: str
    leniency: Leniency = STRICT

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
        elif draft.is_renaming:
            entity.identifier = draft.new_identifier
        self._set_texts(entity, draft, faults)
        entity.properties = self._properties(entity, draft, is_new=is_new, faults=faults)
        # What the blueprint has stopped naming stays with the entity, and refuses no other edit.
        checked = {
            key: value
            for key, value in entity.properties.items()
            if key in self.spec.properties or key not in before
        }
        found = schemas.property_faults(
            self.spec.schema,
            checked,
            may_have_unknown=self.leniency.may_have_unknown,
            may_lack_required=self.leniency.may_lack_required,
        )
        faults.extend(fault.under("properties") for fault in found)
        wishes = self._wishes(draft, have, faults)
        if not self.leniency.may_lack_required:
            faults.extend(_required_relations(self.spec, {**have, **wishes}))
        if self.datasource:
            entity.datasource = self.datasource
        return Plan(
            blueprint=self.spec.identifier,
            entity=entity,
            wishes=wishes,
            is_new=is_new,
            before=before,
            faults=faults,
        )

    def bare(self, identifier: str) -> Plan:
        """Return an entity that is nothing yet but pointed at, to be made.

        It has no datasource: who reconciles by that would delete what it never sent itself.
        """
        lenient = Leniency(may_lack_required=True)
        reader = replace(self, is_merge=True, datasource="", leniency=lenient)
        plan = reader.read(EntityDraft(identifier), None, {})
        reader.finish(plan, {})
        return plan

    def _new(self, identifier: str) -> Entity:
        return Entity(
            blueprint=self.blueprint,
            identifier=identifier,
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
        if self.leniency.may_have_unknown:
            faults.extend(_misnamed(given))
        if not self.leniency.may_repeat_computed:
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
        if self.leniency.may_repeat_computed and not is_direct:
            team = UNSET
        if team is None or (team is UNSET and not self.is_merge):
            team = [] if is_direct else UNSET
        if not self.is_merge:
            given = {**dict.fromkeys(self._cleared), **given}
        wishes = relations.read_wishes(
            given,
            None if team is UNSET else team,
            spec=self.spec,
            closed=self.by.rights.closed if self.by.rights else (),
            faults=faults,
        )
        for name in sorted(wishes.keys() & self.spec.inferred_relations):
            # What was read may be sent back; that says nothing.
            if wishes.pop(name) != have.get(name, []):
                faults.append(Fault(f"relations.{name}", self._way_to_say(name)))
        return wishes

    @cached_property
    def _cleared(self) -> list[str]:
        """Return the relations that are cleared unless a draft names them: those that are seen.

        What was read without the others may be sent back.
        """
        spec, sight = self.spec, self.by.sight
        return [name for name in spec.written_relations if sight.sees(spec.relations[name].target)]

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
        if plan.is_changed and not plan.is_new:
            plan.entity.updated_at, plan.entity.updated_by = self.now, self.by.label
            after = facts_of.build(plan.entity, spec=self.spec, related=related)
            plan.keys = facts_of.changed_keys(plan.before, after)
        if plan.is_new:
            # Rules also speak about what an entity lacks.
            plan.keys.add(EVERYTHING)
        plan.entity.facts = after


def _misnamed(properties: Iterable[str]) -> Iterator[Fault]:
    """Yield the keys that cannot name a property: in facts they would pass for something else."""
    for key in sorted(properties):
        if key.startswith(("$", RELATION_PREFIX)):
            yield Fault(f"properties.{key}", "is no name for a property; choose another one")


def _required_relations(
    spec: BlueprintSpec, related: Mapping[str, Sequence[str]]
) -> Iterable[Fault]:
    for relation in spec.relations.values():
        if relation.is_required and not related.get(relation.identifier):
            yield Fault(f"relations.{relation.identifier}", "is required; name an entity")
