"""The history of an entity: what people and tools changed, and the levels it gained and lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from catalog.models import Change, Entity
from portal.dashboards.moves import Move, moves_of
from portal.dashboards.properties import Property
from portal.dashboards.values import MISSING, Kind, Shown, show
from scorecards.models import LevelChange, Scorecard

LENGTH = 20
MOST_VALUES = 6


@dataclass(frozen=True)
class Moved:
    """A value that a change moved."""

    title: str
    before: Shown
    after: Shown


@dataclass(frozen=True)
class Event:
    """One entry: either a change by somebody, with what it moved, or a change of level."""

    at: datetime
    change: Change | None = None
    moved: tuple[Moved, ...] = ()
    more: int = 0
    move: Move | None = None


def timeline_of(
    entity: Entity, properties: Mapping[str, Property], scorecards: Iterable[Scorecard]
) -> list[Event]:
    """Return the latest events of an entity, newest first, with two queries.

    `scorecards` are those that grade it, with their levels loaded.
    """
    changes = Change.objects.of_entity(entity)[:LENGTH]
    levels = LevelChange.objects.filter(entity=entity).recent()[:LENGTH]
    events = chain(
        (_of_change(change, properties) for change in changes),
        (Event(at=move.change.at, move=move) for move in moves_of(levels, scorecards)),
    )
    return sorted(events, key=lambda event: event.at, reverse=True)[:LENGTH]


def _of_change(change: Change, properties: Mapping[str, Property]) -> Event:
    if change.action != Change.Action.UPDATED:
        return Event(at=change.at, change=change)
    keys = sorted({*change.before, *change.after})
    moved = tuple(_moved(change, key, properties) for key in keys[:MOST_VALUES])
    return Event(at=change.at, change=change, moved=moved, more=len(keys) - len(moved))


def _moved(change: Change, key: str, properties: Mapping[str, Property]) -> Moved:
    prop = properties.get(key) or Property(key, key.removeprefix("relation#").removeprefix("$"))
    return Moved(
        prop.title, _short(change.before.get(key), prop), _short(change.after.get(key), prop)
    )


def _short(value: object, prop: Property) -> Shown:
    """Show a value in a line: of what fills a page, only that it is there."""
    shown = show(value, prop)
    if shown.kind in (Kind.CODE, Kind.MARKDOWN):
        return Shown(Kind.TEXT, "…")
    return shown or MISSING
