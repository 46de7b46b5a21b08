"""Scores over REST: of entities, rules, scorecards, teams and kinds, over the rules asked for."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.viewsets import ApiViewSet
from scorecards.api import openapi
from scorecards.api.serializers import ScoreSerializer
from scorecards.filtersets import ScoreFilterSet
from scorecards.models import Rule, Scorecard
from scorecards.score_lists import Aggregation, ScoreList


@openapi.SCORES
class ScoreViewSet(ApiViewSet):
    """Scores, by what they are of: the share of passes among the results that count."""

    queryset = Rule.objects.select_related("scorecard", "level").order_by("id")
    serializer_class = ScoreSerializer
    filterset_class = ScoreFilterSet

    def readable(self, rows: QuerySet) -> QuerySet:
        """Leave out the rules whose counts would tell of what is hidden."""
        if not self.rights.hidden:
            return rows
        return rows.filter(scorecard__in=Scorecard.objects.wholly_readable_by(self.rights))

    def list(self, request: Request, aggregation: str) -> Response:
        """List the scores by an aggregation."""
        rules = self.filter_queryset(self.get_queryset())
        sort = request.query_params.get("sort", "")
        page = self.paginate_queryset(ScoreList(Aggregation(aggregation), rules, sort=sort))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
