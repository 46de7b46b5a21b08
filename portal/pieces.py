"""Cutting work on very many rows into ranges of ids, which workers take one after the other.

A piece is a row, claimed by compare-and-set and deleted when it is done. Work that is cut off goes
on with the pieces that are left; what is done twice after all is done to the same end.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from portal.models import Piece

# A worker that has not done with a piece by then is taken for dead.
CLAIM = timedelta(minutes=5)
# A piece that killed or failed so many workers is left to people.
MAX_ATTEMPTS = 3

Range = tuple[str, int, int]


@transaction.atomic
def cut(*, work: str, stamp: str, ranges: Iterable[Range]) -> None:
    """Store the pieces of a work: ranges of ids within a scope; forget those of other stamps."""
    Piece.objects.filter(work=work).exclude(stamp=stamp).delete()
    rows = [
        Piece(work=work, stamp=stamp, scope=scope, first=first, last=last)
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
    cut(work=work, stamp=stamp, ranges=[("", 0, 0)])
    return claim(work=work, stamp=stamp, now=now)


def settle(piece: Piece) -> None:
    """Note that a piece is done."""
    piece.delete()


def give_back(piece: Piece) -> None:
    """Let somebody else try a piece that failed."""
    Piece.objects.filter(pk=piece.pk, attempts=piece.attempts).update(claimed_until=None)


def count(*, work: str, stamp: str) -> int:
    """Return how many pieces of a work are left."""
    return Piece.objects.filter(work=work, stamp=stamp).count()


def are_left(*, work: str, stamp: str) -> bool:
    """Say whether some piece of a work is not done, be it that everybody gave it up."""
    return Piece.objects.filter(work=work, stamp=stamp).exists()


def given_up(*, now: datetime) -> "QuerySet[Piece]":
    """Return the pieces that nobody takes any more."""
    return Piece.objects.filter(_is_free(now), attempts__gte=MAX_ATTEMPTS)


def _is_free(now: datetime) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lte=now)
