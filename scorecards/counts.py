"""Reading the counters: how many entities are at each level, and pass and fail each rule."""

from collections import Counter as Sums
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from catalog.bulk import decode, raw_json
from scorecards.models import Counter

# The counts of all entities, whoever owns them.
EVERYBODY = ""


@dataclass
class Counts:
    """Entities by level id, and by rule id those that pass and those that fail."""

    levels: Sums[int] = field(default_factory=Sums)
    passed: Sums[int] = field(default_factory=Sums)
    failed: Sums[int] = field(default_factory=Sums)

    @property
    def total(self) -> int:
        """Return how many entities are graded."""
        return self.levels.total()

    def add(self, *parts: Mapping[str, int]) -> None:
        """Add a row: its levels, its passes and its failures."""
        for sums, part in zip((self.levels, self.passed, self.failed), parts, strict=True):
            for key, count in part.items():
                sums[int(key)] += count


PARTS = ("levels", "passed", "failed")


def counts_of(
    scorecard_ids: Iterable[int], *, team: str = EVERYBODY, blueprint_id: int | None = None
) -> dict[int, Counts]:
    """Return the counts of scorecards, for what one team owns or for all, with one query."""
    rows = Counter.objects.filter(scorecard__in=list(scorecard_ids), team=team)
    if blueprint_id is not None:
        rows = rows.filter(blueprint=blueprint_id)
    return _summed(rows, "scorecard_id")


def counts_by_team(scorecard_id: int) -> dict[str, Counts]:
    """Return the counts of a scorecard for each team that owns anything it grades."""
    rows = Counter.objects.filter(scorecard=scorecard_id).exclude(team=EVERYBODY)
    return _summed(rows, "team")


def counts_by_owner(
    scorecard_ids: Iterable[int],
    *,
    teams: Iterable[str] | None = None,
    blueprint_id: int | None = None,
) -> dict[str, dict[int, Counts]]:
    """Return the counts of scorecards by team and scorecard, with one query.

    Of some teams or of all, and of what they own of one blueprint or of any.
    """
    rows = Counter.objects.filter(scorecard__in=list(scorecard_ids))
    if blueprint_id is not None:
        rows = rows.filter(blueprint=blueprint_id)
    rows = rows.exclude(team=EVERYBODY) if teams is None else rows.filter(team__in=list(teams))
    counts: dict[str, dict[int, Counts]] = defaultdict(lambda: defaultdict(Counts))
    texts = {f"{part}_text": raw_json(part) for part in PARTS}
    for team, scorecard, *parts in rows.values_list("team", "scorecard_id").annotate(**texts):
        counts[team][scorecard].add(*map(decode, parts))
    return counts


def levels_by_team(
    scorecard_ids: Iterable[int], *, blueprint_id: int
) -> dict[str, dict[int, Sums[int]]]:
    """Return entities of a blueprint by level id, by scorecard, by team, with one query.

    All of them, owned or not, stand under `EVERYBODY`.
    """
    levels: dict[str, dict[int, Sums[int]]] = defaultdict(lambda: defaultdict(Sums))
    rows = Counter.objects.filter(scorecard__in=list(scorecard_ids), blueprint=blueprint_id)
    for team, scorecard, part in rows.values_list("team", "scorecard_id", "levels"):
        for level, count in part.items():
            levels[team][scorecard][int(level)] += count
    return levels


def _summed(rows: "QuerySet[Counter]", key: str) -> dict[Any, Counts]:
    counts: dict[Any, Counts] = defaultdict(Counts)
    for name, *parts in rows.values_list(key, *PARTS):
        counts[name].add(*parts)
    return counts
