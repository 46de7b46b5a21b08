"""What is worth fixing: failing rules, seen from the next level that they keep entities from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nsmallest

from django.db.models import Count

from catalog.models import Entity
from scorecards.models import Evaluation, Level, Rule, Scorecard
from scorecards.querysets import EvaluationQuerySet
from scorecards.results import rule_results


@dataclass(frozen=True)
class Step:
    """What one entity needs to climb one level of one scorecard."""

    entity: Entity
    scorecard: Scorecard
    next_level: Level
    missing: list[Rule]


@dataclass
class Fix:
    """A failing rule: how many fail it, and how many it alone keeps from their next level."""

    rule: Rule
    scorecard: Scorecard
    failing: int = 0
    lifts: int = 0


@dataclass(frozen=True)
class Way:
    """What masks say: every rule that fails, and of those the ones before the next level."""

    failing: list[Rule]
    level: Level | None
    missing: list[Rule]


def way_of(scorecard: Scorecard, *, passed: int, skipped: int) -> Way:
    """Return the way on from these masks; needs the scorecard's parts.

    Rules come by the rank of their level, so the first one failing names the next level.
    """
    results = rule_results(Evaluation(passed=passed, skipped=skipped), scorecard.rules.all())
    failing = [item.rule for item in results if item.is_failing]
    level = failing[0].level if failing else None
    missing = [rule for rule in failing if level and rule.level_id == level.pk]
    return Way(failing, level, missing)


def steps_of(
    scorecards: Sequence[Scorecard], evaluations: EvaluationQuerySet, *, limit: int
) -> list[Step]:
    """Return the shortest steps that these evaluations leave to take; two queries.

    A team may own thousands of services: equal masks are read once, and only the entities that
    are shown are loaded.
    """
    parts = {scorecard.pk: scorecard for scorecard in scorecards}

    @cache
    def way(card: int, passed: int, skipped: int) -> Way:
        return way_of(parts[card], passed=passed, skipped=skipped)

    rows = evaluations.filter(scorecard__in=parts).values_list(
        "scorecard_id", "passed", "skipped", "entity__title", "entity_id"
    )
    # Among equals the lower level is the more urgent.
    open_rows = (
        (len(on.missing), on.level.rank, title, entity, card, on)
        for card, passed, skipped, title, entity in rows
        if (on := way(card, passed, skipped)).level
    )
    nearest = nsmallest(limit, open_rows, key=lambda row: row[:5])
    entities = Entity.objects.select_related("blueprint").in_bulk([row[3] for row in nearest])
    return [
        Step(entities[entity], parts[card], on.level, on.missing)
        for *_, entity, card, on in nearest
        if on.level
    ]


def fixes_of(scorecards: Sequence[Scorecard], evaluations: EvaluationQuerySet) -> list[Fix]:
    """Return the failing rules, those first that lift the most entities on their own.

    One query: equal masks are counted by the database.
    """
    parts = {scorecard.pk: scorecard for scorecard in scorecards}
    fixes: dict[int, Fix] = {}
    groups = evaluations.filter(scorecard__in=parts).values_list(
        "scorecard_id", "passed", "skipped"
    )
    for card, passed, skipped, count in groups.annotate(Count("id")).order_by():
        way = way_of(parts[card], passed=passed, skipped=skipped)
        for rule in way.failing:
            fixes.setdefault(rule.pk, Fix(rule, parts[card])).failing += count
        if len(way.missing) == 1:
            fixes[way.missing[0].pk].lifts += count
    return sorted(fixes.values(), key=lambda fix: (-fix.lifts, -fix.failing, fix.rule.title))
