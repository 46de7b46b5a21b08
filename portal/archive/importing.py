"""Bringing an archive in: kind by kind, each whole or not at all, then what follows from it."""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from catalog.errors import Fault, Invalid
from catalog.operations import history
from portal.archive.kinds import kinds
from portal.archive.lines import Context, Tally
from portal.archive.reading import Archive
from portal.permissions import Actor
from scorecards.operations import (
    begin_rebuild,
    continue_rebuild,
    save_scorecard,
    sweep,
    unfinished_rebuild,
)
from scorecards.operations.rebuild_steps import Step

Watch = Callable[[str, int], object]
_GRADING = ("scorecards", "outcomes", "exemptions")


@dataclass
class Import:
    """What became of an archive, by kind."""

    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def moved(self) -> int:
        """Return how many things were written."""
        return sum(tally.moved for tally in self.tallies.values())

    def has_moved(self, names: Collection[str]) -> bool:
        """Say whether anything of these kinds was written."""
        return any(self.tallies[name].moved for name in names if name in self.tallies)


def import_archive(
    archive: Archive,
    *,
    only: Collection[str] = (),
    by: Actor,
    clock: Callable[[], datetime],
    watch: Watch = lambda kind, count: None,
    is_dry: bool = False,
) -> Import:
    """Write what the archive says and is not so; what is here and not in it stays.

    Each kind is written whole or not at all, and raises `Invalid` with file, line and path; the
    kinds before it stay, and are passed over when it is tried again. A dry run takes all back.
    """
    done = Import()
    with transaction.atomic() if is_dry else nullcontext(), _here():
        context = Context(by=by, now=clock(), clock=clock, is_dry=is_dry)
        _store(archive, only, context, done, watch)
        if is_dry:
            transaction.set_rollback(True)
            return done
        if done.has_moved(_GRADING):
            _publish(context)
            sweep(now=clock())
        if done.moved:
            _record(done, context)
    return done


def _store(
    archive: Archive, only: Collection[str], context: Context, done: Import, watch: Watch
) -> None:
    for kind in kinds(has_passwords=archive.has_passwords):
        if kind.name not in archive.counts or (only and kind.name not in only):
            continue
        context.advance = partial(watch, kind.name)
        try:
            with transaction.atomic():
                tally = kind.store(archive.lines(kind.name), context)
                if kind.name == "entities" and tally.moved:
                    # Stored with them: should this process end, `manage.py rebuild` goes on.
                    begin_rebuild(blueprints=(), now=context.now)
        except IntegrityError as error:
            raise Invalid([Fault(kind.name, f"clashes with what is here: {error}")]) from error
        done.tallies[kind.name] = tally
        if kind.name == "entities" and not context.is_dry:
            _rebuild(context.clock, watch)


def _rebuild(clock: Callable[[], datetime], watch: Watch) -> None:
    """Work out what is computed, before anything is graded by it."""
    rebuild = unfinished_rebuild()
    if rebuild is None:
        return
    counts: dict[Any, int] = {}

    def show(step: Step, count: int) -> None:
        watch(str(step), count - counts.get(step.name, 0))
        counts[step.name] = count

    continue_rebuild(rebuild=rebuild, clock=clock, watch=show)


def _publish(context: Context) -> None:
    """Let new scorecards grade, now that all is in that they look at."""
    for document in context.unpublished:
        save_scorecard(definition=document, by=context.by, now=context.now)


def _record(done: Import, context: Context) -> None:
    """Keep in the history that an archive came in; its entities have no rows of their own."""
    history.record_change(
        kind="archive",
        identifier=context.now.isoformat(),
        before={},
        after={name: tally.moved for name, tally in done.tallies.items() if tally.moved},
        by=context.by,
        now=context.now,
    )


@contextmanager
def _here() -> Iterator[None]:
    """Do here what would be left to tasks: they would be at it before all is in."""
    limit = settings.TIDEMARK_INLINE_LIMIT
    settings.TIDEMARK_INLINE_LIMIT = sys.maxsize
    try:
        yield
    finally:
        settings.TIDEMARK_INLINE_LIMIT = limit
