"""Retention: entities of a blueprint that are older than so many days go for good, in chunks."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from catalog import registry
from catalog.bulk import IsAmong
from catalog.computed.graph import CatalogGraph
from catalog.conditions import PresetRange, leaves, parse
from catalog.errors import Conflict, Invalid
from catalog.facts import timestamp
from catalog.models import Blueprint, Entity, EntityRelation, Retention
from catalog.operations import history
from catalog.operations.settling import edges_of, settle_gone
from catalog.querysets import EntityQuerySet
from catalog.signals import entities_deleting, muted
from portal.permissions import SYSTEM, Actor, Forbidden

CHUNK = 2_000
MOST_DAYS = 36_500
_DATES = ("date-time", "date")


@dataclass(frozen=True)
class Kept:
    """What a run came to: how many entities went, how many that are old enough others require.

    `refusal` says why it did not run.
    """

    blueprint: str
    gone: int = 0
    required: int = 0
    refusal: str = ""


@transaction.atomic
def set_retention(
    *, blueprint: Blueprint, days: Any, property: Any = "", by: Actor, now: datetime
) -> Retention | None:
    """Keep entities of a blueprint for so many days by a date of theirs; None keeps them for ever.

    Raises `Invalid` for what is no number of days or no date, and where aggregations read further
    back; `Conflict` for the portal's own blueprints.
    """
    if by.rights is not None and not (by.rights.is_admin and by.rights.may_write):
        raise Forbidden("Only admins may say for how long entities are kept.")
    if blueprint.is_system:
        raise Conflict(f"'{blueprint.identifier}' belongs to the portal; what is in it stays")
    row = Retention.objects.select_for_update().filter(blueprint=blueprint).first()
    before = _document(row)
    if days is None:
        if row is not None:
            _record_run(row, now=now)
        Retention.objects.filter(blueprint=blueprint).delete()
        row = None
    else:
        _check(blueprint, days, property or "", now=now)
        row = row or Retention(blueprint=blueprint)
        row.days, row.property = days, property or ""
        row.save()
    if before != (after := _document(row)):
        history.record_difference(
            kind="retention",
            identifier=blueprint.identifier,
            before=before,
            after=after,
            by=by,
            now=now,
        )
    return row


def _document(row: Retention | None) -> dict[str, Any]:
    return {} if row is None else {"days": row.days, "property": row.property}


def _check(blueprint: Blueprint, days: Any, property: Any, *, now: datetime) -> None:
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        raise Invalid.at("days", f"give a whole number of days from 1 to {MOST_DAYS:,}")
    if property:
        graph = registry.graph()
        spec = registry.still_named(graph.specs, blueprint.identifier)
        dates = [key for key, item in spec.properties.items() if item.get("format") in _DATES]
        if property not in dates:
            there_are = ", ".join(sorted(dates)) or "none"
            raise Invalid.at("property", f"is no date of this blueprint; there are: {there_are}")
    if refusal := _read_further_back(blueprint.identifier, days, now=now):
        raise Invalid.at("days", refusal)


def _read_further_back(blueprint: str, days: int, *, now: datetime) -> str:
    """Return which aggregations look at events that would be gone; empty where none does."""
    spans = [
        (_days_read(leaf.wanted, now), f"{owner}.{key}")
        for owner, key, query in _queries_of(blueprint, registry.graph())
        for _, leaf in leaves(query)
        if isinstance(leaf.wanted, PresetRange)
    ]
    far = sorted({(span, name) for span, name in spans if span > days}, reverse=True)
    if not far:
        return ""
    names = ", ".join(sorted({name for _, name in far})[:5])
    return f"{names} read {far[0][0]} days back; keep them for at least as long"


def _days_read(wanted: PresetRange, now: datetime) -> int:
    return ceil((now - wanted.preset.span(now).start) / timedelta(days=1))


def _queries_of(blueprint: str, graph: CatalogGraph) -> Iterator[tuple[str, str, Any]]:
    for spec in graph.specs.values():
        for key, source in spec.aggregations.items():
            if source.target == blueprint and source.query is not None:
                yield spec.identifier, key, source.query


def doomed_by_retention(retention: Retention, *, now: datetime) -> EntityQuerySet:
    """Return the entities that are kept no longer, whatever requires them."""
    end = now - timedelta(days=retention.days)
    rows = Entity.objects.filter(blueprint=retention.blueprint_id)
    if not retention.property:
        return rows.filter(created_at__lt=end)
    older = {"property": retention.property, "operator": "<", "value": timestamp(end)}
    return rows.matching(parse({"combinator": "and", "conditions": [older]}), now=now)


def retain_all(
    *, now: datetime, advance: Callable[[Retention, int], object] = lambda row, count: None
) -> list[Kept]:
    """Run every retention; `advance` hears of so many that went at a time."""
    rows = Retention.objects.select_related("blueprint").order_by("blueprint__identifier")
    return [retain(retention=row, now=now, advance=advance) for row in rows]


def retain(
    *,
    retention: Retention,
    now: datetime,
    advance: Callable[[Retention, int], object] = lambda row, count: None,
) -> Kept:
    """Delete what a blueprint keeps no longer, a transaction a chunk; nothing of it is restorable.

    What entities that stay require stays too. Interrupted, the next run counts on; one row of the
    history tells of a run, when it has come to its end.
    """
    name = retention.blueprint.identifier
    if refusal := _read_further_back(name, retention.days, now=now):
        return Kept(name, refusal=refusal)
    after = gone = required = 0
    while step := _delete_next(retention, after=after, now=now):
        after, went, stays = step
        gone, required = gone + went, required + stays
        advance(retention, went)
    _end(retention, now=now)
    return Kept(name, gone, required)


@transaction.atomic
def _delete_next(retention: Retention, *, after: int, now: datetime) -> tuple[int, int, int] | None:
    """Delete the next chunk; return the last id looked at, how many went, how many are required."""
    # One run at a time: another one waits here, and finds what is left.
    row = Retention.objects.select_for_update().filter(pk=retention.pk).first()
    if row is None:
        return None
    old = doomed_by_retention(row, now=now).filter(id__gt=after)
    found = list(old.order_by("id").values_list("id", flat=True)[:CHUNK])
    if not found:
        return None
    ids = sorted(set(found) - _required(found))
    edges = edges_of(ids)
    if ids:
        entities_deleting.send(sender=Entity, entity_ids=ids)
        with muted():
            Entity.objects.filter(IsAmong("id", ids)).delete()
        settle_gone(ids, edges=edges, now=now)
    Retention.objects.filter(pk=row.pk).update(
        begun_at=row.begun_at or now, gone_count=F("gone_count") + len(ids)
    )
    return found[-1], len(ids), len(found) - len(ids)


def _required(entity_ids: Collection[int]) -> set[int]:
    """Return which of these are required by entities that are not, or that stay with those."""
    relations = _requiring()
    if relations is None:
        return set()
    edges = EntityRelation.objects.filter(relations, IsAmong("target_id", entity_ids))
    sources: dict[int, set[int]] = defaultdict(set)
    for source, target in edges.values_list("source_id", "target_id"):
        sources[target].add(source)
    going = set(entity_ids)
    while stay := {id_ for id_ in going if not sources[id_] <= going}:
        going -= stay
    return set(entity_ids) - going


def _requiring() -> Q | None:
    """Return the condition for rows of relations that are required; None where there is none."""
    found: Q | None = None
    for spec in registry.graph().specs.values():
        names = [item.identifier for item in spec.relations.values() if item.is_required]
        if names:
            one = Q(source__blueprint__identifier=spec.identifier, relation__in=names)
            found = one if found is None else found | one
    return found


@transaction.atomic
def _end(retention: Retention, *, now: datetime) -> None:
    """Note that a run has come to its end, and in the history what went."""
    row = Retention.objects.select_for_update().filter(pk=retention.pk).first()
    if row is None:
        return
    _record_run(row, now=now)
    Retention.objects.filter(pk=row.pk).update(
        begun_at=None, gone_count=0, ran_at=now, last_count=row.gone_count
    )


def _record_run(row: Retention, *, now: datetime) -> None:
    """Have the history tell of what a run deleted, if it did."""
    if not row.gone_count:
        return
    name = row.blueprint.identifier
    history.record_change(
        kind="retention",
        blueprint=name,
        identifier=name,
        before={
            "entities": row.gone_count,
            "older_than": timestamp(now - timedelta(days=row.days)),
            "property": row.property or "$createdAt",
        },
        after={},
        by=SYSTEM,
        now=now,
    )
