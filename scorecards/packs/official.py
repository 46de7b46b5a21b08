"""Scorecards that grade DORA's own measures by the thresholds of one of its reports. Pure."""

from dataclasses import dataclass
from typing import Any

from scorecards.packs.thresholds import METRICS, Thresholds

Document = dict[str, Any]

COLORS = {"Low": "red", "Medium": "orange", "High": "blue", "Elite": "lime"}
# What the identifiers begin with, by the blueprint that is graded.
OWNERS = {"dora_official": "service", "dora_official_team": "_team"}
# The identifiers do not name the year, so that another year's scorecards take their place.
OFFICIAL = tuple(f"{prefix}_{metric}" for prefix in OWNERS for metric in METRICS)


@dataclass(frozen=True)
class Metric:
    """How a metric is graded: the property read, and what helps where it is not good enough."""

    title: str
    measured: str
    why: str
    how_to_fix: str

    @property
    def rule(self) -> str:
        """Return the metric as it is written in a sentence."""
        return self.title[0].lower() + self.title[1:]


_METRICS = {
    "deployment_frequency": Metric(
        "Deployment frequency",
        "dora_deployment_frequency",
        "Small deployments are easier to test, to understand and to take back than large ones.",
        "Make batches smaller: merge daily, keep unfinished work behind flags, and let a green "
        "pipeline deploy on its own.",
    ),
    "lead_time": Metric(
        "Lead time for changes",
        "dora_lead_time",
        "The sooner a change is in use, the sooner its author learns whether it was right.",
        "Look where changes wait: for review, for tests or for a release day. Take the longest of "
        "these waits first.",
    ),
    "change_failure_rate": Metric(
        "Change failure rate",
        "dora_change_failure_rate",
        "Every failed deployment is noticed by users and pays for nothing that was planned.",
        "Take the last failed deployments and add the check to the pipeline that would have held "
        "each of them. Deploy less at a time.",
    ),
    "recovery_time": Metric(
        "Failed deployment recovery time",
        "dora_recovery_time",
        "What fails and is mended in minutes costs little, so that deploying stays a small thing.",
        "Make going back to the last version one step that anybody on call may take, practise it, "
        "and alert on what users feel.",
    ),
}


def official_scorecards(table: Thresholds) -> list[Document]:
    """Return a scorecard per metric, for services and for teams.

    Only entities that have a value are graded: what has not enough data shows no level.
    """
    return [_scorecard(table, metric, prefix) for prefix in OWNERS for metric in METRICS]


def _scorecard(table: Thresholds, key: str, prefix: str) -> Document:
    metric = _METRICS[key]
    subject = f"team {metric.rule}" if OWNERS[prefix] == "_team" else metric.rule
    return {
        "identifier": f"{prefix}_{key}",
        "title": f"DORA {table.year}: {subject}",
        "description": (
            f"The {metric.rule} of the last 30 days among the clusters of the report "
            f'"{table.report}". Without enough data it is not graded.'
        ),
        "blueprints": [OWNERS[prefix]],
        "filter": {
            "combinator": "and",
            "conditions": [{"property": metric.measured, "operator": "isNotEmpty"}],
        },
        "status": "published",
        "levels": [{"title": name, "color": COLORS[name]} for name in table.clusters],
        "rules": [_rule(table, key, prefix, cluster) for cluster in table.clusters[1:]],
    }


def _rule(table: Thresholds, key: str, prefix: str, cluster: str) -> Document:
    metric, limit = _METRICS[key], table.limit(cluster, key)
    return {
        "identifier": f"{prefix}_{key}_{cluster.lower()}",
        "title": f"{cluster} in {table.year}: {table.words[cluster][key]}",
        "level": cluster,
        "description": metric.why,
        "how_to_fix": metric.how_to_fix,
        "query": {
            "combinator": "and",
            "conditions": [
                {"property": metric.measured, "operator": limit.operator, "value": limit.value}
            ],
        },
    }
