"""Scores out of the masks, added up by the database: one row per entity, or per group of them.

Masks are narrowed to the rules that are asked for, and their bits counted. Of rules that an
evaluation has not seen yet it says nothing, though their bits may be set: by a rule before them.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import (
    Avg,
    BigIntegerField,
    Case,
    Count,
    F,
    FloatField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce, NullIf

from catalog.bulk import IsAmong
from catalog.models import Entity
from scorecards.models import Evaluation, Fingerprint, Outcome, Rule
from scorecards.popcount import PopCount, common
from scorecards.querysets import EvaluationQuerySet
from scorecards.scores import Members, Score, share


@dataclass(frozen=True)
class Asked:
    """The rules that scores are about: enabled ones, of published scorecards."""

    rules: tuple[Rule, ...]

    @cached_property
    def by_scorecard(self) -> dict[int, list[Rule]]:
        """Return the rules of each scorecard, the newest first."""
        groups: dict[int, list[Rule]] = defaultdict(list)
        for rule in sorted(self.rules, key=lambda rule: -rule.pk):
            groups[rule.scorecard_id].append(rule)
        return dict(groups)

    @cached_property
    def reported(self) -> list[int]:
        """Return the ids of the reported rules."""
        return [rule.pk for rule in self.rules if rule.is_reported]

    def masks(self, *, only_reported: bool = False) -> Case | Value:
        """Return the bits of these rules that an evaluation speaks of."""
        groups = {
            scorecard: [rule for rule in rules if rule.is_reported or not only_reported]
            for scorecard, rules in self.by_scorecard.items()
        }
        # First those that have seen all rules: nearly every evaluation has.
        whens = [
            _when(scorecard, rules, seen)
            for seen in range(max(map(len, groups.values()), default=0))
            for scorecard, rules in groups.items()
            if seen < len(rules)
        ]
        field = BigIntegerField()
        nothing = Value(0, output_field=field)
        return Case(*whens, default=nothing, output_field=field) if whens else nothing


def _when(scorecard: int, rules: list[Rule], seen: int) -> When:
    mask = sum(1 << rule.bit for rule in rules[seen:])
    then = Value(mask, output_field=BigIntegerField())
    return When(scorecard_id=scorecard, newest_rule_id__gte=rules[seen].pk, then=then)


def asked_of(rules: Iterable[Rule]) -> Asked:
    """Return what is asked for by rules whose scorecards are loaded."""
    return Asked(
        tuple(rule for rule in rules if rule.is_enabled and rule.scorecard.status == "published")
    )


def evaluations_of(asked: Asked) -> EvaluationQuerySet:
    """Return the evaluations that speak of the rules asked for."""
    return Evaluation.objects.filter(IsAmong("scorecard_id", asked.by_scorecard))


def added_up(evaluations: EvaluationQuerySet, asked: Asked, *by: str) -> QuerySet:
    """Return results added up per entity, or whatever else `by` says.

    As dictionaries: `total_pass`, `total_fail`, and `uncounted` for those that count neither way,
    of which so many are of `silent` rules: reported ones.
    """
    mask = asked.masks()
    passed, skipped = common(F("passed"), mask), common(F("skipped"), mask)
    silent = Value(0)
    if asked.reported:
        silent = PopCount(common(F("skipped"), asked.masks(only_reported=True)))
    return (
        evaluations.order_by()
        .values(*by)
        .annotate(
            total_pass=Sum(PopCount(passed)),
            uncounted=Sum(PopCount(skipped)),
            silent=Sum(silent),
            asked=Sum(PopCount(mask)),
        )
        .annotate(total_fail=F("asked") - F("total_pass") - F("uncounted"))
    )


def said(asked: Asked, *by: str, entity_ids: Collection[int] | None = None) -> dict[Any, int]:
    """Return how many of the results that do not count an outcome is known of: skips, that is.

    By what `by` names: a field of outcomes, or several.
    """
    rows = _said_rows(asked)
    if entity_ids is not None:
        rows = rows.filter(IsAmong("entity_id", entity_ids))
    found = rows.order_by().values_list(*by).annotate(count=Count("pk"))
    return {key[0] if len(by) == 1 else tuple(key): count for *key, count in found}


def _said_rows(asked: Asked) -> "QuerySet[Outcome]":
    skip = F("rule__scorecard__evaluations__skipped").bitrightshift(F("rule__bit")).bitand(1)
    return (
        Outcome.objects.filter(IsAmong("rule_id", asked.reported))
        .alias(
            graded=F("rule__scorecard__evaluations__entity_id"),
            seen=F("rule__scorecard__evaluations__newest_rule_id"),
            skip_bit=skip,
        )
        .filter(graded=F("entity_id"), seen__gte=F("rule_id"), skip_bit=1)
    )


def sortable(rows: QuerySet, asked: Asked) -> QuerySet:
    """Return rows per entity with everything that they can be sorted by."""
    said_of = (
        _said_rows(asked)
        .filter(entity_id=OuterRef("entity_id"))
        .order_by()
        .values("entity_id")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return rows.annotate(
        denominator=F("asked") - F("uncounted"),
        score=_own_share(),
        total_no_data=F("silent") - Coalesce(Subquery(said_of), 0),
    ).annotate(total_skip=F("uncounted") - F("total_no_data"))


def entity_score(row: Mapping[str, Any], said_count: int) -> Score:
    """Return the score of an entity from its row and how many of its skips were said."""
    no_data = row["silent"] - said_count
    return share(
        row["total_pass"],
        row["total_fail"],
        skipped=row["uncounted"] - no_data,
        no_data=no_data,
        entities=1,
    )


@dataclass(frozen=True)
class Group:
    """Entities of one blueprint that have the same owners."""

    blueprint_id: int
    teams: tuple[str, ...]
    members: Members


def groups_of(asked: Asked, *, is_silence_told: bool = True) -> list[Group]:
    """Return the entities that are graded by the rules asked for, in groups that add up.

    As many as there are combinations of a blueprint and owners, with two queries; with one where
    what nothing is known of need not be told from what is skipped.
    """
    if not asked.rules:
        return []
    inner = added_up(evaluations_of(asked), asked, "entity_id")
    sql, params = inner.query.sql_with_params()
    with connection.cursor() as cursor:
        tables = {"entity": Entity._meta.db_table, "fingerprint": Fingerprint._meta.db_table}
        cursor.execute(_GROUPED.format(inner=sql, **tables), params)
        found = cursor.fetchall()
    if not is_silence_told:
        return [_group(row, row[6]) for row in found]
    skips = said(asked, "entity__blueprint_id", "entity__fingerprint__teams")
    return [_group(row, skips.get((row[0], row[1]), 0)) for row in found]


def mean_score(asked: Asked, evaluations: EvaluationQuerySet) -> float | None:
    """Return the mean of the scores of the entities that these evaluations are about."""
    if not asked.rules:
        return None
    rows = added_up(evaluations, asked, "entity_id").annotate(own=_own_share())
    return rows.aggregate(mean=Avg("own"))["mean"]


def _own_share() -> CombinedExpression:
    counted = Cast(F("asked") - F("uncounted"), FloatField())
    return Cast("total_pass", FloatField()) / NullIf(counted, Value(0.0))


# A mean of means: first each entity's own share, then their mean.
# Owners are joined to the sums: there are fewer of those than evaluations.
_GROUPED = """
SELECT entity.blueprint_id, owned.teams, COUNT(*),
    SUM(total_pass), SUM(total_fail), SUM(uncounted), SUM(silent),
    COUNT(CASE WHEN asked > uncounted THEN 1 END),
    SUM(CASE WHEN asked > uncounted THEN total_pass * 1.0 / (asked - uncounted) ELSE 0 END)
FROM ({inner}) AS found
JOIN {entity} AS entity ON entity.id = found.entity_id
LEFT JOIN {fingerprint} AS owned ON owned.entity_id = found.entity_id
GROUP BY entity.blueprint_id, owned.teams
"""


def _group(row: tuple[Any, ...], skips: int) -> Group:
    kind, teams, entities, passed, failed, uncounted, silent, scored, total = row
    no_data = int(silent) - int(skips)
    return Group(
        blueprint_id=kind,
        teams=tuple(json.loads(teams)) if teams else (),
        members=Members(
            passed=int(passed),
            failed=int(failed),
            skipped=int(uncounted) - no_data,
            no_data=no_data,
            entities=entities,
            scored=scored,
            total=float(total),
        ),
    )


def by_team(groups: Iterable[Group]) -> dict[str, Score]:
    """Return the score of each team, by identifier; an entity with two owners counts for both."""
    sums: dict[str, Members] = defaultdict(Members)
    for group in groups:
        for team in group.teams:
            sums[team] += group.members
    return {team: members.score for team, members in sums.items()}


def by_kind(groups: Iterable[Group]) -> dict[int, Score]:
    """Return the score of each blueprint, by id."""
    sums: dict[int, Members] = defaultdict(Members)
    for group in groups:
        sums[group.blueprint_id] += group.members
    return {kind: members.score for kind, members in sums.items()}
