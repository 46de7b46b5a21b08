"""Lists of rules and of scorecards: pages, filters, what is included."""

from typing import Any
from unittest.mock import ANY
from urllib.parse import quote

import pytest

from portal.integrations.datadog import ids
from scorecards.models import (
    Scorecard,
)
from tests.builders import (
    make_scorecard,
)
from tests.datadog.clients import DatadogClient
from tests.datadog.rule_bodies import RULES, SCORECARDS, create, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("service")]


def test_the_list_is_as_recorded(datadog: DatadogClient) -> None:
    first, second = create(datadog), create(datadog, name="Second")
    answer = datadog.get(RULES)
    assert answer.json() == {
        "data": [first, second],
        "links": {"next": f"{RULES}?page[limit]=100&page[offset]=100&page[size]=100"},
    }
    assert answer["Content-Type"] == "application/vnd.api+json"


def test_pages_of_rules(datadog: DatadogClient) -> None:
    made = [create(datadog, name=f"Rule {number}") for number in range(3)]
    answer = datadog.get(f"{RULES}?page[size]=2&page[offset]=2&filter[rule][name]=rule").json()
    assert answer["data"] == made[2:]
    assert answer["links"]["previous"].endswith("page[limit]=2&page[offset]=0&page[size]=2")
    assert "filter[rule][name]=rule" in answer["links"]["next"]
    past = datadog.get(f"{RULES}?page[size]=2&page[offset]=4").json()
    assert past["data"] == []
    assert "page[offset]=6" in past["links"]["next"]


@pytest.mark.parametrize("query", ["page[size]=0", "page[size]=x", "page[offset]=-1"])
def test_what_is_no_page_is_refused(datadog: DatadogClient, query: str) -> None:
    assert refused(datadog.get(f"{RULES}?{query}"))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["One", "Two"]),
        ("filter[rule][name]=tw", ["Two"]),
        ("filter[rule][description]=identify", ["One"]),
        ("filter[rule][enabled]=true", ["One"]),
        ("filter[rule][enabled]=False", ["Two"]),
        ("filter[rule][custom]=true", ["One", "Two"]),
        ("filter[rule][custom]=false", []),
        ("filter[rule][id]=nobody", []),
        ("filter[rule][name]=%00", []),
        ("filter[rule][name]=o&filter[rule][enabled]=false", ["Two"]),
    ],
)
def test_filters_of_rules(datadog: DatadogClient, query: str, names: list[str]) -> None:
    create(datadog, name="One", description="Identifying it.")
    create(datadog, name="Two", enabled=False)
    shown = datadog.get(f"{RULES}?{query}").json()["data"]
    assert [rule["attributes"]["name"] for rule in shown] == names


def test_a_rule_is_found_by_its_id(datadog: DatadogClient) -> None:
    create(datadog)
    second = create(datadog)
    answer = datadog.get(f"{RULES}?filter[rule][id]={second['id']}")
    assert answer.json()["data"] == [second]


def test_a_flag_that_says_neither_is_refused(datadog: DatadogClient) -> None:
    assert refused(datadog.get(f"{RULES}?filter[rule][enabled]=maybe")) == [
        'attribute "filter[rule][enabled]": give true or false'
    ]


def test_scorecards_are_included(datadog: DatadogClient) -> None:
    first = create(datadog)
    create(datadog)
    answer = datadog.get(f"{RULES}?include=scorecard").json()
    id_ = first["relationships"]["scorecard"]["data"]["id"]
    assert answer["included"] == [
        {"id": id_, "type": "scorecard", "attributes": {"name": "Readiness"}}
    ]
    assert "include=scorecard" in answer["links"]["next"]
    assert refused(datadog.get(f"{RULES}?include=outcomes"))


def test_only_the_fields_that_are_asked_for(datadog: DatadogClient) -> None:
    rule = create(datadog, description="Why.")
    Scorecard.objects.update(description="All of it.")
    query = f"fields[rule]={quote('name, description')}&include=scorecard&fields[scorecard]=name"
    answer = datadog.get(f"{RULES}?{query}").json()
    assert answer["data"] == [
        {
            "id": rule["id"],
            "type": "rule",
            "attributes": {"name": "Has a runbook", "description": "Why."},
        }
    ]
    assert [item["attributes"] for item in answer["included"]] == [{"name": "Readiness"}]
    (with_relation,) = datadog.get(f"{RULES}?fields[rule]=scorecard").json()["data"]
    assert with_relation["relationships"] == rule["relationships"]


def test_drafts_are_not_shown(datadog: DatadogClient) -> None:
    make_scorecard(status="draft")
    assert datadog.get(RULES).json()["data"] == []
    assert datadog.get(SCORECARDS).json()["data"] == []


@pytest.mark.parametrize("count", [1, 8])
def test_a_list_of_rules_costs_the_same_however_long(
    datadog: DatadogClient, django_assert_num_queries: Any, count: int
) -> None:
    for number in range(count):
        create(datadog, scorecard_name=f"Card {number}", owner="Ops", scope_query="tier:1")
    make_scorecard()
    # The credential, the packs, and the rules with all that is told of them.
    with django_assert_num_queries(3):
        answer = datadog.get(f"{RULES}?include=scorecard")
    assert len(answer.json()["data"]) == count + 3


def test_the_list_of_scorecards(datadog: DatadogClient, django_assert_num_queries: Any) -> None:
    create(datadog, scorecard_name="One")
    create(datadog, scorecard_name="Two")
    Scorecard.objects.filter(title="One").update(description="Best practices.")
    with django_assert_num_queries(2):
        answer = datadog.get(SCORECARDS).json()
    assert set(answer) == {"data"}
    one, two = answer["data"]
    assert one == {
        "id": ids.scorecard_id(Scorecard.objects.get(title="One").pk),
        "type": "scorecard",
        "attributes": {
            "name": "One",
            "description": "Best practices.",
            "created_at": ANY,
            "modified_at": ANY,
        },
    }
    assert "description" not in two["attributes"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("filter[scorecard][name]=tw", ["Two"]),
        ("filter[scorecard][description]=practices", ["One"]),
        ("filter[scorecard][id]=nobody", []),
        ("page[size]=1", ["One"]),
        ("page[size]=1&page[offset]=1", ["Two"]),
    ],
)
def test_filters_of_scorecards(datadog: DatadogClient, query: str, names: list[str]) -> None:
    create(datadog, scorecard_name="One")
    create(datadog, scorecard_name="Two")
    Scorecard.objects.filter(title="One").update(description="Best practices.")
    shown = datadog.get(f"{SCORECARDS}?{query}").json()["data"]
    assert [item["attributes"]["name"] for item in shown] == names


def test_a_scorecard_is_found_by_its_id(datadog: DatadogClient) -> None:
    create(datadog)
    id_ = create(datadog, scorecard_name="Two")["relationships"]["scorecard"]["data"]["id"]
    shown = datadog.get(f"{SCORECARDS}?filter[scorecard][id]={id_}").json()["data"]
    assert [item["id"] for item in shown] == [id_]
