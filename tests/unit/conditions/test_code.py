"""Generated code answers what the other two interpreters answer, whatever users write."""

import ast
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog.conditions import (
    OPERATORS,
    PRESETS,
    Code,
    Generated,
    explain,
    generated,
    matches,
    parse,
)
from catalog.conditions.code_leaves import FEW
from catalog.conditions.code_parts import moment_of
from catalog.conditions.values import as_moment
from tests.builders import condition
from tests.unit.conditions.test_conditions_laws import facts_of_all_kinds, queries

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
MISSING = object()

law = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)


def function_of(*raws):
    """Return one generated function with the answers to these queries, in a tuple."""
    parsed = [parse(raw) for raw in raws]
    code = Code(parsed)
    answers = ast.Tuple([code.test(query) for query in parsed], ast.Load())
    return Generated("answers", [ast.Return(answers)], code=code)


def answers_of(function, facts, now=NOW):
    return list(map(bool, function.run(facts, function.prepare(now))))


def group(*conditions, combinator="and"):
    return {"combinator": combinator, "conditions": list(conditions)}


def leaf(name, operator, *value, **extra):
    document = {"property": name, "operator": operator, **extra}
    return {**document, "value": value[0]} if value else document


@law
@given(raw=queries, facts=facts_of_all_kinds)
def test_generated_code_agrees_with_the_answer_and_with_its_explanation(raw, facts):
    query = parse(raw)
    answer = generated(query)(facts, NOW)
    assert answer is matches(query, facts, now=NOW)
    assert answer is explain(query, facts, now=NOW).passed


@law
@given(raws=st.lists(queries, min_size=1, max_size=4), facts=facts_of_all_kinds)
def test_queries_that_share_a_function_do_not_disturb_each_other(raws, facts):
    every = [*raws, *raws[:2], group(*raws, combinator="or")]
    expected = [matches(parse(raw), facts, now=NOW) for raw in every]
    assert answers_of(function_of(*every), facts) == expected


FOUND = [
    *[MISSING, None, True, False, 0, 1, -1, 0.0, -0.0, 1.0, 5, 5.0, 2**53 + 1, 2.0**53, 10**400],
    *[float("nan"), float("inf"), float("-inf"), "", " ", "1", "5", "a", "A", "ab", "é", "é"],
    *["\ud800", "\x00", "2026-03-15", "2026-03-15T12:00:00Z", "2026-03-15t12:00:00.000z"],
    *["2026-03-15T12:00:00", "2026-03-15T14:00:00+02:00", "2026-02-30", "2026-02-30T00:00:00Z"],
    *[[], [None], [0], [False], [1], [True], [1.0], [""], ["a"], ["a", 1], [["a"]], [{}]],
    *[["a", ["a"], {"a": 1}], [float("nan")], {}, {"a": 1}, {"a": True}, {"": None}],
]
WANTED = {
    "=": [
        *[None, True, False, 0, 1, -1, 5, 5.0, 2**53, 10**300, 0.0, "", "a", "é", "\ud800", "1"],
        *[[], [1], [True], ["a", 1], ["a"], [None], {"a": 1}, {"a": True}, {"a": None}],
        *[{"from": 0, "to": 5}, {"from": "2026-03-15", "to": "2026-03-16"}, {"preset": "today"}],
    ],
    "<": [0, 1, 5, 2**53, 0.5, "2026-03-15", "2026-03-15T14:00:00+02:00"],
    "contains": ["", "a", "é", 0, 1, 5, 1.5, True, False],
    "containsAny": [[], ["a"], ["a", ""], [1], [True], [0, "a"], list("abcdef"), [["a"]], [{}]],
    "in": [
        *[[], ["a"], ["a", ""], [1], [True], [5, "a"], list("abcdef"), ["", *"abcdef"], [["a"]]],
        *[[5, *"abcdef"], [{}], [5.0, -1]],
    ],
    "beginsWith": ["", "a", "é", "2026"],
    "between": [
        *[{"from": 0, "to": 1}, {"from": -1, "to": 10**300}, {"preset": "lastWeek"}],
        *[{"from": "2026-03-15", "to": "2026-03-15T12:00:00Z"}],
    ],
}
ALIKE = {"<=": "<", ">": "<", ">=": "<", "endsWith": "beginsWith"}


def wanted_by(row):
    """Return conditions of an operator: every operand above, and another property."""
    positive = row.negates or row.token
    if positive == "isEmpty":
        return [leaf("it", row.token), leaf("it", row.token, **{"not": True})]
    values = [leaf("it", row.token, value) for value in WANTED[ALIKE.get(positive, positive)]]
    is_range = positive == "between"
    return values if is_range else [*values, leaf("it", row.token, {"property": "other"})]


@pytest.mark.parametrize("row", OPERATORS.values(), ids=lambda row: row.token)
def test_every_operator_answers_the_same_for_nasty_values(row):
    raws = [group(each) for each in wanted_by(row)]
    parsed, together = [parse(raw) for raw in raws], function_of(*raws)
    clock = together.prepare(NOW)
    for found in FOUND:
        for other in (MISSING, 1, "a", [1, "a"], "2026-03-15T12:00:00Z", found):
            facts = {"it": found, "other": other}
            facts = {key: value for key, value in facts.items() if value is not MISSING}
            expected = [matches(query, facts, now=NOW) for query in parsed]
            assert list(map(bool, together.run(facts, clock))) == expected, facts


def test_the_tables_reach_every_way_of_writing_choices():
    lengths = {len(value) for value in WANTED["in"]}
    assert min(lengths) < FEW < max(lengths)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_follow_the_clock(preset):
    raw = condition("at", "between", {"preset": preset})
    function = function_of(raw)
    for now in (
        NOW,
        datetime(2026, 3, 16, 0, 30),
        datetime.fromisoformat("2020-02-29T22:00-04:00"),
    ):
        span = PRESETS[preset].span(now)
        for at in (span.start, span.end, NOW):
            facts = {"at": at.isoformat()}
            expected = [matches(parse(raw), facts, now=now)]
            assert answers_of(function, facts, now=now) == expected


NEARLY_DATES = st.one_of(
    st.datetimes().map(lambda at: at.isoformat(timespec="seconds") + "Z"),
    st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z"),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.from_regex(r"[0-9²W+-]{4}-[0-9W]{2}-[0-9 -]{2}[T ][0-9:]{2}:..:..[.Z](...Z?)?"),
    st.text(alphabet="0123456789-:.TZ+W²", min_size=19, max_size=25),
)


@law
@given(text=NEARLY_DATES)
@example("2026-W11-1T12:00:00Z")
@example("2026-03-15T120000.5Z")
@example("2026-03-15T12:00.123Z")
@example("2026-03-15T12:00:00.12²Z")
@example("2026-03-15T12:00:00.1+1Z")
@example("2026-03-15T12:00:00.+12Z")
@example("2026-03-15T12:00:00.1234")
@example("2026-03-15T12:00:00.Z1Z")
@example("2026-03-15T12:00:00.123Zz")
@example("2026-03-15T12:00:00Z+01:00")
@example("0000-03-15T12:00:00Z")
@example("2026-02-29T12:00:00Z")
@example("\ud8006-02-29T12:00:00Z")
@example("2026-03-15T12:00:00Z\n")
@example("2026-03-15T12:Z\x00:00Z")
@example("2026-03-15T12:00:00Z\x0023Z")
def test_the_short_cut_for_dates_reads_what_the_long_way_reads(text):
    assert moment_of(text) == as_moment(text)


@pytest.mark.parametrize("operator", [row.token for row in OPERATORS.values()])
def test_values_nested_deeper_than_the_stack_are_no_error(operator):
    deep, other = [1], [1]
    for _ in range(5000):
        deep, other = [deep], [other]
    facts = {"it": deep, "other": other}
    for each in wanted_by(OPERATORS[operator]):
        query = parse(group(each))
        assert generated(query)(facts, NOW) is matches(query, facts, now=NOW)


HOSTILE = [
    *['"]; import os', "']; import os; ['", "__import__('os').system('true')", "{0}", "%s", "\\"],
    *["__import__", "__class__", "__builtins__", "get", "facts", "clock", "value_0", "NAN", "kind"],
    *["None", "True", "lambda: 0", "a\nb", "a\x00b", "\ud800", "'", '"', '"""', "#", "\u202e", "ℯ"],
    *["ünïcödé", "变量", "x" * 100_000, "$team", "relation#a"],
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_what_a_user_wrote_is_never_code(text):
    raw = group(
        leaf(text, "=", text),
        leaf(text, "in", [text, "b"]),
        leaf(text, "beginsWith", text),
        leaf(text, "contains", text),
        leaf(text, "=", {"property": text}),
        leaf("other", "=", {text: [text]}) if text != "value" else leaf("other", "isEmpty"),
    )
    facts = {text: text, "other": {text: [text]}}
    assert generated(parse(raw))(facts, NOW) is True
    assert generated(parse(raw))({**facts, text: "else"}, NOW) is False


def test_users_text_is_in_the_source_as_a_literal_only():
    source = function_of(condition('"]; import os', "=", "__import__('os')")).source
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    assert names == {"facts", "get", "value_0"}


def test_generated_code_has_no_builtins():
    assert function_of(condition("a", "=", 1)).run.__builtins__ == {}


class Counting(dict):
    """Facts that count how often each is read."""

    def __init__(self, *args):
        super().__init__(*args)
        self.reads = []

    def get(self, key, default=None):
        self.reads.append(key)
        return super().get(key, default)


def test_a_property_is_read_once_however_many_conditions_look_at_it():
    function = function_of(
        condition("a", "<", 5),
        condition("a", "beginsWith", "x"),
        condition("a", "between", {"preset": "lastWeek"}),
        condition("b", "=", {"property": "a"}),
    )
    facts = Counting({"a": 1})
    answers_of(function, facts)
    assert sorted(facts.reads) == ["a", "b"]


def test_a_dear_condition_that_queries_share_is_answered_once():
    dear, cheap = leaf("a", "beginsWith", "x"), leaf("b", "=", 7)
    shared = group(dear, cheap, combinator="or")
    source = function_of(group(dear), group(dear, cheap), shared, group(shared, cheap)).source
    assert source.count("startswith") == 1
    assert source.count("answer_1 = answer_0 or value_1 == 7") == 1


def test_a_condition_that_only_a_shared_group_asks_is_part_of_its_answer():
    shared = group(leaf("a", "beginsWith", "x"), leaf("b", "endsWith", "y"))
    source = function_of(shared, shared).source
    assert "answer_0 = text_0.startswith('x') and text_1.endswith('y')" in source
    assert "answer_1" not in source


def test_a_clock_is_read_when_it_is_prepared_not_when_entities_are_judged():
    within = leaf("a", "between", {"preset": "lastWeek"})
    function = function_of(group(within), group(within, leaf("a", "=", {"preset": "lastWeek"})))
    clock = function.prepare(NOW)
    assert clock == (PRESETS["lastWeek"].span(NOW).start, NOW)
    facts = {"a": "2026-03-14T00:00:00Z"}
    assert function.run(facts, clock) == (True, True)


def test_a_thousand_conditions_make_one_function():
    raw = group(*[leaf(f"p{n}", "<", n) for n in range(998)], combinator="or")
    check = generated(parse(raw))
    assert [check({"p500": found}, NOW) for found in (499, 500)] == [True, False]


def test_groups_nested_as_deep_as_they_may_make_a_function_that_can_be_read():
    raw = group(leaf("a", "isNotEmpty"))
    for depth in range(19):
        negative = leaf("a", "notBetween", {"from": depth, "to": depth + 1})
        raw = group(negative, raw, combinator=["or", "and"][depth % 2])
    function = function_of(raw)
    compile(function.source, "<shown>", "exec")
    for found in (None, 1, 18.5, 40):
        assert answers_of(function, {"a": found}) == [matches(parse(raw), {"a": found}, now=NOW)]


@pytest.mark.parametrize("combinator", ["and", "or"])
def test_a_group_without_conditions_holds_for_everything(combinator):
    raw = {"combinator": combinator, "conditions": []}
    assert generated(parse(raw, allow_empty=True))({}, NOW) is True
