"""Deliveries: stored first, then sent by one worker, again where that failed.

A message is claimed before it is sent, so that of several workers one sends it. Where nobody can
know whether it arrived (no answer in time, a worker that died on the way) it is sent again: an
alert that is lost is worse than one that comes twice. Such a message has the same id at every try.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from catalog.errors import Conflict
from catalog.operations import history
from portal.integrations.channels.outcomes import Envelope, PutOff, Rejected
from portal.integrations.channels.sending import send_message
from portal.integrations.messages import Message, dump, parse
from portal.integrations.models import Channel, Delivery, DeliveryAttempt
from portal.permissions import Actor

logger = logging.getLogger(__name__)

Status, Outcome = Delivery.Status, DeliveryAttempt.Outcome
KIND = "delivery"
# Of one sweep: each may wait for a host that does not answer.
AT_ONCE = 20
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
# Tried for so long, then people have to look.
TRIED_FOR = timedelta(days=3)
# More than that time has room for: a message that kills every worker is put off by none.
MOST_ATTEMPTS = 30
# A worker that has not done with a message by then is taken for dead. Longer than sending takes:
# four requests of half a minute each are the most.
CLAIM = timedelta(minutes=10)
# So far the clocks of machines may be apart.
SKEW = timedelta(minutes=5)
KEPT_DAYS = 90
_OPEN = (Status.WAITING, Status.SENDING)


@transaction.atomic
def enqueue(
    *,
    channel: Channel,
    kind: str,
    occasion: str,
    message: Message,
    now: datetime,
    about: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Delivery | None:
    """Store a message for a channel, to be sent at once, or `at` a later time.

    Returns None where the channel was told of this occasion before.
    """
    from portal.integrations.tasks import deliver

    row, is_new = Delivery.objects.get_or_create(
        channel=channel,
        occasion=occasion[:300],
        defaults={
            "kind": kind,
            "title": (message.title or "Tidemark")[:300],
            "message": dump(message),
            "about": dict(about or {}),
            "waiting_since": now,
            "next_attempt_at": at or now,
            "created_at": now,
        },
    )
    if not is_new:
        return None
    if at is None or at <= now:
        deliver.delay_on_commit(row.pk)
    return row


def deliver_one(*, delivery_id: int, now: datetime) -> bool:
    """Send a message, unless it is not its turn or somebody is at it; return whether it was tried.

    Raises nothing: what went wrong is told by the row.
    """
    row = _claim(delivery_id, now)
    if row is None:
        return False
    if row.attempts > MOST_ATTEMPTS and _tries(row) > MOST_ATTEMPTS:
        _settle(row, Status.FAILED, f"Given up after {MOST_ATTEMPTS} attempts.", now)
        return True
    try:
        told = send_message(row.channel, envelope_of(row), now=now).told
    except PutOff as error:
        _put_off(row, error, now)
    except Rejected as error:
        _settle(row, Status.FAILED, error.told, now)
    except Exception as error:
        # Whatever it was: it is tried again. Its words may hold what was sent, so its name has to
        # do.
        name = type(error).__name__
        logger.error("Delivery %s broke off with %s", row.pk, name)
        _put_off(row, PutOff(f"Sending broke off with an unexpected {name}."), now)
    else:
        _settle(row, Status.SENT, told, now)
    return True


def envelope_of(row: Delivery) -> Envelope:
    """Return what is sent of a delivery. Asked for anew it is another message, with another id."""
    return Envelope(
        id=f"tidemark-{row.pk}-{int(row.waiting_since.timestamp())}",
        made_at=row.created_at.isoformat(),
        kind=row.kind,
        message=parse(row.message),
    )


def waiting_deliveries(*, now: datetime) -> list[int]:
    """Return the ids of the messages whose turn it is, those that waited longest first."""
    rows = Delivery.objects.filter(_is_due(now)).order_by("next_attempt_at", "id")
    return list(rows.values_list("id", flat=True)[:AT_ONCE])


@transaction.atomic
def send_again(*, delivery: Delivery, by: Actor, now: datetime) -> None:
    """Send a message that was sent or failed once more, or one that waits without waiting longer.

    Raises `Conflict` where it is being sent.
    """
    from portal.integrations.tasks import deliver

    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.status == Status.SENDING:
        raise Conflict("This message is being sent just now; look again in a while.")
    before = {"status": row.status}
    Delivery.objects.filter(pk=row.pk).update(
        status=Status.WAITING, waiting_since=now, next_attempt_at=now, sent_at=None
    )
    Channel.objects.filter(pk=row.channel_id).update(quiet_until=None)
    after = {"status": "asked for again"}
    history.record_difference(
        kind=KIND, identifier=str(row.pk), before=before, after=after, by=by, now=now
    )
    deliver.delay_on_commit(row.pk)


def forget_old_deliveries(*, now: datetime) -> int:
    """Delete what was settled long ago; return how much."""
    old = Delivery.objects.filter(created_at__lt=now - timedelta(days=KEPT_DAYS))
    return old.exclude(status__in=_OPEN).delete()[0]


def _is_due(now: datetime) -> Q:
    # One that began to wait in the future did so before the clock was put back.
    due = Q(next_attempt_at__lte=now) | Q(waiting_since__gt=now + SKEW)
    waits = Q(due, status=Status.WAITING)
    # Whoever was at it is gone; or the clock that said until when it is theirs is put back.
    over = Q(claimed_until__lte=now) | Q(claimed_until__gt=now + CLAIM + SKEW)
    left = Q(over, status=Status.SENDING)
    loud = Q(channel__quiet_until=None) | Q(channel__quiet_until__lte=now)
    # A channel is tried before it is enabled.
    enabled = Q(channel__is_enabled=True) | Q(kind=Delivery.Kind.TEST)
    return (waits | left) & loud & enabled


def _claim(delivery_id: int, now: datetime) -> Delivery | None:
    found = Delivery.objects.filter(_is_due(now), pk=delivery_id)
    row = found.select_related("channel").first()
    if row is None:
        return None
    same = Delivery.objects.filter(
        pk=row.pk, status=row.status, attempts=row.attempts, claimed_until=row.claimed_until
    )
    claim = {"status": Status.SENDING, "claimed_until": now + CLAIM}
    if not same.update(**claim, attempts=F("attempts") + 1):
        return None
    if row.status == Status.SENDING:
        told = "Whoever was sending it did not come back; it may have arrived."
        _note(row, Outcome.PUT_OFF, told, now)
    row.attempts += 1
    # What alerts gather is added until the very moment it is claimed.
    row.refresh_from_db(fields=["message"])
    return row


def _ours(row: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=row.pk, status=Status.SENDING, attempts=row.attempts)


def _tries(row: Delivery) -> int:
    return row.tries.filter(at__gte=row.waiting_since).count()


@transaction.atomic
def _settle(row: Delivery, status: Status, told: str, now: datetime) -> None:
    is_sent = status == Status.SENT
    if _ours(row).update(status=status, claimed_until=None, sent_at=now if is_sent else None):
        _note(row, Outcome.SENT if is_sent else Outcome.FAILED, told, now)


@transaction.atomic
def _put_off(row: Delivery, error: PutOff, now: datetime) -> None:
    """Let a message wait, and with it the others of its channel: they would fare no better."""
    pause = min(FIRST_PAUSE * 2 ** min(_tries(row), 12), LONGEST_PAUSE)
    pause = max(pause, error.wait or pause)
    if now + pause > row.waiting_since + TRIED_FOR:
        told = f"{error.told} Given up after {TRIED_FOR.days} days."
        _settle(row, Status.FAILED, told, now)
        return
    until = now + pause
    put_off = {"status": Status.WAITING, "claimed_until": None, "next_attempt_at": until}
    if _ours(row).update(**put_off):
        quiet = now + (error.wait or FIRST_PAUSE)
        Channel.objects.filter(pk=row.channel_id).update(quiet_until=quiet)
        told = f"{error.told} The next try is at {until:%Y-%m-%d %H:%M} UTC."
        _note(row, Outcome.PUT_OFF, told, now)


def _note(row: Delivery, outcome: Outcome, told: str, now: datetime) -> None:
    DeliveryAttempt.objects.create(delivery=row, at=now, outcome=outcome, told=told)
