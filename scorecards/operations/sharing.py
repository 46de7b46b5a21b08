"""Evaluating an edited scorecard by as many workers as there are.

Its entities are cut into ranges of ids, and whoever is free takes the next. The scorecard is stale
until the last of them is done; what nobody ended, the sweep goes on with.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from portal import pieces
from scorecards.models import Scorecard
from scorecards.operations.evaluating import (
    evaluate_range,
    graded_blueprints,
    id_ranges,
    note_evaluated,
    withdraw,
)

logger = logging.getLogger(__name__)

# Of entities in a piece: seconds of work.
SIZE = 5_000
# So many workers are asked to help at most.
MOST_HELPERS = 32


def is_shared() -> bool:
    """Say whether there are workers to share with."""
    return bool(settings.CELERY_BROKER_URL)


def begin_shared(*, scorecard: Scorecard, now: datetime) -> int:
    """Cut the evaluation of a stale scorecard into pieces; return for how many workers.

    What is graded no longer is withdrawn first.
    """
    work, stamp = _work(scorecard), _stamp(scorecard)
    if not pieces.are_left(work=work, stamp=stamp):
        withdraw(scorecard, now=now)
        ranges = [
            (name, *within)
            for name in graded_blueprints(scorecard)
            for within in id_ranges(name, size=SIZE)
        ]
        pieces.cut(work=work, stamp=stamp, ranges=ranges)
    return min(pieces.count(work=work, stamp=stamp), MOST_HELPERS)


def continue_shared(*, scorecard: Scorecard, clock: Callable[[], datetime]) -> int:
    """Evaluate pieces of a stale scorecard, as it was loaded, until none is free; return how many.

    A piece that fails is tried again, a few times; its scorecard then stays stale. Raises the last
    such failure in the end.
    """
    work, stamp = _work(scorecard), _stamp(scorecard)
    count, failure = 0, None
    while piece := pieces.claim(work=work, stamp=stamp, now=clock()):
        try:
            count += evaluate_range(
                scorecard=scorecard,
                blueprint=piece.scope,
                now=clock(),
                within=(piece.first, piece.last),
            )
        except Exception as error:
            logger.exception("%s could not be evaluated", piece)
            pieces.give_back(piece)
            failure = error
        else:
            pieces.settle(piece)
    if failure is not None:
        raise failure
    if not pieces.are_left(work=work, stamp=stamp):
        note_evaluated(scorecard)
    return count


def _work(scorecard: Scorecard) -> str:
    return f"scorecard {scorecard.pk}"


def _stamp(scorecard: Scorecard) -> str:
    return f"{scorecard.version} {scorecard.stale_since.timestamp()}"
