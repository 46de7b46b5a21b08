"""The history of an entity, a page at a time: changes, levels, results of rules, and reports.

The kinds are tables of their own that are read side by side. A place in the history is a mark, the
moment of an entry with its table and its row, so that pages go on where they left off however
much is added meanwhile.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Change, Entity
from portal.dashboards.moves import Move, moves_of
from portal.dashboards.properties import Property
from portal.dashboards.querystring import QueryString
from portal.dashboards.remarks import remark
from portal.dashboards.values import MISSING, Kind, Shown, show
from scorecards.models import LevelChange, Outcome, PastOutcome, Rule, RuleChange, Scorecard

LENGTH = 30
MOST_VALUES = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MARK = re.compile(r"(\d{1,17})-(\d)-(\d{1,18})")
# What the kinds of entries are called, in the order in which they are offered.
KINDS = {
    "changes": _("Changes"),
    "levels": _("Levels"),
    "rules": _("Rules"),
    "reports": _("Reports"),
    "exemptions": _("Exemptions"),
}


@dataclass(frozen=True, order=True)
class Mark:
    """A place in the history: no two entries have the same."""

    at: datetime
    stream: int
    pk: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.stream}-{self.pk}"

    @classmethod
    def of(cls, text: str) -> "Mark | None":
        """Read a mark out of an address; None where it is none."""
        found = _MARK.fullmatch(text)
        if found is None:
            return None
        at, stream, pk = map(int, found.groups())
        return cls(_EPOCH + at * _MICROSECOND, stream, pk)


@dataclass(frozen=True)
class Moved:
    """A value that a change moved."""

    title: str
    before: Shown
    after: Shown


@dataclass(frozen=True)
class Event:
    """One entry: a change with what it moved, a change of level or of a result, or a report.

    `exemption` is what a change says of one; `rule` is the rule that it is from, if it still is.
    """

    at: datetime
    mark: Mark
    change: Change | None = None
    moved: tuple[Moved, ...] = ()
    more: int = 0
    move: Move | None = None
    level_change: LevelChange | None = None
    rule_change: RuleChange | None = None
    report: Outcome | PastOutcome | None = None
    remark: tuple[Shown, ...] = ()
    exemption: Mapping[str, Any] | None = None
    rule: Rule | None = None


@dataclass(frozen=True)
class Timeline:
    """A page of the history, newest first; `newer` and `older` lead on, empty at the ends."""

    events: list[Event]
    kind: str
    newer: str
    older: str

    @property
    def days(self) -> list[tuple[date, list[Event]]]:
        """Return the entries by day."""
        by_day = groupby(self.events, key=lambda event: timezone.localtime(event.at).date())
        return [(day, list(events)) for day, events in by_day]

    @property
    def kinds(self) -> list[tuple[str, str, bool]]:
        """Return the address, the title and the choice of each kind, and of all of them."""
        found = {"": _("Everything"), **KINDS}
        return [(_address(kind), str(title), kind == self.kind) for kind, title in found.items()]


@dataclass(frozen=True)
class _Stream:
    """A table that holds one kind of entries of the entity."""

    kind: str
    rows: QuerySet
    field: str
    read: Callable[..., Event]


def timeline_of(entity: Entity, properties: Mapping[str, Property], query: QueryString) -> Timeline:
    """Return the page of the history that an address asks for: a query for each kind.

    What an address says that means nothing is not heeded.
    """
    kind = query.get("kind") if query.get("kind") in KINDS else ""
    streams = [
        (number, item)
        for number, item in enumerate(_streams(entity, properties))
        if kind in ("", item.kind)
    ]
    newer, older = Mark.of(query.get("newer")), Mark.of(query.get("older"))
    if newer is not None:
        found = sorted(_read(streams, newer, is_newer=True), key=lambda event: event.mark)
        if len(found) > LENGTH:
            return _page(found[:LENGTH][::-1], kind, has_newer=True, has_older=True)
        # So near to the top that it is the first page.
        older = None
    found = sorted(_read(streams, older), key=lambda event: event.mark, reverse=True)
    has_older = len(found) > LENGTH
    return _page(found[:LENGTH], kind, has_newer=older is not None, has_older=has_older)


def _page(events: Sequence[Event], kind: str, *, has_newer: bool, has_older: bool) -> Timeline:
    events = _with_rules(_with_levels(events))
    return Timeline(
        events=events,
        kind=kind,
        newer=_address(kind, "newer", events[0].mark) if has_newer and events else "",
        older=_address(kind, "older", events[-1].mark) if has_older and events else "",
    )


def _address(kind: str, way: str = "", mark: Mark | None = None) -> str:
    query = QueryString().having("tab", "timeline").having("kind", kind)
    return str(query.having(way, str(mark)) if mark else query)


def _streams(entity: Entity, properties: Mapping[str, Property]) -> Iterator[_Stream]:
    """Yield the tables; the number of a table is part of addresses."""
    unseen = entity.blueprint.unseen_keys
    yield _Stream(
        "changes",
        Change.objects.of_entity(entity),
        "at",
        lambda row, mark: _of_change(row, mark, properties, unseen),
    )
    yield _Stream(
        "levels",
        LevelChange.objects.filter(entity=entity).select_related("scorecard"),
        "at",
        lambda row, mark: Event(row.at, mark, level_change=row),
    )
    yield _Stream(
        "rules",
        RuleChange.objects.filter(entity=entity).select_related("rule__scorecard"),
        "at",
        lambda row, mark: Event(row.at, mark, rule_change=row),
    )
    for model in (Outcome, PastOutcome):
        yield _Stream(
            "reports",
            model.objects.filter(entity=entity).select_related("rule__scorecard"),
            "reported_at",
            lambda row, mark: Event(
                row.reported_at, mark, report=row, remark=tuple(remark(row.remark))
            ),
        )
    yield _Stream("exemptions", Change.objects.of_exemptions(entity), "at", _of_exemption)


def _read(
    streams: Sequence[tuple[int, _Stream]], mark: Mark | None, *, is_newer: bool = False
) -> Iterator[Event]:
    """Yield the first entries of each table beyond a mark, one more than a page has."""
    for number, stream in streams:
        sign = "" if is_newer else "-"
        rows = stream.rows.order_by(f"{sign}{stream.field}", f"{sign}pk")
        if mark is not None:
            rows = rows.filter(_beyond(stream.field, number, mark, is_newer=is_newer))
        for row in rows[: LENGTH + 1]:
            yield stream.read(row, Mark(getattr(row, stream.field), number, row.pk))


def _beyond(field: str, number: int, mark: Mark, *, is_newer: bool) -> Q:
    word = "gt" if is_newer else "lt"
    beyond = Q(**{f"{field}__{word}": mark.at})
    if number == mark.stream:
        return beyond | Q(**{field: mark.at, f"pk__{word}": mark.pk})
    is_beyond = number > mark.stream if is_newer else number < mark.stream
    return beyond | Q(**{field: mark.at}) if is_beyond else beyond


def _with_levels(events: Sequence[Event]) -> list[Event]:
    """Give moves the colours of their levels: two queries, where there are any."""
    changes = [event.level_change for event in events if event.level_change]
    if not changes:
        return list(events)
    cards = Scorecard.objects.filter(pk__in={change.scorecard_id for change in changes})
    moves = {move.change.pk: move for move in moves_of(changes, cards.prefetch_related("levels"))}
    return [
        replace(event, move=moves[event.level_change.pk]) if event.level_change else event
        for event in events
    ]


def _with_rules(events: Sequence[Event]) -> list[Event]:
    """Give exemptions the rules that they are from: a query, where there are any."""
    told = [event.exemption for event in events if event.exemption]
    if not told:
        return list(events)
    rows = Rule.objects.filter(identifier__in={item["rule"] for item in told})
    rules = {
        (rule.scorecard.identifier, rule.identifier): rule
        for rule in rows.select_related("scorecard")
    }
    return [
        replace(event, rule=rules.get((event.exemption["scorecard"], event.exemption["rule"])))
        if event.exemption
        else event
        for event in events
    ]


def _of_exemption(change: Change, mark: Mark) -> Event:
    said = {**change.before, **change.after}
    day = said["expires_on"]
    said["expires_on"] = date.fromisoformat(day) if day else None
    return Event(change.at, mark, change=change, exemption=said)


def _of_change(
    change: Change, mark: Mark, properties: Mapping[str, Property], unseen: frozenset[str]
) -> Event:
    if change.action != Change.Action.UPDATED:
        return Event(change.at, mark, change=change)
    keys = sorted({*change.before, *change.after} - unseen)
    moved = tuple(_moved(change, key, properties) for key in keys[:MOST_VALUES])
    return Event(change.at, mark, change=change, moved=moved, more=len(keys) - len(moved))


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
