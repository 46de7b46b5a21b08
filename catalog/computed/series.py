"""Series: what aggregations read of events, so that they can be added up without their facts. Pure.

A series is a stream of samples, one for each event and *anchor*: the entity at the other side of
the last step of a path, such as the service of a deployment. A sample has a value, a moment to
measure by, and a moment that windows are about. Aggregations that differ in nothing else share a
series: the function, the interval, the window and the steps from the owner to the anchor are
applied when samples are read.

A condition that moves with the clock can be a window, where every sample stays the same and only
what is read of them moves. A query has that form if it is a conjunction whose clock-reading
conditions are spans of one property.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, TypeGuard

from catalog.blueprints import Aggregation
from catalog.conditions import PresetRange, Query, dump, reads, reads_clock
from catalog.conditions.nodes import Group, Leaf, Node
from catalog.conditions.values import Span

if TYPE_CHECKING:
    from catalog.computed.graph import Step


@dataclass(frozen=True)
class Series:
    """Which events of a blueprint make samples, and of what.

    `relation` of the blueprint `holder` is crossed between event and anchor; it is the event's
    where `is_of_event`, else the anchor's. Without a key samples have no value or moment.
    """

    blueprint: str
    holder: str
    relation: str
    is_of_event: bool
    query: Query | None
    value_key: str | None
    at_key: str | None
    window_key: str | None

    @cached_property
    def key(self) -> str:
        """Return what tells this series from all others, the same in every process."""
        query = dump(self.query) if self.query else None
        parts = [getattr(self, field.name) for field in fields(self) if field.name != "query"]
        return sha256(json.dumps([*parts, query], sort_keys=True).encode()).hexdigest()

    @cached_property
    def reads(self) -> frozenset[str]:
        """Return the keys of the event's facts that its samples depend on."""
        keys = frozenset(filter(None, (self.at_key, self.value_key, self.window_key)))
        return keys | (reads(self.query) if self.query else frozenset())

    @property
    def is_windowed(self) -> bool:
        """Say whether it is read through windows only, so that what has no date there is no sample.

        Nor is anything read off totals of it.
        """
        return self.window_key is not None

    @property
    def day_column(self) -> str:
        """Return the column of its samples that tells the day each is of."""
        return "window_at" if self.is_windowed else "at"

    @cached_property
    def bare(self) -> "Series":
        """Return the series of the same events whose samples have nothing in them."""
        return replace(self, value_key=None, at_key=None)

    def covers(self, other: "Series") -> bool:
        """Say whether whoever reads the other one can as well read this one."""
        return (
            self.bare == other.bare
            and other.value_key in (None, self.value_key)
            and other.at_key in (None, self.at_key)
        )


def shared(wanted: Iterable[Series]) -> dict[Series, Series]:
    """Return for each series the one to read: few of them, so that an event makes few samples.

    Samples that nobody measures or looks at by a date are dated by when the event was made known,
    so that all can be charted.
    """
    covered = _covered(wanted)
    dated = {series: _dated(other) for series, other in covered.items()}
    # With their dates, some cover others that they did not.
    last = _covered(dated.values())
    return {series: last[other] for series, other in dated.items()}


def _covered(wanted: Iterable[Series]) -> dict[Series, Series]:
    order = sorted(
        set(wanted), key=lambda item: (bool(item.value_key) + bool(item.at_key), item.key)
    )
    # Only among those of the same events: there may be hundreds of others.
    alike: dict[Series, list[Series]] = defaultdict(list)
    for series in reversed(order):
        alike[series.bare].append(series)
    return {
        series: next(other for other in alike[series.bare] if other.covers(series))
        for series in order
    }


def _dated(series: Series) -> Series:
    is_dated = series.at_key or series.window_key
    return series if is_dated else replace(series, at_key="$createdAt")


@dataclass(frozen=True)
class Plan:
    """How an aggregation is read off a series: along which steps, and in which windows.

    `far` are the steps from the owner to the anchors. It `is_partition` where no event stands at
    several anchors of an owner; elsewhere, each has to be counted once.
    """

    series: Series
    far: "tuple[Step, ...]"
    windows: tuple[PresetRange, ...]
    is_partition: bool

    @property
    def adds_up(self) -> bool:
        """Say whether what the anchors' totals say, taken together, is what the samples say."""
        return self.is_partition and not self.windows

    def span(self, now: datetime) -> Span | None:
        """Return the span that the samples must lie in, None for all of them."""
        if not self.windows:
            return None
        spans = [window.preset.span(now) for window in self.windows]
        return Span(max(span.start for span in spans), min(span.end for span in spans))


def plan_of(
    source: Aggregation, steps: "Sequence[Step]", *, end: str, is_single: bool
) -> Plan | None:
    """Return the plan of an aggregation, or None where its query moves with the clock otherwise.

    `is_single`: an event has but one anchor.
    """
    parted = _parted(source.query)
    if parted is None:
        return None
    query, windows = parted
    *far, near = steps
    series = Series(
        blueprint=end,
        holder=near.blueprint,
        relation=near.relation,
        is_of_event=not near.is_forward,
        query=query,
        value_key=source.property,
        at_key=source.measure_time_by if _is_measured(source, windows) else None,
        window_key=windows[0].key if windows else None,
    )
    spans = tuple(leaf.wanted for leaf in windows if isinstance(leaf.wanted, PresetRange))
    return Plan(series=series, far=tuple(far), windows=spans, is_partition=is_single or not far)


def _is_measured(source: Aggregation, windows: Sequence[Leaf]) -> bool:
    """Say whether anyone asks for the moment to measure by; where there are windows, they date."""
    return source.is_per_interval or (source.is_dated and not windows)


def _parted(query: Query | None) -> tuple[Query | None, list[Leaf]] | None:
    """Return the part of a query that stands still, and the windows of one property."""
    if query is None or not reads_clock(query):
        return query, []
    parts = list(_conjuncts(query.root))
    windows = [part for part in parts if _is_window(part)]
    still = Query(Group("and", tuple(part for part in parts if not _is_window(part))))
    if reads_clock(still) or len({leaf.key for leaf in windows}) > 1:
        return None
    return (still if still.root.conditions else None), windows


def _conjuncts(node: Node) -> Iterator[Node]:
    """Yield what must all hold."""
    if isinstance(node, Group) and (node.combinator == "and" or len(node.conditions) == 1):
        for child in node.conditions:
            yield from _conjuncts(child)
    else:
        yield node


def _is_window(node: Node) -> TypeGuard[Leaf]:
    is_span = isinstance(node, Leaf) and isinstance(node.wanted, PresetRange)
    return is_span and not node.effective.negates
