"""Making, changing and deleting actions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Conflict, Invalid, NotFound
from catalog.operations import history
from portal.integrations.actions import automations
from portal.integrations.actions.documents import (
    ENTITY_EVENTS,
    compile_faults,
    parse_action,
    with_blueprint_renamed,
)
from portal.integrations.models import Action, Run
from portal.permissions import Actor

KIND = "action"
# Who may run and approve, where nobody has said.
NOBODY = {"users": [], "roles": [], "teams": []}
PERMISSIONS = {
    "execute": {**NOBODY, "roles": ["Member"], "ownedByTeam": False},
    "approve": NOBODY,
}


@transaction.atomic
def save_action(
    *, document: Mapping[str, Any], action: Action | None = None, by: Actor, now: datetime
) -> Action:
    """Make an action, or replace and perhaps rename one. What changes nothing writes nothing.

    Raises `Invalid` where a part that is executed is not well-formed, and `Conflict` where the
    identifier is another's.
    """
    definition = parse_action(document)
    if faults := compile_faults(definition):
        raise Invalid(faults)
    row = action or Action(created_at=now, created_by=by.label, updated_at=now)
    taken = Action.objects.filter(identifier=definition.identifier).exclude(pk=row.pk)
    if taken.exists():
        raise Conflict(f"there is an action '{definition.identifier}' already; choose another name")
    before = row.document if row.pk else {}
    if before == definition.document:
        return row
    was_published = row.is_published
    row.identifier, row.document = definition.identifier, definition.document
    row.trigger_type = definition.trigger.type
    row.operation = definition.trigger.operation
    row.blueprint = definition.trigger.blueprint
    row.event_type = definition.trigger.event
    row.event_action = definition.trigger.action
    row.is_published = definition.is_published
    has_listened = was_published and before.get("trigger") == row.document["trigger"]
    if definition.trigger.event in ENTITY_EVENTS and not has_listened:
        listen(row)
    row.updated_at, row.updated_by = now, by.label
    row.save()
    history.record_difference(
        kind=KIND, identifier=row.identifier, before=before, after=row.document, by=by, now=now
    )
    return row


def listen(row: Action) -> None:
    """Let an automation listen from now on."""
    others = Action.objects.filter(event_type__in=list(ENTITY_EVENTS), is_published=True)
    others = others.exclude(pk=row.pk)
    row.since_change = automations.newest_change()
    if not others.exists():
        automations.start_reading()


@transaction.atomic
def delete_action(*, action: Action, by: Actor, now: datetime) -> None:
    """Delete an action; its runs stay."""
    history.record_difference(
        kind=KIND, identifier=action.identifier, before=action.document, after={}, by=by, now=now
    )
    action.delete()


@transaction.atomic
def follow_blueprint(*, old: str, new: str, by: Actor, now: datetime) -> None:
    """Have actions know a blueprint by its new identifier, and their runs be found under it.

    What an automation has listened to it still listens to, and what it has not heard yet it will.
    """
    for row in Action.objects.select_for_update().order_by("id"):
        before = row.document
        row.document = with_blueprint_renamed(before, old=old, new=new)
        if row.document == before:
            continue
        row.blueprint = parse_action(row.document).trigger.blueprint
        row.updated_at, row.updated_by = now, by.label
        row.save()
        name = row.identifier
        history.record_difference(
            kind=KIND, identifier=name, before=before, after=row.document, by=by, now=now
        )
    Run.objects.filter(blueprint=old).update(blueprint=new)
    # What is not done yet.
    open_runs = Run.objects.exclude(effect=Run.Effect.DONE)
    for run in open_runs.filter(invocation__blueprintIdentifier=old).select_for_update():
        run.invocation = {**run.invocation, "blueprintIdentifier": new}
        run.save(update_fields=["invocation"])


def follow_entities(*, blueprint: str, names: Mapping[str, str]) -> None:
    """Have the runs about entities be found, and go on, under their new identifiers."""
    rows = Run.objects.filter(blueprint=blueprint)
    found = rows.filter(entity__in=names).select_for_update().only("entity")
    # Read before any is written: two may have changed names.
    for run in list(found):
        run.entity = names[run.entity]
        run.save(update_fields=["entity"])


def find_action(identifier: str) -> Action:
    """Return the action with this identifier; raises `NotFound`."""
    row = Action.objects.filter(identifier=identifier).first()
    if row is None:
        raise not_there(identifier)
    return row


def not_there(identifier: str) -> NotFound:
    """Return what to raise where an identifier leads to no action."""
    return NotFound(f"There is no action '{identifier}'.")


def permissions_of(action: Action) -> dict[str, Any]:
    """Return who may run the action and who may approve a run."""
    return {
        name: {**default, **action.permissions.get(name, {})}
        for name, default in PERMISSIONS.items()
    }


@transaction.atomic
def set_permissions(
    *, action: Action, permissions: Mapping[str, Any], by: Actor, now: datetime
) -> Action:
    """Change the parts that are named of who may run and approve; raises `Invalid`."""
    for name, part in permissions.items():
        if name not in PERMISSIONS:
            raise Invalid.at(name, f"give: {', '.join(PERMISSIONS)}")
        if not isinstance(part, dict):
            raise Invalid.at(name, "give an object")
        for key in ("users", "roles", "teams"):
            _check_names(part.get(key, []), f"{name}.{key}")
    before = permissions_of(action)
    action.permissions = {
        name: {**action.permissions.get(name, {}), **permissions.get(name, {})}
        for name in PERMISSIONS
    }
    after = permissions_of(action)
    if before != after:
        action.save(update_fields=["permissions"])
        history.record_difference(
            kind=KIND,
            identifier=action.identifier,
            before={"permissions": before},
            after={"permissions": after},
            by=by,
            now=now,
        )
    return action


def _check_names(value: Any, path: str) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid.at(path, "give a list of texts")
