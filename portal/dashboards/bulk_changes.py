"""What can be done to many rows at once, each as a form that asks for what it needs and does it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.forms_properties import field_of
from catalog.models import TEAM, Blueprint, Deleted, Entity
from catalog.operations import delete_chosen, set_owners, set_property
from catalog.trash import new_batch
from portal.permissions import Actor

DELETE, OWNER, PROPERTY = "delete", "team", "property."
ADD, REPLACE = "add", "replace"


class Refused(Exception):  # noqa: N818 - it is caught one call up, never seen as an error
    """What was asked for cannot be done; the message says why, and the way out."""


class Change(forms.Form):
    """What is to be done to the chosen entities. Subclasses say what, and do it."""

    title = ""
    is_deletion = False

    def apply(
        self, *, blueprint: Blueprint, entity_ids: Sequence[int], by: Actor, now: datetime
    ) -> str:
        """Do it, and return what was done; raises `catalog.errors.CatalogError`."""
        raise NotImplementedError


class OwnerChange(Change):
    """Give them a team."""

    title = gettext_lazy("Set the owner")
    team = forms.ChoiceField(
        label=gettext_lazy("Team"), widget=forms.Select(attrs={"class": "input"})
    )
    how = forms.ChoiceField(
        label=gettext_lazy("Present owners"),
        choices=[
            (ADD, gettext_lazy("stay, the team is added")),
            (REPLACE, gettext_lazy("go, the team takes their place")),
        ],
        widget=forms.Select(attrs={"class": "input"}),
    )

    def apply(
        self, *, blueprint: Blueprint, entity_ids: Sequence[int], by: Actor, now: datetime
    ) -> str:
        """Set the owners."""
        count = set_owners(
            blueprint=blueprint,
            entity_ids=entity_ids,
            teams=[self.cleaned_data["team"]],
            keep_others=self.cleaned_data["how"] == ADD,
            by=by,
            now=now,
        )
        return _changed(count)


class PropertyChange(Change):
    """Give a property a value. `key` names it."""

    key = ""

    def apply(
        self, *, blueprint: Blueprint, entity_ids: Sequence[int], by: Actor, now: datetime
    ) -> str:
        """Set the value; nothing takes it away."""
        count = set_property(
            blueprint=blueprint,
            entity_ids=entity_ids,
            key=self.key,
            value=self.cleaned_data["value"],
            by=by,
            now=now,
        )
        return _changed(count)


class Deletion(Change):
    """Delete them."""

    title = gettext_lazy("Delete")
    is_deletion = True
    # Taken away where nothing requires them.
    with_dependents = forms.BooleanField(
        label=gettext_lazy("Delete what requires them as well, and what requires that"),
        required=False,
    )

    def apply(
        self, *, blueprint: Blueprint, entity_ids: Sequence[int], by: Actor, now: datetime
    ) -> str:
        """Delete them, with what requires them if that was said."""
        batch = new_batch()
        count = delete_chosen(
            blueprint=blueprint,
            entity_ids=entity_ids,
            delete_dependents=self.cleaned_data["with_dependents"],
            by=by,
            now=now,
            batch=batch,
        )
        done = ngettext(
            "{count} entity was deleted.", "{count} entities were deleted.", count
        ).format(count=f"{count:,}")
        if not Deleted.objects.of_batch(batch).exists():
            return done
        address = reverse("undo", args=[batch])
        return format_html('{} <a href="{}">{}</a>', done, address, _("Undo"))

    @property
    def notice(self) -> str:
        """Say for how long they can be had back."""
        days = settings.TIDEMARK_KEEP_DELETED_DAYS
        if not days:
            return _(
                "What is deleted is gone, with its levels and the history of its levels; the audit "
                "log keeps what it was."
            )
        return ngettext(
            "What is deleted can be restored for {days} day, with its levels and their history.",
            "What is deleted can be restored for {days} days, with its levels and their history.",
            days,
        ).format(days=f"{days:,}")


def _changed(count: int) -> str:
    if not count:
        return _("Nothing changed: all of them were so already.")
    return ngettext("{count} entity was changed.", "{count} entities were changed.", count).format(
        count=f"{count:,}"
    )


def actions_of(blueprint: Blueprint) -> list[tuple[str, str]]:
    """Return what can be done to rows of a table, with what menus call it. No query.

    Nothing to those of our own blueprints: who is a person or a team decides over access.
    """
    if blueprint.is_system:
        return []
    owner = [(OWNER, _("Set the owner"))] if _has_owners(blueprint) else []
    properties = [
        (f"{PROPERTY}{key}", _("Set {title}").format(title=definition.get("title") or key))
        for key, definition in blueprint.schema.get("properties", {}).items()
    ]
    return [*owner, *properties, (DELETE, _("Delete"))]


def _has_owners(blueprint: Blueprint) -> bool:
    return bool(blueprint.ownership) and blueprint.ownership.get("type") != "Inherited"


def change_of(action: str, blueprint: Blueprint, data: QueryDict | None) -> Change:
    """Return the form of an action, filled with `data` if any; raises `Refused`."""
    if action == DELETE:
        return Deletion(data)
    if action == OWNER and _has_owners(blueprint):
        form = OwnerChange(data)
        teams = Entity.objects.of(TEAM).order_by("title", "id").values_list("identifier", "title")
        named = [(name, title or name) for name, title in teams]
        form.fields["team"].choices = [("", _("Choose a team")), *named]
        return form
    definition = blueprint.schema.get("properties", {}).get(action.removeprefix(PROPERTY))
    if action.startswith(PROPERTY) and definition:
        return _property_change(action.removeprefix(PROPERTY), definition, data)
    raise Refused(_("Choose what is to be done."))


def _property_change(
    key: str, definition: Mapping[str, Any], data: QueryDict | None
) -> PropertyChange:
    field = field_of(key, definition, is_required=False, value=None)
    field.widget = _plain(field)
    title = _("Set {title}").format(title=definition.get("title") or key)
    kind = type(
        "OnePropertyChange", (PropertyChange,), {"key": key, "title": title, "value": field}
    )
    return kind(data)


def _plain(field: forms.Field) -> forms.Widget:
    """Return a widget of the pages: those of the admin have its looks."""
    attrs = {"class": "input"}
    match field:
        case forms.ChoiceField():
            return forms.Select(attrs, choices=field.choices)
        case forms.SplitDateTimeField():
            dates, times = {**attrs, "type": "date"}, {**attrs, "type": "time"}
            return forms.SplitDateTimeWidget(date_attrs=dates, time_attrs=times)
    if isinstance(field.widget, forms.Textarea):
        return forms.Textarea({**attrs, "rows": 5})
    return forms.TextInput(attrs)
