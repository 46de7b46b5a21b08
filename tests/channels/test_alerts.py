"""Alerts: told at once when entities lose a level, many in one message, none twice."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.errors import Invalid
from catalog.models import Entity
from portal.integrations.channels.deliveries import deliver_one
from portal.integrations.messages import Items, parse, plain
from portal.integrations.models import Alert, Channel, Delivery, LevelCursor
from portal.integrations.notices.alerts import (
    GATHER,
    PAUSE,
    preview_of_alert,
    read_level_changes,
)
from portal.integrations.notices.definitions import AlertDefinition
from portal.integrations.notices.operations import save_alert
from scorecards.models import Level, LevelChange, Scorecard
from tests.builders import (
    NOW,
    TESTER,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
)
from tests.channels.builders import make_channel
from tests.channels.slack_stub import slack_stub

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalog() -> None:
    make_blueprint()
    make_team("core")
    make_scorecard()
    for name in ("shop", "cart", "mail"):
        make_entity(name, title=name.title(), properties={"tier": 1, "language": "Go"})


def make_alert(alert: Alert | None = None, **parts: Any) -> Alert:
    values = {"identifier": "drops", "title": "Drops", **parts}
    values.setdefault("channel", Channel.objects.first() or make_channel())
    return save_alert(definition=AlertDefinition(**values), alert=alert, by=TESTER, now=NOW)


def level(title: str) -> Level:
    return Level.objects.get(title=title)


def put(name: str, tier: int, *, language: str | None = "Go") -> None:
    """Give an entity a tier: 1 is Gold, 2 Silver, more Basic."""
    make_entity(name, properties={"tier": tier, "language": language}, now=NOW)


def lines(delivery: Delivery) -> list[tuple[str, str]]:
    [block] = [b for b in parse(delivery.message).blocks if isinstance(b, Items)]
    return [(item.text, item.note) for item in block.items]


def test_a_loss_is_told_with_where_it_led() -> None:
    make_alert()
    put("shop", 2)
    assert read_level_changes(now=NOW) == 1
    delivery = Delivery.objects.get()
    assert delivery.title == "Shop fell to Silver"
    assert lines(delivery) == [("Shop", "Gold → Silver in Quality")]
    assert "https://t.example/catalog/service/shop/" in plain.as_text(parse(delivery.message))
    assert delivery.next_attempt_at == NOW + GATHER


def test_the_save_of_an_entity_wakes_the_alerts(django_capture_on_commit_callbacks: Any) -> None:
    make_alert()
    with django_capture_on_commit_callbacks(execute=True):
        put("shop", 2)
    assert Delivery.objects.get().title == "Shop fell to Silver"


def test_nothing_is_read_twice() -> None:
    make_alert()
    put("shop", 2)
    assert read_level_changes(now=NOW) == 1
    assert read_level_changes(now=NOW) == 0
    assert Delivery.objects.get().about["count"] == 1


def test_two_workers_gather_a_loss_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.integrations.notices import alerts

    make_alert()
    put("shop", 2)
    seen = LevelCursor.objects.get()
    assert read_level_changes(now=NOW) == 1
    # The other one looked at the cursor before.
    monkeypatch.setattr(alerts.LevelCursor.objects, "first", lambda: seen)
    assert alerts._read_some(NOW) == 0
    assert Delivery.objects.get().about["count"] == 1


def test_a_rise_is_not_told_nor_a_loss_from_before() -> None:
    put("shop", 3)
    make_alert()
    put("shop", 1)
    assert read_level_changes(now=NOW) == 0
    assert not Delivery.objects.exists()


def test_what_is_no_longer_graded_has_not_fallen() -> None:
    make_alert()
    make_scorecard(filter={"combinator": "and", "conditions": [
        {"property": "$identifier", "operator": "!=", "value": "shop"}
    ]})  # fmt: skip
    assert LevelChange.objects.filter(to_rank=-1).exists()
    read_level_changes(now=NOW)
    assert not Delivery.objects.exists()


def test_only_falls_to_below_the_level_are_told() -> None:
    make_alert(scorecard=Scorecard.objects.get(), level=level("Silver"))
    put("shop", 2)
    assert read_level_changes(now=NOW) == 0
    put("shop", 3)
    put("cart", 9)
    put("mail", 9)
    put("mail", 8)
    assert read_level_changes(now=NOW) == 3


def test_only_what_a_team_owns_is_told() -> None:
    team = Entity.objects.get(blueprint__identifier="_team", identifier="core")
    make_entity("shop", team=["core"])
    make_alert(team=team)
    put("shop", 2)
    put("cart", 2)
    assert read_level_changes(now=NOW) == 1
    assert lines(Delivery.objects.get()) == [("Shop", "Gold → Silver in Quality")]


def test_only_one_scorecard_is_told() -> None:
    make_scorecard("other")
    make_alert(scorecard=Scorecard.objects.get(identifier="other"))
    put("shop", 2)
    assert read_level_changes(now=NOW) == 1


def test_a_mass_change_makes_one_message() -> None:
    make_alert()
    for number in range(60):
        make_entity(f"e{number}", properties={"tier": 1, "language": "Go"})
    read_level_changes(now=NOW)
    for number in range(60):
        put(f"e{number}", 9)
        if number % 20 == 0:
            read_level_changes(now=NOW + timedelta(seconds=number / 2))
    read_level_changes(now=NOW + timedelta(seconds=40))
    delivery = Delivery.objects.get()
    assert (delivery.title, delivery.about["count"]) == ("60 levels were lost", 60)
    [block] = [b for b in parse(delivery.message).blocks if isinstance(b, Items)]
    assert (len(block.items), block.more) == (20, 40)


def test_what_is_lost_after_a_message_is_gathered_into_the_next() -> None:
    with slack_stub() as stub:
        make_alert(channel=make_channel(Channel.Kind.SLACK_WEBHOOK, address=stub.hook))
        put("shop", 2)
        read_level_changes(now=NOW)
        first = Delivery.objects.get()
        assert deliver_one(delivery_id=first.pk, now=NOW + GATHER)
        for name, minutes in (("cart", 2), ("mail", 5)):
            put(name, 2)
            read_level_changes(now=NOW + timedelta(minutes=minutes))
        second = Delivery.objects.exclude(pk=first.pk).get()
        assert second.next_attempt_at == NOW + GATHER + PAUSE
        assert deliver_one(delivery_id=second.pk, now=NOW + GATHER + PAUSE)
        assert [message["text"] for message in stub.messages] == [
            "Shop fell to Silver",
            "2 levels were lost",
        ]


def test_a_message_that_was_tried_is_not_added_to() -> None:
    make_alert()
    put("shop", 2)
    read_level_changes(now=NOW)
    Delivery.objects.update(attempts=1)
    put("cart", 2)
    read_level_changes(now=NOW)
    assert Delivery.objects.count() == 2


def test_a_row_that_comes_late_is_told_all_the_same() -> None:
    make_alert()
    put("shop", 2)
    row = LevelChange.objects.latest("id")
    late = {name: getattr(row, name) for name in (
        "entity_id", "scorecard_id", "from_level", "to_level", "from_rank", "to_rank", "at"
    )}  # fmt: skip
    first = row.pk
    row.delete()
    LevelChange.objects.create(pk=first + 1, **{**late, "to_rank": 9})
    assert read_level_changes(now=NOW) == 0
    LevelChange.objects.create(pk=first, **late)
    assert read_level_changes(now=NOW) == 1
    assert read_level_changes(now=NOW) == 0


def test_an_alert_that_is_enabled_again_tells_nothing_of_the_time_between() -> None:
    alert = make_alert()
    make_alert(alert, is_enabled=False)
    put("shop", 2)
    assert read_level_changes(now=NOW) == 0
    make_alert(alert)
    put("cart", 2)
    assert read_level_changes(now=NOW) == 1
    assert lines(Delivery.objects.get()) == [("Cart", "Gold → Silver in Quality")]


def test_what_is_lost_while_a_channel_is_not_enabled_is_not_told_later() -> None:
    make_alert(channel=make_channel(is_enabled=False))
    put("shop", 2)
    assert read_level_changes(now=NOW) == 0
    Channel.objects.update(is_enabled=True)
    assert read_level_changes(now=NOW) == 0
    put("cart", 2)
    assert read_level_changes(now=NOW) == 1


def test_a_level_of_another_scorecard_is_refused() -> None:
    make_scorecard("other")
    quality = Scorecard.objects.get(identifier="quality")
    for chosen in (
        {"level": quality.levels.get(title="Gold")},
        {"level": quality.levels.get(title="Gold"), "scorecard": Scorecard.objects.latest("id")},
        {"level": quality.levels.get(rank=0), "scorecard": quality},
    ):
        with pytest.raises(Invalid) as caught:
            make_alert(**chosen)
        assert [fault.path for fault in caught.value.faults] == ["level"]


def test_a_preview_costs_the_same_for_many(django_assert_max_num_queries: Any) -> None:
    team = Entity.objects.get(blueprint__identifier="_team", identifier="core")
    alert = make_alert(team=team)
    for tier in (2, 3, 1, 2, 3):
        put("shop", tier)
        put("cart", tier)
    with django_assert_max_num_queries(3):
        preview_of_alert(alert)


def test_a_preview_shows_the_newest_losses() -> None:
    assert preview_of_alert(make_alert()).title == "Nothing has been lost yet"
    put("shop", 2)
    assert preview_of_alert(Alert.objects.get()).title == "Shop fell to Silver"
