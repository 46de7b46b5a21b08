"""Which rules lists of outcomes and scores are about."""

from collections.abc import Callable

from django.db.models import Q, QuerySet

from catalog.errors import Invalid
from portal.integrations.datadog import ids
from portal.integrations.datadog.views import DatadogView
from scorecards.custom import from_packs, installed_rules
from scorecards.models import Rule, Scorecard

LEVELS = ("1", "2", "3")


def rules_of_outcomes(view: DatadogView) -> Q:
    """Return the condition for rules that a list of outcomes asks for; raises `Invalid`."""
    condition = _by_ids(view, "filter[rule][id]", "pk", ids.rule_number)
    if name := view.parameter("filter[rule][name]"):
        condition &= Q(title=name)
    is_enabled = view.flag("filter[rule][enabled]")
    if is_enabled is not None:
        condition &= Q(is_enabled=is_enabled)
    return condition


def rules_of_scores(view: DatadogView) -> "QuerySet[Rule]":
    """Return the rules that scores are asked for; raises `Invalid`."""
    condition = _by_ids(view, "filter[rule][id]", "pk", ids.rule_number)
    condition &= _by_ids(view, "filter[rule][scorecard_id]", "scorecard_id", ids.scorecard_number)
    condition &= _by_levels(view.parameter("filter[rule][level]"))
    if name := view.parameter("filter[rule][name]"):
        condition &= Q(title=name)
    is_enabled = view.flag("filter[rule][is_enabled]")
    if is_enabled is not None:
        condition &= Q(is_enabled=is_enabled)
    is_custom = view.flag("filter[rule][is_custom]")
    if is_custom is not None:
        built_in = from_packs(installed_rules())
        condition &= ~built_in if is_custom else built_in
    rights = view.rights
    if rights.hidden:
        # Counts of the others would tell of what is hidden.
        told = Scorecard.objects.wholly_readable_by(rights)
        condition &= Q(scorecard__in=told)
    return Rule.objects.filter(condition).select_related("scorecard", "level").order_by("id")


def _by_ids(
    view: DatadogView, parameter: str, field: str, number_of: Callable[[str], int | None]
) -> Q:
    """Return the condition by a list of ids with commas; ids that nothing has find nothing."""
    given = _listed(view.parameter(parameter))
    if not given:
        return Q()
    return Q(**{f"{field}__in": [number for id_ in given if (number := number_of(id_))]})


def _by_levels(text: str) -> Q:
    """Return the condition by levels; the highest that there is here stands for all above it."""
    condition, given = Q(), _listed(text)
    for level in given:
        if level not in LEVELS:
            raise Invalid.at("filter[rule][level]", f"give some of {', '.join(LEVELS)}")
        lookup = "level__rank__gte" if level == LEVELS[-1] else "level__rank"
        condition |= Q(**{lookup: int(level)})
    return condition


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
