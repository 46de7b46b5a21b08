"""Changing many rows of a table at once: what is chosen, what is to be done, and what it touches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Count
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog import registry
from catalog.blueprints import BlueprintSpec
from catalog.forms_properties import field_of
from catalog.models import OWNERSHIP, TEAM, Blueprint, Entity, EntityRelation
from catalog.operations import MOST_CHOSEN, delete_chosen, set_owners, set_property
from portal.dashboards.querystring import QueryString
from portal.dashboards.table import Table
from portal.permissions import Actor

DELETE, OWNER, PROPERTY = "delete", "team", "property."
MOST_NAMED = 20
MOST_TOUCHED = 10
ADD, REPLACE = "add", "replace"


class Refused(Exception):  # noqa: N818 - it is caught one call up, never seen as an error
    """What was asked for cannot be done; the message says why, and the way out."""


@dataclass(frozen=True)
class Chosen:
    """The entities that a change is about; `gone` of those that were named are not there."""

    ids: list[int]
    gone: int = 0

    @property
    def text(self) -> str:
        """Return the ids as the confirmation sends them back: those that were shown, no others."""
        return ",".join(map(str, self.ids))


def chosen_in(data: QueryDict, blueprint: Blueprint, table: Table | None) -> Chosen:
    """Return what a form names: rows, or with `table` all that pass its filters; raises `Refused`."""
    entities = Entity.objects.filter(blueprint=blueprint)
    if table is not None:
        if any(item.fault for item in table.applied):
            raise Refused(_("A filter of this table is not understood; take it away first."))
        entities = table.filterset.qs
        wanted = None
    else:
        named = [*data.getlist("id"), *data.get("ids", "").split(",")]
        # No database looks for a number that does not fit its keys.
        wanted = {int(text) for text in named if text.isdecimal() and len(text) < 16}
        _require_few(len(wanted))
        entities = entities.filter(pk__in=wanted)
    ids = list(entities.order_by("pk").values_list("pk", flat=True)[: MOST_CHOSEN + 1])
    if table is not None and len(ids) > MOST_CHOSEN:
        _require_few(table.total)
    if not ids:
        raise Refused(_("Choose rows first: tick the boxes beside their names."))
    return Chosen(ids, gone=len(wanted) - len(ids) if wanted is not None else 0)


def _require_few(count: int) -> None:
    if count > MOST_CHOSEN:
        message = _("{count} are chosen, and {most} can be changed at once: narrow the filters.")
        raise Refused(message.format(count=f"{count:,}", most=f"{MOST_CHOSEN:,}"))


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
    with_dependents = forms.BooleanField(
        label=gettext_lazy("Delete what requires them as well, and what requires that"),
        required=False,
    )

    def apply(
        self, *, blueprint: Blueprint, entity_ids: Sequence[int], by: Actor, now: datetime
    ) -> str:
        """Delete them, with what requires them if that was said."""
        count = delete_chosen(
            blueprint=blueprint,
            entity_ids=entity_ids,
            delete_dependents=self.cleaned_data["with_dependents"],
            by=by,
            now=now,
        )
        return ngettext("{count} entity was deleted.", "{count} entities were deleted.", count).format(
            count=f"{count:,}"
        )


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
        form.fields["team"].choices = [(name, title or name) for name, title in teams]
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
    kind = type("OnePropertyChange", (PropertyChange,), {"key": key, "title": title, "value": field})
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


@dataclass(frozen=True)
class Touched:
    """Entities of a kind that point at some of the chosen by a relation; they may require them."""

    kind: str
    relation: str
    count: int
    is_required: bool


def touched_by(entity_ids: Sequence[int]) -> list[Touched]:
    """Return what points at entities from elsewhere, the most first."""
    rows = EntityRelation.objects.filter(target__in=entity_ids).exclude(source__in=entity_ids)
    counts = rows.order_by().values_list("source__blueprint__identifier", "relation")
    specs = registry.graph().specs
    found = [
        _touched(specs[blueprint], relation, count)
        for blueprint, relation, count in counts.annotate(Count("source", distinct=True))
        if blueprint in specs
    ]
    return sorted(found, key=lambda item: (not item.is_required, -item.count, item.kind))


def _touched(spec: BlueprintSpec, relation: str, count: int) -> Touched:
    kind = str(spec.document.get("title") or spec.identifier)
    if relation == OWNERSHIP:
        return Touched(kind, _("Owner"), count, is_required=False)
    known = spec.relations.get(relation)
    is_required = known is not None and known.is_required
    return Touched(kind, known.title if known else relation, count, is_required)


@dataclass(frozen=True)
class BulkPage:
    """What the confirmation shows."""

    blueprint: Blueprint
    action: str
    change: Change
    chosen: Chosen
    names: list[str]
    touched: list[Touched]
    query: QueryString
    faults: list[str]

    @property
    def more(self) -> int:
        """Return how many are not named."""
        return len(self.chosen.ids) - len(self.names)


def bulk_page(
    *,
    blueprint: Blueprint,
    action: str,
    change: Change,
    chosen: Chosen,
    query: QueryString,
    faults: Iterable[str] = (),
) -> BulkPage:
    """Return the page that asks whether to do it."""
    rows = Entity.objects.filter(pk__in=chosen.ids).only("title", "identifier")
    return BulkPage(
        blueprint=blueprint,
        action=action,
        change=change,
        chosen=chosen,
        names=[str(row) for row in rows.order_by("title", "id")[:MOST_NAMED]],
        touched=touched_by(chosen.ids)[:MOST_TOUCHED] if change.is_deletion else [],
        query=query,
        faults=list(faults),
    )
