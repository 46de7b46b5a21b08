"""A field of rows, such as thresholds or links: some columns, and blank rows to fill in.

A row says which stored one it came from, so that it keeps what its document says besides.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

BLANK_ROWS = 1
MOST_ROWS = 50
AT = "at"


@dataclass(frozen=True)
class Column:
    """One column: `choices` make it a list to choose from; `is_number` asks for a number."""

    key: str
    title: Any
    choices: Sequence[tuple[str, Any]] = ()
    is_number: bool = False
    is_required: bool = False
    is_colour: bool = False


class RowsWidget(forms.Widget):
    """Rows of inputs."""

    template_name = "dashboards/boards/_rows.html"

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = columns

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        """Return the rows as sent: parallel lists in the order of the page."""
        keys = [AT, *(column.key for column in self.columns)]
        lists = [data.getlist(f"{name}-{key}")[:MOST_ROWS] for key in keys]
        return [dict(zip(keys, parts, strict=True)) for parts in zip(*lists, strict=False)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Say whether the form that was sent does not have this field at all."""
        return f"{name}-{AT}" not in data

    def id_for_label(self, id_: str) -> str:
        """Return no id: the widget is a group of controls, labelled by its legend."""
        return ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the rows that say something, and a blank one."""
        rows = [row for row in value or [] if not _is_blank(row)]
        blanks = [dict.fromkeys([AT, *(column.key for column in self.columns)], "")] * BLANK_ROWS
        context = {
            "name": name,
            "columns": self.columns,
            "rows": [
                (row.get(AT, ""), [(column, row.get(column.key, "")) for column in self.columns])
                for row in [*rows, *blanks]
            ],
        }
        return mark_safe(render_to_string(self.template_name, context))  # noqa: S308 - a template


class RowsField(forms.Field):
    """Rows, each a mapping of texts and numbers, and `AT`, the place of the stored row or None."""

    def __init__(self, columns: Sequence[Column], **kwargs: Any) -> None:
        self.columns = columns
        super().__init__(required=False, widget=RowsWidget(columns), **kwargs)

    def clean(self, value: list[dict[str, str]]) -> list[dict[str, Any]]:
        """Return the rows that say something; every fault names its row."""
        rows, faults = [], []
        for number, sent in enumerate(_filled(value), 1):
            row: dict[str, Any] = {AT: int(sent[AT]) if _is_place(sent[AT]) else None}
            for column in self.columns:
                try:
                    row[column.key] = _value(column, sent[column.key])
                except ValueError as error:
                    faults.append(
                        _("Row %(number)s, %(column)s: %(message)s")
                        % {"number": number, "column": column.title, "message": error}
                    )
            rows.append(row)
        if faults:
            raise forms.ValidationError(faults)
        return rows

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what people see."""
        return _filled(initial or []) != _filled(data or [])


def rows_of(stored: Any, columns: Sequence[Column]) -> list[dict[str, str]]:
    """Return stored rows as texts for the form."""
    rows = stored if isinstance(stored, list) else []
    return [
        {AT: str(at), **{column.key: _text(row.get(column.key)) for column in columns}}
        for at, row in enumerate(rows)
        if isinstance(row, Mapping)
    ]


def stored_rows(stored: Any, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows to store, each with what the stored one said besides."""
    known = stored if isinstance(stored, list) else []
    result = []
    for row in rows:
        at = row[AT]
        before = known[at] if at is not None and at < len(known) else {}
        said = {key: value for key, value in row.items() if key != AT}
        kept = {key: value for key, value in before.items() if said.get(key, value) != ""}
        result.append(kept | {key: value for key, value in said.items() if value != ""})
    return result


def _filled(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [dict(row) for row in rows if not _is_blank(row)]


def _is_blank(row: Mapping[str, str]) -> bool:
    """Say whether nobody filled a row in; what lists preselect is nothing."""
    typed = {key: text for key, text in row.items() if key not in (AT, "operator", "color")}
    return not any(text.strip() for text in typed.values())


def _is_place(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6


def _value(column: Column, text: str) -> Any:
    text = text.replace("\x00", "").strip()
    if not text and not column.is_required:
        return ""
    if column.choices and text not in {value for value, _title in column.choices}:
        raise ValueError(_("choose one of the list"))
    if column.is_number:
        return _number(text)
    if not text:
        raise ValueError(_("is missing"))
    return text[:2_000]


def _number(text: str) -> int | float:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not isfinite(value):
        raise ValueError(_("give a number, such as 12 or 0.5"))
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
