"""What became of a batch: for callers, seen from the drafts they sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from catalog.errors import Fault
from catalog.models import Entity
from catalog.operations.batches import Batch


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: `by_index` holds the entities by the index of the accepted drafts.

    `new_ids` and `unchanged_ids` tell which of them the call made, and which it left as they were.
    `bare` are entities made because drafts pointed at them.
    """

    by_index: dict[int, Entity]
    new_ids: frozenset[int]
    unchanged_ids: frozenset[int]
    bare: list[Entity] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def entities(self) -> list[Entity]:
        """Return the entities in the order of the drafts that were accepted."""
        return list(self.by_index.values())

    @property
    def created(self) -> int:
        """Return how many entities are new."""
        return len(self.new_ids)

    @property
    def updated(self) -> int:
        """Return how many entities there were already, and changed."""
        ids = {entity.pk for entity in self.by_index.values()}
        return len(ids - self.new_ids - self.unchanged_ids)

    @property
    def unchanged(self) -> int:
        """Return how many entities were so already."""
        return len(self.unchanged_ids)


def located(faults: Mapping[int, Sequence[Fault]]) -> list[Fault]:
    """Return the faults of drafts, in the order of the drafts and seen from the batch."""
    return [
        fault.under(f"entities[{index}]") for index in sorted(faults) for fault in faults[index]
    ]


def outcome_of(batches: Sequence[Batch]) -> Outcome:
    """Return what the rounds of a call came to: the entities as the last of them left them."""
    plans = [item for batch in batches for item in batch.plans.items()]
    bare = [plan.entity for batch in batches for plan in batch.bare]
    latest = {plan.entity.pk: plan.entity for _, plan in plans}
    made = {entity.pk for entity in bare} | {plan.entity.pk for _, plan in plans if plan.is_new}
    moved = {plan.entity.pk for _, plan in plans if plan.is_changed}
    faults = {index: found for batch in batches for index, found in batch.faults.items()}
    return Outcome(
        by_index={
            index: latest[plan.entity.pk] for index, plan in sorted(plans, key=itemgetter(0))
        },
        new_ids=frozenset(latest.keys() & made),
        unchanged_ids=frozenset(latest.keys() - made - moved),
        bare=bare,
        faults=located(faults),
    )
