"""Keeping the secrets of the organization: written by many, read by what uses them only."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import Conflict, Invalid, NotFound
from catalog.operations import history
from portal.integrations.models import OrganizationSecret
from portal.permissions import Actor

MAX_NAME = 200
MAX_VALUE = 50_000
_NAME = re.compile(r"[A-Za-z0-9@_.:\\/=-]+")


@transaction.atomic
def create_secret(
    *, name: str, value: str, description: str = "", by: Actor, now: datetime
) -> OrganizationSecret:
    """Keep a new secret; raises `Invalid` where it does not fit, `Conflict` where there is one."""
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise Invalid.at("name", f"may hold 1 to {MAX_NAME} letters, digits and @ _ . : \\ / = -")
    _require_value(value)
    if OrganizationSecret.objects.filter(name=name).exists():
        raise Conflict(f"There is a secret '{name}' already; change that one.")
    row = OrganizationSecret.objects.create(
        name=name,
        description=description,
        value=value,
        created_at=now,
        created_by=by.label,
        updated_at=now,
        updated_by=by.label,
    )
    _record(row, before={}, after={"name": name, "description": description}, by=by, now=now)
    return row


@transaction.atomic
def change_secret(
    *,
    secret: OrganizationSecret,
    by: Actor,
    now: datetime,
    value: str | None = None,
    description: str | None = None,
) -> OrganizationSecret:
    """Replace the value of a secret, or say what it is for; what is None stays."""
    row = _locked(secret)
    before = {"description": row.description}
    after: dict[str, Any] = dict(before)
    if description is not None:
        row.description = after["description"] = description
    if value is not None:
        _require_value(value)
        row.value = value
        # History tells that it is another, and never which.
        after["value"] = "replaced"
    if after == before:
        return row
    row.updated_at, row.updated_by = now, by.label
    row.save()
    _record(row, before=before, after=after, by=by, now=now)
    return row


@transaction.atomic
def delete_secret(*, secret: OrganizationSecret, by: Actor, now: datetime) -> None:
    """Let go of a secret."""
    row = _locked(secret)
    before = {"name": row.name, "description": row.description}
    _record(row, before=before, after={}, by=by, now=now)
    row.delete()


def reveal_secrets(names: Collection[str]) -> dict[str, str]:
    """Return the values of the secrets with these names; those that are unknown are left out.

    For what sends them out. Raises `Unsealable` where one cannot be read any more.
    """
    rows = OrganizationSecret.objects.filter(name__in=names)
    return {row.name: row.value.reveal() for row in rows}


def _require_value(value: str) -> None:
    if not 1 <= len(value) <= MAX_VALUE:
        raise Invalid.at("value", f"give a text of 1 to {MAX_VALUE:,} characters")


def _locked(secret: OrganizationSecret) -> OrganizationSecret:
    row = OrganizationSecret.objects.select_for_update().filter(pk=secret.pk).first()
    if row is None:
        raise NotFound(f"There is no secret '{secret.name}' any more.")
    return row


def _record(
    row: OrganizationSecret,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    history.record_change(
        kind="secret", identifier=row.name, before=before, after=after, by=by, now=now
    )
