"""The page of one computed value: what it is, how it comes about, and what is behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog import registry
from catalog.blueprints import Aggregation, BlueprintSpec, Mirror
from catalog.computed.graph import CatalogGraph, Derived
from catalog.conditions import title_of
from catalog.models import Entity
from portal.dashboards.behind import table_address
from portal.dashboards.events import Events, count_of, events_of, read_by
from portal.dashboards.facts import Fact, Measure, fact_of, facts_of, in_order
from portal.dashboards.formulas import formula_of
from portal.dashboards.properties import Property, properties_of
from portal.dashboards.trends import Trend, has_trend, trend_of
from portal.dashboards.values import show
from portal.permissions import Sight


@dataclass(frozen=True)
class Source:
    """An aggregation that a calculation rests on, with how many entities are behind it.

    `noun` is what one of them is called, `table` the address of the table that has them.
    """

    fact: Fact
    count: int
    noun: str
    table: str


@dataclass(frozen=True)
class Program:
    """A calculation: its jq program, what that reads, and the aggregations that it rests on.

    `reads_everything` says that what it reads cannot be told.
    """

    text: str
    inputs: list[Fact]
    sources: list[Source]
    reads_everything: bool


@dataclass(frozen=True)
class NumberPage:
    """Everything the page of a computed value shows.

    `measure` has what stands beside the value, where the blueprint has that. `events` are behind an
    aggregation, `read` is what a mirror reads; a calculation has a `program`.
    """

    entity: Entity
    fact: Fact
    measure: Measure | None
    problem: str
    formula: str
    events: Events | None
    read: Events | None
    program: Program | None
    trend: Trend | None


def number_page(
    entity: Entity, key: str, *, period: str, now: datetime, sight: Sight
) -> NumberPage | None:
    """Return the page of a computed property of an entity; None where it has no such property.

    Nothing is named that is not in `sight`.
    """
    properties = properties_of(entity.blueprint)
    prop = properties.get(key)
    if prop is None or not prop.is_computed:
        return None
    back = _Back(
        entity=entity,
        properties=properties,
        graph=registry.graph(),
        now=now,
        sight=sight,
    )
    read = back.read(key)
    return NumberPage(
        entity=entity,
        # A mirror's own definition does not say what its value is.
        fact=Fact(prop, show(entity.facts.get(key), read.value if read and read.value else prop)),
        measure=_measure(entity, key, properties),
        problem=_problem(entity, key),
        formula=back.formula(key),
        events=back.events(key),
        read=read,
        program=back.program(key),
        trend=trend_of(entity, prop, period=period, now=now) if has_trend(prop) else None,
    )


def _problem(entity: Entity, key: str) -> str:
    found = (item for item in entity.problems if item.get("property") == key)
    return next(found, {}).get("message", "")


def _measure(entity: Entity, key: str, properties: Mapping[str, Property]) -> Measure | None:
    lists = in_order(facts_of(entity, properties))
    measures = (*lists.results, *lists.parts)
    return next((item for item in measures if item.fact.prop.identifier == key), None)


def rests_on(spec: BlueprintSpec, key: str) -> set[str]:
    """Return the aggregations that a calculation reads, itself or by way of others."""
    found: set[str] = set()
    due, seen = [key], {key}
    while due:
        reads = spec.calculations[due.pop()].reads or frozenset()
        found |= reads & spec.aggregations.keys()
        more = (reads & spec.calculations.keys()) - seen
        due += more
        seen |= more
    return found


@dataclass(frozen=True)
class _Back:
    """Goes back from the values of an entity to what they are made of."""

    entity: Entity
    properties: Mapping[str, Property]
    graph: CatalogGraph
    now: datetime
    sight: Sight

    @property
    def spec(self) -> BlueprintSpec:
        return self.graph.specs[self.entity.blueprint.identifier]

    def derived(self, key: str) -> Derived | None:
        return self.graph.derived[self.spec.identifier].get(key)

    def formula(self, key: str) -> str:
        derived = self.derived(key)
        if derived is None:
            return ""
        return formula_of(derived, owner=str(self.entity), specs=self.graph.specs)

    def events(self, key: str) -> Events | None:
        derived = self.derived(key)
        if derived is None or not isinstance(derived.source, Aggregation):
            return None
        is_open = self._is_open(derived)
        return events_of(derived, derived.source, self.entity, now=self.now, is_open=is_open)

    def read(self, key: str) -> Events | None:
        derived = self.derived(key)
        if derived is None or not isinstance(derived.source, Mirror):
            return None
        is_open = self._is_open(derived)
        return read_by(derived, derived.source.key, self.entity, now=self.now, is_open=is_open)

    def _is_open(self, derived: Derived) -> bool:
        return self.sight.sees(derived.end)

    def program(self, key: str) -> Program | None:
        calculation = self.spec.calculations.get(key)
        if calculation is None:
            return None
        return Program(
            text=calculation.program.strip(),
            inputs=[self._input(name) for name in self._in_order(calculation.reads or ())],
            sources=[self._source(name) for name in self._rests_on(key)],
            reads_everything=calculation.reads is None,
        )

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """Return properties as pages list them, then relations and meta-properties."""
        names = set(names)
        known = [name for name in self.properties if name in names]
        return known + sorted(names - set(known))

    def _input(self, name: str) -> Fact:
        title = self.spec.fact_keys.get(name) if not name.startswith("$") else None
        plain = Property(name, title or title_of(name, {}).capitalize())
        return fact_of(self.entity, self.properties.get(name, plain))

    def _rests_on(self, key: str) -> list[str]:
        return self._in_order(rests_on(self.spec, key))

    def _source(self, key: str) -> Source:
        derived = self.graph.derived[self.spec.identifier][key]
        fact = fact_of(self.entity, self.properties[key])
        return Source(
            fact=fact,
            count=self._count(derived),
            noun=self.graph.specs[derived.end].title,
            table=table_address(derived.end, key, self.entity) if self._is_open(derived) else "",
        )

    def _count(self, derived: Derived) -> int:
        """Return how many entities are behind an aggregation; a count says so itself."""
        value = self.entity.facts.get(derived.key)
        is_count = isinstance(derived.source, Aggregation) and derived.source.function == "count"
        if is_count and isinstance(value, int):
            return value
        return count_of(derived, self.entity, now=self.now)
