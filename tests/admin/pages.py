"""Reading the forms of the admin the way a browser would, to send them back with edits."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpResponse

from catalog.forms_conditions import ConditionWidget

Data = dict[str, Any]


def fields_of(response: HttpResponse) -> Data:
    """Return what a browser sends when somebody presses save without touching anything."""
    data: Data = {}
    for form in _forms(response):
        for bound in form:
            data |= _sent(bound)
    return data


def _forms(response: HttpResponse) -> list[Any]:
    found = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        found += [inline.formset.management_form, *inline.formset.forms]
    return found


def _sent(bound: forms.BoundField) -> Data:
    widget, value = bound.field.widget, bound.value()
    if bound.field.disabled:
        return {}
    if isinstance(widget, ConditionWidget):
        return _condition(bound.html_name, widget, value)
    if isinstance(widget, forms.MultiWidget):
        parts = widget.decompress(value)
        shown = [part.format_value(item) for part, item in zip(widget.widgets, parts, strict=True)]
        return {f"{bound.html_name}_{index}": text or "" for index, text in enumerate(shown)}
    if isinstance(widget, forms.CheckboxInput):
        return {bound.html_name: "on"} if value else {}
    if isinstance(widget, forms.SelectMultiple | forms.CheckboxSelectMultiple):
        return {bound.html_name: [str(item) for item in value or []]}
    text = value() if callable(value) else value
    shown = widget.format_value(text) if not isinstance(widget, forms.Select) else text
    return {bound.html_name: "" if shown is None else shown}


def _condition(name: str, widget: ConditionWidget, value: Any) -> Data:
    text, table = widget._sides(value)
    data: Data = {name: text, f"{name}-shown": text, f"{name}-edited": ""}
    if table is not None:
        rows = table.filled().rows
        data |= {
            f"{name}-combinator": table.combinator,
            f"{name}-property": [*(row.key for row in rows), "", ""],
            f"{name}-operator": [*(row.operator for row in rows), "=", "="],
            f"{name}-value": [*(row.text for row in rows), "", ""],
        }
    # Browsers end lines with both characters.
    return {
        key: item.replace("\n", "\r\n") if isinstance(item, str) else item
        for key, item in data.items()
    }


def errors_of(response: HttpResponse) -> Mapping[str, list[str]]:
    """Return the messages that the page shows, by the name of the field; "" is above the form."""
    found: dict[str, list[str]] = {}
    for form in _forms(response):
        for name, messages in form.errors.items():
            key = form.add_prefix(name) if name != "__all__" else form.prefix or ""
            found[key] = list(messages)
    for inline in response.context["inline_admin_formsets"]:
        if inline.formset.non_form_errors():
            found[inline.formset.prefix] = list(inline.formset.non_form_errors())
    return found


def row_edit(data: Data, name: str, *, text: str, index: int = 0) -> Data:
    """Return the form's data with another value in one row of a condition."""
    texts = list(data[f"{name}-value"])
    texts[index] = text
    return {**data, f"{name}-value": texts}
