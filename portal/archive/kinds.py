"""All kinds of things that an archive has, in the order in which they come in."""

import secrets
from dataclasses import replace
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from catalog.errors import Invalid
from catalog.models import Change
from portal.archive.documents import Blueprints, Scorecards
from portal.archive.entities import Entities
from portal.archive.lines import Kind, Selection
from portal.archive.rows import RowKind
from portal.dashboards.models import Folder, Page, RemovedDefault, TableView
from portal.integrations import models as kept
from portal.integrations.actions.documents import compile_faults, parse_action
from portal.integrations.actions.operations import listen
from portal.integrations.notices import alerts
from portal.integrations.notices.definitions import (
    AlertDefinition,
    ReminderDefinition,
    ReportDefinition,
)
from portal.integrations.notices.schedules import schedule_of
from portal.integrations.webhooks.definitions import Security, WebhookDefinition
from scorecards import models as graded


def _clean(row: Any) -> None:
    row.clean()


def _without_password(user: Any) -> None:
    if not user.password:
        user.set_unusable_password()


def _check_webhook(row: kept.Webhook) -> None:
    WebhookDefinition(
        identifier=row.identifier,
        mappings=row.mappings,
        security=Security(request_identifier_path=row.request_identifier_path),
    ).check()


def _lock_webhook(row: kept.Webhook) -> None:
    """Give it an address of its own, and let nobody in who has no secret for what was signed."""
    row.key = secrets.token_hex(16)
    if row.signature_header:
        row.secret = secrets.token_urlsafe(32)


def _check_action(row: kept.Action) -> None:
    try:
        faults = compile_faults(parse_action(row.document))
    except Invalid as error:
        faults = error.faults
    if faults:
        raise Invalid(fault.under("document") for fault in faults)


def _listen(row: kept.Action) -> None:
    if row.event_type:
        listen(row)


def _check_report(row: kept.Report) -> None:
    ReportDefinition(
        identifier=row.identifier,
        title=row.title,
        channel=row.channel,
        at=row.at,
        team=row.team,
        every=row.every,
        weekday=row.weekday,
        month_day=row.month_day,
        time_zone=row.time_zone,
    ).check()
    row.next_at = row.next_at or schedule_of(row).next_after(timezone.now())


def _check_alert(row: kept.Alert) -> None:
    AlertDefinition(
        identifier=row.identifier,
        title=row.title,
        channel=row.channel,
        scorecard=row.scorecard,
        level=row.level,
        team=row.team,
    ).check()


def _hear(row: kept.Alert) -> None:
    if not alerts.has_alerts():
        alerts.start_reading()
    row.since_change = alerts.newest_level_change()


def _check_reminder(row: kept.Reminder) -> None:
    ReminderDefinition(
        identifier=row.identifier,
        title=row.title,
        channel=row.channel,
        days_before=row.days_before,
        is_weekly_when_late=row.is_weekly_when_late,
    ).check()


_USERS = RowKind(
    "users",
    get_user_model(),
    key=("username",),
    left_out=frozenset({"password", "last_login"}),
    prepare=_without_password,
)
_BY_RULE = ("entity", "rule")
_DECLARED = ("definer", "type", "from_kind", "from_identifier", "to_kind", "to_identifier")


def _history(name: str, model: Any) -> RowKind:
    return RowKind(name, model, key=(), is_history=True, are_many=True)


_KINDS: tuple[Kind, ...] = (
    _USERS,
    _history("changes", Change),
    Blueprints(),
    RowKind("blueprint_notes", kept.BlueprintNote, key=("blueprint",)),
    RowKind("kind_notes", kept.KindNote, key=("blueprint",)),
    Entities(),
    RowKind("entity_definitions", kept.EntityDefinition, key=("entity",), are_many=True),
    RowKind("declared_relations", kept.DeclaredRelation, key=_DECLARED, are_many=True),
    RowKind("event_keys", kept.EventKey, key=("entity",), are_many=True),
    Scorecards(),
    RowKind("scorecard_notes", kept.ScorecardNote, key=("scorecard", "blueprint")),
    RowKind("rule_notes", kept.RuleNote, key=("rule",)),
    RowKind("packs", graded.InstalledPack, key=("name",), check=_clean),
    RowKind("outcomes", graded.Outcome, key=_BY_RULE, are_many=True, moves_entities=True),
    RowKind(
        "exemptions",
        graded.Exemption,
        key=(*_BY_RULE, "created_at"),
        are_many=True,
        moves_entities=True,
    ),
    RowKind("campaigns", graded.Campaign, many=("rules",)),
    RowKind("campaign_notes", kept.CampaignNote, key=("campaign",)),
    _history("past_outcomes", graded.PastOutcome),
    _history("level_changes", graded.LevelChange),
    _history("rule_changes", graded.RuleChange),
    _history("scorecard_snapshots", graded.ScorecardSnapshot),
    _history("campaign_snapshots", graded.CampaignSnapshot),
    RowKind("folders", Folder, check=_clean),
    RowKind("pages", Page, check=_clean),
    RowKind("removed_defaults", RemovedDefault),
    RowKind("views", TableView, key=("blueprint", "identifier")),
    RowKind("organization", kept.Organization, key=("id",)),
    RowKind("organization_secrets", kept.OrganizationSecret, key=("name",)),
    RowKind("integrations", kept.Integration),
    RowKind("integration_cursors", kept.IntegrationCursor, key=("integration", "kind", "index")),
    RowKind("entity_integrations", kept.EntityIntegrationConfig, key=("integration",)),
    RowKind("ai_activity", kept.AiActivity, key=("user_email", "day", "tool"), are_many=True),
    RowKind("channels", kept.Channel, left_out=frozenset({"quiet_until"})),
    RowKind(
        "reports",
        kept.Report,
        left_out=frozenset({"next_at", "last_at", "figures"}),
        many=("scorecards",),
        check=_check_report,
    ),
    RowKind(
        "alerts",
        kept.Alert,
        left_out=frozenset({"since_change", "gathered_at"}),
        check=_check_alert,
        prepare=_hear,
    ),
    RowKind("reminders", kept.Reminder, check=_check_reminder),
    RowKind(
        "webhooks",
        kept.Webhook,
        left_out=frozenset({"key"}),
        check=_check_webhook,
        prepare=_lock_webhook,
    ),
    RowKind(
        "actions",
        kept.Action,
        left_out=frozenset({"since_change"}),
        check=_check_action,
        prepare=_listen,
    ),
)
NAMES = tuple(kind.name for kind in _KINDS)
# What a choice of blueprints leaves to choose from.
BY_BLUEPRINT = frozenset({"blueprints", "entities"})


def kinds(*, has_passwords: bool = False) -> tuple[Kind, ...]:
    """Return the kinds, those of users with the hashes of their passwords or without."""
    if not has_passwords:
        return _KINDS
    whole = replace(_USERS, left_out=_USERS.left_out - {"password"})
    return (whole, *_KINDS[1:])


def names_for(*, has_history: bool, blueprints: frozenset[str]) -> frozenset[str]:
    """Return the kinds that go into an archive where nobody names them."""
    if blueprints:
        return BY_BLUEPRINT
    return frozenset(kind.name for kind in _KINDS if has_history or not kind.is_history)


__all__ = ["NAMES", "Selection", "kinds", "names_for"]
