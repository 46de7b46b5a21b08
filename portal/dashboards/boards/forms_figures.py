"""The form of single numbers."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.dashboards.boards import desk as offers
from portal.dashboards.boards.fields import ChoiceField, SubjectField, TextField
from portal.dashboards.boards.figures import ALIGNMENTS, PERIODS, UNITS
from portal.dashboards.boards.forms import DataForm, put
from portal.dashboards.boards.rows_fields import Column, RowsField, rows_of, stored_rows
from portal.dashboards.boards.suggestions import EntityInput
from portal.dashboards.charts import COLORS as ALL_COLORS
from portal.dashboards.widgets import Widget

COUNT, COUNT_BY, SINGLE = "count", "count-average", "single"
MEASURES = [
    (COUNT, _("How many there are")),
    (COUNT_BY, _("How many there are in a period, on average")),
    ("sum", _("The sum of a property")),
    ("average", _("The mean of a property")),
    ("median", _("The median of a property")),
    ("min", _("The smallest value of a property")),
    ("max", _("The largest value of a property")),
    (SINGLE, _("A property of one entity")),
]
PERIOD_TITLES = {
    "hour": _("by the hour"),
    "day": _("by the day"),
    "week": _("by the week"),
    "month": _("by the month"),
}
COLORS_OF_LEVELS = ALL_COLORS - {"none", "pass", "fail", "skip"}
COLORS = [("", "–"), *((color, color) for color in sorted(COLORS_OF_LEVELS))]
OPERATORS = [(token, token) for token in (">", ">=", "<", "<=", "=", "!=")]
THRESHOLDS = [
    Column("operator", _("When the number is"), choices=OPERATORS, is_required=True),
    Column("value", _("Threshold"), is_number=True, is_required=True),
    Column("color", _("Colour"), choices=COLORS, is_colour=True),
    Column("message", _("Says")),
]


class FigureForm(DataForm):
    """A number: a count, what a property comes to, or a property of one entity."""

    steering = ("blueprint", "measure", "unit", "displayFormatting")
    wide = (*DataForm.wide, "conditionalFormatting")

    measure = ChoiceField(label=_("Shows"), required=True)
    property = SubjectField(label=_("Property"), required=True)
    entity = TextField(label=_("Entity"), required=True, max_length=1_000)
    averageOf = ChoiceField(label=_("Average"), required=True)  # noqa: N815 - the key of the document
    measureTimeBy = SubjectField(label=_("In time by"))  # noqa: N815
    unit = ChoiceField(label=_("Unit"), required=True)
    unitCustom = TextField(label=_("Own unit"), max_length=40)  # noqa: N815
    unitAlignment = ChoiceField(label=_("Unit stands"), required=True)  # noqa: N815
    displayFormatting = ChoiceField(label=_("Written"), required=True)  # noqa: N815
    decimalPlaces = forms.IntegerField(  # noqa: N815
        label=_("Decimal places"), required=False, min_value=0, max_value=5
    )
    conditionalFormatting = RowsField(  # noqa: N815
        THRESHOLDS,
        label=_("Thresholds"),
        help_text=_("Of several that are met, the nearest one speaks."),
    )

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        stored = self.stored
        names = ("property", "entity", "measureTimeBy", "unitCustom", "decimalPlaces")
        measure = measure_of(stored)
        # What a document does not say is as drawing takes it.
        taken = {
            "averageOf": "day" if measure == COUNT_BY else "total",
            "unit": "none",
            "unitAlignment": "right",
            "displayFormatting": "none",
        }
        return {
            **super().read(),
            **{name: stored.get(name) for name in names},
            **{name: stored.get(name) or value for name, value in taken.items()},
            "measure": measure,
            "conditionalFormatting": rows_of(stored.get("conditionalFormatting"), THRESHOLDS),
        }

    def build(self) -> None:
        """Offer what the measure needs."""
        super().build()
        self._offer("measure", MEASURES)
        units = [(key, shown or gettext("None")) for key, shown in UNITS.items()]
        self._offer("unit", [*units, ("custom", gettext("Another"))])
        sides = {"left": _("before"), "right": _("behind"), "bottom": _("below")}
        self._offer("unitAlignment", [(side, sides[side]) for side in ALIGNMENTS])
        formats = [
            ("none", _("as it is")),
            ("round", _("rounded")),
            ("custom", _("with decimal places")),
        ]
        self._offer("displayFormatting", formats)
        self._offer("averageOf", self._periods())
        self._leave_out_by(self.chosen("measure"))
        if "property" in self.fields:
            self.offer_subjects("property", offers.numbers(self.about))
        if "measureTimeBy" in self.fields:
            choices = offers.moments(self.about)
            self.offer_subjects("measureTimeBy", choices, empty=gettext("Created"))
        if "entity" in self.fields:
            self.fields["entity"].widget = EntityInput(self.desk, self.chosen("blueprint"))

    def _offer(self, name: str, choices: Any) -> None:
        self.fields[name].offer(choices, stored=str(self.initial.get(name) or ""))

    def _periods(self) -> list[tuple[str, Any]]:
        periods = [(period, PERIOD_TITLES[period]) for period in PERIODS]
        by_rows = [("total", _("over all of them"))]
        return periods if self.chosen("measure") == COUNT_BY else [*by_rows, *periods]

    def _leave_out_by(self, measure: str) -> None:
        if measure in (COUNT, COUNT_BY, ""):
            self.leave_out("property")
        if measure == SINGLE:
            self.leave_out("dataset")
        else:
            self.leave_out("entity")
        if measure not in (COUNT_BY, "average"):
            self.leave_out("averageOf", "measureTimeBy")
        if self.chosen("unit") != "custom":
            self.leave_out("unitCustom")
        if self.chosen("displayFormatting") != "custom":
            self.leave_out("decimalPlaces")

    def write(self, widget: Widget, name: str, value: Any) -> None:
        """Write the field; a measure is three keys of the document."""
        match name:
            case "measure":
                _put_measure(widget, value)
            case "conditionalFormatting":
                widget[name] = stored_rows(self.stored.get(name), value)
            case _:
                super().write(widget, name, value)


def measure_of(widget: Widget) -> str:
    """Return what a number shows; older documents have no chart type.

    >>> measure_of({"calculationBy": "entities", "func": "count"})
    'count'
    """
    if widget.get("chartType") == "displaySingleProperty":
        return SINGLE
    function = str(widget.get("func") or "")
    if widget.get("chartType") == "countEntities" or widget.get("calculationBy") == "entities":
        return COUNT if function in ("", "count") else COUNT_BY
    return function or ("average" if widget.get("chartType") else "")


def _put_measure(widget: Widget, measure: str) -> None:
    if measure == SINGLE:
        put(widget, "chartType", "displaySingleProperty")
        put(widget, "calculationBy", "")
        put(widget, "func", "")
    elif measure in (COUNT, COUNT_BY):
        put(widget, "chartType", "countEntities")
        put(widget, "calculationBy", "entities")
        put(widget, "func", "count" if measure == COUNT else "average")
    else:
        put(widget, "chartType", "aggregateByProperty")
        put(widget, "calculationBy", "property")
        put(widget, "func", measure)
