"""Reading results out of the masks: per entity for its page, per rule for lists and the API."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from catalog.conditions import Explanation, explain, parse
from catalog.models import Entity
from scorecards.evaluation import Masks
from scorecards.models import Evaluation, Level, Rule, RuleChange, Scorecard
from scorecards.operations.recording import result
from scorecards.querysets import EvaluationQuerySet


@dataclass(frozen=True)
class RuleResult:
    """What one rule says about one entity. `explanation` is None where nobody asked for it."""

    rule: Rule
    status: RuleChange.Result
    explanation: Explanation | None = None
    since: datetime | None = None

    @property
    def is_failing(self) -> bool:
        """Say whether something is left to do."""
        return self.status == RuleChange.Result.FAIL


@dataclass(frozen=True)
class LevelStep:
    """One rung of the ladder of levels, for one entity."""

    level: Level
    is_reached: bool
    is_current: bool


@dataclass(frozen=True)
class Panel:
    """What one scorecard says about one entity: the ladder, the rules, and what is next.

    `next_level` is the lowest level that is not held and owns a failing rule; `missing` are the
    rules that stand between, those of `next_level` and of every level below it.
    """

    scorecard: Scorecard
    evaluation: Evaluation
    level: Level | None
    steps: list[LevelStep]
    rules: list[RuleResult]
    next_level: Level | None
    missing: list[RuleResult]


def rule_results(evaluation: Evaluation, rules: Iterable[Rule]) -> list[RuleResult]:
    """Return the result of each of the scorecard's rules, read out of the masks."""
    masks = Masks(evaluation.passed, evaluation.skipped)
    return [RuleResult(rule, result(masks, rule.bit)) for rule in rules]


def panels_for(entity: Entity, *, now: datetime) -> list[Panel]:
    """Return a panel per published scorecard that grades the entity, by title.

    Five queries, however many scorecards and rules there are.
    """
    evaluations = {row.scorecard_id: row for row in Evaluation.objects.of_entities([entity.pk])}
    scorecards = (
        Scorecard.objects.grading(entity.blueprint_id).filter(id__in=evaluations).with_parts()
    )
    since = _last_moves(entity)
    return [
        _panel(scorecard, evaluations[scorecard.pk], entity, since=since, now=now)
        for scorecard in scorecards
    ]


def _last_moves(entity: Entity) -> dict[int, datetime]:
    rows = RuleChange.objects.filter(entity=entity).values("rule_id").annotate(last=Max("at"))
    return {row["rule_id"]: row["last"] for row in rows}


def _panel(
    scorecard: Scorecard,
    evaluation: Evaluation,
    entity: Entity,
    *,
    since: dict[int, datetime],
    now: datetime,
) -> Panel:
    results = [
        RuleResult(
            rule=item.rule,
            status=item.status,
            explanation=explain(parse(item.rule.query), entity.facts, now=now),
            since=since.get(item.rule.pk),
        )
        for item in rule_results(evaluation, scorecard.rules.all())
    ]
    levels = list(scorecard.levels.all())
    next_level = _next_level(levels, results)
    rank = next_level.rank if next_level else -1
    return Panel(
        scorecard=scorecard,
        evaluation=evaluation,
        level=evaluation.level,
        steps=steps_of(levels, evaluation.level),
        rules=results,
        next_level=next_level,
        missing=[item for item in results if item.is_failing and item.rule.level.rank <= rank],
    )


def steps_of(levels: Sequence[Level], held: Level | None) -> list[LevelStep]:
    """Return the ladder of a scorecard, with the rungs that an entity at `held` stands on."""
    rank = held.rank if held else -1
    return [LevelStep(level, level.rank <= rank, level.rank == rank) for level in levels]


def _next_level(levels: Sequence[Level], results: Sequence[RuleResult]) -> Level | None:
    failing = {item.rule.level_id for item in results if item.is_failing}
    return next((level for level in levels if level.pk in failing), None)


@dataclass(frozen=True)
class RuleCount:
    """How many of the graded entities pass, fail and skip a rule."""

    rule: Rule
    passed: int
    failed: int
    skipped: int

    @property
    def share(self) -> float | None:
        """Return the share of passes among those that count, 0 to 1; None where none counts."""
        counting = self.passed + self.failed
        return self.passed / counting if counting else None


def rule_counts(scorecard: Scorecard, evaluations: EvaluationQuerySet) -> list[RuleCount]:
    """Return how each rule fares over these evaluations, from the distinct masks there are."""
    counts: dict[tuple[int, str], int] = defaultdict(int)
    rules = list(scorecard.rules.all())
    for row in evaluations.values("passed", "skipped").annotate(count=Count("id")).order_by():
        masks = Masks(row["passed"], row["skipped"])
        for rule in rules:
            counts[rule.pk, result(masks, rule.bit)] += row["count"]
    return [
        RuleCount(
            rule=rule,
            passed=counts[rule.pk, RuleChange.Result.PASS],
            failed=counts[rule.pk, RuleChange.Result.FAIL],
            skipped=counts[rule.pk, RuleChange.Result.SKIP],
        )
        for rule in rules
    ]
