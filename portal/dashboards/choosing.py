"""Which columns a table can have, which it shows until somebody chooses, and which are chosen.

No query.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from catalog.models import USER
from portal.dashboards.columns import (
    AttributeColumn,
    Column,
    LevelColumn,
    OwnerColumn,
    PropertyColumn,
    RelationColumn,
    RuleColumn,
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
# Beyond this nobody reads across, and every one costs.
MOST_COLUMNS = 40


@dataclass(frozen=True)
class ColumnGroup:
    """Columns of one kind, that can be chosen."""

    title: str
    columns: list[Column]


@dataclass(frozen=True)
class Chosen:
    """The columns of a table, the name first, and the keys that name none."""

    columns: list[Column]
    unknown: list[str]


def columns_of(
    blueprint: "Blueprint",
    *,
    properties: Mapping[str, Property],
    scorecards: Sequence["Scorecard"],
) -> list[Column]:
    """Return the columns that a blueprint's table has by default: name, owner, badges, the rest."""
    columns = [title_column(blueprint), *_owner(blueprint), *_levels(scorecards)]
    columns += [column for column in _relations(blueprint) if not column.is_many][:MOST_RELATIONS]
    room = min(max(ROOM - len(columns), LEAST_PROPERTIES), MOST_PROPERTIES)
    return columns + [_of_property(it) for it in _worth_comparing(properties.values())[:room]]


def offered(
    blueprint: "Blueprint",
    *,
    properties: Mapping[str, Property],
    scorecards: Sequence["Scorecard"],
    has_rules: bool,
) -> list[ColumnGroup]:
    """Return every column that can be chosen beside the name, in groups.

    Rules are among them only with `has_rules`: scorecards must have theirs loaded then.
    """
    given = [item for item in properties.values() if not item.is_computed]
    computed = [item for item in properties.values() if item.is_computed]
    groups = [
        ColumnGroup(gettext("General"), [*_owner(blueprint), *_attributes()]),
        ColumnGroup(gettext("Scorecards"), _levels(scorecards)),
        ColumnGroup(gettext("Relations"), list(_relations(blueprint))),
        ColumnGroup(gettext("Properties"), [_of_property(item) for item in given]),
        ColumnGroup(gettext("Computed"), [_of_property(item) for item in computed]),
    ]
    if has_rules:
        groups += [_rules(card) for card in scorecards]
    return [group for group in groups if group.columns]


def chosen(
    text: str, groups: Iterable[ColumnGroup], *, title: Column, default: list[Column]
) -> Chosen:
    """Return the columns that an address names, separated by commas; without any, the default.

    The name is there in any case, and first: it leads to the entity.
    """
    if not text:
        return Chosen(default, [])
    found = {column.key: column for group in groups for column in group.columns}
    keys = [key for key in dict.fromkeys(text.split(",")) if key not in ("", title.key)]
    known = [found[key] for key in keys if key in found]
    return Chosen([title, *known[:MOST_COLUMNS]], [key for key in keys if key not in found])


def title_column(blueprint: "Blueprint") -> Column:
    """Return the column of the names."""
    return TitleColumn("title", blueprint.title)


def _owner(blueprint: "Blueprint") -> Iterator[Column]:
    if blueprint.ownership:
        # People are owned in the same way as services are; for them it means membership.
        is_people = blueprint.identifier == USER
        yield OwnerColumn("owner", gettext("Teams") if is_people else gettext("Owner"))


def _attributes() -> Iterator[Column]:
    yield AttributeColumn("identifier", gettext("Identifier"), attribute="identifier")
    yield AttributeColumn("$createdAt", gettext("Created"), attribute="created_at")
    yield AttributeColumn("$updatedAt", gettext("Updated"), attribute="updated_at")


def _levels(scorecards: Iterable["Scorecard"]) -> list[Column]:
    return [
        LevelColumn(f"level.{card.identifier}", card.title, card.description, scorecard=card)
        for card in scorecards
    ]


def _rules(card: "Scorecard") -> ColumnGroup:
    columns: list[Column] = [
        RuleColumn(f"rule.{card.identifier}.{it.identifier}", it.title, it.description, rule=it)
        for it in card.rules.all()
        if it.is_enabled
    ]
    return ColumnGroup(gettext("Rules of %(scorecard)s") % {"scorecard": card.title}, columns)


def _relations(blueprint: "Blueprint") -> Iterator[RelationColumn]:
    for key, item in blueprint.relations.items():
        title, hint = item.get("title") or key, item.get("description") or ""
        yield RelationColumn(
            f"relation.{key}", title, hint, relation=key, is_many=bool(item.get("many"))
        )


def _of_property(prop: Property) -> Column:
    return PropertyColumn(f"property.{prop.identifier}", prop.title, prop.description, prop=prop)


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
