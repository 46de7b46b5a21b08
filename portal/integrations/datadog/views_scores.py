"""Scores by entity, rule, scorecard, team and kind."""

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Fault, Invalid
from portal.integrations.datadog.paging import links, page_of
from portal.integrations.datadog.rule_filters import rules_of_scores
from portal.integrations.datadog.scores_codec import AGGREGATIONS, present_score
from portal.integrations.datadog.views import DatadogView
from scorecards.score_lists import SORTS, Aggregation, ScoreList

PAGE_SIZE, LARGEST_PAGE = 100, 1_000


class Scores(DatadogView):
    """The scores by one aggregation, over the rules that the filters leave."""

    def get(self, request: Request, aggregation: str) -> Response:
        """List a page of scores."""
        parameters = request.query_params
        page = page_of(parameters, size="page[limit]", default=PAGE_SIZE, largest=LARGEST_PAGE)
        by = _aggregation(aggregation)
        scores = ScoreList(by, rules_of_scores(self), sort=self._sort())
        data = [present_score(row, by) for row in scores[page.rows]]
        return Response(
            {
                "data": data,
                "links": links(request.path, parameters.dict(), page),
                "meta": {
                    "count": len(data),
                    "limit": page.limit,
                    "offset": page.offset,
                    "total": scores.count(),
                },
            }
        )

    def _sort(self) -> str:
        sort = self.parameter("sort")
        if sort and sort.removeprefix("-") not in SORTS:
            raise Invalid.at("sort", f"give one of {', '.join(SORTS)}, or one of them after a -")
        return sort


def _aggregation(name: str) -> Aggregation:
    if name not in AGGREGATIONS:
        known = " ".join(AGGREGATIONS)
        raise Invalid([Fault("", f'attribute "aggregation" must be one of "{known}"')])
    return AGGREGATIONS[name]
