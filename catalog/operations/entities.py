"""Creating and changing entities, one or many, through one set-based path."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from catalog import registry
from catalog.bulk import chunks, update_rows
from catalog.computed.graph import CatalogGraph
from catalog.computed.work import Work
from catalog.errors import Fault, Invalid
from catalog.models import Blueprint, Entity
from catalog.operations import history, relations
from catalog.operations.batches import Batch, BatchReader, in_rounds
from catalog.operations.drafts import STRICT, DraftReader, EntityDraft, Leniency, Plan
from catalog.operations.outcomes import Outcome, located, outcome_of
from catalog.operations.settling import note_created, note_renamed, settle
from catalog.signals import entities_renamed
from catalog.storable import storable_faults
from portal.permissions import Actor

# Writers that create the same entities meet again and again only if each brings others along.
_ATTEMPTS = 5


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
        raise Invalid(fault.out_of("entities[0]") for fault in error.faults) from None
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
    leniency: Leniency = STRICT,
    create_missing: bool = False,
    create_only: bool = False,
    update_only: bool = False,
    may_repeat: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Create or change many entities of one blueprint in one transaction.

    With `merge` what a draft does not mention stays; without, it is cleared. A draft that changes
    nothing writes nothing, unless `datasource` names another writer than the last: that is kept,
    and nothing else. Any fault raises `Invalid` and nothing is saved, unless `is_partial`: then
    the faulty drafts are left out and reported in the outcome. Paths of faults start with
    ``entities[<index>]``.

    `leniency` lets pass what is otherwise a fault. With `create_missing`, entities that sound
    drafts point at and that do not exist are created with nothing but an identifier; teams and
    users are not. With `create_only` a draft of an entity that exists is a fault (`is_conflict`),
    with `update_only` one of an entity that does not (`is_missing`). A new identifier that is taken
    is a conflict too, and renaming what does not exist names what is missing.

    With `may_repeat` drafts of the same entity are applied one after the other, each at the cost of
    a batch of its own. A `dry_run` does everything, tells nobody and takes it back: its outcome is
    what would be, with ids that nothing has.
    """
    _check_datasource(datasource)
    upsert = _Upsert(
        blueprint=blueprint,
        rounds=in_rounds(drafts) if may_repeat else [dict(enumerate(drafts))],
        is_merge=merge,
        by=by,
        now=now,
        datasource=datasource,
        is_partial=is_partial,
        leniency=leniency,
        makes_missing=create_missing,
        may_create=not update_only,
        may_update=not create_only,
        is_dry=dry_run,
    )
    for _ in range(_ATTEMPTS - 1):
        try:
            return upsert.run()
        except IntegrityError:
            # Somebody else created one of them between our look and our write: now it is there.
            continue
    return upsert.run()


def _check_datasource(datasource: str) -> None:
    limit = Entity._meta.get_field("datasource").max_length
    faults = [fault.at("datasource") for fault in storable_faults(datasource)]
    if len(datasource) > limit:
        faults.append(Fault("datasource", f"give a text of at most {limit} characters"))
    if faults:
        raise Invalid(faults)


@dataclass(frozen=True)
class _Upsert:
    blueprint: Blueprint
    rounds: Sequence[dict[int, EntityDraft]]
    is_merge: bool
    by: Actor
    now: datetime
    datasource: str
    is_partial: bool
    leniency: Leniency
    makes_missing: bool
    may_create: bool
    may_update: bool
    is_dry: bool

    @transaction.atomic
    def run(self) -> Outcome:
        graph = registry.graph()
        reader = self._reader(graph)
        batches = []
        for drafts in self.rounds:
            batch = reader.read(drafts)
            if batch.faults and not self.is_partial:
                raise Invalid(located(batch.faults))
            self._write(batch, graph)
            batches.append(batch)
        if self.is_dry:
            transaction.set_rollback(True)
        return outcome_of(batches)

    def _reader(self, graph: CatalogGraph) -> BatchReader:
        reader = DraftReader(
            blueprint=self.blueprint,
            spec=registry.still_named(graph.specs, self.blueprint.identifier),
            is_merge=self.is_merge,
            by=self.by,
            now=self.now,
            datasource=self.datasource,
            leniency=self.leniency,
        )
        return BatchReader(
            reader=reader,
            graph=graph,
            may_create=self.may_create,
            may_update=self.may_update,
            makes_missing=self.makes_missing,
        )

    def _write(self, batch: Batch, graph: CatalogGraph) -> None:
        drafted = [plan for plan in batch.plans.values() if plan.keys]
        written = [*batch.bare, *drafted]
        if not written:
            return
        new = [plan for plan in written if plan.is_new]
        if self.makes_missing:
            # In one order: batches that make the same wait for each other, and not in a circle.
            new.sort(key=lambda plan: (plan.entity.blueprint_id, plan.entity.identifier))
        Entity.objects.bulk_create([plan.entity for plan in new], batch_size=1_000)
        renamed = {plan.before["$identifier"]: plan.entity for plan in drafted if plan.is_renamed}
        fields = (*_WRITTEN, "identifier") if renamed else _WRITTEN
        update_rows([plan.entity for plan in written if not plan.is_new], fields=fields)
        named = {(plan.blueprint, plan.entity.identifier): plan.entity.pk for plan in written}
        edges = relations.write(
            {plan.entity.pk: plan.wishes for plan in drafted},
            spec=graph.specs[self.blueprint.identifier],
            targets=relations.Targets({**batch.targets.ids, **named}),
        )
        history.record(
            history.entity_change(
                plan.entity, before=plan.before, after=plan.entity.facts, by=self.by, now=self.now
            )
            for plan in written
            if plan.is_changed
        )
        work = Work(edges=edges)
        _note(work, written, graph)
        note_renamed(work, [entity.pk for entity in renamed.values()], graph)
        if renamed:
            names = {old: entity.identifier for old, entity in renamed.items()}
            entities_renamed.send(sender=Entity, blueprint=self.blueprint.identifier, names=names)
        settle(work, graph=graph, now=self.now, is_told=not self.is_dry)
        _reload([plan.entity for plan in written])


_WRITTEN = ("title", "icon", "properties", "facts", "updated_at", "updated_by", "datasource")


def _note(work: Work, plans: Collection[Plan], graph: CatalogGraph) -> None:
    grouped: dict[str, list[Plan]] = defaultdict(list)
    for plan in plans:
        grouped[plan.blueprint].append(plan)
    for blueprint, together in grouped.items():
        work.note(blueprint, {plan.entity.pk: plan.keys for plan in together})
        new = {plan.entity.pk: plan.entity.facts for plan in together if plan.is_new}
        note_created(work, blueprint, new.keys(), graph)
        work.new |= new


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
