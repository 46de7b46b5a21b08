"""Scores over REST: by what they are of, over the rules that are asked for."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from scorecards import operations
from scorecards.models import Rule
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)


@pytest.fixture
def graded(db: None) -> None:
    """Grade three services and a job by two scorecards, one rule of which is reported."""
    make_blueprint()
    make_blueprint("job")
    for team in ("core", "web"):
        make_team(team)
    make_entity("cart", title="Cart", properties={"tier": 1, "language": "Go"}, team="core")
    make_entity("blog", properties={"tier": 3}, team=["core", "web"])
    make_entity("shop", properties={"tier": 3, "language": "Go"})
    make_entity("nightly", blueprint="job", properties={"tier": 1})
    make_scorecard(
        rules=[
            rule_document(),
            rule_document("spoken", level="Silver", query=condition("language", "isNotEmpty")),
            rule_document("off", is_enabled=False),
        ]
    )
    make_scorecard(
        "safety", blueprints=["service", "job"], rules=[rule_document("tested", query=None)]
    )
    report("cart", "tested", "pass", scorecard="safety")
    report("blog", "tested", "skip", scorecard="safety")
    report("nightly", "tested", "fail", scorecard="safety", blueprint="job")


def listed(client: APIClient, aggregation: str, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/scores/{aggregation}/?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def scores(client: APIClient, aggregation: str, query: str = "") -> dict[str, float | None]:
    return {row["identifier"]: row["score"] for row in listed(client, aggregation, query)}


def test_a_score_is_shown_with_all_of_its_figures(graded: None, client: APIClient) -> None:
    row = listed(client, "entity")[0]
    assert {**row, "id": 0} == {
        "id": 0,
        "identifier": "cart",
        "title": "Cart",
        "blueprint": "service",
        "scorecard": "",
        "level": "",
        "score": 1.0,
        "numerator": 3,
        "denominator": 3,
        "total_pass": 3,
        "total_fail": 0,
        "total_skip": 0,
        "total_no_data": 0,
        "total_entities": 1,
    }
    row = listed(client, "rule", "rule=tested")[0]
    assert {**row, "id": 0} == {
        "id": 0,
        "identifier": "tested",
        "title": "Tested",
        "blueprint": "",
        "scorecard": "safety",
        "level": "Bronze",
        "score": 0.5,
        "numerator": 1,
        "denominator": 2,
        "total_pass": 1,
        "total_fail": 1,
        "total_skip": 1,
        "total_no_data": 1,
        "total_entities": 4,
    }


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("entity", {"cart": 1.0, "blog": 0.0, "shop": 0.5, "nightly": 0.0}),
        ("rule", {"tiered": 1 / 3, "spoken": 2 / 3, "off": None, "tested": 0.5}),
        ("scorecard", {"quality": 0.5, "safety": 0.5}),
        ("team", {"core": 0.5, "web": 0.0}),
        ("kind", {"service": 0.5, "job": 0.0}),
    ],
)
def test_scores_by_everything(
    graded: None, client: APIClient, aggregation: str, expected: dict
) -> None:
    assert scores(client, aggregation) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rule=tiered,tested", ["tiered", "tested"]),
        ("title=ste", ["tested"]),
        ("level=Silver,Gold", ["spoken"]),
        ("scorecard=safety", ["tested"]),
        ("enabled=false", ["off"]),
        ("enabled=true&scorecard=quality", ["tiered", "spoken"]),
        ("custom=true", ["tiered", "spoken", "off", "tested"]),
        ("custom=false", []),
        ("sort=score", ["tiered", "tested", "spoken", "off"]),
        ("sort=-score", ["spoken", "tested", "tiered", "off"]),
        ("sort=-total_no_data", ["tested", "tiered", "spoken", "off"]),
        ("sort=-denominator&page_size=2", ["tiered", "spoken"]),
        ("sort=-denominator&page_size=2&page=2", ["tested", "off"]),
    ],
)
def test_scores_of_rules_are_filtered_sorted_and_paged(
    graded: None, client: APIClient, query: str, expected: list[str]
) -> None:
    assert list(scores(client, "rule", query)) == expected


def test_scores_are_of_the_rules_that_are_asked_for(graded: None, client: APIClient) -> None:
    assert scores(client, "entity", "rule=tiered") == {"cart": 1.0, "blog": 0.0, "shop": 0.0}
    ids = ",".join(str(row.pk) for row in Rule.objects.filter(identifier="tested"))
    assert scores(client, "kind", f"rule_id={ids}") == {"service": 1.0, "job": 0.0}
    assert scores(client, "entity", "enabled=false") == {}
    assert scores(client, "scorecard", "scorecard=safety") == {"safety": 0.5}


@pytest.mark.parametrize("sort", ["score", "numerator", "total_skip", "total_no_data"])
def test_entities_are_sorted_by_the_database(graded: None, client: APIClient, sort: str) -> None:
    rows = listed(client, "entity", f"sort=-{sort}&page_size=3")
    everything = [row[sort] for row in listed(client, "entity")]
    assert [row[sort] for row in rows] == sorted(everything, reverse=True)[:3]


def test_rules_of_packs_are_not_custom(graded: None, client: APIClient) -> None:
    operations.install_pack(name="basics", settings={}, by=TESTER, now=NOW)
    brought = set(scores(client, "rule", "custom=false"))
    assert brought
    assert brought.isdisjoint(["tiered", "spoken", "off", "tested"])
    assert set(scores(client, "rule", "custom=true")) == {"tiered", "spoken", "off", "tested"}


@pytest.mark.parametrize(
    "query", ["sort=nope", "sort=total", "rule_id=x", "enabled=maybe", "nope=1", "page_size=0"]
)
def test_a_bad_parameter_is_400(graded: None, client: APIClient, query: str) -> None:
    assert client.get(f"/api/scores/entity/?{query}").status_code == 400


def test_an_aggregation_that_is_not_there_is_404(graded: None, client: APIClient) -> None:
    assert client.get("/api/scores/planet/").status_code == 404


@pytest.mark.parametrize(
    ("aggregation", "count"),
    [("entity", 7), ("rule", 4), ("scorecard", 4), ("team", 5), ("kind", 5)],
)
def test_the_queries_of_the_lists_do_not_grow(
    graded: None, aggregation: str, count: int, queries_of: Callable[[str], int]
) -> None:
    address = f"/api/scores/{aggregation}/?page_size=500"
    few = queries_of(address)
    for number in range(8):
        make_entity(f"n{number}", team="core", properties={"tier": 1})
        report(f"n{number}", "tested", "pass", scorecard="safety")
    assert queries_of(address) == few == count
