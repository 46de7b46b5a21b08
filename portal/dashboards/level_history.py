"""The levels that an entity held by the scorecards that grade it, for charts and tables."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from catalog.models import Entity
from portal.dashboards.level_charts import Stay
from portal.dashboards.moves import Move, moves_of
from scorecards.models import Level, LevelChange, Scorecard

# Of a scorecard whose levels moved more often, only the latest moves are drawn.
MOST = 200
_LEAST = timedelta(days=1)


@dataclass(frozen=True)
class LevelHistory:
    """The stays on levels in order of time, and the moves between them, the newest first."""

    scorecard: Scorecard
    stays: list[Stay]
    moves: list[Move]

    @property
    def levels(self) -> list[str]:
        """Return the titles of the ranks, the lowest first."""
        return [level.title for level in self.scorecard.levels.all()]


def level_histories(
    entity: Entity, scorecards: Sequence[Scorecard], *, now: datetime
) -> dict[int, LevelHistory]:
    """Return what is known of each scorecard's levels by its id, with one query.

    Only of those with moves: where nothing moved there is nothing to draw.
    """
    rows = LevelChange.objects.filter(entity=entity, scorecard__in=scorecards)
    moved = moves_of(rows.select_related("scorecard").order_by("-id")[:MOST], scorecards)
    by_card: Mapping[int, list[Move]] = defaultdict(list)
    for move in moved:
        by_card[move.change.scorecard_id].append(move)
    return {
        card.pk: LevelHistory(
            scorecard=card,
            stays=_stays(by_card[card.pk], since=entity.created_at, now=now),
            moves=by_card[card.pk],
        )
        for card in scorecards
        if card.pk in by_card
    }


def _stays(moves: Sequence[Move], *, since: datetime, now: datetime) -> list[Stay]:
    """Return the stays between moves, which come newest first.

    How long the first level was held before its move is not known: it is drawn from when the
    entity was made, or a day before.
    """
    ordered = sorted(moves, key=lambda move: (move.change.at, move.change.pk))
    first = ordered[0]
    start = min(since, first.change.at - _LEAST)
    stays = [_stay(first.before, first.change.from_rank, start, first.change.at)]
    ends = [move.change.at for move in ordered[1:]] + [max(now, ordered[-1].change.at)]
    return stays + [
        _stay(move.after, move.change.to_rank, move.change.at, end)
        for move, end in zip(ordered, ends, strict=True)
    ]


def _stay(level: Level, rank: int, start: datetime, end: datetime) -> Stay:
    title, color = level.title, level.color
    known = level.rank
    return Stay(
        title=title or gettext("Not graded"),
        color=color,
        # A level that is gone since stands where it stood.
        rank=(known if known is not None else rank) if title else None,
        start=start,
        end=end,
    )
