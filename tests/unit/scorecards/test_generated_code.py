"""Scorecards as one generated function: the same results as rule by rule, whatever the facts."""

import ast
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.conditions import matches, parse
from scorecards.evaluation import (
    Masks,
    RuleSpec,
    ScorecardSpec,
    compile_scorecard,
    compile_scorecards,
)
from scorecards.evaluation.ladders import REMEMBERED, Ladder
from tests.builders import condition
from tests.unit.conditions.test_conditions_laws import NAMES, facts_of_all_kinds, queries, values

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
ANY = parse(condition("x", "isNotEmpty"))

law = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)

parsed = queries.map(parse)
days = st.integers(-1, 1).map(lambda offset: TODAY + timedelta(days=offset))
specs = st.builds(
    ScorecardSpec,
    rules=st.lists(
        st.builds(
            RuleSpec,
            bit=st.integers(0, 62),
            rank=st.integers(1, 4),
            query=parsed,
            filter=st.none() | parsed,
            evidence=st.none() | parsed,
            in_force_from=st.none() | days,
            is_enabled=st.sampled_from([True, True, True, False]),
        ),
        max_size=4,
        unique_by=lambda rule: rule.bit,
    ).map(tuple),
    filter=st.none() | parsed,
)
json_facts = st.dictionaries(st.sampled_from([*NAMES, "relation#a", "z"]), values)


def rule_by_rule(spec, facts, *, now=NOW):
    """Return what a scorecard says, asked one rule after the other, each from scratch."""
    if spec.filter is not None and not matches(spec.filter, facts, now=now):
        return None
    passed = skipped = 0
    for rule in spec.rules:
        is_in_force = rule.in_force_from is None or now.date() >= rule.in_force_from
        applies = all(
            query is None or matches(query, facts, now=now)
            for query in (rule.filter, rule.evidence)
        )
        if not (rule.is_enabled and is_in_force and applies):
            skipped |= 1 << rule.bit
        elif matches(rule.query, facts, now=now):
            passed |= 1 << rule.bit
    return (passed, skipped)


@law
@given(specs=st.lists(specs, min_size=1, max_size=3), facts=facts_of_all_kinds)
def test_scorecards_together_say_what_their_rules_say_one_by_one(specs, facts):
    bundle = compile_scorecards(specs)
    expected = tuple(rule_by_rule(spec, facts) for spec in specs)
    assert bundle.evaluate(facts, bundle.prepare(NOW)) == expected
    assert tuple(compile_scorecard(spec).masks(facts, now=NOW) for spec in specs) == expected


@law
@given(specs=st.lists(specs, min_size=1, max_size=3), facts=json_facts, is_ascii=st.booleans())
def test_facts_as_text_get_the_results_of_facts(specs, facts, is_ascii):
    bundle = compile_scorecards(specs)
    text = json.dumps(facts, ensure_ascii=is_ascii)
    clock = bundle.prepare(NOW)
    assert bundle.evaluate_text(text, clock) == bundle.evaluate(facts, clock)


@pytest.mark.parametrize(
    "key", ["é", "relation#a", "$team", "__class__", 'a"b', "a\\b", "a\nb", "x" * 5000]
)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_text_is_decoded_whatever_properties_are_called(key, is_ascii):
    query = parse(condition(key, "=", 7))
    bundle = compile_scorecards([ScorecardSpec((RuleSpec(0, 1, query),))])
    text = json.dumps({key: 7, "other": [key]}, ensure_ascii=is_ascii)
    clock = bundle.prepare(NOW)
    assert bundle.evaluate_text(text, clock) == ((1, 0),)
    assert bundle.evaluate_text(text.encode(), clock) == ((1, 0),)
    assert bundle.evaluate_text("{}", clock) == ((0, 0),)


def test_no_scorecards_say_nothing():
    bundle = compile_scorecards([])
    assert bundle.evaluate({"x": 1}, bundle.prepare(NOW)) == ()


def test_a_scorecard_without_rules_passes_and_skips_nothing():
    bundle = compile_scorecards([ScorecardSpec(()), ScorecardSpec((), filter=ANY)])
    clock = bundle.prepare(NOW)
    assert bundle.evaluate({}, clock) == ((0, 0), None)
    assert bundle.evaluate({"x": 1}, clock) == ((0, 0), (0, 0))


def test_every_bit_of_a_mask_can_be_set():
    rules = tuple(RuleSpec(bit, 1, ANY) for bit in range(63))
    everything = 2**63 - 1
    assert compile_scorecard(ScorecardSpec(rules)).masks({"x": 1}, now=NOW) == (everything, 0)
    off = tuple(RuleSpec(bit, 1, ANY, is_enabled=False) for bit in range(63))
    assert compile_scorecard(ScorecardSpec(off)).masks({"x": 1}, now=NOW) == (0, everything)


def test_a_clock_serves_every_entity_and_another_day_gets_another():
    rules = (
        RuleSpec(0, 1, parse(condition("at", "between", {"preset": "today"}))),
        RuleSpec(1, 1, ANY, in_force_from=date(2026, 3, 16)),
    )
    bundle = compile_scorecards([ScorecardSpec(rules)])
    program = compile_scorecard(ScorecardSpec(rules))
    facts = {"at": "2026-03-16T08:00:00Z", "x": 1}
    for now, masks in ((NOW, (0b00, 0b10)), (NOW + timedelta(days=1), (0b11, 0b00))):
        clock = bundle.prepare(now)
        assert [bundle.evaluate(facts, clock) for _ in range(2)] == [(masks,), (masks,)]
        assert program.masks(facts, now=now) == Masks(*masks)


def test_scorecards_that_ask_the_same_get_one_answer():
    dear = parse(condition("x", "beginsWith", "v"))
    spec = ScorecardSpec((RuleSpec(0, 1, dear), RuleSpec(1, 1, ANY, filter=dear)), filter=dear)
    source = compile_scorecards([spec, spec]).source
    assert (source.count("startswith"), source.count("get('x')")) == (1, 1)


def test_the_source_of_a_program_can_be_read():
    rules = (
        RuleSpec(0, 1, parse(condition("tier", "<=", 2))),
        RuleSpec(1, 2, parse(condition("language", "=", "go")), filter=ANY),
        RuleSpec(2, 2, ANY, is_enabled=False),
    )
    program = compile_scorecard(ScorecardSpec(rules))
    assert program.source.splitlines() == [
        "def evaluate(facts, clock):",
        "    get = facts.get",
        "    value_0 = get('tier')",
        "    value_1 = get('language')",
        "    value_2 = get('x')",
        "    number_0 = value_0 if (kind := type(value_0)) is float or kind is int else NAN",
        "    answer_0 = not (not value_2 and value_2 is not False and (value_2 != 0))",
        "    passed_0 = 0",
        "    skipped_0 = 4",
        "    if number_0 <= 2:",
        "        passed_0 += 1",
        "    if answer_0:",
        "        if value_1 == 'go':",
        "            passed_0 += 2",
        "    else:",
        "        skipped_0 += 2",
        "    return ((passed_0, skipped_0),)",
    ]


def test_ten_full_scorecards_make_one_function():
    def query(card, bit):
        conditions = [
            {"property": f"p{card}", "operator": "contains", "value": f"t{bit}"},
            {"property": f"q{bit}", "operator": "<", "value": bit},
        ]
        return parse({"combinator": "or", "conditions": conditions})

    cards = [
        ScorecardSpec(
            tuple(RuleSpec(bit, 1, query(card, bit), filter=ANY) for bit in range(63)),
            filter=query(card, 0),
        )
        for card in range(10)
    ]
    bundle = compile_scorecards(cards)
    ast.parse(bundle.source)
    facts = {"x": 1, "p3": ["t0", "t5"], "q0": -1, "q7": 3}
    results = bundle.evaluate(facts, bundle.prepare(NOW))
    assert results == tuple(rule_by_rule(card, facts) for card in cards)


def test_ranks_are_remembered_and_not_without_end():
    ladder = Ladder([RuleSpec(bit, bit + 1, ANY) for bit in range(20)])
    for passed in range(3 * REMEMBERED):
        trailing_ones = (~passed & passed + 1).bit_length() - 1
        assert ladder.rank((passed, 0)) == ladder.rank(Masks(passed, 0)) == trailing_ones
    assert len(ladder._known) <= REMEMBERED
