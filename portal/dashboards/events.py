"""The entities behind a number: how many there are, and the newest of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from catalog.blueprints import Aggregation
from catalog.computed.behind import keep_behind
from catalog.computed.graph import Derived
from catalog.conditions import PresetRange, leaves, title_of
from catalog.models import Blueprint, Entity
from catalog.queries.typed import MomentOf
from portal.dashboards.behind import table_address
from portal.dashboards.columns import Reference
from portal.dashboards.properties import Property, properties_of
from portal.dashboards.values import Shown, show

MOST = 50


@dataclass(frozen=True)
class Event:
    """An entity behind a number, with the value that it adds and when it happened."""

    entity: Reference
    value: Shown
    at: Shown


@dataclass(frozen=True)
class Events:
    """What is behind a number: `count` entities of `blueprint`, and some of them as rows.

    `value` is the property that is read of them, `date` what they are dated by, if anything.
    `table` is the address of the table of all of them, where there is one.
    """

    blueprint: Blueprint
    count: int
    rows: list[Event]
    value: Property | None
    date: Property | None
    table: str = ""


def events_of(
    derived: Derived, source: Aggregation, owner: Entity, *, now: datetime, is_open: bool
) -> Events:
    """Return what an aggregation of an owner counts at `now`, the newest first.

    Where it is not open who they are, only how many.
    """
    blueprint = Blueprint.objects.get(identifier=derived.end)
    properties = properties_of(blueprint)
    value = properties.get(source.property) if source.property else None
    date = _dated(_date_key(source), properties)
    found = keep_behind(Entity.objects.all(), derived, owner_id=owner.pk, now=now)
    newest = found.order_by(MomentOf(date.identifier).desc(nulls_last=True), F("id").desc())
    return Events(
        blueprint=blueprint,
        count=found.count(),
        rows=_rows(newest, blueprint, value=value, date=date) if is_open else [],
        value=value,
        date=date,
        table=table_address(derived.end, derived.key, owner) if is_open else "",
    )


def read_by(derived: Derived, key: str, owner: Entity, *, now: datetime, is_open: bool) -> Events:
    """Return what a mirror of an owner reads under a key, in the order in which it reads them."""
    blueprint = Blueprint.objects.get(identifier=derived.end)
    found = keep_behind(Entity.objects.all(), derived, owner_id=owner.pk, now=now)
    value = _known(key, properties_of(blueprint))
    return Events(
        blueprint=blueprint,
        count=found.count(),
        rows=_rows(found.order_by("id"), blueprint, value=value, date=None) if is_open else [],
        value=value,
        date=None,
    )


def count_of(derived: Derived, owner: Entity, *, now: datetime) -> int:
    """Return how many entities are behind a value."""
    return keep_behind(Entity.objects.all(), derived, owner_id=owner.pk, now=now).count()


def _rows(
    found: Any, blueprint: Blueprint, *, value: Property | None, date: Property | None
) -> list[Event]:
    return [
        Event(
            entity=Reference(blueprint.identifier, identifier, title or identifier),
            value=_shown(facts, value),
            at=_shown(facts, date),
        )
        for identifier, title, facts in found.values_list("identifier", "title", "facts")[:MOST]
    ]


def _shown(facts: Mapping[str, Any], prop: Property | None) -> Shown:
    return show(facts.get(prop.identifier), prop) if prop else show(None)


def _date_key(source: Aggregation) -> str:
    """Return what events are dated by: what the window is about, or else is measured by."""
    conditions = leaves(source.query) if source.query else ()
    windows = (leaf.key for _, leaf in conditions if isinstance(leaf.wanted, PresetRange))
    return next(windows, source.measure_time_by)


def _known(key: str, properties: Mapping[str, Property]) -> Property:
    return properties.get(key) or Property(key, title_of(key, {}).capitalize())


def _dated(key: str, properties: Mapping[str, Property]) -> Property:
    """Return a property whose texts are dates: mirrors do not say what theirs are."""
    return Property(key, _known(key, properties).title, format="date-time")
