"""The workshop's page of campaigns."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from catalog import registry
from catalog.admin_operations import OperationAdmin, become
from catalog.forms_conditions import script_data
from catalog.forms_subjects import subjects_of
from scorecards.forms_campaigns import CampaignForm
from scorecards.models import Campaign, Scorecard
from scorecards.operations import delete_campaign, save_campaign


class CampaignAdmin(OperationAdmin):
    """Campaigns: one form, saved by one operation."""

    kind = "campaign"
    form = CampaignForm
    list_display = ("title", "identifier", "status", "owner", "rule_count", "starts_at", "due_at")
    list_filter = ("status",)
    list_select_related = ("owner",)
    search_fields = ("title", "identifier")
    ordering = ("-starts_at", "id")
    fieldsets = (
        (None, {"fields": ("title", "identifier", "description", "owner")}),
        ("When", {"fields": ("status", "starts_at", "due_at")}),
        ("What", {"fields": ("rules", "filter", "guidance")}),
    )
    change_form_before_template = "admin/tidemark/_scorecard_data.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        """Return the campaigns with what their list names."""
        rows = super().get_queryset(request).prefetch_related("rules__scorecard")
        return rows.annotate(rules_there=Count("rules", distinct=True))

    @admin.display(description="Rules", ordering="rules_there")
    def rule_count(self, obj: Campaign) -> int:
        """Count the rules."""
        return obj.rules_there

    def view_on_site(self, obj: Campaign) -> str:
        """Lead to the campaign's page."""
        return reverse("campaign", args=[obj.identifier])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the identifier of what is stored: others name it."""
        return ("identifier",) if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form with what its filter can be about: what any scorecard grades."""
        form = super().get_form(request, obj, **kwargs)
        form.subjects = subjects_of(registry.graph(), _graded())
        return form

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Give the page what its script reads."""
        data, graded = script_data(registry.graph()), set(_graded())
        subjects = {name: items for name, items in data["subjects"].items() if name in graded}
        context["condition_data"] = {**data, "subjects": subjects}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the document by the operation."""
        saved = save_campaign(
            definition=form.definition(), by=self.actor(request), now=timezone.now()
        )
        become(obj, saved)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the operation."""
        delete_campaign(campaign=obj, by=self.actor(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        """Delete each by the operation."""
        for campaign in queryset.order_by("id"):
            self.delete_model(request, campaign)


def _graded() -> list[str]:
    """Return the blueprints that any scorecard grades."""
    names = Scorecard.objects.values_list("blueprints__identifier", flat=True).distinct()
    return sorted(filter(None, names.order_by()))
