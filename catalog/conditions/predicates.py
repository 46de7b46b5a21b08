"""From a query to closures: the interpreter for one entity at a time."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from catalog.conditions.nodes import (
    Constant,
    Group,
    Leaf,
    Node,
    PresetRange,
    Query,
    Range,
    Reference,
)
from catalog.conditions.operators import Operator
from catalog.conditions.values import Span, Test, as_ordered, is_within

Facts = Mapping[str, Any]
Predicate = Callable[[Facts, datetime], bool]


def matches(query: Query, facts: Facts, *, now: datetime) -> bool:
    """Return whether the query holds for the facts; never raises, whatever they hold.

    >>> from catalog.conditions import parse
    >>> query = parse({"combinator": "and", "conditions": [
    ...     {"property": "tier", "operator": "<=", "value": 2}]})
    >>> matches(query, {"tier": 1}, now=datetime(2026, 1, 1))
    True
    """
    return predicate(query)(facts, now)


@lru_cache(maxsize=4096)
def predicate(query: Query) -> Predicate:
    """Return the query as one function; compiled once, and worth holding in a loop."""
    return _compile(query.root)


def _compile(node: Node) -> Predicate:
    return _compile_group(node) if isinstance(node, Group) else leaf_predicate(node)


def _compile_group(group: Group) -> Predicate:
    checks = tuple(_compile(child) for child in group.conditions)
    if len(checks) == 1:
        return checks[0]
    if group.combinator == "and" or not checks:
        return _all_of(checks)
    return _any_of(checks)


def _all_of(checks: tuple[Predicate, ...]) -> Predicate:
    def check_all(facts: Facts, now: datetime) -> bool:
        for check in checks:  # noqa: SIM110 - a generator doubles the cost of the hot path
            if not check(facts, now):
                return False
        return True

    return check_all


def _any_of(checks: tuple[Predicate, ...]) -> Predicate:
    def check_any(facts: Facts, now: datetime) -> bool:
        for check in checks:  # noqa: SIM110 - a generator doubles the cost of the hot path
            if check(facts, now):
                return True
        return False

    return check_any


def leaf_predicate(leaf: Leaf) -> Predicate:
    """Return one condition as a function; a negative answers the opposite of its positive."""
    check = _positive(leaf, operator=leaf.effective)
    if not leaf.effective.negates:
        return check

    def check_not(facts: Facts, now: datetime) -> bool:
        return not check(facts, now)

    return check_not


def _positive(leaf: Leaf, *, operator: Operator) -> Predicate:
    match leaf.wanted:
        case Reference(key=other):
            return _against_property(leaf.key, operator=operator, other=other)
        case PresetRange():
            return _against_preset(leaf.key, leaf.wanted)
        case Range(start=start, end=end):
            span = Span(as_ordered(start.value), as_ordered(end.value))
            return _against_constant(leaf.key, test=is_within, wanted=span)
        case Constant():
            wanted = operator.prepare(leaf.wanted.value)
            return _against_constant(leaf.key, test=operator.test, wanted=wanted)
        case None:
            return _against_constant(leaf.key, test=operator.test, wanted=None)


def _against_constant(key: str, *, test: Test, wanted: object) -> Predicate:
    def check(facts: Facts, _now: datetime) -> bool:
        return test(facts.get(key), wanted)

    return check


def _against_preset(key: str, wanted: PresetRange) -> Predicate:
    preset = wanted.preset

    def check(facts: Facts, now: datetime) -> bool:
        return is_within(facts.get(key), preset.span(now))

    return check


def _against_property(key: str, *, operator: Operator, other: str) -> Predicate:
    """Compare two properties: false where either is empty, since nothing is known to agree."""
    test, prepare = operator.test, operator.prepare

    def check(facts: Facts, _now: datetime) -> bool:
        wanted = prepare(facts.get(other))
        return wanted is not None and test(facts.get(key), wanted)

    return check
