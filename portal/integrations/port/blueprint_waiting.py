"""Parts of blueprints that wait for blueprints which do not exist yet. Pure.

Models are moved over one blueprint at a time, and the blueprints of a model point at each other in
circles. So what points at a blueprint that is still missing, and what is read across that, is kept
beside the blueprint until it can be. Nothing else waits: whatever is wrong for another reason is
refused.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from catalog.computed.paths import OWNERSHIP, TEAM
from catalog.conditions import parse as parse_query
from catalog.conditions import reads
from catalog.conditions.nodes import RELATION_PREFIX
from portal.integrations.port.derived_blueprints import DERIVED

Document = Mapping[str, Any]
Documents = Mapping[str, Document]
# In the order in which they can come to be: each of them may be read across those before it.
SECTIONS = ("relations", "ownership", "mirror_properties", "aggregation_properties")


class Part(NamedTuple):
    """An item of a section of a blueprint document; ownership is one item without a key."""

    blueprint: str
    section: str
    key: str


def parts_of(document: Document) -> Iterator[tuple[Part, Any]]:
    """Yield the parts of a document that may have to wait."""
    name = document["identifier"]
    for section in SECTIONS:
        if section != "ownership":
            for key, item in (document.get(section) or {}).items():
                yield Part(name, section, key), item
        elif document.get(section):
            yield Part(name, section, ""), document[section]


def without(document: Document, parts: Collection[Part]) -> dict[str, Any]:
    """Return the document without some of its parts."""
    left = dict(document)
    for section in SECTIONS:
        gone = {part.key for part in parts if part.section == section}
        if gone and section == "ownership":
            left[section] = None
        elif gone:
            left[section] = {key: item for key, item in left[section].items() if key not in gone}
    return left


def having(document: Document, parts: Mapping[Part, Any]) -> dict[str, Any]:
    """Return the document with these parts, where it has nothing in their places."""
    whole = dict(document)
    for part, item in parts.items():
        if part.section == "ownership":
            whole["ownership"] = whole.get("ownership") or item
        else:
            whole[part.section] = {part.key: item, **(whole.get(part.section) or {})}
    return whole


def names_missing(document: Document, known: Collection[str]) -> bool:
    """Say whether a document, which may be of any build, points at blueprints that are not there.

    >>> names_missing({"relations": {"a": {"target": "b"}, "c": 7}}, ["a"])
    True
    """
    sections = (document.get(name) for name in ("relations", "aggregation_properties"))
    items = [item for section in sections if isinstance(section, dict) for item in section.values()]
    targets = [item.get("target") for item in items if isinstance(item, dict)]
    here = {*known, str(document.get("identifier"))}
    return any(isinstance(target, str) and target not in here for target in targets)


def waiting(wanted: Documents, *, held: Mapping[Part, str] | None = None) -> dict[Part, str]:
    """Return the parts of documents that have to wait, each with what it waits for.

    `wanted` are all blueprints as they shall be. `held` are parts that wait whatever the others do.
    """
    return _Search(wanted, dict(held or {})).run()


@dataclass
class _Search:
    wanted: Documents
    found: dict[Part, str]
    _reached: dict[str, set[str]] = field(default_factory=dict)

    def run(self) -> dict[Part, str]:
        while more := {
            part: reason
            for part, item in self._parts
            if part not in self.found and (reason := self._reason(part, item))
        }:
            self.found |= more
            self._reached.clear()
        return self.found

    @cached_property
    def _parts(self) -> list[tuple[Part, Any]]:
        return [item for document in self.wanted.values() for item in parts_of(document)]

    def _reason(self, part: Part, item: Any) -> str:
        match part.section:
            case "relations":
                return self._of_target(item["target"])
            case "ownership":
                path = item.get("path", "").split(".") if item["type"] == "Inherited" else []
                return self._of_read(part.blueprint, path, [OWNERSHIP] if path else [])
            case "mirror_properties":
                *path, key = item["path"].split(".")
                return self._of_read(part.blueprint, path, [key])
        return self._of_aggregation(part.blueprint, item)

    def _of_target(self, target: str) -> str:
        if target in self.wanted:
            return ""
        if target in DERIVED:
            return f"'{target}' is made of the scorecards; nothing is related to it here"
        return f"waits for the blueprint '{target}'"

    def _of_aggregation(self, owner: str, item: Document) -> str:
        target = item["target"]
        if reason := self._of_target(target):
            return reason
        if chosen := item.get("pathFilter"):
            start = chosen[0].get("fromBlueprint") or owner
            reason = self._of_read(start, chosen[0]["path"], [])
        else:
            reason = self._of_missing_path(owner, target)
        return reason or self._of_keys(target, _keys_of(item))

    def _of_read(self, start: str, path: Iterable[str], keys: Iterable[str]) -> str:
        """Return why something read at the end of a path has to wait, if it does."""
        at = start
        for name in path:
            document = self.wanted.get(at, {})
            step = Part(at, *(("ownership", "") if name == OWNERSHIP else ("relations", name)))
            if step in self.found:
                return self.found[step]
            relation = document.get("relations", {}).get(name)
            if name != OWNERSHIP and relation is None:
                return ""  # the catalog says so
            at = TEAM if relation is None else relation["target"]
        return self._of_keys(at, keys)

    def _of_keys(self, blueprint: str, keys: Iterable[str]) -> str:
        """Return why something that reads these facts of a blueprint has to wait, if it does."""
        for key in keys:
            for place in _places(key):
                if reason := self.found.get(Part(blueprint, *place)):
                    return reason
        return ""

    def _of_missing_path(self, owner: str, target: str) -> str:
        """Return why no path leads from one blueprint to another, where a part that waits may."""
        near = self._reach(owner)
        if target in near:
            return ""
        seen = near | self._reach(target)
        steps = (part for part in self.found if part.section in ("relations", "ownership"))
        return next((self.found[part] for part in steps if part.blueprint in seen), "")

    def _reach(self, start: str) -> set[str]:
        """Return the blueprints that relations join with this one, in either direction."""
        if not self._reached:
            self._reached = _joined(
                (part.blueprint, end)
                for part, item in self._parts
                if part not in self.found and (end := _end_of(part, item))
            )
        return self._reached.get(start, {start})


def _places(key: str) -> list[tuple[str, str]]:
    """Return in which sections, under which keys, a document may define a fact."""
    if key == OWNERSHIP:
        return [("ownership", "")]
    if key.startswith(RELATION_PREFIX):
        return [("relations", key.removeprefix(RELATION_PREFIX))]
    return [(section, key) for section in ("mirror_properties", "aggregation_properties")]


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Return for each name all that a chain of pairs joins with it."""
    groups: dict[str, set[str]] = {}
    for one, other in pairs:
        group = groups.get(one, {one}) | groups.get(other, {other})
        groups.update(dict.fromkeys(group, group))
    return groups


def _end_of(part: Part, item: Any) -> str:
    """Return where a relation or direct ownership leads."""
    if part.section == "relations":
        return item["target"]
    return TEAM if part.section == "ownership" and item["type"] == "Direct" else ""


def _keys_of(aggregation: Document) -> set[str]:
    """Return the facts of its target that an aggregation reads."""
    spec = aggregation["calculationSpec"]
    keys = {spec[name] for name in ("property", "measureTimeBy") if name in spec}
    if query := aggregation.get("query"):
        keys |= reads(parse_query(query, allow_empty=True))
    return keys
