"""What is deleted can be brought back, as it was, as far as it still fits."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalog import operations
from catalog.errors import Conflict, Invalid, NotFound
from catalog.models import Blueprint, Change, Deleted, Entity, EntityRelation
from catalog.operations import EntityDraft
from portal.permissions import Actor, Rights
from scorecards.models import Evaluation, LevelChange
from tests.builders import (
    NOW,
    TESTER,
    blueprint_document,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
COUNT = {"func": "count", "calculationBy": "entities"}


@pytest.fixture
def world() -> None:
    furnish()


def furnish() -> None:
    """Make services that need each other, and jobs of them; services count their jobs."""
    make_blueprint(
        relations={
            "needs": {"target": "service", "many": True},
            "parent": {"target": "service"},
        }
    )
    make_blueprint("job", ownership=None, relations={"service": {"target": "service"}})
    make_blueprint(
        relations={
            "needs": {"target": "service", "many": True},
            "parent": {"target": "service"},
        },
        aggregation_properties={"jobs": {"target": "job", "calculationSpec": COUNT}},
        mirror_properties={"above": {"path": "parent.tier"}},
    )
    make_scorecard()
    for team in ("core", "web"):
        make_team(team)
    make_entity("pay", properties={"tier": 1, "language": "Go"}, team=["core"], icon="Cash")
    make_entity("shop", properties={"tier": 3}, relations={"needs": ["pay"], "parent": "pay"})
    make_entity("nightly", blueprint="job", relations={"service": "pay"})


def delete(*identifiers: str, now=LATER, **ways: Any) -> list[Deleted]:
    before = set(Deleted.objects.values_list("pk", flat=True))
    entities = list(Entity.objects.named(identifiers))
    operations.delete_entities(entities=entities, by=TESTER, now=now, **ways)
    return list(Deleted.objects.exclude(pk__in=before).order_by("id"))


def restore(rows: list[Deleted], *, by: Actor = TESTER, now=LATER) -> list[str]:
    """Restore, and return what was said of what did not come back."""
    restored = operations.restore(rows=rows, by=by, now=now)
    assert restored.count == len(rows)
    return [f"{fault.path}: {fault.message}" for fault in restored.remarks]


def state() -> dict[str, Any]:
    """Return all that is stored about entities, by name."""
    found: dict[str, Any] = {}
    for row in Entity.objects.select_related("blueprint"):
        found[f"{row.blueprint.identifier}/{row.identifier}"] = {
            "facts": {key: value for key, value in row.facts.items() if value is not None},
            "computed": {key: value for key, value in row.computed.items() if value is not None},
            "own": (
                row.title,
                row.icon,
                row.properties,
                row.datasource,
                row.created_at,
                row.created_by,
                row.updated_at,
                row.updated_by,
            ),
            "evaluations": {
                item.scorecard.identifier: (
                    item.level and item.level.title,
                    item.passed,
                    item.skipped,
                    item.evaluated_at,
                    item.level_changed_at,
                )
                for item in row.evaluations.select_related("scorecard", "level")
            },
            "moves": list(row.level_changes.order_by("id").values_list("id", "to_level", "at")),
            "results": list(row.rule_changes.order_by("id").values_list("rule", "after", "at")),
        }
    edges = EntityRelation.objects.values_list(
        "source__identifier", "relation", "target__identifier"
    )
    return {"entities": found, "edges": sorted(edges)}  # fmt: skip


def test_an_entity_comes_back_as_it_was_with_what_pointed_at_it(world):
    make_entity("pay", properties={"tier": 3}, now=NOW + timedelta(hours=1))
    before = state()
    assert before["entities"]["service/pay"]["moves"]
    rows = delete("pay")
    assert Entity.objects.get(identifier="shop").fact("relation#needs") == []
    assert [(row.kind, row.blueprint, row.identifier, row.deleted_by) for row in rows] == [
        ("entity", "service", "pay", "tester")
    ]
    assert restore(rows) == []
    assert state() == before
    assert not Deleted.objects.exists()


def test_what_went_together_comes_back_together(world):
    before = state()
    rows = delete("pay", "shop", "nightly", batch="b1")
    assert {row.batch for row in rows} == {"b1"}
    assert restore(list(Deleted.objects.of_batch("b1"))) == []
    assert state() == before


def test_a_relation_whose_other_side_is_gone_is_listed_and_comes_back_with_it(world):
    before = state()
    pay, shop = delete("pay", "shop")
    assert sorted(restore([pay])) == [
        "service/shop: relations.needs: 'pay' was left out: there is no service 'shop'",
        "service/shop: relations.parent: 'pay' was left out: there is no service 'shop'",
    ]
    assert restore([shop]) == []
    assert state() == before


def test_a_single_relation_that_points_elsewhere_by_now_stays_where_it_is(world):
    rows = delete("pay")
    make_entity("other")
    make_entity("shop", relations={"parent": "other"})
    assert restore(rows) == [
        "service/shop: relations.parent: 'pay' was left out: it points elsewhere by now"
    ]
    assert Entity.objects.get(identifier="shop").fact("relation#parent") == "other"


def test_a_name_that_is_taken_stands_against_all_of_them(world):
    rows = delete("pay", "nightly")
    make_entity("pay")
    with pytest.raises(Conflict, match=r"^there is a service 'pay' again; rename or delete it"):
        restore(rows)
    assert not Entity.objects.filter(identifier="nightly").exists()
    assert Deleted.objects.count() == 2


def test_the_same_name_twice_is_asked_back(world):
    rows = delete("nightly")
    make_entity("nightly", blueprint="job")
    with pytest.raises(Conflict, match=r"^job 'nightly' was deleted more than once; choose which"):
        restore(rows + delete("nightly"))


def test_a_blueprint_that_is_gone_is_named(world):
    (row,) = delete("nightly")
    make_blueprint(relations={})
    blueprint = Blueprint.objects.get(identifier="job")
    operations.delete_blueprint(blueprint=blueprint, by=TESTER, now=LATER)
    with pytest.raises(Conflict, match=r"^there is no blueprint job any more; create it first$"):
        restore([row])


def test_what_no_longer_fits_the_blueprint_is_listed(world):
    rows = delete("shop")
    make_blueprint(
        schema={
            "properties": {"tier": {"type": "string"}, "stage": {"type": "string"}},
            "required": ["stage"],
        },
        relations={"needs": {"target": "job", "many": True}},
        ownership=None,
    )
    remarks = restore(rows)
    assert [remark.split(": ")[1] for remark in remarks] == [
        "properties.tier",
        "properties",
        "relations.parent",
        "relations.needs",
    ]
    assert Entity.objects.get(identifier="shop").properties == {"tier": 3}


def test_a_property_that_is_computed_by_now_is_left_out(world):
    rows = delete("shop")
    document = blueprint_document(
        schema={"properties": {}, "required": []},
        calculation_properties={"tier": {"type": "number", "calculation": "7"}},
    )
    operations.save_blueprint(definition=document, by=TESTER, now=LATER)
    assert (
        "service/shop: properties.tier: is computed by the portal now; the value was left out"
        in (restore(rows))
    )
    assert Entity.objects.get(identifier="shop").fact("tier") == 7


def test_a_renamed_blueprint_takes_what_was_deleted_of_it_along(world):
    rows = delete("nightly")
    operations.rename_blueprint(
        blueprint=Blueprint.objects.get(identifier="job"), identifier="task", by=TESTER, now=LATER
    )
    assert restore(rows) == []
    assert Entity.objects.of("task").get().fact("relation#service") == "pay"


def test_deletion_and_return_are_in_the_history(world):
    restore(delete("pay"))
    rows = Change.objects.filter(kind="entity", identifier="pay").order_by("id")
    assert [row.action for row in rows] == ["created", "deleted", "created"]
    assert rows.last().after["tier"] == 1


def test_a_plain_delete_can_be_undone_as_well(world):
    before = state()
    Entity.objects.get(identifier="pay").delete()
    assert restore(list(Deleted.objects.all())) == []
    assert state() == before


def test_what_was_restored_cannot_be_restored_again(world):
    rows = delete("pay")
    restore(rows)
    with pytest.raises(NotFound, match=r"^some of it is not there any more"):
        operations.restore(rows=rows, by=TESTER, now=LATER)


def test_the_entities_of_a_deleted_blueprint_come_back_when_it_is_there_again(world):
    document = blueprint_document(
        "job", ownership=None, relations={"service": {"target": "service"}}
    )
    make_blueprint(relations={})
    operations.delete_blueprint(
        blueprint=Blueprint.objects.get(identifier="job"),
        by=TESTER,
        now=LATER,
        delete_dependents=True,
    )
    operations.save_blueprint(definition=document, by=TESTER, now=LATER)
    assert restore(list(Deleted.objects.all())) == []
    assert Entity.objects.of("job").get().fact("relation#service") == "pay"


def test_more_than_can_be_kept_is_gone_for_good(world, monkeypatch):
    monkeypatch.setattr("catalog.trash.MOST_KEPT", 1)
    assert delete("pay", "shop") == []
    assert len(delete("nightly")) == 1


def test_more_relations_than_can_be_kept_are_gone_for_good(world, monkeypatch):
    monkeypatch.setattr("catalog.trash.MOST_EDGES", 1)
    assert delete("pay") == []
    assert len(delete("nightly")) == 1


def test_nothing_is_kept_where_that_is_turned_off(world, settings):
    settings.TIDEMARK_KEEP_DELETED_DAYS = 0
    assert delete("pay") == []


def test_what_is_kept_long_enough_is_purged(world, settings):
    settings.TIDEMARK_KEEP_DELETED_DAYS = 10
    delete("nightly", now=NOW)
    delete("pay", now=NOW + timedelta(days=1))
    assert operations.purge_deleted(now=NOW + timedelta(days=10, seconds=-1)) == 0
    assert operations.purge_deleted(now=NOW + timedelta(days=10)) == 1
    assert Deleted.objects.get().identifier == "pay"


def test_restoring_takes_the_right_to_delete(world):
    rows = delete("pay")
    member = Actor(label="maya", rights=Rights(make_user()))
    with pytest.raises(Invalid, match="you may not restore 'pay'"):
        restore(rows, by=member)
    assert Deleted.objects.seen_by(member.rights).count() == 0
    moderator = make_user("mo")
    make_entity(
        moderator.entity_identifier,
        blueprint="_user",
        properties={"moderated_blueprints": ["service"]},
    )
    rights = Rights(moderator)
    assert list(Deleted.objects.seen_by(rights)) == rows
    assert restore(rows, by=Actor(label="mo", rights=rights)) == []


def test_many_cost_as_many_queries_as_few(world):
    def cost(*numbers: int) -> tuple[int, int]:
        drafts = [EntityDraft(f"s{n}", relations={"needs": ["pay"]}, team="core") for n in numbers]
        operations.upsert_entities(
            blueprint=Blueprint.objects.get(identifier="service"),
            drafts=drafts,
            by=TESTER,
            now=NOW,
        )
        entities = list(Entity.objects.named([f"s{n}" for n in numbers]))
        with CaptureQueriesContext(connection) as deleting:
            operations.delete_entities(
                entities=entities, by=TESTER, now=LATER, batch=f"b{numbers[0]}"
            )
        rows = list(Deleted.objects.of_batch(f"b{numbers[0]}"))
        with CaptureQueriesContext(connection) as restoring:
            operations.restore(rows=rows, by=TESTER, now=LATER)
        return len(deleting), len(restoring)

    cost(1, 2)
    assert cost(3, 4) == cost(*range(5, 55))


texts = st.sampled_from(["pay", "shop", "nightly", "core", "web"])


@hypothesis_settings(
    max_examples=40, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(
    tiers=st.lists(st.sampled_from([None, 1, 2, 3]), min_size=2, max_size=2),
    needs=st.lists(st.sampled_from(["pay", "shop"]), unique=True),
    owners=st.lists(st.sampled_from(["core", "web"]), unique=True),
    gone=st.lists(texts, unique=True, min_size=1),
)
def test_deleting_and_restoring_leaves_everything_as_it_was(tiers, needs, owners, gone):
    with transaction.atomic():
        furnish()
        make_scorecard("owned", rules=[], filter=condition("$team", "isNotEmpty"))
        make_entity("pay", properties={"tier": tiers[0]}, relations={"needs": needs})
        make_entity("shop", properties={"tier": tiers[1]}, team=owners)
        before = state()
        assert restore(delete(*gone)) == []
        # Those that stayed may have moved to another level and back: that is their history.
        after = state()
        stayed = {"moves", "results", "evaluations"}
        for name, entity in after["entities"].items():
            is_back = name.split("/")[1] in gone
            for key, value in entity.items():
                if is_back or key not in stayed:
                    assert value == before["entities"][name][key], (name, key)
        assert after["edges"] == before["edges"]
        transaction.set_rollback(True)


def test_levels_that_moved_before_are_not_moves_of_today(world):
    make_entity("pay", properties={"tier": 3}, now=NOW + timedelta(hours=1))
    ids = set(LevelChange.objects.values_list("id", flat=True))
    restore(delete("pay"))
    assert set(LevelChange.objects.values_list("id", flat=True)) == ids


def test_an_entity_that_comes_back_is_counted_once(world):
    from scorecards.counts import counts_of

    scorecard = Evaluation.objects.first().scorecard_id
    before = counts_of([scorecard])[scorecard]
    restore(delete("pay", "shop"))
    after = counts_of([scorecard])[scorecard]
    assert (+after.levels, +after.passed, +after.failed) == (
        +before.levels,
        +before.passed,
        +before.failed,
    )
