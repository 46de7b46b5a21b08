"""Channels to send to, and messages to send."""

from datetime import datetime
from itertools import count
from typing import Any

from portal.integrations.channels.definitions import ChannelDefinition
from portal.integrations.channels.deliveries import enqueue
from portal.integrations.channels.operations import save_channel
from portal.integrations.messages import (
    Arrow,
    Bar,
    Chart,
    Context,
    Fields,
    Heading,
    Item,
    Items,
    Links,
    Message,
    Part,
    Text,
)
from portal.integrations.models import Channel, Delivery
from tests.builders import NOW, TESTER

_numbers = count(1)

CHART = Chart("Levels", (Bar("Quality", (Part("Basic", 1, "paleBlue"), Part("Gold", 3, "gold"))),))
MESSAGE = Message(
    "All <well> & good",
    (
        Text("Two things moved."),
        Heading("Moved"),
        Items(
            (
                Item("shop", "https://t.example/shop?a=1&b=2", "Basic → Gold", Arrow.UP),
                Item("pay|roll", "", "Gold → Basic", Arrow.DOWN),
            ),
            more=3,
        ),
        Fields((("Gold", "3"), ("Basic", "1"))),
        CHART,
        Links((("Open", "https://t.example/"),)),
        Context("Told by a test."),
    ),
)


def make_channel(kind: str = Channel.Kind.WEBHOOK, **parts: Any) -> Channel:
    """Save and return a channel; the address leads nowhere unless a test gives one."""
    needs: dict[str, dict[str, str]] = {
        Channel.Kind.SLACK_TOKEN: {"secret": "xoxb-s3cret", "target": "#quality"},
        Channel.Kind.EMAIL: {"target": "a@example.com, b@example.com"},
        Channel.Kind.APPRISE: {"address": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"},
    }
    values = needs.get(kind, {"address": "https://hooks.example.com/services/s3cret"})
    identifier = parts.pop("identifier", f"channel-{next(_numbers)}")
    return save_channel(
        definition=ChannelDefinition(
            **{"identifier": identifier, "title": "A channel", "kind": kind, **values, **parts}
        ),
        by=TESTER,
        now=NOW,
    )


def make_delivery(
    channel: Channel, *, message: Message = MESSAGE, now: datetime = NOW, **parts: Any
) -> Delivery:
    """Store and return a message for a channel; nothing is sent yet."""
    occasion = parts.pop("occasion", f"occasion-{next(_numbers)}")
    values = {"kind": Delivery.Kind.REPORT, "occasion": occasion, "message": message, **parts}
    row = enqueue(channel=channel, now=now, **values)
    assert row is not None
    return row


def told(delivery: Delivery) -> list[tuple[str, str]]:
    """Return the tries of a message: what came of each, and what was said."""
    return list(delivery.tries.order_by("id").values_list("outcome", "told"))
