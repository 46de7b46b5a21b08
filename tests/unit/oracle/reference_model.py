"""The reference's own blueprints, where its fixtures are beside the project.

Nothing of them is kept here: documents are read from their files, and what their calculations
mean is written down once more from the reference's description of the metrics.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.unit.oracle.definitions import Model, Program
from tests.unit.oracle.plain_catalog import Seen
from tests.unit.oracle.pools import NUMBERS

FOLDER = Path(__file__).parents[4] / "shared" / "fixtures" / "port" / "blueprints"
SECTIONS = {
    "mirrorProperties": "mirror_properties",
    "calculationProperties": "calculation_properties",
    "aggregationProperties": "aggregation_properties",
}
MOMENTS = [
    None,
    "2026-06-01T12:00:00Z",
    "2026-05-31T12:00:00.250+02:00",
    "2026-05-25T12:00:00Z",
    "2026-05-25T11:59:59.999999Z",
    "2026-05-02T12:00:00Z",
    "2026-05-02T11:59:59Z",
    "2025-11-03T04:05:06.7-05:30",
    "1969-12-31T23:59:59Z",
    "2026-06-09T00:00:00Z",
]
TEAM_SIZES = {"_team": "abc", "service": "abcd"}


def read_documents() -> dict[str, dict[str, Any]]:
    """Return the reference's blueprints as documents of ours."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        document = json.loads(path.read_text())
        found[document["identifier"]] = {
            SECTIONS.get(key, key): value for key, value in document.items()
        }
    return found


def reference_model() -> Model:
    """Return the model; its folder must be there."""
    documents = read_documents()
    return Model(
        documents=documents,
        programs={
            (blueprint, key): program
            for blueprint, programs in PROGRAMS.items()
            for key, program in programs.items()
        },
        values={
            name: {key: _values(item) for key, item in document["schema"]["properties"].items()}
            for name, document in documents.items()
        },
        odd=[],
        names={name: TEAM_SIZES.get(name, "abcdefgh") for name in documents},
    )


def _values(definition: Mapping[str, Any]) -> list[Any]:
    if "enum" in definition:
        return [None, *definition["enum"]]
    if definition["type"] == "number":
        return NUMBERS
    if definition.get("format") == "date-time":
        return MOMENTS
    return [None, "https://example.com/a"]


def _share(part: float, whole: float) -> float:
    return part / whole * 100 if whole else 0


def _failure_rate(seen: Seen) -> float:
    return _share(seen.read("total_incidents"), seen.read("total_deployments"))


def _per_service(seen: Seen) -> float | None:
    if not seen.read("total_deployments") or not seen.read("services_count"):
        return None
    return seen.read("deployment_frequency") / seen.read("services_count")


def _at_least(value: float, *limits: float) -> str:
    names = ("Elite", "High", "Medium")
    return next((name for name, limit in zip(names, limits, strict=True) if value >= limit), "Low")


def _at_most(value: float | None, *limits: float) -> str:
    return "Low" if value is None else _at_least(-value, *(-limit for limit in limits))


def _frequency_tier(of: Callable[[Seen], float | None]) -> Program:
    return lambda seen: (
        _at_least(of(seen) or 0, 7, 1, 0.25) if seen.read("total_deployments") else "Low"
    )


TIERS: dict[str, Program] = {
    "change_failure_rate": _failure_rate,
    "lead_time_tier": lambda seen: _at_most(seen.read("lead_time_for_changes"), 24, 168, 720),
    "cfr_tier": lambda seen: (
        _at_most(_failure_rate(seen), 5, 20, 30) if seen.read("total_deployments") else "Low"
    ),
    "mttr_tier": lambda seen: (
        _at_most(seen.read("mean_time_to_recovery"), 60, 1_440, 10_080)
        if seen.read("total_incidents")
        else "Low"
    ),
}
PROGRAMS: dict[str, dict[str, Program]] = {
    "service": {
        **TIERS,
        "deploy_freq_tier": _frequency_tier(lambda seen: seen.read("deployment_frequency")),
    },
    "_team": {
        **TIERS,
        "deployment_frequency_per_service": _per_service,
        "deploy_freq_tier": _frequency_tier(_per_service),
    },
}
