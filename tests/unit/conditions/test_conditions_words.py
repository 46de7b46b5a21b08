"""What people are told: descriptions, explanations, and what a query depends on."""

from datetime import UTC, datetime

import pytest

from catalog.conditions import (
    Problem,
    check_properties,
    describe,
    describe_wanted,
    explain,
    leaves,
    matches,
    parse,
    reads,
    reads_clock,
    without,
)

NOW = datetime(2026, 3, 15, tzinfo=UTC)


def query_of(*conditions, combinator="and"):
    return parse({"combinator": combinator, "conditions": list(conditions)})


MISSING = object()


def leaf(operator, value=MISSING, *, subject="property", name="lead_time", **extra):
    operand = {} if value is MISSING else {"value": value}
    return {subject: name, "operator": operator, **operand, **extra}


# The condition, what stands behind the property in a sentence, what stands beside a found value.
WORDS = [
    (leaf("=", 7), "is 7", "7"),
    (leaf("=", 7.0), "is 7", "7"),
    (leaf("=", 0.25), "is 0.25", "0.25"),
    (leaf("=", True), "is true", "true"),
    (leaf("=", "gold"), "is gold", "gold"),
    (leaf("=", ""), 'is ""', '""'),
    (leaf("=", ["a", 1]), 'is ["a", 1]', '["a", 1]'),
    (leaf("=", None), "is empty", "empty"),
    (leaf("!=", None), "is not empty", "not empty"),
    (leaf("!=", "gold"), "is not gold", "anything but gold"),
    (leaf("<", 720), "is less than 720", "less than 720"),
    (leaf("<=", 720), "is at most 720", "at most 720"),
    (leaf(">", 0), "is more than 0", "more than 0"),
    (leaf(">=", 0.25), "is at least 0.25", "at least 0.25"),
    (leaf("<", "2026-01-01"), "is before 2026-01-01", "before 2026-01-01"),
    (leaf("<=", "2026-01-01"), "is on or before 2026-01-01", "on or before 2026-01-01"),
    (leaf(">", "2026-01-01"), "is after 2026-01-01", "after 2026-01-01"),
    (leaf(">=", "2026-01-01"), "is on or after 2026-01-01", "on or after 2026-01-01"),
    (leaf(">", {"property": "time_budget"}), "is more than time budget", "more than time budget"),
    (leaf("contains", "x"), "contains x", "containing x"),
    (leaf("doesNotContains", "x"), "does not contain x", "not containing x"),
    (leaf("containsAny", ["a", "b"]), "contains any of a, b", "containing any of a, b"),
    (leaf("in", ["a", "b"]), "is one of a, b", "one of a, b"),
    (leaf("in", ["1", 1, "2"]), "is one of 1, 2", "one of 1, 2"),
    (leaf("in", []), "is one of []", "one of []"),
    (leaf("notIn", ["a", "b"]), "is none of a, b", "none of a, b"),
    (leaf("beginsWith", "x"), "begins with x", "beginning with x"),
    (leaf("doesNotBeginsWith", "x"), "does not begin with x", "not beginning with x"),
    (leaf("endsWith", "x"), "ends with x", "ending with x"),
    (leaf("doesNotEndsWith", "x"), "does not end with x", "not ending with x"),
    (leaf("between", {"from": 1, "to": 5}), "is between 1 and 5", "between 1 and 5"),
    (leaf("notBetween", {"from": 1, "to": 5}), "is not between 1 and 5", "not between 1 and 5"),
    (
        leaf("between", {"preset": "lastMonth"}),
        "is within the last 30 days",
        "within the last 30 days",
    ),
    (
        leaf("between", {"preset": "previousMonth"}),
        "is within the 30 days before the last 30",
        "within the 30 days before the last 30",
    ),
    (
        leaf("notBetween", {"preset": "nextDay"}),
        "is not within the next day",
        "not within the next day",
    ),
    (leaf("=", {"preset": "today"}), "is today", "today"),
    (leaf("!=", {"preset": "yesterday"}), "is not yesterday", "not yesterday"),
    (leaf("isEmpty"), "is empty", "empty"),
    (leaf("isNotEmpty"), "is not empty", "not empty"),
    (leaf("isEmpty", **{"not": True}), "is not empty", "not empty"),
]


@pytest.mark.parametrize(("condition", "sentence", "wanted"), WORDS)
def test_a_condition_is_told_in_english(condition, sentence, wanted):
    query = query_of(condition)
    assert describe(query) == f"lead time {sentence}"
    assert describe_wanted(query.root.conditions[0]) == wanted


def test_conditions_are_joined_and_nested_groups_stand_in_parentheses():
    query = query_of(
        leaf(">=", 0.25, name="deployment_frequency"),
        {
            "combinator": "or",
            "rules": [
                leaf("isEmpty", subject="relation", name="on_call"),
                {"combinator": "and", "rules": [leaf("=", "a", name="$createdBy")]},
            ],
        },
    )
    assert describe(query) == (
        "deployment frequency is at least 0.25 and (on call is empty or created by is a)"
    )


def test_titles_replace_identifiers_on_both_sides():
    query = query_of(leaf("<", {"property": "budget"}), leaf("isEmpty", name="$team"))
    titles = {"lead_time": "Lead time", "budget": "Time budget", "$team": "Owner"}
    assert describe(query, titles=titles) == (
        "Lead time is less than Time budget and Owner is empty"
    )


def test_a_query_without_conditions_asks_for_anything():
    assert describe(parse({"combinator": "or", "rules": []}, allow_empty=True)) == "anything"


def test_an_explanation_shows_found_beside_wanted_all_the_way_down():
    query = query_of(
        leaf("<=", 720),
        {"combinator": "or", "rules": [leaf("=", "gold", name="tier"), leaf("isEmpty", name="x")]},
    )
    explanation = explain(query, {"lead_time": 800, "x": ""}, now=NOW, titles={"x": "Extra"})
    assert explanation.to_json() == {
        "combinator": "and",
        "passed": False,
        "children": [
            {
                "key": "lead_time",
                "label": "lead time",
                "operator": "<=",
                "found": 800,
                "wanted": 720,
                "wanted_text": "at most 720",
                "passed": False,
                "is_missing": False,
                "distance": 80,
            },
            {
                "combinator": "or",
                "passed": True,
                "children": [
                    {
                        "key": "tier",
                        "label": "tier",
                        "operator": "=",
                        "found": None,
                        "wanted": "gold",
                        "wanted_text": "gold",
                        "passed": False,
                        "is_missing": True,
                        "distance": None,
                    },
                    {
                        "key": "x",
                        "label": "Extra",
                        "operator": "isEmpty",
                        "found": "",
                        "wanted": None,
                        "wanted_text": "empty",
                        "passed": True,
                        "is_missing": False,
                        "distance": None,
                    },
                ],
            },
        ],
    }
    assert [each.key for each in explanation.leaves()] == ["lead_time", "tier", "x"]


def explained(condition, facts):
    return explain(query_of(condition), facts, now=NOW).children[0]


def test_a_comparison_of_two_properties_shows_what_the_other_holds():
    found = explained(leaf("<", {"property": "budget"}), {"lead_time": 9, "budget": 4})
    assert (found.wanted, found.wanted_text, found.distance) == (4, "less than budget", 5)


DISTANCES = [
    (leaf(">=", 5), 3, 2),
    (leaf(">", 5), 5, 0),
    (leaf(">=", 5), 5, None),
    (leaf("<", 5), "9", None),
    (leaf("<", 5), True, None),
    (leaf("<", 5), None, None),
    (leaf("<", "2026-01-01"), "2026-02-01", None),
    (leaf("<", "2026-01-01"), 5, None),
    (leaf("=", 5), 3, None),
    (leaf("between", {"from": 1, "to": 5}), 8, 3),
    (leaf("between", {"from": 1, "to": 5}), -1, 2),
    (leaf("notBetween", {"from": 1, "to": 5}), 3, None),
    (leaf("between", {"preset": "today"}), 3, None),
    (leaf("<", 1.5), 10**400, None),
    (leaf("<", 1), float("inf"), None),
    (leaf(">", 1), float("nan"), None),
]


@pytest.mark.parametrize(("condition", "found", "distance"), DISTANCES)
def test_the_distance_is_how_far_a_number_is_from_passing(condition, found, distance):
    assert explained(condition, {"lead_time": found}).distance == distance


MIXED = query_of(
    leaf("=", 1, name="a"),
    {"combinator": "or", "rules": [leaf("isEmpty", subject="relation", name="domain")]},
    leaf(">", {"property": "$identifier"}, name="a"),
)


def test_a_query_reads_the_keys_of_the_facts_on_both_sides():
    assert reads(MIXED) == {"a", "relation#domain", "$identifier"}


def test_only_a_preset_reads_the_clock():
    assert reads_clock(MIXED) is False
    assert reads_clock(query_of(leaf("between", {"from": 1, "to": 2}))) is False
    assert reads_clock(query_of(leaf("=", {"preset": "today"}))) is True


def test_conditions_are_walked_with_their_paths():
    assert [path for path, _ in leaves(MIXED, path="filter")] == [
        "filter.conditions[0]",
        "filter.conditions[1].conditions[0]",
        "filter.conditions[2]",
    ]


def test_properties_that_do_not_exist_are_named_with_the_likely_one():
    known = {"lead_time": "Lead time", "tier": "Tier", "relation#domain": "Domain"}
    query = query_of(
        leaf("=", 1, name="lead_tiem"),
        leaf("=", 1, name="zzz"),
        leaf("=", 1, name="domain"),
        leaf("=", 1, name="$teams"),
        leaf("isEmpty", subject="relation", name="domian"),
        leaf("isEmpty", subject="relation", name="tier"),
        leaf("=", {"property": "teir"}, name="$identifier"),
        leaf("isEmpty", subject="relation", name="domain"),
    )
    assert check_properties(query, known, path="filter") == [
        Problem(
            "filter.conditions[0].property",
            'there is no property "lead_tiem"; did you mean "lead_time"?',
        ),
        Problem(
            "filter.conditions[1].property",
            'there is no property "zzz"; choose one of lead_time, tier, $blueprint, $createdAt, '
            "$createdBy, $datasource, $icon, $identifier, $team, $title",
        ),
        Problem("filter.conditions[2].property", '"domain" is a relation; name it in "relation"'),
        Problem(
            "filter.conditions[3].property", 'there is no property "$teams"; did you mean "$team"?'
        ),
        Problem(
            "filter.conditions[4].relation", 'there is no relation "domian"; did you mean "domain"?'
        ),
        Problem("filter.conditions[5].relation", '"tier" is a property; name it in "property"'),
        Problem(
            "filter.conditions[6].value.property",
            'there is no property "teir"; did you mean "tier"?',
        ),
    ]


@pytest.mark.parametrize(
    "condition",
    [
        leaf("=", "gold", subject="relation", name="tier"),
        leaf("isEmpty", subject="relation", name="tier"),
        leaf("doesNotBeginsWith", "g", name="relation#tier"),
        leaf("=", {"property": "relation#tier"}, name="best"),
        {"combinator": "or", "conditions": [leaf("isNotEmpty", subject="relation", name="tier")]},
        leaf("=", "gold", name="best"),
    ],
)
def test_a_query_without_a_key_is_the_query_of_facts_that_lack_it(condition):
    query, seen = query_of(condition), {"best": "gold"}
    narrowed = without(query, {"relation#tier"})
    facts = {**seen, "relation#tier": "gold"}
    assert matches(narrowed, facts, now=NOW) is matches(query, seen, now=NOW)
