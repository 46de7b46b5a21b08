"""The operators, one table row each: whatever interprets queries reads this table."""

import operator as compare
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from catalog.conditions.values import (
    Choices,
    Test,
    as_is,
    as_ordered,
    begins_with,
    contains,
    contains_any,
    ends_with,
    is_empty,
    is_equal,
    is_one_of,
    is_within,
    ordering,
)


class Operand(StrEnum):
    """The shape of what stands in a condition's `value`."""

    NONE = "none"
    VALUE = "value"
    SCALAR = "scalar"
    TEXT = "text"
    ORDERED = "ordered"
    LIST = "list"
    RANGE = "range"


class ValueType(StrEnum):
    """The types of entity values; a date-time is a text, but compares as a date."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    DATE_TIME = "date-time"


ANY_TYPE = frozenset(ValueType)
ORDERED_TYPES = frozenset({ValueType.NUMBER, ValueType.DATE_TIME})
TEXT_TYPES = frozenset({ValueType.STRING})
LISTABLE_TYPES = frozenset({ValueType.STRING, ValueType.NUMBER})

# What the right-hand side becomes before a test sees it: null means that it fits nothing.
PREPARE: dict[Operand, Callable[[object], Any]] = {
    Operand.NONE: as_is,
    Operand.VALUE: as_is,
    Operand.SCALAR: as_is,
    Operand.TEXT: as_is,
    Operand.ORDERED: as_ordered,
    Operand.LIST: Choices.of,
    Operand.RANGE: as_is,
}


@dataclass(frozen=True)
class Operator:
    """One operator of the query language.

    `label` follows the property in a sentence and `wanted` stands alone beside a value that was
    found; both have the operand behind them. `dated` replaces `wanted` before a date. `types` are
    the entity values it suits, for forms: evaluation answers for every type. `test` is the
    positive test; where `negates` names the positive operator, the answer is the opposite.
    """

    token: str
    label: str
    wanted: str
    operand: Operand
    types: frozenset[ValueType]
    test: Test
    dated: str = ""
    negates: str = ""

    def prepare(self, value: object) -> Any:
        """Return a right-hand value the way `test` wants it, or None where it fits nothing."""
        return PREPARE[self.operand](value)


def _not(positive: Operator, token: str, label: str, wanted: str) -> Operator:
    return replace(positive, token=token, label=label, wanted=wanted, negates=positive.token)


_EQUALS = Operator("=", "is", "", Operand.VALUE, ANY_TYPE, is_equal)
_CONTAINS = Operator(
    "contains",
    "contains",
    "containing",
    Operand.SCALAR,
    frozenset({ValueType.STRING, ValueType.ARRAY}),
    contains,
)
_IN = Operator("in", "is one of", "one of", Operand.LIST, LISTABLE_TYPES, is_one_of)
_BEGINS = Operator(
    "beginsWith", "begins with", "beginning with", Operand.TEXT, TEXT_TYPES, begins_with
)
_ENDS = Operator("endsWith", "ends with", "ending with", Operand.TEXT, TEXT_TYPES, ends_with)
_BETWEEN = Operator("between", "is between", "between", Operand.RANGE, ORDERED_TYPES, is_within)
_EMPTY = Operator("isEmpty", "is empty", "empty", Operand.NONE, ANY_TYPE, is_empty)


def _ordered(token: str, words: str, dated: str, test: Callable[[Any, Any], bool]) -> Operator:
    return Operator(
        token, f"is {words}", words, Operand.ORDERED, ORDERED_TYPES, ordering(test), dated
    )


OPERATORS: dict[str, Operator] = {
    row.token: row
    for row in (
        _EQUALS,
        _not(_EQUALS, "!=", "is not", "anything but"),
        _ordered("<", "less than", "before", compare.lt),
        _ordered("<=", "at most", "on or before", compare.le),
        _ordered(">", "more than", "after", compare.gt),
        _ordered(">=", "at least", "on or after", compare.ge),
        _CONTAINS,
        _not(_CONTAINS, "doesNotContains", "does not contain", "not containing"),
        Operator(
            "containsAny",
            "contains any of",
            "containing any of",
            Operand.LIST,
            frozenset({ValueType.ARRAY}),
            contains_any,
        ),
        _IN,
        _not(_IN, "notIn", "is none of", "none of"),
        _BEGINS,
        _not(_BEGINS, "doesNotBeginsWith", "does not begin with", "not beginning with"),
        _ENDS,
        _not(_ENDS, "doesNotEndsWith", "does not end with", "not ending with"),
        _BETWEEN,
        _not(_BETWEEN, "notBetween", "is not between", "not between"),
        _EMPTY,
        _not(_EMPTY, "isNotEmpty", "is not empty", "not empty"),
    )
}

OPPOSITES: dict[str, str] = {
    token: other
    for row in OPERATORS.values()
    if row.negates
    for token, other in ((row.token, row.negates), (row.negates, row.token))
}

# What other query languages, and people, call the same operators; keys are lower case.
ALIASES: dict[str, str] = {
    "==": "=",
    "===": "=",
    "eq": "=",
    "equals": "=",
    "is": "=",
    "<>": "!=",
    "!==": "!=",
    "ne": "!=",
    "neq": "!=",
    "notequals": "!=",
    "isnot": "!=",
    "lt": "<",
    "lte": "<=",
    "=<": "<=",
    "gt": ">",
    "gte": ">=",
    "=>": ">=",
    "not in": "notIn",
    "startswith": "beginsWith",
    "doesnotstartwith": "doesNotBeginsWith",
    "notcontains": "doesNotContains",
    "exists": "isNotEmpty",
    "isnull": "isEmpty",
    "isnotnull": "isNotEmpty",
}


def operators_for(value_type: ValueType | str) -> list[Operator]:
    """Return the operators that suit a type of entity value, in the order a form offers them."""
    return [row for row in OPERATORS.values() if value_type in row.types]
