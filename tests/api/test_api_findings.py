"""What scorecards found, over REST: evaluations, rule results, level changes, teams, changes."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from catalog.models import Entity
from portal.models import User
from scorecards.models import Evaluation, Rule
from scorecards.results import rule_results
from tests.builders import (
    NOW,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
)

STAMP = "2026-06-01T12:00:00Z"
LATER = NOW + timedelta(hours=1)


def _page(*results: dict) -> dict:
    return {"count": len(results), "next": None, "previous": None, "results": list(results)}


def test_an_evaluation_is_shown_flat(world: None, client: APIClient) -> None:
    assert client.get("/api/evaluations/?entity=cart").json() == _page(
        {
            "blueprint": "service",
            "entity": "cart",
            "entity_title": "Cart",
            "scorecard": "quality",
            "level": "Gold",
            "color": "gold",
            "rank": 3,
            "evaluated_at": STAMP,
            "level_changed_at": STAMP,
        }
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["cart", "blog"]),
        ("scorecard=quality&blueprint=service", ["cart", "blog"]),
        ("level=Gold", ["cart"]),
        ("team=core", ["cart"]),
        ("team=nobody", []),
        ("blueprint=_team", []),
    ],
)
def test_evaluations_are_filtered(
    world: None, client: APIClient, query: str, expected: list[str]
) -> None:
    rows = client.get(f"/api/evaluations/?{query}").json()["results"]
    assert [row["entity"] for row in rows] == expected


def test_a_rule_result_is_shown_flat(world: None, client: APIClient) -> None:
    assert client.get("/api/rule-results/?entity=cart&rule=top").json() == _page(
        {
            "blueprint": "service",
            "entity": "cart",
            "entity_title": "Cart",
            "scorecard": "quality",
            "rule": "top",
            "rule_title": "Top",
            "level": "Gold",
            "status": "PASS",
            "reason": "",
            "evaluated_at": STAMP,
        }
    )


def _graded_fleet() -> None:
    """Store entities whose rules pass, fail and skip, in scorecards of 3, 1, 0 and 63 rules."""
    make_blueprint("job")
    make_scorecard("wide", rules=[rule_document(f"r{index}") for index in range(63)])
    make_scorecard("empty", rules=[])
    make_scorecard(
        "picky",
        rules=[
            rule_document("off", is_enabled=False),
            rule_document("go", filter=condition("language", "=", "Go")),
        ],
    )
    for index in range(6):
        properties = {"tier": index, "language": "Go" if index % 2 else "C"}
        make_entity(f"n{index}", properties=properties, team="core" if index < 2 else [])


def _expected() -> Counter:
    """Count what the masks say, read the slow way."""
    return Counter(
        (row.entity.identifier, row.scorecard.identifier, item.rule.identifier, item.status.value)
        for row in Evaluation.objects.select_related("entity", "scorecard")
        for item in rule_results(row, row.scorecard.rules.all())
    )


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", lambda entity, scorecard, rule, status: True),
        ("status=PASS", lambda entity, scorecard, rule, status: status == "PASS"),
        ("status=FAIL", lambda entity, scorecard, rule, status: status == "FAIL"),
        ("status=SKIP", lambda entity, scorecard, rule, status: status == "SKIP"),
        ("rule=r62", lambda entity, scorecard, rule, status: rule == "r62"),
        ("scorecard=picky", lambda entity, scorecard, rule, status: scorecard == "picky"),
        ("entity=n1", lambda entity, scorecard, rule, status: entity == "n1"),
        ("blueprint=job", lambda entity, scorecard, rule, status: False),
        (
            "team=core&rule=r0&status=PASS",
            lambda entity, scorecard, rule, status: (
                entity in ("cart", "n0", "n1") and (rule, status) == ("r0", "PASS")
            ),
        ),
    ],
)
def test_rule_results_are_those_of_the_masks_and_every_page_fits_the_next(
    world: None, client: APIClient, query: str, wanted: Callable[..., bool]
) -> None:
    _graded_fleet()
    expected = Counter({key: count for key, count in _expected().items() if wanted(*key)})
    found: Counter = Counter()
    address = f"/api/rule-results/?page_size=77&{query}"
    while address:
        page = client.get(address).json()
        assert page["count"] == expected.total()
        assert len(page["results"]) == 77 or page["next"] is None
        for row in page["results"]:
            found[row["entity"], row["scorecard"], row["rule"], row["status"]] += 1
        address = page["next"]
    assert found == expected


def test_the_queries_of_lists_do_not_grow_with_their_rows(
    world: None, queries_of: Callable[[str], int]
) -> None:
    make_entity("cart", properties={"tier": 3}, now=LATER)
    addresses = [
        "/api/evaluations/?team=core&page_size=500",
        "/api/rule-results/?status=FAIL&team=core&page_size=500",
        "/api/level-changes/?page_size=500",
        "/api/teams/",
        "/api/changes/?page_size=500",
    ]
    few = [queries_of(address) for address in addresses]
    _graded_fleet()
    for index in range(6):
        make_entity(f"n{index}", properties={"tier": 9}, team="core", now=LATER)
        make_entity(f"t{index}", blueprint="_team")
    # Token, count, rows; for teams also the badges.
    assert few == [queries_of(address) for address in addresses] == [3, 3, 3, 4, 3]


def test_a_level_change_is_shown_with_its_direction(world: None, client: APIClient) -> None:
    make_entity("cart", properties={"tier": 3}, now=LATER)
    make_entity("blog", properties={"tier": 2}, now=LATER + timedelta(hours=1))
    body = client.get("/api/level-changes/").json()
    up, down = body["results"]
    assert {**down, "id": 0} == {
        "id": 0,
        "blueprint": "service",
        "entity": "cart",
        "entity_title": "Cart",
        "scorecard": "quality",
        "from_level": "Gold",
        "to_level": "Basic",
        "from_rank": 3,
        "to_rank": 0,
        "direction": "down",
        "at": "2026-06-01T13:00:00Z",
    }
    assert (up["entity"], up["direction"], body["count"]) == ("blog", "up", 2)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("direction=up", ["blog"]),
        ("direction=down", ["cart"]),
        ("since=2026-06-01T13:30:00Z", ["blog"]),
        ("scorecard=quality&blueprint=service&entity=cart", ["cart"]),
        ("team=core", ["cart"]),
        ("scorecard=nope", []),
    ],
)
def test_level_changes_are_filtered(
    world: None, client: APIClient, query: str, expected: list[str]
) -> None:
    make_entity("cart", properties={"tier": 3}, now=LATER)
    make_entity("blog", properties={"tier": 2}, now=LATER + timedelta(hours=1))
    rows = client.get(f"/api/level-changes/?{query}").json()["results"]
    assert [row["entity"] for row in rows] == expected


@pytest.mark.parametrize(
    "address",
    [
        "/api/evaluations/?status=PASS",
        "/api/rule-results/?status=pass",
        "/api/rule-results/?level=Gold",
        "/api/level-changes/?direction=left",
        "/api/level-changes/?since=x",
        "/api/teams/?blueprint=service",
        "/api/changes/?action=x",
        "/api/rules/?enabled=maybe",
    ],
)
def test_a_bad_filter_is_400(world: None, client: APIClient, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 400
    name = address.partition("?")[2].partition("=")[0]
    assert [fault["path"] for fault in response.json()["errors"]] == [name]


def test_a_team_is_shown_with_what_it_owns(world: None, client: APIClient) -> None:
    make_entity("maya@example.com", blueprint="_user", team="core")
    team = client.get("/api/teams/core/").json()
    assert (team["title"], team["member_count"], team["entity_count"]) == ("Core", 1, 1)
    assert client.get("/api/teams/?search=co").json()["results"] == [team]
    assert client.get("/api/teams/?search=zz").json()["count"] == 0
    entity = client.get("/api/entities/_team/core/").json()
    assert team == {**entity, "member_count": 1, "entity_count": 1}
    assert client.get("/api/teams/cart/").status_code == 404


def test_a_change_tells_who_did_what(world: None, client: APIClient, editor: User) -> None:
    client.patch("/api/entities/service/cart/", {"properties": {"tier": 2}})
    body = client.get("/api/changes/?kind=entity&identifier=cart&actor=ada").json()
    [row] = body["results"]
    assert {**row, "id": 0, "at": "", "request_id": ""} == {
        "id": 0,
        "at": "",
        "address": "127.0.0.1",
        "request_id": "",
        "run": None,
        "seal_number": None,
        "actor": "ada",
        "source": "api",
        "kind": "entity",
        "blueprint": "service",
        "identifier": "cart",
        "action": "updated",
        "before": {"tier": 1},
        "after": {"tier": 2},
    }
    since = row["at"]
    assert client.get("/api/changes/", {"since": since, "action": "updated"}).json()["count"] == 1


def test_a_draft_shows_no_badge(world: None, client: APIClient) -> None:
    client.patch("/api/scorecards/quality/", {"status": "draft"})
    assert client.get("/api/entities/service/cart/").json()["scorecards"] == {}
    assert client.get("/api/rule-results/").json()["count"] == 0
    assert Rule.objects.count() == 3
    assert Entity.objects.of("service").count() == 2
