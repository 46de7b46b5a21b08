"""Working computed values out again: because time passed, or because a blueprint was edited."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from catalog import registry
from catalog.blueprints import Aggregation
from catalog.bulk import chunks
from catalog.computed import clockwork, shelf
from catalog.computed.graph import CatalogGraph
from catalog.computed.series import Series
from catalog.computed.work import Work
from catalog.models import Blueprint, Entity
from catalog.operations.settling import rebuild_facts, settle
from portal.exclusive import Taken, exclusive

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
        with exclusive(f"rebuild-{blueprint.pk}"):
            blueprint.refresh_from_db()
            return rebuild(blueprint=blueprint, now=now)
    except Taken:
        return 0


def rebuild_stale(*, now: datetime) -> int:
    """Rebuild the blueprints whose rebuild was left behind; return how many entities."""
    rows = Blueprint.objects.filter(stale_since__isnull=False).order_by("id")
    return sum(rebuild_once(blueprint=row, now=now) for row in rows)


def refresh_clock_values(*, now: datetime) -> int:
    """Work out the values that move with time alone; return how many entities were looked at.

    Of values that are read off samples, only those that a sample's way into a window or out of it,
    or a begun interval, can have moved since the last time.
    """
    graph = registry.graph()
    moved = clockwork.moved_since_last_time(graph, now=now)
    seen = 0
    for blueprint in graph.specs:
        due = _due_by_clock(blueprint, graph, moved)
        recalculated = _ids(blueprint) if _reads_clock(blueprint, graph) else set()
        ids = sorted(recalculated.union(*due.values()))
        for chunk in chunks(ids, CHUNK):
            work = Work()
            for key, owners in due.items():
                work.due[blueprint, key] = owners & set(chunk)
            work.recalculate[blueprint] = recalculated & set(chunk)
            with transaction.atomic():
                settle(work, graph=graph, now=now)
        seen += len(ids)
    clockwork.note_sweep(graph, now=now)
    shelf.roll_up(graph, now=now)
    shelf.drop_unused(graph)
    return seen


def _due_by_clock(
    blueprint: str, graph: CatalogGraph, moved: Mapping[tuple[str, str], set[int]]
) -> dict[str, set[int]]:
    """Return the owners whose aggregations the clock can have moved, by property."""
    due: dict[str, set[int]] = {}
    for key, derived in graph.derived[blueprint].items():
        if isinstance(derived.source, Aggregation) and derived.source.moves_with_clock:
            is_planned = derived.plan is not None
            due[key] = moved.get((blueprint, key), set()) if is_planned else _ids(blueprint)
    return due


def _reads_clock(blueprint: str, graph: CatalogGraph) -> bool:
    return any(item.reads_clock for item in graph.specs[blueprint].calculations.values())


def _ids(blueprint: str) -> set[int]:
    return set(Entity.objects.of(blueprint).values_list("id", flat=True))
