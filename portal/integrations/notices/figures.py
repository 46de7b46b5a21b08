"""The numbers of a report, read off the counters, and those that they are compared with."""

from collections import Counter as Sums
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Min

from scorecards.counts import EVERYBODY, PARTS, counts_of
from scorecards.models import Counter, Rule, Scorecard, ScorecardSnapshot
from scorecards.results import RuleCount, rule_counts


@dataclass(frozen=True)
class Checks:
    """How many results pass and fail; skipped ones count neither way."""

    passed: int = 0
    failed: int = 0

    @property
    def share(self) -> float | None:
        """Return the share that passes, 0 to 1; None where nothing counts."""
        total = self.passed + self.failed
        return self.passed / total if total else None

    def plus(self, other: "Checks") -> "Checks":
        """Return both together."""
        return Checks(self.passed + other.passed, self.failed + other.failed)


@dataclass(frozen=True)
class LevelFigure:
    """How many entities are at a level."""

    title: str
    color: str
    count: int


@dataclass(frozen=True)
class ScorecardFigures:
    """How a scorecard stands: its levels by rank, and its enabled rules."""

    identifier: str
    title: str
    levels: tuple[LevelFigure, ...]
    rules: tuple[RuleCount, ...]

    @property
    def checks(self) -> Checks:
        """Return all results together."""
        return Checks(
            sum(item.passed for item in self.rules), sum(item.failed for item in self.rules)
        )


@dataclass(frozen=True)
class Figures:
    """How scorecards stand, for one team or all, and how the teams do, by identifier."""

    scorecards: tuple[ScorecardFigures, ...]
    teams: dict[str, Checks] = field(default_factory=dict)

    @property
    def checks(self) -> Checks:
        """Return the results of all scorecards together."""
        return _together(card.checks for card in self.scorecards)

    def dump(self) -> dict[str, Any]:
        """Return as JSON what the next report compares with; see `Baseline.parse`."""
        return {
            "levels": {
                card.identifier: {level.title: level.count for level in card.levels}
                for card in self.scorecards
            },
            "checks": [self.checks.passed, self.checks.failed],
            "teams": {name: [item.passed, item.failed] for name, item in self.teams.items()},
        }


@dataclass(frozen=True)
class Baseline:
    """What figures are compared with: levels by scorecard and title, and the checks."""

    levels: Mapping[str, Mapping[str, int]]
    checks: Checks
    teams: Mapping[str, Checks]

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> "Baseline":
        """Return what `Figures.dump` wrote."""
        return cls(
            levels=raw["levels"],
            checks=Checks(*raw["checks"]),
            teams={name: Checks(*pair) for name, pair in raw["teams"].items()},
        )


def read_figures(scorecards: Sequence[Scorecard], *, team: str = EVERYBODY) -> Figures:
    """Return how scorecards stand, loaded with their parts; two queries.

    Teams are compared where the report is about all of them.
    """
    counts = counts_of([card.pk for card in scorecards], team=team)
    return Figures(
        scorecards=tuple(_figures(card, counts[card.pk]) for card in scorecards),
        teams={} if team else _team_checks(scorecards),
    )


def _figures(card: Scorecard, counts: Any) -> ScorecardFigures:
    return ScorecardFigures(
        identifier=card.identifier,
        title=card.title,
        levels=tuple(
            LevelFigure(level.title, level.color, counts.levels[level.pk])
            for level in card.levels.all()
        ),
        rules=tuple(rule_counts(_live(card), counts)),
    )


def _live(card: Scorecard) -> list[Rule]:
    return [rule for rule in card.rules.all() if rule.is_enabled]


def _team_checks(scorecards: Sequence[Scorecard]) -> dict[str, Checks]:
    live = {str(rule.pk) for card in scorecards for rule in _live(card)}
    rows = Counter.objects.filter(scorecard__in=scorecards).exclude(team=EVERYBODY)
    return _by_team(rows.values_list("team", *PARTS[1:]), live)


def past_figures(
    scorecards: Sequence[Scorecard], *, team: str = EVERYBODY, since: date, until: date
) -> Baseline | None:
    """Return how scorecards stood on the first day on record since one; None where there is none.

    For the first report of its kind; rules and levels are met again by their names.
    """
    kept = ScorecardSnapshot.objects.filter(scorecard__in=scorecards, day__gte=since, day__lt=until)
    first = kept.filter(team=team).aggregate(first=Min("day"))["first"]
    if first is None:
        return None
    rows = ScorecardSnapshot.objects.filter(scorecard__in=scorecards, day=first)
    names = {card.pk: card.identifier for card in scorecards}
    own = list(rows.filter(team=team))
    live = {rule.identifier for card in scorecards for rule in _live(card)}
    teams = rows.exclude(team=EVERYBODY).values_list("team", *PARTS[1:])
    whole = _by_team([("", row.passed, row.failed) for row in own], live)
    return Baseline(
        levels={names[row.scorecard_id]: row.levels for row in own},
        checks=whole.get("", Checks()),
        teams={} if team else _by_team(teams, live),
    )


def _by_team(
    rows: Iterable[tuple[str, Mapping[str, int], Mapping[str, int]]], live: Collection[str]
) -> dict[str, Checks]:
    passed: Sums[str] = Sums()
    failed: Sums[str] = Sums()
    for team, passes, fails in rows:
        passed[team] += sum(count for key, count in passes.items() if key in live)
        failed[team] += sum(count for key, count in fails.items() if key in live)
    return {team: Checks(passed[team], failed[team]) for team in passed.keys() | failed.keys()}


def _together(parts: Iterable[Checks]) -> Checks:
    whole = Checks()
    for part in parts:
        whole = whole.plus(part)
    return whole
