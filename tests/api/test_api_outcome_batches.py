"""Outcomes over REST that are applied later, and what outcomes said before."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from scorecards.models import Outcome, OutcomeBatch, Scorecard
from tests.builders import make_scorecard, report, rule_document

OUTCOMES, BATCHES = "/api/outcomes/", "/api/outcome-batches/"


@pytest.fixture
def reported(world: None) -> Scorecard:
    """Return one of two scorecards with reported rules."""
    make_scorecard("safety", rules=[rule_document("drilled", query=None)])
    return make_scorecard(rules=[rule_document(), rule_document("tested", query=None)])


def item(**overrides: Any) -> dict[str, Any]:
    parts = {"rule": "tested", "blueprint": "service", "entity": "cart", "state": "pass"}
    return {**parts, "scorecard": "quality", **overrides}


def post(client: APIClient, *outcomes: dict[str, Any], **overrides: Any) -> Any:
    return client.post(OUTCOMES, {"is_async": True, "outcomes": list(outcomes), **overrides})


def test_a_batch_is_accepted_applied_and_shown(
    reported: Scorecard, client: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(client, item(), item(scorecard="safety", rule="drilled", state="fail"))
    shown = answer.json()
    assert answer.status_code == 202
    assert {**shown, "id": 0, "received_at": ""} == {
        "id": 0,
        "status": "waiting",
        "total": 2,
        "received_at": "",
        "done_at": None,
        "reported_by": "ada",
        "error": "",
    }
    done = client.get(f"{BATCHES}{shown['id']}/").json()
    assert (done["status"], done["total"], done["done_at"] is None) == ("done", 2, False)
    assert set(Outcome.objects.values_list("rule__identifier", "state")) == {
        ("tested", "PASS"),
        ("drilled", "FAIL"),
    }


def test_outcomes_of_several_scorecards_arrive_in_one_call(
    reported: Scorecard, client: APIClient
) -> None:
    outcomes = [item(), item(scorecard="safety", rule="drilled")]
    answer = client.post(OUTCOMES, {"outcomes": outcomes})
    assert answer.json() == {"created": 2, "updated": 0, "unchanged": 0}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"is_async": "yes"}, "is_async"),
        ({"is_async": True}, "is_async"),
        ({"is_async": True, "outcomes": 7}, "outcomes"),
        ({"is_async": True, "outcomes": [item(state="ok")]}, "outcomes[0].state"),
        ({"is_async": True, "outcomes": [item(rule="nope")]}, "outcomes[0].rule"),
        ({"is_async": True, "outcomes": [item(scorecard=7)]}, "outcomes[0].scorecard"),
        ({"is_async": True, "outcomes": [item()], "scorecard": "nope"}, "scorecard"),
    ],
)
def test_a_faulty_batch_is_refused_before_it_is_accepted(
    reported: Scorecard, client: APIClient, body: dict, path: str
) -> None:
    answer = client.post(OUTCOMES, body)
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json()["errors"]] == [path]
    assert not OutcomeBatch.objects.exists()


def test_batches_are_listed_newest_first_and_filtered(
    reported: Scorecard, client: APIClient, queries_of: Callable[[str], int]
) -> None:
    ids = [post(client, item()).json()["id"] for _ in range(3)]
    OutcomeBatch.objects.filter(pk=ids[0]).update(status="failed", error="why")
    listed = client.get(BATCHES).json()["results"]
    assert [row["id"] for row in listed] == ids[::-1]
    failed = client.get(f"{BATCHES}?status=failed").json()["results"]
    assert [(row["id"], row["error"]) for row in failed] == [(ids[0], "why")]
    assert client.get(f"{BATCHES}?status=nope").status_code == 400
    # Token, count, rows.
    assert queries_of(BATCHES) == 3


def test_what_an_outcome_said_before_is_listed(
    reported: Scorecard, client: APIClient, queries_of: Callable[[str], int]
) -> None:
    for state, remark in (("fail", "Two findings"), ("fail", "One finding"), ("pass", "")):
        report("cart", "tested", state, remark=remark)
    report("blog", "tested", "fail")
    report("blog", "tested", "skip")
    cart = Outcome.objects.get(entity__identifier="cart")
    rows = client.get(f"{OUTCOMES}{cart.pk}/history/").json()["results"]
    assert [(row["state"], row["remark"]) for row in rows] == [
        ("FAIL", "One finding"),
        ("FAIL", "Two findings"),
    ]
    assert rows[0] == {
        "id": rows[0]["id"],
        "scorecard": "quality",
        "rule": "tested",
        "blueprint": "service",
        "entity": "cart",
        "state": "FAIL",
        "remark": "One finding",
        "reported_at": "2026-06-01T12:00:00Z",
        "reported_by": "tester",
        "ended_at": "2026-06-01T12:00:00Z",
    }
    everything = client.get("/api/past-outcomes/").json()["results"]
    assert [row["entity"] for row in everything] == ["blog", "cart", "cart"]
    # Token, outcome, count, rows; token, count, rows.
    assert queries_of(f"{OUTCOMES}{cart.pk}/history/") == 4
    assert queries_of("/api/past-outcomes/") == 3


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("entity=cart", 1),
        ("rule=tested&scorecard=quality", 2),
        ("state=PASS", 1),
        ("since=2026-06-02T00:00:00Z", 0),
        ("blueprint=job", 0),
    ],
)
def test_the_history_of_outcomes_is_filtered(
    reported: Scorecard, client: APIClient, query: str, count: int
) -> None:
    for entity, state in (("cart", "pass"), ("cart", "fail"), ("blog", "skip"), ("blog", "fail")):
        report(entity, "tested", state)
    assert client.get(f"/api/past-outcomes/?{query}").json()["count"] == count


def test_the_history_of_an_outcome_that_is_not_there_is_404(
    reported: Scorecard, client: APIClient
) -> None:
    assert client.get(f"{OUTCOMES}999/history/").status_code == 404
    assert client.get(f"{BATCHES}999/").status_code == 404
