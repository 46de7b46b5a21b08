"""Saying who may do what with the entities of a blueprint."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.errors import NotFound
from catalog.models import Blueprint
from catalog.operations import history
from catalog.policy_documents import merge, shown
from portal.permissions import Actor


@transaction.atomic
def set_permissions(
    *, blueprint: Blueprint, change: Mapping[str, Any], by: Actor, now: datetime
) -> Blueprint:
    """Change what is said of a blueprint's permissions; raises `Invalid` and `NotFound`.

    `change` has the parts to replace; see `catalog.policy_documents.merge`.
    """
    row = Blueprint.objects.select_for_update().filter(pk=blueprint.pk).first()
    if row is None:
        raise NotFound(f"there is no blueprint '{blueprint.identifier}' any more")
    before = shown(row.permissions, blueprint=row.identifier)
    row.permissions = merge(row.permissions, change)
    after = shown(row.permissions, blueprint=row.identifier)
    if before != after:
        row.updated_at = now
        row.save(update_fields=["permissions", "updated_at"])
        history.record_difference(
            kind="blueprint",
            identifier=row.identifier,
            before={"permissions": before["entities"]},
            after={"permissions": after["entities"]},
            by=by,
            now=now,
        )
    return row
