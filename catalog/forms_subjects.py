"""What conditions can be about: the keys of the facts, titled and typed for forms. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.blueprints import COMPUTED_SECTIONS, META_KEYS, BlueprintSpec
from catalog.computed.graph import CatalogGraph
from catalog.conditions import ValueType

GIVEN, COMPUTED, RELATIONS, META = "Properties", "Computed", "Relations", "About the entity"
GROUPS = (GIVEN, COMPUTED, RELATIONS, META)
MOMENTS = frozenset({"date-time", "timer"})
META_TYPES = {
    "$team": ValueType.ARRAY,
    "$createdAt": ValueType.DATE_TIME,
    "$updatedAt": ValueType.DATE_TIME,
}
META_TITLES = {
    "$identifier": "Identifier",
    "$title": "Title",
    "$icon": "Icon",
    "$blueprint": "Blueprint",
    "$team": "Owning teams",
    "$createdAt": "Created at",
    "$createdBy": "Created by",
    "$updatedAt": "Updated at",
    "$updatedBy": "Updated by",
    "$datasource": "Data source",
}


@dataclass(frozen=True)
class Subject:
    """A key of the facts. `type` is None where not known, `item` is that of a list's items."""

    key: str
    title: str
    group: str
    type: ValueType | None = None
    item: ValueType | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what the script beside the form reads."""
        return {
            "key": self.key,
            "title": self.title,
            "group": self.group,
            "type": self.type,
            "item": self.item,
        }


def subjects_of(graph: CatalogGraph, blueprints: Iterable[str]) -> dict[str, Subject]:
    """Return what the entities of any of these blueprints can be asked about, by key.

    Where two blueprints disagree about the type of a key, it is not known.
    """
    found: dict[str, Subject] = {}
    for name in blueprints:
        if name not in graph.specs:
            continue
        for subject in _subjects(graph, graph.specs[name]):
            known = found.setdefault(subject.key, subject)
            if known.type != subject.type:
                found[subject.key] = Subject(known.key, known.title, known.group)
    return dict(sorted(found.items(), key=lambda item: GROUPS.index(item[1].group)))


def _subjects(graph: CatalogGraph, spec: BlueprintSpec) -> Iterator[Subject]:
    for key, definition in spec.properties.items():
        type_, item = type_of(definition)
        yield Subject(key, definition.get("title") or key, GIVEN, type_, item)
    for section in COMPUTED_SECTIONS:
        for key, definition in spec.document[section].items():
            type_, item = key_type(graph, spec, key)
            yield Subject(key, definition.get("title") or key, COMPUTED, type_, item)
    for relation in spec.relations.values():
        key = f"relation#{relation.identifier}"
        yield Subject(key, relation.title, RELATIONS, *_relation_type(is_many=relation.is_many))
    for key in META_KEYS:
        type_, item = key_type(graph, spec, key)
        yield Subject(key, META_TITLES[key], META, type_, item)


def type_of(definition: Mapping[str, Any]) -> tuple[ValueType | None, ValueType | None]:
    """Return the type of a defined property's values, and of their items where they are lists."""
    if definition.get("format") in MOMENTS:
        return ValueType.DATE_TIME, None
    # A labelled link is a text by type, and an object as it is stored.
    if definition.get("format") == "labeled-url":
        return ValueType.OBJECT, None
    type_ = ValueType(definition["type"]) if "type" in definition else None
    items = definition.get("items") or {}
    return type_, (ValueType.STRING if items.get("type") == "string" else None)


def key_type(
    graph: CatalogGraph, spec: BlueprintSpec, key: str
) -> tuple[ValueType | None, ValueType | None]:
    """Return the type of what stands under a key; a mirror has that of what it mirrors."""
    if key in spec.properties:
        return type_of(spec.properties[key])
    if key in spec.aggregations:
        return ValueType.NUMBER, None
    if key in spec.calculations:
        return type_of(spec.document["calculation_properties"][key])
    if key in spec.mirrors:
        return _mirror_type(graph, spec, key)
    type_ = META_TYPES.get(key, ValueType.STRING)
    return type_, ValueType.STRING if type_ is ValueType.ARRAY else None


def _mirror_type(
    graph: CatalogGraph, spec: BlueprintSpec, key: str
) -> tuple[ValueType | None, ValueType | None]:
    derived = graph.derived[spec.identifier][key]
    if derived.is_list:
        return ValueType.ARRAY, None
    return key_type(graph, graph.specs[derived.end], spec.mirrors[key].key)


def _relation_type(*, is_many: bool) -> tuple[ValueType, ValueType | None]:
    return (ValueType.ARRAY, ValueType.STRING) if is_many else (ValueType.STRING, None)
