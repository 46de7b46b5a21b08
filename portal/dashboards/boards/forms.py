"""The forms of widgets: what all have in common, and those of the charts that count.

A form reads a stored widget into fields (`initial`) and writes fields back into its document
(`widget`). It writes only what was changed: keys that it does not know, and ways of writing that
others chose, stay as they are.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Entity
from portal.dashboards.boards import desk as offers
from portal.dashboards.boards.datasets import dataset_of
from portal.dashboards.boards.desk import Desk
from portal.dashboards.boards.fields import (
    ChoiceField,
    DatasetField,
    SubjectField,
    SubjectsField,
    TextField,
)
from portal.dashboards.boards.sources import About
from portal.dashboards.widgets import Widget


def names_in(data: Mapping[str, Any] | None, stored: Mapping[str, Any]) -> Iterator[str]:
    """Yield the blueprints that a form is about: those sent, else those stored."""
    if data is not None:
        yield from (str(value) for key, value in data.items() if key.endswith("blueprint"))
    yield dataset_of(stored).blueprint
    yield str(stored.get("blueprintIdentifier") or "")
    lines = stored.get("lines")
    for line in lines if isinstance(lines, list) else []:
        yield dataset_of(line).blueprint if isinstance(line, Mapping) else ""


class PartForm(forms.Form):
    """A part of a widget's document as a form. `stored` is what the document says now.

    Fields that change what other fields offer are `steering`: the page asks for the form anew when
    one of them changes.
    """

    steering: tuple[str, ...] = ("blueprint",)
    wide: tuple[str, ...] = ("title", "description", "dataset")

    def __init__(
        self, data: Any = None, *, stored: Widget, desk: Desk, prefix: str | None = None
    ) -> None:
        self.stored, self.desk = stored, desk
        super().__init__(data, prefix=prefix, initial=self.read())
        self.about = desk.about(self.chosen("blueprint"))
        self.build()

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        return {}

    def build(self) -> None:
        """Set what the fields offer, and leave out those that mean nothing as things are."""

    def write(self, widget: Widget, name: str, value: Any) -> None:
        """Write one field that was changed into the document."""
        put(widget, name, value)

    def chosen(self, name: str) -> str:
        """Return what a field says now, be it sent or stored."""
        if self.is_bound and self.add_prefix(name) in self.data:
            return str(self.data.get(self.add_prefix(name)))
        return str(self.initial.get(name) or "")

    def widget(self) -> Widget:
        """Return the document with what was changed; for a form that is valid."""
        widget = deepcopy(self.stored)
        for name in self.changed_data:
            if name in self.cleaned_data:
                self.write(widget, name, self.cleaned_data[name])
        return widget

    def clean_entity(self) -> str:
        """Refuse an entity that is not there; what is stored may still come."""
        identifier = str(self.cleaned_data["entity"])
        if self.about and "entity" in self.changed_data:
            found = Entity.objects.filter(blueprint=self.about.blueprint).named([identifier])
            if not found.exists():
                raise forms.ValidationError(
                    gettext("There is no %(of)s '%(name)s'; give the identifier of one.")
                    % {"of": self.named, "name": identifier}
                )
        return identifier

    def leave_out(self, *names: str) -> None:
        """Take fields away that mean nothing as things are."""
        for name in names:
            self.fields.pop(name, None)

    @property
    def named(self) -> str:
        """Return what the chosen blueprint is called."""
        return self.about.blueprint.title if self.about else self.chosen("blueprint")

    @property
    def is_moved(self) -> bool:
        """Say whether another blueprint is chosen than is stored."""
        return self.chosen("blueprint") != str(self.initial.get("blueprint") or "")

    @property
    def is_open(self) -> bool:
        """Say whether the blueprint is not there, so that nobody can tell what it has."""
        return self.about is None and bool(self.chosen("blueprint"))

    def offer_blueprints(self) -> None:
        """Offer the blueprints."""
        self.fields["blueprint"].offer(
            self.desk.blueprints,
            stored=str(self.initial.get("blueprint") or ""),
            empty=gettext("Choose a blueprint"),
        )

    def offer_subjects(self, name: str, choices: offers.Choices, *, empty: str = "") -> None:
        """Offer what a blueprint has; what is stored is shown as the choices write it."""
        field = self.fields[name]
        stored = None if self.is_moved else self.initial.get(name)
        if isinstance(field, SubjectsField):
            self.initial[name] = field.offer_subjects(
                choices, of=self.named, stored=stored or [], is_open=self.is_open
            )
        elif isinstance(field, SubjectField):
            self.initial[name] = field.offer_subjects(
                choices, of=self.named, stored=stored, empty=empty, is_open=self.is_open
            )

    def offer_conditions(self) -> None:
        """Let conditions be about the entities of the blueprint."""
        if self.about is None:
            self.leave_out("dataset")
        else:
            identifier = self.about.blueprint.identifier
            self.fields["dataset"].widget.subjects = self.desk.conditions(identifier)


def put(widget: Widget, key: str, value: Any) -> None:
    """Set a key of a document; what is empty is not said."""
    if value in ("", None):
        widget.pop(key, None)
    else:
        widget[key] = value


def put_dataset(widget: Widget, value: Mapping[str, Any]) -> None:
    """Set the conditions; a blueprint that stood among them stands beside them from then on."""
    put(widget, "blueprint", dataset_of(widget).blueprint)
    widget["dataset"] = dict(value)


def put_blueprint(widget: Widget, value: str) -> None:
    """Set the blueprint, and take its rule out of the conditions, where older documents have it."""
    query = dataset_of(widget).query
    widget["blueprint"] = value
    widget["dataset"] = dict(query)


def blueprint_field() -> ChoiceField:
    """Return the field of a blueprint."""
    return ChoiceField(label=_("Blueprint"), required=True)


class WidgetForm(PartForm):
    """What every widget says."""

    title = TextField(label=_("Title"), max_length=200)
    description = TextField(label=_("Description"), help_text=_("Shown on the title."))

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        return {name: self.stored.get(name) or "" for name in ("title", "description")}

    @property
    def parts(self) -> list[PartForm]:
        """Return the forms of parts, such as lines."""
        return []

    def names(self) -> list[str]:
        """Return the fields in the order of the page."""
        last = [name for name in ("dataset", "description") if name in self.fields]
        return [name for name in self.fields if name not in last] + last


class DataForm(WidgetForm):
    """A widget about entities of a blueprint."""

    blueprint = blueprint_field()
    dataset = DatasetField(label=_("Only where"))

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        found = dataset_of(self.stored)
        about = {"blueprint": found.blueprint, "dataset": dict(found.query)}
        return super().read() | about

    def build(self) -> None:
        """Offer blueprints and conditions."""
        self.offer_blueprints()
        self.offer_conditions()

    def write(self, widget: Widget, name: str, value: Any) -> None:
        """Write the field; blueprint and conditions may be one in older documents."""
        match name:
            case "blueprint":
                put_blueprint(widget, value)
            case "dataset":
                put_dataset(widget, value)
            case _:
                super().write(widget, name, value)


class PartsForm(DataForm):
    """A pie, or bars."""

    property = SubjectField(label=_("By"), required=True)

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        return super().read() | {"property": self.stored.get("property")}

    def build(self) -> None:
        """Offer what entities can be counted by."""
        super().build()
        self.offer_subjects("property", offers.groups(self.about))


class HeatForm(DataForm):
    """A heat map of a scorecard."""

    scorecard = ChoiceField(label=_("Scorecard"), required=True)

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        return super().read() | {"scorecard": self.stored.get("scorecard") or ""}

    def build(self) -> None:
        """Offer the scorecards that grade the blueprint."""
        super().build()
        cards = about_cards(self.about)
        stored = "" if self.is_moved else str(self.initial["scorecard"])
        self.fields["scorecard"].offer(cards, stored=stored, empty=gettext("Choose one"))


def about_cards(about: About | None) -> list[tuple[str, str]]:
    """Return the scorecards that grade a blueprint."""
    cards = about.scorecards.values() if about else ()
    return [(card.identifier, card.title) for card in cards]
