"""What a database must be able to say for a query to be put in its words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.conditions.values import Span
from catalog.queries.sql import SQL

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Fact:
    """What an entity holds under a key."""

    facts: SQL
    key: str


@dataclass(frozen=True)
class Excerpt(SQL):
    """Facts of which only what stands under `keys` is left: a list, in the order of the keys."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Literal:
    """A value written in the query."""

    value: Any


Wanted = Fact | Literal
Lookup = Callable[[Fact, Wanted], SQL]


@dataclass(frozen=True)
class Dialect:
    """The words of one database.

    `lookups` has the positive operators by token. Every lookup answers true or false, never null;
    to another property it answers false where that is missing or null. `number` and `moment` are
    what a fact is as a float or as microseconds since 1970, null where it is no such thing.
    """

    lookups: Mapping[str, Lookup]
    within: Callable[[Fact, Span], SQL]
    number: Callable[[Fact], SQL]
    moment: Callable[[Fact], SQL]


def microseconds(moment: datetime) -> int:
    """Return the microseconds since 1970, also of moments whose UTC date has no year."""
    # Aware datetimes subtract without being moved to UTC, which has no room before year 1.
    return (moment - _EPOCH) // timedelta(microseconds=1)
