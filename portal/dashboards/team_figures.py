"""Figures of all teams at once, each with one query, however many teams and entities there are."""

from collections import Counter as Sums
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, OuterRef, Q, Subquery

from catalog.models import OWNERSHIP, TEAM, USER, Blueprint, EntityRelation
from scorecards.campaigns import teams_in
from scorecards.counts import Counts
from scorecards.models import Fingerprint, LevelChange, Scorecard

MOVE_DAYS = 30
# Of more moves, only the newest are looked at.
MOST_MOVES = 100_000


@dataclass
class Moves:
    """How many levels were gained and lost by what a team owns."""

    risen: int = 0
    fallen: int = 0


def owned_counts() -> Sums[str]:
    """Return how many entities each team owns that scorecards grade, events left aside.

    By the owners under which they were evaluated, direct or inherited; one of two owners counts
    for both.
    """
    graded = Blueprint.objects.filter(scorecards__status="published").exclude(identifier=TEAM)
    rows = Fingerprint.objects.filter(entity__blueprint__in=graded.values("id"))
    counts: Sums[str] = Sums()
    for teams, count in rows.order_by().values_list("teams").annotate(Count("pk")):
        counts.update(dict.fromkeys(teams_in(teams), count))
    return counts


def member_counts() -> Sums[str]:
    """Return how many people are in each team."""
    rows = EntityRelation.objects.filter(
        relation=OWNERSHIP,
        source__blueprint__identifier=USER,
        target__blueprint__identifier=TEAM,
    )
    return Sums(dict(rows.order_by().values_list("target__identifier").annotate(Count("id"))))


def move_counts(*, now: datetime) -> dict[str, Moves]:
    """Return the levels gained and lost in the last days by what each team owns now.

    Each move counts. What a scorecard no longer grades lost nothing.
    """
    # Looked up by key: a join would lead through the entities, which are large.
    owners = Fingerprint.objects.filter(entity=OuterRef("entity_id")).values("teams")
    rows = (
        LevelChange.objects.newest(MOST_MOVES)
        .filter(at__gte=now - timedelta(days=MOVE_DAYS), scorecard__status="published")
        .exclude(to_level="")
        .order_by()
        .annotate(teams=Subquery(owners))
        .values_list("teams")
        .annotate(
            risen=Count("id", filter=Q(to_rank__gt=F("from_rank"))),
            fallen=Count("id", filter=Q(to_rank__lt=F("from_rank"))),
        )
    )
    moves: dict[str, Moves] = {}
    for teams, risen, fallen in rows:
        for team in teams_in(teams):
            found = moves.setdefault(team, Moves())
            found.risen += risen
            found.fallen += fallen
    return moves


@dataclass(frozen=True)
class Passes:
    """How many results passed, of those that count."""

    passed: int = 0
    counting: int = 0

    @property
    def share(self) -> float | None:
        """Return the share of passes, 0 to 1; None where nothing counts."""
        return self.passed / self.counting if self.counting else None


def passes_of(scorecard: Scorecard, counts: Counts) -> Passes:
    """Return how the rules that a scorecard has now fare."""
    rules = [rule.pk for rule in scorecard.rules.all()]
    passed = sum(counts.passed[rule] for rule in rules)
    return Passes(passed, passed + sum(counts.failed[rule] for rule in rules))


def together(parts: Iterable[Passes]) -> Passes:
    """Return several taken together."""
    found: Sequence[Passes] = list(parts)
    return Passes(sum(item.passed for item in found), sum(item.counting for item in found))
