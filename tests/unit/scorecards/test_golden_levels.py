"""The golden cases: what each of the eight DORA scorecards must say about a set of properties."""

import json
from pathlib import Path

import pytest

from catalog.models import Entity
from scorecards.models import Evaluation
from scorecards.operations import save_scorecard
from scorecards.packs import load_pack
from scorecards.results import rule_results
from tests.builders import NOW, TESTER, make_blueprint

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "expected_levels.json").read_text())
METRICS = (
    "deployment_frequency",
    "deployment_frequency_per_service",
    "lead_time_for_changes",
    "change_failure_rate",
    "mean_time_to_recovery",
    "total_deployments",
    "total_incidents",
)


@pytest.fixture
def graded(db):
    """Install the pack's scorecards for a blueprint whose metrics are given, not computed."""
    blueprint = make_blueprint(
        "measured",
        schema={"properties": {key: {"type": "number"} for key in METRICS}, "required": []},
    )
    for document in load_pack("dora").scorecards:
        save_scorecard(definition={**document, "blueprints": ["measured"]}, by=TESTER, now=NOW)
    return blueprint


def results_of(entity: Entity) -> dict:
    """Return what every scorecard says about the entity, in the shape of the golden cases."""
    found = {}
    for row in Evaluation.objects.filter(entity=entity).select_related("scorecard", "level"):
        rules = rule_results(row, row.scorecard.rules.select_related("level"))
        found[row.scorecard.identifier] = {
            "level": row.level.title,
            "rules": {
                item.rule.identifier: [item.rule.level.title, str(item.status)] for item in rules
            },
        }
    return found


def expected(case: dict) -> dict:
    """Return the whole result that a compact golden case stands for."""
    return {
        scorecard: {
            "level": outcome["level"],
            "rules": {
                rule: [level, "FAIL" if rule in outcome["failed"] else "PASS"]
                for rule, level in GOLDEN["rules"][scorecard]
            },
        }
        for scorecard, outcome in case["expected"].items()
    }


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_a_saved_entity_gets_the_golden_levels_and_rule_results(graded, case):
    entity = Entity(blueprint=graded, identifier="case", properties=case["properties"])
    entity.save()
    assert results_of(entity) == expected(case)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_an_entity_that_becomes_the_case_gets_its_levels_too(graded, case):
    entity = Entity(blueprint=graded, identifier="case", properties={"total_deployments": 3})
    entity.save()
    entity.properties = case["properties"]
    entity.save()
    assert results_of(entity) == expected(case)
