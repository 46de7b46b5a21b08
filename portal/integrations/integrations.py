"""Registering exporters, keeping what they are set to, and asking them to resync."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import transaction

from catalog.errors import Conflict, Invalid, NotFound
from catalog.facts import changed_keys, only
from catalog.identifiers import identifier_fault
from catalog.operations import history
from portal.integrations.models import Integration, IntegrationCursor
from portal.permissions import Actor

KIND = "integration"
MAX_IDENTIFIER = 200
# What an exporter, or whoever sets it up, says about it.
SETTINGS = (
    "title",
    "app_type",
    "version",
    "config",
    "changelog_destination",
    "spec",
    "processing_mode",
    "resources_origin",
    "oauth_broker_url",
    "processes_actions",
    "syncs_incrementally",
    "has_initialized_resources",
)


@transaction.atomic
def register_integration(
    *, identifier: str, settings: Mapping[str, Any], by: Actor, now: datetime
) -> Integration:
    """Make an integration with these `SETTINGS`.

    Raises `Invalid` where the identifier does not fit, and `Conflict` where it is taken.
    """
    faults = list(identifier_fault(identifier))
    if faults:
        raise Invalid(faults)
    if len(identifier) > MAX_IDENTIFIER:
        raise Invalid.at("identifier", f"is too long: at most {MAX_IDENTIFIER} characters")
    if Integration.objects.filter(identifier=identifier).exists():
        raise Conflict(f"There is an integration '{identifier}' already; change that one.")
    row = Integration.objects.create(
        identifier=identifier,
        **settings,
        created_at=now,
        created_by=by.label,
        updated_at=now,
        updated_by=by.label,
    )
    _record(row, before={}, after={**_settings_of(row), "identifier": identifier}, by=by, now=now)
    return row


class Resyncing(Enum):
    """Whether a change of an integration asks the exporter to read everything again."""

    ALWAYS = "always"
    IF_REMAPPED = "if the config is another"
    NEVER = "never"


@transaction.atomic
def change_integration(
    *,
    integration: Integration,
    settings: Mapping[str, Any],
    by: Actor,
    now: datetime,
    resyncing: Resyncing = Resyncing.IF_REMAPPED,
) -> Integration:
    """Change some of the `SETTINGS`, and ask for a resync where that is wanted.

    What changes nothing writes nothing: exporters send what they are set to at every start.
    """
    row = _locked(integration)
    before = _settings_of(row)
    for name, value in settings.items():
        setattr(row, name, value)
    after = _settings_of(row)
    changed = changed_keys(before, after)
    is_remapped = "config" in changed and resyncing is Resyncing.IF_REMAPPED
    is_asked = is_remapped or resyncing is Resyncing.ALWAYS
    if not changed and not is_asked:
        return row
    _touch(row, by=by, now=now)
    if is_asked:
        _ask(row, by=by, now=now)
    row.save()
    if changed:
        _record(row, before=only(before, changed), after=only(after, changed), by=by, now=now)
    return row


@transaction.atomic
def delete_integration(*, integration: Integration, by: Actor, now: datetime) -> None:
    """Delete an integration with what it told about its work; what it exported stays."""
    row = _locked(integration)
    before = {**_settings_of(row), "identifier": row.identifier}
    _record(row, before=before, after={}, by=by, now=now)
    row.delete()


@transaction.atomic
def request_resync(*, integration: Integration, by: Actor, now: datetime) -> Integration:
    """Ask an exporter to read everything again, which it does when it looks next."""
    row = _locked(integration)
    before = row.resync_requested_at
    _touch(row, by=by, now=now)
    _ask(row, by=by, now=now)
    row.save()
    _record(
        row,
        before={"resync_requested_at": before and before.isoformat()},
        after={"resync_requested_at": now.isoformat()},
        by=by,
        now=now,
    )
    return row


@transaction.atomic
def save_resync_state(
    *, integration: Integration, values: Mapping[str, Any], by: Actor, now: datetime
) -> Integration:
    """Keep how a resync goes: `values` are those of the columns that the exporter told.

    One that is running has begun, by our clock, when that is told. It counts as a change of the
    integration at the same moment: exporters of old tell from a later one that a resync is wanted.
    """
    row = _locked(integration)
    for name, value in values.items():
        setattr(row, name, value)
    row.resync_state_at = now
    if values.get("resync_status") == Integration.Status.RUNNING:
        row.resync_begun_at = now
    _touch(row, by=by, now=now)
    row.save()
    return row


@transaction.atomic
def save_cursor(
    *, integration: Integration, kind: str, index: int, value: dict[str, Any]
) -> IntegrationCursor:
    """Keep up to where an exporter has read a kind."""
    row, _created = IntegrationCursor.objects.update_or_create(
        integration=integration, kind=kind, index=index, defaults={"value": value}
    )
    return row


def _locked(integration: Integration) -> Integration:
    """Return the row as it is now, for this transaction alone: exporters write from threads."""
    row = Integration.objects.select_for_update().filter(pk=integration.pk).first()
    if row is None:
        raise NotFound(f"There is no integration '{integration.identifier}' any more.")
    return row


def _settings_of(row: Integration) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SETTINGS}


def _touch(row: Integration, *, by: Actor, now: datetime) -> None:
    row.updated_at, row.updated_by = now, by.label


def _ask(row: Integration, *, by: Actor, now: datetime) -> None:
    row.resync_requested_at, row.resync_requested_by = now, by.label


def _record(
    row: Integration,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    history.record_change(
        kind=KIND, identifier=row.identifier, before=before, after=after, by=by, now=now
    )
