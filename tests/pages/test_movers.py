"""Movers: who rose and who fell, against what plain Python makes of the same changes."""

from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Entity
from portal.dashboards import movers as module
from portal.dashboards.formats import day
from portal.dashboards.movers import movers_of
from portal.dashboards.ownership import evaluations_owned
from portal.permissions import EVERYTHING
from scorecards.models import LevelChange, Rule, RuleChange, Scorecard
from tests.builders import NOW, make_entity, make_scorecard, make_team, rule_document
from tests.pages.reading import words_of

pytestmark = pytest.mark.usefixtures("catalog")

TITLES = ("Basic", "Bronze", "Silver", "Gold")
SINCE = NOW - timedelta(days=30)
ENTITIES = ("anchor", "buoy", "canoe", "drift")


def quality() -> Scorecard:
    """Return the scorecard with its parts."""
    return Scorecard.objects.with_parts().get(identifier="quality")


def change(name: str, before: int, after: int, *, days: float = 1) -> LevelChange:
    """Write a change of level of so many days ago."""
    return LevelChange.objects.create(
        entity=Entity.objects.of("service").get(identifier=name),
        scorecard=Scorecard.objects.get(identifier="quality"),
        from_level=TITLES[before] if before >= 0 else "",
        to_level=TITLES[after] if after >= 0 else "",
        from_rank=before,
        to_rank=after,
        at=NOW - timedelta(days=days),
    )


def found(*, team: str = ""):
    """Return the movers of the last thirty days."""
    card = quality()
    owned = evaluations_owned(team, card.blueprints.all()) if team else None
    return movers_of(card, owned=owned, teams={}, since=SINCE, sight=EVERYTHING)


def told(movers) -> list[tuple[str, str, str]]:
    """Return movers in words."""
    return [
        (item.move.change.entity.identifier, item.move.before.title, item.move.after.title)
        for item in movers
    ]


def test_the_farthest_move_comes_first_and_of_the_same_the_newest():
    change("buoy", 0, 1, days=9)
    change("canoe", 0, 3, days=5)
    change("anchor", 1, 2, days=2)
    change("drift", 2, 0)
    movers = found()
    assert told(movers.rose) == [
        ("canoe", "Basic", "Gold"),
        ("anchor", "Bronze", "Silver"),
        ("buoy", "Basic", "Bronze"),
    ]
    assert told(movers.fell) == [("drift", "Silver", "Basic")]
    assert (movers.rose_count, movers.fell_count) == (3, 1)


def test_several_moves_are_one_from_where_it_began_to_where_it_ended():
    change("anchor", 0, 2, days=9)
    change("anchor", 2, 1, days=4)
    change("buoy", 1, 3, days=9)
    change("buoy", 3, 1, days=3)
    change("canoe", 3, 0, days=40)
    assert told(found().rose) == [("anchor", "Basic", "Bronze")]
    assert found().rose[0].move.change.at == NOW - timedelta(days=4)
    assert found().fell == []


def test_what_is_graded_no_longer_neither_rose_nor_fell():
    change("anchor", 2, -1)
    change("buoy", -1, 2)
    assert found().is_empty


def test_what_moved_adds_up_for_each_team_the_largest_sum_first():
    make_team("edge")
    make_entity("eagle", team=["core", "edge"], properties={"tier": 3})
    for name in ("anchor", "buoy", "eagle"):
        change(name, 2, 0)
    change("canoe", 0, 1)
    nets = [(item.team.identifier, item.rose, item.fell, item.net) for item in found().nets]
    assert nets == [("core", 1, 3, -2), ("edge", 0, 1, -1)]


def test_a_team_narrows_what_moved_to_its_own():
    change("anchor", 0, 1)
    change("drift", 0, 1)
    assert told(found(team="core").rose) == [("anchor", "Basic", "Bronze")]


def test_a_team_that_inherits_what_it_owns_has_movers_too():
    make_scorecard(blueprints=["service", "deployment"], rules=[rule_document()])
    entity = Entity.objects.of("deployment").get(identifier="anchor-v0")
    LevelChange.objects.create(
        entity=entity,
        scorecard=quality(),
        from_level="Basic",
        to_level="Bronze",
        from_rank=0,
        to_rank=1,
        at=NOW - timedelta(days=1),
    )
    assert told(found(team="core").rose) == [("anchor-v0", "Basic", "Bronze")]
    assert told(found(team="edge").rose) == []


def test_the_rules_that_moved_along_are_the_reason():
    make_entity("canoe", properties={"tier": 1, "language": "Go"}, now=NOW - timedelta(days=1))
    make_entity("buoy", properties={"tier": 3}, now=NOW - timedelta(days=1))
    movers = found()
    assert [(item.title, item.word) for item in movers.rose[0].reasons] == [
        ("Tiered", "Now passes:"),
        ("Spoken", "Now passes:"),
        ("Top", "Now passes:"),
    ]
    assert [(item.title, item.word) for item in movers.fell[0].reasons] == [
        ("Tiered", "Now fails:")
    ]


def test_a_rule_that_counts_no_longer_is_a_reason_and_one_that_turned_back_is_none():
    entity = change("anchor", 2, 3).entity
    rules = {rule.identifier: rule for rule in Rule.objects.all()}
    for rule, before, after in (
        ("top", "FAIL", "SKIP"),
        ("spoken", "FAIL", "PASS"),
        ("spoken", "PASS", "FAIL"),
        ("tiered", "PASS", "FAIL"),
    ):
        RuleChange.objects.create(
            entity=entity, rule=rules[rule], before=before, after=after, at=NOW
        )
    (mover,) = found().rose
    assert [(item.title, item.word) for item in mover.reasons] == [("Top", "No longer counts:")]


def test_where_too_much_moved_the_time_begins_later(monkeypatch):
    monkeypatch.setattr(module, "MOST_CHANGES", 2)
    change("anchor", 0, 3, days=9)
    change("buoy", 0, 1, days=5)
    change("canoe", 0, 1, days=1)
    movers = found()
    assert movers.rose_count == 2
    assert movers.cut_at == NOW - timedelta(days=9)
    change("drift", 0, 1, days=50)
    assert found().cut_at == NOW - timedelta(days=5)


def test_the_page_says_since_when_it_tells_what_moved(reader, monkeypatch):
    monkeypatch.setattr(module, "MOST_CHANGES", 1)
    now = timezone.now()
    make_entity("buoy", properties={"tier": 3}, now=now)
    make_entity("anchor", properties={"tier": 3}, now=now)
    words = words_of(reader.get("/scorecards/quality/"))
    assert f"Moved since {day(now)}" in words
    assert f"since {day(now)}: more moved than can be shown at once" in words


def test_what_was_not_read_and_is_older_than_the_time_is_no_loss(monkeypatch):
    monkeypatch.setattr(module, "MOST_CHANGES", 1)
    change("anchor", 0, 3, days=90)
    change("buoy", 0, 1)
    assert found().cut_at is None


moves = st.lists(
    st.tuples(
        st.sampled_from(ENTITIES), st.integers(-1, 3), st.integers(-1, 3), st.integers(0, 60)
    ),
    max_size=12,
)


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(rows=moves)
def test_the_database_adds_up_what_plain_python_does(rows):
    with transaction.atomic():
        for name, before, after, days in sorted(rows, key=lambda row: -row[3]):
            change(name, before, after, days=days)
        paths: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in LevelChange.objects.filter(at__gt=SINCE).order_by("id"):
            paths[row.entity.identifier].append((row.from_rank, row.to_rank))
        gains = {
            name: path[-1][1] - path[0][0]
            for name, path in paths.items()
            if min(path[0][0], path[-1][1]) >= 0 and path[-1][1] != path[0][0]
        }
        movers = found()
        assert movers.rose_count == sum(gain > 0 for gain in gains.values())
        assert movers.fell_count == sum(gain < 0 for gain in gains.values())
        ranks = {
            item.move.change.entity.identifier: item.move.change.to_rank
            - item.move.change.from_rank
            for item in [*movers.rose, *movers.fell]
        }
        assert ranks == gains
        for shown in (movers.rose, movers.fell):
            far = [abs(ranks[item.move.change.entity.identifier]) for item in shown]
            assert far == sorted(far, reverse=True)
        core = [gain for name, gain in gains.items() if name != "drift"]
        expected = [(sum(gain > 0 for gain in core), sum(gain < 0 for gain in core))]
        assert [(item.rose, item.fell) for item in movers.nets] == (expected if core else [])
        transaction.set_rollback(True)


def test_the_page_tells_who_fell_and_why(reader):
    make_entity("buoy", properties={"tier": 3}, now=timezone.now())
    words = words_of(reader.get("/scorecards/quality/"))
    assert "Fell 1 Buoy Silver fell to Basic Now fails: Tiered" in words
    assert "Core 0 rose 1 fell −1" in words


def test_a_page_on_which_nothing_moved_says_so(reader):
    assert "No level changed in this time." in words_of(reader.get("/scorecards/quality/"))
