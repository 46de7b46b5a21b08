"""Who moved up and down between levels in a time, read from the history."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.querysets import EntityQuerySet
from scorecards.models import LevelChange
from scorecards.querysets import LevelChangeQuerySet

# Of a time in which more moved, only so many of the newest moves are looked at.
MOST = 20_000
# Rows are committed about, and not exactly, in the order of their stamps.
_SLACK = timedelta(hours=1)


@dataclass(frozen=True)
class Move:
    """An entity that holds another level of a scorecard than before. Links name it."""

    entity: str
    blueprint: str
    identifier: str
    scorecard: str
    from_level: str
    to_level: str
    is_up: bool


@dataclass(frozen=True)
class Moves:
    """Some moves up and down, and how many there were; `is_cut`: there were even more."""

    up: tuple[Move, ...] = ()
    down: tuple[Move, ...] = ()
    up_count: int = 0
    down_count: int = 0
    is_cut: bool = False


@dataclass(frozen=True)
class _Path:
    """From where to where an entity came, by the ids of its first and its last move."""

    first: int
    last: int
    from_rank: int
    to_rank: int

    @property
    def is_move(self) -> bool:
        """Say whether it ends elsewhere than it began. Below 0 is not being graded at all."""
        return min(self.from_rank, self.to_rank) >= 0 and self.from_rank != self.to_rank


def read_moves(
    *,
    scorecard_ids: Collection[int],
    since: datetime,
    until: datetime,
    entities: EntityQuerySet | None = None,
    most: int,
) -> Moves:
    """Return the moves in a time, `most` of each direction: the newest, by name.

    Several moves of an entity are one, from where it began to where it ended.
    """
    rows = LevelChange.objects.filter(scorecard__in=list(scorecard_ids))
    if entities is not None:
        rows = rows.filter(entity__in=entities.values("pk"))
    paths, is_cut = _paths(rows, since, until)
    moved = [path for path in paths.values() if path.is_move]
    ups = [path for path in moved if path.to_rank > path.from_rank]
    downs = [path for path in moved if path.to_rank < path.from_rank]
    return Moves(
        up=_by_name(_named(ups[:most])),
        down=_by_name(_named(downs[:most])),
        up_count=len(ups),
        down_count=len(downs),
        is_cut=is_cut,
    )


def _paths(
    rows: LevelChangeQuerySet, since: datetime, until: datetime
) -> tuple[dict[tuple[int, int], _Path], bool]:
    """Return the path of each entity by each scorecard, the one that moved last first."""
    fields = ("id", "entity_id", "scorecard_id", "from_rank", "to_rank", "at")
    paths: dict[tuple[int, int], _Path] = {}
    for count, (pk, entity, card, from_rank, to_rank, at) in enumerate(
        rows.order_by("-id").values_list(*fields)[: MOST + 1].iterator()
    ):
        if at <= since - _SLACK:
            break
        if count >= MOST:
            return paths, True
        if since < at <= until:
            later = paths.get((entity, card))
            last, rank = (later.last, later.to_rank) if later else (pk, to_rank)
            paths[entity, card] = _Path(pk, last, from_rank, rank)
    return paths, False


def _by_name(moves: Iterable[Move]) -> tuple[Move, ...]:
    # What was written together has no order of its own.
    return tuple(
        sorted(moves, key=lambda move: (move.entity.casefold(), move.blueprint, move.scorecard))
    )


def _named(paths: list[_Path]) -> Iterator[Move]:
    ids = {path.first for path in paths} | {path.last for path in paths}
    found = LevelChange.objects.select_related("entity__blueprint", "scorecard").in_bulk(ids)
    for path in paths:
        first, last = found.get(path.first), found.get(path.last)
        if first is not None and last is not None:
            yield move_between(first, last)


def move_between(first: LevelChange, last: LevelChange) -> Move:
    """Return the move from where one change began to where another ended."""
    return Move(
        entity=str(last.entity),
        blueprint=last.entity.blueprint.identifier,
        identifier=last.entity.identifier,
        scorecard=last.scorecard.title,
        from_level=first.from_level,
        to_level=last.to_level,
        is_up=last.to_rank > first.from_rank,
    )
