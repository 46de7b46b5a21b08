"""Scorecards that follow the catalog grade what it has become."""

from importlib import import_module

import pytest
from django.apps import apps

from catalog import operations
from catalog.errors import Conflict, HasDependents, Invalid
from catalog.models import Blueprint, Entity
from scorecards.models import Evaluation, LevelChange, Scorecard
from scorecards.operations import document_of, preview_scorecard, save_scorecard, stop_grading
from tests.builders import (
    NOW,
    TESTER,
    blueprint_document,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
    scorecard_document,
)

pytestmark = pytest.mark.django_db

RULES = [rule_document("known", query=condition("$identifier", "!=", "bad"))]


def follower(**overrides):
    document = scorecard_document("reach", rules=RULES, follows_catalog=True, **overrides)
    document.pop("blueprints")
    return save_scorecard(definition=document, by=TESTER, now=NOW)


def graded(scorecard="reach"):
    row = Scorecard.objects.with_parts().get(identifier=scorecard)
    entities = Evaluation.objects.filter(scorecard=row).order_by("entity__identifier")
    return document_of(row)["blueprints"], list(
        entities.values_list("entity__identifier", flat=True)
    )


def delete(identifier):
    operations.delete_blueprint(
        blueprint=Blueprint.objects.get(identifier=identifier),
        by=TESTER,
        now=NOW,
        delete_dependents=True,
    )


def test_a_follower_grades_whatever_is_described_without_naming_it():
    for name in ("service", "cluster"):
        make_blueprint(name)
        make_entity(f"my-{name}", blueprint=name)
    scorecard = follower()
    assert graded() == (["cluster", "service"], ["my-cluster", "my-service"])
    assert document_of(scorecard)["follows_catalog"] is True


def test_what_a_document_names_is_not_looked_at_where_it_follows():
    make_blueprint("service")
    document = scorecard_document("reach", rules=RULES, follows_catalog=True, blueprints=["nope"])
    save_scorecard(definition=document, by=TESTER, now=NOW)
    assert graded()[0] == ["service"]


def test_a_new_blueprint_joins_and_its_entities_are_graded():
    follower()
    assert graded() == ([], [])
    make_blueprint("service")
    make_entity("web")
    assert graded() == (["service"], ["web"])


def test_a_blueprint_whose_entities_become_owned_joins_with_them():
    make_blueprint("queue", ownership=None)
    make_entity("jobs", blueprint="queue")
    follower()
    assert graded() == ([], [])
    make_blueprint("queue")
    assert graded() == (["queue"], ["jobs"])
    make_blueprint("queue", ownership=None)
    assert graded() == ([], [])
    assert LevelChange.objects.get().to_rank == -1


def test_a_deleted_blueprint_leaves_even_the_last_one():
    make_blueprint("service")
    make_entity("web")
    follower()
    delete("service")
    assert graded() == ([], [])


def test_a_blueprint_that_another_scorecard_needs_is_kept_all_the_same():
    make_blueprint("service")
    follower()
    make_scorecard("quality")
    with pytest.raises(HasDependents, match="all that quality grades"):
        delete("service")


def test_one_without_the_flag_still_has_to_name_a_blueprint():
    document = scorecard_document("reach", rules=RULES, follows_catalog=False)
    document.pop("blueprints")
    with pytest.raises(Invalid, match="blueprints"):
        save_scorecard(definition=document, by=TESTER, now=NOW)


def test_a_plain_save_of_the_flag_follows_too():
    make_blueprint("service")
    make_blueprint("cluster", schema={"properties": {}})
    make_entity("eu-1", blueprint="cluster")
    scorecard = make_scorecard("quality")
    scorecard.follows_catalog = True
    scorecard.save()
    assert graded("quality") == (["cluster", "service"], ["eu-1"])


def test_a_follower_cannot_be_taken_from_one_blueprint():
    make_blueprint("service")
    service = Blueprint.objects.get(identifier="service")
    with pytest.raises(Conflict, match="follows the catalog"):
        stop_grading(scorecard=follower(), blueprint=service, by=TESTER, now=NOW)


def test_a_follower_may_ask_for_what_no_blueprint_has_yet_but_not_for_anything():
    asked = rule_document("known", query=condition("lifecycle", "=", "production"))
    save_scorecard(
        definition=scorecard_document("reach", rules=[asked], follows_catalog=True),
        by=TESTER,
        now=NOW,
    )
    asked["query"] = condition("livecycle", "=", "production")
    with pytest.raises(Invalid, match='did you mean "lifecycle"'):
        save_scorecard(
            definition=scorecard_document("reach", rules=[asked], follows_catalog=True),
            by=TESTER,
            now=NOW,
        )


def test_a_preview_of_a_follower_looks_at_the_whole_catalog():
    for name in ("service", "cluster"):
        make_blueprint(name)
        make_entity(f"my-{name}", blueprint=name)
    document = scorecard_document("reach", rules=RULES, follows_catalog=True)
    assert preview_scorecard(definition=document, now=NOW).moved_count == 2


def test_a_blueprint_without_entities_joins_without_an_evaluation():
    make_blueprint("service")
    make_entity("web")
    follower()
    before = Scorecard.objects.get(identifier="reach").version
    make_blueprint("cluster")
    assert graded()[0] == ["cluster", "service"]
    assert Scorecard.objects.get(identifier="reach").version == before


def test_what_nobody_can_own_has_no_owners_rather_than_none_of_them():
    make_blueprint("queue", ownership=None)
    make_blueprint("service")
    assert make_entity("jobs", blueprint="queue").facts["$team"] is None
    assert make_entity("web").facts["$team"] == []
    operations.save_blueprint(definition=blueprint_document("queue"), by=TESTER, now=NOW)
    assert Entity.objects.get(identifier="jobs").facts["$team"] == []


def test_an_upgrade_has_what_nobody_can_own_worked_out_again():
    make_blueprint("queue", ownership=None)
    make_blueprint("topic", ownership=None)
    make_blueprint("service")
    make_entity("jobs", blueprint="queue")
    make_entity("web")
    Entity.objects.filter(identifier="jobs").update(facts={"$team": []})
    import_module("catalog.migrations.0008_owners_of_nothing").work_out_again(apps, None)
    stale = Blueprint.objects.filter(stale_since__isnull=False)
    assert [blueprint.identifier for blueprint in stale] == ["queue"]
    operations.rebuild_stale(now=NOW)
    assert Entity.objects.get(identifier="jobs").facts["$team"] is None
