"""Which columns a table shows until somebody chooses others. No query."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from catalog.models import USER
from portal.dashboards.columns import (
    Column,
    LevelColumn,
    OwnerColumn,
    PropertyColumn,
    RelationColumn,
    TitleColumn,
)
from portal.dashboards.properties import Origin, Property

if TYPE_CHECKING:
    from catalog.models import Blueprint
    from scorecards.models import Scorecard

# Badges come first; properties get the room that they leave, within these bounds.
ROOM = 10
MOST_PROPERTIES = 6
LEAST_PROPERTIES = 3
MOST_RELATIONS = 3


def columns_of(
    blueprint: "Blueprint",
    *,
    properties: Mapping[str, Property],
    scorecards: Sequence["Scorecard"],
) -> list[Column]:
    """Return the columns of a blueprint's table: name, owner, badges, relations, properties."""
    columns: list[Column] = [TitleColumn("title", blueprint.title)]
    if blueprint.ownership:
        # People are owned in the same way as services are; for them it means membership.
        columns.append(OwnerColumn("owner", "Teams" if blueprint.identifier == USER else "Owner"))
    columns += [
        LevelColumn(f"level.{card.identifier}", card.title, card.description, scorecard=card)
        for card in scorecards
    ]
    columns += _relations(blueprint)[:MOST_RELATIONS]
    room = min(max(ROOM - len(columns), LEAST_PROPERTIES), MOST_PROPERTIES)
    columns += [
        PropertyColumn(f"property.{prop.identifier}", prop.title, prop.description, prop=prop)
        for prop in _worth_comparing(properties.values())[:room]
    ]
    return columns


def _relations(blueprint: "Blueprint") -> list[Column]:
    return [
        RelationColumn(f"relation.{key}", item.get("title") or key, relation=key)
        for key, item in blueprint.relations.items()
        if not item.get("many")
    ]


def _worth_comparing(properties: Iterable[Property]) -> list[Property]:
    weighed = ((_weight(prop), prop) for prop in properties)
    fitting = [(weight, prop) for weight, prop in weighed if weight is not None]
    return [prop for _, prop in sorted(fitting, key=lambda pair: pair[0])]


def _weight(prop: Property) -> int | None:
    """Return a low number for what people compare, a high one for what they look up.

    None for what does not fit a cell; a text called "description" is prose, whatever its format.
    """
    if prop.is_long or prop.type == "array" or prop.identifier == "description":
        return None
    is_given = prop.origin is Origin.GIVEN
    if prop.is_number and not is_given:
        return 0
    if prop.options or prop.format in ("date-time", "timer"):
        return 1 if is_given else 3
    return 2 if prop.is_number or prop.origin is Origin.MIRROR else 4
