"""Grading by DORA's own measures what the pack's documents grade by the four keys. Pure.

Identifiers, levels and thresholds stay as they are, so that levels can be compared and histories go
on. What changes is which properties are read, and the words that would no longer be true.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

# The measure in the place of each of the four keys. Both have the same unit.
MEASURES = {
    "deployment_frequency": "dora_deployment_frequency",
    "deployment_frequency_per_service": "dora_deployment_frequency",
    "lead_time_for_changes": "dora_lead_time",
    "change_failure_rate": "dora_change_failure_rate",
    "mean_time_to_recovery": "dora_recovery_time",
}
# The sample in the place of what a rule demands beside a rate or a mean. Below the minimum the
# measure is empty and passes nothing anyway; with the sample in the rule, pages say what is short.
SAMPLES = {"total_deployments": "dora_deployments", "total_incidents": "dora_recoveries"}


@dataclass(frozen=True)
class Tier:
    """How a tier is read off a measure: `limits` are those of Elite, High and Medium."""

    subject: str
    measure: str
    operator: str
    limits: tuple[float, float, float]

    @property
    def definition(self) -> Document:
        """Return what becomes other in the definition of the property."""
        return {
            "description": f"DORA tier of the {self.subject} of the last 30 days. Empty where "
            "that is: before the first deployment, or without enough data.",
            "calculation": self._program,
        }

    @property
    def _program(self) -> str:
        elite, high, medium = (f"{self.operator} {limit}" for limit in self.limits)
        return (
            f".properties.{self.measure} as $value\n"
            "| if $value == null then null\n"
            f'  elif $value {elite} then "Elite"\n'
            f'  elif $value {high} then "High"\n'
            f'  elif $value {medium} then "Medium"\n'
            '  else "Low"\n'
            "  end\n"
        )


TIERS = {
    "deploy_freq_tier": Tier(
        "deployment frequency", "dora_deployment_frequency", ">=", (7, 1, 0.25)
    ),
    "lead_time_tier": Tier("median lead time", "dora_lead_time", "<=", (24, 168, 720)),
    "cfr_tier": Tier("change failure rate", "dora_change_failure_rate", "<=", (5, 20, 30)),
    "mttr_tier": Tier("median recovery time", "dora_recovery_time", "<=", (60, 1440, 10080)),
}


def tiers_by_measures(blueprint: Document) -> Document:
    """Return a blueprint document whose tiers are read off DORA's own measures."""
    found = blueprint.get("calculation_properties", {})
    tiers = {key: found[key] | tier.definition for key, tier in TIERS.items() if key in found}
    return blueprint | {"calculation_properties": found | tiers} if tiers else blueprint


def graded_by_measures(
    scorecards: Iterable[Document], wording: Iterable[Document], *, minimum: int
) -> list[Document]:
    """Return scorecard documents that read DORA's own measures, in the words that fit these.

    Raises `LookupError` where a rule reads what no measure takes the place of.
    """
    words = {item["identifier"]: item for item in wording}
    return [_graded(item, words[item["identifier"]], minimum) for item in scorecards]


def _graded(scorecard: Document, words: Document, minimum: int) -> Document:
    texts: Mapping[str, Document] = words["rules"]
    return scorecard | {
        "description": words["description"],
        "rules": [
            rule
            | {"query": _query(rule["query"], minimum=minimum)}
            | texts.get(rule["identifier"], {})
            for rule in scorecard["rules"]
        ],
    }


def _query(query: Document, *, minimum: int) -> Document:
    return query | {"conditions": [_leaf(leaf, minimum) for leaf in query["conditions"]]}


def _leaf(leaf: Document, minimum: int) -> Document:
    read = leaf["property"]
    if read in SAMPLES:
        return {"property": SAMPLES[read], "operator": ">=", "value": minimum}
    return leaf | {"property": MEASURES[read]}
