"""Exempting entities from rules: by somebody, for a reason, until a day or without end."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import transaction

from catalog.errors import Fault, Invalid, NotFound
from catalog.models import Entity
from catalog.operations import history
from portal.permissions import SYSTEM, Actor
from scorecards.models import Exemption, Rule
from scorecards.operations.counting import lock_entities
from scorecards.operations.evaluating import evaluate_entities

MAX_REASON = 2_000
MAX_NAME = 200
# How many are ended in one transaction.
CHUNK = 500


@transaction.atomic
def exempt(
    *,
    entity: Entity,
    rule: Rule,
    reason: str,
    by: Actor,
    now: datetime,
    expires_on: date | None = None,
    asked_by: str = "",
) -> Exemption:
    """Let a rule not count for an entity, or change why and until when; evaluate the entity.

    Whoever does it approves of it, and has asked for it where nobody else is named. Raises
    `Invalid`, saving nothing, and `NotFound` where the entity or the rule is gone.
    """
    by.must_moderate(entity.blueprint.identifier)
    asked_by = asked_by.strip() or by.label[:MAX_NAME]
    wanted = {"reason": reason.strip(), "asked_by": asked_by, "expires_on": expires_on}
    if faults := list(_faults(entity, rule, wanted, now=now)):
        raise Invalid(faults)
    if not lock_entities([entity.pk]) or not Rule.objects.filter(pk=rule.pk).exists():
        raise NotFound("the entity or the rule was deleted meanwhile")
    held = Exemption.objects.of_entity(entity.pk).filter(rule=rule).first()
    if held and all(getattr(held, name) == value for name, value in wanted.items()):
        return held
    before = _document(held) if held else {}
    row = held or Exemption(entity=entity, rule=rule, created_at=now)
    for name, value in {**wanted, "approved_by": by.label[:MAX_NAME]}.items():
        setattr(row, name, value)
    row.save()
    history.record([_change(row, before, _document(row), by=by, now=now)])
    evaluate_entities(entity_ids=[entity.pk], now=now)
    return row


def _faults(
    entity: Entity, rule: Rule, wanted: dict[str, Any], *, now: datetime
) -> Iterator[Fault]:
    reason, asked_by, day = wanted["reason"], wanted["asked_by"], wanted["expires_on"]
    if not reason:
        yield Fault("reason", "say why; everybody who looks at the rule will read it")
    elif len(reason) > MAX_REASON:
        yield Fault("reason", f"is longer than {MAX_REASON:,} characters")
    if len(asked_by) > MAX_NAME:
        yield Fault("asked_by", f"is longer than {MAX_NAME} characters")
    for name in ("reason", "asked_by"):
        if "\x00" in wanted[name]:
            yield Fault(name, "must not contain a NUL character")
    if day is not None and day < now.date():
        yield Fault("expires_on", "is over; give today, a later day, or none")
    if not rule.scorecard.blueprints.filter(pk=entity.blueprint_id).exists():
        yield Fault("rule", f"does not grade this entity: '{rule.scorecard}' leaves its kind out")


@transaction.atomic
def withdraw_exemption(*, exemption: Exemption, by: Actor, now: datetime) -> None:
    """End an exemption, so that the rule counts again; one that has ended stays as it is."""
    by.must_moderate(exemption.entity.blueprint.identifier)
    lock_entities([exemption.entity_id])
    rows = Exemption.objects.live().filter(pk=exemption.pk)
    _end(list(rows.with_names()), by=by, now=now)
    exemption.refresh_from_db(fields=["ended_at", "ended_by"])


def end_expired(*, now: datetime) -> int:
    """End the exemptions whose last day is over, and evaluate anew; return how many ended."""
    count = 0
    while ended := _end_next(now=now):
        count += ended
    return count


@transaction.atomic
def _end_next(*, now: datetime) -> int:
    due = Exemption.objects.live().filter(expires_on__lt=now.date())
    rows = dict(due.order_by("expires_on", "id").values_list("id", "entity_id")[:CHUNK])
    if not rows:
        return 0
    lock_entities(set(rows.values()))
    # Read again: what was prolonged or withdrawn while we waited is due no longer.
    still = list(due.filter(id__in=rows).with_names())
    _end(still, by=SYSTEM, now=now)
    return len(still)


def _end(rows: list[Exemption], *, by: Actor, now: datetime) -> None:
    """End exemptions of entities that are locked, with history, and evaluate these anew."""
    Exemption.objects.filter(id__in=[row.pk for row in rows]).update(
        ended_at=now, ended_by=by.label[:MAX_NAME]
    )
    history.record([_change(row, _document(row), {}, by=by, now=now) for row in rows])
    evaluate_entities(entity_ids={row.entity_id for row in rows}, now=now)


def _document(row: Exemption) -> dict[str, Any]:
    return {
        "scorecard": row.rule.scorecard.identifier,
        "rule": row.rule.identifier,
        "reason": row.reason,
        "asked_by": row.asked_by,
        "approved_by": row.approved_by,
        "expires_on": row.expires_on.isoformat() if row.expires_on else None,
    }


def _change(
    row: Exemption, before: dict[str, Any], after: dict[str, Any], *, by: Actor, now: datetime
) -> Any:
    return history.change(
        kind="exemption",
        blueprint=row.entity.blueprint.identifier,
        identifier=row.entity.identifier,
        before=before,
        after=after,
        by=by,
        now=now,
    )
