"""Creating and changing entities, one or many, through one set-based path."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.bulk import chunks, update_rows
from catalog.computed.graph import CatalogGraph
from catalog.computed.work import Work
from catalog.errors import Fault, Invalid
from catalog.identifiers import identifier_fault
from catalog.models import Blueprint, Change, Entity
from catalog.operations import history, relations
from catalog.operations.drafts import UNSET, DraftReader, EntityDraft, Plan
from catalog.operations.settling import note_created, settle
from catalog.storable import storable_faults
from portal.permissions import Actor


@dataclass(frozen=True)
class Outcome:
    """What became of a batch. `entities` are in the order of the drafts that were accepted."""

    created: int
    updated: int
    unchanged: int
    entities: list[Entity]
    faults: list[Fault] = field(default_factory=list)


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

    def _plan(self, spec: BlueprintSpec) -> tuple[list[Plan], relations.Targets, list[Fault]]:
        reader = DraftReader(
            blueprint=self.blueprint,
            spec=spec,
            is_merge=self.is_merge,
            by=self.by,
            now=self.now,
            datasource=self.datasource,
        )
        clean, faults = self._clean()
        stored = self._stored(clean.values())
        related = relations.current([entity.pk for entity in stored.values()])
        plans: dict[int, Plan] = {}
        for index, draft in clean.items():
            entity = stored.get(draft.identifier)
            plans[index] = reader.read(draft, entity, related[entity.pk] if entity else {})
        targets = relations.find_targets([plan.wishes for plan in plans.values()], spec)
        _check_targets(plans.values(), spec=spec, targets=targets)
        for index, plan in plans.items():
            faults[index] = [*faults[index], *plan.faults]
        sound = [plan for plan in plans.values() if not plan.faults]
        for plan in sound:
            reader.finish(plan, related[plan.entity.pk] if not plan.is_new else {})
        found = [
            fault.under(f"entities[{index}]") for index in sorted(faults) for fault in faults[index]
        ]
        return sound, targets, found

    def _clean(self) -> tuple[dict[int, EntityDraft], dict[int, list[Fault]]]:
        """Return the drafts that can be looked up, by index, and what is wrong with the others."""
        clean: dict[int, EntityDraft] = {}
        faults: dict[int, list[Fault]] = defaultdict(list)
        seen: set[str] = set()
        for index, draft in enumerate(self.drafts):
            parts = {key: value for key, value in vars(draft).items() if value is not UNSET}
            found = [*storable_faults(parts), *identifier_fault(draft.identifier)]
            if not found and draft.identifier in seen:
                found = [Fault("identifier", "stands twice in this batch; send it once")]
            if found:
                faults[index] = found
            else:
                seen.add(draft.identifier)
                clean[index] = draft
        return clean, faults

    def _stored(self, drafts: Iterable[EntityDraft]) -> dict[str, Entity]:
        names = sorted(draft.identifier for draft in drafts)
        # In one order: two batches that overlap wait for each other instead of dead-locking.
        rows = Entity.objects.filter(blueprint=self.blueprint).order_by("id").select_for_update()
        return {
            entity.identifier: entity for chunk in chunks(names) for entity in rows.named(chunk)
        }

    def _write(
        self,
        new: list[Plan],
        changed: list[Plan],
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

    def _change(self, plan: Plan) -> Change:
        return history.entity_change(
            plan.entity, before=plan.before, after=plan.entity.facts, by=self.by, now=self.now
        )


_WRITTEN = ("title", "icon", "properties", "facts", "updated_at", "updated_by")


def _check_targets(
    plans: Collection[Plan], *, spec: BlueprintSpec, targets: relations.Targets
) -> None:
    """Note in the plans what they point at in vain: nothing, or what is refused itself."""
    batch = frozenset(plan.entity.identifier for plan in plans)
    for plan in plans:
        found = relations.target_faults(plan.wishes, spec=spec, targets=targets, batch=batch)
        plan.faults.extend(found)
    while True:
        batch = frozenset(plan.entity.identifier for plan in plans if not plan.faults)
        orphans = {
            plan.entity.identifier: found
            for plan in plans
            if not plan.faults
            and (
                found := list(
                    relations.target_faults(plan.wishes, spec=spec, targets=targets, batch=batch)
                )
            )
        }
        if not orphans:
            return
        for plan in plans:
            plan.faults.extend(orphans.get(plan.entity.identifier, ()))


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
