"""Making, changing, trying and deleting channels."""

from datetime import datetime
from secrets import token_hex
from typing import Any

from django.db import transaction

from catalog.errors import Conflict
from catalog.operations import history
from portal.integrations.channels.definitions import ChannelDefinition
from portal.integrations.channels.deliveries import enqueue
from portal.integrations.messages import Bar, Chart, Context, Message, Part, Text
from portal.integrations.models import Channel, Delivery
from portal.permissions import Actor
from portal.sealing import Sealed, Unsealable

KIND = "channel"
_SECRETS = ("address", "secret")


@transaction.atomic
def save_channel(
    *,
    definition: ChannelDefinition,
    channel: Channel | None = None,
    by: Actor,
    now: datetime,
) -> Channel:
    """Make a channel, or change and perhaps rename one. What changes nothing writes nothing.

    Raises `Invalid` with every reason, and `Conflict` where the identifier is another's.
    """
    definition.check()
    row = channel or Channel(created_at=now, created_by=by.label, updated_at=now)
    taken = Channel.objects.filter(identifier=definition.identifier).exclude(pk=row.pk)
    if taken.exists():
        raise Conflict(f"there is a channel '{definition.identifier}' already; choose another name")
    before = _told(row) if row.pk else {}
    replaced = [name for name in _SECRETS if not _is(getattr(row, name), getattr(definition, name))]
    _take_on(row, definition, replaced)
    after = _told(row)
    if row.pk and replaced:
        # That they changed is history; what they are never stands there.
        before |= dict.fromkeys(replaced, "one")
        after |= dict.fromkeys(replaced, "another")
    if before == after:
        return row
    row.quiet_until = None
    row.updated_at, row.updated_by = now, by.label
    row.save()
    history.record_difference(
        kind=KIND, identifier=row.identifier, before=before, after=after, by=by, now=now
    )
    return row


@transaction.atomic
def delete_channel(*, channel: Channel, by: Actor, now: datetime) -> None:
    """Delete a channel with all that is told to it, and with what it was sent."""
    history.record_difference(
        kind=KIND,
        identifier=channel.identifier,
        before=_told(channel),
        after={},
        by=by,
        now=now,
    )
    channel.delete()


@transaction.atomic
def send_test(*, channel: Channel, by: Actor, now: datetime) -> Delivery:
    """Send a message to a channel that says that it works, also where it is not enabled yet."""
    Channel.objects.filter(pk=channel.pk).update(quiet_until=None)
    made = enqueue(
        channel=channel,
        kind=Delivery.Kind.TEST,
        occasion=f"test/{token_hex(8)}",
        message=message_of_test(str(channel), by=by),
        now=now,
    )
    if made is None:
        raise Conflict("This test was sent before; send another one.")
    history.record_difference(
        kind="delivery", identifier=str(made.pk), before={},
        after={"channel": channel.identifier, "kind": made.kind}, by=by, now=now,
    )  # fmt: skip
    return made


def message_of_test(channel: str, *, by: Actor) -> Message:
    """Return the message by which people see that a channel works."""
    parts = (Part("Bronze", 3, "bronze"), Part("Silver", 5, "silver"), Part("Gold", 2, "gold"))
    return Message(
        title="A test message from Tidemark",
        blocks=(
            Text(f"The channel {channel} works: what is reported to it will arrive here."),
            Chart("How a chart looks", (Bar("An example", parts),)),
            Context(f"Asked for by {by.label}."),
        ),
    )


def _take_on(row: Channel, definition: ChannelDefinition, replaced: list[str]) -> None:
    for name in ("identifier", "title", "kind", "is_enabled", "target", "shown_address"):
        setattr(row, name, getattr(definition, name))
    for name in replaced:
        setattr(row, name, getattr(definition, name))


def _is(sealed: Sealed, text: str) -> bool:
    """Say whether this is the secret; one that cannot be read is another."""
    try:
        return sealed.reveal() == text
    except Unsealable:
        return False


def _told(row: Channel) -> dict[str, Any]:
    """Return what history keeps of a channel: all but its secrets."""
    names = ("identifier", "title", "kind", "is_enabled", "target", "shown_address")
    return {name: getattr(row, name) for name in names}
