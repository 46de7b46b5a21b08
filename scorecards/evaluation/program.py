"""Scorecards compiled: facts in, a bit per rule out, and the level from the bits."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from catalog.conditions import Clock, Facts, Generated, reads, reads_clock
from scorecards.evaluation.ladders import Ladder
from scorecards.evaluation.specs import Masks, Reported, ScorecardSpec, with_reported
from scorecards.evaluation.writing import write

Result = tuple[int, int] | None
NOTHING_REPORTED = Reported()


def compile_scorecard(spec: ScorecardSpec) -> "Program":
    """Return the program of a scorecard."""
    return Program(spec)


def compile_scorecards(specs: Iterable[ScorecardSpec], *, beside: str | None = None) -> "Bundle":
    """Return one program for all of these scorecards: for evaluating many entities.

    With `beside`, the name of a fact, its functions return pairs: the results, and that fact.
    """
    return Bundle(specs, beside=beside)


class Bundle:
    """Evaluates entities against several scorecards at once, reading each fact once for all.

    >>> bundle = compile_scorecards([])
    >>> clock = bundle.prepare(datetime(2026, 6, 1))  # once
    >>> bundle.evaluate({"tier": 1}, clock)  # for every entity
    ()
    """

    def __init__(self, specs: Iterable[ScorecardSpec], *, beside: str | None = None) -> None:
        self.specs = tuple(specs)
        self.beside = beside

    @cached_property
    def evaluate(self) -> Callable[[Facts, Clock], Any]:
        """Return the generated function: a `(passed, skipped)` or None for each scorecard.

        None is for a scorecard whose filter leaves the entity out.
        """
        return self._generated.run

    @cached_property
    def evaluate_text(self) -> Callable[[str | bytes, Clock], Any]:
        """Return the same function for facts as JSON text: it decodes only what the rules read."""
        return self._generated.run_text

    def prepare(self, now: datetime) -> Clock:
        """Return what `evaluate` wants to know about the moment it judges by."""
        return self._generated.prepare(now)

    @property
    def source(self) -> str:
        """Return the generated function as text, to read."""
        return self._generated.source

    @cached_property
    def _generated(self) -> Generated:
        return write(self.specs, beside=self.beside)


class Program:
    """Evaluates entities against one scorecard."""

    def __init__(self, spec: ScorecardSpec) -> None:
        self.spec = spec
        self.rank = Ladder(spec.rules).rank
        self._bundle = Bundle([spec])
        self._clock: tuple[datetime, Clock] | None = None

    @cached_property
    def reads(self) -> frozenset[str]:
        """Return every key of the facts that a result can depend on."""
        return frozenset().union(*(reads(query) for query in self.spec.queries()))

    @cached_property
    def reads_clock(self) -> bool:
        """Say whether a result can move though no entity does."""
        return any(reads_clock(query) for query in self.spec.queries()) or any(
            rule.in_force_from is not None for rule in self.spec.rules
        )

    def masks(
        self, facts: Mapping[str, Any], *, now: datetime, reported: Reported = NOTHING_REPORTED
    ) -> Masks | None:
        """Return the result per rule, or None where the filter leaves the entity out."""
        (found,) = self._bundle.evaluate(facts, self._clock_at(now))
        return None if found is None else self.complete(found, reported)

    def complete(self, found: tuple[int, int], reported: Reported = NOTHING_REPORTED) -> Masks:
        """Return what the queries found together with what was reported."""
        return with_reported(found, reported, rules=self.reported)

    @cached_property
    def reported(self) -> int:
        """Return the bits of the rules whose results come from outside."""
        return self.spec.reported

    def _clock_at(self, now: datetime) -> Clock:
        """Return the clock of this moment; the last one is kept, since batches share a moment."""
        kept = self._clock
        if kept is None or kept[0] is not now:
            kept = self._clock = (now, self._bundle.prepare(now))
        return kept[1]

    @property
    def source(self) -> str:
        """Return the generated code as text, to read."""
        return self._bundle.source
