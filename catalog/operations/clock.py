"""Working values out again that time alone has moved: alone, or with other workers.

First one process makes the samples that are missing: part of them would be read as all. Then the
entities that time can have moved are gone through in ranges of ids, in any order and by anybody.
When the last is done, that is noted: the next time looks at what moved since.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache

from django.db import transaction

from catalog import registry
from catalog.blueprints import Aggregation
from catalog.bulk import chunks
from catalog.computed import clockwork, shelf
from catalog.computed.graph import CatalogGraph
from catalog.computed.work import Work
from catalog.models import Entity
from catalog.operations.settling import settle
from portal import pieces
from portal.models import Piece

WORK = "values by the clock"
CHUNK = 1_000


def refresh_clock_values(*, now: datetime) -> int:
    """Work out the values that move with time alone; return how many entities were looked at.

    Of values that are read off samples, only those that a sample's way into a window or out of it,
    or a begun interval, can have moved since the last time.
    """
    graph = registry.graph()
    moved = _Moved(graph, now)
    seen = sum(moved.work_out(name, *within, now=now) for name, *within in moved.ranges())
    clockwork.note_sweep(graph, now=now)
    # What was cut before has been done with.
    pieces.forget(work=WORK)
    _tidy(graph, now=now)
    return seen


def refresh_clock_values_together(*, ask: pieces.Ask, clock: Callable[[], datetime]) -> int:
    """Do the same with those who are asked to help; return how many entities this process saw."""
    seen = pieces.take_round(by_the_clock(clock=clock), ask=ask, clock=clock)
    _tidy(registry.graph(), now=clock())
    return seen


def by_the_clock(*, clock: Callable[[], datetime]) -> pieces.Round:
    """Return the values that move with time alone, as work to share."""
    # Once a process, unless blueprints are edited meanwhile.
    moved_in = lru_cache(maxsize=1)(_Moved)

    def work_out(piece: Piece, begun_at: datetime) -> int:
        moved = moved_in(registry.graph(), begun_at)
        # By now, not by then: an event may have come since.
        return moved.work_out(piece.scope, piece.first, piece.last, now=clock())

    return pieces.Round(
        work=WORK,
        ranges=lambda begun_at: moved_in(registry.graph(), begun_at).ranges(),
        do=work_out,
        end=lambda begun_at: clockwork.note_sweep(registry.graph(), now=begun_at),
    )


def _tidy(graph: CatalogGraph, *, now: datetime) -> None:
    shelf.roll_up(graph, now=now)
    shelf.drop_unused(graph)


class _Moved:
    """What time alone can have moved until a moment: values read off samples, and whole blueprints.

    Of the first kind it is known whose; the others are worked out for every entity.
    """

    def __init__(self, graph: CatalogGraph, until: datetime) -> None:
        self._graph = graph
        moved = clockwork.moved_since_last_time(graph, now=until)
        self._owners = {name: sorted(owners) for name, owners in moved.items()}

    def ranges(self) -> Iterator[pieces.Range]:
        """Yield ranges of ids that hold all that may have moved, some entities each."""
        for blueprint in self._graph.specs:
            rows = Entity.objects.of(blueprint).order_by("id").values_list("id", flat=True)
            if self._is_whole(blueprint):
                ids = rows
            else:
                ids = sorted(set().union(*self._owners_in(blueprint).values()))
            for chunk in chunks(ids, CHUNK):
                yield blueprint, chunk[0], chunk[-1]

    def work_out(self, blueprint: str, first: int, last: int, *, now: datetime) -> int:
        """Work out what may have moved in a range; return how many entities that were."""
        if blueprint not in self._graph.specs:
            return 0
        work = self._work(blueprint, first, last)
        if not work.is_empty:
            with transaction.atomic():
                settle(work, graph=self._graph, now=now)
        return len(set().union(*work.due.values(), *work.recalculate.values()))

    def _work(self, blueprint: str, first: int, last: int) -> Work:
        work = Work()
        for key, owners in self._owners_in(blueprint).items():
            within = owners[bisect_left(owners, first) : bisect_right(owners, last)]
            if within:
                work.due[blueprint, key] = set(within)
        if self._is_whole(blueprint):
            rows = Entity.objects.of(blueprint).filter(id__range=(first, last))
            ids = set(rows.values_list("id", flat=True))
            if not ids:
                return work
            for key in self._unplanned(blueprint):
                work.due[blueprint, key] = ids
            if self._recalculates(blueprint):
                work.recalculate[blueprint] = ids
        return work

    def _is_whole(self, blueprint: str) -> bool:
        return self._recalculates(blueprint) or bool(self._unplanned(blueprint))

    def _owners_in(self, blueprint: str) -> dict[str, list[int]]:
        return {key: ids for (name, key), ids in self._owners.items() if name == blueprint}

    def _unplanned(self, blueprint: str) -> list[str]:
        """Return the aggregations that move with the clock and are not read off samples."""
        return [
            key
            for key, derived in self._graph.derived[blueprint].items()
            if isinstance(derived.source, Aggregation)
            and derived.source.moves_with_clock
            and derived.plan is None
        ]

    def _recalculates(self, blueprint: str) -> bool:
        calculations = self._graph.specs[blueprint].calculations.values()
        return any(item.reads_clock for item in calculations)
