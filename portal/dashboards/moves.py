"""Changes of level, ready to be drawn."""

from collections.abc import Iterable
from dataclasses import dataclass

from scorecards.models import Level, LevelChange, Scorecard


@dataclass(frozen=True)
class Move:
    """A change of level, with the levels in their colours. An empty title means: not graded."""

    change: LevelChange
    before: Level
    after: Level


def moves_of(changes: Iterable[LevelChange], scorecards: Iterable[Scorecard]) -> list[Move]:
    """Return changes with the levels of these scorecards, which are loaded.

    History keeps levels by title: one that is gone since stands without a colour.
    """
    levels = {(card.pk, level.title): level for card in scorecards for level in card.levels.all()}

    def level(change: LevelChange, title: str) -> Level:
        return levels.get((change.scorecard_id, title)) or Level(title=title)

    return [
        Move(change, level(change, change.from_level), level(change, change.to_level))
        for change in changes
    ]
