"""The page of a scorecard, and the list of all of them."""

from dataclasses import dataclass
from itertools import groupby

from django.core.paginator import Page, Paginator
from django.db.models import F, Prefetch

from catalog.filtersets import owned_by
from portal.dashboards.charts import Slice
from portal.dashboards.columns import Reference
from portal.dashboards.distribution import slices_of
from portal.dashboards.formats import many, number
from portal.dashboards.moves import Move, moves_of
from portal.dashboards.ownership import team_references
from portal.dashboards.querystring import QueryString
from portal.dashboards.score_groups import MOST_AT_ONCE, GroupScores, group_scores
from scorecards.counts import Counts, counts_of
from scorecards.models import Evaluation, Level, LevelChange, Rule, Scorecard
from scorecards.querysets import EvaluationQuerySet
from scorecards.results import RuleCount, rule_counts, rule_results
from scorecards.scores import Score, share, together

PAGE_SIZE = 50
MOST_MOVES = 8


@dataclass(frozen=True)
class Overview:
    """A scorecard in a list: its distribution and what it grades."""

    scorecard: Scorecard
    slices: list[Slice]
    score: Score

    @property
    def total(self) -> int:
        """Return how many entities are graded."""
        return sum(part.count for part in self.slices)


@dataclass(frozen=True)
class RuleRate:
    """How a rule fares. `judged` leaves out those that it does not count for."""

    count: RuleCount

    @property
    def judged(self) -> int:
        """Return how many pass or fail."""
        return self.count.passed + self.count.failed


@dataclass(frozen=True)
class LevelRules:
    """The rules of a level, with how they fare."""

    level: Level
    rules: list[RuleRate]


@dataclass(frozen=True)
class Tab:
    """A level to look at alone."""

    title: str
    count: int
    link: str
    is_current: bool


@dataclass(frozen=True)
class Graded:
    """A graded entity: its level, its owners and how many of the rules that count it passes."""

    evaluation: Evaluation
    owners: list[Reference]
    passed: int
    counting: int


@dataclass(frozen=True)
class ScorecardPage:
    """Everything the page of a scorecard shows."""

    overview: Overview
    levels: list[LevelRules]
    tabs: list[Tab]
    rule: Rule | None
    moves: list[Move]
    rows: list[Graded]
    page: Page
    query: QueryString
    # By team and by kind; None where that would take long and was not asked for.
    groups: GroupScores | None

    @property
    def total_text(self) -> str:
        """Return the number in the hole of the ring."""
        return number(self.overview.total)

    @property
    def noun(self) -> str:
        """Return the word under the number."""
        kinds = [item.title for item in self.overview.scorecard.blueprints.all()]
        return many(kinds[0]).lower() if len(kinds) == 1 else "graded"

    @property
    def team(self) -> str:
        """Return the team whose entities alone are shown, if any."""
        return self.query.get("team")

    @property
    def is_narrowed(self) -> bool:
        """Say whether only one level is shown."""
        return not self.tabs[0].is_current


def overviews() -> list[Overview]:
    """Return every published scorecard with its distribution."""
    scorecards = list(
        Scorecard.objects.published()
        .prefetch_related(
            "blueprints",
            Prefetch("levels", Level.objects.order_by("rank")),
            Prefetch("rules", Rule.objects.only("id", "scorecard_id", "title").order_by("id")),
        )
        .order_by("title", "id")
    )
    counts = counts_of([scorecard.pk for scorecard in scorecards])
    return [_overview(scorecard, counts[scorecard.pk]) for scorecard in scorecards]


def _overview(scorecard: Scorecard, counts: Counts) -> Overview:
    fared = rule_counts(scorecard.rules.all(), counts)
    return Overview(
        scorecard,
        slices_of(scorecard, counts.levels),
        together(share(count.passed, count.failed, skipped=count.skipped) for count in fared),
    )


def scorecard_page(scorecard: Scorecard, query: QueryString) -> ScorecardPage:
    """Return the page of a scorecard whose parts are loaded, as its address asks for it."""
    evaluations = Evaluation.objects.filter(scorecard=scorecard)
    counts = counts_of([scorecard.pk])[scorecard.pk]
    overview = _overview(scorecard, counts)
    level = next(
        (item for item in scorecard.levels.all() if item.title == query.get("level")), None
    )
    rule = next(
        (item for item in scorecard.rules.all() if item.identifier == query.get("rule")), None
    )
    changes = LevelChange.objects.filter(scorecard=scorecard)
    wanted = evaluations.filter(level=level) if level else evaluations
    if rule:
        wanted = _failing(wanted, rule)
    if team := query.get("team"):
        wanted = wanted.filter(owned_by(team, prefix="entity__"))
    page = Paginator(_in_order(wanted), PAGE_SIZE).get_page(query.get("page"))
    return ScorecardPage(
        overview=overview,
        levels=_levels(scorecard, counts),
        tabs=_tabs(overview, query, level=level),
        rule=rule,
        moves=moves_of(changes.recent()[:MOST_MOVES], [scorecard]),
        rows=_rows(page, scorecard),
        page=page,
        query=query,
        groups=group_scores(scorecard) if _has_groups(overview, query) else None,
    )


def _has_groups(overview: Overview, query: QueryString) -> bool:
    return overview.total <= MOST_AT_ONCE or query.get("scores") == "groups"


def _failing(evaluations: EvaluationQuerySet, rule: Rule) -> EvaluationQuerySet:
    bit = 1 << rule.bit
    return evaluations.alias(
        has_passed=F("passed").bitand(bit), was_skipped=F("skipped").bitand(bit)
    ).filter(has_passed=0, was_skipped=0)


def _in_order(evaluations: EvaluationQuerySet) -> EvaluationQuerySet:
    return (
        evaluations.select_related("level", "entity__blueprint")
        .defer("entity__properties", "entity__computed")
        .order_by(F("level__rank").asc(nulls_first=True), "entity__title", "id")
    )


def _levels(scorecard: Scorecard, counts: Counts) -> list[LevelRules]:
    """Return the rules by level, the highest level first."""
    fared = rule_counts(scorecard.rules.all(), counts)
    groups = [
        LevelRules(level, [RuleRate(count) for count in rules])
        for level, rules in groupby(fared, key=lambda count: count.rule.level)
    ]
    return groups[::-1]


def _tabs(overview: Overview, query: QueryString, *, level: Level | None) -> list[Tab]:
    everything = Tab("All", overview.total, str(query.without("level")), is_current=level is None)
    return [
        everything,
        *(
            Tab(
                title=part.label,
                count=part.count,
                link=str(query.having("level", part.label)),
                is_current=level is not None and level.title == part.label,
            )
            for part in overview.slices
        ),
    ]


def _rows(page: Page, scorecard: Scorecard) -> list[Graded]:
    evaluations = list(page.object_list)
    names = {name for row in evaluations for name in row.entity.team}
    owners = {team.identifier: team for team in team_references(sorted(names))}
    return [
        _graded(row, scorecard, [owners[name] for name in row.entity.team]) for row in evaluations
    ]


def _graded(row: Evaluation, scorecard: Scorecard, owners: list[Reference]) -> Graded:
    results = rule_results(row, scorecard.rules.all())
    passed = sum(1 for item in results if item.status == "PASS")
    failing = sum(1 for item in results if item.is_failing)
    return Graded(row, owners, passed=passed, counting=passed + failing)
