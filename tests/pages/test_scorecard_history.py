"""Levels over time: the stages are what a replay of all that happened comes to."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Entity
from catalog.operations import delete_entities
from portal.dashboards.scorecard_history import scorecard_history
from scorecards.counts import counts_of
from scorecards.models import Evaluation, LevelChange, Scorecard, ScorecardSnapshot
from scorecards.operations import sweep
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    rule_document,
)
from tests.pages.reading import html_of, words_of

MIDNIGHT = NOW.replace(hour=0)
DAY = timedelta(days=1)
LEVELS = ("Gold", "Silver", "Bronze", "Basic")


def history(*, team: str = "", days: int = 30, now: datetime = NOW):
    """Return the history of the scorecard `quality`."""
    card = Scorecard.objects.with_parts().get(identifier="quality")
    return scorecard_history(
        card, counts_of([card.pk], team=team)[card.pk], team=team, days=days, now=now
    )


def remember(day: int, **levels: int) -> None:
    """Keep counts of a day before today."""
    ScorecardSnapshot.objects.create(
        scorecard=Scorecard.objects.get(identifier="quality"),
        day=NOW.date() - day * DAY,
        levels=levels,
        passed={"tiered": sum(levels.values())},
        failed={},
    )


@pytest.fixture
def now_is(monkeypatch):
    """Let the pages be asked for at noon of the day that everything was made."""
    monkeypatch.setattr("portal.dashboards.views.timezone.now", lambda: NOW)


class Replay:
    """What happened, kept step by step: first evaluations, moves, owners, and what went."""

    def __init__(self) -> None:
        self.levels: dict[str, str] = {}
        self.owners: dict[str, tuple[str, ...]] = {}
        self._seen: set[int] = set()

    def follow(self) -> None:
        """Take in what the last step wrote: the first level of what is new, and every move."""
        for row in LevelChange.objects.exclude(id__in=self._seen).order_by("id"):
            self._seen.add(row.pk)
            if row.to_level:
                self.levels[row.entity.identifier] = row.to_level
            else:
                self.levels.pop(row.entity.identifier, None)
        for row in Evaluation.objects.select_related("level", "entity"):
            # A first evaluation is not a move.
            self.levels.setdefault(row.entity.identifier, row.level.title)
            self.owners[row.entity.identifier] = tuple(row.entity.team)

    def forget(self, name: str) -> None:
        """Take in a deletion, which takes the moves with it."""
        self.levels.pop(name, None)

    def counts(self, team: str) -> dict[str, int]:
        """Return how many are at each level."""
        mine = [name for name in self.levels if not team or team in self.owners[name]]
        return dict(Counter(self.levels[name] for name in mine))


names = st.sampled_from("abcd")
steps = st.one_of(
    st.tuples(
        st.just("put"), names, st.integers(1, 3), st.sampled_from([(), ("core",), ("core", "edge")])
    ),
    st.tuples(st.just("delete"), names),
    st.tuples(st.just("edit"), st.integers(0, 3)),
    st.tuples(st.just("narrow"), st.integers(1, 3)),
)


def attempt(step: tuple, replay: Replay, now: datetime) -> None:
    """Do what a step says."""
    match step:
        case ("put", name, tier, teams):
            properties = {"tier": tier, "language": "Go"}
            make_entity(name, team=list(teams), properties=properties, now=now)
        case ("delete", name):
            found = list(Entity.objects.of("service").named([name]))
            delete_entities(entities=found, by=TESTER, now=now)
            replay.forget(name)
        case ("edit", tier):
            top = rule_document("top", level="Gold", query=condition("tier", "<=", tier))
            make_scorecard(rules=[rule_document(), top], now=now)
        case ("narrow", tier):
            make_scorecard(filter=condition("tier", "<=", tier), now=now)
    replay.follow()


@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(days=st.lists(st.lists(steps, max_size=3), min_size=2, max_size=5))
@pytest.mark.django_db
def test_the_stages_are_what_a_replay_of_everything_comes_to(days):
    with transaction.atomic():
        make_team("core")
        make_team("edge")
        make_blueprint("service")
        make_scorecard(now=MIDNIGHT)
        replay, expected = Replay(), defaultdict(list)
        for number, day in enumerate(days):
            morning = MIDNIGHT + number * DAY
            sweep(now=morning)
            for team in ("", "core", "edge"):
                expected[team].append((morning, replay.counts(team)))
            for hour, step in enumerate(day, start=1):
                with patch("django.utils.timezone.now", return_value=morning):
                    attempt(step, replay, morning + timedelta(hours=hour))
        now = MIDNIGHT + (len(days) - 1) * DAY + timedelta(hours=12)
        for team, stages in expected.items():
            chart = history(team=team, now=now).chart
            titles = [band.label for band in chart.bands]
            found = [
                (stage.at, {k: v for k, v in zip(titles, stage.counts, strict=True) if v})
                for stage in chart.stages
            ]
            assert found == [*stages, (now, replay.counts(team))]
        transaction.set_rollback(True)


def test_a_day_without_a_record_is_left_out(catalog):
    remember(3, Basic=4)
    remember(1, Basic=3, Gold=1)
    found = [(stage.at, stage.counts) for stage in history().chart.stages]
    assert found == [
        (MIDNIGHT - 3 * DAY, (0, 0, 0, 4)),
        (MIDNIGHT - DAY, (1, 0, 0, 3)),
        (NOW, (1, 1, 1, 1)),
    ]


def test_what_lies_before_the_period_is_left_out_and_so_is_when_the_record_began(catalog):
    for day in (40, 30, 10):
        remember(day, Basic=day)
    found = history()
    assert [stage.total for stage in found.chart.stages] == [30, 10, 4]
    assert found.begun_on is None
    assert history(days=90).begun_on == NOW.date() - 40 * DAY


def test_of_a_year_one_day_a_week_is_shown_and_the_first(catalog):
    for day in range(1, 30):
        remember(day, Basic=day)
    assert [stage.total for stage in history(days=365).chart.stages] == [29, 28, 21, 14, 7, 1, 4]


def test_a_level_that_is_gone_keeps_its_place_in_the_past(catalog):
    remember(2, Wooden=2, Basic=2)
    found = history().chart
    assert [(band.label, band.color) for band in found.bands][-2:] == [
        ("Basic", "paleBlue"),
        ("Wooden", "none"),
    ]
    assert found.stages[0].counts == (0, 0, 0, 2, 2)


def test_a_team_that_owned_nothing_yet_had_nothing(catalog):
    remember(2, Basic=4)
    assert [stage.total for stage in history(team="core").chart.stages] == [0, 3]


def test_the_page_shows_the_chart_the_changes_and_a_table(catalog, reader, now_is):
    remember(2, Basic=2)
    response = reader.get("/scorecards/quality/")
    words = words_of(response)
    assert "recorded since 30 May 2026" in words
    # Half of the results pass; all did.
    assert "Score 50 % −50" in words
    assert "Graded 4 +2" in words
    assert "30 May 2026 0 0 0 2 2" in words
    assert 'class="plot-area lv-gold"' in html_of(response)


def test_without_a_record_it_says_when_there_will_be_one(catalog, reader):
    assert "begins to show tomorrow" in words_of(reader.get("/scorecards/quality/"))
