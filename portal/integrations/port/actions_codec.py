"""Actions on the wire. Pure."""

from typing import Any

from catalog.facts import timestamp
from portal.integrations.models import Action


def document_of(row: Action) -> dict[str, Any]:
    """Return an action as the wire has it: what was sent, and who sent it when."""
    return {
        **row.document,
        "id": f"action_{row.pk}",
        "createdAt": timestamp(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": timestamp(row.updated_at),
        "updatedBy": row.updated_by,
    }
