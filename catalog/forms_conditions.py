"""The form field for conditions: rows of property, operator and value, and the same as JSON.

Both sides are sent; the one that was edited counts. A script keeps them in step and says which
side that was. Without it each side is compared with what the page showed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from catalog.computed.graph import CatalogGraph
from catalog.conditions import OPERATORS, PRESETS, ConditionError, parse
from catalog.facts import same
from catalog.forms_rows import Row, Subjects, Table, Unreadable, query_of, table_of
from catalog.forms_subjects import GROUPS, subjects_of

BLANK_ROWS = 2
TOO_DEEP = "This is nested too deeply; flatten it."
CONTRADICTION = (
    "The rows and the JSON were both edited and say different things; change one of them."
)


@dataclass(frozen=True)
class Sent:
    """What a browser sent: both sides, what the page had shown, and the side edited if known."""

    text: str
    shown: str
    edited: str
    table: Table | None

    def query(self, subjects: Subjects) -> Any:
        """Return what was meant; raises `ValueError` or `Unreadable` where that cannot be read."""
        if self._is_side("rows", subjects):
            return query_of(self.table or Table("and", ()), subjects)
        return read_json(self.text)

    def _is_side(self, side: str, subjects: Subjects) -> bool:
        if self.edited:
            return self.edited == side
        try:
            shown = read_json(self.shown)
        except ValueError:
            # The page showed what could not be read, so it had no rows for it either.
            return False
        is_table_new = self._is_other_table(shown, subjects)
        is_text_new = self.text.strip() != self.shown.strip() and not _is_same(self.text, shown)
        if is_table_new and is_text_new and not self._agrees(subjects):
            raise ValueError(CONTRADICTION)
        return is_table_new

    def _is_other_table(self, shown: Any, subjects: Subjects) -> bool:
        before = table_of(shown, subjects)
        return self.table is not None and before is not None and self.table.filled() != before

    def _agrees(self, subjects: Subjects) -> bool:
        return _is_same(self.text, query_of(self.table or Table("and", ()), subjects))


def read_json(text: str) -> Any:
    """Return what a JSON text says, None if it is empty; raises `ValueError` with the place."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"This is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def pretty(value: Any) -> str:
    """Return JSON the way people read it."""
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)


def plain(value: Any) -> str:
    """Return a value the way people write it: texts without quotes, the rest as JSON."""
    return value if isinstance(value, str) else pretty(value)


def _is_same(text: str, value: Any) -> bool:
    try:
        return same(read_json(text), value)
    except ValueError:
        return False


class ConditionWidget(forms.Widget):
    """Rows and JSON. `subjects` is what rows can be about; forms set it before they render."""

    template_name = "admin/tidemark/condition.html"

    class Media:
        js = ("admin_tidemark/conditions.js",)

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__(dict(attrs or {}))
        self.subjects: Subjects = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Sent:
        """Return both sides as sent; rows are parallel lists in the order of the page."""
        keys, operators, texts = (
            data.getlist(f"{name}-{part}") for part in ("property", "operator", "value")
        )
        rows = tuple(Row(*parts) for parts in zip(keys, operators, texts, strict=False))
        combinator = data.get(f"{name}-combinator")
        return Sent(
            text=data.get(name, ""),
            shown=data.get(f"{name}-shown", ""),
            edited=data.get(f"{name}-edited", ""),
            table=Table("or" if combinator == "or" else "and", rows) if combinator else None,
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Say whether the form that was sent does not have this field at all."""
        return name not in data

    def id_for_label(self, id_: str) -> str:
        """Return no id: the widget is a group of controls, labelled by its legend."""
        return ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the rows, with blank ones to fill in, and the JSON behind a fold."""
        text, table = self._sides(value)
        filled = table.filled() if table else Table("and", ())
        context = {
            "name": name,
            "id": (attrs or {}).get("id") or f"id_{name}",
            "label": self.attrs.get("aria-label", name),
            "text": text,
            "is_json_only": table is None,
            "is_folded": not self.is_required and not text and not filled.rows,
            "combinator": filled.combinator,
            "rows": [*filled.rows, *[Row()] * BLANK_ROWS] if table else [],
            "blank": Row(),
            "groups": self._groups(filled),
            "operators": OPERATORS.values(),
        }
        return mark_safe(render_to_string(self.template_name, context))  # noqa: S308 - a template

    def _sides(self, value: Any) -> tuple[str, Table | None]:
        if not isinstance(value, Sent):
            return pretty(value), table_of(value, self.subjects)
        try:
            query = value.query(self.subjects)
        except Unreadable:
            return value.text, value.table
        except ValueError:
            return value.text, value.table if value.edited == "rows" else None
        return pretty(query), table_of(query, self.subjects)

    def _groups(self, table: Table) -> dict[str, list[tuple[str, str]]]:
        groups: dict[str, list[tuple[str, str]]] = {name: [] for name in GROUPS}
        for subject in self.subjects.values():
            groups[subject.group].append((subject.key, subject.title))
        unknown = dict.fromkeys(row.key for row in table.rows if row.key not in self.subjects)
        groups["Unknown here"] = [(key, key) for key in unknown if key]
        return {name: options for name, options in groups.items() if options}


class ConditionField(forms.Field):
    """A query, or None where nothing was said. `at` is where the paths of faults start."""

    widget = ConditionWidget

    def __init__(self, *, at: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.at = at
        self.widget.attrs["aria-label"] = self.label or at

    def clean(self, value: Sent) -> dict[str, Any] | None:
        """Return the query; every fault is a message that starts with its path."""
        try:
            query = value.query(self.widget.subjects)
        except Unreadable as error:
            raise ValidationError(error.messages) from None
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if query is None:
            if self.required:
                raise ValidationError("Add at least one condition.")
            return None
        try:
            parse(query, path=self.at)
        except ConditionError as error:
            raise ValidationError(
                [f"{item.path}: {item.message}" for item in error.faults]
            ) from None
        return query

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether what was sent means something else than what was stored."""
        try:
            return not same(initial or None, data.query(self.widget.subjects))
        except (ValueError, Unreadable):
            return True


def script_data(graph: CatalogGraph) -> dict[str, Any]:
    """Return what the script needs: subjects by blueprint, the operators and the presets."""
    return {
        "subjects": {
            name: [item.as_json() for item in subjects_of(graph, [name]).values()]
            for name in graph.specs
        },
        "groups": GROUPS,
        "operators": [
            {
                "token": row.token,
                "label": row.label,
                "operand": row.operand,
                "types": sorted(row.types),
            }
            for row in OPERATORS.values()
        ],
        "presets": {preset.token: preset.label for preset in PRESETS.values()},
    }
