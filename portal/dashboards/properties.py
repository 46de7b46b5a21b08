"""What a blueprint's properties are called, coloured and measured in. Pure.

One flat list of the given and the computed ones: pages show both side by side.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from portal.dashboards.formats import title_and_unit

if TYPE_CHECKING:
    from catalog.models import Blueprint


class Origin(StrEnum):
    """Where the value of a property comes from."""

    GIVEN = "given"
    MIRROR = "mirror"
    CALCULATION = "calculation"
    AGGREGATION = "aggregation"


# Formats that fill a page, not a cell.
LONG_FORMATS = frozenset({"markdown", "yaml", "proto"})


@dataclass(frozen=True)
class Property:
    """One property of a blueprint, as pages show it.

    `type` is empty where the blueprint does not say (mirrors have their target's). `colors` maps
    values to level colours; `options` are the values that can be chosen from, if they are known.
    `target` is the blueprint whose entities an aggregation is over.
    """

    identifier: str
    title: str
    unit: str = ""
    type: str = ""
    format: str = ""
    origin: Origin = Origin.GIVEN
    description: str = ""
    colors: Mapping[str, str] = field(default_factory=dict, hash=False)
    options: tuple[Any, ...] = ()
    target: str = ""

    @property
    def is_computed(self) -> bool:
        """Say whether the value is worked out, so that a page can tell from what."""
        return self.origin is not Origin.GIVEN

    @property
    def is_long(self) -> bool:
        """Say whether values need more room than a cell or a line has."""
        return self.format in LONG_FORMATS or (self.type == "object" and not self.is_link)

    @property
    def is_link(self) -> bool:
        """Say whether values are addresses."""
        return self.format in ("url", "labeled-url", "email", "idn-email")

    @property
    def is_number(self) -> bool:
        """Say whether values are numbers, to be set flush right."""
        return self.type == "number"


def properties_of(blueprint: "Blueprint") -> dict[str, Property]:
    """Return the properties of a blueprint by identifier: given ones first, then computed."""
    return {item.identifier: item for item in _all(blueprint)}


def _all(blueprint: "Blueprint") -> Iterator[Property]:
    for origin, section in (
        (Origin.GIVEN, blueprint.schema.get("properties")),
        (Origin.MIRROR, blueprint.mirror_properties),
        (Origin.AGGREGATION, blueprint.aggregation_properties),
        (Origin.CALCULATION, blueprint.calculation_properties),
    ):
        for identifier, definition in (section or {}).items():
            yield _property(identifier, definition, origin)


def _property(identifier: str, definition: Mapping[str, Any], origin: Origin) -> Property:
    title, unit = title_and_unit(definition.get("title") or identifier)
    items = definition.get("items") or {}
    colors = definition.get("enumColors") or definition.get("colors") or items.get("enumColors")
    is_number = origin is Origin.AGGREGATION
    return Property(
        identifier=identifier,
        title=title,
        unit=unit,
        type="number" if is_number else definition.get("type", ""),
        format=definition.get("format") or items.get("format") or "",
        origin=origin,
        description=definition.get("description") or "",
        colors=colors or {},
        options=_options(definition, colors or {}),
        target=definition.get("target") or "",
    )


def _options(definition: Mapping[str, Any], colors: Mapping[str, str]) -> tuple[Any, ...]:
    if definition.get("type") == "boolean":
        return (True, False)
    if definition.get("enum"):
        return tuple(definition["enum"])
    # A coloured calculation names its values by its colours.
    return tuple(colors) if definition.get("type") == "string" else ()
