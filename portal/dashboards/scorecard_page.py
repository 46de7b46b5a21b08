"""The page of a scorecard: where it stands, what moved, who to help, and what it grades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from portal.dashboards.area_charts import Band
from portal.dashboards.columns import Reference
from portal.dashboards.formats import many
from portal.dashboards.graded import Choice, GradedList, graded_list
from portal.dashboards.movers import Movers, movers_of
from portal.dashboards.ownership import evaluations_owned, team_references
from portal.dashboards.querystring import QueryString
from portal.dashboards.rule_heats import (
    HeatRow,
    RuleHeat,
    TeamCounts,
    WorstTeam,
    team_counts,
    team_heat,
    teams_to_help,
    worst_teams,
)
from portal.dashboards.score_groups import MOST_AT_ONCE, GroupScores, group_scores
from portal.dashboards.scorecard_history import ScorecardHistory, scorecard_history
from portal.dashboards.scorecards_page import Overview, overview_of, points
from portal.permissions import Sight
from scorecards.counts import Counts, counts_by_team, counts_of
from scorecards.models import Level, Scorecard
from scorecards.results import RuleCount, rule_counts

PERIODS = (7, 30, 90, 365)
DEFAULT_PERIOD = 30
# So many can be chosen from a list; the others are in the heat map.
MOST_CHOICES = 300
MOST_FIXES = 6


@dataclass(frozen=True)
class RuleRate:
    """How a rule fares, and for which teams worst. `judged` leaves out those it does not count."""

    count: RuleCount
    worst: Sequence[WorstTeam]

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
class Standing:
    """A level in the legend: how many hold it, and how many more than when the time began."""

    label: str
    color: str
    count: int
    change: int | None


@dataclass(frozen=True)
class ScorecardPage:
    """Everything the page of a scorecard shows.

    With a team chosen, all of it is about what that team owns, but for the heat map.
    """

    overview: Overview
    query: QueryString
    days: int
    periods: list[Choice]
    team: Reference | None
    teams: list[Reference]
    history: ScorecardHistory
    standings: list[Standing]
    movers: Movers
    levels: list[LevelRules]
    to_help: list[HeatRow]
    heat: RuleHeat | None
    # By team and by kind; None where that would take long and was not asked for.
    groups: GroupScores | None
    graded: GradedList

    @property
    def noun(self) -> str:
        """Return what is graded, where that is all of a kind."""
        kinds = [item.title for item in self.overview.scorecard.blueprints.all()]
        return many(kinds[0]).lower() if len(kinds) == 1 else ""

    @property
    def gone(self) -> list[Band]:
        """Return the bands of the chart that are levels no longer."""
        return list(self.history.chart.bands)[len(self.standings) :]

    @property
    def to_fix(self) -> list[RuleRate]:
        """Return the rules that most fail, most first."""
        rates = [rate for level in self.levels for rate in level.rules if rate.count.failed]
        return sorted(rates, key=lambda rate: (-rate.count.failed, rate.count.rule.title))[
            :MOST_FIXES
        ]

    @property
    def is_asked_for_groups(self) -> bool:
        """Say whether the address asks for scores by team and by kind."""
        return self.query.get("scores") == "groups"

    @property
    def top(self) -> Standing | None:
        """Return the highest level."""
        return self.standings[0] if self.standings else None

    @property
    def points(self) -> int | None:
        """Return by how many points in a hundred the score moved; None where that is not known."""
        before = self.history.first.score if self.history.first else None
        now = self.overview.score.value
        return None if before is None or now is None else points(before, now)

    @property
    def growth(self) -> int | None:
        """Return how many more are graded than when the time began."""
        first = self.history.first
        return self.overview.total - sum(first.levels.values()) if first else None


def scorecard_page(
    scorecard: Scorecard, query: QueryString, *, now: datetime, sight: Sight
) -> ScorecardPage:
    """Return the page of a scorecard whose parts are loaded, as its address asks for it.

    Its numbers are those of all that it grades; what is named is in `sight`.
    """
    by_team = team_counts(scorecard, counts_by_team(scorecard.pk))
    titles = {item.identifier: item for item in team_references([row.team for row in by_team])}
    team = titles.get(query.get("team"))
    number, query = query.get("page"), query if team else query.without("team")
    name = team.identifier if team else ""
    counts = counts_of([scorecard.pk], team=name)[scorecard.pk]
    overview = overview_of(scorecard, counts)
    days = next((days for days in PERIODS if str(days) == query.get("days")), DEFAULT_PERIOD)
    owned = evaluations_owned(name, scorecard.blueprints.all()) if team else None
    history = scorecard_history(scorecard, counts, team=name, days=days, now=now)
    return ScorecardPage(
        overview=overview,
        query=query,
        days=days,
        periods=_periods(query, days),
        team=team,
        teams=sorted(titles.values(), key=lambda item: item.title.casefold())[:MOST_CHOICES],
        history=history,
        standings=_standings(overview, history),
        movers=movers_of(
            scorecard, owned=owned, teams=titles, since=now - timedelta(days=days), sight=sight
        ),
        levels=_levels(scorecard, counts, [] if team else by_team, query, titles),
        to_help=teams_to_help(scorecard, by_team, query, titles=titles),
        heat=team_heat(scorecard, by_team, query, titles=titles),
        groups=group_scores(scorecard) if _has_groups(overview, query) else None,
        graded=graded_list(scorecard, query, counts, owned=owned, number=number, sight=sight),
    )


def _has_groups(overview: Overview, query: QueryString) -> bool:
    if query.get("team"):
        return False
    return overview.total <= MOST_AT_ONCE or query.get("scores") == "groups"


def _periods(query: QueryString, chosen: int) -> list[Choice]:
    return [
        Choice(
            title=str(days),
            link=str(query.having("days", "" if days == DEFAULT_PERIOD else str(days))),
            is_current=days == chosen,
        )
        for days in PERIODS
    ]


def _standings(overview: Overview, history: ScorecardHistory) -> list[Standing]:
    first = history.first
    return [
        Standing(
            part.label,
            part.color,
            part.count,
            part.count - first.levels.get(part.label, 0) if first else None,
        )
        for part in overview.slices
    ]


def _levels(
    scorecard: Scorecard,
    counts: Counts,
    teams: Sequence[TeamCounts],
    query: QueryString,
    titles: Mapping[str, Reference],
) -> list[LevelRules]:
    """Return the rules by level, the highest level first."""
    fared = rule_counts(scorecard.rules.all(), counts)
    enabled = [count.rule for count in fared if count.rule.is_enabled]
    worst = worst_teams(enabled, teams, query, titles=titles)
    groups = [
        LevelRules(level, [RuleRate(count, worst.get(count.rule.pk, [])) for count in rules])
        for level, rules in groupby(fared, key=lambda count: count.rule.level)
    ]
    return groups[::-1]
