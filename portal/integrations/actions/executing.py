"""Doing what runs are for: each from its stored row, again where that failed."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from catalog.errors import CatalogError, Fault, Invalid
from catalog.models import Blueprint
from catalog.operations import EntityDraft, Leniency, upsert_entities
from portal.http import OutboundError, Unreachable
from portal.integrations.actions import runs
from portal.integrations.actions.contexts import rendered, without_secrets
from portal.integrations.actions.documents import SLACK, UPSERT_ENTITY
from portal.integrations.actions.sending import is_synchronized, send_slack, send_webhook
from portal.integrations.models import Run
from portal.permissions import Actor
from portal.sealing import Unsealable

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
# Of one sweep: each may wait for a host that does not answer.
AT_ONCE = 20
RETRY_AFTER = timedelta(minutes=1)
# A worker that has not done with a run by then is taken for dead. Longer than any request takes.
CLAIM = timedelta(minutes=5)
# What a server says that may do better in a while.
_BUSY = frozenset([429, 502, 503, 504])
_LENIENCY = Leniency(may_have_unknown=True, may_repeat_computed=True)


def execute_run(*, run_id: int, now: datetime) -> bool:
    """Do what a run is for, unless somebody is at it; return whether it was tried here.

    A request may go out twice, where the worker dies between sending and noting that it did.
    """
    run = _claim(run_id, now)
    if run is None:
        return False
    by = Actor(label=run.action_identifier, source="action", run=run.identifier)
    if run.attempts > MAX_ATTEMPTS:
        _fail(run, f"Given up after {MAX_ATTEMPTS} attempts; the server's log tells more.", by, now)
        return True
    try:
        _do(run, rendered(run, now=now), by, now)
    except Invalid as error:
        _fail(run, runs.faults_as_text(error.faults), by, now)
    except Unreachable as error:
        _put_off(run, str(error), by, now)
    except (OutboundError, CatalogError, Unsealable) as error:
        _fail(run, str(error), by, now)
    except Exception:
        # Whatever it was: the sweep tries it again, so many times.
        logger.exception("Run %s failed", run.identifier)
        _pending(run_id).update(claimed_until=None, put_off_until=now + _pause(run))
    return True


def waiting_runs(*, now: datetime) -> list[int]:
    """Return the ids of the runs whose turn it is."""
    rows = Run.objects.filter(_is_due(now), effect=Run.Effect.PENDING)
    return list(rows.order_by("id").values_list("id", flat=True)[:AT_ONCE])


def _is_due(now: datetime) -> Q:
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lte=now)
    return unclaimed & (Q(put_off_until=None) | Q(put_off_until__lte=now))


def _pending(run_id: int) -> QuerySet[Run]:
    return Run.objects.filter(pk=run_id, effect=Run.Effect.PENDING)


def _claim(run_id: int, now: datetime) -> Run | None:
    run = _pending(run_id).filter(_is_due(now)).select_related("action").first()
    if run is None:
        return None
    same = _pending(run_id).filter(claimed_until=run.claimed_until, attempts=run.attempts)
    run.attempts += 1
    is_ours = same.update(claimed_until=now + CLAIM, attempts=run.attempts)
    return run if is_ours else None


def _pause(run: Run) -> timedelta:
    return RETRY_AFTER * 2 ** (run.attempts - 1)


def _do(run: Run, invocation: dict[str, Any], by: Actor, now: datetime) -> None:
    match run.invocation["type"]:
        case kind if kind == UPSERT_ENTITY:
            _upsert(run, invocation, by, now)
        case kind if kind == SLACK:
            _note_answer(run, send_slack(run, invocation), ends=True, by=by, now=now)
        case _:
            answer = send_webhook(run, invocation, now=now)
            _note_answer(run, answer, ends=is_synchronized(invocation), by=by, now=now)


def _note_answer(run: Run, answer: Any, *, ends: bool, by: Actor, now: datetime) -> None:
    """Note what came back: without a success nobody outside is at it, and the run has failed."""
    if answer.status in _BUSY and run.attempts < MAX_ATTEMPTS:
        _put_off(run, answer.told, by, now)
        return
    status = None
    if not answer.is_success:
        status = Run.Status.FAILURE
    elif ends:
        status = Run.Status.SUCCESS
    runs.settle(run=run, status=status, message=answer.told, by=by, now=now)


def _put_off(run: Run, message: str, by: Actor, now: datetime) -> None:
    if run.attempts >= MAX_ATTEMPTS:
        _fail(run, f"{message} Given up after {MAX_ATTEMPTS} attempts.", by, now)
        return
    pause = _pause(run)
    minutes = int(pause.total_seconds() // 60)
    message = without_secrets(run, message)
    message += f" Attempt {run.attempts} of {MAX_ATTEMPTS}; the next in {minutes} min."
    with transaction.atomic():
        if _pending(run.pk).update(claimed_until=None, put_off_until=now + pause):
            runs.write_log(run, message, by=by, now=now)


def _fail(run: Run, message: str, by: Actor, now: datetime) -> None:
    message = without_secrets(run, message)
    runs.settle(run=run, status=Run.Status.FAILURE, message=message, by=by, now=now)


@transaction.atomic
def _upsert(run: Run, invocation: dict[str, Any], by: Actor, now: datetime) -> None:
    """Write the entity and the end of the run together: neither happens twice."""
    name, mapping = invocation.get("blueprintIdentifier"), invocation.get("mapping") or {}
    blueprint = Blueprint.objects.filter(identifier=name).first() if name else None
    if blueprint is None:
        raise Invalid.at("invocationMethod.blueprintIdentifier", f"there is no blueprint '{name}'")
    try:
        outcome = upsert_entities(
            blueprint=blueprint,
            drafts=[_draft(mapping)],
            create_missing=True,
            leniency=_LENIENCY,
            by=by,
            now=now,
            datasource=f"action/{run.action_identifier}"[:200],
        )
    except Invalid as error:
        raise Invalid(_placed(fault) for fault in error.faults) from None
    message = f"{blueprint.identifier} '{outcome.entities[0].identifier}' was written."
    runs.settle(run=run, status=Run.Status.SUCCESS, message=message, by=by, now=now)


def _placed(fault: Fault) -> Fault:
    return fault.out_of("entities[0]").under("invocationMethod.mapping")


def _draft(mapping: dict[str, Any]) -> EntityDraft:
    identifier = mapping.get("identifier")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    if not isinstance(identifier, str) or not identifier:
        raise Invalid.at("identifier", "must come to the identifier of an entity")
    parts = {key: mapping[key] for key in ("title", "icon", "team", "properties", "relations")
             if mapping.get(key) is not None}  # fmt: skip
    return EntityDraft(identifier=identifier, **parts)
