"""The button beside Save that shows what saving would change, and saves nothing."""

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from catalog.errors import Invalid
from scorecards.forms import definition_of
from scorecards.impact import Stored, impact_of
from scorecards.impact_parts import Impact
from scorecards.models import Scorecard
from scorecards.operations import preview_scorecard
from scorecards.operations.editing import owners_of

NAME = "_preview"


@dataclass(frozen=True)
class SubmitButton:
    """A button of the submit line, as the theme draws it."""

    action_name: str
    description: str
    icon: str
    attrs: dict[str, str] = field(default_factory=dict)


BUTTON = SubmitButton(NAME, "Preview impact", "visibility")


def is_asked(request: HttpRequest) -> bool:
    """Say whether the form was sent to be previewed."""
    return NAME in request.POST


def _is_checked_only(form: forms.Form) -> bool:
    """Check the form and answer no: what is valid would be saved."""
    form.full_clean()
    return False


class PreviewAdmin:
    """A scorecard form that is also previewed: checked as for saving, then shown again.

    The preview reads every entity. That is done after the transaction in which the form was checked
    has ended: on SQLite it keeps everybody else from writing.
    """

    change_form_outer_before_template = "admin/tidemark/_impact.html"

    def get_actions_submit_line(self, request: HttpRequest, object_id: str | None) -> list[Any]:
        """Put the button beside that for saving."""
        return [BUTTON]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form, which is never saved where a preview is asked for."""
        form = super().get_form(request, obj, **kwargs)
        if is_asked(request):
            form.is_valid = _is_checked_only
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form as it was sent, and above it what saving it would change."""
        # The theme asks for its buttons only where something is stored.
        buttons = {"actions_submit_line": self.get_actions_submit_line(request, object_id)}
        context = {**(extra_context or {}), **buttons}
        response = super().changeform_view(request, object_id, form_url, context)
        if not is_asked(request) or not _is_faultless(response):
            return response
        try:
            response.context_data["impact"] = _impact(response.context_data)
        except Invalid as error:
            request.faults = tuple(error.faults)
            return super().changeform_view(request, object_id, form_url, context)
        return response


def _is_faultless(response: HttpResponse) -> bool:
    return isinstance(response, TemplateResponse) and not response.context_data["errors"]


def _impact(context: dict[str, Any]) -> Impact:
    form = context["adminform"].form
    formsets = [inline.formset for inline in context["inline_admin_formsets"]]
    definition = definition_of(form, *formsets)
    owners_of([rule["owner"] for rule in definition["rules"]])
    preview = preview_scorecard(definition=definition, now=timezone.now())
    return impact_of(preview, definition, stored_of(form.instance))


def stored_of(scorecard: Scorecard) -> Stored:
    """Return what a preview is compared with; for a scorecard that is not stored, nothing."""
    if scorecard.pk is None:
        return Stored()
    levels = scorecard.levels.annotate(count=Count("evaluations")).order_by("rank", "id")
    return Stored(
        levels=list(levels.values_list("title", "color", "rank", "count")),
        rules=dict(scorecard.rules.order_by("position", "id").values_list("identifier", "title")),
    )
