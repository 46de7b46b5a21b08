"""Setting actions off, and what is told about their runs until they end."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Conflict, Fault, Invalid, NotFound
from catalog.models import Blueprint, Entity
from catalog.operations import history
from catalog.storable import storable_faults
from portal.integrations.actions.documents import (
    AUTOMATION,
    EXECUTED,
    INTEGRATION_ACTION,
    KAFKA,
    RUN_EVENTS,
    SELF_SERVICE,
    ActionDefinition,
    parse_action,
)
from portal.integrations.actions.inputs import input_faults
from portal.integrations.actions.run_documents import run_document
from portal.integrations.models import ENDED, Action, Run, RunEvent, RunLog
from portal.permissions import Actor

OUTSIDE = frozenset([INTEGRATION_ACTION, KAFKA])
ENDINGS = (Run.Status.SUCCESS, Run.Status.FAILURE)
APPROVALS = {"APPROVE": Run.Status.IN_PROGRESS, "DECLINE": Run.Status.DECLINED}
MAX_LOG = 20_000


@dataclass(frozen=True)
class Origin:
    """Where a run comes from: an event and the run that made it happen, or neither."""

    event: dict[str, Any] | None = None
    cause: Run | None = None
    change_id: int | None = None
    run_event: RunEvent | None = None

    @property
    def depth(self) -> int:
        """Return how many runs led to it."""
        return 0 if self.cause is None else self.cause.depth + 1


@transaction.atomic
def start_run(
    *,
    action: Action,
    properties: Any,
    entity: Any = None,
    by: Actor,
    now: datetime,
) -> Run:
    """Set a self-service action off; what it does begins when this is stored.

    Raises `Invalid` for inputs that the action does not take, `NotFound` for an entity that is not.
    """
    definition = parse_action(action.document)
    if definition.trigger.type != SELF_SERVICE:
        raise Invalid.at("", "an automation runs when its event happens, and not when it is asked")
    given = {} if properties is None else properties
    if not isinstance(given, dict):
        raise Invalid.at("properties", "give an object of inputs")
    faults = storable_faults({"properties": given, "entity": entity})
    faults = faults or input_faults(definition.inputs, given)
    if faults:
        raise Invalid(faults)
    return add_run(
        action=action,
        definition=definition,
        properties=given,
        entity=_entity(definition, entity),
        origin=Origin(),
        by=by,
        now=now,
    )


def add_run(
    *,
    action: Action,
    definition: ActionDefinition,
    properties: dict[str, Any],
    entity: dict[str, Any] | None,
    origin: Origin,
    by: Actor,
    now: datetime,
) -> Run:
    """Store a run and have it done; for `start_run` and automations. `named` names an `entity`."""
    run = Run.objects.create(
        action=action,
        action_identifier=definition.identifier,
        blueprint=definition.trigger.blueprint,
        entity=entity["identifier"] if entity else "",
        about=_about(definition, entity),
        properties=properties,
        invocation=definition.invocation,
        required_approval=definition.document.get("requiredApproval"),
        event=origin.event,
        cause=origin.cause,
        depth=origin.depth,
        change_id=origin.change_id,
        run_event=origin.run_event,
        installation=_installation(definition),
        status=Run.Status.WAITING if definition.needs_approval else Run.Status.IN_PROGRESS,
        effect=Run.Effect.HELD,
        created_at=now,
        created_by=by.label,
        updated_at=now,
        updated_by=by.label,
    )
    if not definition.needs_approval:
        _begin(run, by=by, now=now)
    _record(run, {}, by=by, now=now)
    _tell(run, before=None)
    return run


def _record(run: Run, before: dict[str, Any], *, by: Actor, now: datetime) -> None:
    """Store the audit row of a run: its inputs, which may be secret, are no part of it."""
    after = {"action": run.action_identifier, "status": run.status, "entity": run.entity}
    if before.get("status") == run.status:
        return
    history.record_change(
        kind="run",
        blueprint=run.blueprint,
        identifier=run.identifier,
        before={"status": before["status"]} if before else {},
        after={"status": run.status} if before else after,
        by=replace(by, run=None),
        now=now,
    )


def _tell(run: Run, *, before: dict[str, Any] | None) -> None:
    """Store what happened to a run, where automations listen to that."""
    from portal.integrations.tasks import handle_run_events

    is_created = before is None
    events = [name for name, kinds in RUN_EVENTS.items()
              if ("created" if is_created else "updated") in kinds]  # fmt: skip
    listeners = Action.objects.filter(
        trigger_type=AUTOMATION,
        event_type__in=events,
        event_action__in=["", run.action_identifier],
        is_published=True,
    )
    if listeners.exists():
        RunEvent.objects.create(
            run=run, at=run.updated_at, by=run.updated_by, before=before, after=run_document(run)
        )
        handle_run_events.delay_on_commit()


def _installation(definition: ActionDefinition) -> str:
    name = definition.invocation.get("installationId")
    return name[:200] if isinstance(name, str) else ""


def _about(definition: ActionDefinition, entity: dict[str, Any] | None) -> dict[str, Any]:
    document, name = definition.document, definition.identifier
    about = {"action": named(name, document.get("title"), document.get("icon"))}
    if definition.trigger.blueprint:
        row = Blueprint.objects.filter(identifier=definition.trigger.blueprint).first()
        title, icon = (row.title, row.icon) if row else ("", "")
        about["blueprint"] = named(definition.trigger.blueprint, title, icon)
    if entity is not None:
        about["entity"] = entity
    return about


def named(identifier: str, title: Any, icon: Any) -> dict[str, Any]:
    """Return how a run names what it is about."""
    name = {"identifier": identifier, "title": title or identifier}
    return {**name, "icon": icon} if icon else name


def _entity(definition: ActionDefinition, identifier: Any) -> dict[str, Any] | None:
    if identifier in (None, ""):
        return None
    blueprint = definition.trigger.blueprint
    if not isinstance(identifier, str):
        raise Invalid.at("entity", "give the identifier of an entity")
    if not blueprint:
        raise Invalid.at("entity", "this action is not about entities; leave it out")
    row = Entity.objects.of(blueprint).filter(identifier=identifier).first()
    if row is None:
        raise NotFound(f"There is no {blueprint} '{identifier}'.")
    return named(row.identifier, row.title, row.icon)


def _begin(run: Run, *, by: Actor, now: datetime) -> None:
    """Hand a run to whoever does what it is for; what nobody can do has failed."""
    from portal.integrations.tasks import execute_run

    kind = run.invocation["type"]
    if kind in EXECUTED:
        run.effect = Run.Effect.PENDING
        execute_run.delay_on_commit(run.pk)
    elif kind in OUTSIDE:
        run.effect = Run.Effect.OUTSIDE
        if kind == KAFKA:
            message = "Not published by this portal; whoever works it off reports what came of it."
            write_log(run, message, by=by, now=now)
    else:
        message = f"{kind} is not executed by this portal."
        write_log(run, message, status=Run.Status.FAILURE, by=by, now=now)
        _end(run, Run.Status.FAILURE, now=now)
    run.save(update_fields=["effect", "status", "ended_at"])


def _end(run: Run, status: str, *, now: datetime) -> None:
    run.status, run.effect, run.ended_at = status, Run.Effect.DONE, now


def write_log(
    run: Run, message: str, *, status: str = "", label: str = "", by: Actor, now: datetime
) -> RunLog:
    """Store a line about a run."""
    return RunLog.objects.create(
        run=run,
        at=now,
        by=by.label,
        message=message[:MAX_LOG],
        termination_status=status,
        status_label=label,
    )


def find_run(identifier: str) -> Run:
    """Return the run with this identifier; raises `NotFound`."""
    row = Run.objects.filter(identifier=identifier).first()
    if row is None:
        raise NotFound(f"There is no run '{identifier}'.")
    return row


def _locked(run: Run) -> Run:
    return Run.objects.select_for_update().get(pk=run.pk)


@dataclass(frozen=True)
class RunChange:
    """What is told about a run; None leaves a part as it is."""

    status: str | None = None
    status_label: str | None = None
    link: list[str] | None = None
    summary: str | None = None
    message: Any = None
    external_run_id: str | None = None


@transaction.atomic
def change_run(*, run: Run, change: RunChange, by: Actor, now: datetime) -> Run:
    """Note what came of a run; raises `Invalid` where a status comes after the end."""
    run = _locked(run)
    before = run_document(run)
    if change.status is not None:
        _check_open(run, "status")
        if change.status in ENDED:
            _end(run, change.status, now=now)
    for name in ("status_label", "link", "summary", "message", "external_run_id"):
        value = getattr(change, name)
        if value is not None:
            setattr(run, name, value)
    return _saved(run, before=before, by=by, now=now)


@transaction.atomic
def add_log(
    *, run: Run, message: str, status: str = "", label: str = "", by: Actor, now: datetime
) -> RunLog:
    """Add a line to a run; with a status it ends the run, which must not have ended before."""
    run = _locked(run)
    before = run_document(run)
    if status:
        _check_open(run, "terminationStatus")
    log = write_log(run, message, status=status, label=label, by=by, now=now)
    if status:
        _end(run, status, now=now)
    if label:
        run.status_label = label
    if status or label:
        _saved(run, before=before, by=by, now=now)
    return log


@transaction.atomic
def decide(*, run: Run, status: str, description: str, by: Actor, now: datetime) -> Run:
    """Approve or decline a run that waits for it.

    One approval is enough, also where all approvers are asked for: who comes in by a credential
    speaks for the organization.
    """
    run = _locked(run)
    before = run_document(run)
    if run.status != Run.Status.WAITING:
        raise Conflict(f"the run does not wait for approval: it is {run.status}")
    run.approval = {"state": status, "description": description, "userId": by.label}
    run.status = APPROVALS[status]
    if status == "DECLINE":
        _end(run, Run.Status.DECLINED, now=now)
    else:
        _begin(run, by=by, now=now)
    return _saved(run, before=before, by=by, now=now)


def _check_open(run: Run, path: str) -> None:
    if run.is_ended:
        raise Invalid.at(path, f"the run has ended already: {run.status}")
    if run.status == Run.Status.WAITING:
        raise Invalid.at(path, "the run waits for approval; approve or decline it")


def _saved(run: Run, *, before: dict[str, Any], by: Actor, now: datetime) -> Run:
    run.updated_at, run.updated_by = now, by.label
    run.save()
    _record(run, before, by=by, now=now)
    _tell(run, before=before)
    return run


def settle(*, run: Run, status: str | None, message: str, by: Actor, now: datetime) -> Run:
    """Note that what was to be done here is done; with a status it ends the run.

    Whoever was asked may have reported the end already: that stands.
    """
    with transaction.atomic():
        run = _locked(run)
        before = run_document(run)
        ends = status is not None and not run.is_ended
        write_log(run, message, status=status if ends and status else "", by=by, now=now)
        if ends:
            _end(run, str(status), now=now)
        run.effect = Run.Effect.DONE
        if not ends:
            # Nothing that anybody is told about.
            run.save(update_fields=["effect"])
            return run
        return _saved(run, before=before, by=by, now=now)


def faults_as_text(faults: list[Fault]) -> str:
    """Return faults as one line for the log of a run."""
    return "; ".join(f"{fault.path}: {fault.message}" if fault.path else fault.message
                     for fault in faults)  # fmt: skip
