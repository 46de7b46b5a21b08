"""The form of a campaign."""

from datetime import datetime
from itertools import groupby
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
)

from catalog.forms import TextField, free_identifier, short_text
from catalog.forms_conditions import ConditionField
from catalog.forms_entities import EntityField, label_of
from catalog.models import TEAM
from scorecards.campaigns import rule_name
from scorecards.forms import ConditionForm
from scorecards.models import Campaign, Rule


def _long_text(rows: int, **kwargs: Any) -> TextField:
    return TextField(
        required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": rows}), **kwargs
    )


def _moment(**kwargs: Any) -> forms.SplitDateTimeField:
    return forms.SplitDateTimeField(widget=UnfoldAdminSplitDateTimeWidget(), **kwargs)


class RulesField(forms.MultipleChoiceField):
    """Rules by name, below the titles of their scorecards. The document says which there are."""

    widget = UnfoldAdminSelect2MultipleWidget

    def valid_value(self, value: str) -> bool:
        """Leave it to the operation, which names what is missing."""
        return True


class CampaignForm(ConditionForm):
    """A campaign document. Without a status of its own, a new one begins by the calendar."""

    description = _long_text(3)
    guidance = _long_text(10, help_text="Markdown: what those who own the entities are to do.")
    owner = EntityField(
        target=TEAM, is_many=False, labels={}, required=False, help_text="The team that asks."
    )
    rules = RulesField(help_text="What is to pass.")
    filter = ConditionField(
        at="filter",
        required=False,
        help_text="Only entities for which this holds are in scope. Empty: all that the rules "
        "count for.",
    )
    status = forms.ChoiceField(
        choices=[("", "By its start"), *Campaign.Status.choices],
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    starts_at = _moment()
    due_at = _moment(required=False)

    class Meta:
        model = Campaign
        fields = (
            "title", "identifier", "description", "guidance", "owner", "rules", "filter",
            "status", "starts_at", "due_at",
        )  # fmt: skip
        widgets = {"title": short_text(), "identifier": short_text()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rules"].choices = _choices()
        if self.instance.pk:
            self.initial["rules"] = [rule_name(rule) for rule in self.instance.rules.all()]
            self.initial["status"] = self.instance.status
            owner = self.instance.owner
            self.initial["owner"] = owner.identifier if owner else None
            self.fields["owner"].labels = {owner.identifier: label_of(owner)} if owner else {}

    def clean_identifier(self) -> str:
        """Refuse an identifier that is taken: saving would replace the other campaign."""
        return free_identifier(self, Campaign.objects.all())

    def definition(self) -> dict[str, Any]:
        """Return the document."""
        data = self.cleaned_data
        starts_at, due_at = self._moment("starts_at"), self._moment("due_at")
        texts = ("title", "description", "guidance", "owner", "rules", "filter")
        document = {
            **{name: data[name] for name in texts},
            "identifier": self.instance.identifier or data["identifier"],
            "starts_at": starts_at.isoformat() if starts_at else None,
            "due_at": due_at.isoformat() if due_at else None,
        }
        return {**document, "status": data["status"]} if data["status"] else document

    def _moment(self, name: str) -> datetime | None:
        """Return a moment; one that was left alone keeps what is finer than the form shows."""
        is_edited = self.instance.pk is None or name in self.changed_data
        return self.cleaned_data[name] if is_edited else getattr(self.instance, name)


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    rows = Rule.objects.select_related("scorecard").order_by(
        "scorecard__title", "scorecard_id", "level__rank", "position", "id"
    )
    return [
        (title, [(rule_name(rule), rule.title) for rule in rules])
        for title, rules in groupby(rows, key=lambda rule: rule.scorecard.title)
    ]
