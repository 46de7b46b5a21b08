"""What a blueprint says, parsed: values that the rest of the catalog computes with. Pure.

`parse` checks one document on its own. What needs the other blueprints (targets, paths, cycles)
is checked by `catalog.computed.graph`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jsonschema_rs

from catalog import schemas
from catalog.blueprint_schema import BLUEPRINT_SCHEMA, FUNCTIONS
from catalog.computed import jq
from catalog.conditions import ConditionError, Query, reads_clock
from catalog.conditions import parse as parse_query
from catalog.conditions.problems import unknown_word
from catalog.errors import Fault, Invalid
from catalog.storable import storable_faults

DOCUMENT_DEFAULTS: dict[str, Any] = {
    "description": "",
    "icon": "",
    "schema": {},
    "relations": {},
    "mirror_properties": {},
    "calculation_properties": {},
    "aggregation_properties": {},
    "ownership": None,
}
DOCUMENT_KEYS = ("identifier", "title", *DOCUMENT_DEFAULTS)
_VALIDATOR = schemas.validator_of(BLUEPRINT_SCHEMA)


@dataclass(frozen=True)
class Inferred:
    """How a relation finds its target; nobody writes such a relation.

    The target is that of the relation `prefer`, where the entity has one. Else it is the latest
    entity that points, by its own relation `through`, where this one points by the relation of that
    name, that meets `query`, and whose `target_at` is not after this one's `at`, nor more than
    `within_hours` before. 0 hours mean that time tells nothing.
    """

    prefer: str | None
    through: str
    at: str
    target_at: str
    within_hours: float
    query: Query | None


@dataclass(frozen=True)
class Relation:
    """A relation definition: from the blueprint that has it to `target`."""

    identifier: str
    target: str
    title: str
    is_required: bool = False
    is_many: bool = False
    inferred: Inferred | None = None


@dataclass(frozen=True)
class Ownership:
    """Who owns: rows of the entity itself ("Direct"), or of the entity at the end of `path`."""

    is_inherited: bool
    path: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class Mirror:
    """A value read from the entity at the end of `path`: a property or a meta-property."""

    identifier: str
    path: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Calculation:
    """A jq program over the entity. `reads` is None when it cannot be told what it reads."""

    identifier: str
    program: str
    reads: frozenset[str] | None
    reads_clock: bool


@dataclass(frozen=True)
class Aggregation:
    """A number over related entities of `target`; see `catalog.computed.arithmetic` for the rules.

    `path` holds relation names, walked from the owner, or from the target where `is_from_target`;
    None means: the shortest path between the two blueprints.
    """

    identifier: str
    target: str
    function: str
    property: str | None
    interval: str
    measure_time_by: str
    query: Query | None
    path: tuple[str, ...] | None
    is_from_target: bool
    # Whether `measure_time_by` was named: then the entities have a date, whatever the function.
    is_dated: bool = False

    @property
    def is_per_interval(self) -> bool:
        """Say whether the value is a number per hour, day, week or month."""
        return self.function == "average" and self.interval != "total"

    @property
    def moves_with_clock(self) -> bool:
        """Say whether the value can change though no entity does."""
        return self.is_per_interval or (self.query is not None and reads_clock(self.query))


@dataclass(frozen=True)
class BlueprintSpec:
    """A parsed blueprint document."""

    identifier: str
    title: str
    schema: Mapping[str, Any]
    relations: Mapping[str, Relation]
    mirrors: Mapping[str, Mirror]
    calculations: Mapping[str, Calculation]
    aggregations: Mapping[str, Aggregation]
    ownership: Ownership | None
    document: Mapping[str, Any] = field(compare=False, repr=False)

    @property
    def properties(self) -> Mapping[str, Any]:
        """Return the definitions of the given properties."""
        return self.schema["properties"]

    @cached_property
    def computed_keys(self) -> frozenset[str]:
        """Return the identifiers of mirror, calculation and aggregation properties."""
        return frozenset([*self.mirrors, *self.calculations, *self.aggregations])

    @cached_property
    def inferred_relations(self) -> frozenset[str]:
        """Return the relations that Tidemark writes."""
        return frozenset(key for key, item in self.relations.items() if item.inferred)

    @property
    def written_relations(self) -> list[str]:
        """Return the relations that people and tools write."""
        return [key for key in self.relations if key not in self.inferred_relations]

    @cached_property
    def fact_keys(self) -> dict[str, str]:
        """Return every key of the entities' facts with its title."""
        titles = {key: key.removeprefix("$") for key in META_KEYS}
        for section in (self.properties, *(self.document[name] for name in COMPUTED_SECTIONS)):
            titles.update({key: item.get("title") or key for key, item in section.items()})
        titles.update({f"relation#{key}": item.title for key, item in self.relations.items()})
        return titles


COMPUTED_SECTIONS = ("mirror_properties", "calculation_properties", "aggregation_properties")
META_KEYS = (
    "$identifier", "$title", "$icon", "$blueprint", "$team", "$createdAt", "$createdBy",
    "$updatedAt", "$updatedBy", "$datasource",
)  # fmt: skip


def parse(document: Mapping[str, Any], *, is_stored: bool = False) -> BlueprintSpec:
    """Return the parsed blueprint; raises `Invalid` with every fault found in it.

    A document read back from the database (`is_stored`) had its jq programs compiled when it was
    saved; they are not compiled again.
    """
    found = [] if is_stored else storable_faults(document) or schemas.faults(_VALIDATOR, document)
    if found:
        raise Invalid(found)
    whole = {**DOCUMENT_DEFAULTS, **document}
    whole["schema"] = {"properties": {}, "required": [], **whole["schema"]}
    found = [*_schema_faults(whole["schema"]), *_clashes(whole)]
    spec = BlueprintSpec(
        identifier=whole["identifier"],
        title=whole["title"],
        schema=whole["schema"],
        relations={key: _relation(key, item, found) for key, item in whole["relations"].items()},
        mirrors={key: _mirror(key, item) for key, item in whole["mirror_properties"].items()},
        calculations={
            key: _calculation(key, item) for key, item in whole["calculation_properties"].items()
        },
        aggregations={
            key: _aggregation(key, item, owner=whole["identifier"], found=found)
            for key, item in whole["aggregation_properties"].items()
        },
        ownership=_ownership(whole["ownership"]),
        document=whole,
    )
    if not is_stored:
        found.extend(_program_faults(spec))
    if found:
        raise Invalid(found)
    return spec


def _schema_faults(schema: Mapping[str, Any]) -> Iterator[Fault]:
    for name in schema["required"]:
        if name not in schema["properties"]:
            yield Fault("schema.required", f"'{name}' is not one of the properties")
    for name, definition in schema["properties"].items():
        path = f"schema.properties.{name}"
        if schemas.holds_reference(definition):
            yield Fault(path, "not a usable JSON schema: $ref is not supported; write it out")
            continue
        try:
            checker = schemas.validator_of(schemas.property_schema(definition))
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            yield Fault(path, f"not a usable JSON schema: {error}")
            continue
        if definition.get("default") is not None:
            for fault in schemas.faults(checker, definition["default"]):
                yield Fault(f"{path}.default", fault.message)


def _clashes(whole: Mapping[str, Any]) -> Iterator[Fault]:
    seen = dict.fromkeys(whole["schema"]["properties"], "schema.properties")
    for section in COMPUTED_SECTIONS:
        for name in whole[section]:
            if name in seen:
                yield Fault(
                    f"{section}.{name}", f"the name is taken in {seen[name]}; choose another one"
                )
            seen[name] = section


def _relation(key: str, item: Mapping[str, Any], found: list[Fault]) -> Relation:
    relation = Relation(
        identifier=key,
        target=item["target"],
        title=item.get("title") or key,
        is_required=item.get("required", False),
        is_many=item.get("many", False),
        inferred=_inferred(item.get("inferred"), f"relations.{key}.inferred", found),
    )
    if relation.inferred and (relation.is_required or relation.is_many):
        message = "an inferred relation is neither required nor to many; drop that"
        found.append(Fault(f"relations.{key}", message))
    if relation.is_required and relation.is_many:
        found.append(
            Fault(f"relations.{key}", "a relation to many cannot be required; drop one of the two")
        )
    return relation


def _inferred(item: Mapping[str, Any] | None, at: str, found: list[Fault]) -> Inferred | None:
    if item is None:
        return None
    query = _query(item.get("query"), f"{at}.query", found)
    if query is not None and reads_clock(query):
        message = "moves with the clock, so that the past would change; name fixed dates"
        found.append(Fault(f"{at}.query", message))
    return Inferred(
        prefer=item.get("prefer"),
        through=item["through"],
        at=item["at"],
        target_at=item["targetAt"],
        within_hours=item["withinHours"],
        query=query,
    )


def _mirror(key: str, item: Mapping[str, Any]) -> Mirror:
    *path, end = item["path"].split(".")
    return Mirror(identifier=key, path=tuple(path), key=end)


def _ownership(item: Mapping[str, Any] | None) -> Ownership | None:
    if item is None:
        return None
    path = tuple(item.get("path", "").split(".")) if item["type"] == "Inherited" else ()
    title = item.get("title") or "Owning teams"
    return Ownership(is_inherited=bool(path), path=path, title=title)


def _program_faults(spec: BlueprintSpec) -> Iterator[Fault]:
    for calculation in spec.calculations.values():
        try:
            jq.check(calculation.program)
        except jq.JqError as error:
            yield Fault(f"calculation_properties.{calculation.identifier}.calculation", str(error))


def _calculation(key: str, item: Mapping[str, Any]) -> Calculation:
    program = item["calculation"]
    return Calculation(
        identifier=key,
        program=program,
        reads=jq.reads(program),
        reads_clock=jq.reads_clock(program),
    )


def _aggregation(
    key: str, item: Mapping[str, Any], *, owner: str, found: list[Fault]
) -> Aggregation:
    at = f"aggregation_properties.{key}"
    spec = item["calculationSpec"]
    found.extend(_spec_faults(spec, f"{at}.calculationSpec"))
    chosen = (item.get("pathFilter") or [{}])[0]
    if chosen.get("fromBlueprint") not in (None, owner, item["target"]):
        place = f"{at}.pathFilter[0].fromBlueprint"
        found.append(Fault(place, f"a path starts at '{owner}' or at '{item['target']}'"))
    return Aggregation(
        identifier=key,
        target=item["target"],
        function=spec["func"],
        property=spec.get("property") if spec["calculationBy"] == "property" else None,
        interval=spec.get("averageOf", "total"),
        measure_time_by=spec.get("measureTimeBy", "$createdAt"),
        query=_query(item.get("query"), f"{at}.query", found),
        path=tuple(chosen["path"]) if chosen else None,
        is_from_target=chosen.get("fromBlueprint") == item["target"],
        is_dated="measureTimeBy" in spec,
    )


def _spec_faults(spec: Mapping[str, Any], at: str) -> Iterator[Fault]:
    by_property = spec["calculationBy"] == "property"
    if spec["func"] not in FUNCTIONS:
        yield Fault(f"{at}.func", unknown_word(spec["func"], "a function", FUNCTIONS))
        return
    if by_property and "property" not in spec:
        yield Fault(f"{at}.property", "name the property to calculate with")
    if not by_property and "property" in spec:
        yield Fault(f"{at}.property", "is not read by entities; set calculationBy to property")
    if by_property and spec["func"] == "count":
        yield Fault(f"{at}.func", "count counts entities; set calculationBy to entities")
    if not by_property and spec["func"] not in ("count", "average"):
        yield Fault(f"{at}.func", f"{spec['func']} needs calculationBy: property")
    if spec["func"] == "average" and not by_property and "averageOf" not in spec:
        yield Fault(f"{at}.averageOf", "say per which interval: hour, day, week, month or total")


def _query(raw: Any, at: str, found: list[Fault]) -> Query | None:
    if not raw:
        return None
    try:
        return parse_query(raw, path=at, allow_empty=True)
    except ConditionError as error:
        found.extend(Fault(problem.path, problem.message) for problem in error.problems)
        return None
