"""The addresses of campaigns."""

from typing import Any

from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.integrations.datadog.campaigns import (
    campaign_of,
    counts_of,
    create_campaign,
    narrowed,
    replace_campaign,
    with_scores,
    write_campaign,
)
from portal.integrations.datadog.campaigns_codec import read_campaign
from portal.integrations.datadog.paging import page_of
from portal.integrations.datadog.views import DatadogView
from scorecards.operations import delete_campaign


class Campaigns(DatadogView):
    """The list of campaigns."""

    def get(self, request: Request) -> Response:
        """Return a page of those that the filters leave."""
        page = page_of(request.query_params, size="page[limit]", default=10, largest=1_000)
        rows = narrowed(
            name=self.parameter("filter[campaign][name]"),
            status=self.parameter("filter[campaign][status]"),
            owner=self.parameter("filter[campaign][owner]"),
            sight=self.rights.sight,
        )
        found = [write_campaign(campaign) for campaign in rows[page.rows]]
        meta = {
            "count": len(found),
            "limit": page.limit,
            "offset": page.offset,
            "total": rows.count(),
        }
        return Response({"data": found, "meta": meta})

    def post(self, request: Request) -> Response:
        """Create a campaign."""
        draft = read_campaign(self.attributes(type_="campaign"), required=("key",))
        campaign = create_campaign(draft=draft, by=self.actor, now=timezone.now())
        return Response({"data": write_campaign(campaign)}, status=status.HTTP_201_CREATED)


class OneCampaign(DatadogView):
    """One campaign, by its id or its key."""

    def get(self, request: Request, campaign: str) -> Response:
        """Return it; with its scores, and with counts, where they are asked for."""
        found, now = campaign_of(campaign, self.rights.sight), timezone.now()
        answer: dict[str, Any] = {"data": write_campaign(found)}
        if "scores" in self.parameter("include").split(","):
            answer = with_scores(answer, found, now=now, rights=self.rights)
        if self.flag("include_meta"):
            answer["meta"] = counts_of(found, now=now, rights=self.rights)
        return Response(answer)

    def put(self, request: Request, campaign: str) -> Response:
        """Replace it."""
        found = campaign_of(campaign, self.rights.sight)
        draft = read_campaign(self.attributes(type_="campaign"), required=("status",))
        saved = replace_campaign(campaign=found, draft=draft, by=self.actor, now=timezone.now())
        return Response({"data": write_campaign(saved)})

    def delete(self, request: Request, campaign: str) -> Response:
        """Delete it."""
        delete_campaign(
            campaign=campaign_of(campaign, self.rights.sight), by=self.actor, now=timezone.now()
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
