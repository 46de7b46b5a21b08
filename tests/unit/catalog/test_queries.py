"""A query answered by the database selects what `matches` selects, on either database."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import NotSupportedError, connection, transaction
from django.db.models import BooleanField, ExpressionWrapper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.conditions import OPERATORS, ConditionError, Operand, Query, matches, parse
from catalog.conditions.values import as_moment
from catalog.models import Blueprint, Entity, EntityRelation
from catalog.queries import Holds, compile_q, postgresql, sqlite
from catalog.queries.sql import SQL, join
from catalog.storable import storable_faults
from tests.builders import NOW, condition, make_blueprint
from tests.unit.conditions import test_conditions_laws as laws

pytestmark = pytest.mark.django_db

INTEGERS = [0, 1, -1, 7, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64 + 1, 10**16, 10**22]
INTEGERS += [10**23, int(1e23), 10**300]
FLOATS = [-0.0, 1.0, 7.0, 7.5, 0.1, 0.3, 0.1 + 0.2, 1e-7, 5e-324, 1e-320, 2.0**53, 2.0**63, 1e16]
FLOATS += [1e22, 1e23, 1e300, 1.7976931348623157e308, -1.5]
DATE_LINES = """
2026-03-15|2026-03-15T00:00:00Z|2026-03-15t00:00z|2026-03-15 00:00|2026-03-15T02:00:00+02:00
2026-03-14T18:30:00-0530|2026-03-15T05+05|2026-03-15T05:00+05|2026-03-15T00:00:00.000001Z
2026-03-15T00:00:00,0000019|2026-03-14T23:59:59.9999999Z|2026-03-15T00:00:00.|2026-03-15T00:00:00.1x
2026-02-29|2024-02-29|1900-02-29|2000-02-29|2026-04-31|2026-13-01|2026-00-01|2026-01-00|0000-01-01
0000-02-29|0001-01-01T00:00:00+14:00|9999-12-31|9999-12-31T23:59:59.999999-23:59|2026-03-15T23:60
2026-03-15T23:59:60|2026-03-15T00:00+24:00|2026-03-15T00:00+23:59|2026-03-15T00:00+23:60
2026-03-15T00:00-00:30|20260315|2026-W11-7|2026-03-15T| 2026-03-15|２026-03-15|2026-03-15T0:00
2026-03-15T00:00Z+01|2026-03-15T00:00:00Z |2026-03-15-05|2026-03-15T25:00|2026-03-15T00:00:00.5+0100
2026-03-15T00:00+05:99|2026-03-15T00:00:30-05|2026-03-15T00:00:00.123456789-0030|2026-03-15T23:59
"""
DATES = [text for line in DATE_LINES.strip("\n").splitlines() for text in line.split("|")]
TEXTS = ["", "a", "A", "ab", "abab", "%", "_", "a%b", "é", "e\u0301", "É", "ß", "😀", "a\\b", 'a"b']
TEXTS += ["\n", "2026-03-15\n", "7", "true", "null", "[1]", "{}", "[", "*", "?", "[a-z]", "\u2028"]
CONTAINERS = [[], {}, [1], [1.0], [True], ["a"], [None], [[1]], [7, "7"], ["a", "A"], [{"a": 1}]]
CONTAINERS += [{"a": 1}, {"a": 1.0}, {"a": True}, {"a": None}, {"b": 2, "a": 1}, {"a": 1, "b": 2.0}]
CONTAINERS += [[10**23], [1e23], {"é": {"ß": ["😀"]}}, ["é"], ["2026-03-15"]]
VALUES: list[Any] = [*INTEGERS, *FLOATS, *DATES, *TEXTS, *CONTAINERS, True, False]
KEYS = ["0", "a.b", "a[0]", "$", "#", "$.a", 'q"q', 'q".[0]', "back\\slash", "\\u00e9", "é", "日本"]
KEYS += [" ", "%s", "%", "{x}", "{", "'", "a'b", "\n", "?", ":x", "$team", "`", "--", "😀", "[0]"]


def save(facts: Iterable[dict[str, Any]]) -> None:
    thing = Blueprint.objects.filter(identifier="thing").first() or make_blueprint("thing")
    Entity.objects.bulk_create(
        Entity(blueprint=thing, identifier=f"e{n}", facts=each, created_at=NOW, updated_at=NOW)
        for n, each in enumerate(facts)
    )


def things():
    return Entity.objects.of("thing")


def assert_agreement(*queries: Query, now: datetime = laws.NOW) -> None:
    """Ask about every row, so that a null or a lost row shows as well as a wrong answer."""
    stored = dict(things().values_list("id", "facts"))
    for query in queries:
        holds = ExpressionWrapper(compile_q(query, now=now), output_field=BooleanField())
        answers = things().values_list("id", holds)
        expected = {pk: matches(query, facts, now=now) for pk, facts in stored.items()}
        wrong = {pk: answer for pk, answer in answers if answer is not expected[pk]}
        assert not wrong, f"{query}: {[(stored[pk], wrong[pk]) for pk in wrong]}"


def query_of(key: str, operator: str, *value: Any) -> Query:
    return parse(condition(key, operator, *value))


def accepted(token: str, values: Iterable[Any]) -> list[Query]:
    """Return the queries with the values that the operator takes."""
    queries = []
    for value in values:
        try:
            queries.append(query_of("a", token, value))
        except ConditionError:
            continue
    return queries


storable = laws.values.filter(lambda value: not storable_faults(value))
nasty = st.sampled_from(VALUES)
rows = st.lists(
    st.dictionaries(st.sampled_from([*laws.NAMES, "relation#a"]), storable | nasty, max_size=4),
    min_size=10,
    max_size=60,
)
nasty_leaves = st.builds(
    lambda name, query, subject: {**query, subject: name},
    st.sampled_from(laws.NAMES),
    st.sampled_from(
        [
            {"operator": token, "value": value}
            for token in OPERATORS
            for value in [*VALUES, *([value] for value in VALUES)]
            if isinstance(value, (str, list)) or OPERATORS[token].operand is not Operand.LIST
        ]
    ).filter(lambda leaf: _is_accepted(leaf)),
    st.sampled_from(["property", "relation"]),
)


def _is_accepted(leaf: dict[str, Any]) -> bool:
    try:
        return bool(parse({"combinator": "and", "conditions": [{"property": "a", **leaf}]}))
    except ConditionError:
        return False


queries = laws.groups(st.recursive(laws.leaves() | nasty_leaves, laws.groups, max_leaves=6))


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(facts=rows, raws=st.lists(queries, min_size=1, max_size=8))
def test_the_database_selects_what_evaluation_does(facts, raws):
    with transaction.atomic():
        save(facts)
        assert_agreement(*map(parse, raws))
        transaction.set_rollback(True)


@pytest.fixture
def one_of_each(db):
    save([{}, {"a": None}, *({"a": value} for value in VALUES)])


@pytest.mark.parametrize("token", OPERATORS)
def test_every_operator_agrees_about_every_kind_of_value(one_of_each, token):
    if OPERATORS[token].operand is Operand.NONE:
        assert_agreement(query_of("a", token))
        return
    taken = accepted(token, [None, *VALUES, VALUES, *([value] for value in VALUES)])
    spans = [{"from": -1, "to": 2**53}, {"from": 0.1, "to": 1e23}, {"preset": "today"}]
    spans += [{"from": DATES[0], "to": DATES[6]}, {"from": 5e-324, "to": 10**23}]
    assert_agreement(*taken, *accepted(token, spans))


@pytest.mark.parametrize(
    "token", [row.token for row in OPERATORS.values() if row.operand not in ("none", "range")]
)
def test_every_operator_agrees_about_two_properties(db, token):
    values = [None, *VALUES]
    count = len(values)
    pairs = [
        (values[n], values[(n * n + step) % count]) for step in (0, 1, 5) for n in range(count)
    ]
    pairs += [(one, other) for kind in (INTEGERS, FLOATS) for one in kind for other in FLOATS]
    pairs += [(one, other) for one in DATES[:12] for other in DATES[:12]]
    pairs += [(value, value) for value in values]
    lists = [{"a": one, "b": [7, other, None]} for one, other in pairs]
    lists += [{"a": [one, None], "b": other} for one, other in pairs]
    lists += [{"a": [one, "x"], "b": [other, "y"]} for one, other in pairs]
    save([*({"a": one, "b": other} for one, other in pairs), {"a": 1}, {"b": 1}, {}, *lists])
    assert_agreement(query_of("a", token, {"property": "b"}))


@pytest.mark.parametrize("key", KEYS)
def test_any_text_can_be_a_key(db, key):
    save([{key: 7}, {key: "7"}, {key: [7]}, {key: "2026-03-15"}, {}, {"a": [7], "b": 7, "q": 7}])
    others = [{"property": key}, {"property": "b"}]
    assert_agreement(
        query_of(key, "=", 7),
        query_of(key, "!=", 7),
        query_of(key, ">=", 6.5),
        query_of(key, ">=", "2026-01-01"),
        query_of(key, "contains", 7),
        query_of(key, "isEmpty"),
        *(query_of(key, "=", other) for other in others),
        query_of("b", "<=", {"property": key}),
        parse({"combinator": "or", "conditions": [{"relation": key, "operator": "isEmpty"}]}),
    )


@pytest.mark.parametrize("odd", ["\x00", "a\x00", "\ud800", "a\udfff"])
def test_what_no_facts_can_hold_is_compared_without_an_error(db, odd):
    save([{}, {"a": "a"}, {"a": ["a"]}, {"a": ""}, {"a": None}])
    assert_agreement(
        query_of("a", "=", odd),
        query_of("a", "!=", {"x": [odd]}),
        query_of("a", "in", [odd, "a"]),
        query_of("a", "containsAny", [odd]),
        query_of("a", "contains", odd),
        query_of("a", "doesNotEndsWith", odd),
        query_of(odd, "isEmpty"),
        query_of(odd, "!=", 1),
        query_of("a", "=", {"property": odd}),
    )


def test_presets_are_resolved_from_now(db):
    moments = [NOW + timedelta(hours=hours) for hours in (-200, -30, -1, 0, 1, 30)]
    save([{"a": moment.isoformat()} for moment in moments])
    for now in (NOW, NOW.replace(tzinfo=None), NOW + timedelta(days=1)):
        for preset in ("today", "lastDay", "lastWeek", "previousWeek", "nextDay", "yesterday"):
            assert_agreement(query_of("a", "between", {"preset": preset}), now=now)


def test_the_answer_can_be_filtered_excluded_and_combined(db):
    save([{"tier": 1}, {"tier": 3}, {"tier": "1"}, {}])
    query = query_of("tier", "<=", 2)
    found = compile_q(query, now=NOW)
    is_missing = compile_q(query_of("tier", "isEmpty"), now=NOW)
    selections = {
        "matching": things().matching(query, now=NOW),
        "inverted": things().filter(~found),
        "excluded": things().exclude(found),
        "either": things().filter(found | is_missing),
    }
    assert {
        name: sorted(each.identifier for each in rows) for name, rows in selections.items()
    } == {
        "matching": ["e0"],
        "inverted": ["e1", "e2", "e3"],
        "excluded": ["e1", "e2", "e3"],
        "either": ["e0", "e3"],
    }


def test_rows_that_point_at_entities_can_be_selected_by_their_facts(db):
    save([{"tier": 1}, {"tier": 3}])
    low, high = things().order_by("id")
    EntityRelation.objects.create(source=low, relation="uses", target=high)
    for tier, count in ((3, 1), (1, 0)):
        query = compile_q(query_of("tier", "=", tier), now=NOW, facts="target__facts")
        assert EntityRelation.objects.filter(query).count() == count


def test_groups_without_conditions_hold_for_everything(db):
    save([{}, {"a": 1}])
    for combinator in ("and", "or"):
        assert_agreement(parse({"combinator": combinator, "conditions": []}, allow_empty=True))


def nest(leaf: dict[str, Any], *, width: int, depth: int = 20, combinator: str = "and") -> Any:
    """Return groups in groups, with leaves on both sides of the inner one."""
    node: dict[str, Any] = {"combinator": combinator, "conditions": [leaf] * width}
    for level in range(depth - 1):
        side = [leaf] * (width // 2)
        word = ("or", "and")[level % 2]
        node = {"combinator": word, "conditions": [*side, node, *side]}
    return node


WIDEST = [
    {"property": "a", "operator": "<=", "value": {"property": "b"}},
    {"property": "a", "operator": "notBetween", "value": {"preset": "lastWeek"}},
    {"property": "a", "operator": "containsAny", "value": {"property": "b"}},
    {"property": "a", "operator": "containsAny", "value": [{"x": 1, "y": 2}, "a", 1]},
    {"property": "a", "operator": "!=", "value": [1, 2.5]},
    {"property": 'a"', "operator": ">=", "value": 2.5},
]


@pytest.mark.parametrize("leaf", WIDEST, ids=lambda leaf: leaf["operator"])
@pytest.mark.parametrize(("width", "depth"), [(998, 1), (48, 20)])
def test_the_largest_query_that_can_be_saved_runs(db, leaf, width, depth):
    save([{"a": 1, "b": 2}, {"a": "2026-01-01", 'a"': 3}, {"a": ["a", 1], "b": [1]}])
    assert_agreement(parse(nest(leaf, width=width, depth=depth)))


def test_long_lists_travel_as_one_parameter(db):
    save([{"a": 19_999}, {"a": "x19999"}, {"a": [19_999.0]}, {"a": None}, {}])
    choices = [*range(20_000), *(f"x{number}" for number in range(20_000))]
    assert_agreement(
        query_of("a", "in", choices),
        query_of("a", "notIn", choices),
        query_of("a", "containsAny", choices),
    )


def test_both_databases_have_a_word_for_every_operator():
    positive = {row.token for row in OPERATORS.values() if not row.negates} - {"between"}
    assert set(sqlite.DIALECT.lookups) == set(postgresql.DIALECT.lookups) == positive


def test_other_databases_are_refused():
    with pytest.raises(NotSupportedError, match="SQLite and PostgreSQL"):
        Holds(query_of("a", "isEmpty"), now=NOW).as_sql(None, connection)


def test_values_never_become_sql(db):
    text, key = "'; DROP TABLE x; --", 'k"; --'
    save([{key: text}])
    selected = things().matching(query_of(key, "=", text), now=NOW)
    statement, params = selected.query.sql_with_params()
    assert text not in statement
    assert key not in statement
    assert any(text in str(param) for param in params)
    assert selected.count() == 1


def test_pieces_are_joined_in_the_order_they_came():
    pieces = [SQL("%s", (name,)) for name in "abcde"]
    joined = join("AND", pieces)
    assert sorted(joined.params) == list("abcde")
    assert joined.params[:2] == ("a", "b")
    assert joined.text.count("AND") == 4


@pytest.mark.parametrize("text", ["2026-01-01T24:00", "2026-01-01T24:00:00Z"])
def test_no_day_has_an_hour_24(text):
    # The SQL of both databases relies on it.
    assert as_moment(text) is None
