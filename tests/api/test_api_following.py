"""Scorecards that follow the catalog, and reasons of skips, over the native API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from scorecards.operations import install_pack
from tests.builders import (
    NOW,
    TESTER,
    condition,
    make_entity,
    make_scorecard,
    report,
    rule_document,
    scorecard_document,
)

pytestmark = pytest.mark.usefixtures("world")


def follower() -> dict:
    rules = [rule_document(query=condition("$identifier", "isNotEmpty"))]
    document = scorecard_document("reach", rules=rules, follows_catalog=True)
    return {key: item for key, item in document.items() if key != "blueprints"}


def test_a_follower_is_made_without_blueprints_and_shows_them(client: APIClient) -> None:
    created = client.post("/api/scorecards/", follower())
    assert created.status_code == 201
    assert created.json()["follows_catalog"] is True
    assert created.json()["blueprints"] == ["service"]
    again = client.put("/api/scorecards/reach/", created.json())
    assert (again.status_code, again.json()) == (200, created.json())


def test_the_flag_is_switched_on_and_off_by_a_patch(client: APIClient) -> None:
    address = "/api/scorecards/quality/"
    shown = client.patch(address, {"follows_catalog": True}).json()
    assert (shown["follows_catalog"], shown["blueprints"]) == (True, ["service"])
    shown = client.patch(address, {"follows_catalog": False}).json()
    assert (shown["follows_catalog"], shown["blueprints"]) == (False, ["service"])


def test_without_the_flag_blueprints_are_required(client: APIClient) -> None:
    refused = client.post("/api/scorecards/", {**follower(), "follows_catalog": False})
    assert refused.status_code == 400
    assert "blueprints" in refused.json()["errors"][0]["message"]


def test_a_skipped_result_says_why_and_the_others_say_nothing(client: APIClient) -> None:
    install_pack(name="production_readiness", by=TESTER, now=NOW)
    make_entity("cart", properties={"slo_count": 0})
    rows = client.get("/api/rule-results/?rule=has_slos").json()["results"]
    assert {row["entity"]: (row["status"], row["reason"]) for row in rows} == {
        "blog": ("SKIP", "Nothing is known of SLOs yet: the property is empty."),
        "cart": ("FAIL", ""),
    }


def test_a_reported_skip_says_what_was_remarked(client: APIClient) -> None:
    make_scorecard("audits", rules=[rule_document("tested", query=None)])
    report("cart", rule="tested", scorecard="audits", state="SKIP", remark="No data in it")
    rows = client.get("/api/rule-results/?rule=tested").json()["results"]
    assert {row["entity"]: row["reason"] for row in rows} == {
        "blog": "Nothing has been reported yet.",
        "cart": "Reported as skipped: No data in it",
    }


def test_reasons_cost_the_same_however_many_there_are(client: APIClient) -> None:
    install_pack(name="ownership", by=TESTER, now=NOW)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/api/rule-results/?status=SKIP")
        return len(queries)

    count()
    few = count()
    for number in range(5):
        make_entity(f"more-{number}")
    assert count() == few
