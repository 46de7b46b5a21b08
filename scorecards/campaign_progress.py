"""How far campaigns are, counted by the database.

What has the same owners and equal masks is one group, so that what comes back is short however many
entities there are. Where the rules are of one scorecard, its groups tell everything; where they are
of several, a second question tells which entities are done.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BigIntegerField, Case, Count, Exists, F, OuterRef, When

from catalog.conditions import parse
from catalog.queries import compile_q
from portal.permissions import Rights
from scorecards.campaigns import (
    Demand,
    any_of,
    demands_of,
    failing_evaluations,
    in_scope,
    teams_in,
)
from scorecards.evaluation import Masks
from scorecards.models import Campaign, Evaluation, Outcome, Rule, RuleChange
from scorecards.querysets import EvaluationQuerySet


@dataclass
class Results:
    """How many results there are of each kind: entity by rule."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def counting(self) -> int:
        """Return how many count: those skipped do not."""
        return self.passed + self.failed

    def add(self, status: str, count: int) -> None:
        """Add so many results of a kind."""
        match status:
            case RuleChange.Result.PASS:
                self.passed += count
            case RuleChange.Result.FAIL:
                self.failed += count
            case RuleChange.Result.SKIP:
                self.skipped += count


@dataclass(frozen=True)
class RuleProgress:
    """How one rule of a campaign fares."""

    rule: Rule
    results: Results


@dataclass
class TeamProgress:
    """How far one team is; `team` is its identifier, empty for what nobody owns."""

    team: str
    results: Results
    done: int = 0
    entities: int = 0

    @property
    def left(self) -> int:
        """Return how many entities are still to be done."""
        return self.entities - self.done


@dataclass(frozen=True)
class Progress:
    """How far a campaign is. An entity of two teams counts for both, and once in all."""

    done: int
    entities: int
    rules: list[RuleProgress]
    teams: list[TeamProgress]

    @property
    def left(self) -> int:
        """Return how many entities are still to be done."""
        return self.entities - self.done

    @property
    def passed(self) -> int:
        """Return how many results are passes."""
        return sum(item.results.passed for item in self.rules)

    @property
    def failed(self) -> int:
        """Return how many results are failures."""
        return sum(item.results.failed for item in self.rules)

    @property
    def skipped(self) -> int:
        """Return how many results do not count."""
        return sum(item.results.skipped for item in self.rules)

    @property
    def counting(self) -> int:
        """Return how many results count."""
        return self.passed + self.failed

    @property
    def is_all_done(self) -> bool:
        """Say whether there was something to do, and nothing is left of it."""
        return self.entities > 0 and self.left == 0


class _Tally:
    """What groups of entities come to."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.done = self.entities = 0
        self.by_rule = {rule.pk: Results() for rule in rules}
        self.teams: dict[str, TeamProgress] = {}

    def _teams(self, owners: str | None) -> Iterator[TeamProgress]:
        for name in teams_in(owners):
            yield self.teams.setdefault(name, TeamProgress(name, Results()))

    def add_entities(self, owners: str | None, count: int, *, is_done: bool) -> None:
        """Count entities of the same owners."""
        self.entities += count
        self.done += count if is_done else 0
        for team in self._teams(owners):
            team.entities += count
            team.done += count if is_done else 0

    def add_results(self, owners: str | None, count: int, *, words: dict[int, str]) -> None:
        """Count what rules, named by their ids, say of entities of the same owners."""
        for rule_id, word in words.items():
            self.by_rule[rule_id].add(word, count)
        for team in self._teams(owners):
            for word in words.values():
                team.results.add(word, count)


def progress_of(campaign: Campaign, *, now: datetime, rights: Rights | None = None) -> Progress:
    """Return how far a campaign is, whose rules are loaded: a query, or two, see above.

    With `rights`, only what these may read counts.
    """
    rules = list(campaign.rules.all())
    demands = demands_of(rules)
    tally = _Tally(rules)
    if len(demands) == 1:
        _count_one(campaign, demands[0], tally, now=now, rights=rights)
    elif demands:
        _count_several(campaign, demands, tally, now=now, rights=rights)
    return Progress(
        done=tally.done,
        entities=tally.entities,
        rules=[RuleProgress(rule, tally.by_rule[rule.pk]) for rule in rules],
        teams=sorted(tally.teams.values(), key=lambda team: (-team.left, team.team)),
    )


def _count_one(
    campaign: Campaign, demand: Demand, tally: _Tally, *, now: datetime, rights: Rights | None
) -> None:
    rows = Evaluation.objects.filter(demand.counts)
    if rights is not None:
        rows = rights.readable(rows, via="entity__blueprint")
    if campaign.filter:
        rows = rows.filter(compile_q(parse(campaign.filter), now=now, facts="entity__facts"))
    for owners, words, count in _groups(rows, [demand]):
        is_done = RuleChange.Result.FAIL not in words.values()
        tally.add_entities(owners, count, is_done=is_done)
        tally.add_results(owners, count, words=words)


def _count_several(
    campaign: Campaign,
    demands: Sequence[Demand],
    tally: _Tally,
    *,
    now: datetime,
    rights: Rights | None,
) -> None:
    scope = in_scope(campaign, now=now).readable_by(rights)
    failing_too = failing_evaluations(campaign.rules.all()).filter(entity=OuterRef("pk"))
    entities = scope.annotate(is_failing=Exists(failing_too)).order_by()
    groups = entities.values_list("fingerprint__teams", "is_failing").annotate(Count("pk"))
    for owners, is_failing, count in groups:
        tally.add_entities(owners, count, is_done=not is_failing)
    rows = Evaluation.objects.filter(
        any_of(demand.evaluated for demand in demands), entity__in=scope
    )
    for owners, words, count in _groups(rows, demands):
        tally.add_results(owners, count, words=words)


def _groups(
    evaluations: EvaluationQuerySet, demands: Sequence[Demand]
) -> Iterator[tuple[str | None, dict[int, str], int]]:
    """Yield the owners of a group of evaluations, what the rules say of it, and how many it is."""
    # Only the bits that are asked about: the more masks are equal, the fewer groups there are.
    rows = evaluations.annotate(
        has_passed=_bits_of("passed", demands), was_skipped=_bits_of("skipped", demands)
    )
    groups = rows.order_by().values_list(
        "scorecard_id", "has_passed", "was_skipped", "entity__fingerprint__teams"
    )
    rules = {demand.scorecard_id: demand.rules for demand in demands}
    for scorecard_id, passed, skipped, owners, count in groups.annotate(Count("pk")):
        masks = Masks(passed, skipped)
        yield owners, {rule.pk: masks.word(rule.bit) for rule in rules[scorecard_id]}, count


def _bits_of(mask: str, demands: Iterable[Demand]) -> Case:
    return Case(
        *(When(scorecard=item.scorecard_id, then=F(mask).bitand(item.bits)) for item in demands),
        output_field=BigIntegerField(),
    )


def known_outcomes(
    campaign: Campaign, *, now: datetime, rights: Rights | None = None
) -> dict[int, int]:
    """Return for how many entities in scope something was reported, by the id of the rule."""
    reported = [rule for rule in campaign.rules.all() if rule.is_reported]
    if not reported:
        return {}
    scope = in_scope(campaign, now=now).readable_by(rights)
    rows = Outcome.objects.filter(rule__in=reported, entity__in=scope)
    return dict(rows.order_by().values_list("rule_id").annotate(Count("pk")))
