"""What had best be done next: the nearest level of all scorecards, the easiest rule first."""

import pytest

from portal.dashboards.advice import advice_of
from portal.dashboards.panels import panel_views
from portal.dashboards.properties import properties_of
from tests.builders import NOW, condition, make_entity, make_scorecard, rule_document
from tests.pages.reading import words_of

pytestmark = pytest.mark.usefixtures("catalog")


def rules(**conditions):
    """Return a rule of the lowest level for each condition."""
    return [rule_document(name, query=query) for name, query in conditions.items()]


def wait(most):
    return condition("wait", "<=", most)


MISSING = condition("homepage", "isNotEmpty")
# Scorecards by title, and what is advised: the scorecard, with its rules in order.
CASES = {
    "fewest rules first": (
        {"A": rules(one=MISSING, two=wait(90)), "B": rules(three=MISSING)},
        ("B", ["three"]),
    ),
    "of as many, the least far away": (
        {"A": rules(one=wait(10)), "B": rules(two=wait(90))},
        ("B", ["two"]),
    ),
    "what is no number is a whole step": (
        {"A": rules(one=MISSING), "B": rules(two=wait(90))},
        ("B", ["two"]),
    ),
    "a number very far away is more": (
        {"A": rules(one=wait(1)), "B": rules(two=MISSING)},
        ("B", ["two"]),
    ),
    "else by title": (
        {"B": rules(two=MISSING), "A": rules(one=MISSING)},
        ("A", ["one"]),
    ),
    "within a level the nearest first": (
        {"A": rules(far=wait(1), unset=MISSING, near=wait(99))},
        ("A", ["near", "unset", "far"]),
    ),
    "what passes asks for nothing": (
        {"A": rules(one=wait(200))},
        None,
    ),
    "what is skipped asks for nothing": (
        {"A": [rule_document("one", query=MISSING, in_force_from="2999-01-01")]},
        None,
    ),
    "nothing is asked": ({"A": []}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_nearest_next_level_is_advised(case):
    scorecards, wanted = CASES[case]
    make_scorecard("quality", rules=[])
    entity = make_entity("anchor", properties={"wait": 100})
    for title, parts in scorecards.items():
        make_scorecard(f"card_{title.lower()}", title=title, rules=parts)
    entity.refresh_from_db()
    advice = advice_of(panel_views(entity, properties_of(entity.blueprint), now=NOW))
    found = advice and (
        advice.scorecard.title,
        [rule.result.rule.identifier for rule in advice.rules],
    )
    assert found == wanted


def test_of_alternatives_the_nearest_counts():
    either = {
        "combinator": "or",
        "conditions": [wait(1)["conditions"][0], wait(95)["conditions"][0]],
    }
    make_scorecard("quality", rules=[])
    entity = make_entity("anchor", properties={"wait": 100})
    make_scorecard("a", title="A", rules=rules(one=wait(80)))
    make_scorecard("b", title="B", rules=[rule_document("two", query=either)])
    advice = advice_of(panel_views(entity, properties_of(entity.blueprint), now=NOW))
    assert advice.scorecard.title == "B"


def test_the_page_says_how_many_things_there_are_to_do_and_how(reader):
    parts = [
        rule_document("near", title="Be quick", query=wait(99), how_to_fix="Hurry."),
        rule_document("home", title="Have a home", query=MISSING, how_to_fix="Build one."),
    ]
    make_scorecard("speed", title="Speed", rules=parts)
    make_entity("anchor", properties={"wait": 100})
    words = words_of(reader.get("/catalog/service/anchor/"))
    advice = words.partition("Next level: do these two things")[2].partition("Scorecards")[0]
    assert "Speed Bronze Fail: Be quick" in advice
    assert advice.index("100 h found at most 99 h wanted") < advice.index("nothing found")
    assert advice.index("Hurry.") < advice.index("Build one.")


def test_of_many_rules_the_first_are_shown(reader):
    make_scorecard("speed", rules=rules(**{f"rule_{number}": MISSING for number in range(8)}))
    words = words_of(reader.get("/catalog/service/anchor/"))
    assert "Next level: do these eight things" in words
    assert "And 3 more" in words


def test_where_every_level_is_reached_nothing_is_advised(reader):
    assert "Next level" not in words_of(reader.get("/catalog/service/anchor/"))
