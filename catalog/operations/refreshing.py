"""Working computed values out again because a blueprint was edited: alone, or with other workers.

Shared, its entities are cut into ranges of ids, and whoever is free takes the next: a transaction
each. The blueprint is stale until the last is done; what nobody ended, the schedule goes on with.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction

from catalog import registry
from catalog.computed import shelf
from catalog.computed.series import Series
from catalog.models import Blueprint, Entity
from catalog.operations.settling import rebuild_facts
from portal import pieces
from portal.exclusive import Taken, exclusive
from portal.models import Piece

CHUNK = 1_000


def rebuild(*, blueprint: Blueprint, now: datetime) -> int:
    """Work out facts and computed values of every entity of a blueprint; return how many.

    A transaction a chunk. May be run again at any point, and takes the mark of a blueprint that
    waits for it off.
    """
    last = count = 0
    while ids := rebuild_next(blueprint=blueprint, after=last, now=now):
        last, count = ids[-1], count + len(ids)
    note_rebuilt(blueprint=blueprint)
    return count


@transaction.atomic
def rebuild_next(*, blueprint: Blueprint, after: int, now: datetime) -> list[int]:
    """Work out the next entities of a blueprint, those behind an id; return which they were."""
    rows = Entity.objects.filter(blueprint=blueprint, id__gt=after).order_by("id")
    ids = list(rows.values_list("id", flat=True)[:CHUNK])
    if ids:
        rebuild_facts(ids, graph=registry.graph(), now=now)
    return ids


def note_rebuilt(*, blueprint: Blueprint) -> None:
    """Take the mark of a blueprint off all whose entities were worked out since it was read."""
    # Only if nobody edited it meanwhile: then it waits anew.
    same = Blueprint.objects.filter(pk=blueprint.pk, revision=blueprint.revision)
    same.update(stale_since=None)


def distrust_samples(*, blueprint: Blueprint) -> None:
    """Have the samples that a blueprint's aggregations read, and those of its events, made anew."""
    shelf.distrust(registry.graph(), blueprint.identifier)


def fill_samples(*, series: Series, now: datetime) -> None:
    """Make the samples of a series, unless it has them since they were last distrusted."""
    shelf.Shelf(now).filled([series])


def rebuild_once(*, blueprint: Blueprint, now: datetime) -> int:
    """Rebuild a blueprint unless a worker is at it; return how many entities were worked out."""
    try:
        with exclusive(_work(blueprint)):
            blueprint.refresh_from_db()
            count = rebuild(blueprint=blueprint, now=now)
            pieces.forget(work=_work(blueprint))
            return count
    except Taken:
        return 0


def rebuild_stale(*, now: datetime) -> int:
    """Rebuild the blueprints whose rebuild was left behind; return how many entities."""
    rows = Blueprint.objects.stale().order_by("id")
    return sum(rebuild_once(blueprint=row, now=now) for row in rows)


def begin_shared_rebuild(*, blueprint: Blueprint, now: datetime) -> int:
    """Cut the rebuild of a stale blueprint, as it stands now; return for how many workers.

    The samples that its values are read off are made first, and by one: part of them would be read
    as all.
    """
    work = _work(blueprint)
    try:
        with exclusive(work):
            blueprint.refresh_from_db()
            stamp = _stamp(blueprint)
            if blueprint.stale_since and not pieces.are_left(work=work, stamp=stamp):
                _cut(blueprint, now=now)
    except Taken:
        return 0
    return pieces.workers_for(work=work, stamp=stamp)


def _cut(blueprint: Blueprint, *, now: datetime) -> None:
    series = shelf.concerning(registry.graph(), blueprint.identifier)
    shelf.Shelf(now).filled(series)
    within = Entity.objects.filter(blueprint=blueprint).id_ranges(size=CHUNK)
    ranges = [(blueprint.identifier, *ids) for ids in within]
    pieces.cut(work=_work(blueprint), stamp=_stamp(blueprint), ranges=ranges, now=now)
    if not ranges:
        note_rebuilt(blueprint=blueprint)


def continue_shared_rebuild(*, blueprint: Blueprint, clock: Callable[[], datetime]) -> int:
    """Work out pieces of a stale blueprint, as it was loaded, until none is free; return how many.

    The entities, that is. A piece that fails is tried again, a few times; its blueprint then stays
    stale. Raises the last such failure in the end.
    """

    @transaction.atomic
    def work_out(piece: Piece) -> int:
        rows = Entity.objects.filter(blueprint=blueprint, id__range=(piece.first, piece.last))
        ids = list(rows.order_by("id").values_list("id", flat=True))
        rebuild_facts(ids, graph=registry.graph(), now=clock())
        return len(ids)

    return pieces.work_through(
        work=_work(blueprint),
        stamp=_stamp(blueprint),
        do=work_out,
        end=partial(note_rebuilt, blueprint=blueprint),
        clock=clock,
    )


def _work(blueprint: Blueprint) -> str:
    return f"rebuild-{blueprint.pk}"


def _stamp(blueprint: Blueprint) -> str:
    return str(blueprint.revision)
