"""Masks and levels: the arithmetic of a scorecard, without a database."""

from datetime import UTC, date, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.conditions import parse
from scorecards.evaluation import Masks, RuleSpec, ScorecardSpec, compile_scorecard
from tests.builders import condition

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANY = parse(condition("x", "isNotEmpty"))


def program(*ranks: int, **spec):
    rules = tuple(RuleSpec(bit=bit, rank=rank, query=ANY) for bit, rank in enumerate(ranks))
    return compile_scorecard(ScorecardSpec(rules=rules, **spec))


@pytest.mark.parametrize(
    ("ranks", "passed", "skipped", "rank"),
    [
        ((), 0b0, 0b0, 0),
        ((1, 2, 3), 0b000, 0b000, 0),
        ((1, 2, 3), 0b001, 0b000, 1),
        ((1, 2, 3), 0b111, 0b000, 3),
        # One failing rule below keeps everything above out of reach.
        ((1, 2, 3), 0b110, 0b000, 0),
        ((1, 1, 2), 0b101, 0b000, 0),
        # Levels without rules are neither awarded nor in the way.
        ((1, 3), 0b01, 0b00, 1),
        ((1, 3), 0b11, 0b00, 3),
        ((2,), 0b1, 0b0, 2),
        # Skipped rules count neither way: they do not stop, and they do not lift.
        ((1, 2, 3), 0b101, 0b010, 3),
        ((1, 2, 3), 0b001, 0b110, 1),
        ((1, 2, 3), 0b000, 0b111, 0),
        ((1, 1), 0b01, 0b10, 1),
    ],
)
def test_the_level_is_read_off_the_masks(ranks, passed, skipped, rank):
    assert program(*ranks).rank(Masks(passed, skipped)) == rank


def test_an_entity_outside_the_filter_has_no_result():
    outside = program(1, filter=parse(condition("kind", "=", "api")))
    assert outside.masks({"kind": "job", "x": 1}, now=NOW) is None
    assert outside.masks({"kind": "api", "x": 1}, now=NOW) == Masks(1, 0)


@pytest.mark.parametrize(
    ("changes", "masks"),
    [
        ({}, Masks(1, 0)),
        ({"is_enabled": False}, Masks(0, 1)),
        ({"filter": parse(condition("kind", "=", "api"))}, Masks(0, 1)),
        ({"evidence": parse(condition("kind", "=", "api"))}, Masks(0, 1)),
        ({"in_force_from": date(2026, 6, 2)}, Masks(0, 1)),
        ({"in_force_from": date(2026, 6, 1)}, Masks(1, 0)),
    ],
)
def test_a_rule_that_does_not_apply_is_skipped(changes, masks):
    rule = RuleSpec(**{"bit": 0, "rank": 1, "query": ANY, **changes})
    assert compile_scorecard(ScorecardSpec(rules=(rule,))).masks({"x": 1}, now=NOW) == masks


def test_what_a_program_reads_is_what_its_queries_read():
    spec = ScorecardSpec(
        rules=(RuleSpec(0, 1, ANY, filter=parse(condition("kind", "=", "api"))),),
        filter=parse(condition("$team", "containsAny", ["core"])),
    )
    assert compile_scorecard(spec).reads == {"x", "kind", "$team"}


@given(
    ranks=st.lists(st.integers(1, 5), min_size=1, max_size=10),
    passed=st.integers(0, 2**10 - 1),
    skipped=st.integers(0, 2**10 - 1),
    bit=st.integers(0, 9),
)
def test_passing_one_more_rule_never_lowers_a_level(ranks, passed, skipped, bit):
    live = 2 ** len(ranks) - 1
    before, skipped = passed & live & ~skipped, skipped & live
    after = before | (1 << bit & live & ~skipped)
    card = program(*ranks)
    assert card.rank(Masks(after, skipped)) >= card.rank(Masks(before, skipped))


def test_the_order_of_rules_does_not_matter():
    rules = [RuleSpec(bit, rank, ANY) for bit, rank in enumerate((3, 1, 2))]
    ranks = {
        compile_scorecard(ScorecardSpec(rules=order)).rank(Masks(0b110, 0))
        for order in permutations(rules)
    }
    assert ranks == {2}
