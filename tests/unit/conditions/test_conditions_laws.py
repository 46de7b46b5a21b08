"""What holds for every query and every entity: generated."""

from datetime import UTC, datetime, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.conditions import (
    OPERATORS,
    OPPOSITES,
    PRESETS,
    ConditionError,
    Operand,
    describe,
    dump,
    explain,
    matches,
    parse,
    reads,
)

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
NAMES = ["a", "b", "c", "$team"]

law = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

dates = st.one_of(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(datetime.isoformat),
    st.datetimes(timezones=st.just(timezone.utc)).map(datetime.isoformat),  # noqa: UP017
    st.dates().map(str),
    st.sampled_from(["2026-03-15", "2026-03-15T12:00:00Z", "0001-01-01T00:00:00+14:00"]),
)
texts = st.one_of(st.sampled_from(["", "a", "ab", "A", "7", "true"]), dates, st.text(max_size=4))
numbers = st.one_of(
    st.sampled_from([0, 1, 7, 7.0, -0.0]),
    st.integers(-10, 10),
    st.floats(allow_nan=False, allow_infinity=False),
)
scalars = st.one_of(texts, numbers, st.booleans())
values = st.recursive(
    st.one_of(st.none(), scalars),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=2)
    ),
    max_leaves=5,
)
facts_of_all_kinds = st.dictionaries(
    st.sampled_from([*NAMES, "relation#a"]),
    values
    | st.sampled_from([float("nan"), float("inf"), 10**400, "\ud800", "9999-99-99T99:99:99Z"]),
)

present = values.filter(lambda value: value is not None)
ordered = numbers | dates.filter(lambda text: "T" in text or len(text) == 10)
spans = st.one_of(
    st.tuples(numbers, numbers).map(lambda pair: {"from": min(pair), "to": max(pair)}),
    st.sampled_from(sorted(PRESETS)).map(lambda token: {"preset": token}),
    st.just({"from": "2026-01-01", "to": "2026-06-01T00:00:00+01:00"}),
)
OPERANDS = {
    Operand.VALUE: values | spans,
    Operand.SCALAR: scalars,
    Operand.TEXT: texts,
    Operand.ORDERED: ordered,
    Operand.LIST: st.lists(present, max_size=3),
    Operand.RANGE: spans,
}
references = st.sampled_from(NAMES).map(lambda name: {"property": name})


@st.composite
def leaves(draw):
    row = draw(st.sampled_from(list(OPERATORS.values())))
    subject = draw(st.sampled_from(["property", "relation"]))
    leaf = {subject: draw(st.sampled_from(NAMES)), "operator": row.token}
    if row.operand is Operand.NONE:
        return {**leaf, **draw(st.sampled_from([{}, {"not": True}, {"not": False}]))}
    operand = OPERANDS[row.operand]
    return {
        **leaf,
        "value": draw(operand if row.operand is Operand.RANGE else operand | references),
    }


def groups(children):
    return st.builds(
        lambda combinator, key, nodes: {"combinator": combinator, key: nodes},
        st.sampled_from(["and", "or"]),
        st.sampled_from(["conditions", "rules"]),
        st.lists(children, min_size=1, max_size=3),
    )


queries = groups(st.recursive(leaves(), groups, max_leaves=6))
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["combinator", "conditions", "rules", "property", "operator", "value", "not"]
                + ["relation", "preset", "from", "to"]
            )
            | st.text(max_size=5),
            inner | st.sampled_from(["and", "or", *OPERATORS, *PRESETS]),
            max_size=5,
        ),
    ),
    max_leaves=20,
)


@law
@given(raw=queries, facts=facts_of_all_kinds)
def test_an_explanation_agrees_with_the_answer(raw, facts):
    query = parse(raw)
    assert explain(query, facts, now=NOW).passed is matches(query, facts, now=NOW)


@law
@given(raw=queries)
def test_what_was_dumped_reads_as_the_same_query(raw):
    query = parse(raw)
    assert parse(dump(query)) == query
    assert dump(parse(dump(query))) == dump(query)


@law
@given(leaf=leaves(), facts=facts_of_all_kinds)
def test_an_operator_and_its_opposite_split_all_entities_between_them(leaf, facts):
    if leaf["operator"] not in OPPOSITES:
        return
    opposite = {**leaf, "operator": OPPOSITES[leaf["operator"]]}
    answers = [
        matches(parse({"combinator": "and", "conditions": [each]}), facts, now=NOW)
        for each in (leaf, opposite)
    ]
    assert sorted(answers) == [False, True]


@law
@given(raw=json_values)
def test_reading_arbitrary_json_succeeds_or_says_what_is_wrong(raw):
    problems, query = [], None
    try:
        query = parse(raw)
    except ConditionError as error:
        problems = error.problems
    assert bool(query) is not bool(problems)
    assert all(problem.path and problem.message for problem in problems)
    assert query is None or parse(dump(query)) == query


@law
@given(raw=queries, facts=facts_of_all_kinds)
def test_only_what_a_query_reads_decides_its_answer(raw, facts):
    query = parse(raw)
    read = {key: value for key, value in facts.items() if key in reads(query)}
    assert matches(query, read, now=NOW) is matches(query, facts, now=NOW)


@law
@given(raw=queries, facts=facts_of_all_kinds)
def test_a_null_counts_as_a_missing_property(raw, facts):
    query = parse(raw)
    without = {key: value for key, value in facts.items() if value is not None}
    assert matches(query, without, now=NOW) is matches(query, facts, now=NOW)


@law
@given(raw=queries)
def test_every_query_can_be_described(raw):
    assert describe(parse(raw))


COMPARING = [
    row.token for row in OPERATORS.values() if row.operand not in (Operand.NONE, Operand.RANGE)
]


@pytest.mark.parametrize("operator", COMPARING)
def test_values_nested_deeper_than_the_stack_are_compared_without_an_error(operator):
    left, right = [1], [1]
    for _ in range(5000):
        left, right = [left], [right]
    leaf = {"property": "a", "operator": operator, "value": {"property": "b"}}
    query = parse({"combinator": "and", "conditions": [leaf]})
    assert matches(query, {"a": left, "b": right}, now=NOW) in (True, False)
