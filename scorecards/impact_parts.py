"""What the preview of a scorecard shows: levels before and after, rules, and who would move."""

from collections.abc import Mapping
from dataclasses import dataclass

from scorecards.operations.previewing import RuleImpact


@dataclass(frozen=True)
class Share:
    """A part of a bar."""

    label: str
    count: int
    color: str


@dataclass(frozen=True)
class Step:
    """A level, with how many hold it before and after. Rank -1 is: not graded."""

    title: str
    color: str
    rank: int
    before: int
    after: int
    is_gone: bool = False

    @property
    def label(self) -> str:
        """Return what the step is called."""
        return self.title or "Not graded"

    @property
    def is_destination(self) -> bool:
        """Say whether it can be held after: a level that is kept, or none where some have none."""
        return not self.is_gone and bool(self.title or self.after)

    @property
    def difference(self) -> int:
        """Return how many more would hold it."""
        return self.after - self.before


@dataclass(frozen=True)
class Cell:
    """How many go from a level to another: `way` is "stay", "up", "down" or, where none do, ""."""

    count: int
    way: str


@dataclass(frozen=True)
class Row:
    """Where those that hold a level would go."""

    step: Step
    cells: list[Cell]


@dataclass(frozen=True)
class RuleLine:
    """How a rule fares before and after."""

    title: str
    level: Step
    is_new: bool
    is_enabled: bool
    is_reported: bool
    impact: RuleImpact

    @property
    def passed_difference(self) -> int:
        """Return how many more would pass."""
        return self.impact.passed_after - self.impact.passed_before

    @property
    def failed_difference(self) -> int:
        """Return how many more would fail."""
        return self.impact.failed_after - self.impact.failed_before

    @property
    def before(self) -> list[Share]:
        """Return the results that are stored."""
        return _results(self.impact.passed_before, self.impact.failed_before)

    @property
    def after(self) -> list[Share]:
        """Return the results that there would be."""
        return _results(self.impact.passed_after, self.impact.failed_after)


def _results(passed: int, failed: int) -> list[Share]:
    return [Share("pass", passed, "pass"), Share("fail", failed, "fail")]


@dataclass(frozen=True)
class Mover:
    """An entity that would move."""

    blueprint: str
    identifier: str
    title: str
    before: Step
    after: Step

    @property
    def is_drop(self) -> bool:
        """Say whether it would lose ground."""
        return self.after.rank < self.before.rank


@dataclass(frozen=True)
class Impact:
    """Everything that the preview shows. `steps` start with the highest level."""

    entity_count: int
    moved_count: int
    ways: Mapping[str, int]
    steps: list[Step]
    rows: list[Row]
    rules: list[RuleLine]
    gone_rules: list[str]
    movers: list[Mover]

    @property
    def before(self) -> list[Share]:
        """Return the distribution as it is."""
        return [Share(step.label, step.before, step.color) for step in self.steps]

    @property
    def after(self) -> list[Share]:
        """Return the distribution as it would be."""
        return [Share(step.label, step.after, step.color) for step in self.steps]

    @property
    def columns(self) -> list[Step]:
        """Return the steps that can be held after."""
        return [step for step in self.steps if step.is_destination]

    @property
    def more(self) -> int:
        """Return how many would move beside those that are named."""
        return self.moved_count - len(self.movers)
