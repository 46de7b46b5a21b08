"""Why a rule does not count: the first reason stands, in words."""

from datetime import date

import pytest

from catalog.errors import Invalid
from scorecards.models import Outcome, Rule
from scorecards.operations import save_scorecard
from scorecards.skips import skip_reason
from tests.builders import (
    NOW,
    TESTER,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
    scorecard_document,
)

TITLES = {"tier": "Tier", "slo_count": "SLOs", "language": "Language"}
QUERY = condition("tier", "=", 1)
KNOWN = condition("slo_count", "!=", None)
BOTH = {
    "combinator": "and",
    "conditions": [*KNOWN["conditions"], *condition("language", "!=", None)["conditions"]],
}


def reason(facts=None, *, outcome=None, **rule):
    row = Rule(**{"identifier": "a", "query": QUERY, **rule})
    return skip_reason(row, facts or {}, now=NOW, titles=TITLES, outcome=outcome)


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        ({}, {}, ""),
        ({"is_enabled": False, "filter": QUERY}, {}, "This rule is switched off."),
        ({"in_force_from": date(2026, 6, 2)}, {}, "Not in force until 2 June 2026."),
        ({"in_force_from": date(2026, 6, 1)}, {}, ""),
        ({"filter": QUERY}, {"tier": 1}, ""),
        (
            {"filter": QUERY},
            {"tier": 3},
            "Left out by the rule's filter: Tier is 1. Found: Tier 3.",
        ),
        ({"filter": QUERY}, {}, "Left out by the rule's filter: Tier is 1. Found: Tier empty."),
        (
            {"filter": QUERY, "evidence": KNOWN},
            {"tier": 3},
            "Left out by the rule's filter: Tier is 1. Found: Tier 3.",
        ),
        ({"evidence": KNOWN}, {"slo_count": 0}, ""),
        ({"evidence": KNOWN}, {}, "Nothing is known of SLOs yet: the property is empty."),
        (
            {"evidence": BOTH},
            {},
            "Nothing is known of SLOs or Language yet: the properties are empty.",
        ),
        (
            {"evidence": BOTH},
            {"slo_count": 1},
            "Nothing is known of Language yet: the property is empty.",
        ),
        (
            {"evidence": condition("monitor_count", "!=", None)},
            {},
            "Nothing can be known of Monitors: its blueprint has no such property.",
        ),
        (
            {"evidence": condition("$team", "!=", None)},
            {},
            "Nobody can own it: its blueprint has no ownership.",
        ),
        (
            {"evidence": condition("tier", ">", 0)},
            {"tier": 0},
            "There is nothing to judge by yet: Tier 0.",
        ),
        ({"query": None}, {}, "Nothing has been reported yet."),
    ],
)
def test_the_first_reason_stands(rule, facts, expected):
    assert reason(facts, **rule) == expected


@pytest.mark.parametrize(
    ("state", "remark", "expected"),
    [
        ("PASS", "", ""),
        ("FAIL", "", ""),
        ("SKIP", "", "Reported as skipped."),
        ("SKIP", "Moves house in May", "Reported as skipped: Moves house in May"),
    ],
)
def test_what_was_reported_is_the_reason_of_a_reported_rule(state, remark, expected):
    assert reason(query=None, outcome=Outcome(state=state, remark=remark)) == expected


@pytest.mark.django_db
def test_without_evidence_a_rule_neither_passes_nor_fails():
    make_blueprint()
    web = make_entity("web", properties={"tier": 3})
    rule = rule_document("tiered", evidence=condition("language", "!=", None))
    make_scorecard(rules=[rule])
    assert level_of(web) == "Basic"
    (row,) = web.evaluations.all()
    assert (row.passed, row.skipped) == (0, 1)
    make_entity("web", properties={"tier": 1, "language": "Go"})
    (row,) = web.evaluations.all()
    assert (row.passed, row.skipped) == (1, 0)


@pytest.mark.django_db
def test_evidence_is_checked_like_every_condition():
    make_blueprint()
    rule = rule_document("tiered", evidence=condition("teir", "!=", None))
    with pytest.raises(Invalid) as caught:
        save_scorecard(definition=scorecard_document(rules=[rule]), by=TESTER, now=NOW)
    assert caught.value.faults[0].path == "rules[0].evidence.conditions[0].property"
