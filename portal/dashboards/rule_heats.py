"""How rules fare for the teams that own what is graded: heat maps, and the teams to help."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator

from portal.dashboards.columns import Reference
from portal.dashboards.formats import percent
from portal.dashboards.querystring import QueryString
from scorecards.counts import Counts
from scorecards.models import Rule, Scorecard

# From which share of passes on a cell has which colour.
STEPS = ((100, "green"), (75, "lime"), (50, "yellow"), (25, "orange"), (0, "red"))
PAGE_SIZE = 20
# The parameter that the teams of a heat map are paged by.
TEAMS = "teams"
# Of a team that owns fewer, a share says little; where no team owns so many, those that own most.
LEAST_JUDGED = 3
MOST_WORST = 3
MOST_HELPED = 6


@dataclass(frozen=True)
class HeatCell:
    """How a rule fares for one owner; without a colour where it counts for nothing.

    `link` leads to what fails, where anything does.
    """

    passed: int
    counting: int
    link: str = ""

    @property
    def text(self) -> str:
        """Return the share of passes."""
        return percent(self.passed, self.counting) if self.counting else "–"

    @property
    def hint(self) -> str:
        """Return the share in whole numbers."""
        return f"{self.passed:,} of {self.counting:,} pass" if self.counting else "counts for none"

    @property
    def color(self) -> str:
        """Return the colour of the share."""
        if not self.counting:
            return "none"
        share = 100 * self.passed / self.counting
        return next(color for least, color in STEPS if share >= least)

    @property
    def failed(self) -> int:
        """Return how many fail."""
        return self.counting - self.passed


@dataclass(frozen=True)
class HeatRow:
    """An owner, None for what nobody owns, with a cell for each rule.

    `whole` is all of them together, where that is asked for, `owned` how many are graded.
    """

    team: Reference | None
    cells: list[HeatCell]
    whole: HeatCell | None = None
    owned: int = 0
    is_chosen: bool = False


@dataclass(frozen=True)
class RuleHeat:
    """Owners by rules. Where they fill several pages, `page` is one of them."""

    scorecard: Scorecard
    rules: list[Rule]
    rows: list[HeatRow]
    page: Page | None = None


@dataclass(frozen=True)
class TeamCounts:
    """What the counters say of a team: passes and counted results by rule id."""

    team: str
    owned: int
    passed: Mapping[int, int]
    counting: Mapping[int, int]

    @property
    def failed(self) -> int:
        """Return how many results are left to turn."""
        return sum(self.counting.values()) - sum(self.passed.values())

    @property
    def share(self) -> float:
        """Return the share of passes among all that counts; 1 where nothing does."""
        counting = sum(self.counting.values())
        return sum(self.passed.values()) / counting if counting else 1.0


def team_counts(scorecard: Scorecard, counts: Mapping[str, Counts]) -> list[TeamCounts]:
    """Return the teams that own anything, those with the smallest share of passes first.

    Of the same share, the one with more to do comes first.
    """
    ids = [rule.pk for rule in scorecard.rules.all() if rule.is_enabled]
    levels = [level.pk for level in scorecard.levels.all()]
    found = [
        TeamCounts(
            team=team,
            owned=sum(part.levels[id_] for id_ in levels),
            passed={id_: part.passed[id_] for id_ in ids},
            counting={id_: part.passed[id_] + part.failed[id_] for id_ in ids},
        )
        for team, part in counts.items()
    ]
    owning = [item for item in found if item.owned > 0]
    return sorted(owning, key=lambda item: (item.share, -item.failed, item.team))


def team_heat(
    scorecard: Scorecard,
    teams: Sequence[TeamCounts],
    query: QueryString,
    *,
    titles: Mapping[str, Reference],
) -> RuleHeat | None:
    """Return a scorecard's teams, which have these titles, by its rules, a page at a time."""
    rules = [rule for rule in scorecard.rules.all() if rule.is_enabled]
    if not rules or not teams:
        return None
    page = Paginator(teams, PAGE_SIZE).get_page(query.get(TEAMS))
    return RuleHeat(
        scorecard=scorecard,
        rules=rules,
        rows=[_row(item, rules, query, titles) for item in page.object_list],
        page=page,
    )


def teams_to_help(
    scorecard: Scorecard,
    teams: Iterable[TeamCounts],
    query: QueryString,
    *,
    titles: Mapping[str, Reference],
) -> list[HeatRow]:
    """Return the teams for which most is amiss, of those for which anything is."""
    rules = [rule for rule in scorecard.rules.all() if rule.is_enabled]
    behind = [item for item in teams if item.failed][:MOST_HELPED]
    return [_row(item, rules, query, titles) for item in behind]


def _row(
    item: TeamCounts, rules: Sequence[Rule], query: QueryString, titles: Mapping[str, Reference]
) -> HeatRow:
    links = query.without("level", "rule", "team")
    return HeatRow(
        team=titles[item.team],
        cells=[_cell(item, rule, links) for rule in rules],
        whole=HeatCell(
            sum(item.passed.values()),
            sum(item.counting.values()),
            str(links.having("team", item.team)),
        ),
        owned=item.owned,
        is_chosen=item.team == query.get("team"),
    )


def _cell(item: TeamCounts, rule: Rule, links: QueryString) -> HeatCell:
    passed, counting = item.passed[rule.pk], item.counting[rule.pk]
    link = str(links.having("team", item.team).having("rule", rule.identifier))
    return HeatCell(passed, counting, link if passed < counting else "")


@dataclass(frozen=True)
class WorstTeam:
    """A team with how one rule fares for it."""

    team: Reference
    cell: HeatCell


def worst_teams(
    rules: Iterable[Rule],
    teams: Sequence[TeamCounts],
    query: QueryString,
    *,
    titles: Mapping[str, Reference],
) -> dict[int, list[WorstTeam]]:
    """Return by rule id the teams with the smallest shares of passes.

    Of the same share, the one for which the rule counts more often comes first.
    """
    links = query.without("level", "rule", "team")
    return {
        rule.pk: [
            WorstTeam(titles[item.team], _cell(item, rule, links))
            for item in _worst(rule.pk, teams)
        ]
        for rule in rules
    }


def _worst(rule_id: int, teams: Sequence[TeamCounts]) -> list[TeamCounts]:
    most = max((item.counting[rule_id] for item in teams), default=0)
    least = min(LEAST_JUDGED, most)
    found = [
        item
        for item in teams
        if item.counting[rule_id] >= max(least, 1) and item.passed[rule_id] < item.counting[rule_id]
    ]
    by_share = sorted(
        found,
        key=lambda item: (
            item.passed[rule_id] / item.counting[rule_id],
            -item.counting[rule_id],
            item.team,
        ),
    )
    return by_share[:MOST_WORST]
