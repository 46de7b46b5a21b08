"""What fell and rose within a week, against plain Python over the same catalog."""

from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from portal.dashboards.week import MOST_SHOWN, week_of
from scorecards.models import LevelChange, RuleChange, Scorecard
from tests.builders import NOW, make_entity, make_scorecard, make_team
from tests.pages.reading import html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")

TITLES = ("Basic", "Bronze", "Silver", "Gold")


def passing(properties: dict) -> list[bool]:
    """Return what the rules of `quality` say: one a level, from Bronze up."""
    tier, language = properties.get("tier"), properties.get("language")
    return [tier is not None and tier <= 2, bool(language), tier == 1]


def rank(properties: dict) -> int:
    """Return the rank of the level reached."""
    results = passing(properties)
    return next((index for index, has in enumerate(results) if not has), 3)


def everything():
    """Return the scorecards with their parts."""
    return list(Scorecard.objects.published().with_parts())


@pytest.mark.parametrize("seed", range(4))
def test_a_week_is_what_stands_lower_or_higher_than_seven_days_ago(seed):
    random = Random(seed)
    start, end = {}, {}
    for number in range(5):
        name, held = f"boat-{number}", {"tier": random.randint(1, 3), "language": "Go"}
        make_entity(name, now=NOW - timedelta(days=30), properties=held)
        for hours in sorted(random.sample(range(1, 400), 6), reverse=True):
            at = NOW - timedelta(hours=hours)
            if hours <= 7 * 24:
                start.setdefault(name, dict(held))
            tier, language = random.choice([1, 2, 3, None]), random.choice(["Go", None])
            held = {"tier": tier, "language": language}
            make_entity(name, now=at, properties=held)
        start.setdefault(name, dict(held))
        end[name] = held
    week = week_of(LevelChange.objects.all(), everything(), now=NOW)
    fallen = {
        (shift.entity.identifier, shift.before.title, shift.after.title) for shift in week.fallen
    }
    risen = {
        (shift.entity.identifier, shift.before.title, shift.after.title) for shift in week.risen
    }
    moved = {name: (rank(start[name]), rank(end[name])) for name in end}
    assert fallen == {(n, TITLES[a], TITLES[b]) for n, (a, b) in moved.items() if b < a}
    assert risen == {(n, TITLES[a], TITLES[b]) for n, (a, b) in moved.items() if b > a}
    identifiers = ("tiered", "spoken", "top")
    for shift in week.fallen:
        name = shift.entity.identifier
        before, after = passing(start[name]), passing(end[name])
        assert [rule.identifier for rule in shift.rules] == [
            identifiers[index]
            for index in range(moved[name][1], moved[name][0])
            if before[index] and not after[index]
        ]


def test_what_fell_and_rose_again_did_neither(reader):
    make_entity("anchor", properties={"tier": 3}, now=NOW - timedelta(days=2))
    make_entity("anchor", properties={"tier": 1}, now=NOW - timedelta(days=1))
    week = week_of(LevelChange.objects.all(), everything(), now=NOW)
    assert (week.fallen_count, week.risen_count) == (0, 0)


def test_what_fell_before_the_week_is_not_told():
    make_entity("anchor", properties={"tier": 3}, now=NOW - timedelta(days=7, seconds=1))
    assert week_of(LevelChange.objects.all(), everything(), now=NOW).fallen == []


def test_what_is_no_longer_graded_has_not_fallen():
    changes = LevelChange.objects.all()
    make_scorecard("quality", now=NOW, blueprints=["deployment"], rules=[])
    assert changes.filter(to_level="").exists()
    assert week_of(changes, everything(), now=NOW).fallen_count == 0


def test_a_fall_whose_rule_history_does_not_know_is_told_without_it():
    make_entity("anchor", properties={"tier": 3}, now=NOW)
    RuleChange.objects.all().delete()
    (shift,) = week_of(LevelChange.objects.all(), everything(), now=NOW).fallen
    assert shift.rules == []


def test_of_many_falls_the_newest_are_shown_and_all_are_counted(django_assert_max_num_queries):
    for number in range(MOST_SHOWN + 3):
        make_entity(f"boat-{number}", properties={"tier": 1, "language": "Go"}, now=NOW)
        make_entity(f"boat-{number}", properties={"tier": 3}, now=NOW)
    # Four of them for the scorecards.
    with django_assert_max_num_queries(7):
        week = week_of(LevelChange.objects.all(), everything(), now=NOW)
    assert week.fallen_count == MOST_SHOWN + 3
    assert len(week.fallen) == MOST_SHOWN
    assert week.more_fallen == 3


def test_the_page_of_a_team_tells_what_of_it_fell_and_by_which_rule(reader):
    now = timezone.now()
    make_team("other")
    make_entity("raft", team="other", properties={"tier": 1, "language": "Go"}, now=now)
    make_entity("raft", properties={"tier": 2}, now=now)
    make_entity("anchor", properties={"tier": 2}, now=now)
    make_entity("canoe", properties={"tier": 2}, now=now)
    words = words_of(reader.get("/teams/core/"))
    assert "Fell this week 1 levels lost in 7 days Rose this week 1" in words
    assert "1 fell Anchor Quality Gold fell to Silver Because of Top just now" in words
    assert "1 rose Canoe Quality Basic rose to Bronze just now" in words
    assert "Raft" not in html_of(reader.get("/teams/core/"))
