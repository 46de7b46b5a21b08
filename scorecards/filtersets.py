"""What lists of scorecards and of what they found can be narrowed to."""

from django.db import models
from django_filters import (
    BaseInFilter,
    CharFilter,
    ChoiceFilter,
    DateFilter,
    FilterSet,
    NumberFilter,
    TypedChoiceFilter,
)

from catalog.filtersets import EntityFilterSet, MomentFilter, PairsFilter, TeamFilter
from catalog.filtersets_queries import TeamQueryForm
from scorecards.custom import from_packs, installed_rules
from scorecards.models import (
    Campaign,
    Evaluation,
    Exemption,
    LevelChange,
    Outcome,
    OutcomeBatch,
    PastOutcome,
    Rule,
    RuleChange,
    Scorecard,
)
from scorecards.score_lists import SORTS


class LevelFilter(PairsFilter):
    """Keep the entities that hold these levels of these scorecards."""

    def filter(self, qs: models.QuerySet, value: list[tuple[str, str]]) -> models.QuerySet:
        """Read the evaluations of each scorecard that is named."""
        for scorecard, level in value or []:
            rows = Evaluation.objects.filter(scorecard__identifier=scorecard, level__title=level)
            qs = qs.filter(pk__in=rows.values("entity_id"))
        return qs


class GradedEntityFilterSet(EntityFilterSet):
    """The filters of lists of entities that are shown with their scorecards."""

    level = LevelFilter("evaluations__level__title", label="<scorecard>:<level>, may be repeated")


class GradedTeamFilterSet(GradedEntityFilterSet):
    """The filters of the list of teams."""

    blueprint = None
    team = None

    class Meta(EntityFilterSet.Meta):
        form = TeamQueryForm


class ScorecardFilterSet(FilterSet):
    """The filters of the list of scorecards."""

    identifier = CharFilter()
    status = ChoiceFilter(choices=Scorecard.Status.choices)
    blueprint = CharFilter(
        "blueprints__identifier", label="Identifier of a blueprint that is graded"
    )

    class Meta:
        model = Scorecard
        fields: tuple[str, ...] = ()


def _yes_or_no(
    field: str, *, method: str | None = None, label: str = "true or false"
) -> TypedChoiceFilter:
    return TypedChoiceFilter(
        field,
        method=method,
        choices=[("true", "Yes"), ("false", "No")],
        coerce=lambda value: value == "true",
        empty_value="",
        label=label,
    )


class RuleFilterSet(FilterSet):
    """The filters of the list of rules."""

    scorecard = CharFilter("scorecard__identifier", label="Identifier of the scorecard")
    identifier = CharFilter(label="Identifier of the rule in its scorecard")
    level = CharFilter("level__title", label="Title of the level")
    enabled = _yes_or_no("is_enabled")
    owner = CharFilter("owner__identifier", label="Identifier of the owning team")

    class Meta:
        model = Rule
        fields: tuple[str, ...] = ()


class ListFilter(BaseInFilter, CharFilter):
    """Keep what has one of several values, separated by commas."""


class NumbersFilter(BaseInFilter, NumberFilter):
    """Keep what has one of several numbers, separated by commas."""


class ScoreFilterSet(FilterSet):
    """The filters of scores: which rules they are made of, and the order."""

    rule = ListFilter("identifier", label="Identifiers of rules, separated by commas")
    rule_id = NumbersFilter("id", label="Ids of rules, separated by commas")
    title = CharFilter("title", lookup_expr="icontains", label="A part of the rules' titles")
    level = ListFilter("level__title", label="Titles of levels, separated by commas")
    scorecard = ListFilter(
        "scorecard__identifier", label="Identifiers of scorecards, separated by commas"
    )
    enabled = _yes_or_no("is_enabled")
    custom = _yes_or_no(
        "id", method="filter_custom", label="true: no rules of packs; false: no others"
    )
    sort = ChoiceFilter(
        choices=[(f"{sign}{name}", name) for name in SORTS for sign in ("", "-")],
        method="leave_order",
        label="What to sort by; a minus before it for the largest first",
    )

    class Meta:
        model = Rule
        fields: tuple[str, ...] = ()

    def filter_custom(self, qs: models.QuerySet, name: str, value: bool) -> models.QuerySet:
        """Keep the rules that no pack brought, or only those that one did."""
        built_in = from_packs(installed_rules())
        return qs.exclude(built_in) if value else qs.filter(built_in)

    def leave_order(self, qs: models.QuerySet, name: str, value: str) -> models.QuerySet:
        """Leave the rules as they are: it is the scores that are sorted."""
        return qs


class CampaignFilterSet(FilterSet):
    """The filters of the list of campaigns."""

    identifier = CharFilter()
    status = ChoiceFilter(choices=Campaign.Status.choices)
    owner = CharFilter("owner__identifier", label="Identifier of the team that asks")
    scorecard = CharFilter(
        "rules__scorecard__identifier",
        distinct=True,
        label="Identifier of a scorecard that any of the rules belongs to",
    )
    due_before = MomentFilter("due_at", lookup_expr="lt", label="Due before this moment")

    class Meta:
        model = Campaign
        fields: tuple[str, ...] = ()


class _FoundFilterSet(FilterSet):
    """The filters of everything that is about one entity and one scorecard."""

    scorecard = CharFilter("scorecard__identifier", label="Identifier of the scorecard")
    blueprint = CharFilter("entity__blueprint__identifier", label="Identifier of the blueprint")
    entity = CharFilter("entity__identifier", label="Identifier of the entity")
    team = TeamFilter("entity__", label="Identifier of the team that owns the entity")


class EvaluationFilterSet(_FoundFilterSet):
    """The filters of the list of evaluations."""

    level = CharFilter("level__title", label="Title of the level that is held")

    class Meta:
        model = Evaluation
        fields: tuple[str, ...] = ()


class RuleResultFilterSet(_FoundFilterSet):
    """The filters of rule results: of evaluations multiplied by the rules of their scorecard."""

    rule = CharFilter("rule_identifier", label="Identifier of the rule")
    status = ChoiceFilter(choices=RuleChange.Result.choices)

    class Meta:
        model = Evaluation
        fields: tuple[str, ...] = ()


class OutcomeFilterSet(_FoundFilterSet):
    """The filters of the list of outcomes."""

    scorecard = CharFilter("rule__scorecard__identifier", label="Identifier of the scorecard")
    rule = CharFilter("rule__identifier", label="Identifier of the rule")
    state = ChoiceFilter(choices=RuleChange.Result.choices)

    class Meta:
        model = Outcome
        fields: tuple[str, ...] = ()


class PastOutcomeFilterSet(OutcomeFilterSet):
    """The filters of the history of outcomes."""

    since = MomentFilter("ended_at", lookup_expr="gte", label="Ended from this moment on")

    class Meta:
        model = PastOutcome
        fields: tuple[str, ...] = ()


class ExemptionFilterSet(FilterSet):
    """The filters of the list of exemptions."""

    scorecard = CharFilter("rule__scorecard__identifier", label="Identifier of the scorecard")
    rule = CharFilter("rule__identifier", label="Identifier of the rule")
    blueprint = CharFilter("entity__blueprint__identifier", label="Identifier of the blueprint")
    entity = CharFilter("entity__identifier", label="Identifier of the entity")
    live = _yes_or_no(
        "ended_at", method="filter_live", label="true: those that hold; false: those that ended"
    )
    expiring_before = DateFilter(
        "expires_on", lookup_expr="lt", label="Whose last day is before this one"
    )

    class Meta:
        model = Exemption
        fields: tuple[str, ...] = ()

    def filter_live(self, qs: models.QuerySet, name: str, value: bool) -> models.QuerySet:
        """Keep those that hold, or only those that ended."""
        return qs.filter(ended_at__isnull=value)


class OutcomeBatchFilterSet(FilterSet):
    """The filters of the list of batches."""

    status = ChoiceFilter(choices=OutcomeBatch.Status.choices)

    class Meta:
        model = OutcomeBatch
        fields: tuple[str, ...] = ()


class LevelChangeFilterSet(_FoundFilterSet):
    """The filters of the history of levels."""

    since = MomentFilter("at", lookup_expr="gte", label="From this moment on")
    direction = ChoiceFilter(
        choices=[("up", "Up"), ("down", "Down")], method="filter_direction", label="up or down"
    )

    class Meta:
        model = LevelChange
        fields: tuple[str, ...] = ()

    def filter_direction(self, qs: models.QuerySet, name: str, value: str) -> models.QuerySet:
        """Keep the moves to a higher level, or those to a lower one."""
        if value == "up":
            return qs.filter(to_rank__gt=models.F("from_rank"))
        return qs.filter(to_rank__lt=models.F("from_rank"))
