"""The form of tables: columns in an order, how rows are sorted, and what they are grouped by.

A table keeps these in ``blueprintConfig``, under its blueprint.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.dashboards.boards import desk as offers
from portal.dashboards.boards.datasets import dataset_of
from portal.dashboards.boards.fields import ChoiceField, SubjectField, SubjectsField, spelled
from portal.dashboards.boards.forms import DataForm
from portal.dashboards.boards.sources import About
from portal.dashboards.choosing import columns_of
from portal.dashboards.widgets import Widget

CONFIG = "blueprintConfig"
TITLE = "$title"
_NAMES = (TITLE, "$identifier")


class ColumnsWidget(forms.CheckboxSelectMultiple):
    """Columns to tick: the chosen ones first, in their order, each with a way up and down."""

    template_name = "dashboards/boards/_columns.html"
    of = ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return the chosen columns apart from the others."""
        titles = {key: title for _group, items in self.choices for key, title in items}
        chosen = [(key, titles[key]) for key in value or [] if key in titles]
        named = {key for key, _title in chosen}
        others = [
            (group, [(key, title) for key, title in items if key not in named])
            for group, items in self.choices
        ]
        return {
            "name": name,
            "chosen": chosen,
            "of": self.of,
            "others": [(group, items) for group, items in others if items],
        }

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        """Return the list, by the templates of the site."""
        context = self.get_context(name, value, attrs)
        return mark_safe(render_to_string(self.template_name, context))  # noqa: S308 - a template


class TableForm(DataForm):
    """A table of entities."""

    wide = (*DataForm.wide, "columns")

    columns = SubjectsField(
        label=_("Columns"),
        widget=ColumnsWidget,
        help_text=_("The name always comes first."),
    )
    sort = SubjectField(label=_("Sorted by"))
    order = ChoiceField(label=_("Order"))
    group = SubjectField(label=_("In groups by"))

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        settings = settings_of(self.stored, dataset_of(self.stored).blueprint)
        sort = _first((settings.get("sortSettings") or {}).get("sortBy"), Mapping) or {}
        return {
            **super().read(),
            "columns": shown_columns(self.stored, settings),
            "sort": "" if sort.get("property") in (None, *_NAMES) else sort.get("property"),
            "order": sort.get("order") or "asc",
            "group": _first((settings.get("groupSettings") or {}).get("groupBy"), str),
        }

    def build(self) -> None:
        """Offer what the blueprint has; without a choice of columns, those that tables have."""
        super().build()
        choices = offers.columns(self.about)
        if self.initial["columns"] is None or self.is_moved:
            self.initial["columns"] = default_columns(self.about)
        if self.is_moved:
            self.initial["sort"] = self.initial["group"] = ""
            self._follow_blueprint()
        self.offer_subjects("columns", choices)
        self.fields["columns"].widget.of = self.chosen("blueprint")
        self.offer_subjects("sort", choices, empty=gettext("Name"))
        self.offer_subjects("group", offers.groupings(self.about), empty=gettext("No groups"))
        orders = [("asc", _("ascending")), ("desc", _("descending"))]
        self.fields["order"].offer(orders, stored=str(self.initial["order"]))

    def _follow_blueprint(self) -> None:
        """Offer the columns of the blueprint chosen now, in the place of those of the one before.

        The page tells which blueprint its columns are of.
        """
        if self.data.get("columns-of") == self.chosen("blueprint"):
            return
        self.data = self.data.copy()
        self.data.setlist("columns", default_columns(self.about))
        self.data.setlist("sort", [""])
        self.data.setlist("group", [""])

    def write(self, widget: Widget, name: str, value: Any) -> None:
        """Write the field into the settings of the blueprint."""
        if name not in ("columns", "sort", "order", "group", "blueprint"):
            super().write(widget, name, value)
        elif name == "blueprint":
            super().write(widget, name, value)
            # They are about what the blueprint before had.
            widget[CONFIG] = {value: {}}
            self._write_columns(widget, self.cleaned_data.get("columns", []))
        elif name == "columns":
            self._write_columns(widget, value)
        elif name == "group":
            self._settings(widget, "groupSettings")["groupBy"] = [value] if value else []
        else:
            sort = self._settings(widget, "sortSettings")
            data = self.cleaned_data
            chosen = {"property": data["sort"] or TITLE, "order": data["order"] or "asc"}
            sort["sortBy"] = [chosen, *(sort.get("sortBy") or [])[1:]]

    def _write_columns(self, widget: Widget, names: list[str]) -> None:
        chosen = self._settings(widget, "propertiesSettings")
        chosen["order"] = [TITLE, *names]
        chosen["shown"] = [TITLE, *names]
        if chosen.get("hidden"):
            chosen["hidden"] = [name for name in chosen["hidden"] if name not in names]
        if widget.get("excludedFields"):
            kept = [name for name in widget["excludedFields"] if name not in names]
            widget["excludedFields"] = kept

    def _settings(self, widget: Widget, section: str) -> dict[str, Any]:
        """Return a section of the settings of the blueprint, to be written into."""
        blueprint = dataset_of(widget).blueprint
        config = widget[CONFIG] = dict(widget.get(CONFIG) or {})
        settings = config[blueprint] = dict(config.get(blueprint) or {})
        found: dict[str, Any] = dict(settings.get(section) or {})
        settings[section] = found
        return found


def settings_of(widget: Widget, blueprint: str) -> Mapping[str, Any]:
    """Return what a table says about the rows of a blueprint."""
    config = widget.get(CONFIG)
    found = config.get(blueprint) if isinstance(config, Mapping) else None
    return deepcopy(found) if isinstance(found, Mapping) else {}


def shown_columns(widget: Widget, settings: Mapping[str, Any]) -> list[str] | None:
    """Return the columns that a document asks for beside the name, None where it leaves it open."""
    chosen = settings.get("propertiesSettings") or {}
    order = chosen.get("order") or chosen.get("shown")
    if not order:
        return None
    shown = set(chosen.get("shown") or order) - set(chosen.get("hidden") or [])
    shown -= set(widget.get("excludedFields") or [])
    return [name for name in order if name in shown and name not in _NAMES]


def default_columns(about: About | None) -> list[str]:
    """Return the columns that the table of a blueprint has, as tables write them."""
    if about is None:
        return []
    cards = list(about.scorecards.values())
    columns = columns_of(about.blueprint, properties=about.properties, scorecards=cards)[1:]
    choices = offers.columns(about)
    return [spelled(_name_of(column.key), choices) for column in columns]


def _name_of(key: str) -> str:
    kind, _, name = key.partition(".")
    prefixes = {"level": "scorecard#", "relation": "relation#", "property": "property#"}
    return "$team" if kind == "owner" else f"{prefixes[kind]}{name}"


def _first(items: Any, kind: type) -> Any:
    return items[0] if isinstance(items, list) and items and isinstance(items[0], kind) else None
