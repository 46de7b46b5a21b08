"""The columns of the list of teams: what each shows of a team, and what it sorts by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import F

from catalog.bulk import IsAmong
from catalog.models import TEAM
from portal.dashboards.charts import Slice
from portal.dashboards.distribution import slices_of
from portal.dashboards.team_figures import (
    Moves,
    Passes,
    member_counts,
    move_counts,
    owned_counts,
    passes_of,
    together,
)
from scorecards.counts import Counts, counts_by_owner
from scorecards.models import Evaluation, Level, Scorecard


@dataclass(frozen=True)
class TeamName:
    """A team by name: enough to sort by and to link to."""

    pk: int
    identifier: str
    title: str


class Everybody:
    """What is known of all teams at once: read once, when a column asks for it."""

    def __init__(self, *, now: datetime) -> None:
        self._now = now

    @cached_property
    def owned(self) -> Mapping[str, int]:
        """Return how many graded entities each team owns."""
        return owned_counts()

    @cached_property
    def members(self) -> Mapping[str, int]:
        """Return how many people are in each team."""
        return member_counts()

    @cached_property
    def moves(self) -> Mapping[str, Moves]:
        """Return what moved of each team."""
        return move_counts(now=self._now)


class Reads:
    """What is known of some teams, or of all (None): likewise."""

    def __init__(
        self,
        teams: Sequence[TeamName] | None,
        scorecards: Sequence[Scorecard],
        everybody: Everybody,
    ) -> None:
        self._teams, self.scorecards, self.everybody = teams, scorecards, everybody

    @cached_property
    def counts(self) -> Mapping[str, Mapping[int, Counts]]:
        """Return the counters of each team, by scorecard."""
        names = None if self._teams is None else [team.identifier for team in self._teams]
        return counts_by_owner([card.pk for card in self.scorecards], teams=names)

    @cached_property
    def grades(self) -> dict[int, dict[str, Level]]:
        """Return the levels of the teams themselves, by scorecard and team."""
        rows = Evaluation.objects.filter(
            scorecard__status="published", entity__blueprint__identifier=TEAM
        )
        if self._teams is not None:
            rows = rows.filter(IsAmong("entity_id", [team.pk for team in self._teams]))
        levels: dict[int, dict[str, Level]] = {}
        rows = rows.exclude(level=None).annotate(team=F("entity__identifier"))
        for row in rows.select_related("level"):
            levels.setdefault(row.scorecard_id, {})[row.team] = row.level
        return levels


@dataclass(frozen=True)
class TeamColumn:
    """A column. `key` names it in addresses, `kind` says how a cell is drawn."""

    key: str
    title: str
    hint: str = ""

    kind = ""
    # The first click on a number shows the largest first.
    starts_descending = True

    def value(self, team: TeamName, reads: Reads) -> Any:
        """Return what the column shows of a team."""
        raise NotImplementedError

    def weight(self, team: TeamName, reads: Reads) -> Any:
        """Return what teams are sorted by; None, which comes last, where nothing is known."""
        return self.value(team, reads)


@dataclass(frozen=True)
class NameColumn(TeamColumn):
    """The name: the head of the row."""

    kind = "name"
    starts_descending = False

    def value(self, team: TeamName, reads: Reads) -> str:
        """Return the name as it is compared."""
        return team.title.casefold()


@dataclass(frozen=True)
class OwnedColumn(TeamColumn):
    """How many graded entities a team owns."""

    kind = "number"

    def value(self, team: TeamName, reads: Reads) -> int:
        """Return the number."""
        return reads.everybody.owned.get(team.identifier, 0)


@dataclass(frozen=True)
class MembersColumn(TeamColumn):
    """How many people are in a team."""

    kind = "number"

    def value(self, team: TeamName, reads: Reads) -> int:
        """Return the number."""
        return reads.everybody.members.get(team.identifier, 0)


@dataclass(frozen=True)
class PassedColumn(TeamColumn):
    """The share of passes among all results that count, by all scorecards."""

    kind = "share"

    def value(self, team: TeamName, reads: Reads) -> Passes:
        """Return the passes."""
        found = reads.counts.get(team.identifier, {})
        return together(
            passes_of(card, found[card.pk]) for card in reads.scorecards if card.pk in found
        )

    def weight(self, team: TeamName, reads: Reads) -> float | None:
        """Sort by the share."""
        return self.value(team, reads).share


@dataclass(frozen=True)
class MovesColumn(TeamColumn):
    """How many levels were gained and lost."""

    kind = "moves"

    def value(self, team: TeamName, reads: Reads) -> Moves:
        """Return both."""
        return reads.everybody.moves.get(team.identifier, Moves())

    def weight(self, team: TeamName, reads: Reads) -> tuple[int, int]:
        """Sort by what is left when losses are taken from gains, then by how much moved."""
        moves = self.value(team, reads)
        return (moves.risen - moves.fallen, moves.risen + moves.fallen)


@dataclass(frozen=True)
class CardCell:
    """How what a team owns is distributed by a scorecard, and how its rules fare."""

    slices: list[Slice]
    passes: Passes

    @property
    def total(self) -> int:
        """Return how many are graded."""
        return sum(part.count for part in self.slices)


@dataclass(frozen=True)
class CardColumn(TeamColumn):
    """A scorecard of what teams own."""

    scorecard: Scorecard = field(default_factory=Scorecard)

    kind = "card"

    def value(self, team: TeamName, reads: Reads) -> CardCell | None:
        """Return the distribution, or None where nothing of the team is graded."""
        counts = reads.counts.get(team.identifier, {}).get(self.scorecard.pk)
        if counts is None or not counts.total:
            return None
        return CardCell(slices_of(self.scorecard, counts.levels), passes_of(self.scorecard, counts))

    def weight(self, team: TeamName, reads: Reads) -> float | None:
        """Sort by the share of passes."""
        cell = self.value(team, reads)
        return cell.passes.share if cell else None


@dataclass(frozen=True)
class GradeColumn(TeamColumn):
    """A scorecard of teams themselves."""

    scorecard: Scorecard = field(default_factory=Scorecard)

    kind = "grade"

    def value(self, team: TeamName, reads: Reads) -> Level | None:
        """Return the level of the team."""
        return reads.grades.get(self.scorecard.pk, {}).get(team.identifier)

    def weight(self, team: TeamName, reads: Reads) -> int | None:
        """Sort by rank."""
        level = self.value(team, reads)
        return level.rank if level else None
