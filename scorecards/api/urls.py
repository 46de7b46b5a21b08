"""The REST routes of this app, and those of entities, which are shown with their badges."""

from rest_framework.routers import BaseRouter

from scorecards.api.campaigns import CampaignViewSet
from scorecards.api.exemptions import ExemptionViewSet
from scorecards.api.outcomes import OutcomeBatchViewSet, OutcomeViewSet, PastOutcomeViewSet
from scorecards.api.scores import ScoreViewSet
from scorecards.api.viewsets import (
    EvaluationViewSet,
    GradedEntityViewSet,
    LevelChangeViewSet,
    PreviewViewSet,
    RuleResultViewSet,
    RuleViewSet,
    ScorecardViewSet,
    TeamViewSet,
)
from scorecards.score_lists import Aggregation


def register(router: BaseRouter) -> None:
    """Add the routes to the router of the site."""
    router.register("entities", GradedEntityViewSet, basename="api-entity")
    router.register("teams", TeamViewSet, basename="api-team")
    router.register("scorecards", ScorecardViewSet, basename="api-scorecard")
    router.register("scorecard-previews", PreviewViewSet, basename="api-scorecard-preview")
    router.register("rules", RuleViewSet, basename="api-rule")
    router.register("campaigns", CampaignViewSet, basename="api-campaign")
    router.register("exemptions", ExemptionViewSet, basename="api-exemption")
    router.register("evaluations", EvaluationViewSet, basename="api-evaluation")
    router.register("rule-results", RuleResultViewSet, basename="api-rule-result")
    router.register("outcomes", OutcomeViewSet, basename="api-outcome")
    router.register("outcome-batches", OutcomeBatchViewSet, basename="api-outcome-batch")
    router.register("past-outcomes", PastOutcomeViewSet, basename="api-past-outcome")
    by = "|".join(Aggregation)
    router.register(f"scores/(?P<aggregation>{by})", ScoreViewSet, basename="api-score")
    router.register("level-changes", LevelChangeViewSet, basename="api-level-change")
