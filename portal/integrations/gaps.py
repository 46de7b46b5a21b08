"""Ids that were passed over because their rows were not there yet. Pure.

A database hands ids out before rows are committed, so a higher one can be seen first. What does not
come within an hour was rolled back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Q

PATIENCE = timedelta(hours=1)


@dataclass(frozen=True)
class Gap:
    """The ids from `first` to `last`, first missed at `seen_at`."""

    first: int
    last: int
    seen_at: datetime


@dataclass(frozen=True)
class Gaps:
    """The ids that may still come, in order."""

    gaps: tuple[Gap, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gaps)

    @classmethod
    def parse(cls, raw: Iterable[Sequence[Any]]) -> Self:
        """Return the gaps that `dump` wrote."""
        return cls(tuple(Gap(first, last, datetime.fromisoformat(at)) for first, last, at in raw))

    def dump(self) -> list[list[Any]]:
        """Return the gaps as JSON."""
        return [[gap.first, gap.last, gap.seen_at.isoformat()] for gap in self.gaps]

    def query(self) -> Q:
        """Return what selects the rows that have come meanwhile."""
        query = Q(pk__in=[])
        for gap in self.gaps:
            query |= Q(pk__gte=gap.first, pk__lte=gap.last)
        return query

    def without(self, ids: Sequence[int], *, now: datetime) -> Self:
        """Return what is left when these have come, and what is too old is given up."""
        left: list[Gap] = []
        for gap in self.gaps:
            if now - gap.seen_at < PATIENCE:
                own = [id_ for id_ in ids if gap.first <= id_ <= gap.last]
                left.extend(_between(gap.first - 1, [*own, gap.last + 1], gap.seen_at))
        return type(self)(tuple(left))

    def after(self, position: int, ids: Sequence[int], *, now: datetime) -> Self:
        """Return the gaps with those between ids that were read after a position."""
        return type(self)((*self.gaps, *_between(position, ids, now)))


def _between(position: int, ids: Sequence[int], seen_at: datetime) -> Iterable[Gap]:
    for id_ in ids:
        if id_ > position + 1:
            yield Gap(position + 1, id_ - 1, seen_at)
        position = id_
