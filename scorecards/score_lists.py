"""Lists of scores by entity, rule, scorecard, team and kind, a page at a time.

Rules and scorecards are read off the counters, entities and groups of them out of the masks. Never
more rows are loaded than are on the page, or than there are rules, teams or blueprints.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef

from catalog.bulk import IsAmong
from catalog.models import TEAM, Blueprint, Entity
from catalog.querysets import EntityQuerySet
from scorecards.counts import Counts, counts_of
from scorecards.models import Rule, Scorecard
from scorecards.score_rows import (
    Asked,
    added_up,
    asked_of,
    by_kind,
    by_team,
    entity_score,
    evaluations_of,
    groups_of,
    said,
    sortable,
)
from scorecards.scores import Score, share, together

SORTS = (
    *("score", "numerator", "denominator"),
    *("total_pass", "total_fail", "total_skip", "total_no_data"),
)


class Aggregation(StrEnum):
    """What scores are of."""

    ENTITY = "entity"
    RULE = "rule"
    SCORECARD = "scorecard"
    TEAM = "team"
    KIND = "kind"


@dataclass(frozen=True)
class ScoreRow:
    """A score and what it is of, by id and identifier.

    An entity has a `blueprint`; a rule has a scorecard, and a `level` with its `rank`.
    """

    id: int
    identifier: str
    title: str
    score: Score
    blueprint: str = ""
    scorecard: str = ""
    scorecard_id: int = 0
    level: str = ""
    rank: int | None = None


class ScoreList:
    """The scores by an aggregation, made of some rules: to be counted, and cut into pages.

    The rules come with their scorecards and levels. `sort` is one of `SORTS`, with a minus for the
    largest first; without it, rows come in the order in which their subjects were made. What has no
    score comes last, whichever way scores are sorted.
    """

    # What paginators ask: the same page always holds the same.
    ordered = True

    def __init__(self, aggregation: Aggregation, rules: Iterable[Rule], *, sort: str = "") -> None:
        self._aggregation = aggregation
        self._sort = sort
        self._rules = sorted(rules, key=lambda rule: rule.pk)
        self._asked = asked_of(self._rules)

    def count(self) -> int:
        """Return how many there are."""
        if self._aggregation is Aggregation.ENTITY:
            return _graded(self._asked).count()
        return len(self._rows)

    def __getitem__(self, part: slice) -> list[ScoreRow]:
        """Return a part; of entities, only those on it are worked out, unless they are sorted."""
        if self._aggregation is Aggregation.ENTITY:
            return _entity_rows(_entity_ids(self._asked, part, self._sort), self._asked)
        return self._rows[part]

    @cached_property
    def _rows(self) -> list[ScoreRow]:
        match self._aggregation:
            case Aggregation.RULE:
                rows = _by_rule(self._rules, self._asked)
            case Aggregation.SCORECARD:
                rows = _by_scorecard(self._rules, self._asked)
            case Aggregation.TEAM:
                rows = _by_team(self._asked)
            case _:
                rows = _by_kind(self._asked)
        return _in_order(rows, self._sort)


def rule_scores(asked: Asked) -> dict[int, Score]:
    """Return the score of each rule that is asked for, by id, with two queries."""
    counts = counts_of(asked.by_scorecard)
    known = said(asked, "rule_id") if asked.reported else {}
    return {
        rule.pk: _rule_score(rule, counts[rule.scorecard_id], known.get(rule.pk, 0))
        for rule in asked.rules
    }


def _rule_score(rule: Rule, counts: Counts, said_count: int) -> Score:
    passed, failed = counts.passed[rule.pk], counts.failed[rule.pk]
    uncounted = counts.total - passed - failed
    no_data = uncounted - said_count if rule.is_reported else 0
    return share(
        passed, failed, skipped=uncounted - no_data, no_data=no_data, entities=counts.total
    )


def _by_rule(rules: Sequence[Rule], asked: Asked) -> list[ScoreRow]:
    scores = rule_scores(asked)
    return [
        ScoreRow(
            id=rule.pk,
            identifier=rule.identifier,
            title=rule.title,
            score=scores.get(rule.pk, Score()),
            scorecard=rule.scorecard.identifier,
            scorecard_id=rule.scorecard_id,
            level=rule.level.title,
            rank=rule.level.rank,
        )
        for rule in rules
    ]


def _by_scorecard(rules: Sequence[Rule], asked: Asked) -> list[ScoreRow]:
    scores = rule_scores(asked)
    scorecards: dict[int, Scorecard] = {rule.scorecard_id: rule.scorecard for rule in rules}
    return [
        ScoreRow(
            id=id_,
            identifier=scorecard.identifier,
            title=scorecard.title,
            score=_scorecard_score([scores[rule.pk] for rule in asked.by_scorecard.get(id_, [])]),
        )
        for id_, scorecard in sorted(scorecards.items())
    ]


def _scorecard_score(scores: Sequence[Score]) -> Score:
    return together(scores, entities=max((score.entities for score in scores), default=0))


def _by_team(asked: Asked) -> list[ScoreRow]:
    scores = by_team(groups_of(asked))
    teams = Entity.objects.of(TEAM).filter(identifier__in=scores).order_by("id")
    return [
        ScoreRow(id=id_, identifier=name, title=title or name, score=scores[name])
        for id_, name, title in teams.values_list("id", "identifier", "title")
    ]


def _by_kind(asked: Asked) -> list[ScoreRow]:
    scores = by_kind(groups_of(asked))
    rows = Blueprint.objects.filter(id__in=scores).order_by("id")
    return [
        ScoreRow(id=id_, identifier=name, title=title, score=scores[id_])
        for id_, name, title in rows.values_list("id", "identifier", "title")
    ]


def _graded(asked: Asked) -> EntityQuerySet:
    evaluations = evaluations_of(asked).filter(entity=OuterRef("pk"))
    return Entity.objects.filter(Exists(evaluations))


def _entity_ids(asked: Asked, part: slice, sort: str) -> list[int]:
    """Return the ids of the entities on a page."""
    if not sort:
        return list(_graded(asked).order_by("id").values_list("id", flat=True)[part])
    rows = sortable(added_up(evaluations_of(asked), asked, "entity_id"), asked)
    column = F(_COLUMNS.get(sort.lstrip("-"), sort.lstrip("-")))
    is_falling = sort.startswith("-")
    order = column.desc(nulls_last=True) if is_falling else column.asc(nulls_last=True)
    return list(rows.order_by(order, "entity_id").values_list("entity_id", flat=True)[part])


# What the rows of the database name otherwise.
_COLUMNS = {"numerator": "total_pass"}


def _entity_rows(ids: Sequence[int], asked: Asked) -> list[ScoreRow]:
    scores = entity_scores(ids, asked)
    entities = Entity.objects.filter(IsAmong("id", ids)).select_related("blueprint")
    names = {
        id_: (blueprint, identifier, title)
        for id_, blueprint, identifier, title in entities.values_list(
            "id", "blueprint__identifier", "identifier", "title"
        )
    }
    return [
        ScoreRow(
            id=id_,
            blueprint=names[id_][0],
            identifier=names[id_][1],
            title=names[id_][2] or names[id_][1],
            score=scores[id_],
        )
        for id_ in ids
        if id_ in names and id_ in scores
    ]


def entity_scores(ids: Sequence[int], asked: Asked) -> dict[int, Score]:
    """Return the scores of entities over the rules asked for, by id, with two queries."""
    evaluations = evaluations_of(asked).filter(IsAmong("entity_id", ids))
    known = said(asked, "entity_id", entity_ids=ids) if asked.reported else {}
    return {
        row["entity_id"]: entity_score(row, known.get(row["entity_id"], 0))
        for row in added_up(evaluations, asked, "entity_id")
    }


def _in_order(rows: list[ScoreRow], sort: str) -> list[ScoreRow]:
    if not sort:
        return rows
    key = sort.lstrip("-")
    known = [row for row in rows if figures(row.score)[key] is not None]
    unknown = [row for row in rows if figures(row.score)[key] is None]
    # A stable sort, either way: rows that are equal stay in the order in which they were made.
    sign = -1 if sort.startswith("-") else 1
    return sorted(known, key=lambda row: sign * figures(row.score)[key]) + unknown


def figures(score: Score) -> Mapping[str, Any]:
    """Return a score by the names that APIs show and lists are sorted by."""
    return {
        "score": score.value,
        "numerator": score.passed,
        "denominator": score.counted,
        "total_pass": score.passed,
        "total_fail": score.failed,
        "total_skip": score.skipped,
        "total_no_data": score.no_data,
        "total_entities": score.entities,
    }
