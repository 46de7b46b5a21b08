"""How JSON values compare: the tests behind the operators.

Every test takes what the entity holds and what the rule wants, prepared by the functions below,
and answers for any pair of JSON values. None raises.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Test = Callable[[Any, Any], bool]

# fromisoformat also reads "20240131" and "2024-W05"; a version or a ticket number is not a date.
ISO_8601 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)


@dataclass(frozen=True)
class Choices:
    """The values that a list operator looks among, with the texts ready for a set lookup."""

    texts: frozenset[str]
    others: tuple[object, ...]

    @classmethod
    def of(cls, value: object) -> "Choices | None":
        """Return the choices of a list; anything else offers none."""
        if not isinstance(value, list):
            return None
        return cls(
            texts=frozenset(item for item in value if isinstance(item, str)),
            others=tuple(item for item in value if not isinstance(item, str)),
        )

    def __contains__(self, found: object) -> bool:
        if isinstance(found, str):
            return found in self.texts
        return any(is_equal(found, item) for item in self.others)


@dataclass(frozen=True)
class Span:
    """Two numbers or two moments, both ends included."""

    start: Any
    end: Any


def is_number(value: object) -> bool:
    """Return whether the value is a JSON number; `true` and `false` are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_moment(value: object) -> datetime | None:
    """Return the moment that an ISO 8601 text names, or None.

    A date-time without a zone is UTC; a plain date is its midnight in UTC.
    """
    if not isinstance(value, str) or not ISO_8601.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def as_ordered(value: object) -> Any:
    """Return the number or the moment that ordering compares with, or None."""
    return value if is_number(value) else as_moment(value)


def as_is(value: object) -> object:
    """Return the value: the operator compares it as it stands."""
    return value


def is_empty(found: object, _wanted: object = None) -> bool:
    """Return whether the value is null, `""`, `[]` or `{}`; `false` and `0` are not empty."""
    return found is None or (isinstance(found, (str, list, dict)) and not found)


def is_equal(found: object, wanted: object) -> bool:
    """Return strict equality: 7 equals 7.0, but neither "7" nor `true`, however deep they sit.

    A loop instead of recursion, since two stored values may nest deeper than the stack.

    >>> is_equal([1], [True])
    False
    """
    if not isinstance(found, (list, dict)):
        return _is_equal_scalar(found, wanted)
    pending: list[tuple[Any, Any]] = [(found, wanted)]
    while pending:
        left, right = pending.pop()
        if isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pending.extend(zip(left, right, strict=True))
        elif isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            pending.extend((left[key], right[key]) for key in left)
        elif not _is_equal_scalar(left, right):
            return False
    return True


def _is_equal_scalar(left: object, right: object) -> bool:
    if left is None or isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_number(left):
        return is_number(right) and left == right
    return isinstance(left, str) and isinstance(right, str) and left == right


def ordering(compare: Callable[[Any, Any], bool]) -> Test:
    """Return the test that compares numbers with numbers and moments with moments only."""

    def test(found: object, wanted: object) -> bool:
        if isinstance(wanted, datetime):
            moment = as_moment(found)
            return moment is not None and compare(moment, wanted)
        return is_number(found) and is_number(wanted) and compare(found, wanted)

    return test


def is_within(found: object, span: Span) -> bool:
    """Return whether a number or a date lies in a span of its own kind."""
    value = as_moment(found) if isinstance(span.start, datetime) else found
    if value is None or not (isinstance(value, datetime) or is_number(value)):
        return False
    return bool(span.start <= value <= span.end)


def contains(found: object, wanted: object) -> bool:
    """Return whether a text has the part, or a list the member."""
    if isinstance(found, str):
        return isinstance(wanted, str) and wanted in found
    return isinstance(found, list) and any(is_equal(item, wanted) for item in found)


def contains_any(found: object, wanted: Choices) -> bool:
    """Return whether a list shares a member with the choices."""
    return isinstance(found, list) and any(item in wanted for item in found)


def is_one_of(found: object, wanted: Choices) -> bool:
    """Return whether the value is one of the choices."""
    return found is not None and found in wanted


def begins_with(found: object, wanted: object) -> bool:
    """Return whether a text begins with another."""
    return isinstance(found, str) and isinstance(wanted, str) and found.startswith(wanted)


def ends_with(found: object, wanted: object) -> bool:
    """Return whether a text ends with another."""
    return isinstance(found, str) and isinstance(wanted, str) and found.endswith(wanted)
