"""The values of an entity as its page lists them. No query.

A property `x` is a measure where the blueprint also has `x_before`, its value in the period before.
What else belongs to it stands with it: `x_change`, by how many percent it changed since then, and
`x_note`, in words, what it rests on. Measures with a note are results; the others are the counts
and the parts that results are made of. An aggregation that has no period before, but whose
identifier begins with the same word as that of a result, counts what the results leave out, such as
`dora_open_incidents` beside `dora_lead_time`: it stands aside, and never in a long list.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from catalog.models import Entity
from portal.dashboards.properties import Origin, Property
from portal.dashboards.values import MISSING, Kind, Shown, show


@dataclass(frozen=True)
class Fact:
    """A property with its value."""

    prop: Property
    shown: Shown

    @property
    def is_wide(self) -> bool:
        """Say whether the value needs the whole width."""
        return self.shown.kind in (Kind.MARKDOWN, Kind.CODE)

    @property
    def is_number(self) -> bool:
        """Say whether the value is a number, or none where there should be one."""
        return self.prop.is_number and self.shown.kind in (Kind.NUMBER, Kind.MISSING)

    @property
    def is_some(self) -> bool:
        """Say whether the value is a number other than zero."""
        return self.shown.kind is Kind.NUMBER and self.shown.text.partition(" ")[0] != "0"


@dataclass(frozen=True)
class Measure:
    """A property with what stands beside it."""

    fact: Fact
    before: Fact
    change: Fact | None
    note: Fact | None

    @property
    def trend(self) -> str:
        """Return the change since the period before, with its sign."""
        text = self.change.shown.text if self.change else ""
        return text if not text or text.startswith(("-", "0 ")) else f"+{text}"


@dataclass(frozen=True)
class FactLists:
    """The facts of an entity, put in order: `plain` are those that belong to no measure."""

    plain: list[Fact]
    results: list[Measure]
    parts: list[Measure]
    asides: list[Fact]


def facts_of(entity: Entity, properties: Mapping[str, Property]) -> list[Fact]:
    """Return the properties of an entity with their values; long texts only where there is one."""
    facts = [fact_of(entity, prop) for prop in properties.values()]
    return [fact for fact in facts if fact.shown is not MISSING or not fact.prop.is_long]


def in_order(facts: Sequence[Fact]) -> FactLists:
    """Tell measures from the facts that stand alone."""
    by_key = {fact.prop.identifier: fact for fact in facts}
    measures = {
        key: Measure(fact, before, by_key.get(f"{key}_change"), by_key.get(f"{key}_note"))
        for key, fact in by_key.items()
        if (before := by_key.get(f"{key}_before"))
    }
    taken = {f"{key}{suffix}" for key in measures for suffix in ("", "_before", "_change", "_note")}
    words = {_first_word(key) for key, measure in measures.items() if measure.note}
    alone = [fact for key, fact in by_key.items() if key not in taken]
    return FactLists(
        plain=[fact for fact in alone if not _is_aside(fact, words)],
        results=[measure for measure in measures.values() if measure.note],
        parts=[measure for measure in measures.values() if not measure.note],
        asides=[fact for fact in alone if _is_aside(fact, words)],
    )


def _is_aside(fact: Fact, words: Collection[str]) -> bool:
    is_counted = fact.prop.origin is Origin.AGGREGATION
    return is_counted and _first_word(fact.prop.identifier) in words


def _first_word(key: str) -> str:
    return key.partition("_")[0]


def fact_of(entity: Entity, prop: Property) -> Fact:
    """Return one property of an entity with its value."""
    return Fact(prop, show(entity.facts.get(prop.identifier), prop))
