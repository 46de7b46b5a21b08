"""Reminders: on days before a campaign is due, each once, with what is left by team."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from catalog.errors import Invalid
from portal.integrations.messages import Heading, Items, plain
from portal.integrations.models import Channel, Delivery, Reminder
from portal.integrations.notices.definitions import ReminderDefinition
from portal.integrations.notices.operations import save_reminder
from portal.integrations.notices.reminders import (
    message_of_campaign,
    preview_of_reminder,
    remind_of_campaigns,
)
from scorecards.models import Campaign, Rule
from tests.builders import (
    NOW,
    TESTER,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
)
from tests.channels.builders import make_channel

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
DUE = NOW + 30 * DAY


def make_reminder(reminder: Reminder | None = None, **parts: Any) -> Reminder:
    values = {"identifier": "campaigns", "title": "Campaigns", **parts}
    values.setdefault("channel", Channel.objects.first() or make_channel())
    return save_reminder(
        definition=ReminderDefinition(**values), reminder=reminder, by=TESTER, now=NOW
    )


def make_campaign(*rules: str, **parts: Any) -> Campaign:
    values = {
        "identifier": "push", "title": "The push", "starts_at": NOW, "due_at": DUE,
        "status": Campaign.Status.IN_PROGRESS, "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    campaign = Campaign.objects.create(**{**values, **parts})
    campaign.rules.set(Rule.objects.filter(identifier__in=rules))
    return campaign


@pytest.fixture
def catalog() -> None:
    make_blueprint()
    make_team("core", title="Core")
    make_team("edge", title="Edge")
    make_scorecard()
    make_entity("shop", title="Shop", team=["core"], properties={"tier": 3, "language": "Go"})
    make_entity("cart", title="Cart", team=["core", "edge"], properties={"tier": 1})
    make_entity("done", title="Done", team=["edge"], properties={"tier": 1, "language": "C"})
    make_entity("lone", title="Lone", properties={"tier": 4})


def reminded(now: datetime) -> int:
    return remind_of_campaigns(now=now)


@pytest.mark.usefixtures("catalog")
def test_a_reminder_lists_what_fails_by_team() -> None:
    message = message_of_campaign(make_campaign("tiered", "spoken"), now=DUE - 7 * DAY)
    assert message.title == "The push: due in 7 days"
    headings = [block.text for block in message.blocks if isinstance(block, Heading)]
    assert headings == ["Core: 2 to do", "Edge: 1 to do", "Without an owner: 1 to do"]
    first = next(block for block in message.blocks if isinstance(block, Items))
    assert [(item.text, item.link, item.note) for item in first.items] == [
        ("Cart", "https://t.example/catalog/service/cart/", "Spoken"),
        ("Shop", "https://t.example/catalog/service/shop/", "Tiered"),
    ]
    assert "3 entities have something left to do by 1 July 2026." in plain.as_text(message)


def test_a_campaign_is_told_of_on_its_days_once_each() -> None:
    make_reminder()
    make_campaign()
    told = [day for day in range(-30, 30) for _ in range(2) if reminded(DUE + day * DAY)]
    assert told == [-14, -7, -1, 7, 14, 21, 28]
    titles = Delivery.objects.order_by("id").values_list("title", flat=True)
    assert list(titles)[:4] == [
        "The push: due in 14 days",
        "The push: due in 7 days",
        "The push: due in 1 day",
        "The push: late by 7 days",
    ]


def test_of_what_was_missed_the_last_is_told_if_it_is_not_too_old() -> None:
    make_reminder(days_before=[3, 2, 1])
    make_campaign()
    assert reminded(DUE - DAY) == 1
    assert reminded(DUE - DAY) == 0
    make_campaign(identifier="other", due_at=DUE - 20 * DAY)
    assert reminded(DUE - 16 * DAY) == 0


def test_nothing_is_told_of_days_before_the_reminder_was_made() -> None:
    make_reminder()
    make_campaign(due_at=NOW + 6 * DAY)
    assert reminded(NOW) == 0


@pytest.mark.parametrize(
    "parts",
    [
        {"status": Campaign.Status.COMPLETED},
        {"starts_at": DUE - DAY / 2},
        {"due_at": None},
    ],
)
def test_campaigns_that_do_not_run_are_not_told_of(parts: dict[str, Any]) -> None:
    make_reminder()
    make_campaign(**parts)
    assert reminded(DUE - DAY) == 0


def test_a_reminder_may_be_about_one_campaign() -> None:
    make_reminder(campaign=make_campaign())
    make_campaign(identifier="other")
    assert reminded(DUE - DAY) == 1


def test_late_campaigns_are_told_of_weekly_only_where_that_is_asked() -> None:
    make_reminder(is_weekly_when_late=False)
    make_campaign()
    assert reminded(DUE + 7 * DAY) == 0


def test_a_preview_shows_the_campaign_that_is_due_first() -> None:
    reminder = make_reminder()
    assert preview_of_reminder(reminder, now=NOW).title == "No campaign is under way"
    make_campaign()
    make_campaign(identifier="sooner", title="Sooner", due_at=NOW + DAY)
    assert preview_of_reminder(reminder, now=NOW).title == "Sooner: due in 1 day"


@pytest.mark.parametrize("days", [["x"], [-1], [1.5], [True], [400], "7", list(range(20))])
def test_days_that_do_not_fit_are_refused(days: Any) -> None:
    with pytest.raises(Invalid) as caught:
        make_reminder(days_before=days)
    assert [fault.path for fault in caught.value.faults] == ["days_before"]


def test_a_reminder_that_never_tells_anything_is_refused() -> None:
    with pytest.raises(Invalid):
        make_reminder(days_before=[], is_weekly_when_late=False)
