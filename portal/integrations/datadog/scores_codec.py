"""The shapes of scores. Pure."""

from typing import Any

from portal.integrations.datadog import ids
from portal.integrations.datadog.entity_names import SERVICE, EntityName
from scorecards.score_lists import Aggregation, ScoreRow, figures

HIGHEST_LEVEL = 3
AGGREGATIONS = {f"by-{item.value}": item for item in Aggregation}


def present_score(row: ScoreRow, aggregation: Aggregation) -> dict[str, Any]:
    """Return a score. Without anything that counts there is none, and its place is left out."""
    attributes = {"aggregation": f"by-{aggregation.value}", **figures(row.score)}
    if row.rank is not None:
        attributes["level"] = min(row.rank, HIGHEST_LEVEL)
    if aggregation is Aggregation.ENTITY:
        del attributes["total_entities"]
    relations = _relations(row, aggregation)
    score = {
        "id": next(iter(relations.values())) if relations else row.identifier,
        "type": "score",
        "attributes": {key: value for key, value in attributes.items() if value is not None},
    }
    if relations:
        score["relationships"] = {
            name: {"data": {"id": id_, "type": name}} for name, id_ in relations.items()
        }
    return score


def _relations(row: ScoreRow, aggregation: Aggregation) -> dict[str, str]:
    """Return what a score is related to, what it is of first; kinds are related to nothing."""
    match aggregation:
        case Aggregation.ENTITY:
            relations = {"entity": EntityName(row.blueprint, row.identifier).reference}
            if row.blueprint == SERVICE:
                relations["service"] = row.identifier
            return relations
        case Aggregation.RULE:
            return {"rule": ids.rule_id(row.id), "scorecard": ids.scorecard_id(row.scorecard_id)}
        case Aggregation.SCORECARD:
            return {"scorecard": ids.scorecard_id(row.id)}
        case Aggregation.TEAM:
            return {"team": row.identifier}
        case _:
            return {}
