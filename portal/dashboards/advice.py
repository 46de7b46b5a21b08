"""What an entity had best do next: the nearest next level over all of its scorecards. No query."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import apnumber
from django.utils.translation import ngettext

from portal.dashboards.panels import PanelView, RuleView
from scorecards.models import Level, Scorecard

MOST_STEPS = 5


@dataclass(frozen=True)
class Advice:
    """The next level of a scorecard, and the rules that stand before it, the easiest first."""

    scorecard: Scorecard
    level: Level
    rules: list[RuleView]

    @property
    def call(self) -> str:
        """Say how much there is to do: "do these two things"."""
        count = len(self.rules)
        words = ngettext("do this one thing", "do these %(count)s things", count)
        return words % {"count": apnumber(count)}

    @property
    def steps(self) -> list[RuleView]:
        """Return the first of the rules."""
        return self.rules[:MOST_STEPS]

    @property
    def more(self) -> int:
        """Return how many rules are not among the first."""
        return len(self.rules) - len(self.steps)


def advice_of(views: Iterable[PanelView]) -> Advice | None:
    """Return the next level that is the nearest; None where there is none to reach.

    Nearest is what the fewest rules stand before, then what is the least far away, then the first
    by title, so that it does not jump about.
    """
    ways = [
        Advice(view.panel.scorecard, view.panel.next_level, view.missing)
        for view in views
        if view.panel.next_level
    ]
    return min(ways, key=_distance, default=None)


def _distance(way: Advice) -> tuple[int, float, str, int]:
    effort = sum(rule.effort for rule in way.rules)
    return len(way.rules), effort, way.scorecard.title, way.scorecard.pk
