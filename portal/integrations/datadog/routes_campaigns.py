"""The addresses of campaigns."""

from django.urls import path

from portal.integrations import addresses  # noqa: F401  the converter of `<segment:...>`
from portal.integrations.datadog.views_campaigns import Campaigns, OneCampaign

urlpatterns = [
    path("v2/scorecard/campaigns", Campaigns.as_view()),
    path("v2/scorecard/campaigns/<segment:campaign>", OneCampaign.as_view()),
]
