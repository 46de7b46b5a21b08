"""Working computed values out again: because time passed, or because a blueprint was edited."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from catalog import registry
from catalog.blueprints import Aggregation
from catalog.bulk import chunks
from catalog.computed.graph import CatalogGraph
from catalog.computed.work import Work
from catalog.models import Blueprint, Entity
from catalog.operations.settling import rebuild_facts, settle

CHUNK = 1_000


def rebuild(
    *, blueprint: Blueprint, now: datetime, advance: Callable[[int], object] = lambda count: None
) -> int:
    """Work out facts and computed values of every entity of a blueprint; return how many.

    A transaction a chunk; `advance` is called with the size of each. May be run again at any
    point, and takes the mark of a blueprint that waits for it off.
    """
    seen_stale = blueprint.stale_since
    ids = list(
        Entity.objects.filter(blueprint=blueprint).order_by("id").values_list("id", flat=True)
    )
    for chunk in chunks(ids, CHUNK):
        with transaction.atomic():
            rebuild_facts(chunk, graph=registry.graph(), now=now)
        advance(len(chunk))
    # Only if nobody edited it meanwhile: then it waits anew.
    Blueprint.objects.filter(pk=blueprint.pk, stale_since=seen_stale).update(stale_since=None)
    return len(ids)


def rebuild_stale(*, now: datetime) -> int:
    """Rebuild the blueprints whose rebuild was left behind; return how many entities."""
    rows = Blueprint.objects.filter(stale_since__isnull=False).order_by("id")
    return sum(rebuild(blueprint=row, now=now) for row in rows)


def refresh_clock_values(*, now: datetime) -> int:
    """Work out the values that move with time alone; return how many entities were looked at."""
    graph = registry.graph()
    seen = 0
    for blueprint in graph.specs:
        due = _keys_on_the_clock(blueprint, graph)
        programs = [
            item for item in graph.specs[blueprint].calculations.values() if item.reads_clock
        ]
        if not due and not programs:
            continue
        ids = list(Entity.objects.of(blueprint).order_by("id").values_list("id", flat=True))
        for chunk in chunks(ids, CHUNK):
            work = Work()
            for key in due:
                work.due[blueprint, key] = set(chunk)
            if programs:
                work.recalculate[blueprint] = set(chunk)
            with transaction.atomic():
                settle(work, graph=graph, now=now)
        seen += len(ids)
    return seen


def _keys_on_the_clock(blueprint: str, graph: CatalogGraph) -> list[str]:
    return [
        key
        for key, derived in graph.derived[blueprint].items()
        if isinstance(derived.source, Aggregation) and derived.source.moves_with_clock
    ]
