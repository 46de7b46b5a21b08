"""Rebuilding everything that is computed, in pieces that are remembered.

How far a rebuild is stands in its rows, and is written in the transaction of each piece: whatever
kills the process, the next one goes on behind the last piece that was committed.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from catalog.errors import Conflict, NotFound
from catalog.models import Blueprint
from catalog.operations import distrust_samples, history
from portal.permissions import SHELL, Actor
from scorecards.models import Rebuild, RebuildStep
from scorecards.operations.rebuild_steps import Sizes, Step, plan

# Told of the step that is gone on with, and how many rows of it are done.
Watch = Callable[[Step, int], object]


@dataclass(frozen=True)
class StepProgress:
    """How far a step is: rows done, of about so many in all."""

    step: Step
    done: int
    rows: int
    is_done: bool


def unfinished_rebuild() -> Rebuild | None:
    """Return the rebuild that was begun and is not done, if there is one."""
    return Rebuild.objects.first()


@transaction.atomic
def begin_rebuild(*, blueprints: Collection[str], by: Actor = SHELL, now: datetime) -> Rebuild:
    """Begin to rebuild blueprints, or all where none is named, and forget what was begun before.

    Raises `NotFound` for a blueprint that is not there.
    """
    rows = Blueprint.objects.order_by("id")
    if blueprints:
        rows = rows.filter(identifier__in=blueprints)
    missing = set(blueprints) - {row.identifier for row in rows}
    if missing:
        raise NotFound(f"there is no blueprint {', '.join(sorted(missing))}")
    Rebuild.objects.all().delete()
    for row in rows:
        distrust_samples(blueprint=row)
    names = sorted(set(blueprints))
    history.record_change(
        kind="rebuild", identifier=" ".join(names)[:1_000] or "everything",
        before={}, after={"blueprints": names}, by=by, now=now,
    )  # fmt: skip
    return Rebuild.objects.create(blueprints=names, begun_at=now)


def progress_of(rebuild: Rebuild) -> list[StepProgress]:
    """Return how far a rebuild is with each of its steps, in their order."""
    sizes = Sizes()
    return [
        StepProgress(
            step=step,
            done=row.count,
            rows=row.count if row.is_done else max(row.count, step.size(sizes)),
            is_done=row.is_done,
        )
        for step, row in _steps(rebuild)
    ]


def continue_rebuild(
    *, rebuild: Rebuild, clock: Callable[[], datetime], watch: Watch = lambda step, count: None
) -> int:
    """Do what is left of a rebuild and forget it; return how many entities it worked out.

    A transaction a piece. What is edited meanwhile is done anew, and right in the end. Raises
    `Conflict` where another process ended the rebuild or began one anew.
    """
    while (count := _do_next(rebuild, clock=clock, watch=watch)) is None:
        pass
    return count


@transaction.atomic
def _do_next(rebuild: Rebuild, *, clock: Callable[[], datetime], watch: Watch) -> int | None:
    """Do the next piece and remember that it is done; at the end, return how many entities were."""
    # Locked: should there be two at work after all, each piece is done by one of them.
    if Rebuild.objects.select_for_update().filter(pk=rebuild.pk).first() is None:
        raise Conflict("another process ended this rebuild, or began one anew")
    for step, row in _steps(rebuild):
        if not row.is_done:
            _do_piece(step, row, now=clock(), watch=watch)
            return None
    entities = rebuild.steps.filter(kind=RebuildStep.Kind.ENTITIES)
    count = entities.aggregate(Sum("count", default=0))["count__sum"]
    rebuild.delete()
    return count


def _do_piece(step: Step, row: RebuildStep, *, now: datetime, watch: Watch) -> None:
    def advance(count: int) -> None:
        row.count += count
        watch(step, row.count)

    watch(step, row.count)
    last = step.take(row.position, now=now, advance=advance)
    row.position, row.is_done = last or 0, last is None
    row.save()


def _steps(rebuild: Rebuild) -> Iterator[tuple[Step, RebuildStep]]:
    """Yield the steps with how far each is: at its beginning, where definitions were edited."""
    rows = {(row.kind, row.subject): row for row in rebuild.steps.all()}
    for step in plan(rebuild.blueprints):
        row = rows.get(step.name)
        if row is None or row.stamp != step.stamp:
            kind, subject = step.name
            begun = RebuildStep(rebuild=rebuild, kind=kind, subject=subject, stamp=step.stamp)
            begun.pk = row.pk if row else None
            row = begun
        yield step, row
