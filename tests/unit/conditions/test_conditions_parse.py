"""What is read, what is refused and with which words."""

import pytest

from catalog.conditions import (
    OPERATORS,
    PRESETS,
    ConditionError,
    Constant,
    Group,
    Leaf,
    PresetRange,
    Problem,
    Query,
    Range,
    Reference,
    dump,
    parse,
)

ALL_OPERATORS = ", ".join(OPERATORS)
ALL_PRESETS = ", ".join(PRESETS)
AT = "query.conditions[0]"


def group(*conditions, combinator="and"):
    return {"combinator": combinator, "conditions": list(conditions)}


def leaf(operator="=", value=1, **overrides):
    return {"property": "tier", "operator": operator, "value": value, **overrides}


def problems_of(raw, **options):
    with pytest.raises(ConditionError) as raised:
        parse(raw, **options)
    return [(problem.path, problem.message) for problem in raised.value.problems]


def nested(depth):
    query = group(leaf())
    for _ in range(depth - 1):
        query = group(query)
    return query


def test_a_query_is_read_into_frozen_nodes():
    raw = {
        "combinator": "and",
        "rules": [
            {"property": "tier", "operator": "<=", "value": 2},
            {"combinator": "or", "conditions": [{"relation": "team", "operator": "isNotEmpty"}]},
            {"property": "$createdAt", "operator": "between", "value": {"preset": "lastWeek"}},
            {"property": "open", "operator": ">", "value": {"property": "budget"}},
            {"property": "score", "operator": "=", "value": {"from": 1, "to": 2.5}},
            {"property": "url", "operator": "isEmpty", "not": True},
        ],
    }
    assert parse(raw) == Query(
        Group(
            "and",
            (
                Leaf("property", "tier", "<=", Constant("2")),
                Group("or", (Leaf("relation", "team", "isNotEmpty"),)),
                Leaf("property", "$createdAt", "between", PresetRange("lastWeek")),
                Leaf("property", "open", ">", Reference("budget")),
                Leaf("property", "score", "=", Range(Constant("1"), Constant("2.5"))),
                Leaf("property", "url", "isEmpty", None, True),
            ),
        )
    )


@pytest.mark.parametrize(
    "condition",
    [
        leaf("=", None),
        leaf("=", True),
        leaf("=", 2.0),
        leaf("=", {"parts": [1, {"a": None}], "url": "x"}),
        leaf("!=", {"preset": "today"}),
        leaf("in", ["a", 1, True, [None]]),
        leaf("notIn", []),
        leaf("between", {"from": "2026-01-01", "to": "2026-01-01"}),
        leaf("contains", {"property": "other"}),
        {"relation": "team", "operator": "isEmpty", "not": False},
        {"property": "tier", "operator": "isNotEmpty"},
    ],
)
def test_a_condition_is_given_back_with_the_keys_and_values_it_came_with(condition):
    assert repr(dump(parse(group(condition)))["conditions"][0]) == repr(condition)


def test_the_canonical_form_says_conditions():
    assert dump(parse({"combinator": "or", "rules": [leaf()]})) == group(leaf(), combinator="or")


def test_changing_what_was_read_leaves_the_query_alone():
    raw = group(leaf("in", ["a"]))
    query = parse(raw)
    raw["conditions"][0]["value"].append("b")
    dump(query)["conditions"][0]["value"].append("c")
    assert dump(query) == group(leaf("in", ["a"]))


def test_queries_with_one_and_with_true_differ():
    assert parse(group(leaf("=", 1))) != parse(group(leaf("=", True)))


ROOTS = [
    (None, 'must be an object like {"combinator": "and", "conditions": [...]}, not null'),
    ([], 'must be an object like {"combinator": "and", "conditions": [...]}, not a list'),
    ("x", 'must be an object like {"combinator": "and", "conditions": [...]}, not the text "x"'),
    (leaf(), 'is a single condition; wrap it: {"combinator": "and", "conditions": [...]}'),
]


@pytest.mark.parametrize(("raw", "message"), ROOTS)
def test_a_query_is_a_group(raw, message):
    assert problems_of(raw) == [("query", message)]


GROUPS = [
    (
        {},
        [
            ("query.combinator", 'is missing; use "and" or "or"'),
            ("query.conditions", "is missing; a group needs at least one condition"),
        ],
    ),
    (group(), [("query.conditions", "is empty; a group needs at least one condition")]),
    (
        {"combinator": "and", "rules": []},
        [("query.rules", "is empty; a group needs at least one condition")],
    ),
    (
        group(leaf(), combinator="AND"),
        [("query.combinator", '"AND" is not a combinator; did you mean "and"?')],
    ),
    (
        group(leaf(), combinator="all"),
        [("query.combinator", '"all" is not a combinator; did you mean "and"?')],
    ),
    (
        group(leaf(), combinator="xyz"),
        [("query.combinator", '"xyz" is not a combinator; use one of and, or')],
    ),
    (
        group(leaf(), combinator=1),
        [("query.combinator", 'must be "and" or "or", not a number')],
    ),
    (
        {"combinator": "and", "rules": [leaf()], "conditions": [leaf()]},
        [("query", 'has both "conditions" and "rules"; keep one of them')],
    ),
    (
        {"combinator": "and", "conditions": leaf()},
        [("query.conditions", "must be a list of conditions, not an object")],
    ),
    (
        {"combinator": "and", "condition": [leaf()]},
        [
            ("query.condition", '"condition" is not a key of a group; did you mean "conditions"?'),
            ("query.conditions", "is missing; a group needs at least one condition"),
        ],
    ),
    (
        {**group(leaf()), "colour": 1},
        [
            (
                "query.colour",
                '"colour" is not a key of a group; use one of combinator, conditions, rules',
            )
        ],
    ),
    (group("tier"), [(AT, 'must be a condition or a group, not the text "tier"')]),
    (group(group()), [(f"{AT}.conditions", "is empty; a group needs at least one condition")]),
]


@pytest.mark.parametrize(("raw", "problems"), GROUPS)
def test_a_malformed_group_is_refused(raw, problems):
    assert problems_of(raw) == problems


LEAVES = [
    ({"operator": "isEmpty"}, "", 'names nothing to test; give it a "property" or a "relation"'),
    (leaf(relation="x"), "", 'has both "property" and "relation"; keep one of them'),
    (leaf(property=""), ".property", 'must be the identifier of a property, not the text ""'),
    (leaf(property=None), ".property", "must be the identifier of a property, not null"),
    (
        {"relation": 1, "operator": "isEmpty"},
        ".relation",
        "must be the identifier of a relation, not a number",
    ),
    (
        leaf(values=1),
        ".values",
        '"values" is not a key of a condition; did you mean "value"?',
    ),
    (
        leaf(zzz=1),
        ".zzz",
        '"zzz" is not a key of a condition; use one of property, relation, operator, value, not',
    ),
    (
        {"property": "a", "value": 1},
        ".operator",
        f"is missing; use one of {ALL_OPERATORS}",
    ),
    (leaf(None), ".operator", "must be an operator, not null"),
    (leaf("=>"), ".operator", '"=>" is not an operator; did you mean ">="?'),
    (leaf("equals"), ".operator", '"equals" is not an operator; did you mean "="?'),
    (leaf("isempty"), ".operator", '"isempty" is not an operator; did you mean "isEmpty"?'),
    (
        leaf("doesNotContain"),
        ".operator",
        '"doesNotContain" is not an operator; did you mean "doesNotContains"?',
    ),
    (leaf("@@@"), ".operator", f'"@@@" is not an operator; use one of {ALL_OPERATORS}'),
    ({"property": "a", "operator": "="}, ".value", 'is missing; "=" compares with one'),
    (leaf("isEmpty", None), ".value", 'does not go with "isEmpty"; remove it'),
    (
        leaf(**{"not": True}),
        ".not",
        'only goes with "isEmpty" and "isNotEmpty"; use the operator "!="',
    ),
    (
        leaf(">", **{"not": True}),
        ".not",
        'only goes with "isEmpty" and "isNotEmpty"; remove it',
    ),
    (
        {"property": "a", "operator": "isEmpty", "not": "yes"},
        ".not",
        'must be true or false, not the text "yes"',
    ),
]


@pytest.mark.parametrize(("raw", "place", "message"), LEAVES)
def test_a_malformed_condition_is_refused(raw, place, message):
    assert problems_of(group(raw)) == [(AT + place, message)]


RANGE_FORMS = '{"from": ..., "to": ...} or {"preset": ...}'
OPERANDS = [
    (">", "x", "", 'must be a number or an ISO 8601 date, not the text "x"'),
    (
        ">=",
        "4",
        "",
        'must be a number or an ISO 8601 date, not the text "4"; write the number without quotes',
    ),
    (">", True, "", "must be a number or an ISO 8601 date, not a boolean"),
    (">", None, "", "must be a number or an ISO 8601 date, not null"),
    (
        "<",
        {"preset": "today"},
        "",
        "must be a number or an ISO 8601 date, not an object; "
        'use "between" for a range or a preset',
    ),
    ("contains", None, "", "must be text, a number or a boolean, not null"),
    (
        "contains",
        ["a"],
        "",
        "must be one value, not a list; use containsAny to look for any of several",
    ),
    ("beginsWith", 1, "", "must be text, not a number; write it in quotes"),
    ("doesNotEndsWith", ["a"], "", "must be text, not a list"),
    ("in", "a", "", 'must be a list of values, not the text "a"; put it in [ ]'),
    (
        "containsAny",
        ["a", None],
        "[1]",
        "is null, which no value equals here; add an isEmpty condition instead",
    ),
    ("between", 5, "", f"must be {RANGE_FORMS}, not a number"),
    ("between", {}, "", f"must be {RANGE_FORMS}"),
    (
        "between",
        {"presets": "today"},
        "",
        f'must be {RANGE_FORMS}; did you mean "preset" instead of "presets"?',
    ),
    ("between", {"property": "a"}, "", f"must be {RANGE_FORMS}"),
    ("between", {"from": 1}, ".to", "is missing; a range needs both from and to"),
    (
        "between",
        {"from": 1, "to": "x"},
        ".to",
        'must be a number or an ISO 8601 date, not the text "x"',
    ),
    ("between", {"from": 5, "to": 1}, "", "ends before it begins; swap from and to"),
    (
        "notBetween",
        {"from": 5, "to": "2026-01-01"},
        "",
        "mixes a number and a date; give from and to the same type",
    ),
    (
        "between",
        {"preset": "lastweek"},
        ".preset",
        '"lastweek" is not a preset; did you mean "lastWeek"?',
    ),
    ("=", {"preset": "@"}, ".preset", f'"@" is not a preset; use one of {ALL_PRESETS}'),
    (
        "between",
        {"preset": 7},
        ".preset",
        f"must be a preset, not a number; use one of {ALL_PRESETS}",
    ),
    (
        "between",
        {"preset": "today", "from": 1},
        ".from",
        '"from" does not go with "preset" here; remove it',
    ),
    ("=", {"presset": 1}, ".presset", '"presset" is not a key here; did you mean "preset"?'),
    ("=", {"property": 1}, ".property", "must be the identifier of a property, not a number"),
    (
        "=",
        {"property": "a", "zone": 1},
        ".zone",
        '"zone" does not go with "property" here; remove it',
    ),
    ("=", float("nan"), "", "is not a finite number; write one that JSON can hold"),
    ("in", [1, float("inf")], "[1]", "is not a finite number; write one that JSON can hold"),
    ("=", 10**400, "", "is not a finite number; write one that JSON can hold"),
    ("=", {"a": {1, 2}}, ".a", "is a set, which JSON does not have; write it as text"),
    ("=", {1: 2}, "", "has a key that is not text; quote it"),
]


@pytest.mark.parametrize(("operator", "value", "place", "message"), OPERANDS)
def test_a_value_of_the_wrong_shape_is_refused(operator, value, place, message):
    assert problems_of(group(leaf(operator, value))) == [(f"{AT}.value{place}", message)]


def test_a_misspelt_end_of_a_range_is_named_and_the_right_one_missed():
    raw = group(leaf("between", {"form": 1, "to": 2}))
    assert problems_of(raw) == [
        (f"{AT}.value.form", '"form" does not go with "to" here; did you mean "from"?'),
        (f"{AT}.value.from", "is missing; a range needs both from and to"),
    ]


def test_all_problems_are_found_at_once_each_with_its_path():
    raw = {
        "combinator": "nand",
        "rules": [
            leaf("=>"),
            {"combinator": "or", "conditions": [leaf(">", "high"), leaf("in", 1), leaf()]},
            {"property": "", "operator": "isEmpty", "value": 1},
        ],
    }
    assert problems_of(raw, path="rules[2].query") == [
        ("rules[2].query.combinator", '"nand" is not a combinator; did you mean "and"?'),
        ("rules[2].query.rules[0].operator", '"=>" is not an operator; did you mean ">="?'),
        (
            "rules[2].query.rules[1].conditions[0].value",
            'must be a number or an ISO 8601 date, not the text "high"',
        ),
        (
            "rules[2].query.rules[1].conditions[1].value",
            "must be a list of values, not a number; put it in [ ]",
        ),
        (
            "rules[2].query.rules[2].property",
            'must be the identifier of a property, not the text ""',
        ),
        ("rules[2].query.rules[2].value", 'does not go with "isEmpty"; remove it'),
    ]


def test_the_error_is_one_of_bad_input_and_says_everything():
    with pytest.raises(ConditionError) as raised:
        parse(group())
    message = "is empty; a group needs at least one condition"
    assert raised.value.problems == [Problem("query.conditions", message)]
    assert str(raised.value) == f"query.conditions: {message}"


def test_empty_groups_are_taken_where_they_are_allowed():
    raw = group(group(combinator="or"))
    assert dump(parse(raw, allow_empty=True)) == raw


def test_groups_nest_twenty_deep_and_no_deeper():
    assert dump(parse(nested(20))) == nested(20)
    deepest = "query" + ".conditions[0]" * 20
    message = "groups nest at most 20 deep; flatten the query"
    assert problems_of(nested(21)) == [(deepest, message)]
    assert problems_of(nested(900)) == [(deepest, message)]


def test_a_query_has_a_thousand_nodes_and_no_more():
    assert len(parse(group(*[leaf()] * 999)).root.conditions) == 999
    message = "has more than 1000 conditions and groups; split it into several queries"
    assert problems_of(group(*[leaf()] * 1000)) == [("query", message)]
    assert problems_of(group(*[leaf()] * 5000)) == [("query", message)]


def test_a_value_that_nests_too_deep_is_refused():
    value = 1
    for _ in range(2000):
        value = [value]
    path = f"{AT}.value" + "[0]" * 21
    message = "nests more than 20 deep; compare a simpler value"
    assert problems_of(group(leaf("=", value))) == [(path, message)]


def test_a_long_word_is_cut_in_the_message():
    (problem,) = problems_of(group(leaf("x" * 100_000)))
    assert problem == (
        f"{AT}.operator",
        f'"{"x" * 60}…" is not an operator; use one of {ALL_OPERATORS}',
    )


def test_half_a_surrogate_pair_leaves_a_message_that_can_be_encoded():
    (problem,) = problems_of(group(leaf("\ud800")))
    assert problem[1].encode()
