"""Cutting work on very many rows into ranges of ids, which workers take one after the other.

A piece is a row, claimed by compare-and-set and deleted when it is done. Work that is cut off goes
on with the pieces that are left; what is done twice after all is done to the same end.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet

from portal.models import Piece

logger = logging.getLogger(__name__)

# A worker that has not done with a piece by then is taken for dead.
CLAIM = timedelta(minutes=5)
# A piece that killed or failed so many workers is left to people.
MAX_ATTEMPTS = 3
KEPT = timedelta(days=1)
# So many workers take part in a work at most.
MOST_WORKERS = 32
DEADLOCK = "40P01"

Range = tuple[str, int, int]
# Told what pieces go by, and how many others may help with them.
Ask = Callable[[str, int], object]


def is_shared() -> bool:
    """Say whether there are workers to share with."""
    return bool(settings.CELERY_BROKER_URL)


def ask_by(task: Any, what: Any, count: int) -> None:
    """Ask so many workers to help, each by a task that is told what with."""
    for _ in range(count):
        task.delay(what)


def ask_nobody(stamp: str, count: int) -> None:
    """Let what is to be done be done by the caller alone."""


@transaction.atomic
def cut(*, work: str, stamp: str, ranges: Iterable[Range], now: datetime) -> None:
    """Store the pieces of a work: ranges of ids within a scope; forget those of other stamps."""
    Piece.objects.filter(work=work).exclude(stamp=stamp).delete()
    rows = [
        Piece(work=work, stamp=stamp, scope=scope, first=first, last=last, cut_at=now)
        for scope, first, last in ranges
    ]
    Piece.objects.bulk_create(rows, ignore_conflicts=True)


def claim(*, work: str, stamp: str, now: datetime) -> Piece | None:
    """Return a piece that nobody is at, which is then the caller's; None where there is none."""
    rows = Piece.objects.filter(_is_free(now), work=work, stamp=stamp, attempts__lt=MAX_ATTEMPTS)
    for piece in rows.order_by("id")[:20]:
        same = rows.filter(pk=piece.pk, attempts=piece.attempts)
        piece.attempts += 1
        if same.update(claimed_until=now + CLAIM, attempts=piece.attempts):
            return piece
    return None


def attempt(*, work: str, stamp: str = "", now: datetime) -> Piece | None:
    """Note that something is begun that has killed workers before, as a piece of its own.

    To be settled however it ends: what is left behind tells that its worker died. None where it is
    somebody else's, or was given up.
    """
    cut(work=work, stamp=stamp, ranges=[("", 0, 0)], now=now)
    return claim(work=work, stamp=stamp, now=now)


def settle(piece: Piece) -> None:
    """Note that a piece is done."""
    piece.delete()


def give_back(piece: Piece, *, is_blamed: bool = True) -> None:
    """Let somebody else try a piece that failed; that counts as an attempt if it is to blame."""
    rows = Piece.objects.filter(pk=piece.pk, attempts=piece.attempts)
    attempts = piece.attempts if is_blamed else piece.attempts - 1
    rows.update(claimed_until=None, attempts=attempts)


def work_through(
    *,
    work: str,
    stamp: str,
    do: Callable[[Piece], int],
    end: Callable[[], object],
    clock: Callable[[], datetime],
) -> int:
    """Do pieces until none is free; return the sum of what `do` returns.

    Whoever does the last of all calls `end`. A piece that fails is tried again, a few times; its
    work then stays undone. Raises the last such failure, when all else is done.
    """
    count, failure, has_settled = 0, None, False
    while piece := claim(work=work, stamp=stamp, now=clock()):
        try:
            count += do(piece)
        except Exception as error:
            if _is_deadlock(error):
                logger.info("%s is done again: %s", piece, error)
                give_back(piece, is_blamed=False)
                continue
            logger.exception("%s failed", piece)
            give_back(piece)
            if piece.attempts >= MAX_ATTEMPTS:
                failure = error
        else:
            settle(piece)
            has_settled = True
    if failure is not None:
        raise failure
    # Without a piece of one's own, that none is left may mean that none was cut yet.
    if has_settled and not are_left(work=work, stamp=stamp):
        end()
    return count


def _is_deadlock(error: Exception) -> bool:
    """Say whether the database chose to end this of two transactions that waited for each other."""
    state = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, OperationalError) and state == DEADLOCK


@dataclass(frozen=True)
class Round:
    """Work that comes round again, on what there is when a round of it is begun.

    `ranges` cuts it, `do` does a piece and returns a count, and `end` is called when all is done:
    each is told the moment at which the round was begun.
    """

    work: str
    ranges: Callable[[datetime], Iterable[Range]]
    do: Callable[[Piece, datetime], int]
    end: Callable[[datetime], object]


def take_round(round_: Round, *, ask: Ask, clock: Callable[[], datetime]) -> int:
    """Do a round together with those who are asked; return the sum of what was counted.

    What an earlier one left comes first; none is begun while somebody is at another.
    """
    count = 0
    if earlier := _stamp_at_work(round_.work, clock()):
        count += _join(round_, earlier, ask=ask, clock=clock)
    if _stamp_at_work(round_.work, clock()) is None:
        now = clock()
        stamp = now.isoformat()
        cut(work=round_.work, stamp=stamp, ranges=round_.ranges(now), now=now)
        if are_left(work=round_.work, stamp=stamp):
            count += _join(round_, stamp, ask=ask, clock=clock)
        else:
            round_.end(now)
    return count


def help_round(round_: Round, *, stamp: str, clock: Callable[[], datetime]) -> int:
    """Do pieces of a round that was begun, if any are free; return the sum of what was counted."""
    begun_at = datetime.fromisoformat(stamp)
    return work_through(
        work=round_.work,
        stamp=stamp,
        do=lambda piece: round_.do(piece, begun_at),
        end=lambda: round_.end(begun_at),
        clock=clock,
    )


def _join(round_: Round, stamp: str, *, ask: Ask, clock: Callable[[], datetime]) -> int:
    ask(stamp, workers_for(work=round_.work, stamp=stamp) - 1)
    return help_round(round_, stamp=stamp, clock=clock)


def _stamp_at_work(work: str, now: datetime) -> str | None:
    """Return what pieces go by that somebody is at, or may yet take."""
    rows = Piece.objects.filter(work=work).exclude(_is_given_up(now))
    return rows.order_by("id").values_list("stamp", flat=True).first()


def forget(*, work: str) -> None:
    """Forget the pieces of a work that is at an end."""
    Piece.objects.filter(work=work).delete()


def forget_old(*, now: datetime) -> int:
    """Forget what was cut long ago; return how many. If its work is not done, it is cut anew."""
    return Piece.objects.filter(cut_at__lt=now - KEPT).delete()[0]


def count(*, work: str, stamp: str) -> int:
    """Return how many pieces of a work are left."""
    return Piece.objects.filter(work=work, stamp=stamp).count()


def workers_for(*, work: str, stamp: str) -> int:
    """Return how many workers what is left of a work is worth."""
    return min(count(work=work, stamp=stamp), MOST_WORKERS)


def are_left(*, work: str, stamp: str) -> bool:
    """Say whether some piece of a work is not done, be it that everybody gave it up."""
    return Piece.objects.filter(work=work, stamp=stamp).exists()


def given_up(*, now: datetime) -> "QuerySet[Piece]":
    """Return the pieces that nobody takes any more."""
    return Piece.objects.filter(_is_given_up(now))


def _is_given_up(now: datetime) -> Q:
    return _is_free(now) & Q(attempts__gte=MAX_ATTEMPTS)


def _is_free(now: datetime) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lte=now)
