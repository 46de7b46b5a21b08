"""Levels of many entities at once, and how they are distributed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Count

from portal.dashboards.charts import Slice
from scorecards.evaluation import Masks
from scorecards.models import Evaluation, Level, Scorecard
from scorecards.querysets import EvaluationQuerySet

# Entities by level id, by scorecard id.
LevelCounts = Mapping[int, Mapping[int, int]]
# The fields of a level, from an evaluation, in the order in which the model has them.
_LEVEL = [f"level__{field.attname}" for field in Level._meta.concrete_fields]


def levels_of(entity_ids: Iterable[int]) -> dict[int, dict[int, Level]]:
    """Return the levels that these entities hold, by entity and scorecard, with one query."""
    levels: dict[int, dict[int, Level]] = defaultdict(dict)
    known: dict[int, Level] = {}
    rows = Evaluation.objects.of_entities(entity_ids).filter(level__isnull=False)
    # Levels are few and evaluations many: a model for each would cost more than the query.
    for entity, *parts in rows.values_list("entity_id", *_LEVEL):
        level = known.get(parts[0]) or known.setdefault(parts[0], Level(*parts))
        levels[entity][level.scorecard_id] = level
    return levels


def masks_of(entity_ids: Iterable[int]) -> dict[int, dict[int, Masks]]:
    """Return what rules found about these entities, by entity and scorecard, with one query."""
    masks: dict[int, dict[int, Masks]] = defaultdict(dict)
    rows = Evaluation.objects.filter(entity__in=list(entity_ids), scorecard__status="published")
    for entity, scorecard, *found in rows.values_list(
        "entity_id", "scorecard_id", "passed", "skipped"
    ):
        masks[entity][scorecard] = Masks(*found)
    return masks


def levels_among(evaluations: EvaluationQuerySet) -> LevelCounts:
    """Return how many of some entities are at each level, counted over their evaluations."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    rows = evaluations.order_by().values_list("scorecard_id", "level_id")
    for scorecard, level, count in rows.annotate(Count("id")):
        counts[scorecard][level] = count
    return counts


def slices_of(scorecard: Scorecard, levels: Mapping[int, int]) -> list[Slice]:
    """Return a scorecard's distribution, best level first."""
    ordered = sorted(scorecard.levels.all(), key=lambda level: -level.rank)
    return [Slice(level.title, levels.get(level.pk, 0), level.color) for level in ordered]
