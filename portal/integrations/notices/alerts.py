"""Alerts: told at once when entities lose a level, many of them in one message.

The rows of `LevelChange` are what is told; a cursor says how far they were read. What was lost is
gathered for a minute and then sent. Whatever is lost in the ten minutes after that is gathered into
the next message, so that a mass change makes a few messages and not thousands.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from catalog.models import Entity
from portal.integrations.channels.deliveries import enqueue
from portal.integrations.messages import Arrow, Context, Items, Message, Text, dump
from portal.integrations.models import Alert, Delivery, LevelCursor
from portal.integrations.notices import links
from portal.integrations.notices.moves import Move, move_between
from portal.integrations.notices.report_messages import move_item
from portal.integrations.unread import unread
from scorecards.models import LevelChange

GATHER = timedelta(minutes=1)
PAUSE = timedelta(minutes=10)
# Of the rows that are read at once, and of those that a message remembers and shows.
AT_ONCE = 2_000
REMEMBERED = 200
SHOWN = 20


def newest_level_change() -> int:
    """Return the id of the newest move: what a new alert does not tell."""
    return LevelChange.objects.aggregate(newest=Max("pk"))["newest"] or 0


def start_reading() -> None:
    """Let alerts read from now on; nobody listened before."""
    LevelCursor.objects.update_or_create(
        pk=1, defaults={"position": newest_level_change(), "gaps": []}
    )


def has_alerts() -> bool:
    """Say whether anybody listens."""
    return Alert.objects.filter(is_enabled=True).exists()


def read_level_changes(*, now: datetime) -> int:
    """Read the moves that have not been; return how many losses were gathered."""
    count = 0
    while (gathered := _read_some(now)) is not None:
        count += gathered
    return count


def _read_some(now: datetime) -> int | None:
    """Read the next moves; None where there are none."""
    alerts = list(_listening())
    cursor = LevelCursor.objects.first()
    if not alerts or cursor is None:
        return None
    batch = unread(cursor, LevelChange.objects.all(), most=AT_ONCE, now=now)
    if batch is None:
        return None
    # What is lost while a channel is not enabled is told nowhere, also not later.
    heard = [alert for alert in alerts if alert.channel.is_enabled]
    lost = [(alert, _lost(alert, batch.rows)) for alert in heard]
    with transaction.atomic():
        if not batch.take():
            return 0  # somebody else has read them; look again
        for alert, changes in lost:
            if changes:
                _gather(alert, changes, now)
    return sum(len(changes) for _, changes in lost)


def _listening() -> "QuerySet[Alert]":
    rows = Alert.objects.filter(is_enabled=True)
    return rows.select_related("channel", "level", "team").order_by("id")


def _lost(alert: Alert, rows: Sequence[LevelChange]) -> list[LevelChange]:
    """Return the moves that an alert tells."""
    found = [row for row in rows if row.pk > alert.since_change and _is_loss(alert, row)]
    if alert.team is None or not found:
        return found
    owned = _owned_by(alert.team.identifier, {row.entity_id for row in found})
    return [row for row in found if row.entity_id in owned]


def _is_loss(alert: Alert, row: LevelChange) -> bool:
    # What is no longer graded has not lost its level by being worse.
    if not row.is_drop or row.to_rank < 0:
        return False
    if alert.scorecard_id is not None and row.scorecard_id != alert.scorecard_id:
        return False
    level = alert.level
    return level is None or row.from_rank >= level.rank > row.to_rank


def _owned_by(team: str, entity_ids: Collection[int]) -> set[int]:
    rows = Entity.objects.filter(pk__in=entity_ids).only("facts")
    return {row.pk for row in rows if team in row.team}


def _gather(alert: Alert, changes: Sequence[LevelChange], now: datetime) -> None:
    """Add losses to the message that still waits, or begin one."""
    ids = [row.pk for row in changes]
    waiting = _waiting_message(alert)
    if waiting is not None:
        about = {
            **waiting.about,
            "changes": [*waiting.about["changes"], *ids][:REMEMBERED],
            "count": waiting.about["count"] + len(ids),
        }
        message = message_of_alert(alert, about)
        parts: dict[str, Any] = {
            "about": about, "message": dump(message), "title": message.title[:300],
        }  # fmt: skip
        # Nobody has claimed it: the row is locked, and where rows cannot be, everything is.
        Delivery.objects.filter(pk=waiting.pk).update(**parts)
        return
    at = now + GATHER
    if alert.gathered_at is not None:
        at = max(at, alert.gathered_at + PAUSE)
    about = {"alert": alert.pk, "changes": ids[:REMEMBERED], "count": len(ids)}
    Alert.objects.filter(pk=alert.pk).update(gathered_at=at)
    enqueue(
        channel=alert.channel,
        kind=Delivery.Kind.ALERT,
        occasion=f"alert/{alert.pk}/{ids[0]}",
        message=message_of_alert(alert, about),
        about=about,
        at=at,
        now=now,
    )


def _waiting_message(alert: Alert) -> Delivery | None:
    rows = Delivery.objects.select_for_update().filter(
        channel=alert.channel_id,
        kind=Delivery.Kind.ALERT,
        status=Delivery.Status.WAITING,
        attempts=0,
        about__alert=alert.pk,
    )
    return rows.order_by("id").first()


def message_of_alert(alert: Alert, about: dict[str, Any]) -> Message:
    """Return what an alert says of the losses that it gathered."""
    moves = _moves(about["changes"])
    count = about["count"]
    if len(moves) == count == 1:
        title = f"{moves[0].entity} fell to {moves[0].to_level}"
    else:
        title = f"{count:,} levels were lost"
    items = tuple(move_item(move, links.entity_link, Arrow.DOWN) for move in moves[:SHOWN])
    return Message(
        title,
        (
            Items(items, more=max(count - len(items), 0)),
            *links.home_links(alert.team.identifier if alert.team else ""),
            Context(f"{alert.title}: {_told_when(alert)}."),
        ),
    )


def preview_of_alert(alert: Alert) -> Message:
    """Return what an alert would have said of the newest losses that there were."""
    rows = LevelChange.objects.order_by("-pk")[:AT_ONCE]
    ids = [row.pk for row in _lost(_always(alert), rows)][:3]
    if not ids:
        return Message("Nothing has been lost yet", (Text("There is nothing to show."),))
    return message_of_alert(alert, {"changes": ids, "count": len(ids)})


def _always(alert: Alert) -> Alert:
    copy = Alert(scorecard_id=alert.scorecard_id, level=alert.level, team=alert.team)
    copy.since_change = 0
    return copy


def _moves(ids: Sequence[int]) -> list[Move]:
    found = LevelChange.objects.select_related("entity__blueprint", "scorecard").in_bulk(ids)
    return [move_between(found[pk], found[pk]) for pk in ids if pk in found]


def _told_when(alert: Alert) -> str:
    whose = f" of {alert.team}" if alert.team else ""
    if alert.level is not None:
        return f"told when an entity{whose} falls below {alert.level.title}"
    return f"told when an entity{whose} loses a level"
