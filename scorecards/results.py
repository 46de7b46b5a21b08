"""Reading results out of the masks: per entity for its page, per rule for lists and the API."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Max

from catalog.conditions import Explanation, explain, parse
from catalog.models import Entity
from scorecards.counts import Counts
from scorecards.evaluation import Masks
from scorecards.models import (
    Evaluation,
    Exemption,
    Level,
    Outcome,
    PastOutcome,
    Rule,
    RuleChange,
    Scorecard,
)
from scorecards.operations.recording import result
from scorecards.scores import Score, share
from scorecards.skips import skip_reason, titles_with_evidence

# How a rule without a query is described.
REPORTED = "Reported over the API"
# How much of what was reported before stands on the page of an entity: the API has all of it.
MOST_PAST = 200
MOST_PAST_OF_A_RULE = 5


@dataclass(frozen=True)
class RuleResult:
    """What one rule says about one entity, and why, where that was asked for.

    That is the `explanation` of the query, or, of a reported rule, the `outcome` if there is one;
    where the rule does not count, `skip_reason` says why.
    """

    rule: Rule
    status: RuleChange.Result
    explanation: Explanation | None = None
    outcome: Outcome | None = None
    skip_reason: str = ""
    since: datetime | None = None
    # What was reported before, newest first.
    past: Sequence[PastOutcome] = ()
    # By which the rule does not count, if there is one.
    exemption: Exemption | None = None

    @property
    def is_skipped(self) -> bool:
        """Say whether the rule does not count."""
        return self.status == RuleChange.Result.SKIP

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

    @property
    def score(self) -> Score:
        """Return the score of the entity by this scorecard alone."""
        statuses = Counter(item.status for item in self.rules)
        status = RuleChange.Result
        return share(
            statuses[status.PASS], statuses[status.FAIL], skipped=statuses[status.SKIP], entities=1
        )


def rule_results(evaluation: Evaluation, rules: Iterable[Rule]) -> list[RuleResult]:
    """Return the result of each of the scorecard's rules, read out of the masks."""
    masks = Masks(evaluation.passed, evaluation.skipped)
    return [RuleResult(rule, result(masks, rule.bit)) for rule in rules]


def panels_for(
    entity: Entity, *, now: datetime, titles: Mapping[str, str] | None = None
) -> list[Panel]:
    """Return a panel per published scorecard that grades the entity, by title.

    `titles` are those of its facts. Five queries, however many scorecards and rules there are, two
    more where rules are reported, and one where some are skipped.
    """
    evaluations = {row.scorecard_id: row for row in Evaluation.objects.of_entities([entity.pk])}
    scorecards = list(
        Scorecard.objects.grading(entity.blueprint_id).filter(id__in=evaluations).with_parts()
    )
    rules = [rule for scorecard in scorecards for rule in scorecard.rules.all()]
    exemptions = exemptions_of(entity, evaluations.values())
    reasons = reasons_for(entity, rules, now=now, titles=titles, exemptions=exemptions)
    since = _last_moves(entity)
    past = _past_of(entity, rules)
    reasons |= {
        rule.pk: replace(reasons[rule.pk], past=past[rule.pk]) for rule in rules if rule.pk in past
    }
    return [
        _panel(scorecard, evaluations[scorecard.pk], reasons=reasons, since=since)
        for scorecard in scorecards
    ]


@dataclass(frozen=True)
class Reason:
    """Why a rule says what it says: the explanation of its query, or what was reported, if so.

    `skip` is why it does not count, empty where it does.
    """

    explanation: Explanation | None = None
    outcome: Outcome | None = None
    past: Sequence[PastOutcome] = ()
    exemption: Exemption | None = None
    skip: str = ""


def exemptions_of(entity: Entity, evaluations: Iterable[Evaluation]) -> dict[int, Exemption]:
    """Return what holds for an entity by rule; no query where nothing is skipped."""
    if not any(row.skipped for row in evaluations):
        return {}
    return {row.rule_id: row for row in Exemption.objects.of_entity(entity.pk)}


def reasons_for(
    entity: Entity,
    rules: Iterable[Rule],
    *,
    now: datetime,
    titles: Mapping[str, str] | None = None,
    exemptions: Mapping[int, Exemption] | None = None,
) -> dict[int, Reason]:
    """Return the reason of each rule by its id; one query where some of them are reported."""
    rules, exemptions = list(rules), exemptions or {}
    outcomes: dict[int, Outcome] = {}
    if any(rule.is_reported for rule in rules):
        outcomes = {row.rule_id: row for row in Outcome.objects.filter(entity=entity)}
    named, unseen = titles_with_evidence(titles or {}), entity.blueprint.unseen_keys
    return {
        rule.pk: Reason(
            explanation=None
            if rule.is_reported
            else explain(parse(rule.query), entity.facts, now=now, titles=named, unseen=unseen),
            outcome=outcomes.get(rule.pk),
            exemption=exemptions.get(rule.pk),
            skip=skip_reason(
                rule,
                entity.facts,
                now=now,
                titles=titles or {},
                outcome=outcomes.get(rule.pk),
                exemption=exemptions.get(rule.pk),
                unseen=unseen,
            ),
        )
        for rule in rules
    }


def _past_of(entity: Entity, rules: Iterable[Rule]) -> dict[int, list[PastOutcome]]:
    """Return what was reported for each rule before, as far as a page shows it."""
    reported = [rule.pk for rule in rules if rule.is_reported]
    past: dict[int, list[PastOutcome]] = defaultdict(list)
    if reported:
        rows = PastOutcome.objects.filter(entity=entity, rule__in=reported).order_by("-id")
        for row in rows[:MOST_PAST]:
            past[row.rule_id].append(row)
    return {rule: found[:MOST_PAST_OF_A_RULE] for rule, found in past.items()}


def _last_moves(entity: Entity) -> dict[int, datetime]:
    rows = RuleChange.objects.filter(entity=entity).values("rule_id").annotate(last=Max("at"))
    return {row["rule_id"]: row["last"] for row in rows}


def _panel(
    scorecard: Scorecard,
    evaluation: Evaluation,
    *,
    reasons: Mapping[int, Reason],
    since: Mapping[int, datetime],
) -> Panel:
    results = [
        RuleResult(
            rule=item.rule,
            status=item.status,
            explanation=reasons[item.rule.pk].explanation,
            outcome=reasons[item.rule.pk].outcome,
            past=reasons[item.rule.pk].past,
            exemption=reasons[item.rule.pk].exemption if item.is_skipped else None,
            skip_reason=reasons[item.rule.pk].skip if item.is_skipped else "",
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


def rule_counts(rules: Iterable[Rule], counts: Counts) -> list[RuleCount]:
    """Return how each of a scorecard's rules fares, read off its counters."""
    return [
        RuleCount(
            rule=rule,
            passed=counts.passed[rule.pk],
            failed=counts.failed[rule.pk],
            skipped=counts.total - counts.passed[rule.pk] - counts.failed[rule.pk],
        )
        for rule in rules
    ]
