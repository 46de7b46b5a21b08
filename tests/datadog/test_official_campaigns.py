"""The published client on campaigns: every operation, with its typed models field by field."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.scorecards_api import ScorecardsApi
from datadog_api_client.v2.model.campaign_response_data import CampaignResponseData
from datadog_api_client.v2.model.campaign_status import CampaignStatus
from datadog_api_client.v2.model.campaign_type import CampaignType
from datadog_api_client.v2.model.create_campaign_request import CreateCampaignRequest
from datadog_api_client.v2.model.create_campaign_request_attributes import (
    CreateCampaignRequestAttributes,
)
from datadog_api_client.v2.model.create_campaign_request_data import CreateCampaignRequestData
from datadog_api_client.v2.model.update_campaign_request import UpdateCampaignRequest
from datadog_api_client.v2.model.update_campaign_request_attributes import (
    UpdateCampaignRequestAttributes,
)
from datadog_api_client.v2.model.update_campaign_request_data import UpdateCampaignRequestData

from portal.integrations.datadog import ids
from scorecards.models import Campaign, Rule
from tests.builders import make_blueprint, make_entity, make_scorecard

START = datetime(2026, 1, 1, tzinfo=UTC)
DUE = datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC)
OWNER = "550e8400-e29b-41d4-a716-446655440000"

Parsed = Callable[[object], None]


@pytest.fixture
def api(official: ApiClient) -> ScorecardsApi:
    """Return the operations, on a catalog with a graded service."""
    make_blueprint()
    make_scorecard()
    make_entity("anchor", properties={"tier": 1})
    return ScorecardsApi(official)


def rule_ids() -> list[str]:
    """Return the ids of the rules there are."""
    return [ids.rule_id(pk) for pk in Rule.objects.order_by("id").values_list("id", flat=True)]


def created(api: ScorecardsApi, key: str = "q1-security-2026") -> CampaignResponseData:
    """Create a campaign with everything that can be said of one."""
    attributes = CreateCampaignRequestAttributes(
        key=key,
        name="Q1 Security Campaign",
        owner_id=OWNER,
        rule_ids=rule_ids(),
        start_date=START,
        due_date=DUE,
        status="in_progress",
        description="Campaign to improve security posture.",
        entity_scope="kind:service",
        guidance="Read the guide.",
    )
    data = CreateCampaignRequestData(type=CampaignType.CAMPAIGN, attributes=attributes)
    return api.create_scorecard_campaign(body=CreateCampaignRequest(data=data)).data


def test_create_scorecard_campaign(api: ScorecardsApi, parsed: Parsed) -> None:
    data = created(api)
    parsed(data)
    row = Campaign.objects.get()
    assert data.id == ids.campaign_id(row.pk)
    assert data.type == CampaignType.CAMPAIGN
    attributes = data.attributes
    assert attributes.key == "q1-security-2026"
    assert attributes.name == "Q1 Security Campaign"
    assert attributes.owner == OWNER
    assert attributes.status == str(CampaignStatus.IN_PROGRESS)
    assert attributes.start_date == START
    assert attributes.due_date == DUE
    assert attributes.description == "Campaign to improve security posture."
    assert attributes.entity_scope == "kind:service"
    assert attributes.guidance == "Read the guide."
    assert attributes.created_at == row.created_at
    assert attributes.modified_at == row.updated_at


def test_get_scorecard_campaign(api: ScorecardsApi, parsed: Parsed) -> None:
    made = created(api)
    for name in (made.id, "q1-security-2026"):
        answer = api.get_scorecard_campaign(name)
        parsed(answer)
        assert answer.data.to_dict() == made.to_dict()
    answer = api.get_scorecard_campaign(made.id, include="scores", include_meta=True)
    parsed(answer)
    assert answer.data.attributes.to_dict() == made.attributes.to_dict()
    assert answer.meta == {"entity_count": 1, "rule_count": 3}
    assert [item["id"] for item in answer.included] == [made.id, *rule_ids()]
    assert answer.included[0]["attributes"]["score"] == 66.67


def test_list_scorecard_campaigns(api: ScorecardsApi, parsed: Parsed) -> None:
    made = [created(api, f"push-{number}") for number in range(12)]
    answer = api.list_scorecard_campaigns()
    parsed(answer)
    assert [item.id for item in answer.data] == [item.id for item in made[:10]]
    meta = answer.meta
    assert (meta.count, meta.limit, meta.offset, meta.total) == (10, 10, 0, 12)
    rest = api.list_scorecard_campaigns(
        page_limit=5,
        page_offset=10,
        filter_campaign_name="security",
        filter_campaign_status="in_progress",
        filter_campaign_owner=OWNER,
    )
    parsed(rest)
    assert [item.to_dict() for item in rest.data] == [item.to_dict() for item in made[10:]]
    assert (rest.meta.count, rest.meta.offset, rest.meta.total) == (2, 10, 12)


def test_update_scorecard_campaign(api: ScorecardsApi, parsed: Parsed) -> None:
    made = created(api)
    attributes = UpdateCampaignRequestAttributes(
        name="Q2",
        owner_id=OWNER,
        rule_ids=rule_ids()[:1],
        start_date=START,
        status="completed",
    )
    data = UpdateCampaignRequestData(type=CampaignType.CAMPAIGN, attributes=attributes)
    answer = api.update_scorecard_campaign(made.id, body=UpdateCampaignRequest(data=data))
    parsed(answer)
    shown = answer.data.attributes
    assert (answer.data.id, shown.key, shown.name) == (made.id, "q1-security-2026", "Q2")
    assert shown.status == str(CampaignStatus.COMPLETED)
    assert shown.start_date == START
    assert shown.created_at == made.attributes.created_at
    assert shown.modified_at > made.attributes.modified_at
    assert not shown.to_dict().keys() & {"due_date", "description", "entity_scope", "guidance"}


def test_delete_scorecard_campaign(api: ScorecardsApi) -> None:
    made = created(api)
    api.delete_scorecard_campaign(made.id)
    with pytest.raises(ApiException) as caught:
        api.get_scorecard_campaign(made.id)
    assert caught.value.status == 404
    assert caught.value.body["errors"][0].get("detail") == "Campaign not found"
