"""The rule grammar of searches: from JSON to a tree, refusing with every problem at once. Pure.

Most rules are conditions of our own (`catalog.conditions`), which hold or do not hold for the facts
of one entity. The others look at something else: scorecards, or entities some relations away.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.conditions import ConditionError, Query, nodes
from catalog.conditions import parse as parse_conditions
from catalog.errors import Fault, Invalid
from catalog.facts import timestamp

# What a list without a query asks for.
EVERYTHING: dict[str, Any] = {"combinator": "and", "rules": []}
MAX_DEPTH = 20
MAX_RULES = 1_000
# Those that look at something else than the facts: each reads definitions, or walks relations.
MAX_FAR = 50
MAX_HOPS = 15
LEVEL_OPERATORS = ("=", "!=", "in", "notIn", "containsAny")
_LEAF_KEYS = ("property", "relation", "operator", "value", "not")


@dataclass(frozen=True)
class Condition:
    """What the facts of an entity tell."""

    query: Query


@dataclass(frozen=True)
class TargetTitle:
    """A related entity whose title meets `query`."""

    relation: str
    query: Query
    is_negated: bool


@dataclass(frozen=True)
class ScorecardRule:
    """The level that a scorecard gives, or, with `rule`, whether the entity passes one rule."""

    scorecard: str
    rule: str | None
    values: tuple[str, ...]
    is_negated: bool


@dataclass(frozen=True)
class OfType:
    """Any property of this type: `conditions` are the raw operator and value for each of them."""

    type: str
    format: str | None
    items: Mapping[str, Any] | None
    operator: str
    value: Any
    path: str


@dataclass(frozen=True)
class RelatedTo:
    """Entities at any distance of some entities of `blueprint`.

    `direction` is ``upstream`` (what those depend on), ``downstream`` (what depends on them), or
    None for both; `is_required` keeps to relations that are, or are not, required.
    """

    blueprint: str
    identifiers: tuple[str, ...]
    direction: str | None
    is_required: bool | None


@dataclass(frozen=True)
class Hop:
    """One relation of a path, crossed up to `most` times."""

    relation: str
    most: int = 1


@dataclass(frozen=True)
class MatchAny:
    """Entities from which `hops` lead to one of the identifiers.

    With `from_blueprint` the path is walked the other way: from entities there, which have the
    identifiers, to those that are searched.
    """

    hops: tuple[Hop, ...]
    from_blueprint: str | None
    identifiers: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Rules that must all hold (`and`), or of which one must (`or`)."""

    combinator: str
    rules: tuple["Node", ...]


Node = Condition | TargetTitle | ScorecardRule | OfType | RelatedTo | MatchAny | Group


def parse(raw: Any, *, now: datetime, path: str = "query") -> Group:
    """Return the tree that a search describes; raises `Invalid` with every fault in it."""
    reader = _Reader(now=now)
    root = reader.group(raw, path, 1)
    if reader.faults or root is None:
        raise Invalid(reader.faults)
    return root


class _Reader:
    """One pass over the document; a rule that cannot be read is None and has left a fault."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.faults: list[Fault] = []
        self.count = 0
        self.far = 0

    def refuse(self, path: str, message: str) -> None:
        self.faults.append(Fault(path, message))

    def group(self, raw: Any, path: str, depth: int) -> Group | None:
        if not isinstance(raw, dict):
            self.refuse(path, 'give an object like {"combinator": "and", "rules": [...]}')
            return None
        if depth > MAX_DEPTH:
            self.refuse(path, f"groups nest at most {MAX_DEPTH} deep; flatten the query")
            return None
        if raw.get("combinator") not in ("and", "or"):
            self.refuse(_inside(path, "combinator"), 'give "and" or "or"')
        key = "conditions" if "conditions" in raw and "rules" not in raw else "rules"
        items = raw.get(key)
        if not isinstance(items, list):
            self.refuse(_inside(path, key), "give a list of rules")
            return None
        place = _inside(path, key)
        nodes = [self.node(item, f"{place}[{index}]", depth) for index, item in enumerate(items)]
        return Group(str(raw.get("combinator")), tuple(node for node in nodes if node is not None))

    def node(self, raw: Any, path: str, depth: int) -> Node | None:
        self.count += 1
        if self.count > MAX_RULES:
            if self.count == MAX_RULES + 1:
                self.refuse(path, f"a search has at most {MAX_RULES} rules; split it")
            return None
        if not isinstance(raw, dict):
            self.refuse(path, "give a rule or a group of rules")
            return None
        if "combinator" in raw or "rules" in raw:
            return self.group(raw, path, depth + 1)
        return self.rule(raw, path)

    def rule(self, raw: dict[str, Any], path: str) -> Node | None:
        if _asks_for_user(raw):
            self.refuse(path, "asks who is searching; no person stands behind a credential")
            return None
        readers = {"relatedTo": self.related_to, "matchAny": self.match_any}
        read = readers.get(str(raw.get("operator")))
        if read is None:
            keys = {"scorecard": self.scorecard, "propertySchema": self.of_type}
            read = next((reader for key, reader in keys.items() if key in raw), self.condition)
        if read != self.condition:
            self.far += 1
            if self.far > MAX_FAR:
                if self.far == MAX_FAR + 1:
                    said = "a search asks for scorecards, types and relations at most"
                    self.refuse(path, f"{said} {MAX_FAR} times; split it")
                return None
        return read(raw, path)

    def condition(self, raw: dict[str, Any], path: str) -> Condition | TargetTitle | None:
        if raw.get("targetProperty") == "$title" and "relation" in raw:
            return self.target_title(raw, path)
        query = self.conditions(raw, path)
        return None if query is None else Condition(query)

    def conditions(self, raw: Mapping[str, Any], path: str) -> Query | None:
        """Return a single condition as a query of our own."""
        leaf = _own(raw, self.now)
        try:
            return parse_conditions({"combinator": "and", "conditions": [leaf]}, path=path)
        except ConditionError as error:
            place = f"{path}.conditions[0]"
            self.faults.extend(
                Fault(f"{path}{item.path.removeprefix(place)}", item.message)
                if item.path.startswith(place)
                else Fault(item.path, item.message)
                for item in error.problems
            )
            return None

    def target_title(self, raw: dict[str, Any], path: str) -> TargetTitle | None:
        if not isinstance(raw["relation"], str):
            self.refuse(f"{path}.relation", "give the identifier of a relation")
            return None
        positive, is_negated = _POSITIVE.get(str(raw.get("operator")), (raw.get("operator"), False))
        leaf = {"property": "$title", "operator": positive, "value": raw.get("value")}
        if positive in ("isEmpty", "isNotEmpty"):
            del leaf["value"]
        query = self.conditions(leaf, path)
        return None if query is None else TargetTitle(raw["relation"], query, is_negated)

    def scorecard(self, raw: dict[str, Any], path: str) -> ScorecardRule | None:
        name, rule = raw["scorecard"], raw.get("scorecardRule")
        operator, value = raw.get("operator"), raw.get("value")
        values = value if isinstance(value, list) else [value]
        found = len(self.faults)
        if not isinstance(name, str):
            self.refuse(f"{path}.scorecard", "give the identifier of a scorecard")
        if rule is not None and not isinstance(rule, str):
            self.refuse(f"{path}.scorecardRule", "give the identifier of a rule")
        if operator not in LEVEL_OPERATORS:
            self.refuse(f"{path}.operator", f"give one of {', '.join(LEVEL_OPERATORS)}")
        if not all(isinstance(item, str) for item in values):
            self.refuse(f"{path}.value", "give the title of a level, or a list of them")
        if len(self.faults) > found:
            return None
        return ScorecardRule(name, rule, tuple(values), operator in ("!=", "notIn"))

    def of_type(self, raw: dict[str, Any], path: str) -> OfType | None:
        schema = raw["propertySchema"]
        if not isinstance(schema, dict) or not isinstance(schema.get("type"), str):
            self.refuse(f"{path}.propertySchema", 'give an object like {"type": "string"}')
            return None
        if raw.get("operator") not in ("=", "!=", "contains"):
            self.refuse(f"{path}.operator", "give one of =, !=, contains")
            return None
        return OfType(
            type=schema["type"],
            format=schema.get("format") if isinstance(schema.get("format"), str) else None,
            items=schema.get("items") if isinstance(schema.get("items"), dict) else None,
            operator=raw["operator"],
            value=raw.get("value"),
            path=path,
        )

    def related_to(self, raw: dict[str, Any], path: str) -> RelatedTo | None:
        identifiers = self.identifiers(raw.get("value"), f"{path}.value")
        direction, required = raw.get("direction"), raw.get("required")
        found = len(self.faults)
        if not isinstance(raw.get("blueprint"), str):
            self.refuse(f"{path}.blueprint", "give the blueprint of the entities in value")
        if direction not in (None, "upstream", "downstream"):
            self.refuse(f"{path}.direction", "give upstream or downstream, or leave it out")
        if required is not None and not isinstance(required, bool):
            self.refuse(f"{path}.required", "give true or false, or leave it out")
        if identifiers is None or len(self.faults) > found:
            return None
        return RelatedTo(raw["blueprint"], identifiers, direction, required)

    def match_any(self, raw: dict[str, Any], path: str) -> MatchAny | None:
        identifiers = self.identifiers(raw.get("value"), f"{path}.value")
        given = raw.get("property")
        spec = {"path": [given]} if isinstance(given, str) else given
        if not isinstance(spec, dict) or not isinstance(spec.get("path"), list):
            self.refuse(f"{path}.property", 'give an object like {"path": ["relation"]}')
            return None
        hops = [
            self.hop(item, f"{path}.property.path[{index}]")
            for index, item in enumerate(spec["path"])
        ]
        start = spec.get("fromBlueprint")
        if start is not None and not isinstance(start, str):
            self.refuse(f"{path}.property.fromBlueprint", "give the identifier of a blueprint")
        elif not hops:
            self.refuse(f"{path}.property.path", "give at least one relation")
        elif identifiers is not None and None not in hops:
            return MatchAny(tuple(hop for hop in hops if hop), start, identifiers)
        return None

    def hop(self, raw: Any, path: str) -> Hop | None:
        match raw:
            case str():
                return Hop(raw)
            case {"relation": str() as relation, **rest}:
                most = rest.get("maxHops", 1)
                if isinstance(most, int) and not isinstance(most, bool) and 1 <= most <= MAX_HOPS:
                    return Hop(relation, most)
                self.refuse(f"{path}.maxHops", f"give a number from 1 to {MAX_HOPS}")
                return None
        self.refuse(path, 'give a relation, or {"relation": ..., "maxHops": ...}')
        return None

    def identifiers(self, raw: Any, path: str) -> tuple[str, ...] | None:
        items = raw if isinstance(raw, list) else [raw]
        if not all(isinstance(item, str) and item for item in items):
            self.refuse(path, "give an identifier, or a list of identifiers")
            return None
        return tuple(items)


# Negative operators with the positive one that they negate.
_POSITIVE = {
    "!=": ("=", True),
    "notIn": ("in", True),
    "doesNotContains": ("contains", True),
    "doesNotBeginsWith": ("beginsWith", True),
    "doesNotEndsWith": ("endsWith", True),
}


def _own(raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return a rule in the words of our conditions; keys that they do not know are left out."""
    leaf = {key: raw[key] for key in _LEAF_KEYS if key in raw}
    match leaf:
        case {"operator": "=" | "!=" as word, "value": None}:
            leaf = {**leaf, "operator": "isEmpty" if word == "=" else "isNotEmpty"}
            del leaf["value"]
        case {"operator": "isExpired" | "isNotExpired" as word}:
            # Expired is what has passed; without a moment nothing has.
            subject = {key: leaf[key] for key in ("property", "relation") if key in leaf}
            span = {"from": _BEGINNING, "to": timestamp(now)}
            operator = "between" if word == "isExpired" else "notBetween"
            leaf = {**subject, "operator": operator, "value": span}
        case {"operator": "isEmpty" | "isNotEmpty", "value": _}:
            del leaf["value"]
    return leaf


_BEGINNING = "0001-01-01T00:00:00.000Z"


def _inside(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _asks_for_user(raw: Mapping[str, Any]) -> bool:
    return any(
        isinstance(raw.get(key), dict) and "context" in raw[key] for key in ("property", "value")
    )


def as_query(tree: Group, *, path: str) -> Query:
    """Return a search as a query of our own, which only looks at facts; raises `Invalid`."""
    if not all(isinstance(node, Group | Condition) for node in walk(tree)):
        raise Invalid.at(path, "these are found by what they hold; only ask for properties")
    return Query(_own_group(tree))


def _own_group(tree: Group) -> nodes.Group:
    children: list[nodes.Node] = []
    for rule in tree.rules:
        if isinstance(rule, Group):
            children.append(_own_group(rule))
        elif isinstance(rule, Condition):
            children.extend(rule.query.root.conditions)
    return nodes.Group("or" if tree.combinator == "or" else "and", tuple(children))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it."""
    yield node
    if isinstance(node, Group):
        for rule in node.rules:
            yield from walk(rule)
