"""Reading a batch of drafts against what is stored: what is to be written, and what is refused."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from catalog.bulk import chunks
from catalog.computed.graph import CatalogGraph
from catalog.errors import Fault
from catalog.identifiers import identifier_fault
from catalog.models import Blueprint, Entity
from catalog.operations import relations
from catalog.operations.drafts import UNSET, DraftReader, EntityDraft, Plan
from catalog.operations.permits import may_make_bare, write_faults
from catalog.storable import storable_faults
from portal.permissions import Forbidden


@dataclass(frozen=True)
class Batch:
    """What was read: the plans of the sound drafts and the faults of the others, by index.

    `bare` are plans for entities that nobody drafted and sound drafts point at.
    """

    plans: dict[int, Plan]
    bare: list[Plan]
    faults: dict[int, list[Fault]]
    targets: relations.Targets


@dataclass(frozen=True)
class BatchReader:
    """Reads drafts of one blueprint with as many queries for many as for one."""

    reader: DraftReader
    graph: CatalogGraph
    may_create: bool
    may_update: bool
    makes_missing: bool

    def read(self, drafts: Mapping[int, EntityDraft]) -> Batch:
        """Return what the drafts come to; they are known by the index in the caller's batch."""
        clean, faults = _clean(drafts)
        stored = self._stored(clean.values())
        related = relations.current([entity.pk for entity in stored.values()])
        plans: dict[int, Plan] = {}
        for index, draft in clean.items():
            entity = stored.get(draft.identifier)
            if found := list(self._presence_faults(draft, stored)):
                faults[index] = found
                continue
            plans[index] = self.reader.read(draft, entity, related[entity.pk] if entity else {})
        spec = self.reader.spec
        targets = relations.find_targets([plan.wishes for plan in plans.values()], spec)
        self._check_targets(plans.values(), targets)
        faults |= {index: plan.faults for index, plan in plans.items() if plan.faults}
        sound = {index: plan for index, plan in plans.items() if not plan.faults}
        for plan in sound.values():
            self.reader.finish(plan, related[plan.entity.pk] if not plan.is_new else {})
        faults |= self._refused(sound)
        sound = {index: plan for index, plan in sound.items() if index not in faults}
        return Batch(sound, self._bare(sound.values(), targets), faults, targets)

    def _refused(self, plans: Mapping[int, Plan]) -> dict[int, list[Fault]]:
        found = {
            index: write_faults(plan, blueprint=self.reader.blueprint, by=self.reader.by)
            for index, plan in plans.items()
        }
        return {index: faults for index, faults in found.items() if faults}

    def _stored(self, drafts: Iterable[EntityDraft]) -> dict[str, Entity]:
        names = sorted({name for draft in drafts for name in draft.names.values()})
        rows = Entity.objects.filter(blueprint=self.reader.blueprint)
        # In one order: two batches that overlap wait for each other instead of dead-locking.
        rows = rows.order_by("id").select_for_update()
        return {
            entity.identifier: entity for chunk in chunks(names) for entity in rows.named(chunk)
        }

    def _presence_faults(self, draft: EntityDraft, stored: Mapping[str, Entity]) -> Iterator[Fault]:
        """Yield why what is stored, or not, stands against a draft, whatever else it says."""
        blueprint = self.reader.spec.identifier
        is_there = draft.identifier in stored
        if not is_there and (draft.is_renaming or not self.may_create):
            message = f"there is no {blueprint} '{draft.identifier}'; create it first"
            yield Fault("identifier", message, is_missing=True)
        for path, name in draft.names.items():
            is_meant = path == "identifier" and self.may_update
            if name in stored and not is_meant:
                message = f"there is a {blueprint} '{name}' already"
                yield Fault(path, f"{message}; choose another identifier", is_conflict=True)

    def _check_targets(self, plans: Collection[Plan], targets: relations.Targets) -> None:
        """Note in the plans what they point at in vain: nothing, or what is refused itself."""
        for plan, fault in self._strays(plans, targets):
            plan.faults.append(fault)
        while strays := self._strays([plan for plan in plans if not plan.faults], targets):
            for plan, fault in strays:
                plan.faults.append(fault)

    def _strays(
        self, plans: Collection[Plan], targets: relations.Targets
    ) -> list[tuple[Plan, Fault]]:
        return [
            (plan, fault)
            for plan, target in self._missing(plans, targets)
            for fault in relations.target_faults(target, may_be_made=self.makes_missing)
        ]

    def _missing(
        self, plans: Collection[Plan], targets: relations.Targets
    ) -> Iterator[tuple[Plan, relations.Missing]]:
        """Yield what is pointed at and neither stored nor coming with one of the plans."""
        names = frozenset(plan.entity.identifier for plan in plans)
        for plan in plans:
            for target in relations.missing_targets(
                plan.wishes, spec=self.reader.spec, targets=targets, batch=names
            ):
                yield plan, target

    def _bare(self, plans: Collection[Plan], targets: relations.Targets) -> list[Plan]:
        """Return plans for what sound drafts point at and nobody has made."""
        missing = self._missing(plans, targets) if self.makes_missing else ()
        wanted = {(target.blueprint, target.identifier) for _, target in missing}
        if not wanted:
            return []
        rows = Blueprint.objects.filter(identifier__in={blueprint for blueprint, _ in wanted})
        for row in rows:
            if not may_make_bare(row, by=self.reader.by):
                raise Forbidden(f"You may not create any {row.identifier}; name one that exists.")
        readers = {
            row.identifier: replace(
                self.reader, blueprint=row, spec=self.graph.specs[row.identifier]
            )
            for row in rows
        }
        return [readers[blueprint].bare(identifier) for blueprint, identifier in sorted(wanted)]


def _clean(
    drafts: Mapping[int, EntityDraft],
) -> tuple[dict[int, EntityDraft], dict[int, list[Fault]]]:
    """Return the drafts that can be looked up, by index, and what is wrong with the others."""
    clean: dict[int, EntityDraft] = {}
    faults: dict[int, list[Fault]] = {}
    seen: set[str] = set()
    for index, draft in drafts.items():
        parts = {key: value for key, value in vars(draft).items() if value is not UNSET}
        found = storable_faults(parts)
        for path, name in draft.names.items():
            found.extend(fault.at(path) for fault in identifier_fault(name))
        if not found:
            found = [
                Fault(path, "stands twice in this batch; send it once")
                for path, name in draft.names.items()
                if name in seen
            ]
        if found:
            faults[index] = found
        else:
            seen.update(draft.names.values())
            clean[index] = draft
    return clean, faults


def in_rounds(drafts: Sequence[EntityDraft]) -> list[dict[int, EntityDraft]]:
    """Return the drafts by index, in rounds in which no identifier stands twice. Pure.

    Applied round by round, the drafts of one identifier come in the order of the batch.
    """
    rounds: list[dict[int, EntityDraft]] = [{}]
    ready: dict[str, int] = defaultdict(int)
    for index, draft in enumerate(drafts):
        # What is no text is refused in any round, and may be nothing to look up by.
        names = [name for name in draft.names.values() if isinstance(name, str)]
        number = max((ready[name] for name in names), default=0)
        if number == len(rounds):
            rounds.append({})
        rounds[number][index] = draft
        ready.update(dict.fromkeys(names, number + 1))
    return rounds
