"""Creating, changing and deleting entities, one or many, through one set-based path."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from catalog import facts as facts_of
from catalog import registry, schemas
from catalog.blueprints import BlueprintSpec
from catalog.bulk import chunks, update_rows
from catalog.computed.graph import CatalogGraph
from catalog.computed.work import Work
from catalog.errors import Fault, HasDependents, Invalid
from catalog.identifiers import identifier_fault
from catalog.models import Blueprint, Change, Entity
from catalog.operations import history, relations
from catalog.operations.settling import edges_of, note_created, settle, settle_deleted
from catalog.signals import EVERYTHING, muted
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


@dataclass(frozen=True)
class Outcome:
    """What became of a batch. `entities` are in the order of the drafts that were accepted."""

    created: int
    updated: int
    unchanged: int
    entities: list[Entity]
    faults: list[Fault] = field(default_factory=list)


@dataclass
class _Plan:
    """One draft on its way into the database."""

    entity: Entity
    wishes: relations.Wishes
    is_new: bool
    before: dict[str, Any]
    keys: set[str] = field(default_factory=set)


def upsert_entity(
    *,
    blueprint: Blueprint,
    draft: EntityDraft,
    merge: bool = True,
    by: Actor,
    now: datetime,
    datasource: str = "",
) -> Entity:
    """Create or change one entity; raises `Invalid` with paths such as ``properties.tier``."""
    try:
        outcome = upsert_entities(
            blueprint=blueprint, drafts=[draft], merge=merge, by=by, now=now, datasource=datasource
        )
    except Invalid as error:
        raise Invalid(
            Fault(fault.path.removeprefix("entities[0]").removeprefix("."), fault.message)
            for fault in error.faults
        ) from None
    return outcome.entities[0]


def upsert_entities(
    *,
    blueprint: Blueprint,
    drafts: Sequence[EntityDraft],
    merge: bool = True,
    by: Actor,
    now: datetime,
    datasource: str = "",
    is_partial: bool = False,
) -> Outcome:
    """Create or change many entities of one blueprint in one transaction.

    With `merge` what a draft does not mention stays; without, it is cleared. A draft that changes
    nothing writes nothing. Any fault raises `Invalid` and nothing is saved, unless `is_partial`:
    then the faulty drafts are left out and reported in the outcome. Paths of faults start with
    ``entities[<index>]``.
    """
    upsert = _Upsert(
        blueprint=blueprint,
        drafts=drafts,
        is_merge=merge,
        by=by,
        now=now,
        datasource=datasource,
        is_partial=is_partial,
    )
    try:
        return upsert.run()
    except IntegrityError:
        # Somebody else created one of them between our look and our write: now it is an update.
        return upsert.run()


@dataclass(frozen=True)
class _Upsert:
    blueprint: Blueprint
    drafts: Sequence[EntityDraft]
    is_merge: bool
    by: Actor
    now: datetime
    datasource: str
    is_partial: bool

    @transaction.atomic
    def run(self) -> Outcome:
        graph = registry.graph()
        spec = graph.specs[self.blueprint.identifier]
        plans, targets, faults = self._plan(spec)
        if faults and not self.is_partial:
            raise Invalid(faults)
        new = [plan for plan in plans if plan.is_new]
        changed = [plan for plan in plans if plan.keys and not plan.is_new]
        self._write(new, changed, spec=spec, targets=targets, graph=graph)
        return Outcome(
            created=len(new),
            updated=len(changed),
            unchanged=len(plans) - len(new) - len(changed),
            entities=[plan.entity for plan in plans],
            faults=faults,
        )

    def _plan(self, spec: BlueprintSpec) -> tuple[list[_Plan], relations.Targets, list[Fault]]:
        faults: list[Fault] = []
        stored = self._stored()
        related = relations.current([entity.pk for entity in stored.values()])
        by_index: dict[int, _Plan] = {}
        seen: set[str] = set()
        for index, draft in enumerate(self.drafts):
            entity = stored.get(draft.identifier)
            have = related[entity.pk] if entity else {}
            found: list[Fault] = []
            if draft.identifier in seen:
                found.append(Fault("identifier", "stands twice in this batch; send it once"))
            seen.add(draft.identifier)
            by_index[index] = self._read(draft, entity, have, spec=spec, faults=found)
            faults.extend(fault.under(f"entities[{index}]") for fault in found)
        targets = relations.find_targets([plan.wishes for plan in by_index.values()], spec)
        for index, plan in by_index.items():
            missing = relations.target_faults(
                plan.wishes, spec=spec, targets=targets, batch=frozenset(seen)
            )
            faults.extend(fault.under(f"entities[{index}]") for fault in missing)
        bad = {fault.path.split("]")[0] for fault in faults}
        plans = [plan for index, plan in by_index.items() if f"entities[{index}" not in bad]
        for plan in plans:
            self._finish(plan, related[plan.entity.pk] if not plan.is_new else {}, spec)
        return plans, targets, faults

    def _stored(self) -> dict[str, Entity]:
        names = {draft.identifier for draft in self.drafts if isinstance(draft.identifier, str)}
        # In one order: two batches that overlap wait for each other instead of dead-locking.
        rows = Entity.objects.filter(blueprint=self.blueprint).order_by("id").select_for_update()
        return {
            entity.identifier: entity
            for chunk in chunks(sorted(names))
            for entity in rows.named(chunk)
        }

    def _read(
        self,
        draft: EntityDraft,
        entity: Entity | None,
        have: Mapping[str, list[str]],
        *,
        spec: BlueprintSpec,
        faults: list[Fault],
    ) -> _Plan:
        """Return the entity as it would be saved; everything wrong with it goes to `faults`."""
        is_new = entity is None
        before = {} if entity is None else entity.facts
        if entity is None:
            faults.extend(identifier_fault(draft.identifier))
            entity = self._new(draft.identifier)
        self._set_texts(entity, draft, faults)
        entity.properties = self._properties(entity, draft, is_new=is_new, spec=spec, faults=faults)
        faults.extend(
            fault.under("properties")
            for fault in schemas.property_faults(spec.schema, entity.properties)
        )
        wishes = self._wishes(draft, spec, faults)
        faults.extend(_required_relations(spec, {**have, **wishes}))
        return _Plan(entity=entity, wishes=wishes, is_new=is_new, before=before)

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
        entity.title = entity.title or str(entity.identifier)[:1000]

    def _properties(
        self,
        entity: Entity,
        draft: EntityDraft,
        *,
        is_new: bool,
        spec: BlueprintSpec,
        faults: list[Fault],
    ) -> dict[str, Any]:
        given = {} if draft.properties is UNSET or draft.properties is None else draft.properties
        if not isinstance(given, Mapping):
            faults.append(Fault("properties", "give an object of property values"))
            given = {}
        for key in sorted(given.keys() & spec.computed_keys):
            faults.append(Fault(f"properties.{key}", "is computed by the portal; leave it out"))
        given = {key: value for key, value in given.items() if key not in spec.computed_keys}
        is_kept = self.is_merge or draft.properties is UNSET and not is_new
        old = entity.properties if is_kept else {}
        defaults = {
            key: definition["default"]
            for key, definition in spec.properties.items()
            if is_new and definition.get("default") is not None
        }
        whole = {**defaults, **old, **given}
        return {key: value for key, value in whole.items() if value is not None}

    def _wishes(
        self, draft: EntityDraft, spec: BlueprintSpec, faults: list[Fault]
    ) -> relations.Wishes:
        given = {} if draft.relations is UNSET or draft.relations is None else draft.relations
        if not isinstance(given, Mapping):
            faults.append(Fault("relations", "give an object of relation names to identifiers"))
            given = {}
        is_direct = spec.ownership is not None and not spec.ownership.is_inherited
        team = draft.team
        if team is None or (team is UNSET and not self.is_merge):
            team = [] if is_direct else UNSET
        if not self.is_merge:
            given = {**dict.fromkeys(spec.relations), **given}
        return relations.read_wishes(
            given, None if team is UNSET else team, spec=spec, faults=faults
        )

    def _finish(self, plan: _Plan, have: Mapping[str, list[str]], spec: BlueprintSpec) -> None:
        """Work out the facts and which keys move; stamp the entity if any do."""
        related = {**have, **plan.wishes}
        after = facts_of.build(plan.entity, spec=spec, related=related)
        plan.keys = facts_of.changed_keys(plan.before, after)
        if plan.keys and not plan.is_new:
            plan.entity.updated_at, plan.entity.updated_by = self.now, self.by.label
            after = facts_of.build(plan.entity, spec=spec, related=related)
            plan.keys = facts_of.changed_keys(plan.before, after)
        if plan.is_new:
            # Rules also speak about what an entity lacks.
            plan.keys.add(EVERYTHING)
        plan.entity.facts = after

    def _write(
        self,
        new: list[_Plan],
        changed: list[_Plan],
        *,
        spec: BlueprintSpec,
        targets: relations.Targets,
        graph: CatalogGraph,
    ) -> None:
        if not new and not changed:
            return
        Entity.objects.bulk_create([plan.entity for plan in new], batch_size=1_000)
        update_rows([plan.entity for plan in changed], fields=_WRITTEN)
        made = {(spec.identifier, plan.entity.identifier): plan.entity.pk for plan in new}
        edges = relations.write(
            {plan.entity.pk: plan.wishes for plan in (*new, *changed)},
            spec=spec,
            targets=relations.Targets({**targets.ids, **made}),
        )
        history.record(self._change(plan) for plan in (*new, *changed))
        work = Work(edges=edges)
        work.note(spec.identifier, {plan.entity.pk: plan.keys for plan in (*new, *changed)})
        note_created(work, spec.identifier, {plan.entity.pk for plan in new}, graph)
        settle(work, graph=graph, now=self.now)
        _reload([plan.entity for plan in (*new, *changed)])

    def _change(self, plan: _Plan) -> Change:
        return history.entity_change(
            plan.entity, before=plan.before, after=plan.entity.facts, by=self.by, now=self.now
        )


_WRITTEN = ("title", "icon", "properties", "facts", "updated_at", "updated_by")


def _required_relations(
    spec: BlueprintSpec, related: Mapping[str, Sequence[str]]
) -> Iterable[Fault]:
    for relation in spec.relations.values():
        if relation.is_required and not related.get(relation.identifier):
            yield Fault(f"relations.{relation.identifier}", "is required; name an entity")


def _reload(entities: Sequence[Entity]) -> None:
    """Give the caller's objects what settling wrote behind their back."""
    by_id = {entity.pk: entity for entity in entities}
    for chunk in chunks(by_id):
        rows = Entity.objects.filter(id__in=chunk)
        for id_, computed, facts, problems in rows.values_list(
            "id", "computed", "facts", "problems"
        ):
            by_id[id_].computed, by_id[id_].facts = computed, facts
            by_id[id_].problems = problems


@transaction.atomic
def delete_entities(
    *,
    entities: Collection[Entity],
    by: Actor,
    now: datetime,
    delete_dependents: bool = False,
) -> int:
    """Delete entities; return how many went.

    Raises `HasDependents` where others require one of them, unless `delete_dependents`.
    """
    doomed = {entity.pk: entity for entity in entities}
    while dependents := _dependents(doomed):
        if not delete_dependents:
            names = ", ".join(
                f"{row.blueprint.identifier}/{row.identifier}" for row in dependents[:5]
            )
            more = f" and {len(dependents) - 5} more" if len(dependents) > 5 else ""
            raise HasDependents(f"still required by {names}{more}; delete them too, or first")
        doomed |= {row.pk: row for row in dependents}
    edges = edges_of(doomed)
    with muted():
        for chunk in chunks(doomed):
            Entity.objects.filter(id__in=chunk).delete()
    settle_deleted(doomed.values(), edges=edges, by=by, now=now)
    return len(doomed)


def _dependents(doomed: Mapping[int, Entity]) -> list[Entity]:
    """Return the entities outside that have a required relation to one inside."""
    specs = registry.graph().specs.values()
    required = [
        (spec.identifier, relation.identifier)
        for spec in specs
        for relation in spec.relations.values()
        if relation.is_required
    ]
    found: dict[int, Entity] = {}
    for blueprint, relation in required:
        for chunk in chunks(doomed):
            rows = Entity.objects.of(blueprint).filter(
                outgoing__relation=relation, outgoing__target_id__in=chunk
            )
            found |= {row.pk: row for row in rows.select_related("blueprint")}
    return [row for id_, row in found.items() if id_ not in doomed]
