"""Forms of the admin whose saving is an operation, and that of blueprints.

Such a form never writes. It says what is wanted; the operation checks it, and its faults come back
to be shown at the fields that they name (see `catalog.admin_operations`).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from catalog.errors import Fault
from catalog.forms_conditions import TOO_DEEP, pretty
from catalog.models import Blueprint


def place_faults(form: forms.BaseForm, faults: Iterable[Fault]) -> None:
    """Show each fault at the field that its path starts with, or above the form where none does."""
    for fault in faults:
        field = _field_of(form, fault.path)
        is_plain = field == fault.path or not fault.path
        form.add_error(field, fault.message if is_plain else f"{fault.path}: {fault.message}")


def _field_of(form: forms.BaseForm, path: str) -> str | None:
    names = [
        name for name in form.fields if path == name or path.startswith((f"{name}.", f"{name}["))
    ]
    return max(names, key=len, default=None)


class OperationForm(forms.ModelForm):
    """A form that leaves its instance alone. `faults` is what the operation refused last time."""

    faults: tuple[Fault, ...] = ()

    def _post_clean(self) -> None:
        place_faults(self, self.faults)

    def save(self, commit: bool = True) -> Any:
        """Return the instance as it is; the operation writes."""
        return self.instance

    def save_m2m(self) -> None:
        """Write nothing; the operation writes."""


class TextField(forms.CharField):
    """A text of several lines, with the line ends that are stored: browsers send others."""

    def to_python(self, value: Any) -> Any:
        """Return the text with plain line ends."""
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


class JSONTextField(forms.CharField):
    """JSON as people edit it: indented, and refused with the line where it breaks."""

    def __init__(self, *, rows: int = 8, **kwargs: Any) -> None:
        attrs = {"rows": rows, "class": "tm-json", "spellcheck": "false"}
        kwargs.setdefault("required", False)
        super().__init__(widget=UnfoldAdminTextareaWidget(attrs=attrs), **kwargs)

    def prepare_value(self, value: Any) -> str:
        """Return the text to edit; what a browser sent stays as it is."""
        return value if isinstance(value, str) else pretty(value)

    def to_python(self, value: Any) -> Any:
        """Return the JSON value, None where nothing is written."""
        if not isinstance(value, str) or not value.strip():
            return None
        try:
            return json.loads(value, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            raise forms.ValidationError(
                f"This is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
            ) from None
        except RecursionError:
            raise forms.ValidationError(TOO_DEEP) from None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def run_validators(self, value: Any) -> None:
        """Skip the checks for texts; the operation checks the value."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether the text means something else than what was stored."""
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; leave it out or write it as text.")


def short_text(**attrs: Any) -> UnfoldAdminTextInputWidget:
    """Return the widget for one line of text."""
    return UnfoldAdminTextInputWidget(attrs=attrs)


SECTIONS: Mapping[str, tuple[str, int, str]] = {
    "schema": (
        "Properties",
        16,
        'JSON Schema: <code>{"properties": {"tier": {"type": "string", "enum": ["1", "2"]}}, '
        '"required": ["tier"]}</code>. Types: string, number, boolean, object, array; formats such '
        "as date-time, url, email, markdown.",
    ),
    "relations": (
        "Relations",
        8,
        '<code>{"system": {"target": "system", "title": "System", "required": false, '
        '"many": false}}</code>. The target is the identifier of a blueprint.',
    ),
    "mirror_properties": (
        "Mirror properties",
        6,
        'Values of related entities: <code>{"domain": {"path": "system.domain"}}</code>, a path of '
        "relations that ends in a property.",
    ),
    "calculation_properties": (
        "Calculation properties",
        10,
        'jq over the entity: <code>{"label": {"calculation": ".identifier + \\"!\\"", '
        '"type": "string"}}</code>. Properties stand under <code>.properties</code>.',
    ),
    "aggregation_properties": (
        "Aggregation properties",
        10,
        'Numbers over related entities: <code>{"deploys": {"target": "deployment", '
        '"calculationSpec": {"func": "count", "calculationBy": "entities"}}}</code>. Over one of '
        'their properties: <code>{"func": "p90", "calculationBy": "property", "property": "hours"}'
        "</code>, or sum, average, min, max, median, p50, p75, p90 or p95.",
    ),
    "ownership": (
        "Ownership",
        4,
        '<code>{"type": "Direct"}</code>: each entity names its teams. <code>{"type": "Inherited", '
        '"path": "service"}</code>: they are those of a related entity. Empty: nobody owns these.',
    ),
}


class BlueprintForm(OperationForm):
    """A blueprint document: texts, and its sections as JSON."""

    class Meta:
        model = Blueprint
        fields = ("identifier", "title", "description", "icon", *SECTIONS)

    (
        schema,
        relations,
        mirror_properties,
        calculation_properties,
        aggregation_properties,
        ownership,
    ) = (
        JSONTextField(label=label, rows=rows, help_text=text)
        for label, rows, text in SECTIONS.values()
    )

    def clean_identifier(self) -> str:
        """Refuse an identifier that is taken: saving would replace the other blueprint."""
        return free_identifier(self, Blueprint.objects.all())

    def definition(self) -> dict[str, Any]:
        """Return the blueprint document that the form describes."""
        data = self.cleaned_data
        identifier = self.instance.identifier or data["identifier"]
        texts = {name: data[name] for name in ("title", "description", "icon")}
        sections = {name: {} if data[name] is None else data[name] for name in SECTIONS}
        return {"identifier": identifier, **texts, **sections, "ownership": data["ownership"]}


def free_identifier(form: forms.ModelForm, taken: Any) -> str:
    """Return the identifier of a new object; raises `ValidationError` where it is taken."""
    identifier = form.cleaned_data["identifier"]
    if taken.filter(identifier=identifier).exists():
        raise forms.ValidationError("This identifier is taken; choose another one.")
    return identifier
