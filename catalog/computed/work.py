"""What moved and what must be worked out again, as plain values. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Edge(NamedTuple):
    """A relation row that came or went; `blueprint` is that of the source."""

    blueprint: str
    relation: str
    source_id: int
    target_id: int


# blueprint -> entity id -> keys of its facts
Moved = dict[str, dict[int, set[str]]]


def merge(into: Moved, more: Moved) -> None:
    """Add what moved in `more` to `into`."""
    for blueprint, by_id in more.items():
        mine = into.setdefault(blueprint, {})
        for entity_id, keys in by_id.items():
            mine.setdefault(entity_id, set()).update(keys)


@dataclass
class Work:
    """What a write did, as far as computed values can depend on it.

    `due` names derived values to work out whatever moved: ``(blueprint, key) -> owner ids``.
    `infer` names inferred relations likewise, ``(blueprint, relation) -> source ids``.
    `recalculate` names entities all of whose calculations are to be run again; `deleted` are the
    ids of entities that are gone, of which only the relation rows in `edges` tell.
    """

    moved: Moved = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    due: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    infer: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    recalculate: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    deleted: frozenset[int] = frozenset()
    # Nothing has to be looked up about entities that this write made: their facts are these, and
    # all their relation rows are among the edges.
    new: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    def note(self, blueprint: str, moved: Mapping[int, Iterable[str]]) -> None:
        """Record the keys that moved for entities of one blueprint."""
        merge(self.moved, {blueprint: {id_: set(keys) for id_, keys in moved.items()}})

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is left to do."""
        return not (self.moved or self.edges or self.due or self.infer or self.recalculate)
