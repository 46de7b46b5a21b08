"""What a new campaign tells of the days before it was made."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalog.models import Entity
from catalog.operations import delete_entities
from scorecards.campaign_progress import progress_of
from scorecards.models import Campaign
from scorecards.operations import campaign_past, delete_campaign
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    rule_document,
)

DAY = timedelta(days=1)
START = NOW - 10 * DAY


@pytest.fixture(autouse=True)
def graded(db: None) -> None:
    """Grade services from before the first day on."""
    make_blueprint()
    make_scorecard(now=START - DAY)


def ago(days: int) -> datetime:
    """Return a moment so many days ago."""
    return NOW - days * DAY


def told(campaign: Campaign) -> dict[date, tuple[int, ...]]:
    """Return what is kept of each day: done, in scope, passed, failed, skipped."""
    rows = campaign.snapshots.order_by("day").values_list(
        "day", "done", "entities", "passed", "failed", "skipped"
    )
    return {day: tuple(counts) for day, *counts in rows}


def push(identifier: str = "push", **overrides: Any) -> Campaign:
    """Make a campaign that began ten days ago."""
    return make_campaign(identifier, starts_at=START.isoformat(), **overrides)


def test_what_moved_is_undone_day_by_day():
    make_entity("anchor", properties={"tier": 1}, now=START - DAY)
    make_entity("buoy", properties={"tier": 3, "language": "Go"}, now=START - DAY)
    make_entity("anchor", properties={"language": "Go"}, now=ago(4))
    make_entity("buoy", properties={"tier": 2}, now=ago(2))
    make_entity("anchor", properties={"language": None}, now=ago(1))
    days = told(push())
    assert list(days) == [(NOW - 10 * DAY + index * DAY).date() for index in range(11)]
    assert [days[ago(back).date()] for back in (10, 5, 4, 3, 2, 1, 0)] == [
        (0, 2, 2, 2, 0),
        (0, 2, 2, 2, 0),
        (1, 2, 3, 1, 0),
        (1, 2, 3, 1, 0),
        (2, 2, 4, 0, 0),
        (1, 2, 3, 1, 0),
        (1, 2, 3, 1, 0),
    ]


def test_what_came_since_was_not_there_before():
    make_entity("anchor", properties={"tier": 1, "language": "Go"}, now=ago(3))
    days = told(push())
    assert list(days) == [ago(3).date(), ago(2).date(), ago(1).date(), ago(0).date()]
    assert set(days.values()) == {(1, 1, 2, 0, 0)}


def test_several_moves_of_a_day_end_with_what_was_before_the_first():
    make_entity("anchor", properties={"tier": 1}, now=START - DAY)
    for hour, language in enumerate(("Go", None, "Go")):
        make_entity("anchor", properties={"language": language}, now=ago(2) + hour * DAY / 24)
    days = told(push())
    assert days[ago(3).date()] == (0, 1, 1, 1, 0)
    assert days[ago(2).date()] == (1, 1, 2, 0, 0)


def test_an_entity_whose_rules_were_all_skipped_was_not_in_scope():
    only_two = condition("tier", "=", 2)
    make_scorecard(
        rules=[rule_document("tiered"), rule_document("spoken", filter=only_two)],
        now=START - DAY,
    )
    make_entity("anchor", properties={"tier": 1}, now=START - DAY)
    make_entity("anchor", properties={"tier": 2}, now=ago(2))
    days = told(push(rules=["quality/spoken"]))
    assert list(days) == [ago(2).date(), ago(1).date(), ago(0).date()]


def test_a_campaign_that_begins_now_or_later_has_no_past():
    make_entity("anchor", now=START - DAY)
    assert list(told(make_campaign(starts_at=NOW.isoformat()))) == [NOW.date()]
    later = make_campaign("later", starts_at=(NOW + DAY).isoformat())
    assert told(later) == {}


def test_a_campaign_with_too_much_history_tells_none(monkeypatch):
    monkeypatch.setattr(campaign_past, "MOST_MOVES", 1)
    make_entity("anchor", properties={"tier": 1}, now=START - DAY)
    make_entity("anchor", properties={"tier": 3}, now=ago(3))
    make_entity("anchor", properties={"tier": 2}, now=ago(2))
    assert list(told(push())) == [NOW.date()]


def test_only_a_new_campaign_is_told_its_past():
    make_entity("anchor", now=START - DAY)
    campaign = push()
    campaign.snapshots.all().delete()
    push(title="Other")
    assert list(told(campaign)) == [NOW.date()]


MOVES = st.lists(
    st.tuples(
        st.integers(1, 10),
        st.sampled_from(["anchor", "buoy", "canoe"]),
        st.sampled_from([None, 1, 2, 3]),
        st.sampled_from([None, "Go"]),
    ),
    max_size=12,
)


@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_the_past_is_what_a_campaign_of_that_day_would_have_found(moves):
    found = {}
    witness = make_campaign("witness", starts_at=(START - DAY).isoformat(), now=START - DAY)
    for back in range(10, 0, -1):
        for day, name, tier, language in moves:
            if day == back:
                make_entity(name, properties={"tier": tier, "language": language}, now=ago(back))
        counts = progress_of(witness, now=ago(back))
        if counts.entities:
            found[ago(back).date()] = (
                counts.done, counts.entities, counts.passed, counts.failed, counts.skipped,
            )  # fmt: skip
    days = told(push("push"))
    days.pop(NOW.date())
    assert days == found
    for campaign in Campaign.objects.all():
        delete_campaign(campaign=campaign, by=TESTER, now=NOW)
    delete_entities(entities=list(Entity.objects.of("service")), by=TESTER, now=NOW)
