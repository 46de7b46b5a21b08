"""What is kept for other systems: who they are, and what has no place in catalog or scorecards."""

from portal.integrations.models.actions import Action
from portal.integrations.models.automations import ChangeCursor, RunEvent
from portal.integrations.models.blueprints import BlueprintNote
from portal.integrations.models.credentials import ApiCredential
from portal.integrations.models.data_migrations import DataMigration
from portal.integrations.models.integrations import Integration, IntegrationCursor
from portal.integrations.models.organization import Organization, OrganizationSecret
from portal.integrations.models.runs import ENDED, Run, RunLog
from portal.integrations.models.scorecard_notes import ScorecardNote
from portal.integrations.models.telemetry import IntegrationLog, KindExample, Resync, ResyncKind
from portal.integrations.models.webhooks import Webhook, WebhookEvent

__all__ = [
    "Action",
    "ApiCredential",
    "BlueprintNote",
    "ChangeCursor",
    "DataMigration",
    "ENDED",
    "Integration",
    "IntegrationCursor",
    "IntegrationLog",
    "KindExample",
    "Organization",
    "OrganizationSecret",
    "Resync",
    "ResyncKind",
    "Run",
    "RunEvent",
    "RunLog",
    "ScorecardNote",
    "Webhook",
    "WebhookEvent",
]
