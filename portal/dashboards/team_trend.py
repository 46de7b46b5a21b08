"""How much of what is asked of a team's entities they passed, day by day.

From the counts that are kept of every day, so what a team owned then counts for then; the last
point is what the counters say now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.utils.translation import gettext as _

from portal.dashboards.formats import day, share
from portal.dashboards.line_charts import Point, Series
from scorecards.counts import Counts
from scorecards.models import Scorecard, ScorecardSnapshot

DAYS = 90
COLOR = "turquoise"


@dataclass(frozen=True)
class Standing:
    """How many results passed and failed when a day began."""

    at: datetime
    passed: int
    failed: int

    @property
    def share(self) -> float | None:
        """Return the share of passes among what counts, 0 to 1; None where nothing does."""
        counting = self.passed + self.failed
        return self.passed / counting if counting else None


@dataclass(frozen=True)
class TeamTrend:
    """The standings of a team, the oldest first."""

    standings: list[Standing]

    @property
    def known(self) -> list[Standing]:
        """Return the standings at which something counted."""
        return [item for item in self.standings if item.share is not None]

    @property
    def is_drawn(self) -> bool:
        """Say whether there is a line to draw."""
        return len(self.known) > 1

    @property
    def series(self) -> list[Series]:
        """Return the line."""
        points = [
            Point(item.at, None if item.share is None else round(100 * item.share, 1))
            for item in self.standings
        ]
        return [Series(_("Rules passed (%)"), COLOR, points)]

    @property
    def rows(self) -> list[tuple[str, str, int, int]]:
        """Return date, share, passes and failures, the newest first."""
        return [
            (day(item.at), share(item.share or 0), item.passed, item.failed)
            for item in reversed(self.known)
        ]

    @property
    def change(self) -> int:
        """Return by how many points the share moved from the first to the last standing."""
        first, last = self.known[0].share or 0, self.known[-1].share or 0
        return round(100 * last) - round(100 * first)

    @property
    def days(self) -> int:
        """Return how many days lie between them."""
        return (self.known[-1].at.date() - self.known[0].at.date()).days


def team_trend(
    team: str,
    scorecards: Sequence[Scorecard],
    counts: Mapping[int, Counts],
    *,
    now: datetime,
) -> TeamTrend:
    """Return the trend of a team by these scorecards, whose parts are loaded; one query.

    `counts` are those of the team, now, by scorecard.
    """
    rows = ScorecardSnapshot.objects.filter(
        scorecard__in=[card.pk for card in scorecards],
        team=team,
        day__gt=(now - timedelta(days=DAYS)).date(),
        day__lt=now.date(),
    )
    days: dict[datetime, list[int]] = {}
    for date, passed, failed in rows.order_by("day").values_list("day", "passed", "failed"):
        sums = days.setdefault(datetime.combine(date, time(), tzinfo=UTC), [0, 0])
        sums[0] += sum(passed.values())
        sums[1] += sum(failed.values())
    past = [Standing(at, *sums) for at, sums in days.items()]
    return TeamTrend([*past, _now(scorecards, counts, now=now)])


def _now(
    scorecards: Iterable[Scorecard], counts: Mapping[int, Counts], *, now: datetime
) -> Standing:
    passed = failed = 0
    for card in scorecards:
        found = counts.get(card.pk, Counts())
        # By the rules there are: of those that are gone, counters say what means nothing.
        passed += sum(found.passed[rule.pk] for rule in card.rules.all())
        failed += sum(found.failed[rule.pk] for rule in card.rules.all())
    return Standing(now, passed, failed)
