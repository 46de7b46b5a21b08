"""How a scorecard's levels came to be what they are: the counts that every day began with.

They are read from what the sweep keeps of each day, not worked out from moves between levels:
those do not tell when something was graded for the first time, and go with what is deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Min

from portal.dashboards.area_charts import Areas, Band, Stage
from portal.dashboards.formats import day
from scorecards.counts import EVERYBODY, Counts
from scorecards.models import Scorecard, ScorecardSnapshot
from scorecards.scores import share

# From so many days on, one day of each week is enough to see.
LONG = 180
WEEK = 7
# What levels are called that the scorecard has no longer.
GONE = "none"


@dataclass(frozen=True)
class Past:
    """How a scorecard stood when a day began: entities by level title, passes and failures."""

    day: date
    levels: Mapping[str, int]
    passed: int
    failed: int

    @property
    def score(self) -> float | None:
        """Return the share of passes among what counted; None where nothing did."""
        return share(self.passed, self.failed).value


@dataclass(frozen=True)
class Row:
    """A stage in the table beside the chart."""

    day: str
    counts: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class ScorecardHistory:
    """The levels over a time. `begun_on` is when the record begins, where that is within it."""

    chart: Areas
    past: Sequence[Past]
    begun_on: date | None

    @property
    def first(self) -> Past | None:
        """Return what the present is compared with."""
        return self.past[0] if self.past else None

    @property
    def rows(self) -> list[Row]:
        """Return the stages as a table, the newest first."""
        return [
            Row(day(stage.at), stage.counts, stage.total) for stage in reversed(self.chart.stages)
        ]


def scorecard_history(
    scorecard: Scorecard, counts: Counts, *, team: str, days: int, now: datetime
) -> ScorecardHistory:
    """Return the levels of a scorecard over so many days up to its present counts; two queries."""
    since = now.date() - timedelta(days=days)
    past = past_of(scorecard, team=team, since=since)
    if days >= LONG:
        past = _weekly(past, today=now.date())
    recorded = ScorecardSnapshot.objects.filter(scorecard=scorecard, team=EVERYBODY)
    begun_on = recorded.aggregate(first=Min("day"))["first"] or now.date()
    present = {level.title: counts.levels[level.pk] for level in scorecard.levels.all()}
    bands = _bands(scorecard, past)
    stages = [_stage(_morning(item.day), item.levels, bands) for item in past]
    return ScorecardHistory(
        chart=Areas(bands, [*stages, _stage(now, present, bands)]),
        past=past,
        begun_on=begun_on if begun_on > since else None,
    )


def past_of(scorecard: Scorecard, *, team: str, since: date) -> list[Past]:
    """Return how a scorecard stood on each day on record, for what one team owns or for all.

    A team that owned nothing has no row on that day, though the day is on record.
    """
    rows = ScorecardSnapshot.objects.filter(
        scorecard=scorecard, team__in={EVERYBODY, team}, day__gte=since
    )
    found: dict[date, Past] = {}
    for owner, at, levels, passed, failed in rows.values_list(
        "team", "day", "levels", "passed", "failed"
    ):
        if owner == team:
            found[at] = Past(at, levels, sum(passed.values()), sum(failed.values()))
        else:
            found.setdefault(at, Past(at, {}, 0, 0))
    return [found[at] for at in sorted(found)]


def _weekly(past: Sequence[Past], *, today: date) -> list[Past]:
    """Keep the first day, and of every week back from today the last one."""
    weeks = {(today - item.day).days // WEEK: item for item in past}
    return [item for item in past[:1] if item not in weeks.values()] + sorted(
        weeks.values(), key=lambda item: item.day
    )


def _bands(scorecard: Scorecard, past: Iterable[Past]) -> list[Band]:
    """Return the levels, best first, and below them those that there are no longer."""
    levels = sorted(scorecard.levels.all(), key=lambda level: -level.rank)
    titles = {level.title for level in levels}
    gone = {title for item in past for title, count in item.levels.items() if count} - titles
    return [
        *(Band(level.title, level.color) for level in levels),
        *(Band(title, GONE) for title in sorted(gone)),
    ]


def _morning(at: date) -> datetime:
    return datetime.combine(at, time(), UTC)


def _stage(at: datetime, levels: Mapping[str, int], bands: Iterable[Band]) -> Stage:
    # Counters that are being written may be short of one for a moment.
    return Stage(at, tuple(max(levels.get(band.label, 0), 0) for band in bands))
