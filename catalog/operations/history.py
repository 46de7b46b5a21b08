"""Audit rows: what an operation changed, before and after."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from catalog import facts as facts_of
from catalog.models import Change, Entity
from portal.permissions import Actor
from portal.request_ids import current_id


def record(
    changes: Iterable[Change],
) -> None:
    """Store audit rows."""
    Change.objects.bulk_create(changes, batch_size=2_000)


def change(
    *,
    kind: str,
    identifier: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    by: Actor,
    now: datetime,
    blueprint: str = "",
) -> Change:
    """Return the audit row of one write; an empty side means that the object was not there."""
    action = Change.Action.UPDATED
    if not before:
        action = Change.Action.CREATED
    elif not after:
        action = Change.Action.DELETED
    return Change(
        at=now,
        actor=by.label,
        user_id=by.user_id,
        source=by.source,
        kind=kind,
        blueprint=blueprint,
        identifier=identifier,
        action=action,
        before=dict(before),
        after=dict(after),
        run=by.run,
        address=by.address,
        request_id=current_id.get(),
    )


def record_change(**parts: Any) -> None:
    """Store the audit row of one write, which has the parts of `change`."""
    record([change(**parts)])


def record_difference(
    *,
    kind: str,
    identifier: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    """Store what differs between two documents; an empty one was not there, or is no more."""
    keys = sorted(difference(before, after))
    record_change(
        kind=kind,
        identifier=identifier,
        before={key: before[key] for key in keys if key in before},
        after={key: after[key] for key in keys if key in after},
        by=by,
        now=now,
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the keys that history is about: all that differ but the stamps of the write itself."""
    return facts_of.changed_keys(before, after) - facts_of.STAMPS


def entity_change(
    entity: Entity, *, before: Mapping[str, Any], after: Mapping[str, Any], by: Actor, now: datetime
) -> Change:
    """Return the audit row of an entity, from its facts before and after."""
    facts = after or before
    keys = difference(before, after)
    return change(
        kind="entity",
        blueprint=facts["$blueprint"],
        identifier=entity.identifier,
        before=facts_of.only(before, keys) if before else {},
        after=facts_of.only(after, keys) if after else {},
        by=by,
        now=now,
    )
