"""What a scorecard grades, the lowest level first: a page of it, however much there is."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, Q

from catalog.expressions import ShownName
from catalog.models import Entity
from portal.dashboards.columns import Reference
from portal.dashboards.ownership import team_references
from portal.dashboards.querystring import QueryString
from portal.permissions import Sight
from scorecards.counts import Counts
from scorecards.models import Evaluation, Level, Rule, Scorecard
from scorecards.querysets import EvaluationQuerySet
from scorecards.results import rule_results

PAGE_SIZE = 50
# So many are sorted at once; more are walked through, a level at a time, in the order of an index.
FEW = 5_000


@dataclass(frozen=True)
class Choice:
    """A level or a period to look at alone; of levels with how many there are."""

    title: str
    link: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True)
class Graded:
    """A graded entity: its level, its owners and how many of the rules that count it passes."""

    evaluation: Evaluation
    owners: list[Reference]
    passed: int
    counting: int


@dataclass(frozen=True)
class GradedList:
    """A page of what a scorecard grades, by level and, with a rule, only what fails it."""

    tabs: list[Choice]
    rule: Rule | None
    rows: list[Graded]
    page: Page

    @property
    def is_narrowed(self) -> bool:
        """Say whether only one level is shown."""
        return not self.tabs[0].is_current


@dataclass(frozen=True)
class _Step:
    """Evaluations that follow each other in the list, and how many they are."""

    evaluations: EvaluationQuerySet
    count: int


def graded_list(
    scorecard: Scorecard,
    query: QueryString,
    counts: Counts,
    *,
    owned: Q | None,
    number: str,
    sight: Sight,
) -> GradedList:
    """Return a page of what a scorecard whose parts are loaded grades, as an address asks for it.

    `counts` are those of all, or, where `owned` says what a team owns, of that team.
    """
    levels, rules = scorecard.levels.all(), scorecard.rules.all()
    level = next((item for item in levels if item.title == query.get("level")), None)
    rule = next((item for item in rules if item.identifier == query.get("rule")), None)
    wanted = Evaluation.objects.filter(scorecard=scorecard).seen_in(sight)
    if owned is not None:
        wanted = wanted.filter(owned)
    at_levels = {item.pk: counts.levels[item.pk] for item in levels}
    if rule:
        wanted = _failing(wanted, rule)
    if rule or sight.hidden:
        at_levels = _counted(wanted)
    tabs = _tabs(scorecard, at_levels, query, level=level)
    if level:
        wanted = wanted.filter(level=level)
        at_levels = {level.pk: at_levels.get(level.pk, 0)}
    page, rows = _page(scorecard, wanted, at_levels, number)
    return GradedList(tabs, rule, rows, page)


def _tabs(
    scorecard: Scorecard,
    counts: Mapping[int, int],
    query: QueryString,
    *,
    level: Level | None,
) -> list[Choice]:
    everything = Choice(
        "", str(query.without("level")), is_current=level is None, count=sum(counts.values())
    )
    return [
        everything,
        *(
            Choice(
                title=item.title,
                link=str(query.having("level", item.title)),
                is_current=item == level,
                count=counts.get(item.pk, 0),
            )
            for item in sorted(scorecard.levels.all(), key=lambda item: -item.rank)
        ),
    ]


def _failing(evaluations: EvaluationQuerySet, rule: Rule) -> EvaluationQuerySet:
    """Keep the evaluations in which a rule fails."""
    bit = 1 << rule.bit
    return evaluations.alias(
        has_passed=F("passed").bitand(bit), was_skipped=F("skipped").bitand(bit)
    ).filter(has_passed=0, was_skipped=0)


def _counted(evaluations: EvaluationQuerySet) -> dict[int, int]:
    """Return how many evaluations there are by level id, with one query."""
    rows = evaluations.order_by().values_list("level_id").annotate(Count("id"))
    return {level: count for level, count in rows if level is not None}


def _page(
    scorecard: Scorecard, wanted: EvaluationQuerySet, counts: Mapping[int, int], number: str
) -> tuple[Page, list[Graded]]:
    """Return a page of these evaluations; `counts` say how many there are by level id.

    Two queries, or, of many, two for each level that the page shows and one more.
    """
    total = sum(counts.values())
    page = Paginator(range(total), PAGE_SIZE).get_page(number)
    first, last = max(page.start_index() - 1, 0), page.end_index()
    rows: list[Evaluation] = []
    for step in _steps(scorecard, wanted, counts):
        if first < step.count and last > 0:
            rows += _rows(scorecard, step, max(first, 0), min(last, step.count))
        first, last = first - step.count, last - step.count
    return page, _graded(rows, scorecard)


def _steps(
    scorecard: Scorecard, wanted: EvaluationQuerySet, counts: Mapping[int, int]
) -> list[_Step]:
    if sum(counts.values()) <= FEW:
        return [_Step(wanted, sum(counts.values()))]
    return [
        _Step(wanted.filter(level=level), counts.get(level.pk, 0))
        for level in scorecard.levels.all()
    ]


def _rows(scorecard: Scorecard, step: _Step, first: int, last: int) -> list[Evaluation]:
    rows = (
        step.evaluations.select_related("level", "entity__blueprint")
        .defer("entity__properties", "entity__computed")
        .order_by(F("level__rank").asc(nulls_first=True), ShownName("entity__"), "entity_id")
    )
    if step.count <= FEW:
        return list(rows[first:last])
    # Sorting would read every entity whole; this way the database stops at the last one shown.
    kinds = [kind.pk for kind in scorecard.blueprints.all()]
    held = Exists(step.evaluations.filter(entity=OuterRef("pk")))
    entities = Entity.objects.filter(held, blueprint__in=kinds).order_by(ShownName(), "id")
    return list(rows.filter(entity__in=list(entities.values_list("id", flat=True)[first:last])))


def _graded(rows: list[Evaluation], scorecard: Scorecard) -> list[Graded]:
    names = {name for row in rows for name in row.entity.team}
    owners = {team.identifier: team for team in team_references(sorted(names))}
    graded = []
    for row in rows:
        results = rule_results(row, scorecard.rules.all())
        passed = sum(1 for item in results if item.status == "PASS")
        failed = sum(1 for item in results if item.is_failing)
        teams = [owners[name] for name in row.entity.team]
        graded.append(Graded(row, teams, passed=passed, counting=passed + failed))
    return graded
