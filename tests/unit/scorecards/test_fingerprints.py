"""A fingerprint stands for all that was found, however it came about."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from catalog.models import Entity
from scorecards import compiled, operations
from scorecards.models import Fingerprint, Scorecard
from scorecards.operations import batches
from tests.builders import (
    NOW,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
SPOKEN = rule_document("spoken", level="Silver", query=condition("language", "isNotEmpty"))
REPORTED = rule_document("tested", level="Gold", query=None)


@pytest.fixture
def graded() -> None:
    """Three entities, one of them with an owner, in two scorecards."""
    make_blueprint()
    make_team()
    make_scorecard("quality", rules=[rule_document("tiered"), SPOKEN, REPORTED])
    make_scorecard("second")
    for tier in (1, 2, 3):
        make_entity(f"s{tier}", properties={"tier": tier, "language": "Go"})
    make_entity("s1", team="core")
    report("s1", "tested", "PASS")


def numbers() -> dict[str, int]:
    return dict(Fingerprint.objects.values_list("entity__identifier", "value"))


def edit(**parts: Any) -> None:
    """Replace the query of the first rule, and more."""
    stricter = rule_document("tiered", query=condition("tier", "<=", 1))
    make_scorecard("quality", now=LATER, **{"rules": [stricter, SPOKEN, REPORTED], **parts})


EDITS = {
    "a query": {},
    "a filter that leaves entities out": {"filter": condition("tier", "<", 3)},
    "a level": {"rules": [rule_document("tiered", level="Silver"), SPOKEN, REPORTED]},
    "a new rule": {"rules": [rule_document("new"), SPOKEN, REPORTED]},
}


@pytest.mark.parametrize("parts", EDITS.values(), ids=EDITS.keys())
def test_after_an_edit_it_is_what_a_whole_evaluation_finds(graded, parts):
    before = numbers()
    edit(**parts)
    edited = numbers()
    assert edited != before
    operations.reevaluate(blueprint="service", now=LATER)
    assert numbers() == edited


def test_an_edited_query_does_not_evaluate_the_other_scorecards(graded, monkeypatch):
    seen: list[list[int]] = []
    bundle_of = compiled.bundle_of

    def watch(scorecards: Any) -> Any:
        seen.append([scorecard.id for scorecard in scorecards])
        return bundle_of(scorecards)

    monkeypatch.setattr(batches.compiling, "bundle_of", watch)
    edit()
    assert seen == [[Scorecard.objects.get(identifier="quality").pk]]


def test_a_stale_entity_is_evaluated_against_all_when_one_scorecard_is_edited(graded):
    entity = Entity.objects.get(identifier="s3")
    # As a large write leaves it: the facts moved, and nobody evaluated them yet.
    facts = {**entity.facts, "tier": 1}
    Entity.objects.filter(pk=entity.pk).update(facts=facts, stale_since=LATER)
    edit()
    assert level_of(entity, "second") == "Gold"


def test_after_a_new_scorecard_nothing_is_left_to_do(graded):
    make_scorecard("third", now=LATER)
    rows = batches.facts_of(Entity.objects.of("service"))
    assert batches.unsettled(rows, compiled.for_blueprint("service"), now=LATER) == []


def test_scorecards_that_exchange_their_results_move_the_fingerprint():
    random = Random(3)
    results = [(0, 0), (1, 0), (7, 0), (0, 1), (2**62, 5), None]
    for _ in range(2_000):
        shapes = [random.getrandbits(61), random.getrandbits(61)]
        one, other = random.sample(results, 2)
        before, after = (batches.terms(shapes, pair) for pair in ([one, other], [other, one]))
        assert (before - after) % 2**64 != 0


def test_an_entity_that_gains_here_what_it_loses_there_is_evaluated():
    make_blueprint()
    for number in range(12):
        sign = "<" if number % 2 else ">="
        rule = rule_document("tiered", query=condition("tier", sign, 2))
        make_scorecard(f"card{number}", rules=[rule])
    entity = make_entity("s", properties={"tier": 1})
    for tier, levels in ((3, ["Bronze", "Basic"]), (1, ["Basic", "Bronze"])):
        make_entity("s", properties={"tier": tier})
        assert [level_of(entity, f"card{number}") for number in range(12)] == levels * 6
