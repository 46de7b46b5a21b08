"""The audit rows of what is kept for other systems."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from catalog.operations import history
from portal.permissions import Actor


def record(
    *,
    kind: str,
    identifier: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    """Store what differs between two documents; an empty one was not there, or is no more."""
    keys = sorted(history.difference(before, after))
    history.record_change(
        kind=kind,
        identifier=identifier,
        before={key: before[key] for key in keys if key in before},
        after={key: after[key] for key in keys if key in after},
        by=by,
        now=now,
    )
