"""What a table can be grouped by, and how the database tells the groups apart.

The parameter `group` is `team`, `relation.<id>`, `property.<id>` or `level.<scorecard>`. What is
not offered is ignored, as filters are.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import F, FilteredRelation, Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import OWNERSHIP
from catalog.querysets import EntityQuerySet
from portal.dashboards.boards.breakdowns import read_value
from portal.dashboards.expressions import FactNumber, FactText
from portal.dashboards.properties import Origin, Property

if TYPE_CHECKING:
    from catalog.models import Blueprint
    from scorecards.models import Scorecard

NAME = "group"
TYPES = ("string", "boolean")


@dataclass(frozen=True)
class Grouping:
    """What entities are grouped by. `keys` are what the database groups by, the first one counts.

    Subclasses say what a key means: `values` are the groups that entities with this key are in.
    """

    name: str
    title: str
    # Under what heading menus offer it; a word for those who translate.
    section = gettext_lazy("Relations")

    def keyed(self, entities: EntityQuerySet) -> EntityQuerySet:
        """Return a row per entity and key, with the key as `key`."""
        raise NotImplementedError

    def values(self, key: Any) -> Sequence[Any]:
        """Return the groups that a key stands for; None is the group of what has nothing."""
        return [key]

    def condition(self, value: Any) -> dict[str, Any] | None:
        """Return the condition that the entities of a group meet, if conditions can say it."""
        return None


@dataclass(frozen=True)
class ByTarget(Grouping):
    """Groups by what relation rows point at: one that points at several is in several groups."""

    relation: str = ""
    is_many: bool = False

    def keyed(self, entities: EntityQuerySet) -> EntityQuerySet:
        """Follow the rows; what points nowhere keeps one row."""
        edge = FilteredRelation("outgoing", condition=Q(outgoing__relation=self.relation))
        return entities.alias(edge=edge).annotate(key=F("edge__target_id"))

    def condition(self, value: Any) -> dict[str, Any]:
        """Compare with the identifier of the target."""
        is_owner = self.relation == OWNERSHIP
        named = {"property": OWNERSHIP} if is_owner else {"relation": self.relation}
        return _compared(named, value, is_many=is_owner or self.is_many)


@dataclass(frozen=True)
class ByInheritedTeam(Grouping):
    """Groups by owners that are inherited, which have no rows."""

    def keyed(self, entities: EntityQuerySet) -> EntityQuerySet:
        """Read the facts: the key is a list of owners."""
        return entities.annotate(key=FactText(OWNERSHIP))

    def values(self, key: Any) -> Sequence[Any]:
        """Return the owners that a list names."""
        return json.loads(key) if key and key != "[]" else [None]

    def condition(self, value: Any) -> dict[str, Any]:
        """Look for one owner among them."""
        return _compared({"property": OWNERSHIP}, value, is_many=True)


@dataclass(frozen=True)
class ByProperty(Grouping):
    """Groups by the values of a property."""

    section = gettext_lazy("Properties")
    prop: Property = field(default_factory=lambda: Property("", ""))

    def keyed(self, entities: EntityQuerySet) -> EntityQuerySet:
        """Read the facts; as text, all that are no numbers, the same on both databases."""
        fact = FactText(self.prop.identifier)
        if self.prop.is_number:
            fact = FactNumber(self.prop.identifier)
        return entities.annotate(key=fact if self.prop.is_number else Cast(fact, TextField()))

    def values(self, key: Any) -> Sequence[Any]:
        """Return the value that a key is the text of."""
        if self.prop.type == "string":
            return [key or None]
        return [read_value(key, self.prop)]

    def condition(self, value: Any) -> dict[str, Any]:
        """Compare with the value."""
        return _compared({"property": self.prop.identifier}, value, is_many=False)


@dataclass(frozen=True)
class ByLevel(Grouping):
    """Groups by the level of a scorecard."""

    section = gettext_lazy("Scorecards")
    scorecard: "Scorecard | None" = None

    def keyed(self, entities: EntityQuerySet) -> EntityQuerySet:
        """Join what the scorecard found."""
        found = FilteredRelation("evaluations", condition=Q(evaluations__scorecard=self.scorecard))
        return entities.alias(found=found).annotate(key=F("found__level_id"))


@dataclass(frozen=True)
class Bucket:
    """A group: its value, the keys that the database knows it by, and how many are in it.

    `identifier` is what addresses call the value, and `title` people; both are found out later.
    """

    value: Any
    keys: tuple[Any, ...]
    count: int
    title: str = ""
    identifier: Any = None


def _compared(named: Mapping[str, str], value: Any, *, is_many: bool) -> dict[str, Any]:
    if value is None:
        return {**named, "operator": "isEmpty"}
    return {**named, "operator": "contains" if is_many else "=", "value": value}


def groupings_of(
    blueprint: "Blueprint",
    *,
    properties: Mapping[str, Property],
    scorecards: Sequence["Scorecard"],
) -> dict[str, Grouping]:
    """Return what a blueprint's table can be grouped by, by the name that addresses use."""
    return {item.name: item for item in _all(blueprint, properties, scorecards)}


def _all(
    blueprint: "Blueprint", properties: Mapping[str, Property], scorecards: Sequence["Scorecard"]
) -> Iterator[Grouping]:
    if blueprint.ownership:
        if blueprint.ownership.get("type") == "Inherited":
            yield ByInheritedTeam("team", _("Owner"))
        else:
            yield ByTarget("team", _("Owner"), OWNERSHIP)
    for card in scorecards:
        yield ByLevel(f"level.{card.identifier}", card.title, card)
    for key, definition in blueprint.relations.items():
        title, is_many = definition.get("title") or key, bool(definition.get("many"))
        yield ByTarget(f"relation.{key}", title, key, is_many)
    for prop in properties.values():
        if _is_worth_grouping(prop):
            yield ByProperty(f"property.{prop.identifier}", prop.title, prop)


def _is_worth_grouping(prop: Property) -> bool:
    """Say whether entities share values: prose, addresses, moments and measures are their own."""
    if prop.is_long or prop.is_link or prop.identifier == "description":
        return False
    if prop.options:
        return prop.type != "array"
    if prop.is_number:
        return prop.origin is Origin.GIVEN
    return prop.type in TYPES and prop.format not in ("date-time", "timer")
