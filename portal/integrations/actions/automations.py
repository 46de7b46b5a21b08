"""Automations: runs that events set off.

The audit rows of the catalog are the events of entities; a cursor says how far they were read. Each
is handled once: the cursor moves and the runs are stored in one transaction, and only by whom it
has not been moved from under.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from catalog.computed.jq import evaluate_many
from catalog.facts import timestamp
from catalog.models import Change
from portal.integrations.actions import runs
from portal.integrations.actions.documents import (
    AUTOMATION,
    ENTITY_EVENTS,
    RUN_EVENTS,
    ActionDefinition,
    parse_action,
)
from portal.integrations.actions.past_entities import entity_diffs
from portal.integrations.jq_bundles import Failure, bundle, unbundled
from portal.integrations.models import Action, ChangeCursor, Run, RunEvent
from portal.integrations.port.audit_codec import origin_of
from portal.integrations.unread import unread
from portal.permissions import Actor

logger = logging.getLogger(__name__)

# Runs that set each other off: the sixth in a row is not begun.
MAX_DEPTH = 5
AT_ONCE = 500
KEPT_DAYS = 30
_ACTIONS = {"created": "CREATE", "updated": "UPDATE", "deleted": "DELETE"}


@dataclass(frozen=True)
class Listener:
    """An automation that is on, with its document read."""

    action: Action
    definition: ActionDefinition


@dataclass(frozen=True)
class Happening:
    """Something that automations may listen to, as a document, and what made it happen."""

    kind: str
    document: dict[str, Any]
    actor: str
    cause: Run | None
    entity: dict[str, Any] | None = None
    change_id: int | None = None
    run_event: RunEvent | None = None


def start_reading() -> None:
    """Let automations of entities read from now on; nothing was listened to before."""
    newest = Change.objects.aggregate(newest=Max("pk"))["newest"] or 0
    ChangeCursor.objects.update_or_create(pk=1, defaults={"position": newest, "gaps": []})


def newest_change() -> int:
    """Return the id of the newest audit row: what a new automation does not listen to."""
    return Change.objects.aggregate(newest=Max("pk"))["newest"] or 0


def entity_listeners() -> dict[str, list[Listener]]:
    """Return the automations that listen to entities, by blueprint."""
    found: dict[str, list[Listener]] = defaultdict(list)
    for listener in _listeners(ENTITY_EVENTS):
        found[listener.action.blueprint].append(listener)
    return found


def _listeners(events: Iterable[str]) -> list[Listener]:
    rows = Action.objects.filter(
        trigger_type=AUTOMATION, event_type__in=list(events), is_published=True
    )
    return [Listener(row, parse_action(row.document)) for row in rows.order_by("id")]


def read_changes(*, now: datetime) -> int:
    """Handle the audit rows that have not been; return how many runs they set off."""
    count = 0
    while (made := _read_some(now)) is not None:
        count += made
    return count


def _read_some(now: datetime) -> int | None:
    """Handle the next rows; None where there are none."""
    listeners = entity_listeners()
    cursor = ChangeCursor.objects.first()
    if not listeners or cursor is None:
        return None
    batch = unread(cursor, Change.objects.all(), most=AT_ONCE, now=now)
    if batch is None:
        return None
    relevant = [row for row in batch.rows if row.kind == "entity"]
    relevant = [row for row in relevant if row.blueprint in listeners]
    wanted = list(_wanted(listeners, _happenings(relevant)))
    verdicts = _verdicts(wanted, now)
    with transaction.atomic():
        if not batch.take():
            return 0  # somebody else has handled them; look again
        made = [_set_off(pair, now) for pair, is_on in zip(wanted, verdicts, strict=True) if is_on]
    return sum(made)


Pair = tuple[Listener, Happening]


def _wanted(
    listeners: dict[str, list[Listener]], happenings: Iterable[Happening]
) -> Iterable[Pair]:
    for happening in happenings:
        for listener in listeners[happening.document["context"]["blueprintIdentifier"]]:
            is_new = happening.change_id > listener.action.since_change
            if is_new and happening.kind in ENTITY_EVENTS[listener.action.event_type]:
                yield listener, happening


def _happenings(changes: Sequence[Change]) -> list[Happening]:
    diffs = entity_diffs(changes)
    causes = _causes(changes)
    found = []
    for change in (change for change in changes if change.pk in diffs):
        diff = diffs[change.pk]
        subject = diff["after"] or diff["before"]
        found.append(
            Happening(
                kind=change.action,
                document={
                    "action": _ACTIONS[change.action],
                    "resourceType": "entity",
                    "trigger": _trigger(change.actor, change.source, change.at),
                    "context": {
                        "blueprintIdentifier": change.blueprint,
                        "entityIdentifier": change.identifier,
                        "propertyIdentifier": None,
                    },
                    "diff": diff,
                },
                actor=change.actor,
                cause=causes.get(change.pk),
                entity=runs.named(change.identifier, subject["title"], subject["icon"]),
                change_id=change.pk,
            )
        )
    return found


def _trigger(actor: str, source: str, at: datetime) -> dict[str, Any]:
    by = {"userId": actor, "user": {"email": actor, "identifier": actor}}
    return {"by": by, "origin": origin_of(source), "at": timestamp(at)}


def _causes(changes: Sequence[Change]) -> dict[int, Run]:
    """Return the runs that wrote, or for which somebody did, by the id of the audit row."""
    names = {change.run for change in changes if change.run}
    found = {run.identifier: run for run in Run.objects.filter(identifier__in=names)}
    return {change.pk: found[change.run] for change in changes if change.run in found}


def _verdicts(wanted: Sequence[Pair], now: datetime) -> list[bool]:
    """Say of each pair whether the condition holds, with all programs in one go."""
    programs = [
        (bundle(listener.definition.condition.expressions), happening.document)
        for listener, happening in wanted
    ]
    return [
        _verdict(listener, result)
        for (listener, _), result in zip(wanted, evaluate_many(programs, now=now), strict=True)
    ]


def _verdict(listener: Listener, result: Any) -> bool:
    condition = listener.definition.condition
    values = unbundled(result, count=len(condition.expressions))
    for value in values:
        if isinstance(value, Failure):
            name = listener.action.identifier
            logger.info("A condition of automation %s fails: %s", name, value.message)
    return condition.holds(values)


def _set_off(pair: Pair, now: datetime) -> bool:
    """Store the run of an automation, unless it is one too many in a row."""
    listener, happening = pair
    origin = runs.Origin(
        event=happening.document,
        cause=happening.cause,
        change_id=happening.change_id,
        run_event=happening.run_event,
    )
    by = Actor(label=happening.actor[:200], source="automation")
    if origin.depth > MAX_DEPTH and happening.cause is not None:
        message = (
            f"Automation '{listener.action.identifier}' was not set off by this: it would have "
            f"been run number {origin.depth + 1} in a row, and {MAX_DEPTH + 1} are the most."
        )
        runs.write_log(happening.cause, message, by=by, now=now)
        return False
    runs.add_run(
        action=listener.action,
        definition=listener.definition,
        properties={},
        entity=happening.entity,
        origin=origin,
        by=by,
        now=now,
    )
    return True


def handle_run_events(*, now: datetime) -> int:
    """Handle what happened to runs; return how many runs that set off."""
    count = 0
    while events := list(
        RunEvent.objects.filter(handled_at=None).select_related("run").order_by("id")[:AT_ONCE]
    ):
        listeners = _listeners(RUN_EVENTS)
        wanted = [
            (listener, happening)
            for happening in map(_run_happening, events)
            for listener in listeners
            if happening.kind in RUN_EVENTS[listener.action.event_type]
            and listener.action.event_action in ("", happening.run_event.run.action_identifier)
        ]
        verdicts = _verdicts(wanted, now)
        chosen = [pair for pair, is_on in zip(wanted, verdicts, strict=True) if is_on]
        for event in events:
            count += _handle(event, [pair for pair in chosen if pair[1].run_event == event], now)
    return count


@transaction.atomic
def _handle(event: RunEvent, pairs: Sequence[Pair], now: datetime) -> int:
    same = RunEvent.objects.filter(pk=event.pk, handled_at=None)
    if not same.update(handled_at=now):
        return 0
    return sum(_set_off(pair, now) for pair in pairs)


def forget_old_events(*, now: datetime) -> int:
    """Delete what happened to runs long ago and was handled; return how much."""
    return RunEvent.objects.filter(handled_at__lt=now - timedelta(days=KEPT_DAYS)).delete()[0]


def _run_happening(event: RunEvent) -> Happening:
    kind = "created" if event.before is None else "updated"
    about = event.run.about
    return Happening(
        kind=kind,
        document={
            "action": _ACTIONS[kind],
            "resourceType": "run",
            "trigger": _trigger(event.by, "api", event.at),
            "context": {
                "actionIdentifier": event.run.action_identifier,
                "blueprintIdentifier": event.run.blueprint or None,
                "entityIdentifier": event.run.entity or None,
                "runId": event.run.identifier,
            },
            "diff": {"before": event.before, "after": event.after},
        },
        actor=event.by,
        cause=event.run,
        entity=about.get("entity"),
        run_event=event,
    )
