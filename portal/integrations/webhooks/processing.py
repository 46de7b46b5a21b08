"""Processing what came in: each stored request once, in the order in which they came."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from catalog.computed.jq import JqError, evaluate_many
from portal.integrations.models import WebhookEvent
from portal.integrations.webhooks.applying import Applier, Outcome
from portal.integrations.webhooks.mappings import Problem, Wish, parse_mappings

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
RETRY_AFTER = timedelta(minutes=1)
# A worker that has not done with a request by then is taken for dead.
CLAIM = timedelta(minutes=5)
KEPT_DAYS = 30


def process_waiting(*, webhook_id: int, clock: Callable[[], datetime]) -> int:
    """Process what waits at a webhook; return how many requests were.

    One after the other, in the order in which they came: where another worker is at the oldest,
    that one goes on with the rest.
    """
    done = 0
    while (event := _claim(webhook_id, clock())) is not None:
        try:
            done += process_event(event=event, now=clock())
        except Exception:
            # Whatever it was, the others must not wait for it; the sweep tries it again.
            logger.exception("Request %s of webhook %s failed", event.pk, event.webhook.identifier)
            put_off_until = clock() + RETRY_AFTER * event.attempts
            _waiting(event).update(claimed_until=None, put_off_until=put_off_until)
    return done


def _claim(webhook_id: int, now: datetime) -> WebhookEvent | None:
    """Return the oldest request that waits, unless somebody is at it; it is the caller's then."""
    waiting = WebhookEvent.objects.filter(webhook=webhook_id, state=WebhookEvent.State.PENDING)
    ready = waiting.filter(Q(put_off_until=None) | Q(put_off_until__lte=now))
    # With its webhook, as that is now: somebody may have mended a mapping meanwhile.
    event = ready.select_related("webhook").order_by("id").first()
    if event is None or (event.claimed_until is not None and event.claimed_until > now):
        return None
    unclaimed = _waiting(event).filter(claimed_until=event.claimed_until)
    event.attempts += 1
    if not unclaimed.update(claimed_until=now + CLAIM, attempts=event.attempts):
        return None
    return event


def _waiting(event: WebhookEvent) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(pk=event.pk, state=WebhookEvent.State.PENDING)


def process_event(*, event: WebhookEvent, now: datetime) -> bool:
    """Process one request; return whether it was done here, and not by somebody else meanwhile."""
    if event.attempts > MAX_ATTEMPTS:
        problem = Problem(None, None, "", f"given up after {MAX_ATTEMPTS} attempts; see the log")
        outcome = Outcome(state=WebhookEvent.State.FAILED, problems=[problem])
        return bool(_waiting(event).update(**outcome.columns(now)))
    answers = _answers(event, now)
    name = answers.request_identifier
    try:
        with transaction.atomic():
            # Taken first: whoever comes second waits here, and then finds it taken.
            done = {"state": WebhookEvent.State.DONE, "request_identifier": name}
            if not _waiting(event).update(**done):
                return False
            outcome = Applier(event.webhook, now).apply(answers.wishes, answers.problems)
            WebhookEvent.objects.filter(pk=event.pk).update(**outcome.columns(now))
    except IntegrityError:
        if not _was_sent_before(event.webhook_id, name):
            raise
        _waiting(event).update(state=WebhookEvent.State.DUPLICATE, processed_at=now)
    return True


def _was_sent_before(webhook_id: int, name: str | None) -> bool:
    rows = WebhookEvent.objects.filter(webhook=webhook_id, request_identifier=name)
    return name is not None and rows.exists()


def forget_old_events(*, now: datetime) -> int:
    """Delete the requests that were processed long ago; return how many."""
    old = WebhookEvent.objects.filter(received_at__lt=now - timedelta(days=KEPT_DAYS))
    return old.exclude(state=WebhookEvent.State.PENDING).delete()[0]


def with_waiting() -> list[int]:
    """Return the ids of the webhooks at which requests wait."""
    waiting = WebhookEvent.objects.filter(state=WebhookEvent.State.PENDING)
    return list(waiting.order_by("webhook_id").values_list("webhook_id", flat=True).distinct())


@dataclass(frozen=True)
class _Answers:
    """What the programs of a webhook made of one request."""

    wishes: list[Wish]
    problems: list[Problem]
    request_identifier: str | None


def _answers(event: WebhookEvent, now: datetime) -> _Answers:
    """Ask all programs of the webhook in one go."""
    webhook, document = event.webhook, _document(event)
    mappings = parse_mappings(webhook.mappings)
    path = webhook.request_identifier_path
    programs = [*(mapping.program for mapping in mappings), *([path] if path else [])]
    results = evaluate_many([(program, document) for program in programs], now=now)
    wishes: list[Wish] = []
    problems: list[Problem] = []
    for mapping, result in zip(mappings, results, strict=False):
        wished, found = mapping.read(result)
        wishes.extend(wished)
        problems.extend(found)
    name = results[-1] if path else None
    if isinstance(name, JqError):
        problems.append(Problem(None, None, "security.requestIdentifierPath", str(name)))
        name = None
    return _Answers(wishes, problems, _shortened(name))


def _shortened(name: Any) -> str | None:
    limit = WebhookEvent._meta.get_field("request_identifier").max_length
    return None if name in (None, "") else str(name)[:limit]


def _document(event: WebhookEvent) -> dict[str, Any]:
    """Return what mappings read.

    Names of headers are lower-case, and also as the mappings write them: HTTP does not tell, and
    mappings copy the spelling of the sender's manual.
    """
    text = f"{event.webhook.mappings} {event.webhook.request_identifier_path}"
    headers = dict(event.headers)
    for name, value in event.headers.items():
        for spelling in set(re.findall(re.escape(name), text, re.IGNORECASE)):
            headers[spelling] = value
    return {"body": event.body, "headers": headers, "queryParams": event.query}
