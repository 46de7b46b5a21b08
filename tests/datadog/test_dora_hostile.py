"""Whatever is sent about delivery events is answered in the dialect's shape, never by a 500."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.datadog.clients import DatadogClient
from tests.datadog.delivery_events import (
    REPOSITORY,
    SHA,
    deployment,
    failure,
    list_of,
    patch,
    send_deployment,
)
from tests.port.json_values import disturbed, values

WORDS = ["shopist", "production", "data", "attributes", "service:shopist", "a:b", "id", SHA]
MARKED = "marked-0123456789"
GIT = {"commit_sha": SHA, "repository_url": REPOSITORY}
ACTIVITY = {
    "type": "ai_impact_user_activity",
    "attributes": {
        "user_email": "ada@example.com", "day": "2026-05-26", "is_active": True, "tools": ["a"],
        "models": ["b"],
    },
}  # fmt: skip
EXACT = {
    ("POST", "dora/deployment"): deployment(
        id=MARKED, version="1", team="core", custom_tags=["a:b"], git=GIT
    ),
    ("POST", "dora/failure"): failure(
        id=MARKED, name="x", severity="y", services=["a", "b"], custom_tags=["a:b"], git=GIT
    ),
    ("POST", "dora/deployments"): list_of(
        "deployments", query="env:production", limit=5, sort="started_at",
        **{"from": "2026-01-01T00:00:00Z", "to": "2026-12-31T00:00:00Z"},
    ),
    ("POST", "dora/failures"): list_of("failures", query="severity:1", limit=5),
    ("PATCH", f"dora/deployments/{MARKED}"): patch(
        MARKED, change_failure=True, remediation={"type": "rollback", "id": MARKED}
    ),
    ("PATCH", "dora/deployments"): patch(
        MARKED, service="shopist", env="production", version="1", change_failure=True,
        remediation={"type": "rollback", "version": "1"},
    ),
    ("POST", "ai_impact/user_activity"): {"data": [ACTIVITY]},
}  # fmt: skip
CALLS = st.one_of(
    [
        st.tuples(st.just(call), disturbed(body, WORDS) | values(WORDS))
        for call, body in EXACT.items()
    ]
)
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def check(answer: Any) -> None:
    """Require an answer of the dialect."""
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert set(answer.json()) == {"errors"}
    else:
        assert answer.status_code in (200, 202)


@pytest.fixture
def world(datadog: DatadogClient) -> DatadogClient:
    """Return the client that has sent a deployment."""
    send_deployment(datadog, id=MARKED, version="1")
    return datadog


@settings(max_examples=150, suppress_health_check=SLOW)
@given(call=CALLS)
def test_no_body_gives_a_500(world: DatadogClient, call: tuple[tuple[str, str], Any]) -> None:
    (method, path), body = call
    check(world.send(method, f"/api/v2/{path}", body))


@settings(max_examples=40, suppress_health_check=SLOW)
@given(
    noun=st.sampled_from(["deployment", "deployments", "failure", "failures"]),
    id_=st.text(max_size=8) | st.just(MARKED),
    method=st.sampled_from(["GET", "DELETE", "PATCH", "PUT"]),
)
def test_no_address_gives_a_500(world: DatadogClient, noun: str, id_: str, method: str) -> None:
    encoded = quote(id_.encode(errors="replace"), safe="")
    body = patch(id_, change_failure=True) if method == "PATCH" else None
    check(world.send(method, f"/api/v2/dora/{noun}/{encoded}", body))
