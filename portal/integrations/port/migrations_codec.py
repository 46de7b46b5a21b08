"""Migrations of data in this dialect. Pure."""

from typing import Any

from catalog.facts import timestamp
from portal.integrations.models import DataMigration


def present(row: DataMigration) -> dict[str, Any]:
    """Return a migration as clients see it. Of a deletion the mapping is empty."""
    shown = {
        "id": row.identifier,
        "actor": row.actor,
        "sourceBlueprint": row.source_blueprint,
        "mapping": row.mapping or {},
        "deleteBlueprint": row.deletes_blueprint,
        "status": str(row.status),
        "entitiesCount": row.total_count,
        "doneCount": row.done_count,
        "failureCount": row.failure_count,
        "failures": row.failures,
        "createdAt": timestamp(row.created_at),
        "updatedAt": timestamp(row.updated_at),
    }
    return {**shown, "message": row.message} if row.message else shown
