"""The addresses of outcomes and of the scores that are made of them."""

from django.urls import path

from portal.integrations import addresses  # noqa: F401 - it registers the converter
from portal.integrations.datadog import views_outcomes, views_scores

urlpatterns = [
    path("v2/scorecard/outcomes", views_outcomes.Outcomes.as_view()),
    path("v2/scorecard/outcomes/batch", views_outcomes.OutcomesBatch.as_view()),
    path("v2/scorecard/scores/<segment:aggregation>", views_scores.Scores.as_view()),
]
