"""The form of an entity, generated from the schema of its blueprint.

Fields are named as the paths of faults are: ``properties.tier``, ``relations.system``, ``team``.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.urls import reverse_lazy
from unfold.widgets import (
    UnfoldAdminAutocompleteModelChoiceFieldWidget,
    UnfoldAdminMultipleAutocompleteModelChoiceFieldWidget,
)

from catalog.blueprints import BlueprintSpec
from catalog.forms import OperationForm, free_identifier, short_text
from catalog.forms_properties import field_of
from catalog.models import OWNERSHIP, TEAM, Blueprint, Entity, EntityRelation
from catalog.operations import UNSET, EntityDraft

Labels = Mapping[str, Mapping[str, str]]


class EntityField(forms.Field):
    """Entities of one blueprint by identifier, found by typing: there may be many thousands.

    `labels` names those that are chosen already, as the page shows them before anybody types.
    """

    def __init__(
        self, *, target: str, is_many: bool, labels: Mapping[str, str], **kwargs: Any
    ) -> None:
        self.is_many, self.labels = is_many, labels
        widget = (
            UnfoldAdminMultipleAutocompleteModelChoiceFieldWidget
            if is_many
            else UnfoldAdminAutocompleteModelChoiceFieldWidget
        )
        address = reverse_lazy("admin:catalog_entity_choices", args=[target])
        super().__init__(widget=widget(attrs={"data-ajax--url": address}), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Return an identifier or None, or a list of identifiers."""
        return [item for item in value if item] if self.is_many else value or None

    def prepare_value(self, value: Any) -> Any:
        """Return the value, and let the widget hold an option for each of its identifiers."""
        chosen = value if isinstance(value, list) else [value] if value else []
        self.widget.choices = [(item, self.labels.get(item, item)) for item in chosen]
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare without order, which relations do not have."""
        if self.is_many:
            return sorted(initial or []) != sorted(data or [])
        return (initial or None) != (data or None)


class EntityForm(OperationForm):
    """What every entity has. `entity_form` adds the fields of a blueprint."""

    blueprint: Blueprint

    class Meta:
        model = Entity
        fields = ("identifier", "title", "icon")
        widgets = {"identifier": short_text(), "title": short_text(), "icon": short_text()}
        help_texts = {
            "identifier": "Letters, digits and @ _ . + : \\ / = - . It cannot be changed later.",
            "title": "Empty: the identifier.",
        }

    def clean_identifier(self) -> str:
        """Refuse an identifier that is taken: saving would change the other entity."""
        return free_identifier(self, Entity.objects.filter(blueprint=self.blueprint))

    def draft(self) -> EntityDraft:
        """Return what the form asks for: of a stored entity only what was edited."""
        data = self.cleaned_data
        # A new entity also says which defaults were cleared.
        named = data.keys() if self.instance.pk is None else self.changed_data
        return EntityDraft(
            identifier=self.instance.identifier or data["identifier"],
            title=data["title"] if "title" in named else UNSET,
            icon=data["icon"] if "icon" in named else UNSET,
            properties=self._section("properties.", named),
            relations=self._section("relations.", named),
            team=data["team"] if "team" in named else UNSET,
        )

    def _section(self, prefix: str, named: Any) -> dict[str, Any]:
        return {
            name.removeprefix(prefix): self.cleaned_data[name]
            for name in named
            if name.startswith(prefix)
        }


def entity_form(
    spec: BlueprintSpec,
    *,
    blueprint: Blueprint,
    entity: Entity | None,
    hidden: Collection[str] = (),
) -> type[EntityForm]:
    """Return the form class for one entity of a blueprint, or for a new one.

    It leaves out relations to the blueprints that are hidden from who fills it in.
    """
    stored = entity.properties if entity else {}
    labels = _labels(entity)
    fields: dict[str, Any] = {
        f"properties.{key}": field_of(
            key,
            definition,
            is_required=key in spec.schema["required"],
            value=stored.get(key) if entity else definition.get("default"),
        )
        for key, definition in spec.properties.items()
    }
    for key in spec.written_relations:
        relation = spec.relations[key]
        if relation.target in hidden:
            continue
        fields[f"relations.{relation.identifier}"] = _relation_field(
            target=relation.target,
            is_many=relation.is_many,
            labels=labels.get(relation.identifier, {}),
            label=relation.title,
            required=relation.is_required,
        )
    if spec.ownership is not None and not spec.ownership.is_inherited:
        fields["team"] = _relation_field(
            target=TEAM,
            is_many=True,
            labels=labels.get(OWNERSHIP, {}),
            label=spec.ownership.title,
            required=False,
        )
    return type("GeneratedEntityForm", (EntityForm,), {"blueprint": blueprint, **fields})


def _relation_field(*, is_many: bool, labels: Mapping[str, str], **kwargs: Any) -> EntityField:
    chosen = list(labels)
    initial = chosen if is_many else next(iter(chosen), None)
    return EntityField(is_many=is_many, labels=labels, initial=initial, **kwargs)


def _labels(entity: Entity | None) -> Labels:
    """Return the titles of everything that an entity points at: relation -> identifier -> title."""
    labels: dict[str, dict[str, str]] = {}
    if entity is not None:
        rows = EntityRelation.objects.from_sources([entity.pk]).select_related("target")
        for row in rows.defer("target__properties", "target__facts", "target__computed"):
            labels.setdefault(row.relation, {})[row.target.identifier] = label_of(row.target)
    return labels


def label_of(entity: Entity) -> str:
    """Return how choices show an entity."""
    is_plain = entity.title in ("", entity.identifier)
    return entity.identifier if is_plain else f"{entity.title} ({entity.identifier})"
