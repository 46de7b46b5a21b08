"""The types of widgets that can be put on a dashboard, each with its form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.dashboards.boards.datasets import EVERYTHING
from portal.dashboards.boards.forms import HeatForm, PartsForm, WidgetForm
from portal.dashboards.boards.forms_figures import FigureForm
from portal.dashboards.boards.forms_lines import LinesForm
from portal.dashboards.boards.forms_tables import TableForm
from portal.dashboards.boards.forms_texts import DetailsForm, FrameForm, LinksForm, MarkdownForm


@dataclass(frozen=True)
class WidgetKind:
    """A type of widget: what it is called, what it is for, and what a new one says at first."""

    type: str
    title: Any
    sentence: Any
    icon: str
    form: type[WidgetForm]
    start: Mapping[str, Any] = field(default_factory=dict)


_KINDS = [
    WidgetKind(
        "entities-number-chart",
        _("Number"),
        _("One number: how many there are, or what a property comes to, with thresholds."),
        "widget-number",
        FigureForm,
        {
            "icon": "Metric",
            "chartType": "countEntities",
            "calculationBy": "entities",
            "func": "count",
            "unit": "none",
            "dataset": EVERYTHING,
        },
    ),
    WidgetKind(
        "entities-pie-chart",
        _("Pie"),
        _("Shares of a whole: entities by level, property, relation or owner."),
        "widget-pie",
        PartsForm,
        {"icon": "Pie", "dataset": EVERYTHING},
    ),
    WidgetKind(
        "bar-chart",
        _("Bars"),
        _("The same as bars, the longest first: good for many values and long names."),
        "widget-bars",
        PartsForm,
        {"icon": "Bar", "dataset": EVERYTHING},
    ),
    WidgetKind(
        "multi-line-chart",
        _("Lines"),
        _("How counts and numbers move over days, weeks or months."),
        "widget-lines",
        LinesForm,
        {"icon": "LineChart", "timeInterval": "isoWeek", "timeRange": {"preset": "last3Months"}},
    ),
    WidgetKind(
        "table-entities-explorer",
        _("Table"),
        _("Entities with chosen columns, sorted and in groups."),
        "widget-table",
        TableForm,
        {
            "icon": "Table",
            "displayMode": "widget",
            "dataset": EVERYTHING,
            "excludedFields": [],
            "blueprintConfig": {},
        },
    ),
    WidgetKind(
        "heat-map",
        _("Heat map"),
        _("Which team passes which rule of a scorecard."),
        "widget-heat",
        HeatForm,
        {"icon": "Table", "dataset": EVERYTHING},
    ),
    WidgetKind(
        "entity-details",
        _("Details"),
        _("The values of one entity."),
        "widget-details",
        DetailsForm,
        {"icon": "Details"},
    ),
    WidgetKind(
        "markdown",
        _("Text"),
        _("Words in Markdown: what this is about, whom to ask."),
        "widget-text",
        MarkdownForm,
        {"icon": "Markdown", "source": "custom"},
    ),
    WidgetKind(
        "links-widget",
        _("Links"),
        _("Addresses that people need again and again."),
        "widget-links",
        LinksForm,
        {"icon": "Link"},
    ),
    WidgetKind(
        "iframe-widget",
        _("Other site"),
        _("A page of another site within this one, such as a chart of your monitoring."),
        "widget-frame",
        FrameForm,
        {"icon": "Iframe", "urlType": "public"},
    ),
]
GALLERY: Mapping[str, WidgetKind] = {kind.type: kind for kind in _KINDS}
# Older documents have these; nobody makes a new one.
_OLDER = {"line-chart": GALLERY["multi-line-chart"]}


def kind_of(type_: Any) -> WidgetKind | None:
    """Return the kind of a stored widget, None for those that are only kept."""
    return GALLERY.get(str(type_)) or _OLDER.get(str(type_))
