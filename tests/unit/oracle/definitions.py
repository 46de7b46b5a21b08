"""What a history is written about, and short ways to write definitions down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from tests.unit.oracle.plain_catalog import Documents, Seen

Program = Callable[[Seen], Any]


@dataclass(frozen=True)
class Model:
    """Blueprints to write histories for, and values that their properties may take.

    `values` maps blueprints to properties to what a draft may give; `odd` are values that only a
    plain save gets past the schema, for any of them. `names` are letters: one for each entity
    that there may be.
    """

    documents: Documents
    programs: Mapping[tuple[str, str], Program]
    values: Mapping[str, Mapping[str, list[Any]]]
    odd: list[Any]
    names: Mapping[str, str]

    def in_order(self) -> list[str]:
        """Return the blueprints, each after those it points at."""
        targets = {
            name: {"_team", *(item["target"] for item in document.get("relations", {}).values())}
            for name, document in self.documents.items()
        }
        sorter = TopologicalSorter({name: found - {name} for name, found in targets.items()})
        return list(sorter.static_order())


def aggregation(target: str, func: str, property_: str | None = None, **more: Any) -> Any:
    """Return an aggregation; `way` is its path filter."""
    spec = {"func": func, "calculationBy": "property" if property_ else "entities"}
    if property_:
        spec["property"] = property_
    spec |= {key: more[key] for key in ("averageOf", "measureTimeBy") if key in more}
    found: dict[str, Any] = {"target": target, "calculationSpec": spec}
    found |= {key: more[key] for key in ("query",) if more.get(key)}
    return found | ({"pathFilter": [more["way"]]} if more.get("way") else {})


def out(*path: str) -> dict[str, Any]:
    """Return a path walked from the owner."""
    return {"path": list(path)}


def back(target: str, *path: str) -> dict[str, Any]:
    """Return a path walked from the target back to the owner."""
    return {"path": list(path), "fromBlueprint": target}


def where(*conditions: Any, combinator: str = "and") -> dict[str, Any]:
    """Return a query."""
    return {"combinator": combinator, "rules": list(conditions)}


def leaf(key: str, operator: str, *value: Any) -> dict[str, Any]:
    """Return a condition on a property, or on a relation where the key starts with `#`."""
    subject = {"relation": key[1:]} if key.startswith("#") else {"property": key}
    return {**subject, "operator": operator, **({"value": value[0]} if value else {})}


def relation(target: str, *, many: bool = False, required: bool = False) -> dict[str, Any]:
    """Return a relation definition."""
    return {"target": target, "many": many, "required": required}


def calculation(program: str, type_: str = "number") -> dict[str, Any]:
    """Return a calculation definition."""
    return {"calculation": program, "type": type_}
