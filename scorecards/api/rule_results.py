"""Rule results as rows, one per evaluation and rule, read out of the masks by the database.

Nothing is stored: evaluations are joined with the rules of their scorecard, and the two bits at the
rule's position say the status. So a page costs as much as a page of evaluations.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.expressions import CombinedExpression

from catalog import registry
from catalog.bulk import IsAmong
from catalog.models import Entity
from catalog.seeing import unseen_keys
from portal.permissions import Sight
from scorecards.models import Evaluation, Exemption, Outcome, Rule, RuleChange
from scorecards.skips import skip_reason


def _bit(mask: str) -> CombinedExpression:
    return F(mask).bitrightshift(F("scorecard__rules__bit")).bitand(1)


def per_rule(evaluations: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
    """Return a row for every rule of every evaluation, in an order that pages can rely on.

    Filters have to use the names made here: a filter on `scorecard__rules` would join the rules a
    second time.
    """
    result = RuleChange.Result
    return (
        evaluations.alias(skip_bit=_bit("skipped"), pass_bit=_bit("passed"))
        .annotate(
            rule_pk=F("scorecard__rules__pk"),
            rule_identifier=F("scorecard__rules__identifier"),
            status=Case(
                When(skip_bit=1, then=Value(result.SKIP.value)),
                When(pass_bit=1, then=Value(result.PASS.value)),
                default=Value(result.FAIL.value),
                output_field=CharField(),
            ),
        )
        .filter(rule_pk__isnull=False)
        .order_by("pk", "rule_pk")
    )


def as_rows(results: QuerySet[Evaluation]) -> QuerySet:
    """Return what the API shows of each result."""
    return results.values(
        "status",
        "evaluated_at",
        "entity_id",
        "rule_pk",
        blueprint=F("entity__blueprint__identifier"),
        entity_identifier=F("entity__identifier"),
        entity_title=F("entity__title"),
        scorecard_identifier=F("scorecard__identifier"),
        rule=F("rule_identifier"),
        rule_title=F("scorecard__rules__title"),
        rule_level=F("scorecard__rules__level__title"),
    )


def with_reasons(
    rows: Iterable[dict[str, Any]], *, now: datetime, sight: Sight
) -> list[dict[str, Any]]:
    """Return rows of `as_rows`, each that was skipped with the reason; a few queries for all.

    No reason tells what is not in `sight`.
    """
    rows = list(rows)
    skipped = [row for row in rows if row["status"] == RuleChange.Result.SKIP]
    if not skipped:
        return rows
    rules = Rule.objects.in_bulk({row["rule_pk"] for row in skipped})
    entities = {row["entity_id"] for row in skipped}
    facts = dict(Entity.objects.filter(IsAmong("id", entities)).values_list("id", "facts"))
    outcomes = _outcomes(entities, [rule.pk for rule in rules.values() if rule.is_reported])
    exemptions = _exemptions(entities, rules)
    specs, unseen = registry.graph().specs, unseen_keys(sight)
    for row in skipped:
        rule, entity = row["rule_pk"], row["entity_id"]
        # What was deleted since the page was read has no reason any more.
        if rule in rules and entity in facts and row["blueprint"] in specs:
            row["reason"] = skip_reason(
                rules[rule],
                facts[entity],
                now=now,
                titles=specs[row["blueprint"]].fact_keys,
                outcome=outcomes.get((rule, entity)),
                exemption=exemptions.get((rule, entity)),
                unseen=unseen.get(row["blueprint"], ()),
            )
    return rows


def _exemptions(entities: Iterable[int], rules: Iterable[int]) -> dict[tuple[int, int], Exemption]:
    rows = Exemption.objects.live().filter(IsAmong("entity_id", entities), rule__in=rules)
    return {(row.rule_id, row.entity_id): row for row in rows}


def _outcomes(entities: Iterable[int], rules: list[int]) -> dict[tuple[int, int], Outcome]:
    if not rules:
        return {}
    rows = Outcome.objects.filter(IsAmong("entity_id", entities), rule__in=rules)
    return {(row.rule_id, row.entity_id): row for row in rows}
