"""A scorecard compiled: facts in, a bit per rule out, and the level from the bits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from catalog.conditions import Query, matches, reads, reads_clock


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
    """A scorecard as evaluation sees it. Disabled rules are there too: they are always skipped."""

    rules: tuple[RuleSpec, ...]
    filter: Query | None = None


def compile_scorecard(spec: ScorecardSpec) -> "Program":
    """Return the program of a scorecard."""
    return Program(spec)


class Program:
    """Evaluates entities against one scorecard."""

    def __init__(self, spec: ScorecardSpec) -> None:
        self.spec = spec

    @cached_property
    def reads(self) -> frozenset[str]:
        """Return every key of the facts that a result can depend on."""
        return frozenset().union(*(reads(query) for query in self._queries()))

    @cached_property
    def reads_clock(self) -> bool:
        """Say whether a result can move though no entity does."""
        return any(reads_clock(query) for query in self._queries()) or any(
            rule.in_force_from is not None for rule in self.spec.rules
        )

    def masks(self, facts: Mapping[str, Any], *, now: datetime) -> Masks | None:
        """Return the result per rule, or None where the filter leaves the entity out."""
        if self.spec.filter is not None and not matches(self.spec.filter, facts, now=now):
            return None
        passed = skipped = 0
        for rule in self.spec.rules:
            if _is_skipped(rule, facts, now):
                skipped |= 1 << rule.bit
            elif matches(rule.query, facts, now=now):
                passed |= 1 << rule.bit
        return Masks(passed, skipped)

    def rank(self, masks: Masks) -> int:
        """Return the rank of the level that the masks reach.

        That is the highest level with a rule that counts, such that its rules and those of every
        level below pass. Skipped rules count neither way, so a level all of whose rules are skipped
        is neither awarded nor in the way.
        """
        reached = 0
        for rank, rules in self._by_rank:
            counting = rules & ~masks.skipped
            if counting & ~masks.passed:
                break
            if counting:
                reached = rank
        return reached

    @cached_property
    def _by_rank(self) -> list[tuple[int, int]]:
        """Return the mask of each level's rules, lowest level first."""
        owned: dict[int, int] = {}
        for rule in self.spec.rules:
            owned[rule.rank] = owned.get(rule.rank, 0) | 1 << rule.bit
        return sorted(owned.items())

    def _queries(self) -> Iterable[Query]:
        if self.spec.filter is not None:
            yield self.spec.filter
        for rule in self.spec.rules:
            yield rule.query
            if rule.filter is not None:
                yield rule.filter


def _is_skipped(rule: RuleSpec, facts: Mapping[str, Any], now: datetime) -> bool:
    if not rule.is_enabled:
        return True
    if rule.in_force_from is not None and now.date() < rule.in_force_from:
        return True
    return rule.filter is not None and not matches(rule.filter, facts, now=now)
