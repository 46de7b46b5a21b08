"""The search language of event lists, read into conditions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.conditions import matches, parse
from catalog.errors import Invalid
from portal.integrations.datadog.dora_facets import deployment_search, failure_search
from tests.builders import NOW

SHOP = {
    "relation#service": "shop",
    "env": "production",
    "team": "core",
    "version": "v1.2.3",
    "custom_tags": ["language:java", "region:eu"],
    "repository": "git@github.com:acme/shop.git",
    "$identifier": "release-1",
    "$team": ["owners"],
}
BARE = {
    "relation#service": "api",
    "environment": "staging",
    "repository": "https://github.com/acme/shop-two",
    "$identifier": "release-2",
    "$team": ["owners", "others"],
}


def holds(search: str, facts: dict[str, Any]) -> bool:
    """Say whether a search finds a deployment."""
    condition = deployment_search(search, path="query")
    if condition is None:
        return True
    query = parse({"combinator": "and", "conditions": [condition]})
    return matches(query, facts, now=NOW)


@pytest.mark.parametrize(
    ("search", "in_shop", "in_bare"),
    [
        ("", True, True),
        ("  ", True, True),
        ("*", True, True),
        ("service:shop", True, False),
        ("@service:shop", True, False),
        ("service:(shop OR api)", True, True),
        ("service:(shop OR none) env:(production OR staging)", True, False),
        ("service:(shop AND api)", False, False),
        ("service:(NOT shop)", False, True),
        ("service:(-shop)", False, True),
        ("service:(sh* OR *x)", True, False),
        ("-service:shop", False, True),
        ("!service:shop", False, True),
        ("NOT service:shop", False, True),
        ("NOT NOT service:shop", True, False),
        ("-service:(shop OR api)", False, False),
        ("NOT (service:shop AND env:production)", False, True),
        ("service:shop OR env:staging", True, True),
        ("service:shop AND env:staging", False, False),
        ("service:shop env:production OR service:none", True, False),
        ("(service:shop OR service:api) team:core", True, False),
        ("team:owners", False, True),
        ("-team:owners", True, False),
        ("team:others", False, True),
        ("team:*", True, True),
        ("env:production", True, False),
        ("env:staging", False, True),
        ("env:prod*", True, False),
        ("version:*", True, False),
        ("-version:*", False, True),
        ("version:*2*", True, False),
        ("version:*.3", True, False),
        ("version:v1*", True, False),
        ('version:"v1.2.3"', True, False),
        ('version:"v1*"', False, False),
        (r"version:v1\.2\.3", True, False),
        ("language:java", True, False),
        ("-language:java", False, True),
        ("language:(java OR go)", True, False),
        ("repository_id:github.com/acme/shop", True, False),
        ("repository_id:github.com/acme/shop-two", False, True),
        ("repository_id:gitlab.com/acme/shop", False, False),
        ("id:release-2", False, True),
    ],
)
def test_a_search_finds_what_it_says(search: str, in_shop: bool, in_bare: bool) -> None:
    assert (holds(search, SHOP), holds(search, BARE)) == (in_shop, in_bare)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("severity:(SEV-1 OR SEV-2)", True),
        ("severity:SEV-3", False),
        ("service:b", True),
        ("service:c", False),
        ("-service:c", True),
        ("service:*", True),
        ("env:production", True),
        ("env:staging", False),
        ('name:"Web server down"', True),
        ("name:*server*", True),
    ],
)
def test_failures_are_found_by_their_own_facets(search: str, found: bool) -> None:
    facts = {
        "severity": "SEV-1",
        "services": ["a", "b"],
        "relation#service": "a",
        "$title": "Web server down",
    }
    condition = failure_search(search, path="query")
    query = parse({"combinator": "and", "conditions": [condition]})
    assert matches(query, facts, now=NOW) is found


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ("shop", "'shop' is not understood; write conditions as facet:value"),
        ('"shop front"', "'shop front' is not understood"),
        (":shop", "':shop' is not understood"),
        ("service:", "ends where a value is expected"),
        ("service:shop OR", "ends where a condition is expected"),
        ("OR service:shop", "'OR' stands where a condition is expected"),
        ("service:shop AND OR env:a", "'OR' stands where a condition is expected"),
        ("NOT", "ends where a condition is expected"),
        ("(service:shop", "'(' is not closed"),
        ("service:(shop", "'(' is not closed"),
        ("service:shop)", "')' has no '(' before it"),
        ("service:()", "')' stands where a value is expected"),
        ("()", "')' is not understood"),
        ('service:"shop', "a quote or an escape is not closed at character 8"),
        ("service:a*b", "'*' may stand only at the beginning or the end"),
        ("version:v?", "'*' may stand only at the beginning or the end"),
        ("version:**", "'*' may stand only at the beginning or the end"),
        ("version:[1 TO 2]", "ranges are not understood"),
        ("version:>2", "ranges are not understood"),
        ("language:j*", "'language' is taken for the key of a tag"),
        ("team:co*", "'team' is found by whole names only"),
        ("(" * 20 + "service:shop" + ")" * 20, "is nested more than 8 deep"),
        ("service:" + "x" * 2_000, "is longer than 2,000 characters"),
    ],
)
def test_what_is_not_understood_is_refused(search: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        deployment_search(search, path="query")
    assert caught.value.faults[0].path == "query"
    assert message in caught.value.faults[0].message


WORDS = st.sampled_from(
    ["service", "env", "team", "severity", "lang", ":", "(", ")", " ", "OR", "AND", "NOT", "-",
     "*", '"', "\\", "shop", "@", "!", "?", "[", "\x00", "é"]
)  # fmt: skip


@given(words=st.lists(WORDS, max_size=25))
def test_any_text_is_understood_or_refused(words: list[str]) -> None:
    for read in (deployment_search, failure_search):
        try:
            condition = read("".join(words), path="query")
            if condition is not None:
                parse({"combinator": "and", "conditions": [condition]})
        except Invalid:
            continue


@given(st.lists(st.sampled_from(["service:shop", "env:staging", "version:*2*"]), min_size=1))
def test_a_negation_finds_what_its_positive_does_not(terms: list[str]) -> None:
    for joint in (" OR ", " ", " AND "):
        search = joint.join(terms)
        for facts in (SHOP, BARE):
            assert holds(f"NOT ({search})", facts) is not holds(search, facts)
