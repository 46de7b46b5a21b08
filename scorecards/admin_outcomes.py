"""The workshop: outcomes, set by hand or by tools, and what became of them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from catalog.admin_operations import OperationAdmin, ReadOnlyAdmin, become
from catalog.errors import Invalid
from catalog.forms import OperationForm, TextField
from scorecards.models import Outcome, OutcomeBatch, PastOutcome, Rule, RuleChange, Scorecard
from scorecards.operations import OutcomeReport, report_outcomes, withdraw_outcomes
from scorecards.operations.outcome_reading import MAX_REMARK


class ReportedRuleField(forms.ModelChoiceField):
    """One of the rules whose results come from outside."""

    def label_from_instance(self, obj: Rule) -> str:
        """Name the scorecard too: titles of rules repeat."""
        return f"{obj.scorecard}: {obj}"


class OutcomeForm(OperationForm):
    """What somebody says about an entity, for a rule without a query."""

    rule = ReportedRuleField(Rule.objects.none(), widget=UnfoldAdminSelectWidget)
    state = forms.ChoiceField(choices=RuleChange.Result.choices, widget=UnfoldAdminSelectWidget)
    remark = TextField(
        required=False,
        max_length=MAX_REMARK,
        widget=UnfoldAdminTextareaWidget,
        help_text="Why; web addresses in it are shown as links.",
    )

    class Meta:
        model = Outcome
        fields = ("rule", "entity", "state", "remark")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "rule" in self.fields:
            rules = Rule.objects.filter(query__isnull=True).select_related("scorecard")
            self.fields["rule"].queryset = rules.order_by("scorecard__title", "title", "id")


def _scorecard_of(obj: Any) -> Scorecard:
    return obj.rule.scorecard


@admin.register(Outcome)
class OutcomeAdmin(OperationAdmin):
    """What was last reported: by tools over the API, or here by hand."""

    kind = "outcome"
    form = OutcomeForm
    list_display = ("entity", "scorecard", "rule", "state", "reported_at", "reported_by")
    list_filter = ("state", "rule__scorecard")
    search_fields = ("entity__title", "entity__identifier", "rule__title", "remark")
    ordering = ("-id",)
    autocomplete_fields = ("entity",)
    fields = ("rule", "entity", "state", "remark")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the outcomes with what they name."""
        rows = super().get_queryset(request)
        return rows.select_related("entity__blueprint", "rule__scorecard")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show who reported, where somebody did."""
        return (*self.fields, "reported_at", "reported_by") if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the pair that an outcome is about."""
        return ("rule", "entity", "reported_at", "reported_by") if obj else ()

    @admin.display(description="Scorecard")
    def scorecard(self, obj: Outcome) -> Scorecard:
        """Name the rule's scorecard."""
        return _scorecard_of(obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Report by the operation, as tools do."""
        rule = obj.rule if change else form.cleaned_data["rule"]
        entity = obj.entity if change else form.cleaned_data["entity"]
        report = OutcomeReport(
            rule=rule.identifier,
            blueprint=entity.blueprint.identifier,
            entity=entity.identifier,
            state=form.cleaned_data["state"],
            remark=form.cleaned_data["remark"],
            scorecard=rule.scorecard.identifier,
        )
        try:
            report_outcomes(reports=[report], by=self.actor(request), now=timezone.now())
        except Invalid as error:
            raise Invalid(fault.out_of("outcomes[0]") for fault in error.faults) from None
        become(obj, Outcome.objects.get(rule=rule, entity=entity))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Withdraw by the operation."""
        self._withdraw(request, [obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Outcome]) -> None:
        """Withdraw all of them by the operation."""
        self._withdraw(request, list(queryset.values_list("pk", flat=True)))

    def _withdraw(self, request: HttpRequest, ids: list[int]) -> None:
        withdraw_outcomes(outcome_ids=ids, by=self.actor(request), now=timezone.now())

    def history_query(self, obj: Any) -> dict[str, str]:
        """Return what selects the withdrawals of an entity's outcomes in the history."""
        return {"kind": self.kind, **({"identifier": obj.entity.identifier} if obj else {})}


@admin.register(PastOutcome)
class PastOutcomeAdmin(ReadOnlyAdmin):
    """What was reported until something else was."""

    list_display = ("ended_at", "entity", "scorecard", "rule", "state", "reported_by")
    list_filter = ("state", "rule__scorecard")
    select_related = ("entity", "rule__scorecard")
    search_fields = ("entity__title", "entity__identifier", "rule__title", "remark")
    ordering = ("-id",)
    fields = (
        *("entity", "scorecard", "rule", "state", "remark"),
        *("reported_at", "reported_by", "ended_at"),
    )

    @admin.display(description="Scorecard")
    def scorecard(self, obj: PastOutcome) -> Scorecard:
        """Name the rule's scorecard."""
        return _scorecard_of(obj)


@admin.register(OutcomeBatch)
class OutcomeBatchAdmin(ReadOnlyAdmin):
    """Batches of outcomes, and what became of them."""

    list_display = ("received_at", "total", "status", "done_at", "reported_by", "source")
    list_filter = ("status", "source")
    ordering = ("-id",)
    fields = (
        *("status", "total", "received_at", "done_at"),
        *("reported_by", "source", "error"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the batches without the reports in them, which may be many."""
        return super().get_queryset(request).defer("reports")
