"""Scorecards as evaluation sees them, and what it says of an entity."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from catalog.conditions import Query


class Masks(NamedTuple):
    """What the rules found: bit `n` is the rule with that bit. A live rule in neither failed."""

    passed: int
    skipped: int


@dataclass(frozen=True)
class RuleSpec:
    """A rule as evaluation sees it. `rank` is the rank of the level that owns it."""

    bit: int
    rank: int
    query: Query
    filter: Query | None = None
    in_force_from: date | None = None
    is_enabled: bool = True


@dataclass(frozen=True)
class ScorecardSpec:
    """A scorecard as evaluation sees it. Disabled rules are there too: they are always skipped.

    No two rules have the same bit.
    """

    rules: tuple[RuleSpec, ...]
    filter: Query | None = None

    def queries(self) -> Iterator[Query]:
        """Yield every query that a result can depend on."""
        if self.filter is not None:
            yield self.filter
        for rule in self.rules:
            yield rule.query
            if rule.filter is not None:
                yield rule.filter
