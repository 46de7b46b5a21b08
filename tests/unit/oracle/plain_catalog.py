"""A catalog of plain dicts that works every computed value out from nothing, by brute force.

The judge of the product's incremental computation: it keeps things and edges, and knows no index,
no order of refreshing and no way to be out of date. Shares nothing with the product, see
`plain_values`. Calculations are given as Python functions beside the jq programs they stand for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.unit.oracle.plain_values import aggregate, holds, instant

Documents = Mapping[str, Mapping[str, Any]]
# One relation crossed: the blueprint that has it, its name, and whether from there or to there.
Arrow = tuple[str, str, bool]


@dataclass
class Thing:
    """An entity. `number` grows in the order of creation."""

    number: int
    blueprint: str
    name: str
    title: str
    properties: dict[str, Any]
    created: datetime
    updated: datetime


@dataclass
class PlainCatalog:
    """Blueprint documents, things, and edges ``(source, relation, target)``.

    `programs` maps (blueprint, property) to what a calculation is in Python; it is given a `Seen`.
    """

    documents: Documents
    programs: Mapping[tuple[str, str], Callable[["Seen"], Any]]
    now: datetime
    things: dict[int, Thing] = field(default_factory=dict)
    edges: set[tuple[int, str, int]] = field(default_factory=set)
    made: int = 0

    def find(self, blueprint: str, name: str) -> Thing | None:
        """Return the thing of that name."""
        return next(
            (item for item in self.of(blueprint) if item.name == name),
            None,
        )

    def of(self, blueprint: str) -> Iterator[Thing]:
        """Yield the things of a blueprint in the order of creation."""
        return (item for item in self.things.values() if item.blueprint == blueprint)

    def related(self, thing: Thing, relation: str) -> list[str]:
        """Return the names that a thing points at."""
        return sorted(
            self.things[target].name
            for source, name, target in self.edges
            if (source, name) == (thing.number, relation)
        )

    def add(self, blueprint: str, name: str) -> Thing:
        """Make a thing that has nothing yet."""
        self.made += 1
        thing = Thing(self.made, blueprint, name, name, {}, self.now, self.now)
        self.things[thing.number] = thing
        return thing

    def point(self, thing: Thing, relation: str, names: Iterable[str]) -> None:
        """Make a thing point at these and nothing else by a relation."""
        target = "_team"
        if relation != "$team":
            target = self.documents[thing.blueprint]["relations"][relation]["target"]
        self.edges = {edge for edge in self.edges if edge[:2] != (thing.number, relation)}
        for name in names:
            end = self.find(target, name)
            assert end is not None
            self.edges.add((thing.number, relation, end.number))

    def remove(self, thing: Thing) -> None:
        """Take a thing away with every edge it has."""
        del self.things[thing.number]
        self.edges = {edge for edge in self.edges if thing.number not in (edge[0], edge[2])}

    def cut_loose(self) -> None:
        """Take away the edges that lead where their relation no longer does."""
        for edge in list(self.edges):
            source, name, target = edge
            definition = self.documents[self.things[source].blueprint]["relations"].get(name)
            if definition and definition["target"] != self.things[target].blueprint:
                self.edges.discard(edge)

    def arrows(self, blueprint: str) -> list[Arrow]:
        """Return the relations to others, and of others to here, that have edges."""
        found: list[Arrow] = []
        for owner, document in self.documents.items():
            ends = {key: item["target"] for key, item in document.get("relations", {}).items()}
            if (document.get("ownership") or {}).get("type") == "Direct":
                ends["$team"] = "_team"
            found += [(owner, key, True) for key in ends if owner == blueprint]
            found += [(owner, key, False) for key, end in ends.items() if end == blueprint]
        return found

    def arrives(self, arrow: Arrow) -> str:
        """Return the blueprint at the end of an arrow."""
        owner, key, is_forward = arrow
        if not is_forward:
            return owner
        return "_team" if key == "$team" else self.documents[owner]["relations"][key]["target"]

    def shortest(self, blueprint: str, target: str, *, longest: int = 5) -> list[list[Arrow]]:
        """Return the shortest ways from a blueprint to another: several, one, or none."""
        ways: list[list[Arrow]] = [[]]
        for _ in range(longest):
            ways = [
                [*way, arrow]
                for way in ways
                for arrow in self.arrows(self.arrives(way[-1]) if way else blueprint)
            ]
            if found := [way for way in ways if self.arrives(way[-1]) == target]:
                return found
        return []

    def along(self, blueprint: str, path: Iterable[str]) -> list[Arrow]:
        """Return the arrows of a path of relations, ownership spelt out."""
        found: list[Arrow] = []
        at = blueprint
        for name in path:
            owners = self.documents[at].get("ownership") or {}
            if name == "$team" and owners["type"] == "Inherited":
                found += self.along(at, [*owners["path"].split("."), "$team"])
            else:
                found.append((at, name, True))
            at = self.arrives(found[-1])
        return found

    def ends(self, number: int, arrows: Iterable[Arrow]) -> list[int]:
        """Return the things at the end of arrows, each once, in the order of creation."""
        at = {number}
        for owner, relation, is_forward in arrows:
            near, far = (0, 2) if is_forward else (2, 0)
            at = {
                edge[far]
                for edge in self.edges
                if edge[1] == relation
                and edge[near] in at
                and self.things[edge[0]].blueprint == owner
            }
        return sorted(at)

    def everything(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return all computed values: (blueprint, name) -> property -> value, owners included."""
        seen = {number: Seen(self, thing) for number, thing in self.things.items()}
        for one in seen.values():
            one.others = seen
        return {
            (one.thing.blueprint, one.thing.name): {
                key: one.read(key) for key in [*one.computed, "$team"]
            }
            for one in seen.values()
        }


class Seen:
    """A thing as conditions, calculations and other things see it."""

    def __init__(self, catalog: PlainCatalog, thing: Thing) -> None:
        self.catalog, self.thing = catalog, thing
        self.document = catalog.documents[thing.blueprint]
        self.others: dict[int, Seen] = {}
        self.known: dict[str, Any] = {}
        self.now = instant(catalog.now.isoformat()) or 0

    @property
    def computed(self) -> list[str]:
        """Return the names of the computed properties."""
        sections = ("mirror_properties", "aggregation_properties", "calculation_properties")
        return [key for section in sections for key in self.document.get(section, {})]

    def read(self, key: str) -> Any:
        """Return what stands under a key, None for nothing."""
        if key not in self.known:
            self.known[key] = self._find(key)
        return self.known[key]

    def _find(self, key: str) -> Any:
        if key.startswith("$"):
            return self._meta(key)
        if key.startswith("relation#"):
            return self._related(key.removeprefix("relation#"))
        for section, work_out in (
            ("mirror_properties", self._mirror),
            ("aggregation_properties", self._aggregation),
        ):
            if key in self.document.get(section, {}):
                return work_out(self.document[section][key])
        if key in self.document.get("calculation_properties", {}):
            return self._calculation(key)
        return self.thing.properties.get(key)

    def _meta(self, key: str) -> Any:
        if key == "$team":
            return self._owners()
        return {
            "$identifier": self.thing.name,
            "$title": self.thing.title,
            "$blueprint": self.thing.blueprint,
            "$createdAt": _stamp(self.thing.created),
            "$updatedAt": _stamp(self.thing.updated),
        }[key]

    def _owners(self) -> list[str]:
        if not self.document.get("ownership"):
            return []
        ends = self.catalog.ends(
            self.thing.number, self.catalog.along(self.thing.blueprint, ["$team"])
        )
        return sorted(self.catalog.things[end].name for end in ends)

    def _related(self, relation: str) -> Any:
        names = self.catalog.related(self.thing, relation)
        if self.document["relations"][relation].get("many"):
            return names
        return names[0] if names else None

    def _mirror(self, definition: Mapping[str, Any]) -> Any:
        *path, key = definition["path"].split(".")
        arrows = self.catalog.along(self.thing.blueprint, path)
        ends = self.catalog.ends(self.thing.number, arrows)
        found = [value for end in ends if (value := self.others[end].read(key)) is not None]
        is_list = any(not self._is_single(arrow) for arrow in arrows)
        if not is_list:
            return found[0] if found else None
        return found or None

    def _is_single(self, arrow: Arrow) -> bool:
        owner, relation, is_forward = arrow
        if relation == "$team" or not is_forward:
            return False
        return not self.catalog.documents[owner]["relations"][relation].get("many")

    def _aggregation(self, definition: Mapping[str, Any]) -> Any:
        query = definition.get("query") or None
        chosen = [one for one in self.reached(definition) if holds(query, one.read, self.now)]
        return aggregate(definition["calculationSpec"], [one.read for one in chosen], self.now)

    def reached(self, definition: Mapping[str, Any]) -> list["Seen"]:
        """Return what stands at the end of the way of an aggregation."""
        mine, target = self.thing.blueprint, definition["target"]
        if not definition.get("pathFilter"):
            [way] = self.catalog.shortest(mine, target)
            return [self.others[end] for end in self.catalog.ends(self.thing.number, way)]
        chosen = definition["pathFilter"][0]
        if chosen.get("fromBlueprint") != target:
            arrows = self.catalog.along(mine, chosen["path"])
            return [self.others[end] for end in self.catalog.ends(self.thing.number, arrows)]
        arrows = self.catalog.along(target, chosen["path"])
        return [
            one
            for one in self.others.values()
            if one.thing.blueprint == target
            and self.thing.number in self.catalog.ends(one.thing.number, arrows)
        ]

    def _calculation(self, key: str) -> Any:
        try:
            return self.catalog.programs[self.thing.blueprint, key](self)
        except (TypeError, ValueError, ZeroDivisionError, AttributeError):
            return None


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
