"""How many entities pass the filters of a table, and at which levels they are.

Without a filter, the database counts along an index and the counters know the levels. What filters
leave is counted one by one, up to `SURE`; where it is more, it is estimated from a sample, and said
to be: reading a hundred thousand documents takes longer than anybody waits for a number.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import F
from django_filters import FilterSet

from catalog.bulk import IsAmong
from catalog.models import Blueprint, Entity
from catalog.querysets import EntityQuerySet
from portal.dashboards.distribution import LevelCounts, levels_among
from portal.dashboards.formats import about
from scorecards.counts import counts_of
from scorecards.models import Evaluation, Scorecard
from scorecards.querysets import EvaluationQuerySet

SURE = 10_000
# As many are looked at for an estimate, and of those that pass so many for their levels: the error
# of one in two standard deviations is below 6 % where ten thousand of a hundred thousand pass.
SAMPLE = 5_000
GRADED_SAMPLE = 2_000
SAMPLE_SECONDS = 300
# What spreads ids evenly, whatever the order in which entities came: two primes.
_FACTOR, _MODULUS = 7_919, 10_007


@dataclass(frozen=True)
class Found:
    """What passes the filters: how many, and how many at each level. `entities` reads them."""

    entities: EntityQuerySet
    count: int
    levels: LevelCounts
    is_estimate: bool = False


def is_narrowed(filterset: FilterSet) -> bool:
    """Say whether any filter is in force, or would be if it could be understood."""
    return not filterset.is_valid() or any(filterset.form.cleaned_data.values())


def found_among(
    filterset: FilterSet, blueprint: Blueprint, scorecards: Sequence[Scorecard]
) -> Found:
    """Return what passes the filters of a blueprint's table, with three queries.

    Where it might be estimated, it is one more; and once in a while another, to draw the sample.
    """
    total = Entity.objects.filter(blueprint=blueprint).count()
    entities = filterset.qs.order_by()
    if not is_narrowed(filterset):
        found = counts_of([item.pk for item in scorecards], blueprint_id=blueprint.pk)
        return Found(entities, total, {card: counts.levels for card, counts in found.items()})
    if total > SURE:
        estimate = _estimated(entities, blueprint, total=total, scorecards=scorecards)
        if estimate.count > SURE:
            return estimate
    return counted(entities, scorecards)


def counted(entities: EntityQuerySet, scorecards: Sequence[Scorecard]) -> Found:
    """Return what there is after looking at each once; what follows reads no filter again."""
    # All are read, and rows lie by id in the file: SQLite would go through them by name.
    ids = list(entities.filter(pk__gt=0).values_list("pk", flat=True))
    rows = Entity.objects.filter(IsAmong("id", ids))
    return Found(rows, len(ids), levels_among(_graded(ids, scorecards)))


def _estimated(
    entities: EntityQuerySet,
    blueprint: Blueprint,
    *,
    total: int,
    scorecards: Sequence[Scorecard],
) -> Found:
    """Return an estimate; without levels where so few pass that they had better be counted."""
    drawn = _sample(blueprint, total)
    ids = list(entities.filter(IsAmong("id", drawn)).values_list("pk", flat=True))
    count = len(ids) * total // max(len(drawn), 1)
    if count <= SURE:
        return Found(entities, count, {}, is_estimate=True)
    looked_at = ids[:: -(-len(ids) // GRADED_SAMPLE)]
    levels = levels_among(_graded(looked_at, scorecards))
    factor = count / len(looked_at)
    return Found(entities, about(count), _scaled(levels, factor), is_estimate=True)


def _sample(blueprint: Blueprint, total: int) -> list[int]:
    """Return the ids of some entities, drawn evenly and kept for a while.

    So an estimate costs no look at the others; and who reads on is told the same again.
    """
    key = f"sample-of-blueprint-{blueprint.pk}"
    ids: list[int] | None = cache.get(key)
    if ids is None:
        share = max(_MODULUS * SAMPLE // total, 1)
        rows = Entity.objects.filter(blueprint=blueprint).order_by()
        drawn = rows.alias(place=F("id") * _FACTOR % _MODULUS).filter(place__lt=share)
        ids = list(drawn.values_list("pk", flat=True))
        cache.set(key, ids, SAMPLE_SECONDS)
    return ids


def _graded(ids: Iterable[int], scorecards: Sequence[Scorecard]) -> EvaluationQuerySet:
    return Evaluation.objects.filter(IsAmong("entity_id", ids), scorecard__in=scorecards)


def _scaled(levels: LevelCounts, factor: float) -> Mapping[int, Counter[int]]:
    return {
        card: Counter({level: about(count * factor) for level, count in counts.items()})
        for card, counts in levels.items()
    }
