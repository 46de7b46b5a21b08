"""Rule results as rows, one per evaluation and rule, read out of the masks by the database.

Nothing is stored: evaluations are joined with the rules of their scorecard, and the two bits at the
rule's position say the status. So a page costs as much as a page of evaluations.
"""

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.expressions import CombinedExpression

from scorecards.models import Evaluation, RuleChange


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
        blueprint=F("entity__blueprint__identifier"),
        entity_identifier=F("entity__identifier"),
        entity_title=F("entity__title"),
        scorecard_identifier=F("scorecard__identifier"),
        rule=F("rule_identifier"),
        rule_title=F("scorecard__rules__title"),
        rule_level=F("scorecard__rules__level__title"),
    )
