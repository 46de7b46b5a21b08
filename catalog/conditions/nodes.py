"""What a parsed query is made of: frozen values that hash and compare by what was written."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from catalog.conditions.operators import OPERATORS, OPPOSITES, Operator
from catalog.conditions.presets import PRESETS, Preset

Combinator = Literal["and", "or"]
Subject = Literal["property", "relation"]

RELATION_PREFIX = "relation#"


@dataclass(frozen=True)
class Constant:
    """A value written in the query, held as JSON text.

    The text keeps the value immutable and tells `1`, `1.0` and `true` apart, which Python's own
    equality does not: a cache keyed by queries would mix them up.
    """

    text: str

    @classmethod
    def of(cls, value: object) -> "Constant":
        """Return the constant for a JSON value."""
        return cls(json.dumps(value, sort_keys=True))

    @property
    def value(self) -> Any:
        """Return a fresh copy of the value."""
        return json.loads(self.text)


@dataclass(frozen=True)
class Reference:
    """Another property of the same entity, to compare with."""

    key: str


@dataclass(frozen=True)
class Range:
    """Two numbers or two dates, both included."""

    start: Constant
    end: Constant


@dataclass(frozen=True)
class PresetRange:
    """A span of time named by its token, such as `lastWeek`."""

    token: str

    @property
    def preset(self) -> Preset:
        """Return the table row of the preset."""
        return PRESETS[self.token]


Wanted = Constant | Reference | Range | PresetRange | None


@dataclass(frozen=True)
class Leaf:
    """One condition.

    `is_inverted` is the `not` that the emptiness operators may carry: None where it was not
    written, so that a query is given back with the keys it came with.
    """

    subject: Subject
    name: str
    operator: str
    wanted: Wanted = None
    is_inverted: bool | None = None

    @property
    def key(self) -> str:
        """Return the key of the facts that the condition reads."""
        return self.name if self.subject == "property" else f"{RELATION_PREFIX}{self.name}"

    @property
    def effective(self) -> Operator:
        """Return the operator's table row, after `not`."""
        return OPERATORS[OPPOSITES[self.operator] if self.is_inverted else self.operator]


@dataclass(frozen=True)
class Group:
    """Conditions that must all hold (`and`), or of which one must (`or`)."""

    combinator: Combinator
    conditions: tuple["Group | Leaf", ...]


Node = Group | Leaf


@dataclass(frozen=True)
class Query:
    """A whole parsed query: what rules, filters and datasets are made of."""

    root: Group
