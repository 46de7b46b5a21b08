"""Campaigns over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from scorecards.models import Campaign
from tests.api.callers import client_with
from tests.builders import (
    NOW,
    campaign_document,
    condition,
    make_campaign,
    make_scorecard,
    make_token,
    make_user,
    rule_document,
)

PUSH = "/api/campaigns/push/"
SHOWN = {**campaign_document(), "status": "in_progress"}

pytestmark = pytest.mark.usefixtures("world")


def shown(response: Any, code: int = 200) -> Any:
    """Return the body of an answer."""
    assert response.status_code == code, response.content
    return response.json()


def test_a_campaign_is_created_shown_with_its_progress_and_deleted(client: APIClient) -> None:
    assert shown(client.post("/api/campaigns/", campaign_document(), format="json"), 201) == SHOWN
    both = {"passed": 1, "failed": 1, "skipped": 0}
    assert shown(client.get(PUSH)) == {
        **SHOWN,
        "progress": {
            "done": 1,
            "entities": 2,
            "passed": 2,
            "failed": 2,
            "skipped": 0,
            "rules": [{"rule": "quality/tiered", **both}, {"rule": "quality/spoken", **both}],
            "teams": [
                {"team": None, "done": 0, "entities": 1, "passed": 0, "failed": 2, "skipped": 0},
                {"team": "core", "done": 1, "entities": 1, "passed": 2, "failed": 0, "skipped": 0},
            ],
        },
    }
    assert client.delete(PUSH).status_code == 204
    assert client.get(PUSH).status_code == 404


def test_put_creates_and_replaces_and_patch_changes_what_it_names(client: APIClient) -> None:
    document = campaign_document(description="Why", owner="core")
    assert shown(client.put(PUSH, document, format="json"), 201)["owner"] == "core"
    assert shown(client.put(PUSH, campaign_document(), format="json")) == SHOWN
    patched = shown(client.patch(PUSH, {"status": "completed"}, format="json"))
    assert patched == {**SHOWN, "status": "completed"}


def test_a_wrong_document_is_told_with_its_places(client: APIClient) -> None:
    wrong = campaign_document(rules=["quality/tierd", "quality/tiered"], due_at="never")
    body = shown(client.post("/api/campaigns/", wrong, format="json"), 400)
    assert [fault["path"] for fault in body["errors"]] == ["due_at", "rules[0]"]
    assert shown(client.patch(PUSH, {"title": "x"}, format="json"), 404)
    make_campaign()
    assert shown(client.post("/api/campaigns/", campaign_document(), format="json"), 409)
    renamed = {"identifier": "other"}
    assert "renamed" in str(shown(client.patch(PUSH, renamed, format="json"), 400))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["early", "other", "push"]),
        ("status=completed", ["early"]),
        ("owner=core", ["other"]),
        ("scorecard=quality", ["early", "other", "push"]),
        ("scorecard=safety", ["push"]),
        ("due_before=2026-06-01T00:00:00Z", ["early"]),
        ("identifier=push", ["push"]),
    ],
)
def test_the_list_is_narrowed(client: APIClient, query: str, expected: list[str]) -> None:
    make_scorecard("safety", rules=[rule_document("top"), rule_document("low")])
    make_campaign("early", status="completed", due_at="2026-05-20T00:00:00Z")
    make_campaign("other", owner="core")
    make_campaign(rules=["safety/top", "safety/low", "quality/tiered"])
    rows = shown(client.get(f"/api/campaigns/?{query}"))["results"]
    assert [row["identifier"] for row in rows] == expected


def test_a_wrong_filter_is_told(client: APIClient) -> None:
    assert shown(client.get("/api/campaigns/?status=paused"), 400)["errors"][0]["path"] == "status"


def test_who_may_only_read_writes_nothing(client: APIClient) -> None:
    make_campaign()
    reader = client_with(make_token(make_user("rita"), scope="read"))
    assert reader.get(PUSH).status_code == 200
    assert reader.put(PUSH, campaign_document(title="x"), format="json").status_code == 403
    assert reader.delete(PUSH).status_code == 403
    assert Campaign.objects.get().title == "Push"


def test_lists_and_progress_cost_the_same_however_many_there_are(
    client: APIClient, queries_of: Callable[[str], int]
) -> None:
    make_campaign(filter=condition("tier", "<=", 3))
    before = queries_of("/api/campaigns/"), queries_of(PUSH)
    for number in range(8):
        make_campaign(f"more-{number}", now=NOW)
    assert (queries_of("/api/campaigns/"), queries_of(PUSH)) == before == (4, 4)
