"""What a rebuild consists of: the steps, what each rests on, how much it is, and doing some of it.

A step trusts those before it, and the writes of others since: each of them leaves right what it
touches. So a step can be left anywhere and gone on with later, unless definitions were edited.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import ClassVar

from django.db.models import Count, Prefetch

from catalog import operations as catalog_operations
from catalog import registry
from catalog.computed import shelf
from catalog.computed.series import Series
from catalog.models import Blueprint, Entity
from scorecards.models import Evaluation, RebuildStep, Scorecard
from scorecards.operations.counters import recount
from scorecards.operations.evaluating import evaluate_stale_next, reevaluate_next

Kind = RebuildStep.Kind
Advance = Callable[[int], object]


class Sizes:
    """How many entities each blueprint has and how many are stale, and how many evaluations."""

    def __init__(self) -> None:
        entities = Entity.objects.order_by().values_list("blueprint__identifier")
        evaluations = Evaluation.objects.order_by().values_list("scorecard__identifier")
        self.entities = dict(entities.annotate(Count("id")))
        self.evaluations = dict(evaluations.annotate(Count("id")))
        self.stale = Entity.objects.stale().count()


@dataclass(frozen=True)
class Step:
    """A part of a rebuild: what is done to which series, blueprint or scorecard.

    `stamp` stands for the definitions that it goes by.
    """

    kind: ClassVar[RebuildStep.Kind]
    subject: str
    stamp: str

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject}"

    @property
    def name(self) -> tuple[str, str]:
        """Return what tells this step from the others of a rebuild."""
        return self.kind, self.subject

    def size(self, sizes: Sizes) -> int:
        """Return how many rows there are to go through."""
        return sizes.entities.get(self.subject, 0)

    def take(self, after: int, *, now: datetime, advance: Advance) -> int | None:
        """Do the next piece, behind an id; return the last id of it, or None at the end."""
        raise NotImplementedError


@dataclass(frozen=True)
class Fill(Step):
    """Make the samples of a series: in one piece, since a part of them would be read as all."""

    kind = Kind.SAMPLES
    series: Series

    def __str__(self) -> str:
        return f"samples of {self.series.blueprint}"

    def size(self, sizes: Sizes) -> int:
        """Return how many events there are."""
        return sizes.entities.get(self.series.blueprint, 0)

    def take(self, after: int, *, now: datetime, advance: Advance) -> int | None:
        """Fill the series."""
        catalog_operations.fill_samples(series=self.series, now=now)
        advance(Entity.objects.of(self.series.blueprint).count())
        return None


@dataclass(frozen=True)
class WorkOut(Step):
    """Work out the facts and computed properties of a blueprint's entities."""

    kind = Kind.ENTITIES
    blueprint: Blueprint

    def take(self, after: int, *, now: datetime, advance: Advance) -> int | None:
        """Work out a chunk."""
        ids = catalog_operations.rebuild_next(blueprint=self.blueprint, after=after, now=now)
        if not ids:
            catalog_operations.note_rebuilt(blueprint=self.blueprint)
            return None
        advance(len(ids))
        return ids[-1]


@dataclass(frozen=True)
class Evaluate(Step):
    """Evaluate a blueprint's entities."""

    kind = Kind.EVALUATIONS

    def take(self, after: int, *, now: datetime, advance: Advance) -> int | None:
        """Evaluate a chunk."""
        ids = reevaluate_next(blueprint=self.subject, after=after, now=now)
        advance(len(ids))
        return ids[-1] if ids else None


@dataclass(frozen=True)
class CatchUp(Step):
    """Evaluate the entities that the steps before left to a task, of whatever blueprint."""

    kind = Kind.EVALUATIONS

    def __str__(self) -> str:
        return "evaluations left behind"

    def size(self, sizes: Sizes) -> int:
        """Return how many wait by now."""
        return sizes.stale

    def take(self, after: int, *, now: datetime, advance: Advance) -> int | None:
        """Evaluate a chunk; it has no position, for what is evaluated waits no longer."""
        count = evaluate_stale_next(now=now)
        advance(count)
        return 0 if count else None


@dataclass(frozen=True)
class Recount(Step):
    """Count a scorecard: in one piece, since evaluations that move meanwhile count too."""

    kind = Kind.COUNTERS
    scorecard: Scorecard

    def size(self, sizes: Sizes) -> int:
        """Return how many evaluations there are."""
        return sizes.evaluations.get(self.subject, 0)

    def take(self, after: int, *, now: datetime, advance: Advance) -> int | None:
        """Count the scorecard."""
        recount(scorecard=self.scorecard, advance=advance)
        return None


def plan(names: Collection[str]) -> list[Step]:
    """Return the steps of rebuilding the blueprints of these names, or all, in their order."""
    # Before the graph: an edit in between then shows, in the stamps of the next time.
    revised = Blueprint.objects.only("identifier", "revision").order_by("id")
    blueprints = {row.identifier: row for row in revised}
    chosen = [row for name, row in blueprints.items() if not names or name in names]
    scorecards = Scorecard.objects.filter(blueprints__in=chosen).distinct().order_by("id")
    grading = list(
        scorecards.only("identifier", "version", "status").prefetch_related(
            Prefetch("blueprints", revised)
        )
    )
    revisions = [row.revision for row in chosen]
    return [
        *_fillings(chosen, blueprints),
        *(WorkOut(row.identifier, stamp_of(row.revision), row) for row in chosen),
        *_evaluations(chosen, grading),
        CatchUp("", stamp_of(*revisions, *(scorecard.version for scorecard in grading))),
        *(Recount(row.identifier, _stamp_of_scorecard(row), row) for row in grading),
    ]


def _fillings(chosen: Collection[Blueprint], blueprints: Mapping[str, Blueprint]) -> Iterator[Step]:
    graph = registry.graph()
    concerned = {
        series.key: series for row in chosen for series in shelf.concerning(graph, row.identifier)
    }
    for key, series in sorted(concerned.items()):
        ends = filter(None, map(blueprints.get, (series.blueprint, series.holder)))
        yield Fill(key, stamp_of(*(row.revision for row in ends)), series)


def _evaluations(chosen: Collection[Blueprint], grading: Collection[Scorecard]) -> Iterator[Step]:
    """Yield a step for each blueprint that is graded at all."""
    for row in chosen:
        versions = [
            scorecard.version
            for scorecard in grading
            if scorecard.status == Scorecard.Status.PUBLISHED and row in scorecard.blueprints.all()
        ]
        if versions:
            yield Evaluate(row.identifier, stamp_of(row.revision, *versions))


def _stamp_of_scorecard(scorecard: Scorecard) -> str:
    revisions = (row.revision for row in scorecard.blueprints.all())
    return stamp_of(scorecard.version, *sorted(revisions))


def stamp_of(*numbers: int) -> str:
    """Return a text that stands for these revisions."""
    return sha256(" ".join(map(str, numbers)).encode()).hexdigest()
