"""Every door that changes something moves the badges, in the same transaction."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog import operations as catalog_operations
from catalog.errors import Invalid
from catalog.models import Blueprint, Change, Entity
from catalog.operations import EntityDraft
from scorecards import operations
from scorecards.models import Evaluation, LevelChange, Rule, RuleChange, Scorecard
from scorecards.tasks import sweep as sweep_task
from tests.builders import (
    NOW,
    TESTER,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
    scorecard_document,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


@pytest.fixture
def pay():
    make_blueprint()
    make_scorecard()
    return make_entity("pay", properties={"tier": 3})


def bulk(entity: Entity) -> None:
    catalog_operations.upsert_entities(
        blueprint=entity.blueprint,
        drafts=[EntityDraft("pay", properties={"tier": 2}), EntityDraft("new")],
        by=TESTER,
        now=LATER,
    )


def plain_save(entity: Entity) -> None:
    entity.properties["tier"] = 2
    entity.save()


def operation(entity: Entity) -> None:
    make_entity("pay", properties={"tier": 2}, now=LATER)


@pytest.mark.parametrize("write", [bulk, plain_save, operation])
def test_a_write_moves_the_badge_before_its_transaction_ends(pay, write):
    assert level_of(pay) == "Basic"
    with transaction.atomic():
        write(pay)
        assert level_of(pay) == "Bronze"
    change = LevelChange.objects.get()
    assert (change.from_level, change.to_level) == ("Basic", "Bronze")
    assert [(row.rule.identifier, row.before, row.after) for row in RuleChange.objects.all()] == [
        ("tiered", "FAIL", "PASS")
    ]


def test_a_new_entity_has_a_badge_and_no_history(pay):
    assert not LevelChange.objects.exists()
    assert not RuleChange.objects.exists()
    assert Evaluation.objects.filter(entity=pay).count() == 1


def test_a_no_op_save_writes_no_history_and_moves_no_updated_at(pay):
    before = (Change.objects.count(), Evaluation.objects.get(entity=pay).evaluated_at)
    fresh = Entity.objects.get(pk=pay.pk)
    fresh.save()
    fresh.refresh_from_db()
    assert fresh.updated_at == pay.updated_at
    assert (Change.objects.count(), Evaluation.objects.get(entity=pay).evaluated_at) == before
    assert not LevelChange.objects.exists()


def test_a_plain_save_of_something_else_repairs_what_a_raw_update_left(pay):
    # A stale instance overwrites a newer value: the badge must follow what is stored.
    stale = Entity.objects.get(pk=pay.pk)
    make_entity("pay", properties={"tier": 1, "language": "Go"}, now=LATER)
    assert level_of(pay) == "Gold"
    stale.title = "Pay"
    stale.save()
    assert level_of(pay) == "Basic"


def test_only_scorecards_that_read_what_moved_are_evaluated(pay, django_assert_num_queries):
    with django_assert_num_queries(11):
        make_entity("pay", title="Payments", now=LATER)


def save_rule_model() -> None:
    rule = Rule.objects.get(identifier="tiered")
    rule.query = condition("tier", "<=", 3)
    rule.save()


def save_rule_operation() -> None:
    operations.save_rule(
        scorecard=Scorecard.objects.get(),
        definition=rule_document(query=condition("tier", "<=", 3)),
        by=TESTER,
        now=LATER,
    )


def save_scorecard_operation() -> None:
    document = scorecard_document()
    document["rules"][0]["query"] = condition("tier", "<=", 3)
    operations.save_scorecard(definition=document, by=TESTER, now=LATER)


@pytest.mark.parametrize("edit", [save_rule_model, save_rule_operation, save_scorecard_operation])
def test_an_edited_threshold_moves_every_affected_badge(pay, edit):
    other = make_entity("shop", properties={"tier": 9})
    edit()
    assert (level_of(pay), level_of(other)) == ("Bronze", "Basic")


def test_a_deleted_rule_no_longer_stands_in_the_way(pay):
    Rule.objects.get(identifier="tiered").delete()
    make_entity("pay", properties={"language": "Go"}, now=LATER)
    assert level_of(pay) == "Silver"


def test_a_deleted_scorecard_takes_its_results_with_it(pay):
    operations.delete_scorecard(scorecard=Scorecard.objects.get(), by=TESTER, now=LATER)
    assert not Evaluation.objects.exists()


def test_a_draft_grades_nobody(pay):
    make_scorecard(status="draft")
    change = LevelChange.objects.get()
    assert (level_of(pay), change.from_level, change.to_level) == (None, "Basic", "")
    make_scorecard(status="published")
    assert level_of(pay) == "Basic"


def test_an_entity_that_the_filter_leaves_out_has_no_badge_and_history_says_so(pay):
    make_scorecard(filter=condition("language", "=", "Go"))
    assert level_of(pay) is None
    make_entity("pay", properties={"language": "Go"}, now=LATER)
    assert level_of(pay) == "Basic"
    make_entity("pay", properties={"language": None}, now=LATER)
    last = LevelChange.objects.order_by("-id").first()
    assert (level_of(pay), last.from_level, last.to_level) == (None, "Basic", "")


def test_texts_evaluate_nothing(pay):
    version = Scorecard.objects.get().version
    document = scorecard_document(description="Why we grade")
    document["rules"][0]["how_to_fix"] = "Lower the tier"
    operations.save_scorecard(definition=document, by=TESTER, now=LATER)
    assert Scorecard.objects.get().version == version


def test_a_renamed_level_keeps_its_entities_and_writes_no_history(pay):
    levels = [
        {"title": "Start", "color": "paleBlue"},
        {"title": "Bronze", "color": "bronze"},
        {"title": "Silver", "color": "silver"},
        {"title": "Gold", "color": "gold"},
    ]
    make_scorecard(levels=levels)
    assert level_of(pay) == "Start"
    assert not LevelChange.objects.exists()


def test_a_removed_level_is_still_named_in_history():
    make_blueprint()
    make_scorecard(rules=[rule_document(level="Gold", query=condition("tier", "=", 1))])
    pay = make_entity("pay", properties={"tier": 1})
    levels = [{"title": "Basic", "color": "paleBlue"}, {"title": "Bronze", "color": "bronze"}]
    make_scorecard(levels=levels, rules=[rule_document()], now=LATER)
    change = LevelChange.objects.get()
    assert (change.from_level, change.to_level, level_of(pay)) == ("Gold", "Bronze", "Bronze")


def test_a_new_rule_writes_no_rule_history_for_the_bit_it_took(pay):
    document = scorecard_document()
    document["rules"].append(rule_document("fresh", query=condition("tier", "=", 3)))
    operations.save_scorecard(definition=document, by=TESTER, now=LATER)
    assert not RuleChange.objects.exists()
    make_entity("pay", properties={"tier": 2}, now=LATER + timedelta(days=1))
    moved = {row.rule.identifier: (row.before, row.after) for row in RuleChange.objects.all()}
    assert moved == {"tiered": ("FAIL", "PASS"), "fresh": ("PASS", "FAIL")}


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"level": "Platinum"}, "rules[0].level", "choose one of Bronze, Silver, Gold"),
        ({"level": "Basic"}, "rules[0].level", "owns no rules"),
        ({"query": condition("teir", "<=", 2)}, "rules[0].query.conditions[0].property", "tier"),
        ({"query": condition("tier", "=<", 2)}, "rules[0].query.conditions[0].operator", "<="),
        ({"query": {"combinator": "and", "conditions": []}}, "rules[0].query.conditions", ""),
        ({"owner": "nobody"}, "rules[0].owner", "no team 'nobody'"),
        ({"identifier": ""}, "rules[0].identifier", ""),
        ({"in_force_from": "tomorrow"}, "rules[0].in_force_from", "date"),
        ({"in_force_from": "0000-01-01"}, "rules[0].in_force_from", "no day"),
    ],
)
def test_a_faulty_rule_is_refused_with_its_path_and_nothing_is_saved(pay, change, path, words):
    with pytest.raises(Invalid) as caught:
        make_scorecard(title="Other", rules=[rule_document(**change)])
    assert caught.value.faults[0].path == path
    assert words in caught.value.faults[0].message
    assert Scorecard.objects.get().title == "Quality"


def test_the_sixty_fourth_rule_is_refused_and_a_freed_place_is_used_again():
    make_blueprint()
    rules = [rule_document(f"r{index}") for index in range(63)]
    make_scorecard(rules=rules)
    with pytest.raises(Invalid, match="63"):
        make_scorecard(rules=[*rules, rule_document("r63")])
    make_scorecard(rules=[*rules[1:], rule_document("r63")])
    assert Rule.objects.get(identifier="r63").bit == 0
    pay = make_entity("pay", properties={"tier": 1})
    assert level_of(pay) == "Bronze"


def test_rules_count_from_the_day_they_come_into_force(pay):
    make_scorecard(
        rules=[rule_document(), rule_document("soon", level="Silver", in_force_from="2026-06-03")]
    )
    make_entity("pay", properties={"tier": 2}, now=LATER)
    assert level_of(pay) == "Bronze"
    operations.sweep(now=NOW + timedelta(days=3))
    assert level_of(pay) == "Silver"


def test_a_large_write_is_left_to_a_task_and_ends_the_same(
    pay, settings, django_capture_on_commit_callbacks
):
    settings.TIDEMARK_INLINE_LIMIT = 1
    drafts = [EntityDraft(name, properties={"tier": 1}) for name in ("a", "b", "c")]
    blueprint = Blueprint.objects.get(identifier="service")
    with django_capture_on_commit_callbacks(execute=True):
        catalog_operations.upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=LATER)
        assert Entity.objects.stale().count() == 3
        assert Evaluation.objects.count() == 1
    assert not Entity.objects.stale().exists()
    assert Evaluation.objects.filter(level__title="Bronze").count() == 3


def test_the_sweep_finds_what_a_dead_worker_left(pay, settings):
    settings.TIDEMARK_INLINE_LIMIT = 0
    make_entity("pay", properties={"tier": 1, "language": "Go"}, now=LATER)
    make_scorecard("second", now=LATER)
    assert level_of(pay) == "Basic"
    sweep_task.delay()
    assert (level_of(pay), level_of(pay, "second")) == ("Gold", "Gold")
    assert not Entity.objects.stale().exists()
    assert not Scorecard.objects.stale().exists()


def test_a_sweep_without_change_writes_nothing(pay):
    operations.sweep(now=LATER)
    with CaptureQueriesContext(connection) as captured:
        operations.sweep(now=LATER)
    writes = [q["sql"] for q in captured if q["sql"].startswith(("INSERT", "DELETE"))]
    assert writes == []


def levels(*titles: str) -> list[dict]:
    return [{"title": title, "color": "gold"} for title in titles]


def test_levels_that_change_places_take_their_entities_along():
    make_blueprint()
    make_scorecard(levels=levels("Low", "A", "B"), rules=[rule_document(level="A")])
    pay = make_entity("pay", properties={"tier": 1})
    make_scorecard(levels=levels("Low", "B", "A"), rules=[rule_document(level="B")])
    assert level_of(pay) == "B"


def test_history_calls_a_renamed_level_by_its_new_name():
    make_blueprint()
    make_scorecard(levels=levels("Low", "A"), rules=[rule_document(level="A")])
    make_entity("pay", properties={"tier": 9})
    make_scorecard(levels=levels("Low", "B"), rules=[rule_document(level="B")])
    make_entity("pay", properties={"tier": 1}, now=LATER)
    assert LevelChange.objects.get().to_level == "B"


def test_a_new_rule_that_fails_at_first_has_its_first_pass_recorded(pay):
    document = scorecard_document()
    document["rules"].append(rule_document("fresh", query=condition("tier", "=", 2)))
    operations.save_scorecard(definition=document, by=TESTER, now=LATER)
    make_entity("pay", properties={"tier": 2}, now=LATER + timedelta(days=1))
    moved = {row.rule.identifier: (row.before, row.after) for row in RuleChange.objects.all()}
    assert moved == {"tiered": ("FAIL", "PASS"), "fresh": ("FAIL", "PASS")}


def test_a_plain_save_of_a_broken_rule_is_not_kept(pay):
    rule = Rule.objects.get(identifier="tiered")
    rule.query = {"combinator": "xor"}
    with pytest.raises(Invalid):
        rule.save()
    assert Rule.objects.get(identifier="tiered").query == condition("tier", "<=", 2)


@pytest.mark.parametrize("definition", [[], "x", None, {}])
def test_a_rule_that_is_no_rule_document_is_refused(pay, definition):
    with pytest.raises(Invalid):
        operations.save_rule(
            scorecard=Scorecard.objects.get(), definition=definition, by=TESTER, now=LATER
        )
