"""Evaluating by as many workers as there are.

Entities are cut into ranges of ids, and whoever is free takes the next. An edited scorecard is
stale until the last of them is done; what nobody ended, the sweep goes on with.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from catalog.models import Entity
from portal import pieces
from portal.models import Piece
from scorecards.models import Scorecard
from scorecards.operations.evaluating import (
    blueprints_by_clock,
    evaluate_blueprint,
    evaluate_range,
    graded_blueprints,
    note_evaluated,
    withdraw,
)

# Of entities in a piece: seconds of work.
SIZE = 5_000


def begin_shared(*, scorecard: Scorecard, now: datetime) -> int:
    """Cut the evaluation of a stale scorecard into pieces; return for how many workers.

    What is graded no longer is withdrawn first.
    """
    work, stamp = _work(scorecard), _stamp(scorecard)
    if not pieces.are_left(work=work, stamp=stamp):
        withdraw(scorecard, now=now)
        ranges = list(_ranges(graded_blueprints(scorecard)))
        pieces.cut(work=work, stamp=stamp, ranges=ranges, now=now)
        if not ranges:
            note_evaluated(scorecard)
    return pieces.workers_for(work=work, stamp=stamp)


def continue_shared(*, scorecard: Scorecard, clock: Callable[[], datetime]) -> int:
    """Evaluate pieces of a stale scorecard, as it was loaded, until none is free; return how many.

    A piece that fails is tried again, a few times; its scorecard then stays stale. Raises the last
    such failure in the end.
    """

    def evaluate(piece: Piece) -> int:
        return evaluate_range(
            scorecard=scorecard, blueprint=piece.scope, now=clock(), within=_within(piece)
        )

    return pieces.work_through(
        work=_work(scorecard),
        stamp=_stamp(scorecard),
        do=evaluate,
        end=partial(note_evaluated, scorecard),
        clock=clock,
    )


def by_the_clock(*, clock: Callable[[], datetime]) -> pieces.Round:
    """Return the evaluation of all that time alone may have moved, as work to share."""

    def evaluate(piece: Piece, begun_at: datetime) -> int:
        return evaluate_blueprint(blueprint=piece.scope, now=clock(), within=_within(piece))

    return pieces.Round(
        work="evaluation by the clock",
        ranges=lambda begun_at: _ranges(blueprints_by_clock()),
        do=evaluate,
        end=lambda begun_at: None,
    )


def _ranges(blueprints: list[str]) -> Iterator[pieces.Range]:
    for name in blueprints:
        for within in Entity.objects.all_of(name).id_ranges(size=SIZE):
            yield name, *within


def _within(piece: Piece) -> tuple[int, int]:
    return piece.first, piece.last


def _work(scorecard: Scorecard) -> str:
    return f"scorecard {scorecard.pk}"


def _stamp(scorecard: Scorecard) -> str:
    return f"{scorecard.version} {scorecard.stale_since.timestamp()}"
