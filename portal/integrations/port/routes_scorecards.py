"""The addresses of scorecards."""

from django.urls import path

from portal.integrations import addresses  # noqa: F401  the converter of `<segment:...>`
from portal.integrations.port.views_scorecards import (
    BlueprintScorecardsView,
    ScorecardsView,
    ScorecardView,
)

_OF_BLUEPRINT = "blueprints/<segment:blueprint>/scorecards"

urlpatterns = [
    path("scorecards", ScorecardsView.as_view()),
    path(_OF_BLUEPRINT, BlueprintScorecardsView.as_view()),
    path(f"{_OF_BLUEPRINT}/<segment:scorecard>", ScorecardView.as_view()),
]
