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

    def word(self, bit: int) -> str:
        """Return what they say about the rule with a bit: SKIP, PASS or FAIL."""
        if self.skipped >> bit & 1:
            return "SKIP"
        return "PASS" if self.passed >> bit & 1 else "FAIL"


@dataclass(frozen=True)
class RuleSpec:
    """A rule as evaluation sees it. `rank` is the rank of the level that owns it.

    Without a query the rule is reported: what it says of an entity comes from outside. It is
    skipped where `filter` or `evidence` do not hold.
    """

    bit: int
    rank: int
    query: Query | None
    filter: Query | None = None
    evidence: Query | None = None
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
            queries = (rule.query, rule.filter, rule.evidence)
            yield from (query for query in queries if query is not None)

    @property
    def reported(self) -> int:
        """Return the bits of the rules whose results come from outside."""
        return sum(1 << rule.bit for rule in self.rules if rule.query is None)


class Reported(NamedTuple):
    """What was reported about an entity: the bits of the rules said to pass, and to fail."""

    passed: int = 0
    failed: int = 0

    def with_state(self, bit: int, state: str) -> "Reported":
        """Return this with what was said of one rule: PASS, FAIL or SKIP."""
        match state:
            case "PASS":
                return Reported(self.passed | bit, self.failed)
            case "FAIL":
                return Reported(self.passed, self.failed | bit)
        return self


def with_exempt(masks: tuple[int, int], rules: int) -> Masks:
    """Return what was found, with the rules of these bits skipped, whatever was found of them.

    >>> with_exempt((0b011, 0b100), 0b001)
    Masks(passed=2, skipped=5)
    """
    passed, skipped = masks
    return Masks(passed & ~rules, skipped | rules)


def with_reported(masks: tuple[int, int], reported: Reported, *, rules: int) -> Masks:
    """Return what queries found, completed by what was reported for the rules with these bits.

    A rule that is skipped stays so, whatever is reported; nothing reported is skipped too.

    >>> with_reported((0b001, 0b100), Reported(passed=0b110), rules=0b1110)
    Masks(passed=3, skipped=12)
    """
    passed, skipped = masks
    counting = rules & ~skipped
    missing = counting & ~(reported.passed | reported.failed)
    return Masks(passed | counting & reported.passed, skipped | missing)
