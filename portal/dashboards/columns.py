"""The columns a blueprint's table may have: how each sorts and what it shows of a row. No query."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from catalog.expressions import ShownName
from catalog.models import OWNERSHIP, Entity
from portal.dashboards.expressions import FactNumber, FactText
from portal.dashboards.properties import Property
from portal.dashboards.values import Kind, Shown, show
from scorecards.evaluation import Masks
from scorecards.models import Evaluation, Level, Rule, Scorecard
from scorecards.operations.recording import result

# What a cell shows of a list, and of a long text.
MOST_ITEMS = 5
MOST_LETTERS = 200


@dataclass(frozen=True)
class Reference:
    """An entity that is only named: enough for a link."""

    blueprint: str
    identifier: str
    title: str


@dataclass(frozen=True)
class References:
    """The entities that a cell names; `more` are those that it has no room for."""

    named: list[Reference]
    more: int = 0


@dataclass(frozen=True)
class Row:
    """An entity with what other tables know about it."""

    entity: Entity
    levels: Mapping[int, Level] = field(default_factory=dict)
    related: Mapping[str, list[Reference]] = field(default_factory=dict)
    masks: Mapping[int, Masks] = field(default_factory=dict)


Cell = Shown | Level | References | None


@dataclass(frozen=True)
class Column:
    """A column. `key` names it in addresses, `hint` says more on hover."""

    key: str
    title: str
    hint: str = ""

    # Numbers are set flush right, and the first click on them and on levels shows the top first.
    is_number = False
    starts_descending = False

    def expression(self) -> Any:
        """Return what the database sorts by: NULL where a row has nothing."""
        raise NotImplementedError

    def expressions(self) -> list[Any]:
        """Return all that the database sorts by, one after the other."""
        return [self.expression()]

    def cell(self, row: Row) -> Cell:
        """Return what the row shows in this column."""
        raise NotImplementedError


@dataclass(frozen=True)
class TitleColumn(Column):
    """The name of the entity: the head of the row."""

    def expression(self) -> Any:
        """Sort by what is shown, whatever its case."""
        return ShownName()

    def cell(self, row: Row) -> Cell:
        """Show nothing: the template links the name."""
        return None


@dataclass(frozen=True)
class OwnerColumn(Column):
    """The teams that own the entity."""

    def expression(self) -> Any:
        """Sort by the first owner."""
        return FactText(OWNERSHIP, 0)

    def cell(self, row: Row) -> Cell:
        """Show every owner."""
        return References(row.related.get(OWNERSHIP, []))


@dataclass(frozen=True)
class AttributeColumn(Column):
    """What every entity has, whatever its blueprint: an attribute of its row."""

    attribute: str = ""
    starts_descending = True

    def expression(self) -> Any:
        """Sort by the attribute as it is stored."""
        return F(self.attribute)

    def cell(self, row: Row) -> Cell:
        """Show moments as moments, and the rest as text."""
        value = getattr(row.entity, self.attribute)
        if isinstance(value, datetime):
            return Shown(Kind.MOMENT, value.isoformat(), moment=value)
        return Shown(Kind.TEXT, str(value))


@dataclass(frozen=True)
class RelationColumn(Column):
    """The entities that a relation points at."""

    relation: str = ""
    is_many: bool = False

    def expression(self) -> Any:
        """Sort by identifier, of several by the first."""
        return FactText(f"relation#{self.relation}", *([0] if self.is_many else []))

    def cell(self, row: Row) -> Cell:
        """Show the targets."""
        named = row.related.get(self.relation, [])
        if not self.is_many:
            return References(named)
        targets = row.entity.facts.get(f"relation#{self.relation}") or []
        return References(named, more=max(len(targets) - len(named), 0))


@dataclass(frozen=True)
class LevelColumn(Column):
    """The badge of a scorecard."""

    scorecard: Scorecard | None = None
    starts_descending = True

    def expression(self) -> Any:
        """Sort by rank, not by the level's name."""
        held = Evaluation.objects.filter(scorecard=self.scorecard, entity=OuterRef("pk"))
        return Subquery(held.values("level__rank")[:1])

    def cell(self, row: Row) -> Cell:
        """Show the level, or nothing where the scorecard does not grade the entity."""
        return row.levels.get(self.scorecard.pk) if self.scorecard else None


@dataclass(frozen=True)
class RuleColumn(Column):
    """What one rule says."""

    rule: Rule | None = None
    starts_descending = True

    def expression(self) -> Any:
        """Sort failures before passes, and what does not count last."""
        bit = 1 << self.rule.bit if self.rule else 0
        held = Evaluation.objects.filter(
            scorecard=self.rule.scorecard_id if self.rule else None, entity=OuterRef("pk")
        ).annotate(
            result=Case(
                When(~Exact(F("skipped").bitand(bit), Value(0)), then=None),
                When(Exact(F("passed").bitand(bit), Value(0)), then=0),
                default=1,
                output_field=IntegerField(),
            )
        )
        return Subquery(held.values("result")[:1])

    def cell(self, row: Row) -> Cell:
        """Show whether it passes."""
        masks = row.masks.get(self.rule.scorecard_id) if self.rule else None
        if masks is None or self.rule is None:
            return None
        word = result(masks, self.rule.bit)
        return Shown(Kind.CHIP, word.label, color=word.value.lower())


@dataclass(frozen=True)
class PropertyColumn(Column):
    """The value of a property, given or computed."""

    prop: Property = field(default_factory=lambda: Property("", ""))

    @property
    def is_number(self) -> bool:  # type: ignore[override]
        """Say whether the values are numbers."""
        return self.prop.is_number

    @property
    def starts_descending(self) -> bool:  # type: ignore[override]
        """Say whether the first click shows the large values first."""
        return self.prop.is_number

    def expression(self) -> Any:
        """Sort numbers as numbers, and chosen values in the order of their definition."""
        if self.prop.is_number:
            return FactNumber(self.prop.identifier)
        fact = FactText(self.prop.identifier)
        if self.prop.type != "string" or not self.prop.options:
            return Lower(fact)
        places = enumerate(self.prop.options)
        return Case(*(When(Exact(fact, Value(option)), then=place) for place, option in places))

    def expressions(self) -> list[Any]:
        """Sort what may be numbers or texts by both: nobody says what a mirror holds."""
        if self.prop.type:
            return [self.expression()]
        return [FactNumber(self.prop.identifier), self.expression()]

    def cell(self, row: Row) -> Cell:
        """Show the value, as far as it fits."""
        return fitting(show(row.entity.facts.get(self.prop.identifier), self.prop))


def fitting(shown: Shown) -> Shown:
    """Return as much of a value as a cell has room for: the page of the entity has all of it."""
    if shown.kind in (Kind.CODE, Kind.MARKDOWN):
        return Shown(Kind.TEXT, " ".join(shown.text.split())[:MOST_LETTERS])
    if shown.kind is not Kind.LIST:
        return shown
    items = tuple(fitting(item) for item in shown.items[:MOST_ITEMS])
    more = len(shown.items) - len(items)
    return replace(shown, items=(*items, *([Shown(Kind.TEXT, f"+{more}")] if more else [])))


def ordering(column: Column, *, is_descending: bool) -> list[Any]:
    """Return the order of rows: empty ones last either way, and no two rows ever tie."""
    expressions = column.expressions()
    if isinstance(column, TitleColumn):
        # Nobody is without a name; so an index can be read from either end.
        by = expressions[0]
        return [by.desc(), F("id").desc()] if is_descending else [by.asc(), F("id").asc()]
    first = [
        by.desc(nulls_last=True) if is_descending else by.asc(nulls_last=True) for by in expressions
    ]
    return [*first, ShownName().asc(), F("id").asc()]
