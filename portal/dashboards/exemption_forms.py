"""The form by which an entity is exempted from a rule."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.dashboards.boards.fields import TextField
from scorecards.operations.exempting import MAX_REASON


class ExemptionForm(forms.Form):
    """Why, and until which day, if not for good."""

    reason = TextField(label=_("Reason"), required=True, max_length=MAX_REASON, strip=True)
    expires_on = forms.DateField(label=_("Until"), required=False)
