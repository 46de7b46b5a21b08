"""The entity page: what is found beside what is wanted, neighbours, history, and hostile values."""

import re

import pytest

from catalog.models import Entity
from tests.builders import NOW, condition, make_entity, make_scorecard, report, rule_document
from tests.pages.reading import INLINE, assert_is_only_text, html_of, words_of
from tests.pages.test_query_counts import COUNTS

pytestmark = pytest.mark.usefixtures("catalog")

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'

SHOWING_ANCHOR = [
    "/catalog/service/anchor/",
    "/catalog/service/anchor/?tab=scorecards",
    "/catalog/service/anchor/?tab=related&depth=3",
    "/catalog/service/anchor/?tab=timeline",
    "/catalog/service/",
    "/catalog/deployment/",
    "/catalog/deployment/anchor-v1/",
    "/teams/core/",
    "/scorecards/quality/",
    "/search/?q=script",
    "/",
]


def page(reader, identifier="anchor", blueprint="service", tab="overview"):
    return reader.get(f"/catalog/{blueprint}/{identifier}/?tab={tab}")


def scorecards(reader, identifier="anchor"):
    return page(reader, identifier, tab="scorecards")


def test_the_head_names_owner_and_levels(reader):
    html = html_of(page(reader))
    assert "<h1>Anchor</h1>" in html
    assert '<a href="/teams/core/">Core</a>' in html
    assert '<span class="badge lv-gold"><span class="badge-of">Quality</span> Gold</span>' in html


def test_a_failing_rule_says_what_was_found_what_is_wanted_and_how_to_fix_it(reader):
    rules = [
        rule_document(
            "quick",
            title="Merges within a day",
            query=condition("wait", "<=", 24),
            description="Long waits hide faults.",
            how_to_fix="Review each morning.",
        )
    ]
    make_scorecard("speed", rules=rules)
    make_entity("anchor", properties={"wait": 1201.5})
    words = words_of(scorecards(reader))
    for part in (
        "1 rule to Bronze , 1,177.5 h away: Merges within a day",
        "0 of 1 rules pass",
        "Bronze 0 of 1 Fail: Merges within a day",
        "Long waits hide faults.",
        "Review each morning.",
        "1,201.5 h found 24 h",
    ):
        assert part.replace("found 24 h", "found at most 24 h wanted") in words


def test_a_missing_value_is_found_to_be_nothing(reader):
    assert "nothing found not empty wanted" in words_of(scorecards(reader, "drift"))


def test_the_ladder_marks_what_is_reached_and_where_one_stands(reader):
    html = html_of(scorecards(reader, "buoy"))
    assert html.count("is-reached") == 3
    assert '<li class="lv-silver is-reached is-current" aria-current="step">' in html


def test_a_rule_of_alternatives_says_that_one_is_enough(reader):
    query = {
        "combinator": "or",
        "conditions": [
            {"property": "tier", "operator": "=", "value": 9},
            {"property": "language", "operator": "=", "value": "Ada"},
        ],
    }
    make_scorecard("either", rules=[rule_document("any", query=query)])
    assert "One of these is enough" in words_of(scorecards(reader))


def test_a_rule_that_does_not_count_says_why(reader):
    rules = [
        rule_document("known", evidence=condition("wait", "!=", None)),
        rule_document("small", filter=condition("tier", ">", 1)),
        rule_document("off", is_enabled=False),
        rule_document("told", query=None),
    ]
    make_scorecard("reasons", rules=rules)
    words = words_of(scorecards(reader))
    for part in (
        "Nothing is known of Lead time yet: the property is empty.",
        "Left out by the rule's filter: Tier is more than 1. Found: Tier 1.",
        "This rule is switched off.",
        "Nothing reported yet",
    ):
        assert part in words
    assert "Nothing has been reported yet." not in words


def test_given_values_are_shown_by_kind(reader):
    make_entity(
        "anchor",
        properties={
            "homepage": "https://example.org/anchor",
            "notes": "# Run it\n\n- **now**",
            "is_public": True,
            "wait": 2.5,
        },
    )
    html = html_of(page(reader))
    assert '<a class="link" rel="noopener" href="https://example.org/anchor">' in html
    assert "<h1>Run it</h1>\n<ul>\n<li><strong>now</strong></li>" in html
    assert '<span class="chip lv-pass">Yes</span>' in html
    assert "2.5 h" in html


def test_what_points_here_is_counted_and_the_newest_ten_are_listed(reader):
    html = html_of(page(reader, tab="related"))
    assert html.count('href="/catalog/deployment/anchor-v') == 10
    assert "anchor-v11" in html
    assert "anchor-v0/" not in html
    assert '<a class="link" href="/catalog/deployment/?relation.service=anchor">All 12<' in html


def test_what_it_points_at_is_linked(reader):
    html = html_of(page(reader, "anchor-v1", "deployment", tab="related"))
    assert 'href="/catalog/service/anchor/">Anchor</a>' in html


def test_the_history_tells_changes_and_levels(reader):
    make_entity("anchor", properties={"tier": 3})
    words = words_of(page(reader, tab="timeline"))
    assert "Tier: 1 to 3" in words
    assert "Quality Gold fell to Basic" in words
    assert "tester created this" in words


def test_problems_with_computed_values_are_told(reader):
    problems = [{"property": "rate", "message": "cannot divide by zero"}]
    Entity.objects.filter(identifier="anchor").update(problems=problems)
    assert "rate could not be computed: cannot divide by zero" in words_of(page(reader))


def test_nothing_stored_becomes_markup(reader):
    make_entity("anchor", title=HOSTILE, icon=HOSTILE, properties={"notes": HOSTILE})
    anchor = Entity.objects.get(identifier="anchor")
    names = ["language", "homepage", "tier", "is_public", "wait"]
    anchor.facts.update(dict.fromkeys(names, HOSTILE))
    anchor.facts["homepage"] = f"https://e.org/{HOSTILE}"
    Entity.objects.filter(pk=anchor.pk).update(
        facts=anchor.facts, problems=[{"property": HOSTILE, "message": HOSTILE}]
    )
    for address in SHOWING_ANCHOR:
        assert_is_only_text(html_of(reader.get(address)))


@pytest.mark.parametrize(
    "facts",
    [
        {"language": {"nested": [1, {"deep": None}]}, "tier": "not a number", "homepage": 7},
        {"language": 1e308, "notes": 5, "is_public": "yes", "$team": None},
        {"wait": True, "homepage": ["https://e.org", None, {}], "notes": ["a"]},
        {"homepage": "http://[::1", "language": "\u202e\u0001", "tier": -0.0},
        {},
    ],
)
def test_no_stored_value_breaks_a_page(reader, facts):
    Entity.objects.filter(identifier="anchor").update(facts=facts)
    for address in ("/catalog/service/anchor/", "/catalog/service/?sort=-property.tier"):
        assert reader.get(address).status_code == 200


def test_a_team_has_its_own_page(reader):
    response = reader.get("/catalog/_team/core/")
    assert (response.status_code, response["Location"]) == (302, "/teams/core/")


def test_skipped_rules_are_shown_as_such(reader):
    rules = [rule_document("later", in_force_from="2999-01-01")]
    make_scorecard("future", now=NOW, rules=rules)
    words = words_of(scorecards(reader))
    assert "Bronze 0 of 0 Skip: Later not counted Not in force until 1 January 2999." in words


HOSTILE_REMARK = (
    f"{HOSTILE} <a href='javascript:alert(3)'>a</a> [b](javascript:alert(4)) "
    "javascript:alert(5) <a href='https://e.org/' onclick='alert(6)'>c</a>"
)


def reported(**overrides):
    return make_scorecard(
        "security", rules=[rule_document("tested", **{"query": None, **overrides})]
    )


def test_a_reported_rule_shows_what_was_reported_by_whom_and_when(reader):
    reported(how_to_fix="Ask the security team.")
    remark = "Two findings,\nsee https://ci.example.org/runs/7."
    report("anchor", "tested", "fail", scorecard="security", remark=remark)
    response = scorecards(reader)
    assert "Ask the security team." in words_of(response)
    assert "Reported over the API Fail by tester, " in words_of(response)
    assert "Bronze 0 of 1 Fail: Tested" in words_of(response)
    assert (
        '<p class="rule-remark">Two findings,\nsee <a class="link" rel="noopener" '
        'href="https://ci.example.org/runs/7">ci.example.org/runs/7</a>.</p>'
    ) in html_of(response)
    assert 'datetime="2026-06-01T12:00:00+00:00"' in html_of(response)


def test_a_reported_rule_says_when_nothing_was_reported(reader):
    reported()
    words = words_of(scorecards(reader))
    assert "Bronze 0 of 0 Skip: Tested not counted" in words
    assert "Reported over the API Nothing reported yet" in words


def test_a_reported_rule_that_does_not_count_still_shows_what_was_reported(reader):
    reported(filter=condition("language", "=", "Ada"))
    report("anchor", "tested", "pass", scorecard="security")
    words = words_of(scorecards(reader))
    assert "Bronze 0 of 0 Skip: Tested not counted" in words
    assert "Reported over the API Pass by tester" in words


def test_a_hostile_remark_stays_text(reader):
    reported()
    report("anchor", "tested", "fail", scorecard="security", remark=HOSTILE_REMARK)
    tabs = [f"/catalog/service/anchor/?tab={tab}" for tab in ("overview", "scorecards", "timeline")]
    for address in (*tabs, "/teams/core/"):
        html = html_of(reader.get(address))
        assert "<script>alert" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html.lower()
        assert INLINE.search(re.sub(r"&lt;.*?&gt;|javascript:alert\(.\)", "", html)) is None


def test_reported_rules_of_many_scorecards_take_two_queries_together(
    reader, django_assert_max_num_queries
):
    for number in range(5):
        make_scorecard(f"more_{number}", rules=[rule_document("tested", query=None)])
        report("anchor", "tested", "pass", scorecard=f"more_{number}")
    # Those of a page without reported rules, and one.
    with django_assert_max_num_queries(COUNTS["/catalog/service/anchor/?tab=scorecards"] + 2):
        scorecards(reader)
