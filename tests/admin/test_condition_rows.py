"""Queries as rows of property, operator and text, and back."""

from typing import Any

import pytest

from catalog.conditions import ValueType
from catalog.facts import same
from catalog.forms_rows import Row, Table, Unreadable, query_of, table_of
from catalog.forms_subjects import COMPUTED, GIVEN, META, RELATIONS, Subject

SUBJECTS = {
    subject.key: subject
    for subject in (
        Subject("name", "Name", GIVEN, ValueType.STRING),
        Subject("count", "Count", GIVEN, ValueType.NUMBER),
        Subject("is_live", "Live", GIVEN, ValueType.BOOLEAN),
        Subject("tags", "Tags", GIVEN, ValueType.ARRAY, ValueType.STRING),
        Subject("config", "Config", GIVEN, ValueType.OBJECT),
        Subject("$createdAt", "Created at", META, ValueType.DATE_TIME),
        Subject("any", "Any", COMPUTED),
        Subject("relation#system", "System", RELATIONS, ValueType.STRING),
    )
}


def leaf(key: str, operator: str, *value: Any) -> dict[str, Any]:
    side = {"relation": key[9:]} if key.startswith("relation#") else {"property": key}
    return {**side, "operator": operator, **({"value": value[0]} if value else {})}


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (leaf("name", "=", "7"), "7"),
        (leaf("name", "in", ["a", "b c"]), "a, b c"),
        (leaf("name", "in", ["a, b", "c"]), '["a, b", "c"]'),
        (leaf("name", "beginsWith", "[x"), "[x"),
        (leaf("name", "isEmpty"), ""),
        (leaf("count", ">=", 2.5), "2.5"),
        (leaf("count", "between", {"from": 1, "to": 3}), "1, 3"),
        (leaf("count", "notIn", [1, 2]), "1, 2"),
        (leaf("is_live", "=", True), "true"),
        (leaf("tags", "contains", "true"), "true"),
        (leaf("tags", "containsAny", ["a", "b"]), "a, b"),
        (leaf("tags", "=", ["a"]), "a"),
        (leaf("tags", "=", []), "[]"),
        (leaf("config", "=", {"a": 1}), '{"a": 1}'),
        (leaf("$createdAt", "between", {"preset": "lastWeek"}), "lastWeek"),
        (leaf("$createdAt", ">", "2026-01-02"), "2026-01-02"),
        (
            leaf("$createdAt", "notBetween", {"from": "2026-01-02", "to": "2026-01-03"}),
            "2026-01-02, 2026-01-03",
        ),
        (leaf("any", "=", 7), "7"),
        (leaf("any", "=", "7"), '"7"'),
        (leaf("any", "=", "seven"), "seven"),
        (leaf("not there", "=", False), "false"),
        (leaf("relation#system", "=", "billing"), "billing"),
    ],
)
def test_a_condition_is_shown_as_text_and_read_back(condition: dict[str, Any], text: str) -> None:
    query = {"combinator": "or", "conditions": [condition]}
    table = table_of(query, SUBJECTS)
    assert table is not None
    assert [row.text for row in table.rows] == [text]
    assert same(query_of(table, SUBJECTS), query)


@pytest.mark.parametrize(
    "condition",
    [
        leaf("name", "=", None),
        leaf("name", "=", ""),
        leaf("name", "=", " padded"),
        leaf("name", "=", 7),
        leaf("count", "=", "7"),
        leaf("count", ">", {"property": "any"}),
        {**leaf("name", "isEmpty"), "not": True},
        {"combinator": "and", "conditions": [leaf("name", "isEmpty")]},
        {"malformed": True},
    ],
)
def test_what_rows_cannot_say_is_left_to_json(condition: dict[str, Any]) -> None:
    assert table_of({"combinator": "and", "conditions": [condition]}, SUBJECTS) is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Row("", "=", "x"), "Row 2: choose a property"),
        (Row("name", "~", "x"), "Row 2: choose an operator"),
        (Row("name", "=", " "), "Row 2: give a value to compare with"),
        (Row("count", ">", "many"), "Row 2: 'many' is not a number, as this property is"),
        (Row("is_live", "=", "maybe"), "Row 2: write true or false"),
        (Row("count", "between", "1"), "Row 2: give two bounds with a comma between"),
        (Row("tags", "=", "[1"), "Row 2: this starts like a JSON list and is none"),
        (Row("config", "=", "x"), "Row 2: write an object as JSON"),
    ],
)
def test_a_row_that_says_nothing_is_refused_by_its_number(row: Row, message: str) -> None:
    with pytest.raises(Unreadable) as refused:
        query_of(Table("and", (Row("name", "=", "x"), row)), SUBJECTS)
    assert refused.value.messages[0].startswith(message)


def test_blank_rows_say_nothing() -> None:
    assert query_of(Table("and", (Row(), Row("", "=", ""))), SUBJECTS) is None
    assert table_of(None, SUBJECTS) == Table("and", ())
