"""Lists of deployments and failures: filtered, sorted and cut by the database."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.datadog.clients import DatadogClient
from tests.datadog.delivery_events import (
    DAY,
    failure,
    found,
    list_of,
    send_deployment,
    send_failure,
)


def moment(**parts: float) -> str:
    """Return a moment some time after the day of the events."""
    return (DAY + timedelta(**parts)).isoformat().replace("+00:00", "Z")


@pytest.fixture
def three(datadog: DatadogClient) -> list[str]:
    """Return the ids of three deployments; the first ended last."""
    return [
        send_deployment(datadog, at=DAY + timedelta(hours=hour), minutes=minutes, version=version)
        for hour, minutes, version in ((0, 300, "v1"), (1, 10, "v2"), (2, 10, "v3"))
    ]


def test_lists_are_sorted_and_cut(datadog: DatadogClient, three: list[str]) -> None:
    first, second, third = three
    expected = {
        (): [third, second, first],
        (("sort", "-started_at"),): [third, second, first],
        (("sort", "started_at"),): [first, second, third],
        (("sort", "finished_at"),): [second, third, first],
        (("sort", "-finished_at"),): [first, third, second],
        (("limit", 2),): [third, second],
        (("from", moment(hours=1)),): [third, second],
        (("to", moment(hours=1)),): [second, first],
        (("from", moment(minutes=1)), ("to", moment(hours=1.5))): [second],
        (("query", "version:(v1 OR v3)"),): [third, first],
        (("query", "-version:v1 service:shopist"), ("limit", 1)): [third],
        (("query", "service:none"),): [],
        (("query", None), ("from", None), ("sort", None)): [third, second, first],
    }
    asked = {parts: found(datadog, "deployments", **dict(parts)) for parts in expected}
    assert asked == expected


def test_open_failures_stand_last_by_their_end(datadog: DatadogClient) -> None:
    goes_on = send_failure(datadog, minutes=None, severity="SEV-1")
    over = send_failure(datadog, at=DAY + timedelta(hours=1), severity="SEV-2")
    for sort in ("finished_at", "-finished_at"):
        assert found(datadog, "failures", sort=sort) == [over, goes_on]
    assert found(datadog, "failures", query="severity:(SEV-1 OR SEV-2)") == [over, goes_on]
    assert found(datadog, "failures", query="-severity:SEV-1") == [over]


def test_ten_are_listed_where_no_limit_is_given(datadog: DatadogClient) -> None:
    for minute in range(11):
        send_failure(datadog, at=DAY + timedelta(minutes=minute))
    assert len(found(datadog, "failures")) == 10
    assert len(found(datadog, "failures", limit=1_000)) == 11


@pytest.mark.parametrize("kind", ["deployments", "failures"])
def test_a_list_says_what_it_is(datadog: DatadogClient, kind: str) -> None:
    answer = datadog.post(f"/api/v2/dora/{kind}", {"data": {"attributes": {}}})
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "errors": [
                {
                    "status": "400",
                    "title": "Bad Request",
                    "detail": f'got type "" expected one of "dora_{kind}_list_request"',
                }
            ]
        },
    )


@pytest.mark.parametrize(
    ("attributes", "detail"),
    [
        ({"limit": 0}, 'attribute "limit": give a whole number from 1 to 1,000'),
        ({"limit": 1_001}, 'attribute "limit": give a whole number from 1 to 1,000'),
        ({"limit": "5"}, 'attribute "limit": give a whole number from 1 to 1,000'),
        ({"limit": True}, 'attribute "limit": give a whole number from 1 to 1,000'),
        ({"sort": "service"}, 'attribute "sort": must be one of started_at finished_at'),
        ({"sort": ["started_at"]}, 'attribute "sort": must be one of started_at finished_at'),
        ({"sort": "--started_at"}, 'attribute "sort": must be one of started_at finished_at'),
        ({"from": "yesterday"}, 'attribute "from": give a time such as'),
        ({"to": 5}, 'attribute "to": give a time such as'),
        ({"query": ["a"]}, 'attribute "query": give a text'),
        ({"query": "shopist"}, "attribute \"query\": 'shopist' is not understood"),
    ],
)
def test_what_a_list_does_not_understand_is_refused(
    datadog: DatadogClient, attributes: dict[str, Any], detail: str
) -> None:
    for kind in ("deployments", "failures"):
        answer = datadog.post(f"/api/v2/dora/{kind}", list_of(kind, **attributes))
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["detail"].startswith(detail)


def queries_of(call: Any) -> int:
    """Return how many queries a call costs."""
    with CaptureQueriesContext(connection) as caught:
        call()
    return len(caught)


def test_a_list_costs_as_many_queries_for_many_as_for_one(
    datadog: DatadogClient, three: list[str]
) -> None:
    found(datadog, "deployments")
    one = queries_of(lambda: found(datadog, "deployments", limit=1))
    assert queries_of(lambda: found(datadog, "deployments", query="env:production")) == one
    # The key, and the list.
    assert one == 2


def test_receiving_an_event_costs_the_same_however_many_there_are(datadog: DatadogClient) -> None:
    def send(hour: int) -> int:
        body = failure(at=DAY + timedelta(hours=hour))
        return queries_of(lambda: datadog.post("/api/v2/dora/failure", body))

    counts = [send(hour) for hour in range(6)]
    assert len(set(counts[2:])) == 1
