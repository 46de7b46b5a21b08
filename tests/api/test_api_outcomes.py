"""Outcomes over REST: reported one by one or in batches, listed, withdrawn."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Entity
from scorecards.models import Outcome, Rule, RuleChange, Scorecard
from tests.builders import (
    NOW,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    report,
    rule_document,
)

OUTCOMES = "/api/outcomes/"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def reported(world: None) -> Scorecard:
    """Return a scorecard with a rule that is asked and two that are reported."""
    return make_scorecard(
        rules=[
            rule_document(),
            rule_document("tested", level="Silver", query=None),
            rule_document("drilled", level="Gold", query=None),
        ]
    )


def body(**overrides: Any) -> dict[str, Any]:
    document = {
        "scorecard": "quality",
        "rule": "tested",
        "blueprint": "service",
        "entity": "cart",
        "state": "pass",
        "remark": "Run 7",
    }
    return {**document, **overrides}


def item(**overrides: Any) -> dict[str, Any]:
    document = body(**overrides)
    del document["scorecard"]
    return document


def faults(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return [(fault["path"], fault["message"]) for fault in response.json()["errors"]]


def statuses(client: APIClient, query: str = "") -> dict[tuple[str, str], str]:
    rows = client.get(f"/api/rule-results/?{query}").json()["results"]
    return {(row["entity"], row["rule"]): row["status"] for row in rows}


def test_an_outcome_is_reported_shown_replaced_and_withdrawn(
    reported: Scorecard, client: APIClient
) -> None:
    created = client.post(OUTCOMES, body())
    shown = {**created.json(), "id": 0, "reported_at": "", "created_at": ""}
    assert (created.status_code, shown) == (
        201,
        {
            **body(),
            "id": 0,
            "state": "PASS",
            "reported_at": "",
            "reported_by": "ada",
            "created_at": "",
        },
    )
    address = f"{OUTCOMES}{created.json()['id']}/"
    assert client.get(address).json() == created.json()
    assert level_of(Entity.objects.get(identifier="cart")) == "Silver"
    replaced = client.post(OUTCOMES, body(state="fail"))
    assert (replaced.status_code, replaced.json()["state"]) == (200, "FAIL")
    assert replaced.json()["id"] == created.json()["id"]
    assert level_of(Entity.objects.get(identifier="cart")) == "Bronze"
    gone = client.delete(address)
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get(address).status_code == client.delete(address).status_code == 404
    assert statuses(client, "entity=cart")["cart", "tested"] == "SKIP"
    assert list(RuleChange.objects.order_by("id").values_list("before", "after")) == [
        ("SKIP", "PASS"),
        ("PASS", "FAIL"),
        ("FAIL", "SKIP"),
    ]


def test_what_was_read_can_be_sent_back(reported: Scorecard, client: APIClient) -> None:
    shown = client.post(OUTCOMES, body()).json()
    again = client.post(OUTCOMES, shown)
    assert (again.status_code, again.json()) == (200, shown)


def test_a_remark_may_be_left_out(reported: Scorecard, client: APIClient) -> None:
    for remark in ({}, {"remark": None}, {"remark": ""}):
        document = {key: value for key, value in body().items() if key != "remark"}
        assert client.post(OUTCOMES, {**document, **remark}).json()["remark"] == ""


def test_a_batch_is_kept_and_counted(reported: Scorecard, client: APIClient) -> None:
    client.post(OUTCOMES, body())
    outcomes = [
        item(),
        item(entity="blog", state="FAIL"),
        item(rule="drilled", state="Skip"),
        item(rule="drilled"),
    ]
    answer = client.post(OUTCOMES, {"scorecard": "quality", "outcomes": outcomes})
    assert (answer.status_code, answer.json()) == (
        200,
        {"created": 2, "updated": 0, "unchanged": 1},
    )
    assert statuses(client, "rule=tested") | statuses(client, "rule=drilled") == {
        ("cart", "tested"): "PASS",
        ("blog", "tested"): "FAIL",
        ("cart", "drilled"): "PASS",
        ("blog", "drilled"): "SKIP",
    }
    assert level_of(Entity.objects.get(identifier="cart")) == "Gold"


def test_an_empty_batch_changes_nothing(reported: Scorecard, client: APIClient) -> None:
    answer = client.post(OUTCOMES, {"scorecard": "quality", "outcomes": []})
    assert answer.json() == {"created": 0, "updated": 0, "unchanged": 0}


NO_FIELD = "there is no such field; there are: blueprint, entity, remark, rule, scorecard, state"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"scorecard": None}, [("scorecard", "give the identifier of a scorecard")]),
        ({"scorecard": "nope"}, [("scorecard", "there is no scorecard 'nope'")]),
        ({"rule": 7, "state": None}, [("rule", "give a text"), ("state", "give a text")]),
        ({"remark": {}}, [("remark", "give a text, or leave it out")]),
        ({"level": "Gold"}, [("level", NO_FIELD)]),
        ({"entity": "shop"}, [("entity", "there is no service 'shop'; create it first")]),
        (
            {"rule": "tiered"},
            [("rule", "'tiered' has a query of its own; set that to null to report its results")],
        ),
        ({"state": "ok"}, [("state", "give pass, fail or skip")]),
    ],
)
def test_a_faulty_report_is_refused_with_its_path(
    reported: Scorecard, client: APIClient, change: dict, expected: list
) -> None:
    assert faults(client.post(OUTCOMES, body(**change))) == expected
    assert not Outcome.objects.exists()


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (
            {"outcomes": [item()]},
            [
                (
                    "outcomes[0].scorecard",
                    "give the identifier of a scorecard, here or once for all",
                )
            ],
        ),
        ({"scorecard": "quality", "outcomes": {}}, [("outcomes", "give a list of outcomes")]),
        (
            {"scorecard": "quality", "outcomes": [], "rule": "tested"},
            [("rule", "there is no such field; there are: is_async, outcomes, scorecard")],
        ),
        (
            {"scorecard": "quality", "outcomes": [item(), 7, {**item(), "state": 7}]},
            [("outcomes[1]", "give an object"), ("outcomes[2].state", "give a text")],
        ),
        (
            {"scorecard": "quality", "outcomes": [body(scorecard="other")]},
            [("outcomes[0].scorecard", "there is no scorecard 'other'")],
        ),
        (
            {"scorecard": "quality", "outcomes": [item(), item(state="ok")]},
            [("outcomes[1].state", "give pass, fail or skip")],
        ),
        (
            {"scorecard": "quality", "outcomes": [item()] * 5_001},
            [("outcomes", "5,001 are too many: send at most 5,000 in one call")],
        ),
    ],
)
def test_a_faulty_batch_is_refused_whole(
    reported: Scorecard, client: APIClient, batch: dict, expected: list
) -> None:
    assert faults(client.post(OUTCOMES, batch)) == expected
    assert not Outcome.objects.exists()


@pytest.fixture
def outcomes(reported: Scorecard) -> None:
    """Store three outcomes of `quality` and one of another scorecard, about another blueprint."""
    make_blueprint("job")
    make_entity("nightly", blueprint="job")
    make_scorecard("jobs", blueprints=["job"], rules=[rule_document("tested", query=None)])
    report("cart", "tested", "pass")
    report("blog", "tested", "fail")
    report("cart", "drilled", "skip")
    report("nightly", "tested", "pass", scorecard="jobs", blueprint="job")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["cart", "blog", "cart", "nightly"]),
        ("scorecard=quality", ["cart", "blog", "cart"]),
        ("rule=tested", ["cart", "blog", "nightly"]),
        ("scorecard=quality&rule=tested&state=PASS", ["cart"]),
        ("state=SKIP", ["cart"]),
        ("blueprint=job", ["nightly"]),
        ("entity=blog", ["blog"]),
        ("team=core", ["cart", "cart"]),
        ("entity=shop", []),
    ],
)
def test_outcomes_are_filtered(
    outcomes: None, client: APIClient, query: str, expected: list[str]
) -> None:
    rows = client.get(f"{OUTCOMES}?{query}").json()["results"]
    assert [row["entity"] for row in rows] == expected


@pytest.mark.parametrize("query", ["state=pass", "status=PASS"])
def test_a_bad_filter_is_400(outcomes: None, client: APIClient, query: str) -> None:
    assert faults(client.get(f"{OUTCOMES}?{query}"))[0][0] == query.partition("=")[0]


def test_the_queries_of_the_list_do_not_grow(
    outcomes: None, queries_of: Callable[[str], int]
) -> None:
    address = f"{OUTCOMES}?team=core&page_size=500"
    few = queries_of(address)
    for number in range(8):
        make_entity(f"n{number}", team="core")
        report(f"n{number}", "tested", "pass", now=LATER)
    # Token, count, rows.
    assert queries_of(address) == few == 3


def test_a_rule_turns_reported_by_a_patch(world: None, client: APIClient) -> None:
    rule = Rule.objects.get(identifier="spoken")
    address = f"/api/rules/{rule.pk}/"
    answer = client.patch(address, {"query": None})
    assert (answer.status_code, answer.json()["query"]) == (200, None)
    assert client.post(OUTCOMES, body(rule="spoken", state="fail")).status_code == 201
    assert level_of(Entity.objects.get(identifier="cart")) == "Bronze"
    assert client.patch(address, {"title": "Named"}).json()["query"] is None


def test_a_rule_of_the_api_needs_its_query_said(world: None, client: APIClient) -> None:
    rule = rule_document("fresh")
    del rule["query"]
    answer = client.post("/api/rules/", {"scorecard": "quality", **rule})
    assert faults(answer) == [("", '"query" is a required property')]
