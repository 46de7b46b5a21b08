"""When and by whom something was made and last changed, as every answer shows it. Pure."""

from datetime import datetime
from typing import Protocol

from catalog.facts import timestamp


class Stamped(Protocol):
    """A row that knows its makers."""

    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


def stamps(row: Stamped) -> dict[str, str]:
    """Return the four keys that clients look for."""
    return {
        "createdAt": timestamp(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": timestamp(row.updated_at),
        "updatedBy": row.updated_by,
    }
