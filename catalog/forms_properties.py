"""Form fields for the properties of a blueprint: typed as its schema says, but lenient.

The fields read what people type into JSON values. Whether a value fits the schema is checked by
the operation, so that every surface gives the same answer.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.html import conditional_escape
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.facts import timestamp
from catalog.forms import JSONTextField, TextField

LONG_FORMATS = frozenset({"markdown", "yaml", "proto"})
MOMENT_FORMATS = frozenset({"date-time", "timer"})
Definition = Mapping[str, Any]


class OptionalText(TextField):
    """A text; an empty one is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(empty_value=None, **kwargs)


class NumberField(forms.CharField):
    """A number: whole ones stay whole, as JSON tells 3 from 3.5."""

    def to_python(self, value: Any) -> Any:
        """Return the number, or None where nothing is written."""
        text = super().to_python(value).strip()
        if not text:
            return None
        try:
            number = json.loads(text)
        except (ValueError, RecursionError):
            number = None
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise forms.ValidationError("Enter a number.")
        return number

    def run_validators(self, value: Any) -> None:
        """Skip the checks for texts; the operation checks the value."""


class ChoicesField(forms.TypedChoiceField):
    """One of some JSON values, told apart by how JSON writes them."""

    def __init__(self, values: Iterable[tuple[Any, str]], **kwargs: Any) -> None:
        choices = [("", "No value"), *((json.dumps(value), label) for value, label in values)]
        super().__init__(
            choices=choices,
            coerce=json.loads,
            empty_value=None,
            widget=UnfoldAdminSelectWidget(),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        """Return the option that stands for a value; what a browser sent is one already."""
        if value is None or (isinstance(value, str) and self.valid_value(value)):
            return value
        return json.dumps(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether another option is chosen than the stored value's."""
        return (json.dumps(initial) if initial is not None else "") != (data or "")


class MomentField(forms.SplitDateTimeField):
    """A date and a time in UTC, stored as text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=UnfoldAdminSplitDateTimeWidget(), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the moment of a stored text."""
        return _moment(value) if isinstance(value, str) else value

    def compress(self, data_list: list[Any]) -> Any:
        """Return the text that is stored."""
        moment = super().compress(data_list)
        return timestamp(moment) if moment else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare to the second, which is what the form shows."""
        return bool(super().has_changed(_moment(initial), data))


class ListField(JSONTextField):
    """A list: one text a line, or JSON where it starts with a bracket."""

    def prepare_value(self, value: Any) -> str:
        """Return lines where lines can show the list, JSON elsewhere."""
        if isinstance(value, list) and all(map(_fits_a_line, value)):
            return "\n".join(value)
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        """Return the list, None where nothing is written."""
        if isinstance(value, str) and not value.strip().startswith("["):
            return [line.strip() for line in value.splitlines() if line.strip()] or None
        return super().to_python(value)


def _fits_a_line(item: Any) -> bool:
    is_text = isinstance(item, str) and item == item.strip() and item != ""
    return is_text and "\n" not in item and not item.startswith("[")


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        # Its offset may lead out of the calendar: the first morning of year 1 has no hour in UTC.
        return None


def field_of(name: str, definition: Definition, *, is_required: bool, value: Any) -> forms.Field:
    """Return the field for one property. `value` is what is stored, None if nothing is.

    A stored value that the typed field could not show is edited as JSON or text instead, so that
    nothing is lost by opening a form.
    """
    field = _maker(definition, value)(
        label=definition.get("title") or name,
        # The templates of the admin take help texts for markup.
        help_text=conditional_escape(definition.get("description") or ""),
        required=is_required,
    )
    field.initial = value
    return field


def _maker(definition: Definition, value: Any) -> Callable[..., forms.Field]:
    kind = definition["type"]
    if definition.get("format") == "labeled-url" or not _is_of(kind, value):
        return _json
    if definition.get("enum") and (value is None or value in definition["enum"]):
        return _one_of([(item, str(item)) for item in definition["enum"]])
    makers = {
        "boolean": _one_of([(True, "True"), (False, "False")]),
        "number": _number,
        "array": _list_of(definition),
        "string": _text_of(definition, value),
    }
    return makers.get(kind, _json)


def _is_of(kind: str, value: Any) -> bool:
    """Say whether a stored value, if there is any, has the type that the schema now says."""
    kinds = {"boolean": bool, "number": int | float, "array": list, "string": str, "object": dict}
    is_odd = isinstance(value, bool) and kind != "boolean"
    return value is None or (isinstance(value, kinds[kind]) and not is_odd)


def _one_of(values: list[tuple[Any, str]]) -> Callable[..., forms.Field]:
    return lambda **kwargs: ChoicesField(values, **kwargs)


def _number(**kwargs: Any) -> forms.Field:
    # Any number: without a step, browsers refuse fractions.
    return NumberField(widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}), **kwargs)


def _json(**kwargs: Any) -> forms.Field:
    return JSONTextField(rows=6, **kwargs)


def _list_of(definition: Definition) -> Callable[..., forms.Field]:
    items = definition.get("items") or {}
    if items.get("type", "string") != "string":
        return lambda **kwargs: _json(**_with_hint(kwargs, "A JSON list."))
    return lambda **kwargs: ListField(rows=4, **_with_hint(kwargs, "One a line."))


def _with_hint(kwargs: dict[str, Any], hint: str) -> dict[str, Any]:
    return {**kwargs, "help_text": f"{kwargs['help_text']} {hint}".strip()}


def _text_of(definition: Definition, value: Any) -> Callable[..., forms.Field]:
    format_ = definition.get("format")
    if format_ in MOMENT_FORMATS and (value is None or _moment(value)):
        return lambda **kwargs: MomentField(**_with_hint(kwargs, "In UTC."))
    if format_ in LONG_FORMATS or (isinstance(value, str) and "\n" in value):
        return lambda **kwargs: OptionalText(
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}), strip=False, **kwargs
        )
    widgets = {
        "url": UnfoldAdminTextInputWidget(attrs={"type": "url", "placeholder": "https://"}),
        "email": UnfoldAdminEmailInputWidget(),
        "idn-email": UnfoldAdminEmailInputWidget(),
    }
    widget = widgets.get(format_ or "", UnfoldAdminTextInputWidget())
    return lambda **kwargs: OptionalText(widget=widget, **kwargs)
