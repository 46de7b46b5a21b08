"""What a jq program reads is found in its text, and never too little of it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.computed import jq
from catalog.computed.jq import JqError, reads, reads_clock
from catalog.computed.jq_ledger import Ledger


@pytest.mark.parametrize(
    ("program", "keys"),
    [
        (".properties.tier", {"tier"}),
        ('.properties["a-b"]', {"a-b"}),
        (".properties['a']", {"a"}),
        ('.["properties"]."tier"?', {"tier"}),
        (".properties?.tier", {"tier"}),
        (".identifier + .title", {"$identifier", "$title"}),
        (".team[0]", {"$team"}),
        (".relations.owner", {"relation#owner"}),
        (".nothing", set()),
        ("1 + 2", set()),
        (".properties.a | keys", {"a"}),
        (".properties.a // .properties.b", {"a", "b"}),
        ("(.properties.a | not) and .properties.b", {"a", "b"}),
        ("if .properties.a | length > 0 then .properties.b else null end", {"a", "b"}),
        (".properties.a as $a | .properties.b + $a", {"a", "b"}),
        ("{a: .properties.a, 'b': .properties.b}", {"a", "b"}),
        ('"\\(.properties.a) of \\(.properties.b)"', {"a", "b"}),
        ("[.properties.a, .properties.b] | add", {"a", "b"}),
        ("first(.properties.a[])", {"a"}),
        ("# .properties.b\n.properties.a", {"a"}),
        ("'.properties.b' + .properties.a", {"a"}),
        (".", None),
        ("..", None),
        ("keys", None),
        (".properties | keys", None),
        (".properties[]", None),
        (".properties[.properties.a]", None),
        ('.properties["a\\(1)"]', None),
        ("{title}", None),
        ('{"properties"}', None),
        ("{a: .properties.a | length, b: .}", None),
        ("if .properties.a | length > 0 then . else 1 end", None),
        ("select(.properties.a)", None),
        ("(.properties.a | length) + length", None),
        (".properties.a as $a | keys", None),
        (".properties.a as [$a] | .properties.b", None),
        ('.properties.a as {("k"): $a} | .properties.b', None),
        ('.properties.a as {"\\(1 | 2)": $a} | .properties.b', None),
        ('{"ti\\("tle")"}', None),
        ("{@text 'title'}", None),
        ("if .properties.a then error('a') end | .properties.b", None),
        ("if .properties.a then 1 elif .properties.b then 2 end", None),
        (".properties.a | if . then 1 end", {"a"}),
        (".properties.a |= 1", None),
        ("def f: .properties; f", None),
        ("@json", None),
        (")", None),
    ],
)
def test_reads_names_the_facts_a_program_depends_on(program: str, keys: set[str] | None) -> None:
    assert reads(program) == keys


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("now", True),
        ("now - (.properties.a | fromdate)", True),
        ('"\\(now)"', True),
        (".now", False),
        ("'now'", False),
        ("# now\n.a", False),
        ("$now", False),
        (".properties.nowadays", False),
    ],
)
def test_reads_clock_finds_the_word_now(program: str, answer: bool) -> None:
    assert reads_clock(program) is answer


FACTS: dict[str, Any] = {
    "$identifier": "id",
    "$title": "Billing",
    "$team": ["core"],
    "relation#owner": "ada",
    "a": 3,
    "b": [1, {"a": 5}],
    "c": {"a": 9, "properties": {"a": 1}},
    "d": None,
    "e": True,
}
LEAVES = [
    *(f".properties.{key}" for key in "abcde"),
    *('.["properties"].a', '.properties["b"]', ".properties?.c.a?", ".properties.b[0:1]?"),
    *(".title", ".identifier", ".team", ".relations.owner", '."tit\\u006ce"', ".", ".properties"),
    *("1", '"s"', "null", "length", "not", '{"ti\\("tle")}', "{title}", "{@text 'title'}"),
]
# What is put together of programs, in the places {0}, {1} and {2}.
FORMS = [
    *("({0})", "{0} | {1}", "{0}, {1}", "{0} // {1}", "[{0}]", "({0})?", "[.[]?, {0}]"),
    *("{{a: {0}, b: ({1})}}", '{{"k": ({0}), title}}', "{{({0} | tostring): ({1})}}"),
    *("({0} as $x | {1})", "({0} as [$x] | {1})", "({0} as {{a: $x}} | {1})"),
    *('({0} as {{("a" | .): $x}} | {1})', "{0} as $x | {1} as $y | {2}", "label $out | {0}"),
    *("if {0} then {1} end", "if {0} then {1} else {2} end", "if {0} then {1} elif {2} then 1 end"),
    *("(try {0} catch {1})", "reduce ({0}) as $x ({1}; {2})", "[foreach ({0}) as $x (0; {1})]"),
    *('"p\\({0})q"', '@json "p\\({0})"', "first({0})", "[limit(2; {0})]", "isempty({0})"),
    *("({0}) == ({1})", "({0}) and ({1})", "(({0}) + ({1}))?", "({0})[{1}]?", "error({0})?"),
    *("def f: {0}; {1}", "def f(g): g | {0}; f({1})", "(({0}) |= ({1}))?", "{0} # .properties.b\n"),
]
programs = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.builds(str.format, st.sampled_from(FORMS), inner, inner, inner),
    max_leaves=8,
)


def answer(program: str, keys: frozenset[str]) -> Any:
    """Return what the program makes of an entity that has these facts only."""
    document: dict[str, Any] = {"properties": {}, "relations": {}}
    for key, value in FACTS.items():
        if key not in keys:
            continue
        if key.startswith("$"):
            document[key[1:]] = value
        elif key.startswith("relation#"):
            document["relations"][key.removeprefix("relation#")] = value
        else:
            document["properties"][key] = value
    # Every output, and an error by its words.
    try:
        return jq.evaluate(f"[{program}\n]", document)
    except JqError as error:
        return str(error)


@settings(max_examples=400, derandomize=True, database=None)
@given(programs)
def test_a_program_sees_no_difference_between_the_entity_and_what_it_reads(program: str) -> None:
    jq._ledger = Ledger()
    keys = reads(program)
    if keys is not None:
        assert answer(program, keys) == answer(program, frozenset(FACTS))
