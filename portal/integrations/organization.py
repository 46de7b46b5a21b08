"""The organization: an installation is for one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.facts import changed_keys, only
from catalog.operations import history
from portal.integrations.models import Organization
from portal.permissions import Actor

ORGANIZATION_ID = "org_tidemark"
DEFAULT_NAME = "Tidemark"
_KEY = 1


def organization() -> Organization:
    """Return the organization, which is there before anybody has said anything about it."""
    return Organization.objects.first() or Organization(pk=_KEY, name=DEFAULT_NAME)


@transaction.atomic
def save_organization(
    *, name: str | None, settings: Mapping[str, Any], replaces: bool, by: Actor, now: datetime
) -> Organization:
    """Keep what the organization is called and set to.

    A name that is None stays; settings are added to those there are, or replace them.
    """
    row = Organization.objects.select_for_update().first() or organization()
    before = _told(row)
    row.name = row.name if name is None else name
    row.settings = dict(settings) if replaces else {**row.settings, **settings}
    changed = changed_keys(before, _told(row))
    if not changed:
        return row
    row.updated_at, row.updated_by = now, by.label
    row.save()
    history.record_change(
        kind="organization",
        identifier=ORGANIZATION_ID,
        before=only(before, changed),
        after=only(_told(row), changed),
        by=by,
        now=now,
    )
    return row


def _told(row: Organization) -> dict[str, Any]:
    return {"name": row.name, **{f"settings.{key}": row.settings[key] for key in row.settings}}
