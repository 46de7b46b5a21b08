"""Nothing that may be sent about campaigns is a fault of ours."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.integrations.datadog import ids
from scorecards.models import Campaign, Rule
from tests.builders import make_blueprint, make_campaign, make_scorecard
from tests.datadog.clients import DatadogClient
from tests.port.json_values import disturbed, values

LIST = "/api/v2/scorecard/campaigns"
WORDS = [
    "data", "type", "attributes", "campaign", "key", "name", "owner_id", "rule_ids", "start_date",
    "due_date", "status", "description", "guidance", "entity_scope", "in_progress", "push",
    "kind:service AND tier:1", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "2026-06-30T23:59:60Z",
]  # fmt: skip
PARAMETERS = [
    "page[limit]", "page[offset]", "filter[campaign][name]", "filter[campaign][status]",
    "filter[campaign][owner]", "include", "include_meta",
]  # fmt: skip
ANY_SIGN = st.characters(exclude_categories=())
MANY = hypothesis_settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def world(datadog: DatadogClient) -> DatadogClient:
    """Return a client on a catalog with a campaign."""
    make_blueprint()
    make_scorecard()
    make_campaign()
    return datadog


def good() -> dict[str, Any]:
    """Return a body with everything in it."""
    attributes = {
        "key": "push", "name": "Push", "owner_id": "x", "status": "in_progress",
        "rule_ids": [ids.rule_id(Rule.objects.order_by("id").values_list("id", flat=True)[0])],
        "start_date": "2026-01-01T00:00:00Z", "due_date": "2027-01-01T00:00:00Z",
        "description": "", "guidance": "", "entity_scope": "kind:service",
    }  # fmt: skip
    return {"data": {"type": "campaign", "attributes": attributes}}


def is_told(answer: Any) -> bool:
    """Say whether an answer says what it is, or what was wrong."""
    if answer.status_code == 204:
        return True
    found = answer.json()
    return "data" in found if answer.status_code < 300 else bool(found["errors"])


@MANY
@given(data=st.data())
def test_no_body_is_a_fault_of_ours(world: DatadogClient, data: st.DataObject) -> None:
    body = data.draw(values(WORDS) | disturbed(good(), WORDS))
    for answer in (world.post(LIST, body), world.put(f"{LIST}/push", body)):
        assert answer.status_code in (200, 201, 400, 404), body
        assert is_told(answer)
    assert world.get(LIST).status_code == 200
    assert Campaign.objects.exists()


@MANY
@given(
    name=st.sampled_from(PARAMETERS),
    value=st.sampled_from(WORDS) | st.text(ANY_SIGN, max_size=12) | st.integers().map(str),
)
def test_no_query_is_a_fault_of_ours(world: DatadogClient, name: str, value: str) -> None:
    query = f"{name}={quote(value, safe='', errors='surrogatepass')}"
    for path in (LIST, f"{LIST}/push"):
        answer = world.get(f"{path}?{query}")
        assert answer.status_code in (200, 400), query
        assert is_told(answer)


@MANY
@given(name=st.text(ANY_SIGN, min_size=1, max_size=12) | st.from_regex(r"push-\d{11}"))
def test_no_address_is_a_fault_of_ours(world: DatadogClient, name: str) -> None:
    part = quote(name, safe="", errors="surrogatepass")
    for answer in (
        world.get(f"{LIST}/{part}?include=scores"),
        world.put(f"{LIST}/{part}", good()),
        world.delete(f"{LIST}/{part}"),
    ):
        assert answer.status_code in (200, 204, 400, 404), name
        assert is_told(answer)
