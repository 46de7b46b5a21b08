"""The preview of an edit says what saving it then does, and writes nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.errors import Invalid
from scorecards.models import Evaluation, LevelChange
from scorecards.operations import preview_scorecard, save_scorecard
from scorecards.operations.previewing import EntityMove, LevelMove, RuleImpact
from tests.builders import (
    NOW,
    TESTER,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    report,
    rule_document,
    scorecard_document,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def services():
    make_blueprint()
    make_scorecard()
    return [
        make_entity(f"s{tier}", properties={"tier": tier, "language": "Go"}) for tier in (1, 2, 3)
    ]


def stricter() -> dict:
    document = scorecard_document()
    document["rules"][0]["query"] = condition("tier", "<=", 1)
    return document


def test_a_preview_names_who_moves_and_how_each_rule_fares(services):
    preview = preview_scorecard(definition=stricter(), now=NOW)
    assert (preview.entity_count, preview.moved_count) == (3, 1)
    assert preview.levels == [LevelMove("Silver", "Basic", 1)]
    assert preview.entities == [EntityMove("service", "s2", "s2", "Silver", "Basic")]
    assert preview.rules[0] == RuleImpact("tiered", 2, 1, 1, 2)


EDITS = {
    "a stricter rule": stricter,
    "a filter": lambda: scorecard_document(filter=condition("tier", ">", 1)),
    "a draft": lambda: scorecard_document(status="draft"),
    "a level less": lambda: scorecard_document(
        levels=[{"title": "Basic", "color": "paleBlue"}, {"title": "Bronze", "color": "bronze"}],
        rules=[rule_document()],
    ),
    "another scorecard": lambda: scorecard_document("fresh"),
    "other rules": lambda: scorecard_document(
        rules=[rule_document("b", query=condition("tier", "=", 2)), rule_document("tiered")]
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_a_preview_equals_what_saving_then_does(services, edit):
    document = edit()
    before = {entity.identifier: level_of(entity, document["identifier"]) for entity in services}
    preview = preview_scorecard(definition=document, now=NOW)
    save_scorecard(definition=document, by=TESTER, now=NOW)
    after = {entity.identifier: level_of(entity, document["identifier"]) for entity in services}
    assert {(move.identifier, move.from_level, move.to_level) for move in preview.entities} == {
        (name, before[name] or "", after[name] or "")
        for name in before
        if before[name] != after[name]
    }


def test_a_preview_knows_what_was_reported(services):
    reported = rule_document("tested", level="Gold", query=None)
    make_scorecard(rules=[rule_document(), reported])
    for name, state in (("s1", "PASS"), ("s2", "FAIL")):
        report(name, "tested", state)
    held = {entity.identifier: level_of(entity) for entity in services}
    assert held == {"s1": "Gold", "s2": "Bronze", "s3": "Basic"}
    document = scorecard_document(rules=[{**reported, "level": "Silver"}])
    preview = preview_scorecard(definition=document, now=NOW)
    moves = {(move.identifier, move.from_level, move.to_level) for move in preview.entities}
    assert moves == {("s1", "Gold", "Silver"), ("s2", "Bronze", "Basic")}
    assert preview.rules == [RuleImpact("tested", 1, 1, 1, 1)]


def test_a_renamed_level_moves_nobody(services):
    titles = {"Start": "paleBlue", "Bronze": "bronze", "Silver": "silver", "Gold": "gold"}
    levels = [{"title": title, "color": color} for title, color in titles.items()]
    make_entity("s9", properties={"tier": 9})
    preview = preview_scorecard(definition=scorecard_document(levels=levels), now=NOW)
    assert preview.moved_count == 0


def test_a_preview_writes_nothing(services):
    with CaptureQueriesContext(connection) as queries:
        preview_scorecard(definition=stricter(), now=NOW)
    writes = ("INSERT", "UPDATE", "DELETE")
    assert not [query["sql"] for query in queries if query["sql"].startswith(writes)]
    assert Evaluation.objects.count() == 3
    assert not LevelChange.objects.exists()


def test_a_preview_refuses_what_saving_would(services):
    with pytest.raises(Invalid):
        preview_scorecard(definition=scorecard_document(rules=[{"identifier": "a"}]), now=NOW)
    nobodys = rule_document(owner="nobody")
    with pytest.raises(Invalid, match=r"rules\[0\].owner"):
        preview_scorecard(definition=scorecard_document(rules=[nobodys]), now=NOW)
