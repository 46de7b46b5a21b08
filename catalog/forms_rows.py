"""Between a query and rows of property, operator and text. Pure.

Rows show a query when it is one group of conditions whose values can be written as text; what they
cannot show is recognised by writing the rows back and comparing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.conditions import OPERATORS, PRESETS, ConditionError, Operand, ValueType, dump, parse
from catalog.facts import same
from catalog.forms_subjects import Subject

RELATION = "relation#"
Subjects = Mapping[str, Subject]


@dataclass(frozen=True)
class Row:
    """One condition as a form shows it: a key of the facts, an operator, and the value as text."""

    key: str = ""
    operator: str = ""
    text: str = ""

    @property
    def is_blank(self) -> bool:
        """Say whether nothing was chosen. An operator alone, as forms preselect one, is nothing."""
        return not self.key and not self.text.strip()


@dataclass(frozen=True)
class Table:
    """A query as rows."""

    combinator: str
    rows: tuple[Row, ...]

    def filled(self) -> "Table":
        """Return the table without its blank rows."""
        return Table(self.combinator, tuple(row for row in self.rows if not row.is_blank))


class Unreadable(Exception):  # noqa: N818 - it is caught one call up, never seen as an error
    """Rows that say nothing; `messages` has one sentence for each."""

    def __init__(self, messages: Sequence[str]) -> None:
        self.messages = list(messages)
        super().__init__("; ".join(self.messages))


def table_of(query: Any, subjects: Subjects) -> Table | None:
    """Return the rows that say the same as a query, or None where rows cannot say it."""
    if query is None:
        return Table("and", ())
    try:
        document = dump(parse(query))
    except ConditionError:
        return None
    if any("combinator" in leaf for leaf in document["conditions"]):
        return None
    rows = tuple(_row(leaf, subjects) for leaf in document["conditions"])
    table = Table(document["combinator"], rows)
    try:
        again = query_of(table, subjects)
    except Unreadable:
        return None
    return table if same(again, document) else None


def query_of(table: Table, subjects: Subjects) -> dict[str, Any] | None:
    """Return the query that filled rows say, None where there are none; raises `Unreadable`."""
    conditions, problems = [], []
    for number, row in enumerate(table.rows, 1):
        if row.is_blank:
            continue
        try:
            conditions.append(_leaf(row, subjects))
        except ValueError as error:
            problems.append(f"Row {number}: {error}")
    if problems:
        raise Unreadable(problems)
    return {"combinator": table.combinator, "conditions": conditions} if conditions else None


def _row(leaf: Mapping[str, Any], subjects: Subjects) -> Row:
    key = f"{RELATION}{leaf['relation']}" if "relation" in leaf else leaf["property"]
    text = _text(leaf["value"], _scalar_type(subjects.get(key))) if "value" in leaf else ""
    return Row(key, leaf["operator"], text)


def _leaf(row: Row, subjects: Subjects) -> dict[str, Any]:
    if not row.key:
        raise ValueError("choose a property")
    if row.operator not in OPERATORS:
        raise ValueError("choose an operator")
    side = "relation" if row.key.startswith(RELATION) else "property"
    leaf: dict[str, Any] = {side: row.key.removeprefix(RELATION), "operator": row.operator}
    operand = OPERATORS[row.operator].operand
    if operand is not Operand.NONE:
        leaf["value"] = _value(row.text.strip(), operand, subjects.get(row.key))
    return leaf


def _value(text: str, operand: Operand, subject: Subject | None) -> Any:
    if not text:
        raise ValueError("give a value to compare with")
    type_ = subject.type if subject else None
    scalar = _scalar_type(subject)
    if text in PRESETS and operand in (Operand.RANGE, Operand.VALUE) and _may_be_date(type_):
        return {"preset": text}
    match operand:
        case Operand.TEXT:
            return text
        case Operand.LIST:
            return _list(text, scalar)
        case Operand.RANGE:
            return _range(text, scalar)
        case Operand.VALUE if type_ in (ValueType.OBJECT, ValueType.ARRAY):
            return _whole(text, type_, scalar)
        case _:
            return _scalar(text, scalar)


def _may_be_date(type_: ValueType | None) -> bool:
    return type_ in (ValueType.DATE_TIME, None)


def _scalar_type(subject: Subject | None) -> ValueType | None:
    """Return the type of one value: that of a list's items where the subject is a list."""
    if subject is None or subject.type is ValueType.OBJECT:
        return None
    return subject.item if subject.type is ValueType.ARRAY else subject.type


def _whole(text: str, type_: ValueType, scalar: ValueType | None) -> Any:
    if type_ is ValueType.ARRAY:
        return _list(text, scalar)
    return _json(text, dict, 'write an object as JSON, such as {"name": 1}')


def _list(text: str, scalar: ValueType | None) -> list[Any]:
    if text.startswith("["):
        return _json(text, list, "this starts like a JSON list and is none; check the brackets")
    return [_scalar(part.strip(), scalar) for part in text.split(",") if part.strip()]


def _range(text: str, scalar: ValueType | None) -> dict[str, Any]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):
        raise ValueError(
            f"give two bounds with a comma between, or one of {', '.join(list(PRESETS)[3:9])}, ..."
        )
    start, end = (_scalar(part, scalar) for part in parts)
    return {"from": start, "to": end}


def _scalar(text: str, type_: ValueType | None) -> Any:
    match type_:
        case ValueType.STRING | ValueType.DATE_TIME:
            return text
        case ValueType.NUMBER:
            return _number(text)
        case ValueType.BOOLEAN:
            return _boolean(text)
        case _:
            return _guess(text)


def _number(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"'{text}' is not a number, as this property is")
    return value


def _boolean(text: str) -> bool:
    answers = {"true": True, "yes": True, "false": False, "no": False}
    if text.lower() not in answers:
        raise ValueError("write true or false")
    return answers[text.lower()]


def _guess(text: str) -> Any:
    """Return a number, a boolean or a quoted text for what looks like one; else the text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, bool | int | float | str) else text


def _json(text: str, kind: type, message: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(message) from None
    if not isinstance(value, kind):
        raise ValueError(message)
    return value


def _text(value: Any, scalar: ValueType | None) -> str:
    match value:
        case {"preset": token}:
            return str(token)
        case {"from": start, "to": end}:
            return f"{_text(start, scalar)}, {_text(end, scalar)}"
        case list():
            plain = ", ".join(_text(item, scalar) for item in value)
            return plain if plain and _reads_back(plain, value, scalar) else json.dumps(value)
        case str():
            is_plain = scalar is not None or _guess(value) == value
            return value if is_plain else json.dumps(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _reads_back(plain: str, value: list[Any], scalar: ValueType | None) -> bool:
    try:
        return same(_list(plain, scalar), value)
    except ValueError:
        return False
