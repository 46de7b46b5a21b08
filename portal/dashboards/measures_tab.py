"""The numbers of an entity in full: grades, trends, what is behind them and what they leave out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog import registry
from catalog.conditions import leaves, parse
from catalog.models import Entity
from portal.dashboards.behind import table_address
from portal.dashboards.facts import Fact, FactLists, Measure, fact_of
from portal.dashboards.number_page import rests_on
from portal.dashboards.properties import Property
from portal.dashboards.trends import PERIODS, Period, Trend, has_trend, trend_of
from portal.permissions import Sight
from scorecards.models import Level, Scorecard


@dataclass(frozen=True)
class Grade:
    """The level of a number by the scorecard that asks for it."""

    scorecard: Scorecard
    level: Level


@dataclass(frozen=True)
class Behind:
    """An aggregation that a number rests on, and the address of the table of its events."""

    fact: Fact
    table: str


@dataclass(frozen=True)
class NumberCard:
    """A result with its grade if it has one, its trend, and the events behind it."""

    measure: Measure
    grade: Grade | None
    trend: Trend | None
    behind: list[Behind]


@dataclass(frozen=True)
class GradedFact:
    """A number that is graded and is no result: it stands by itself."""

    fact: Fact
    grade: Grade


@dataclass(frozen=True)
class MeasuresTab:
    """Everything the tab shows."""

    graded: list[GradedFact]
    cards: list[NumberCard]
    parts: list[Measure]
    asides: list[Fact]
    period: Period

    @property
    def periods(self) -> tuple[Period, ...]:
        """Return the periods to choose from."""
        return PERIODS


def measures_tab(
    entity: Entity,
    properties: Mapping[str, Property],
    facts: FactLists,
    held: Mapping[int, Level],
    *,
    period: str,
    now: datetime,
    sight: Sight,
) -> MeasuresTab:
    """Return the numbers of an entity; `held` are its levels by the id of the scorecard."""
    scorecards = Scorecard.objects.grading(entity.blueprint_id).filter(pk__in=held).with_parts()
    grades = grades_of(scorecards, held)
    results = {item.fact.prop.identifier for item in facts.results}
    cards = [
        NumberCard(
            measure=measure,
            grade=grades.get(measure.fact.prop.identifier),
            trend=_trend(entity, measure.fact.prop, period=period, now=now),
            behind=_behind(entity, measure.fact.prop, properties, sight=sight),
        )
        for measure in facts.results
    ]
    return MeasuresTab(
        graded=[
            GradedFact(fact, grades[fact.prop.identifier])
            for fact in facts.plain
            if fact.is_number and fact.prop.identifier in grades.keys() - results
        ],
        cards=cards,
        parts=facts.parts,
        asides=facts.asides,
        period=next((item for item in PERIODS if item.key == period), PERIODS[0]),
    )


def grades_of(scorecards: Iterable[Scorecard], held: Mapping[int, Level]) -> dict[str, Grade]:
    """Return the grade of each property that a scorecard is about.

    It is about one where each of its rules asks for it first.
    """
    found = {}
    for card in scorecards:
        keys = {_first_key(rule.query) for rule in card.rules.all()}
        if len(keys) == 1 and (key := keys.pop()):
            found[key] = Grade(card, held[card.pk])
    return found


def _first_key(query: object) -> str:
    if not isinstance(query, Mapping):
        return ""
    return next((leaf.key for _, leaf in leaves(parse(query))), "")


def _trend(entity: Entity, prop: Property, *, period: str, now: datetime) -> Trend | None:
    return trend_of(entity, prop, period=period, now=now) if has_trend(prop) else None


def _behind(
    entity: Entity, prop: Property, properties: Mapping[str, Property], *, sight: Sight
) -> list[Behind]:
    graph = registry.graph()
    spec = graph.specs[entity.blueprint.identifier]
    key = prop.identifier
    keys = rests_on(spec, key) if key in spec.calculations else {key} & spec.aggregations.keys()
    derived = graph.derived[entity.blueprint.identifier]
    return [
        Behind(fact_of(entity, properties[name]), table_address(derived[name].end, name, entity))
        for name in properties
        if name in keys and sight.sees(derived[name].end)
    ]
