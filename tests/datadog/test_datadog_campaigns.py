"""Campaigns byte by byte: shapes, habits and refusals."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Entity
from portal.integrations.datadog import ids
from scorecards.models import Campaign, Rule
from scorecards.operations import save_campaign
from tests.builders import (
    NOW,
    TESTER,
    campaign_document,
    condition,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)
from tests.datadog.clients import DatadogClient

LIST = "/api/v2/scorecard/campaigns"
UUID = "550e8400-e29b-41d4-a716-446655440000"


@pytest.fixture(autouse=True)
def fleet(db: None) -> None:
    """Store three services, of which one passes the rules of a campaign."""
    make_blueprint()
    make_team("core")
    make_scorecard()
    make_entity("anchor", team="core", properties={"tier": 1, "language": "Go"})
    make_entity("buoy", properties={"tier": 2})
    make_entity("canoe", properties={"tier": 3})


def rule_ids(*names: str) -> list[str]:
    """Return the ids of rules by their identifiers."""
    return [ids.rule_id(Rule.objects.get(identifier=name).pk) for name in names]


def body(**overrides: Any) -> dict[str, Any]:
    """Return a request to write a campaign; a part that is None is left out."""
    attributes = {
        "key": "q1-security",
        "name": "Q1 Security Campaign",
        "owner_id": UUID,
        "rule_ids": rule_ids("tiered", "spoken"),
        "start_date": "2026-01-01T00:00:00Z",
        **overrides,
    }
    kept = {key: value for key, value in attributes.items() if value is not None}
    return {"data": {"type": "campaign", "attributes": kept}}


def details(answer: Any, status: int = 400) -> list[str]:
    """Return what an answer says is wrong."""
    assert answer.status_code == status, answer.content
    return [error["detail"] for error in answer.json()["errors"]]


def names(datadog: DatadogClient, query: str = "") -> list[str]:
    """Return the names in a list."""
    answer = datadog.get(f"{LIST}?{query}")
    assert answer.status_code == 200, answer.content
    return [item["attributes"]["name"] for item in answer.json()["data"]]


def test_what_was_not_sent_is_left_out_of_the_answer(datadog: DatadogClient) -> None:
    answer = datadog.post(LIST, body())
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/vnd.api+json"
    data = answer.json()["data"]
    campaign = Campaign.objects.get()
    stamps = {key: data["attributes"].pop(key) for key in ("created_at", "modified_at")}
    assert data == {
        "id": ids.campaign_id(campaign.pk),
        "type": "campaign",
        "attributes": {
            "key": "q1-security",
            "name": "Q1 Security Campaign",
            "owner": UUID,
            "status": "in_progress",
            "start_date": "2026-01-01T00:00:00Z",
        },
        "relationships": {
            "rules": {"data": [{"id": id_, "type": "rule"} for id_ in rule_ids("tiered", "spoken")]}
        },
    }
    assert all(stamp.endswith("Z") for stamp in stamps.values())


def test_put_replaces_and_what_is_left_out_is_gone(datadog: DatadogClient) -> None:
    sent = body(description="Why", guidance="How", due_date="2027-01-01T00:00:00Z")
    made = datadog.post(LIST, sent).json()["data"]
    assert made["attributes"]["description"] == "Why"
    replaced = datadog.put(
        f"{LIST}/q1-security", body(key=None, status="completed", rule_ids=rule_ids("top"))
    )
    assert replaced.status_code == 200
    attributes = replaced.json()["data"]["attributes"]
    assert attributes["status"] == "completed"
    assert attributes["created_at"] == made["attributes"]["created_at"]
    assert not attributes.keys() & {"description", "guidance", "due_date", "entity_scope"}
    assert [rule.identifier for rule in Campaign.objects.get().rules.all()] == ["top"]


def test_a_campaign_is_found_by_its_id_and_by_its_key_and_may_get_another(
    datadog: DatadogClient,
) -> None:
    id_ = datadog.post(LIST, body(key="teams/core")).json()["data"]["id"]
    assert datadog.get(f"{LIST}/{id_}").json() == datadog.get(f"{LIST}/teams%2Fcore").json()
    renamed = datadog.put(f"{LIST}/{id_}", body(key="other", status="in_progress"))
    assert renamed.json()["data"]["id"] == id_
    assert details(datadog.get(f"{LIST}/teams%2Fcore"), 404) == ["Campaign not found"]
    assert datadog.delete(f"{LIST}/other").status_code == 204
    assert details(datadog.delete(f"{LIST}/other"), 404) == ["Campaign not found"]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"key": None}, 'attribute "key" is required'),
        ({"name": None}, 'attribute "name" is required'),
        ({"owner_id": None}, 'attribute "owner_id" is required'),
        ({"rule_ids": None}, 'attribute "rule_ids" is required'),
        ({"start_date": None}, 'attribute "start_date" is required'),
        ({"rule_ids": []}, 'attribute "rule_ids": '),
        ({"rule_ids": ["nonsense"]}, "attribute \"rule_ids[0]\": there is no rule 'nonsense'"),
        ({"rule_ids": ["rule-00000099999"]}, "there is no rule 'rule-00000099999'"),
        ({"rule_ids": [7]}, 'attribute "rule_ids": must be a list of ids of rules'),
        ({"name": 7}, 'attribute "name": must be a text'),
        ({"name": ""}, 'attribute "name": '),
        ({"name": "x" * 201}, 'attribute "name": must have at most 200 characters'),
        ({"key": "two words"}, 'attribute "key": '),
        ({"status": "paused"}, 'attribute "status": '),
        ({"start_date": "soon"}, 'attribute "start_date": give a moment'),
        ({"due_date": "2025-01-01T00:00:00Z"}, 'attribute "due_date": must be later'),
        ({"entity_scope": "kind:(service"}, 'attribute "entity_scope'),
        ({"name": "a\x00b"}, "holds a character that cannot be stored"),
    ],
)
def test_what_is_wrong_is_told_by_its_name_here(
    datadog: DatadogClient, overrides: dict[str, Any], words: str
) -> None:
    assert words in details(datadog.post(LIST, body(**overrides)))[0]
    assert not Campaign.objects.exists()


def test_put_needs_a_status_and_a_free_key(datadog: DatadogClient) -> None:
    datadog.post(LIST, body())
    datadog.post(LIST, body(key="second"))
    assert details(datadog.put(f"{LIST}/second", body())) == ['attribute "status" is required']
    taken = datadog.put(f"{LIST}/second", body(status="completed"))
    assert "there is a campaign 'q1-security' already" in details(taken)[0]
    assert "already" in details(datadog.post(LIST, body()))[0]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, 'send a JSON object with "data"'),
        ({"data": {"type": "campaign"}}, 'attribute "attributes" is required'),
        (
            {"data": {"type": "rule", "attributes": {}}},
            'got type "rule" expected one of "campaign"',
        ),
    ],
)
def test_a_body_without_its_frame_is_refused(datadog: DatadogClient, sent: Any, words: str) -> None:
    assert details(datadog.post(LIST, sent)) == [words]


def test_a_scope_narrows_the_campaign_and_comes_back_as_it_was_sent(
    datadog: DatadogClient,
) -> None:
    scope = "kind:service  AND  team:core"
    id_ = datadog.post(LIST, body(entity_scope=scope)).json()["data"]["id"]
    shown = datadog.get(f"{LIST}/{id_}?include_meta=true").json()
    assert shown["data"]["attributes"]["entity_scope"] == scope
    assert shown["meta"] == {"entity_count": 1, "rule_count": 2}


def test_a_filter_that_others_edited_is_shown_as_a_scope_where_there_is_one(
    datadog: DatadogClient,
) -> None:
    datadog.post(LIST, body(entity_scope="kind:service"))
    document = {**campaign_document("q1-security"), "filter": condition("$identifier", "=", "buoy")}
    save_campaign(definition=document, by=TESTER, now=NOW)
    shown = datadog.get(f"{LIST}/q1-security").json()["data"]["attributes"]
    assert shown["entity_scope"] == "name:buoy"
    document["filter"] = condition("$updatedAt", "between", {"preset": "lastWeek"})
    save_campaign(definition=document, by=TESTER, now=NOW)
    assert "entity_scope" not in datadog.get(f"{LIST}/q1-security").json()["data"]["attributes"]


def test_an_owner_that_is_a_team_here_owns_the_campaign(datadog: DatadogClient) -> None:
    team = Entity.objects.get(identifier="core")
    id_ = ids.entity_id(team.pk).upper()
    shown = datadog.post(LIST, body(owner_id=id_)).json()["data"]["attributes"]
    assert shown["owner"] == id_
    campaign = Campaign.objects.get()
    assert campaign.owner == team
    other = make_team("web")
    Campaign.objects.update(owner=other)
    shown = datadog.get(f"{LIST}/q1-security").json()["data"]["attributes"]
    assert shown["owner"] == ids.entity_id(other.pk)


def test_a_campaign_made_elsewhere_is_shown_too(datadog: DatadogClient) -> None:
    make_campaign(filter=condition("tier", "<=", 2))
    shown = datadog.get(f"{LIST}/push").json()["data"]["attributes"]
    assert (shown["owner"], shown["due_date"]) == ("", "2026-06-11T12:00:00Z")


def test_scores_leave_out_skips_and_tell_what_is_not_known(datadog: DatadogClient) -> None:
    make_scorecard("checks", rules=[rule_document("scanned", query=None)])
    report("anchor", "scanned", "skip", scorecard="checks")
    report("buoy", "scanned", "fail", scorecard="checks")
    made = datadog.post(LIST, body(rule_ids=rule_ids("tiered", "scanned"))).json()["data"]
    shown = datadog.get(f"{LIST}/q1-security?include=rules,scores").json()
    tiered, scanned = rule_ids("tiered", "scanned")
    scores = {item["id"]: item["attributes"] for item in shown["included"]}
    assert {item["type"] for item in shown["included"]} == {"score"}
    assert scores[made["id"]] == {
        "aggregation": "campaign", "numerator": 2, "denominator": 4, "score": 50.0,
        "total_pass": 2, "total_fail": 2, "total_skip": 1, "total_no_data": 1,
    }  # fmt: skip
    assert scores[tiered] == {
        "aggregation": "rule", "numerator": 2, "denominator": 3, "score": 66.67,
        "total_pass": 2, "total_fail": 1, "total_skip": 0, "total_no_data": 0,
    }  # fmt: skip
    assert scores[scanned]["total_no_data"] == 1
    related = shown["data"]["relationships"]
    assert related["campaign_score"]["data"] == {"id": made["id"], "type": "score"}
    assert {item["id"] for item in related["rule_scores"]["data"]} == {tiered, scanned}


def test_a_campaign_about_nothing_has_no_score(datadog: DatadogClient) -> None:
    datadog.post(LIST, body(entity_scope="name:nobody"))
    included = datadog.get(f"{LIST}/q1-security?include=scores").json()["included"]
    assert all("score" not in item["attributes"] for item in included)
    assert included[0]["attributes"]["denominator"] == 0


@pytest.fixture
def many() -> None:
    """Store twelve campaigns, one of which is over."""
    for number in range(11):
        make_campaign(f"push-{number}", title=f"Push {number} for Safety")
    make_campaign("over", title="Over", status="completed", owner="core")


def test_the_list_comes_in_pages_of_ten_with_its_totals(datadog: DatadogClient, many: None) -> None:
    first = datadog.get(LIST).json()
    assert first["meta"] == {"count": 10, "limit": 10, "offset": 0, "total": 12}
    last = datadog.get(f"{LIST}?page[limit]=5&page[offset]=10").json()
    assert last["meta"] == {"count": 2, "limit": 5, "offset": 10, "total": 12}
    assert [item["attributes"]["name"] for item in last["data"]] == ["Push 10 for Safety", "Over"]
    assert details(datadog.get(f"{LIST}?page[limit]=none"))


def test_the_list_is_narrowed_by_name_status_and_owner(datadog: DatadogClient, many: None) -> None:
    assert names(datadog, "filter[campaign][name]=safety+10") == ["Push 10 for Safety"]
    assert names(datadog, "filter[campaign][status]=completed") == ["Over"]
    team = ids.entity_id(Entity.objects.get(identifier="core").pk)
    assert names(datadog, f"filter[campaign][owner]={team}") == ["Over"]
    assert names(datadog, f"filter[campaign][owner]={UUID}") == []
    datadog.post(LIST, body())
    assert names(datadog, f"filter[campaign][owner]={UUID}") == ["Q1 Security Campaign"]
    assert (
        "filter[campaign][status]"
        in details(datadog.get(f"{LIST}?filter[campaign][status]=paused"))[0]
    )


def test_the_list_makes_as_many_queries_however_long_it_is(datadog: DatadogClient) -> None:
    make_campaign("first")
    datadog.get(LIST)
    counts = []
    for size in (1, 12):
        for number in range(size):
            make_campaign(f"push-{number}")
        with CaptureQueriesContext(connection) as captured:
            datadog.get(f"{LIST}?page[limit]=50")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_who_may_only_read_writes_nothing(reader: DatadogClient, stranger: DatadogClient) -> None:
    make_campaign()
    assert reader.get(f"{LIST}/push").status_code == 200
    for answer in (
        reader.post(LIST, body()),
        reader.put(f"{LIST}/push", body(status="completed")),
        reader.delete(f"{LIST}/push"),
        stranger.get(LIST),
    ):
        assert answer.status_code == 403
    assert Campaign.objects.get().title == "Push"
