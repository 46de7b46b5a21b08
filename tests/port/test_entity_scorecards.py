"""What entities carry of their scorecards."""

from typing import Any

import pytest

from catalog.models import Blueprint, Entity
from portal.integrations.models import ScorecardNote
from portal.integrations.port.entity_scorecards import scorecards_of
from scorecards.models import Level, Rule, Scorecard
from tests.builders import (
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)

pytestmark = pytest.mark.django_db


def _called(scorecard: Scorecard, name: str, *, blueprint: str = "service") -> None:
    row = Blueprint.objects.get(identifier=blueprint)
    ScorecardNote.objects.create(scorecard=scorecard, blueprint=row, identifier=name)


def _rule(identifier: str, level: str, status: str = "SUCCESS") -> dict[str, Any]:
    return {"identifier": identifier, "status": status, "level": level}


@pytest.fixture
def service(db: None) -> Entity:
    make_blueprint()
    return make_entity("pay", properties={"tier": 2})


def test_every_rule_is_listed_with_its_status_and_its_level(service: Entity) -> None:
    make_scorecard()
    assert scorecards_of([service]) == {
        service.pk: {
            "quality": {
                "level": "Bronze",
                "rules": [
                    _rule("tiered", "Bronze"),
                    _rule("spoken", "Silver", "FAILURE"),
                    _rule("top", "Gold", "FAILURE"),
                ],
            }
        }
    }


def test_rules_stand_in_the_order_of_the_scorecard_not_of_the_levels(service: Entity) -> None:
    make_scorecard(rules=[rule_document("b", level="Gold"), rule_document("a", level="Bronze")])
    rules = scorecards_of([service])[service.pk]["quality"]["rules"]
    assert rules == [_rule("b", "Gold"), _rule("a", "Bronze")]


def test_what_grades_nothing_is_absent(service: Entity) -> None:
    make_scorecard(filter=condition("tier", "=", 1))
    make_scorecard("planned", status="draft")
    assert scorecards_of([service]) == {}
    assert scorecards_of([]) == {}


def test_skipped_rules_are_left_out(service: Entity) -> None:
    make_scorecard(
        rules=[
            rule_document("said", query=None),
            rule_document("told", query=None),
            rule_document("off", is_enabled=False),
            rule_document("elsewhere", filter=condition("tier", "=", 1)),
        ]
    )
    report("pay", "told", "FAIL")
    rules = scorecards_of([service])[service.pk]["quality"]["rules"]
    assert rules == [_rule("told", "Bronze", "FAILURE")]


def test_a_rule_that_was_not_looked_at_yet_is_left_out(service: Entity) -> None:
    scorecard = make_scorecard()
    # As a process leaves it that has saved a rule, and whose task has not run yet.
    rule = Rule(
        scorecard=scorecard,
        level=Level.objects.get(scorecard=scorecard, title="Gold"),
        identifier="new",
        title="New",
        query=condition("tier", "=", 2),
        bit=50,
    )
    Rule.objects.bulk_create([rule])
    rules = scorecards_of([service])[service.pk]["quality"]["rules"]
    assert [row["identifier"] for row in rules] == ["tiered", "spoken", "top"]


def test_an_entity_whose_level_is_being_taken_away_stands_at_the_floor(service: Entity) -> None:
    scorecard = make_scorecard()
    scorecard.evaluations.update(level=None)
    assert scorecards_of([service])[service.pk]["quality"]["level"] == "Basic"


def test_a_scorecard_goes_by_the_name_that_it_has_on_the_blueprint(service: Entity) -> None:
    team = make_team("core", properties={"description": "x"})
    scorecard = make_scorecard(
        blueprints=["service", "_team"],
        rules=[rule_document("told", query=condition("description", "isNotEmpty"))],
    )
    _called(scorecard, "readiness")
    found = scorecards_of([service, team])
    assert {key: list(cards) for key, cards in found.items()} == {
        service.pk: ["readiness"],
        team.pk: ["quality"],
    }


def test_a_name_that_was_given_away_on_the_blueprint_is_not_used_twice(service: Entity) -> None:
    scorecard = make_scorecard("quality")
    _called(make_scorecard("service--quality"), "quality")
    assert set(scorecards_of([service])[service.pk]) == {"quality", f"quality--{scorecard.pk}"}


def test_the_name_of_a_scorecard_that_left_the_blueprint_is_free(service: Entity) -> None:
    make_blueprint("system")
    gone = make_scorecard("other", blueprints=["system"])
    _called(gone, "quality")
    make_scorecard("quality")
    assert set(scorecards_of([service])[service.pk]) == {"quality"}


def test_many_entities_cost_as_many_queries_as_one(
    service: Entity, django_assert_num_queries
) -> None:
    for name in ("one", "two", "three"):
        make_scorecard(name)
    entities = [make_entity(f"e{number}", properties={"tier": number}) for number in range(5)]
    with django_assert_num_queries(5):
        found = scorecards_of([service, *entities])
    assert [len(cards) for cards in found.values()] == [3] * 6
    with django_assert_num_queries(5):
        scorecards_of([service])
