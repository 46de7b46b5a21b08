"""The form of lines over time: how time goes, and a form for each line."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.dashboards.boards import desk as offers
from portal.dashboards.boards.buckets import INTERVALS, RANGES, interval_of, range_of
from portal.dashboards.boards.datasets import dataset_of
from portal.dashboards.boards.desk import Desk
from portal.dashboards.boards.fields import (
    ChoiceField,
    DatasetField,
    SubjectField,
    SubjectsField,
    TextField,
)
from portal.dashboards.boards.forms import (
    PartForm,
    WidgetForm,
    blueprint_field,
    put,
    put_blueprint,
    put_dataset,
)
from portal.dashboards.boards.forms_figures import COLORS
from portal.dashboards.boards.rows_fields import Column, RowsField, rows_of, stored_rows
from portal.dashboards.boards.suggestions import EntityInput
from portal.dashboards.widgets import Widget

MOST_LINES = 10
COUNT, COUNT_BY, HISTORY = "count", "count-average", "history"
MEASURES = [
    (COUNT, _("How many there are")),
    (COUNT_BY, _("How many there are, on average")),
    ("sum", _("The sum of properties")),
    ("average", _("The mean of properties")),
    ("median", _("The median of properties")),
    ("min", _("The smallest value of properties")),
    ("max", _("The largest value of properties")),
    ("last", _("The last value of properties")),
    (HISTORY, _("Past values of one entity")),
]
INTERVAL_TITLES = {
    "hour": _("Hour"),
    "day": _("Day"),
    "isoWeek": _("Week"),
    "month": _("Month"),
    "quarter": _("Quarter"),
}
RANGE_TITLES = {
    "today": _("Today"),
    "yesterday": _("Since yesterday"),
    "lastDay": _("Last day"),
    "lastWeek": _("Last week"),
    "last2Weeks": _("Last 2 weeks"),
    "lastMonth": _("Last 30 days"),
    "last3Months": _("Last 3 months"),
    "last6Months": _("Last 6 months"),
    "last12Months": _("Last 12 months"),
    "last2Years": _("Last 2 years"),
    "last3Years": _("Last 3 years"),
}
BASELINES = [
    Column("name", _("Name"), is_required=True),
    Column("value", _("Value"), is_number=True, is_required=True),
    Column("color", _("Colour"), choices=COLORS, is_colour=True),
]


class LineForm(PartForm):
    """One line."""

    steering = ("blueprint", "measure")

    title = TextField(label=_("Name of the line"), max_length=200)
    blueprint = blueprint_field()
    measure = ChoiceField(label=_("Shows"), required=True)
    entity = TextField(label=_("Entity"), required=True, max_length=1_000)
    properties = SubjectsField(
        label=_("Properties"), required=True, widget=forms.CheckboxSelectMultiple
    )
    measureTimeBy = SubjectField(label=_("In time by"))  # noqa: N815 - the key of the document
    breakdownProperty = SubjectField(label=_("A line for each"))  # noqa: N815
    dataset = DatasetField(label=_("Only where"))

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        found = dataset_of(self.stored)
        names = ("title", "entity", "properties", "measureTimeBy", "breakdownProperty")
        return {
            **{name: self.stored.get(name) for name in names},
            "blueprint": found.blueprint,
            "dataset": dict(found.query),
            "measure": measure_of(self.stored),
        }

    def build(self) -> None:
        """Offer what the measure needs."""
        self.offer_blueprints()
        self.offer_conditions()
        measure = self.chosen("measure") or COUNT
        self.fields["measure"].offer(MEASURES, stored=str(self.initial["measure"]))
        if measure == HISTORY:
            self.leave_out("measureTimeBy", "dataset", "title")
            self.fields["entity"].widget = EntityInput(self.desk, self.chosen("blueprint"))
        else:
            self.leave_out("entity")
            self.offer_subjects(
                "measureTimeBy", offers.moments(self.about), empty=gettext("Created")
            )
        if measure in (COUNT, COUNT_BY):
            self.leave_out("properties")
            self.offer_subjects(
                "breakdownProperty", offers.shares(self.about), empty=gettext("One for all")
            )
        else:
            self.leave_out("breakdownProperty")
            self.offer_subjects("properties", offers.numbers(self.about, offers.lined))

    def names(self) -> list[str]:
        """Return the fields in the order of the page."""
        return list(self.fields)

    def write(self, widget: Widget, name: str, value: Any) -> None:
        """Write the field; a measure is two keys of the document."""
        match name:
            case "blueprint":
                put_blueprint(widget, value)
            case "dataset":
                put_dataset(widget, value)
            case "measure":
                _put_measure(widget, value)
            case _:
                super().write(widget, name, value)


class LinesForm(WidgetForm):
    """Lines over time."""

    steering = ()
    wide = (*WidgetForm.wide, "baselines")

    timeInterval = ChoiceField(label=_("By"), required=True)  # noqa: N815 - the key of the document
    timeRange = ChoiceField(label=_("Over"), required=True)  # noqa: N815
    nullValueDisplayMode = ChoiceField(  # noqa: N815
        label=_("Where there is nothing"), required=True
    )
    baselines = RowsField(BASELINES, label=_("Lines to compare with"))

    def __init__(
        self, data: Any = None, *, stored: Widget, desk: Desk, prefix: str | None = None
    ) -> None:
        super().__init__(data, stored=stored, desk=desk, prefix=prefix)
        known = stored_lines(stored)
        self.lines = [
            LineForm(
                data,
                stored=known[place.at] if place.at is not None and place.at < len(known) else {},
                desk=desk,
                prefix=f"line{place.number}",
            )
            for place in self._places(data, known)
        ]

    def _places(self, data: Any, known: list[Widget]) -> list["Place"]:
        if data is None:
            self.places = [Place(number, number) for number in range(len(known))] or [Place(0)]
        else:
            self.places = places_in(data)
        return self.places

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        return {
            **super().read(),
            "timeInterval": interval_of(self.stored),
            "timeRange": range_of(self.stored),
            "nullValueDisplayMode": self.stored.get("nullValueDisplayMode") or "null",
            "baselines": rows_of(self.stored.get("baselines"), BASELINES),
        }

    def build(self) -> None:
        """Offer steps and ranges."""
        self._offer("timeInterval", [(key, INTERVAL_TITLES[key]) for key in INTERVALS])
        self._offer("timeRange", [(key, RANGE_TITLES[key]) for key in RANGES])
        gaps = [("null", _("Leave a gap")), ("zero", _("Draw a zero"))]
        self._offer("nullValueDisplayMode", gaps)

    def _offer(self, name: str, choices: Any) -> None:
        self.fields[name].offer(choices, stored=str(self.initial[name] or ""))

    @property
    def parts(self) -> list[PartForm]:
        """Return the forms of the lines."""
        return list(self.lines)

    def is_valid(self) -> bool:
        """Check the lines as well."""
        return all([super().is_valid(), *(line.is_valid() for line in self.lines)])

    def clean(self) -> dict[str, Any] | None:
        """Ask for a line."""
        if not self.lines:
            raise forms.ValidationError(_("Add at least one line."))
        return super().clean()

    def write(self, widget: Widget, name: str, value: Any) -> None:
        """Write the field."""
        match name:
            case "timeRange":
                before = widget.get(name)
                kept = before if isinstance(before, Mapping) else {}
                widget[name] = {**kept, "preset": value}
            case "baselines":
                widget[name] = stored_rows(self.stored.get(name), value)
            case _:
                super().write(widget, name, value)

    def widget(self) -> Widget:
        """Return the document; its lines are written only where one of them was changed."""
        widget = super().widget()
        lines = [line.widget() for line in self.lines]
        if lines != stored_lines(self.stored):
            widget["lines"] = lines
        return widget


@dataclass(frozen=True)
class Place:
    """A line on the page: the number of its form, and its place in the document, if it has one."""

    number: int
    at: int | None = None

    def __str__(self) -> str:
        return f"{self.number}:{'' if self.at is None else self.at}"


def places_in(data: Any) -> list[Place]:
    """Return the lines that a page sent, in their order."""
    pairs = (str(text).partition(":")[::2] for text in data.getlist("lines")[:MOST_LINES])
    return [
        Place(int(number), int(at) if _is_place(at) else None)
        for number, at in pairs
        if _is_place(number)
    ]


def _is_place(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 4


def stored_lines(widget: Widget) -> list[Widget]:
    """Return the lines of a document; one that lists none may be a line itself, in older ones."""
    lines = widget.get("lines")
    if isinstance(lines, list) and lines:
        return [deepcopy(line) for line in lines if isinstance(line, Mapping)]
    if not dataset_of(widget).blueprint:
        return []
    return [{key: deepcopy(value) for key, value in widget.items() if key in _OF_LINES}]


_OF_LINES = (
    "title", "blueprint", "dataset", "chartType", "func", "measureTimeBy", "breakdownProperty",
    "entity", "properties",
)  # fmt: skip


def measure_of(line: Widget) -> str:
    """Return what a line shows."""
    function = str(line.get("func") or "")
    match line.get("chartType"):
        case "propertiesValueHistory":
            return HISTORY
        case "aggregatePropertiesValues":
            return function or "average"
        case None if not line:
            return ""
    return COUNT_BY if function == "average" else COUNT


def _put_measure(line: Widget, measure: str) -> None:
    if measure == HISTORY:
        put(line, "chartType", "propertiesValueHistory")
        put(line, "func", "")
    elif measure in (COUNT, COUNT_BY):
        put(line, "chartType", "countEntities")
        put(line, "func", "count" if measure == COUNT else "average")
    else:
        put(line, "chartType", "aggregatePropertiesValues")
        put(line, "func", measure)
