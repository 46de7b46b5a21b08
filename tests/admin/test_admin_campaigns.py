"""The campaign form: one document, saved by one operation."""

import json
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from catalog.models import Change
from scorecards.models import Campaign, Scorecard
from scorecards.operations import campaign_document_of, save_campaign
from tests.admin.pages import errors_of, fields_of, row_edit
from tests.builders import campaign_document, make_campaign

ADD = "/admin/scorecards/campaign/add/"
DOCUMENT = {
    "rules": ["quality/covered"],
    "owner": "red",
    "guidance": "First line.\nSecond line.",
    "filter": {
        "combinator": "and",
        "conditions": [{"property": "coverage", "operator": "<", "value": 80}],
    },
    "starts_at": "2026-01-05T09:00:00.250000+00:00",
}


@pytest.fixture
def campaign(scorecard: Scorecard) -> Campaign:
    """Return a campaign whose start is finer than the form shows."""
    return make_campaign(**DOCUMENT)


def address(campaign: Campaign) -> str:
    """Return the address of the form."""
    return f"/admin/scorecards/campaign/{campaign.pk}/change/"


def test_saving_what_was_shown_changes_nothing(admin: Client, campaign: Campaign) -> None:
    before, count = campaign_document_of(campaign), Change.objects.count()
    response = admin.post(address(campaign), fields_of(admin.get(address(campaign))))
    assert response.status_code == 302, errors_of(response)
    assert campaign_document_of(Campaign.objects.with_parts().get()) == before
    assert Change.objects.count() == count


def test_a_campaign_is_made_by_the_operation(admin: Client, scorecard: Scorecard) -> None:
    data: dict[str, Any] = {
        **fields_of(admin.get(ADD)),
        "title": "Push",
        "identifier": "push",
        "rules": ["quality/covered", "quality/well_covered"],
        "starts_at_0": "2026-05-01",
        "starts_at_1": "12:00:00",
        "due_at_0": "2026-06-11",
        "due_at_1": "12:00:00",
    }
    with patch("scorecards.admin_campaigns.save_campaign", wraps=save_campaign) as save:
        response = admin.post(ADD, data)
    assert response.status_code == 302, errors_of(response)
    assert save.call_count == 1
    rules = ["quality/covered", "quality/well_covered"]
    assert campaign_document_of(Campaign.objects.with_parts().get()) == {
        **campaign_document(rules=rules),
        "status": "in_progress",
    }
    assert Change.objects.get(kind="campaign").actor == "root"


def test_the_filter_is_edited_in_rows_and_the_status_by_hand(
    admin: Client, campaign: Campaign
) -> None:
    data = row_edit(fields_of(admin.get(address(campaign))), "filter", text="50")
    response = admin.post(address(campaign), {**data, "status": "completed"})
    assert response.status_code == 302, errors_of(response)
    campaign.refresh_from_db()
    assert campaign.filter["conditions"][0]["value"] == 50
    assert campaign.status == "completed"


def test_what_is_refused_is_told_at_its_field(admin: Client, campaign: Campaign) -> None:
    data = fields_of(admin.get(address(campaign)))
    wrong = {"combinator": "and", "conditions": [{"property": "covrage", "operator": "isEmpty"}]}
    sent = {**data, "due_at_0": "2025-01-01", "filter": json.dumps(wrong)}
    found = errors_of(admin.post(address(campaign), sent))
    assert found["due_at"] == ["must be later than starts_at"]
    assert "covrage" in found["filter"][0]
    campaign.refresh_from_db()
    assert campaign.filter == DOCUMENT["filter"]


def test_a_rule_that_is_gone_and_a_taken_identifier_are_told(
    admin: Client, campaign: Campaign
) -> None:
    data = fields_of(admin.get(address(campaign)))
    found = errors_of(admin.post(address(campaign), {**data, "rules": ["quality/gone"]}))
    assert "there is no rule 'quality/gone'" in found["rules"][0]
    new = {**data, "identifier": "push"}
    assert found_at(admin.post(ADD, new), "identifier")


def found_at(response: Any, field: str) -> list[str]:
    """Return what a page says about a field."""
    return errors_of(response).get(field, [])


def test_a_campaign_is_deleted_by_the_operation(admin: Client, campaign: Campaign) -> None:
    response = admin.post(f"/admin/scorecards/campaign/{campaign.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert not Campaign.objects.exists()
    assert Change.objects.latest("id").action == "deleted"


def test_who_may_not_edit_sees_no_campaigns_here(client: Client, campaign: Campaign) -> None:
    assert client.get(address(campaign)).status_code == 302
