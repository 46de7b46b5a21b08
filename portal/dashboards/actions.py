"""What is worth fixing: failing rules, seen from the next level that they keep entities from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nsmallest

from django.db.models import Count

from catalog.models import Entity
from scorecards.models import Evaluation, Level, Rule, Scorecard
from scorecards.models.scorecards import MAX_RULES
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
    """A failing rule: how many fail it, and how many it alone keeps from their next level.

    `nearest` is how many rules the entity that is closest has to pass to reach the rule's level,
    this one among them; 0 where others, of a lower level, come first for all of them.
    """

    rule: Rule
    scorecard: Scorecard
    failing: int = 0
    lifts: int = 0
    nearest: int = 0

    @property
    def others(self) -> int:
        """Return how many other rules have to pass along with this one."""
        return max(self.nearest - 1, 0)

    def helps(self, missing: int) -> None:
        """Note that an entity needs so many rules for the level of this one."""
        self.nearest = min(self.nearest or missing, missing)


@dataclass(frozen=True)
class Way:
    """What masks say: every rule that fails, and of those the ones before the next level."""

    failing: list[Rule]
    level: Level | None
    missing: list[Rule]


def way_of(scorecard: Scorecard, *, passed: int, skipped: int, newest: int) -> Way:
    """Return the way on from these masks; needs the scorecard's parts.

    Rules come by the rank of their level, so the first one failing names the next level. Of a rule
    that is newer than the `newest` that was looked at, masks say nothing.
    """
    results = rule_results(Evaluation(passed=passed, skipped=skipped), scorecard.rules.all())
    failing = [item.rule for item in results if item.is_failing and item.rule.pk <= newest]
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
    def way(card: int, passed: int, skipped: int, newest: int) -> Way:
        return way_of(parts[card], passed=passed, skipped=skipped, newest=newest)

    rows = evaluations.filter(scorecard__in=parts).values_list(
        *_MASKS, "entity__title", "entity_id"
    )
    # Among equals the lower level is the more urgent.
    open_rows = (
        (len(on.missing), on.level.rank, title, entity, card, on)
        for card, passed, skipped, newest, title, entity in rows
        if (on := way(card, passed, skipped, newest)).level
    )
    nearest = nsmallest(limit, open_rows, key=lambda row: row[:5])
    entities = Entity.objects.select_related("blueprint").in_bulk([row[3] for row in nearest])
    return [
        Step(entities[entity], parts[card], on.level, on.missing)
        for *_, entity, card, on in nearest
        if on.level
    ]


def fixes_of(scorecards: Sequence[Scorecard], evaluations: EvaluationQuerySet) -> list[Fix]:
    """Return the failing rules: first those that lift the most entities on their own, the nearest.

    One query: equal masks are counted by the database.
    """
    parts = {scorecard.pk: scorecard for scorecard in scorecards}
    fixes: dict[int, Fix] = {}
    groups = evaluations.filter(scorecard__in=parts).values_list(*_MASKS)
    for card, passed, skipped, newest, count in groups.annotate(Count("id")).order_by():
        way = way_of(parts[card], passed=passed, skipped=skipped, newest=newest)
        for rule in way.failing:
            fixes.setdefault(rule.pk, Fix(rule, parts[card])).failing += count
        for rule in way.missing:
            fixes[rule.pk].helps(len(way.missing))
        if len(way.missing) == 1:
            fixes[way.missing[0].pk].lifts += count
    return sorted(fixes.values(), key=_urgency)


_MASKS = ("scorecard_id", "passed", "skipped", "newest_rule_id")


def _urgency(fix: Fix) -> tuple[int, int, int, str, int]:
    """Return the place of a fix: what lifts most, then what is nearest, what most fail."""
    far = fix.nearest or MAX_RULES + 1
    return (-fix.lifts, far, -fix.failing, fix.rule.title, fix.rule.pk)
