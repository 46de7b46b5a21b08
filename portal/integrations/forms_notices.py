"""The forms of reports, alerts and reminders."""

import re
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from catalog.forms import OperationForm, free_identifier, short_text
from catalog.models import TEAM, Entity
from portal.integrations.models import Alert, Reminder, Report
from portal.integrations.notices.definitions import (
    DAYS_BEFORE,
    AlertDefinition,
    ReminderDefinition,
    ReportDefinition,
)
from scorecards.models import Campaign, Level, Scorecard

_SHARED = ("identifier", "title", "channel", "is_enabled")


class _NoticeForm(OperationForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "team" in self.fields:
            teams = Entity.objects.of(TEAM).only("title", "identifier", "blueprint")
            self.fields["team"].queryset = teams.order_by("title", "identifier")
            self.fields["team"].empty_label = "All teams"

    def clean_identifier(self) -> str:
        """Refuse an identifier that is taken by another one."""
        return free_identifier(self, type(self.instance).objects.exclude(pk=self.instance.pk))

    def _given(self, *names: str) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in (*_SHARED, *names)}


class ReportForm(_NoticeForm):
    """A report: whom it is about, when it is made, and where it goes."""

    scorecards = forms.ModelMultipleChoiceField(
        Scorecard.objects.published().order_by("title", "id"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None chosen: all that are published.",
    )

    class Meta:
        model = Report
        fields = (
            *_SHARED, "team", "scorecards", "every", "weekday", "month_day", "at", "time_zone",
        )  # fmt: skip
        help_texts = {
            "weekday": "Counts for a report that is made every week.",
            "month_day": "Counts for a report of every month; shorter months end with it.",
            "at": "Time of day, in the time zone below.",
            "time_zone": "Such as Europe/Berlin.",
        }

    def definition(self) -> ReportDefinition:
        """Return what the form asks for."""
        names = ("team", "every", "weekday", "month_day", "at", "time_zone")
        cards = tuple(self.cleaned_data["scorecards"])
        return ReportDefinition(**self._given(*names), scorecards=cards)


class AlertForm(_NoticeForm):
    """An alert: which losses it tells, and where."""

    class Meta:
        model = Alert
        fields = (*_SHARED, "scorecard", "level", "team")
        help_texts = {
            "level": "Told are falls to below this level. Empty: every loss of a level.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scorecard" in self.fields:
            self.fields["scorecard"].empty_label = "All scorecards"
            self.fields["scorecard"].queryset = Scorecard.objects.order_by("title", "id")
            levels = Level.objects.filter(rank__gt=0).select_related("scorecard")
            self.fields["level"].queryset = levels.order_by("scorecard__title", "rank", "id")
            self.fields["level"].empty_label = "Any level"
            self.fields["level"].label_from_instance = _level_in_words

    def definition(self) -> AlertDefinition:
        """Return what the form asks for."""
        return AlertDefinition(**self._given("scorecard", "level", "team"))


class DaysField(forms.CharField):
    """Whole numbers with commas between them."""

    widget = short_text()

    def prepare_value(self, value: Any) -> str:
        """Return the text to edit."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the numbers; what is none stays a text, for the operation to refuse."""
        parts = [part for part in re.split(r"[,;\s]+", value or "") if part]
        return [int(part) if part.isdecimal() and len(part) < 6 else part for part in parts]

    def run_validators(self, value: Any) -> None:
        """Skip the checks for texts; the operation checks the numbers."""


class ReminderForm(_NoticeForm):
    """A reminder: of which campaigns, and when."""

    days_before = DaysField(
        label="Days before",
        required=False,
        initial=list(DAYS_BEFORE),
        help_text="Whole numbers with commas between them; 0 is the due day.",
    )

    class Meta:
        model = Reminder
        fields = (*_SHARED, "campaign", "days_before", "is_weekly_when_late")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "campaign" in self.fields:
            self.fields["campaign"].empty_label = "All campaigns"
            self.fields["campaign"].queryset = Campaign.objects.order_by("title", "id")

    def definition(self) -> ReminderDefinition:
        """Return what the form asks for."""
        return ReminderDefinition(**self._given("campaign", "days_before", "is_weekly_when_late"))


def _level_in_words(level: Level) -> str:
    return f"{level.scorecard}: {level.title}"
