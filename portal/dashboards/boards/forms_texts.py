"""The forms of widgets that tell and lead: values of an entity, markdown, links and frames."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.dashboards.boards import desk as offers
from portal.dashboards.boards.fields import ChoiceField, SubjectField, SubjectsField, TextField
from portal.dashboards.boards.forms import DataForm, WidgetForm
from portal.dashboards.boards.rows_fields import Column, RowsField, rows_of, stored_rows
from portal.dashboards.boards.sources import Undrawable
from portal.dashboards.boards.suggestions import EntityInput
from portal.dashboards.boards.texts import FRAMES_SETTING, frame_of
from portal.dashboards.values import Kind, link
from portal.dashboards.widgets import Widget

LINKS = [
    Column("title", _("Title"), is_required=True),
    Column("url", _("Address"), is_required=True),
    Column("description", _("Description")),
]


class DetailsForm(DataForm):
    """Values of one entity."""

    wide = (*DataForm.wide, "hiddenQuery")

    dataset = None
    entity = TextField(label=_("Entity"), required=True, max_length=1_000)
    showEmptyValues = forms.BooleanField(  # noqa: N815 - the key of the document
        label=_("Show properties without a value"), required=False
    )
    hiddenQuery = SubjectsField(  # noqa: N815
        label=_("Leave out"), widget=forms.CheckboxSelectMultiple
    )

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        names = ("entity", "showEmptyValues", "hiddenQuery")
        return super().read() | {name: self.stored.get(name) for name in names}

    def build(self) -> None:
        """Offer entities, and properties to leave out."""
        self.offer_blueprints()
        properties = self.about.properties.values() if self.about else ()
        self.offer_subjects("hiddenQuery", [(offers.bare(prop), prop.title) for prop in properties])
        self.fields["entity"].widget = EntityInput(self.desk, self.chosen("blueprint"))

    def write(self, widget: Widget, name: str, value: Any) -> None:
        """Write the field."""
        if name == "blueprint" or name in ("showEmptyValues", "hiddenQuery"):
            widget[name] = value
        else:
            super().write(widget, name, value)


class MarkdownForm(WidgetForm):
    """A text, written here or the value of a property."""

    steering = ("source", "blueprint")
    wide = (*WidgetForm.wide, "markdown")

    source = ChoiceField(label=_("Shows"), required=True)
    markdown = TextField(
        label=_("Text"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "true"}),
        help_text=_("Markdown. {{ .user.firstName }} and the like stand for whoever reads it."),
    )
    blueprint = ChoiceField(label=_("Blueprint"), required=True)
    entity = TextField(label=_("Entity"), required=True, max_length=1_000)
    property = SubjectField(label=_("Property"), required=True)

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        stored = self.stored
        return {
            **super().read(),
            "source": "property" if stored.get("source") == "property" else "custom",
            "markdown": stored.get("markdown") or "",
            "blueprint": stored.get("blueprintIdentifier"),
            "entity": stored.get("entityIdentifier") or stored.get("entity"),
            "property": stored.get("propertyIdentifier"),
        }

    def build(self) -> None:
        """Ask for a text, or for whose property it is."""
        sources = [("custom", _("A text written here")), ("property", _("A property of an entity"))]
        self.fields["source"].offer(sources, stored=str(self.initial["source"]))
        if self.chosen("source") != "property":
            self.leave_out("blueprint", "entity", "property")
            return
        self.leave_out("markdown")
        self.offer_blueprints()
        self.fields["entity"].widget = EntityInput(self.desk, self.chosen("blueprint"))
        properties = self.about.properties.values() if self.about else ()
        texts = [(prop.identifier, prop.title) for prop in properties if not prop.is_number]
        self.offer_subjects("property", [(gettext("Properties"), texts)] if texts else [])

    def write(self, widget: Widget, name: str, value: Any) -> None:
        """Write the field by the name that documents have for it."""
        if name == "markdown":
            widget[name] = value
        elif name in ("blueprint", "entity", "property"):
            widget[f"{name}Identifier"] = value
        else:
            super().write(widget, name, value)


class LinksForm(WidgetForm):
    """Links."""

    wide = (*WidgetForm.wide, "links")

    links = RowsField(LINKS, label=_("Links"))

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        return super().read() | {"links": rows_of(self.stored.get("links"), LINKS)}

    def clean_links(self) -> list[dict[str, Any]]:
        """Refuse addresses that would not be links: a page leads only where it is safe."""
        rows: list[dict[str, Any]] = self.cleaned_data["links"]
        wrong = [row["url"] for row in rows if link(row["url"]).kind is not Kind.LINK]
        if wrong and "links" in self.changed_data:
            raise forms.ValidationError(
                gettext("'%(url)s' is no address that can be linked; begin it with https://")
                % {"url": wrong[0]}
            )
        return rows

    def write(self, widget: Widget, name: str, value: Any) -> None:
        """Write the field."""
        if name == "links":
            widget[name] = stored_rows(self.stored.get(name), value)
        else:
            super().write(widget, name, value)


class FrameForm(WidgetForm):
    """A page of another site."""

    wide = (*WidgetForm.wide, "url")

    url = TextField(label=_("Address"), required=True, max_length=2_000, strip=True)

    def read(self) -> dict[str, Any]:
        """Return the fields of what is stored."""
        return super().read() | {"url": self.stored.get("url") or ""}

    def build(self) -> None:
        """Tell which sites may be shown, and who says so."""
        hosts = ", ".join(settings.TIDEMARK_FRAME_HOSTS)
        allowed = gettext("Sites that may be shown: %(hosts)s.") % {"hosts": hosts}
        none = gettext(
            "No site may be shown yet: whoever runs this Tidemark allows them by %(name)s, for "
            "example %(name)s=grafana.example.com. Until then, put a link on the dashboard."
        ) % {"name": FRAMES_SETTING}
        self.fields["url"].help_text = allowed if hosts else none

    def clean_url(self) -> str:
        """Refuse a site that may not be shown."""
        url: str = self.cleaned_data["url"]
        if "url" in self.changed_data:
            try:
                frame_of({"url": url})
            except Undrawable as error:
                told = str(error).removeprefix("url: ")
                raise forms.ValidationError(f"{told[:1].upper()}{told[1:]}.")
        return url
