"""What is kept for other systems: who they are, and what has no place in catalog or scorecards."""

from portal.integrations.models.actions import Action
from portal.integrations.models.automations import ChangeCursor, RunEvent
from portal.integrations.models.blueprints import BlueprintNote
from portal.integrations.models.catalog_definitions import (
    DeclaredRelation,
    EntityDefinition,
    KindNote,
)
from portal.integrations.models.channels import Channel
from portal.integrations.models.credentials import ApiCredential
from portal.integrations.models.data_migrations import DataMigration
from portal.integrations.models.deliveries import Delivery, DeliveryAttempt
from portal.integrations.models.delivery_events import AiActivity, EventKey
from portal.integrations.models.entity_integrations import EntityIntegrationConfig
from portal.integrations.models.integrations import Integration, IntegrationCursor
from portal.integrations.models.organization import Organization, OrganizationSecret
from portal.integrations.models.reports import Alert, LevelCursor, Reminder, Report
from portal.integrations.models.rule_notes import CampaignNote, RuleNote
from portal.integrations.models.runs import ENDED, Run, RunLog
from portal.integrations.models.scorecard_notes import ScorecardNote
from portal.integrations.models.telemetry import IntegrationLog, KindExample, Resync, ResyncKind
from portal.integrations.models.webhooks import Webhook, WebhookEvent

__all__ = [
    "Action",
    "AiActivity",
    "Alert",
    "ApiCredential",
    "BlueprintNote",
    "CampaignNote",
    "ChangeCursor",
    "Channel",
    "DataMigration",
    "Delivery",
    "DeliveryAttempt",
    "DeclaredRelation",
    "ENDED",
    "EntityDefinition",
    "EntityIntegrationConfig",
    "EventKey",
    "Integration",
    "IntegrationCursor",
    "IntegrationLog",
    "KindExample",
    "KindNote",
    "LevelCursor",
    "Organization",
    "OrganizationSecret",
    "Reminder",
    "Report",
    "Resync",
    "ResyncKind",
    "RuleNote",
    "Run",
    "RunEvent",
    "RunLog",
    "ScorecardNote",
    "Webhook",
    "WebhookEvent",
]
