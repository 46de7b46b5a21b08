"""Heat maps: the share of passes of each rule, by the owners of what is graded."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import Count

from catalog.models import TEAM
from portal.dashboards.boards.breakdowns import read_value
from portal.dashboards.boards.sources import Sources, Undrawable
from portal.dashboards.columns import Reference
from portal.dashboards.expressions import FactText
from portal.dashboards.rule_heats import HeatCell, HeatRow, RuleHeat
from scorecards.models import Evaluation, Rule, Scorecard

MOST_ROWS = 60


def rule_heat(widget: Mapping[str, Any], sources: Sources) -> RuleHeat:
    """Return the heat map that a widget asks for; raises `Undrawable`."""
    scope = sources.scope(widget)
    scorecard = scope.about.scorecard(str(widget.get("scorecard") or ""))
    rules = [rule for rule in scorecard.rules.all() if rule.is_enabled]
    if not rules:
        raise Undrawable(f"{scorecard.title} has no rule that is switched on")
    tallies = _tallies(scope.entities.order_by(), scorecard, rules)
    names = sorted(tallies, key=lambda name: (name == "", sources.teams.get(name, name)))
    return RuleHeat(
        scorecard=scorecard,
        rules=rules,
        rows=[
            HeatRow(
                Reference(TEAM, name, sources.teams.get(name) or name) if name else None,
                [HeatCell(*tallies[name][rule.pk]) for rule in rules],
            )
            for name in names[:MOST_ROWS]
        ],
    )


def _tallies(
    entities: Any, scorecard: Scorecard, rules: list[Rule]
) -> dict[str, dict[int, tuple[int, int]]]:
    """Return passes and counted results by rule and owner; masks repeat, so they are grouped."""
    rows = Evaluation.objects.filter(scorecard=scorecard, entity__in=entities).order_by()
    grouped = rows.annotate(owner=FactText("$team", facts="entity__facts"))
    tallies: dict[str, dict[int, tuple[int, int]]] = defaultdict(
        lambda: defaultdict(lambda: (0, 0))
    )
    for owner, passed, skipped, count in grouped.values_list("owner", "passed", "skipped").annotate(
        Count("id")
    ):
        for name in read_value(owner, None) or [""]:
            for rule in rules:
                if skipped >> rule.bit & 1:
                    continue
                before = tallies[name][rule.pk]
                has_passed = passed >> rule.bit & 1
                tallies[name][rule.pk] = (before[0] + count * has_passed, before[1] + count)
    return tallies
