"""Trends: what a number would have read at past midnights, from what is known today.

A point is worked out with today's definition, relations and given properties; only the events are
those of its time. They are told apart by whole days in UTC, so that points are read off rollups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from catalog import registry
from catalog.blueprints import Aggregation, BlueprintSpec, Calculation
from catalog.computed import jq
from catalog.computed.aggregates import kept, value_of
from catalog.computed.arithmetic import PERCENTILES
from catalog.computed.calculating import jq_input
from catalog.computed.daily import Days, Span, days_of, percentiles_of_spans
from catalog.computed.graph import CatalogGraph, Derived
from catalog.computed.series import Plan
from catalog.computed.shelf import Shelf
from catalog.conditions.values import is_number
from catalog.models import Entity
from catalog.queries.dialects import microseconds

LONG_AGO = -(2**62)
Number = int | float
# As of each midnight, by property.
Values = dict[str, list[Number | None]]


@dataclass(frozen=True)
class Point:
    """What a number read `at` a moment; `count` events came since the point before."""

    at: datetime
    value: Number | None
    count: int


def trend(entity: Entity, key: str, *, moments: Sequence[datetime]) -> list[Point]:
    """Return a point for each of these moments in order, the last of which is now.

    The others stand for the midnights at which their days in UTC began. Now, the value is the one
    that is stored. What is not read off samples has no past: its points are empty. Of a
    calculation, the events are those of the aggregation below it that has the most.
    """
    *past, now = moments
    midnights = [datetime.combine(at.astimezone(UTC).date(), time(), UTC) for at in past]
    values, counts = _History(entity, midnights, now, registry.graph()).of(key)
    last = entity.facts.get(key)
    values = [*values, last if is_number(last) else None]
    return [Point(*parts) for parts in zip([*midnights, now], values, counts, strict=True)]


class _History:
    """The computed values of an entity at midnights, each worked out once."""

    def __init__(
        self, entity: Entity, midnights: Sequence[datetime], now: datetime, graph: CatalogGraph
    ) -> None:
        self._entity, self._graph = entity, graph
        self._spec: BlueprintSpec = graph.specs[entity.blueprint.identifier]
        self._midnights = midnights
        self._edges = [microseconds(at) for at in (*midnights, now)]
        self._shelf = Shelf(now)
        self._days: dict[tuple[Any, ...], Days] = {}
        self._counts: dict[str, list[int]] = {}

    def of(self, key: str) -> tuple[list[Number | None], list[int]]:
        """Return the values of a property, and how many events came up to each, and to now."""
        needed = self._needed(key)
        values = {name: self._aggregated(name) for name in needed & self._spec.aggregations.keys()}
        for level in self._graph.calculation_levels[self._spec.identifier]:
            for name in needed.intersection(level):
                values[name] = self._calculated(self._spec.calculations[name], values)
        nothing = [0] * len(self._edges)
        counts = self._counts.get(key) or max(self._counts.values(), key=sum, default=nothing)
        return values.get(key, [None] * len(self._midnights)), counts

    def _needed(self, key: str) -> set[str]:
        """Return what a computed property depends on among those of the entity, with itself."""
        found: set[str] = set()
        waiting = [key]
        while waiting:
            name = waiting.pop()
            if name in found or name not in self._spec.computed_keys:
                continue
            found.add(name)
            if name in self._spec.calculations:
                calculation = self._spec.calculations[name]
                waiting.extend(self._graph.reads_of(self._spec, calculation))
        return found

    def _aggregated(self, key: str) -> list[Number | None]:
        derived = self._graph.derived[self._spec.identifier][key]
        if derived.plan is None:
            return [None] * len(self._midnights)
        days = self._days_of(derived.plan)
        # What came before the first point is not of the period.
        spans = map(Span, self._edges, self._edges[1:])
        self._counts[key] = [0, *(days.summary(span).count for span in spans)]
        return self._as_of(derived, derived.plan, days)

    def _days_of(self, plan: Plan) -> Days:
        place = (plan.series, plan.far)
        if place not in self._days:
            self._days[place] = days_of(self._entity.pk, plan, self._shelf)
        return self._days[place]

    def _as_of(self, derived: Derived, plan: Plan, days: Days) -> list[Number | None]:
        source = derived.source
        if not isinstance(source, Aggregation):
            raise TypeError(f"{derived.key} is not an aggregation")
        spans = [_span(plan, at) for at in self._midnights]
        if source.function in PERCENTILES:
            percent = PERCENTILES[source.function]
            found = percentiles_of_spans(
                self._entity.pk, plan, spans, percent=percent, shelf=self._shelf
            )
            return [kept(found.get(index)) for index in range(len(spans))]
        return [
            kept(value_of(source, days.summary(span), at))
            for span, at in zip(spans, self._midnights, strict=True)
        ]

    def _calculated(self, calculation: Calculation, values: Values) -> list[Any]:
        hidden = self._graph.hidden[self._spec.identifier]
        found: list[Any] = []
        asked = [
            (
                calculation.program,
                jq_input(self._facts(index, values), calculation, hidden=hidden),
            )
            for index in range(len(self._midnights))
        ]
        if not calculation.reads_clock:
            found = jq.evaluate_many(asked, now=self._midnights[0]) if asked else []
        else:
            for pair, at in zip(asked, self._midnights, strict=True):
                found += jq.evaluate_many([pair], now=at)
        return [None if isinstance(value, jq.JqError) else value for value in found]

    def _facts(self, index: int, values: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """Return the facts as of a midnight, as far as they are known."""
        return {**self._entity.facts, **{key: found[index] for key, found in values.items()}}


def _span(plan: Plan, at: datetime) -> Span:
    """Return the days that count at a midnight: never those to come."""
    end, span = microseconds(at), plan.span(at)
    if span is None:
        return Span(LONG_AGO, end)
    start = microseconds(span.start)
    return Span(start, max(start, min(end, microseconds(span.end))))
