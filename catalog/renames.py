"""Blueprint documents in which something has another name, with all that is read by it. Pure.

Paths, properties that are read at the end of a path, and conditions are rewritten. What is not,
because it is a program or means two relations of one name, is left as it was: whoever saves the
documents is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.blueprints import COMPUTED_SECTIONS, Calculation
from catalog.computed.paths import OWNERSHIP, TEAM
from catalog.conditions.parsing import CHILD_KEYS

Document = dict[str, Any]
Documents = Mapping[str, Mapping[str, Any]]
Namer = Callable[[str, str], str]


def with_blueprint_renamed(document: Mapping[str, Any], old: str, new: str) -> Document:
    """Return a document, itself perhaps the renamed one, that knows a blueprint by its new name.

    The document may be of any build: what is not as it should be stays as it is.
    """

    def named(value: Any, *keys: str) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: new if key in keys and item == old else item for key, item in value.items()}

    def pointing(item: Any) -> Any:
        changed = named(item, "target")
        if isinstance(item, Mapping) and isinstance(item.get("pathFilter"), list):
            changed["pathFilter"] = [named(one, "fromBlueprint") for one in item["pathFilter"]]
        return changed

    changed = named(document, "identifier")
    for section in ("relations", "aggregation_properties"):
        items = document.get(section)
        if isinstance(items, Mapping):
            changed[section] = {key: pointing(item) for key, item in items.items()}
    return changed


def with_relation_renamed(
    documents: Documents, *, blueprint: str, old: str, new: str
) -> dict[str, Document]:
    """Return all documents, in which a relation of a blueprint has another name."""

    def named(at: str, key: str) -> str:
        return new if (at, key) == (blueprint, old) else key

    changed = _Renaming(documents, relation=named, fact=lambda at, key: key).run()
    changed[blueprint]["relations"] = _rekeyed(changed[blueprint]["relations"], old, new)
    return changed


def with_property_renamed(
    documents: Documents, *, blueprint: str, old: str, new: str
) -> dict[str, Document]:
    """Return all documents, in which a property, given or computed, has another name."""

    def named(at: str, key: str) -> str:
        return new if (at, key) == (blueprint, old) else key

    changed = _Renaming(documents, relation=lambda at, key: key, fact=named).run()
    own = changed[blueprint]
    schema = own["schema"]
    own["schema"] = {
        **schema,
        "properties": _rekeyed(schema["properties"], old, new),
        "required": [named(blueprint, key) for key in schema["required"]],
    }
    for section in COMPUTED_SECTIONS:
        own[section] = _rekeyed(own[section], old, new)
    return changed


def _rekeyed(items: Mapping[str, Any], old: str, new: str) -> Document:
    return {new if key == old else key: item for key, item in items.items()}


@dataclass(frozen=True)
class _Renaming:
    """Names relations, and properties that are read, by the blueprint that has them."""

    documents: Documents
    relation: Namer
    fact: Namer

    def run(self) -> dict[str, Document]:
        return {name: self._document(document) for name, document in self.documents.items()}

    def _document(self, document: Mapping[str, Any]) -> Document:
        own = document["identifier"]
        changed = dict(document)
        changed["relations"] = {
            key: self._relation(own, item) for key, item in document["relations"].items()
        }
        changed["mirror_properties"] = {
            key: self._mirror(own, item) for key, item in document["mirror_properties"].items()
        }
        changed["aggregation_properties"] = {
            key: self._aggregation(own, item)
            for key, item in document["aggregation_properties"].items()
        }
        ownership = document.get("ownership")
        if ownership and ownership["type"] == "Inherited":
            path, _ = self._path(own, ownership["path"].split("."))
            changed["ownership"] = {**ownership, "path": ".".join(path)}
        return changed

    def _relation(self, own: str, item: Mapping[str, Any]) -> Document:
        inferred = item.get("inferred")
        if not inferred:
            return dict(item)
        changed = {
            **inferred,
            "at": self.fact(own, inferred["at"]),
            "targetAt": self.fact(item["target"], inferred["targetAt"]),
        }
        if inferred.get("prefer"):
            changed["prefer"] = self.relation(own, inferred["prefer"])
        if inferred.get("query"):
            changed["query"] = self._query(item["target"], inferred["query"])
        return {**item, "inferred": changed}

    def _mirror(self, own: str, item: Mapping[str, Any]) -> Document:
        *names, key = item["path"].split(".")
        path, end = self._path(own, names)
        return {**item, "path": ".".join([*path, self.fact(end, key)])}

    def _aggregation(self, own: str, item: Mapping[str, Any]) -> Document:
        target = item["target"]
        spec = dict(item["calculationSpec"])
        for name in ("property", "measureTimeBy"):
            if name in spec:
                spec[name] = self.fact(target, spec[name])
        changed = {**item, "calculationSpec": spec}
        if item.get("query"):
            changed["query"] = self._query(target, item["query"])
        if item.get("pathFilter"):
            changed["pathFilter"] = [
                {**one, "path": self._path(one.get("fromBlueprint") or own, one["path"])[0]}
                for one in item["pathFilter"]
            ]
        return changed

    def _path(self, start: str, names: Sequence[str]) -> tuple[list[str], str]:
        """Return the names along a path, and the blueprint at its end; empty where it is lost."""
        at, path = start, []
        for name in names:
            path.append(self.relation(at, name))
            relations = self.documents.get(at, {}).get("relations", {})
            at = TEAM if name == OWNERSHIP else relations.get(name, {}).get("target", "")
        return path, at

    def _query(self, at: str, node: Mapping[str, Any]) -> Document:
        """Return a group or a condition about entities of a blueprint."""
        changed = dict(node)
        for name in CHILD_KEYS:
            if name in node:
                changed[name] = [self._query(at, child) for child in node[name]]
        for name, namer in (("property", self.fact), ("relation", self.relation)):
            if name in node:
                changed[name] = namer(at, node[name])
        value = node.get("value")
        if isinstance(value, Mapping) and value.keys() == {"property"}:
            changed["value"] = {"property": self.fact(at, value["property"])}
        return changed


def readers_of(calculations: Mapping[str, Calculation], *, fact: str, name: str) -> list[str]:
    """Return the calculations that read a fact of their entity.

    Of a program that may read everything, nobody can tell: it does if it has the name in it.
    """
    return sorted(
        key
        for key, item in calculations.items()
        if (name in item.program if item.reads is None else fact in item.reads)
    )
