"""What every operator answers for what an entity may hold."""

from datetime import UTC, datetime

import pytest

from catalog.conditions import OPERATORS, PRESETS, ValueType, matches, operators_for, parse

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
MISSING = object()


def holds(operator, value=MISSING, *, found=MISSING, facts=None, now=NOW, **extra):
    """Return whether one condition on `it` holds for an entity whose `it` is `found`."""
    leaf = {"property": "it", "operator": operator, **extra}
    if value is not MISSING:
        leaf["value"] = value
    query = parse({"combinator": "and", "conditions": [leaf]})
    given = {} if found is MISSING else {"it": found}
    return matches(query, {**given, **(facts or {})}, now=now)


# One row per positive operator: the operand, what passes, what is of the right type but fails,
# and what is of a wrong type.
POSITIVES = [
    ("=", 7, [7, 7.0], [8, -7], ["7", True, [7], {"a": 7}]),
    ("=", "a", ["a"], ["A", "", "ab"], [1, True, ["a"], {"a": "a"}]),
    ("=", True, [True], [False], [1, "true", [True], {}]),
    ("=", False, [False], [True], [0, "", [], {}]),
    ("=", ["a", 1], [["a", 1], ["a", 1.0]], [[1, "a"], ["a"], ["a", True], []], ["a", 1, {}]),
    ("=", {"a": [1]}, [{"a": [1]}], [{"a": [True]}, {"a": 1}, {}, {"b": [1]}], [[1], "a", 1]),
    ("<", 5, [4, 4.9, -1], [5, 6], ["4", False, [4], {"a": 4}, "2020-01-01"]),
    ("<=", 5, [4, 5, 5.0], [5.1], ["5", True, [5], {}, "2020-01-01"]),
    (">", 5, [6, 5.1], [5, 4], ["6", True, [6], {}, "2030-01-01"]),
    (">=", 5, [5, 6], [4.9], ["5", True, [5], {}, "2030-01-01"]),
    (">", 0, [1], [0], [True, "1"]),
    ("<", "2026-01-02", ["2026-01-01"], ["2026-01-02"], [1, True, "soon", ["2026-01-01"], "2025"]),
    (">=", "2026-01-02", ["2026-01-02T00:00:00Z"], ["2026-01-01T23:59:59Z"], [2027, "x", {}]),
    ("contains", "b", ["abc", "b", ["a", "b"]], ["B", "", ["bc"], []], [1, True, {"b": 1}]),
    ("contains", 7, [[7], [1, 7.0]], [["7"], [True], [77]], ["7", 7, {"7": 7}]),
    ("contains", True, [[True]], [[1], ["true"], [False]], ["true", True]),
    ("containsAny", ["a", 1], [["a"], ["z", 1.0]], [[], ["z", True]], ["a", 1, {"a": 1}]),
    ("containsAny", [], [], [["a"], []], ["a"]),
    ("in", ["a", 1], ["a", 1, 1.0], ["b", 2, ""], [True, ["a"], {"a": 1}]),
    ("in", [[1], True], [[1], True], [[True], 1, False], [{}]),
    ("in", [], [], ["a", ""], [1]),
    ("beginsWith", "ab", ["abc", "ab"], ["Abc", "cab", ""], [1, ["ab"], True, {"ab": 1}]),
    ("endsWith", "bc", ["abc", "bc"], ["abC", "bca", ""], [1, ["bc"], True, {"bc": 1}]),
    ("between", {"from": 1, "to": 5}, [1, 3.5, 5], [0, 5.01], ["3", True, [3], "2026-01-01"]),
    (
        "between",
        {"from": "2026-01-01", "to": "2026-01-31"},
        ["2026-01-01", "2026-01-31T00:00:00Z", "2026-01-15T08:00:00+02:00"],
        ["2025-12-31T23:59:59Z", "2026-01-31T00:00:01Z"],
        [5, True, "soon", ["2026-01-05"], {}],
    ),
    (
        "between",
        {"preset": "lastWeek"},
        ["2026-03-15T12:00:00Z", "2026-03-08T12:00:00Z"],
        ["2026-03-15T12:00:01Z", "2026-03-08T11:59:59Z"],
        [5, True, "soon", [], {}],
    ),
    ("=", {"from": 1, "to": 5}, [1, 5], [6], ["3", True, {"from": 1, "to": 5}]),
    ("=", {"preset": "today"}, ["2026-03-15"], ["2026-03-14"], [1, {"preset": "today"}]),
]
NEGATIVES = {row.negates: row.token for row in OPERATORS.values() if row.negates}

PASSING = [(op, value, found) for op, value, good, _, _ in POSITIVES for found in good]
FAILING = [(op, value, found) for op, value, _, bad, wrong in POSITIVES for found in [*bad, *wrong]]


@pytest.mark.parametrize(("operator", "value", "found"), PASSING)
def test_a_positive_operator_holds_for_what_it_wants(operator, value, found):
    assert holds(operator, value, found=found) is True


@pytest.mark.parametrize(("operator", "value", "found"), FAILING)
def test_a_positive_operator_fails_for_other_values_and_for_other_types(operator, value, found):
    assert holds(operator, value, found=found) is False


@pytest.mark.parametrize("found", [MISSING, None])
@pytest.mark.parametrize(("operator", "value"), [(row[0], row[1]) for row in POSITIVES])
def test_a_positive_operator_fails_on_a_missing_property_and_on_null(operator, value, found):
    assert holds(operator, value, found=found) is False


@pytest.mark.parametrize("found", [MISSING, None])
@pytest.mark.parametrize(
    ("operator", "value"), [(NEGATIVES[row[0]], row[1]) for row in POSITIVES if row[0] in NEGATIVES]
)
def test_a_negative_operator_holds_on_a_missing_property_and_on_null(operator, value, found):
    assert holds(operator, value, found=found) is True


@pytest.mark.parametrize(
    ("operator", "value", "found"), [case for case in PASSING + FAILING if case[0] in NEGATIVES]
)
def test_a_negative_operator_answers_the_opposite_of_its_positive(operator, value, found):
    assert holds(NEGATIVES[operator], value, found=found) is not holds(operator, value, found=found)


def test_every_operator_is_in_the_tables_above():
    positives = {row[0] for row in POSITIVES} | {"isEmpty"}
    assert positives | {NEGATIVES[token] for token in positives & set(NEGATIVES)} == set(OPERATORS)


@pytest.mark.parametrize("found", [MISSING, None, "", [], {}])
def test_nothing_and_empty_containers_are_empty(found):
    assert holds("isEmpty", found=found) is True
    assert holds("isNotEmpty", found=found) is False


@pytest.mark.parametrize("found", [False, 0, 0.0, " ", [None], {"a": None}])
def test_false_zero_and_blank_text_are_not_empty(found):
    assert holds("isEmpty", found=found) is False
    assert holds("isNotEmpty", found=found) is True


@pytest.mark.parametrize(
    ("operator", "inverted", "expected"),
    [
        ("isEmpty", True, False),
        ("isEmpty", False, True),
        ("isNotEmpty", True, True),
        ("isNotEmpty", False, False),
    ],
)
def test_not_inverts_the_emptiness_operators(operator, inverted, expected):
    assert holds(operator, found=None, **{"not": inverted}) is expected


@pytest.mark.parametrize("found", [MISSING, None])
def test_equal_to_null_holds_on_empty(found):
    assert holds("=", None, found=found) is True
    assert holds("!=", None, found=found) is False


@pytest.mark.parametrize("found", [False, 0, "", [], {}])
def test_equal_to_null_fails_on_anything_else(found):
    assert holds("=", None, found=found) is False
    assert holds("!=", None, found=found) is True


# From the first to the last moment, around NOW.
SPANS = [
    ("today", "2026-03-15T00:00:00Z", "2026-03-15T23:59:59.999999Z"),
    ("tomorrow", "2026-03-16T00:00:00Z", "2026-03-16T23:59:59.999999Z"),
    ("yesterday", "2026-03-14T00:00:00Z", "2026-03-14T23:59:59.999999Z"),
    ("lastDay", "2026-03-14T12:00:00Z", "2026-03-15T12:00:00Z"),
    ("lastWeek", "2026-03-08T12:00:00Z", "2026-03-15T12:00:00Z"),
    ("last2Weeks", "2026-03-01T12:00:00Z", "2026-03-15T12:00:00Z"),
    ("lastMonth", "2026-02-13T12:00:00Z", "2026-03-15T12:00:00Z"),
    ("last3Months", "2025-12-15T12:00:00Z", "2026-03-15T12:00:00Z"),
    ("last6Months", "2025-09-16T12:00:00Z", "2026-03-15T12:00:00Z"),
    ("last12Months", "2025-03-15T12:00:00Z", "2026-03-15T12:00:00Z"),
    ("last2Years", "2024-03-15T12:00:00Z", "2026-03-15T12:00:00Z"),
    ("last3Years", "2023-03-16T12:00:00Z", "2026-03-15T12:00:00Z"),
    ("previousWeek", "2026-03-01T12:00:00Z", "2026-03-08T12:00:00Z"),
    ("previousMonth", "2026-01-14T12:00:00Z", "2026-02-13T12:00:00Z"),
    ("previous3Months", "2025-09-16T12:00:00Z", "2025-12-15T12:00:00Z"),
    ("nextDay", "2026-03-15T12:00:00Z", "2026-03-16T12:00:00Z"),
    ("nextWeek", "2026-03-15T12:00:00Z", "2026-03-22T12:00:00Z"),
    ("next2Weeks", "2026-03-15T12:00:00Z", "2026-03-29T12:00:00Z"),
    ("nextMonth", "2026-03-15T12:00:00Z", "2026-04-14T12:00:00Z"),
    ("next3Months", "2026-03-15T12:00:00Z", "2026-06-13T12:00:00Z"),
    ("next6Months", "2026-03-15T12:00:00Z", "2026-09-11T12:00:00Z"),
    ("next12Months", "2026-03-15T12:00:00Z", "2027-03-15T12:00:00Z"),
]


@pytest.mark.parametrize(("preset", "first", "last"), SPANS)
def test_a_preset_covers_its_span_from_now(preset, first, last):
    span = PRESETS[preset].span(NOW)
    assert (span.start, span.end) == (datetime.fromisoformat(first), datetime.fromisoformat(last))


@pytest.mark.parametrize(("preset", "first", "last"), SPANS)
@pytest.mark.parametrize("operator", ["between", "="])
def test_a_preset_includes_both_its_ends(operator, preset, first, last):
    assert holds(operator, {"preset": preset}, found=first) is True
    assert holds(operator, {"preset": preset}, found=last) is True


def test_every_preset_is_in_the_table_above():
    assert [row[0] for row in SPANS] == list(PRESETS)


def test_days_are_counted_in_utc_whatever_zone_now_is_in():
    late_in_new_york = datetime.fromisoformat("2026-03-14T22:00:00-04:00")
    found = "2026-03-15T01:00:00Z"
    assert holds("between", {"preset": "today"}, found=found, now=late_in_new_york) is True


def test_a_naive_now_is_utc():
    found = "2026-03-15T12:00:00Z"
    assert holds("between", {"preset": "lastDay"}, found=found, now=datetime(2026, 3, 15, 12))


def test_a_date_time_without_a_zone_is_utc():
    assert holds("<", "2026-01-01T10:00:00Z", found="2026-01-01T09:59:59") is True
    assert holds("<", "2026-01-01T10:00:00+02:00", found="2026-01-01T08:00:00") is False


@pytest.mark.parametrize(
    "found", ["20260101", "2026", "2026-13-01", "2026-W01-1", "1.2.3", "2026-1-1"]
)
def test_a_text_that_is_not_an_iso_date_never_orders(found):
    assert holds("<", "2999-01-01", found=found) is False
    assert holds(">", "0001-01-01", found=found) is False


def test_dates_at_the_ends_of_the_calendar_compare_across_zones():
    assert holds("<", "9999-12-31T23:59:59-14:00", found="0001-01-01T00:00:00+14:00") is True


def test_equality_of_dates_is_equality_of_texts():
    assert holds("=", "2026-01-01", found="2026-01-01T00:00:00Z") is False


def test_text_is_case_sensitive():
    assert holds("=", "Gold", found="gold") is False


# Two properties: the operator, the right-hand one, the left-hand one, the answer.
COMPARISONS = [
    ("=", 1, 1.0, True),
    ("=", True, 1, False),
    ("=", [1], [1], True),
    ("=", {"a": 1}, {"a": 1}, True),
    ("<=", 5, 5, True),
    ("<=", "5", 5, False),
    ("<", "2026-01-02", "2026-01-01T00:00:00Z", True),
    ("contains", "b", "abc", True),
    ("contains", ["b"], [["b"]], True),
    ("containsAny", ["a", "b"], ["b"], True),
    ("containsAny", "b", ["b"], False),
    ("in", ["a", "b"], "b", True),
    ("in", "abc", "b", False),
    ("beginsWith", "a", "abc", True),
    ("beginsWith", 1, "1", False),
    ("endsWith", "c", "abc", True),
]


@pytest.mark.parametrize(("operator", "other", "found", "expected"), COMPARISONS)
def test_two_properties_of_an_entity_compare(operator, other, found, expected):
    value = {"property": "other"}
    assert holds(operator, value, found=found, facts={"other": other}) is expected


@pytest.mark.parametrize("operator", sorted({row[0] for row in COMPARISONS}))
@pytest.mark.parametrize("facts", [{}, {"it": "a"}, {"other": "a"}, {"it": None, "other": None}])
def test_comparing_two_properties_fails_where_either_is_empty(operator, facts):
    assert holds(operator, {"property": "other"}, facts=facts) is False


@pytest.mark.parametrize("facts", [{}, {"it": "a"}, {"other": "a"}, {"it": None, "other": None}])
def test_a_negative_comparison_of_two_properties_holds_where_either_is_empty(facts):
    assert holds("!=", {"property": "other"}, facts=facts) is True


def test_a_number_in_a_list_of_nulls_is_not_found_by_a_null():
    assert holds("in", {"property": "other"}, found=None, facts={"other": [None]}) is False


def test_a_single_relation_is_an_identifier_and_a_many_relation_a_list():
    def related(operator, value, found):
        leaf = {"relation": "domain", "operator": operator, "value": value}
        query = parse({"combinator": "and", "conditions": [leaf]})
        return matches(query, {"relation#domain": found}, now=NOW)

    assert related("=", "money", "money") is True
    assert related("contains", "money", ["money", "risk"]) is True
    assert related("containsAny", ["money"], ["risk"]) is False


def test_a_cached_query_is_not_mistaken_for_one_that_python_calls_equal():
    answers = [holds("=", value, found=True) for value in (1, True, 1.0)]
    assert answers == [False, True, False]


@pytest.mark.parametrize(
    ("combinator", "expected"), [("and", [True, False, False]), ("or", [True, True, False])]
)
def test_groups_combine_their_conditions(combinator, expected):
    leaves = [{"property": name, "operator": "=", "value": 1} for name in "ab"]
    query = parse({"combinator": combinator, "rules": leaves})
    facts = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 2}]
    assert [matches(query, each, now=NOW) for each in facts] == expected


@pytest.mark.parametrize("combinator", ["and", "or"])
def test_a_group_without_conditions_holds_for_everything(combinator):
    query = parse({"combinator": combinator, "conditions": []}, allow_empty=True)
    assert matches(query, {}, now=NOW) is True


def test_every_negative_keeps_the_test_and_the_operand_of_its_positive():
    for row in OPERATORS.values():
        if row.negates:
            positive = OPERATORS[row.negates]
            assert not positive.negates
            assert (row.test, row.operand, row.types) == (
                positive.test,
                positive.operand,
                positive.types,
            )


OFFERED = {
    ValueType.STRING: "= != contains doesNotContains in notIn beginsWith doesNotBeginsWith "
    "endsWith doesNotEndsWith isEmpty isNotEmpty",
    ValueType.NUMBER: "= != < <= > >= in notIn between notBetween isEmpty isNotEmpty",
    ValueType.BOOLEAN: "= != isEmpty isNotEmpty",
    ValueType.ARRAY: "= != contains doesNotContains containsAny isEmpty isNotEmpty",
    ValueType.OBJECT: "= != isEmpty isNotEmpty",
    ValueType.DATE_TIME: "= != < <= > >= between notBetween isEmpty isNotEmpty",
}


@pytest.mark.parametrize(("value_type", "tokens"), OFFERED.items())
def test_a_form_is_offered_the_operators_that_suit_a_type(value_type, tokens):
    assert [row.token for row in operators_for(value_type)] == tokens.split()
