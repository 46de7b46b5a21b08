"""Which parts of other systems belong in the catalog, as clients of this dialect keep it here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import schemas
from catalog.errors import Invalid, NotFound
from catalog.operations import history
from catalog.storable import storable_faults
from portal.integrations.models import EntityIntegrationConfig
from portal.permissions import Actor

MAX_ITEMS = 10_000
_TEXT = {"type": "string", "minLength": 1, "maxLength": 500}


def _list_of(name: str, *required: str, **properties: Any) -> Any:
    item = {
        "type": "object",
        "required": list(required),
        # What else there may be could be a secret, which is not kept in the open.
        "additionalProperties": False,
        "properties": properties,
    }
    rows = {"type": "array", "maxItems": MAX_ITEMS, "items": item}
    return schemas.validator_of(
        {
            "type": "object",
            "required": [name],
            "additionalProperties": False,
            "properties": {name: rows},
        }
    )


_VALIDATORS = {
    "github": _list_of(
        "enabled_repos",
        "hostname",
        "github_org_name",
        "repo_name",
        hostname=_TEXT,
        github_org_name=_TEXT,
        repo_name=_TEXT,
    ),
    "jira": _list_of(
        "enabled_projects",
        "hostname",
        "account_id",
        "project_key",
        hostname=_TEXT,
        account_id=_TEXT,
        project_key=_TEXT,
    ),
    "pagerduty": _list_of("accounts", "enabled", enabled={"type": "boolean"}, subdomain=_TEXT),
}


def config_of(integration: str) -> EntityIntegrationConfig:
    """Return what is kept for an integration; raises `NotFound`."""
    _require_known(integration)
    row = EntityIntegrationConfig.objects.filter(integration=integration).first()
    if row is None:
        raise NotFound(f"nothing is configured for {integration}")
    return row


@transaction.atomic
def save_config(
    *, integration: str, config: Any, by: Actor, now: datetime
) -> EntityIntegrationConfig:
    """Keep a configuration in the place of the one there is; raises `NotFound` and `Invalid`."""
    _require_known(integration)
    faults = storable_faults(config) or schemas.faults(_VALIDATORS[integration], config)
    if faults:
        raise Invalid(fault.under("config") for fault in faults)
    rows = EntityIntegrationConfig.objects.select_for_update()
    row = rows.filter(integration=integration).first()
    before = {"config": row.config} if row else {}
    if row is None:
        row = EntityIntegrationConfig(integration=integration, created_at=now)
    row.config, row.updated_at = config, now
    row.save()
    if before != {"config": config}:
        _record(integration, before, {"config": config}, by=by, now=now)
    return row


@transaction.atomic
def delete_config(*, integration: str, by: Actor, now: datetime) -> None:
    """Forget what is kept for an integration; raises `NotFound`."""
    row = config_of(integration)
    row.delete()
    _record(integration, {"config": row.config}, {}, by=by, now=now)


def present_config(row: EntityIntegrationConfig) -> dict[str, Any]:
    """Return what answers say of a configuration. The organisation is the only one there is."""
    return {
        "id": f"config-{row.pk:019d}",
        "type": "entity_integration_configs",
        "attributes": {"org_id": 1, "integration_id": row.integration, "config": row.config},
    }


def _require_known(integration: str) -> None:
    if integration not in _VALIDATORS:
        names = ", ".join(sorted(_VALIDATORS))
        raise NotFound(f"there is no integration '{integration}'; there are: {names}")


def _record(
    integration: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
) -> None:
    history.record_change(
        kind="integration config",
        identifier=integration,
        before=dict(before),
        after=dict(after),
        by=by,
        now=now,
    )
