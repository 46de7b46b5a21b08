"""The list of scorecards: how each is distributed, and how its score moved in the last weeks."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Prefetch

from catalog.models import Blueprint
from portal.dashboards.charts import Slice
from portal.dashboards.distribution import slices_of
from portal.dashboards.querystring import QueryString
from portal.permissions import Sight
from scorecards.counts import EVERYBODY, Counts, counts_of
from scorecards.models import Level, Rule, Scorecard, ScorecardSnapshot
from scorecards.results import rule_counts
from scorecards.scores import Score, share, together

TREND_DAYS = 30


@dataclass(frozen=True)
class Overview:
    """A scorecard in a list: its distribution and what it grades.

    `trend` are its scores of the last days up to now, 0 to 1, since the day `trend_since`.
    """

    scorecard: Scorecard
    slices: list[Slice]
    score: Score
    trend: Sequence[float] = field(default_factory=list)
    trend_since: date | None = None

    @property
    def total(self) -> int:
        """Return how many entities are graded."""
        return sum(part.count for part in self.slices)

    @property
    def trend_percents(self) -> list[int]:
        """Return the scores as they are shown."""
        return [round(100 * value) for value in self.trend]

    @property
    def points(self) -> int:
        """Return by how many points in a hundred the score moved."""
        return points(self.trend[0], self.trend[-1]) if self.trend else 0


@dataclass(frozen=True)
class Kind:
    """A blueprint that scorecards grade, to look at alone."""

    title: str
    count: int
    link: str
    is_current: bool


@dataclass(frozen=True)
class ScorecardsPage:
    """Everything the list of scorecards shows. `kinds` are empty where there is but one."""

    overviews: list[Overview]
    kinds: list[Kind]


def points(before: float, after: float) -> int:
    """Return by how many points in a hundred a share moved, as both are shown."""
    return round(100 * after) - round(100 * before)


def scorecards_page(query: QueryString, *, now: datetime, sight: Sight) -> ScorecardsPage:
    """Return the published scorecards: all, or those that grade the blueprint asked for."""
    scorecards = published(sight)
    kinds = {kind.pk: kind for card in scorecards for kind in card.blueprints.all()}
    chosen = next(
        (kind for kind in kinds.values() if kind.identifier == query.get("blueprint")), None
    )
    shown = [card for card in scorecards if chosen is None or chosen in card.blueprints.all()]
    return ScorecardsPage(
        overviews=_with_trends(_overviews(shown), now=now),
        kinds=_kinds(scorecards, kinds.values(), query, chosen) if len(kinds) > 1 else [],
    )


def overviews(sight: Sight) -> list[Overview]:
    """Return every published scorecard that somebody sees, with its distribution."""
    return _overviews(published(sight))


def published(sight: Sight) -> list[Scorecard]:
    """Return the published scorecards with what an overview shows of them."""
    rows = (
        Scorecard.objects.published()
        .seen_in(sight)
        .prefetch_related(
            Prefetch("blueprints", Blueprint.objects.exclude(pk__in=sight.hidden))
            if sight.hidden
            else "blueprints",
            Prefetch("levels", Level.objects.order_by("rank")),
            Prefetch("rules", Rule.objects.only("id", "scorecard_id", "title").order_by("id")),
        )
    )
    return list(rows.order_by("title", "id"))


def _overviews(scorecards: Sequence[Scorecard]) -> list[Overview]:
    counts = counts_of([scorecard.pk for scorecard in scorecards])
    return [overview_of(scorecard, counts[scorecard.pk]) for scorecard in scorecards]


def overview_of(scorecard: Scorecard, counts: Counts) -> Overview:
    """Return how a scorecard stands by some counts of it."""
    fared = rule_counts(scorecard.rules.all(), counts)
    return Overview(
        scorecard,
        slices_of(scorecard, counts.levels),
        together(share(count.passed, count.failed, skipped=count.skipped) for count in fared),
    )


def _kinds(
    scorecards: Sequence[Scorecard],
    kinds: Collection[Blueprint],
    query: QueryString,
    chosen: Blueprint | None,
) -> list[Kind]:
    counts = Counter(kind.pk for card in scorecards for kind in card.blueprints.all())
    everything = Kind("All", len(scorecards), str(query.without("blueprint")), chosen is None)
    return [
        everything,
        *(
            Kind(
                kind.title,
                counts[kind.pk],
                str(query.having("blueprint", kind.identifier)),
                is_current=kind == chosen,
            )
            for kind in sorted(kinds, key=lambda kind: (kind.title.casefold(), kind.pk))
        ),
    ]


def _with_trends(items: Sequence[Overview], *, now: datetime) -> list[Overview]:
    """Return overviews with their scores of the last days, with one query for all."""
    since = now.date() - timedelta(days=TREND_DAYS)
    rows = ScorecardSnapshot.objects.filter(
        scorecard__in=[item.scorecard for item in items], team=EVERYBODY, day__gte=since
    )
    past: dict[int, dict[date, float]] = defaultdict(dict)
    fields = rows.order_by("day").values_list("scorecard_id", "day", "passed", "failed")
    for scorecard, day, passed, failed in fields:
        value = share(sum(passed.values()), sum(failed.values())).value
        if value is not None:
            past[scorecard][day] = value
    return [_with_trend(item, past[item.scorecard.pk], now=now) for item in items]


def _with_trend(item: Overview, past: dict[date, float], *, now: datetime) -> Overview:
    """Return an overview with a score for each day, which stays until the next on record."""
    if item.score.value is None or not past:
        return item
    first = min(past)
    days = [first + timedelta(days=index) for index in range((now.date() - first).days + 1)]
    values = [past[first]]
    for day in days[1:]:
        values.append(past.get(day, values[-1]))
    return Overview(
        item.scorecard,
        item.slices,
        item.score,
        trend=[*values, item.score.value],
        trend_since=first,
    )
