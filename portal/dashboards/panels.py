"""What the panel of a scorecard says about an entity, in words and values ready to be drawn."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils.translation import gettext, ngettext

from catalog.conditions import Explanation
from catalog.models import Entity
from portal.dashboards.formats import number
from portal.dashboards.properties import Property
from portal.dashboards.remarks import remark
from portal.dashboards.values import Kind, Shown, show
from scorecards.models import Level, PastOutcome
from scorecards.results import Panel, RuleResult, panels_for
from scorecards.skips import NOTHING_REPORTED


@dataclass(frozen=True)
class Condition:
    """One condition of a rule: the value found beside the value wanted."""

    title: str
    found: Shown
    wanted: str
    is_met: bool


@dataclass(frozen=True)
class PastView:
    """What was once reported for a rule, with the parts of its remark."""

    outcome: PastOutcome
    remark: tuple[Shown, ...]


@dataclass(frozen=True)
class RuleView:
    """A rule with its result. `is_any` says that one of its conditions is enough.

    A reported rule has no conditions; `remark` is what was said with its outcome.
    """

    result: RuleResult
    conditions: list[Condition]
    is_any: bool
    distance: str
    # How far it is from passing, as a share of what is wanted; what is no number is a whole step.
    effort: float = 1.0
    remark: tuple[Shown, ...] = ()
    past: tuple[PastView, ...] = ()

    @property
    def skip_reason(self) -> str:
        """Say why the rule does not count, where nothing else on the page does."""
        if self.result.exemption:
            return self.result.skip_reason
        is_told = bool(self.remark) or self.result.skip_reason == NOTHING_REPORTED
        return "" if is_told else self.result.skip_reason

    @property
    def color(self) -> str:
        """Return the colour of the mark."""
        return self.result.status.lower()


@dataclass(frozen=True)
class LevelRules:
    """The rules of one level, with how many of those that count pass."""

    level: Level
    rules: list[RuleView]

    @property
    def passed(self) -> int:
        """Return how many rules pass."""
        return sum(1 for rule in self.rules if rule.color == "pass")

    @property
    def counting(self) -> int:
        """Return how many rules count: those skipped do not."""
        return sum(1 for rule in self.rules if rule.color != "skip")


@dataclass(frozen=True)
class PanelView:
    """A scorecard's verdict: the panel, its rules, and what stands before the next level."""

    panel: Panel
    rules: list[RuleView]

    @property
    def anchor(self) -> str:
        """Return the id of the panel in the page."""
        return f"scorecard-{self.panel.scorecard.pk}"

    @property
    def passed(self) -> int:
        """Return how many rules pass."""
        return sum(group.passed for group in self.by_level)

    @property
    def counting(self) -> int:
        """Return how many rules count: those skipped do not."""
        return sum(group.counting for group in self.by_level)

    @property
    def by_level(self) -> list[LevelRules]:
        """Return the rules by level, the lowest first, as they come."""
        groups = groupby(self.rules, key=lambda rule: rule.result.rule.level)
        return [LevelRules(level, list(rules)) for level, rules in groups]

    @property
    def missing(self) -> list[RuleView]:
        """Return the rules that stand before the next level, the least effort first."""
        wanted = {item.rule.pk for item in self.panel.missing}
        found = [rule for rule in self.rules if rule.result.rule.pk in wanted]
        return sorted(found, key=lambda rule: rule.effort)

    @property
    def way_on(self) -> str:
        """Say what stands before the next level: "2 rules to Gold"."""
        if not self.panel.next_level:
            return ""
        count = len(self.panel.missing)
        words = ngettext("%(count)s rule to %(level)s", "%(count)s rules to %(level)s", count)
        return words % {"count": number(count), "level": self.panel.next_level.title}

    @property
    def gap(self) -> str:
        """Say how far a single missing number is from what is wanted, if that is all there is."""
        gaps = [rule.distance for rule in self.missing]
        return gaps[0] if len(gaps) == 1 else ""


def panel_views(
    entity: Entity, properties: Mapping[str, Property], *, now: datetime
) -> list[PanelView]:
    """Return the panels of an entity, by title."""
    titles = {key: prop.title for key, prop in properties.items()}
    return [
        PanelView(panel, [_rule_view(result, properties) for result in panel.rules])
        for panel in panels_for(entity, now=now, titles=titles)
    ]


def _rule_view(result: RuleResult, properties: Mapping[str, Property]) -> RuleView:
    explanation = result.explanation
    if explanation is None:
        said = remark(result.outcome.remark) if result.outcome else ()
        past = tuple(PastView(row, remark(row.remark)) for row in result.past)
        return RuleView(result, [], is_any=False, distance="", remark=said, past=past)
    leaves = list(explanation.leaves())
    return RuleView(
        result=result,
        conditions=[_condition(leaf, properties) for leaf in leaves],
        is_any=explanation.combinator == "or" and len(leaves) > 1,
        distance=next(_distances(leaves, properties), ""),
        effort=_effort(leaves, is_any=explanation.combinator == "or"),
    )


def _effort(leaves: Iterable[Explanation], *, is_any: bool) -> float:
    """Return how far the failing conditions are from passing: the furthest, or the nearest one."""
    shares = [_share_away(leaf) for leaf in leaves if not leaf.passed]
    if not shares:
        return 1.0
    return min(shares) if is_any else max(shares)


def _share_away(leaf: Explanation) -> float:
    wanted = leaf.wanted
    if leaf.distance is None or isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return 1.0
    return abs(leaf.distance) / (abs(wanted) or 1)


def _condition(leaf: Explanation, properties: Mapping[str, Property]) -> Condition:
    prop = properties.get(leaf.key)
    return Condition(
        title=prop.title if prop else leaf.label,
        found=_found(leaf, prop),
        wanted=_wanted(leaf, prop),
        is_met=leaf.passed,
    )


def _found(leaf: Explanation, prop: Property | None) -> Shown:
    if leaf.is_missing:
        return Shown(Kind.TEXT, gettext("nothing"))
    shown = show(leaf.found, prop) if prop else show(leaf.found)
    return (
        Shown(Kind.TEXT, gettext("something"))
        if shown.kind in (Kind.MARKDOWN, Kind.CODE)
        else shown
    )


def _wanted(leaf: Explanation, prop: Property | None) -> str:
    """Return what is wanted; a number is written the way the value found beside it is."""
    wanted = leaf.wanted
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return leaf.wanted_text
    words = leaf.wanted_text.rsplit(" ", 1)[0] if " " in leaf.wanted_text else ""
    return f"{words} {number(wanted, prop.unit if prop else '')}".strip()


def _distances(leaves: list[Explanation], properties: Mapping[str, Property]) -> Iterator[str]:
    """Yield how far the failing numbers are from passing."""
    for leaf in leaves:
        if not leaf.passed and leaf.distance is not None:
            prop = properties.get(leaf.key)
            yield number(round(leaf.distance, 4), prop.unit if prop else "")
