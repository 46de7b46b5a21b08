"""Writing entities: what is refused, what is kept, what is recorded."""

from datetime import timedelta

import pytest

from catalog import operations
from catalog.errors import HasDependents, Invalid
from catalog.models import Blueprint, Change, Entity, EntityRelation
from catalog.operations import EntityDraft
from tests.builders import NOW, TESTER, make_blueprint, make_entity, make_team

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def nested(depth: int) -> list:
    """Return a list in a list in a list."""
    return [nested(depth - 1)] if depth else []


@pytest.fixture
def service():
    """Make a blueprint with one property of each kind of trouble, and a relation."""
    return make_blueprint(
        schema={
            "properties": {
                "tier": {"type": "number", "minimum": 1},
                "language": {"type": "string", "enum": ["Python", "Go"]},
                "url": {"type": "string", "format": "url"},
                "stage": {"type": "string", "default": "live"},
            },
            "required": [],
        },
        relations={"depends_on": {"target": "service", "many": True}},
    )


@pytest.mark.parametrize(
    ("parts", "paths"),
    [
        ({"properties": {"tier": "high"}}, ["properties.tier"]),
        ({"properties": {"tier": 0}}, ["properties.tier"]),
        ({"properties": {"language": "Cobol"}}, ["properties.language"]),
        ({"properties": {"url": "not a url"}}, ["properties.url"]),
        ({"properties": {"colour": "red"}}, ["properties"]),
        ({"properties": ["tier"]}, ["properties"]),
        ({"relations": {"owns": "x"}}, ["relations.owns"]),
        ({"relations": {"depends_on": ["nothing"]}}, ["relations.depends_on"]),
        ({"relations": {"depends_on": 7}}, ["relations.depends_on"]),
        ({"relations": []}, ["relations"]),
        ({"team": "nobody"}, ["team"]),
        ({"title": 7}, ["title"]),
        ({"properties": {"tier": 0}, "team": "nobody"}, ["properties.tier", "team"]),
        ({"title": "a\x00b"}, ["title"]),
        ({"properties": {"tier": float("inf")}}, ["properties.tier"]),
        ({"properties": {"tier": 10**400}}, ["properties.tier"]),
        ({"properties": {"stage": nested(60)}}, ["properties.stage" + "[0]" * 49]),
        ({"properties": {"stage": ["x", "\ud800"]}}, ["properties.stage[1]"]),
        ({"relations": {"depends_on": ["\x00"]}}, ["relations.depends_on[0]"]),
    ],
)
def test_a_faulty_draft_is_refused_with_the_path_and_nothing_is_saved(service, parts, paths):
    with pytest.raises(Invalid) as caught:
        make_entity("pay", **parts)
    assert [fault.path for fault in caught.value.faults] == paths
    assert not Entity.objects.of("service").exists()
    assert not Change.objects.filter(kind="entity").exists()


@pytest.mark.parametrize(
    "identifier", ["", "a b", "..", "a" * 1001, "ü" * 1001, 7, None, "a\x00b", "a\n", "\ud800"]
)
def test_an_unusable_identifier_is_refused(service, identifier):
    with pytest.raises(Invalid) as caught:
        operations.upsert_entity(
            blueprint=service, draft=EntityDraft(identifier), by=TESTER, now=NOW
        )
    assert "identifier" in {fault.path for fault in caught.value.faults}


def test_one_faulty_draft_refuses_the_whole_batch_with_its_index(service):
    drafts = [EntityDraft("a"), EntityDraft("b", properties={"tier": "x"}), EntityDraft("a")]
    with pytest.raises(Invalid) as caught:
        operations.upsert_entities(blueprint=service, drafts=drafts, by=TESTER, now=NOW)
    assert [fault.path for fault in caught.value.faults] == [
        "entities[1].properties.tier",
        "entities[2].identifier",
    ]
    assert not Entity.objects.of("service").exists()


def test_a_partial_batch_saves_the_rest_and_reports(service):
    drafts = [EntityDraft("a"), EntityDraft("b", properties={"tier": "x"}), EntityDraft("c")]
    outcome = operations.upsert_entities(
        blueprint=service, drafts=drafts, by=TESTER, now=NOW, is_partial=True
    )
    assert (outcome.created, [entity.identifier for entity in outcome.entities]) == (2, ["a", "c"])
    assert [fault.path for fault in outcome.faults] == ["entities[1].properties.tier"]


def test_a_partial_batch_leaves_out_what_points_at_what_it_leaves_out(service):
    drafts = [
        EntityDraft("a", relations={"depends_on": ["b"]}),
        EntityDraft("b", relations={"depends_on": ["c"]}),
        EntityDraft("c", properties={"tier": "x"}),
        EntityDraft("d", relations={"depends_on": ["d"]}),
    ]
    outcome = operations.upsert_entities(
        blueprint=service, drafts=drafts, by=TESTER, now=NOW, is_partial=True
    )
    assert [entity.identifier for entity in outcome.entities] == ["d"]
    assert [fault.path for fault in outcome.faults] == [
        "entities[0].relations.depends_on",
        "entities[1].relations.depends_on",
        "entities[2].properties.tier",
    ]


def test_a_batch_may_relate_its_own_members(service):
    drafts = [
        EntityDraft("a", relations={"depends_on": ["b"]}),
        EntityDraft("b", relations={"depends_on": ["a", "b"]}),
    ]
    operations.upsert_entities(blueprint=service, drafts=drafts, by=TESTER, now=NOW)
    facts = {row.identifier: row.facts["relation#depends_on"] for row in Entity.objects.all()}
    assert facts == {"a": ["b"], "b": ["a", "b"]}


def test_merge_keeps_what_the_draft_does_not_mention_and_null_clears(service):
    make_team("core")
    make_entity("b")
    make_entity(
        "a",
        title="A",
        properties={"tier": 1, "language": "Go"},
        relations={"depends_on": ["b"]},
        team="core",
    )
    entity = make_entity("a", properties={"tier": None}, now=LATER)
    assert (entity.title, entity.properties) == ("A", {"language": "Go", "stage": "live"})
    assert (entity.team, entity.fact("relation#depends_on")) == (["core"], ["b"])


def test_replace_clears_what_the_draft_does_not_mention(service):
    make_team("core")
    make_entity("b")
    make_entity("a", properties={"tier": 1}, relations={"depends_on": ["b"]}, team="core")
    entity = make_entity("a", merge=False, properties={"language": "Go"}, now=LATER)
    assert (entity.title, entity.properties) == ("a", {"language": "Go"})
    assert (entity.team, entity.fact("relation#depends_on")) == ([], [])


def test_a_default_is_set_on_creation_only(service):
    assert make_entity("a").properties == {"stage": "live"}
    make_entity("a", properties={"stage": None}, now=LATER)
    assert make_entity("a", properties={"tier": 2}, now=LATER).properties == {"tier": 2}


def test_a_no_op_write_moves_nothing(service, django_assert_max_num_queries):
    entity = make_entity("a", properties={"tier": 1})
    changes = Change.objects.count()
    again = make_entity("a", title="a", properties={"tier": 1.0}, now=LATER)
    assert (again.updated_at, Change.objects.count()) == (entity.updated_at, changes)


def test_a_change_is_recorded_with_what_differed(service):
    make_entity("a", properties={"tier": 1, "language": "Go"})
    make_entity("a", properties={"tier": 2}, now=LATER)
    change = Change.objects.of_entity(Entity.objects.get(identifier="a")).first()
    assert (change.action, change.actor, change.at) == ("updated", "tester", LATER)
    assert (change.before, change.after) == ({"tier": 1}, {"tier": 2})


def test_an_entity_that_others_require_is_not_deleted_unless_asked(service):
    make_blueprint(
        "job", relations={"service": {"target": "service", "required": True}}, ownership=None
    )
    make_entity("a")
    make_entity("nightly", blueprint="job", relations={"service": "a"})
    doomed = [Entity.objects.get(identifier="a")]
    with pytest.raises(HasDependents, match="job/nightly"):
        operations.delete_entities(entities=doomed, by=TESTER, now=LATER)
    assert (
        operations.delete_entities(entities=doomed, by=TESTER, now=LATER, delete_dependents=True)
        == 2
    )
    assert not Entity.objects.filter(blueprint__identifier__in=["job", "service"]).exists()


def test_deleting_an_entity_updates_the_facts_of_those_that_pointed_at_it(service):
    make_entity("b")
    make_entity("a", relations={"depends_on": ["b"]})
    Entity.objects.get(identifier="b").delete()
    assert Entity.objects.get(identifier="a").facts["relation#depends_on"] == []
    assert Change.objects.filter(identifier="b", action="deleted").count() == 1


def test_a_required_relation_must_be_given(service):
    make_blueprint(
        "job", relations={"service": {"target": "service", "required": True}}, ownership=None
    )
    with pytest.raises(Invalid) as caught:
        make_entity("nightly", blueprint="job")
    assert [fault.path for fault in caught.value.faults] == ["relations.service"]


def test_computed_properties_cannot_be_written(service):
    make_blueprint(
        "job",
        ownership=None,
        schema={"properties": {"n": {"type": "number"}}, "required": []},
        calculation_properties={"twice": {"type": "number", "calculation": ".properties.n * 2"}},
    )
    with pytest.raises(Invalid) as caught:
        make_entity("nightly", blueprint="job", properties={"twice": 4})
    assert [fault.path for fault in caught.value.faults] == ["properties.twice"]


def test_a_relation_that_the_blueprint_loses_is_dropped_with_its_rows(service):
    make_entity("b")
    make_entity("a", relations={"depends_on": ["b"]})
    make_blueprint(now=LATER)
    assert not EntityRelation.objects.exists()
    assert "relation#depends_on" not in Entity.objects.get(identifier="a").facts


def test_a_blueprint_that_others_target_is_not_deleted(service):
    make_blueprint("job", relations={"service": {"target": "service"}}, ownership=None)
    with pytest.raises(HasDependents, match="job"):
        operations.delete_blueprint(
            blueprint=Blueprint.objects.get(identifier="service"), by=TESTER, now=NOW
        )


def test_a_stale_plain_save_moves_what_reads_the_values_it_drops(service):
    make_blueprint(
        "job",
        ownership=None,
        relations={"service": {"target": "service"}},
        mirror_properties={"spoken": {"path": "service.language"}},
    )
    stale = make_entity("a")
    make_entity("nightly", blueprint="job", relations={"service": "a"})
    make_entity("a", properties={"language": "Go"})
    stale.save()
    assert Entity.objects.get(identifier="nightly").computed == {"spoken": None}


def test_a_plain_save_that_renames_reaches_those_that_point_at_the_entity(service):
    renamed = make_entity("b")
    make_entity("a", relations={"depends_on": ["b"]})
    renamed.identifier = "c"
    renamed.save()
    assert Entity.objects.get(identifier="a").facts["relation#depends_on"] == ["c"]
