"""Levels of many entities at once, and how they are distributed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Count

from portal.dashboards.charts import Slice
from scorecards.models import Evaluation, Level, Scorecard
from scorecards.querysets import EvaluationQuerySet

# Entities at a level, by scorecard and level.
Counts = Mapping[tuple[int, int | None], int]


def levels_of(entity_ids: Iterable[int]) -> dict[int, dict[int, Level]]:
    """Return the levels that these entities hold, by entity and scorecard, with one query."""
    levels: dict[int, dict[int, Level]] = defaultdict(dict)
    for row in Evaluation.objects.of_entities(entity_ids):
        if row.level:
            levels[row.entity_id][row.scorecard_id] = row.level
    return levels


def counts_of(evaluations: EvaluationQuerySet) -> Counts:
    """Return how many entities are at each level, with one query over the evaluations alone."""
    rows = evaluations.order_by().values_list("scorecard_id", "level_id")
    return {(scorecard, level): count for scorecard, level, count in rows.annotate(Count("id"))}


def slices_of(scorecard: Scorecard, counts: Counts) -> list[Slice]:
    """Return a scorecard's distribution, best level first."""
    levels = sorted(scorecard.levels.all(), key=lambda level: -level.rank)
    return [
        Slice(level.title, counts.get((scorecard.pk, level.pk), 0), level.color) for level in levels
    ]
