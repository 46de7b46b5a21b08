"""What a blueprint document may say, and what is refused with the place and the way out."""

import pytest

from catalog import operations, registry
from catalog.errors import Conflict, HasDependents, Invalid
from catalog.models import Blueprint, Entity
from tests.builders import (
    NOW,
    TESTER,
    blueprint_document,
    make_blueprint,
    make_entity,
    make_scorecard,
)

pytestmark = pytest.mark.django_db

COUNT = {"func": "count", "calculationBy": "entities"}


def calculation(program: str) -> dict:
    return {"type": "number", "calculation": program}


@pytest.mark.parametrize(
    ("overrides", "path", "words"),
    [
        ({"identifier": "a b"}, "identifier", "does not match"),
        ({"title": ""}, "title", "shorter than 1"),
        ({"colour": "red"}, "", "'colour' was unexpected"),
        (
            {"schema": {"properties": {"n": {"type": "integer"}}}},
            "schema.properties.n.type",
            "is not one of",
        ),
        (
            {"schema": {"properties": {"n": {"type": "string", "pattern": "("}}}},
            "schema.properties.n.pattern",
            "regex",
        ),
        ({"schema": {"required": ["n"]}}, "schema.required", "'n' is not one of the properties"),
        (
            {"schema": {"properties": {"n": {"type": "number", "default": "x"}}}},
            "schema.properties.n.default",
            "is not of type",
        ),
        (
            {"schema": {"properties": {"n": {"type": "array", "items": {"$ref": "file:///etc"}}}}},
            "schema.properties.n",
            "not a usable JSON schema",
        ),
        (
            {"relations": {"to": {"target": "servise"}}},
            "relations.to.target",
            "did you mean 'service'",
        ),
        (
            {"relations": {"to": {"target": "service", "required": True, "many": True}}},
            "relations.to",
            "drop one of the two",
        ),
        (
            {"mirror_properties": {"m": {"path": "own.$title"}}},
            "mirror_properties.m.path",
            "has no relation 'own'",
        ),
        (
            {
                "relations": {"to": {"target": "service"}},
                "mirror_properties": {"m": {"path": "to.langage"}},
            },
            "mirror_properties.m.path",
            "did you mean 'language'",
        ),
        (
            {"mirror_properties": {"m": {"path": "language"}}},
            "mirror_properties.m.path",
            "crosses no relation",
        ),
        (
            {"ownership": {"type": "Inherited", "path": "$team"}},
            "ownership.path",
            "inherit ownership from itself",
        ),
        (
            {"schema": {"properties": {"n": {"type": "array", "items": {"$ref": "#/items"}}}}},
            "schema.properties.n",
            "$ref is not supported",
        ),
        (
            {"schema": {"properties": {"n": {"type": "object", "properties": {"a": None}}}}},
            "schema.properties.n",
            "not a usable JSON schema",
        ),
        (
            {"schema": {"properties": {"n": {"type": "array", "items": {"format": [1]}}}}},
            "schema.properties.n",
            "not a usable JSON schema",
        ),
        (
            {
                "aggregation_properties": {
                    "a": {"target": "_team", "calculationSpec": COUNT, "query": {"foo": 1}}
                }
            },
            "aggregation_properties.a.query.foo",
            "",
        ),
        (
            {
                "aggregation_properties": {
                    "a": {
                        "target": "_team",
                        "calculationSpec": COUNT,
                        "pathFilter": [{"path": ["$team"], "fromBlueprint": "nope"}],
                    }
                }
            },
            "aggregation_properties.a.pathFilter[0].fromBlueprint",
            "starts at 'service' or at '_team'",
        ),
        (
            {"calculation_properties": {"c": calculation(".properties.tier |")}},
            "calculation_properties.c.calculation",
            "",
        ),
        (
            {"calculation_properties": {"tier": calculation("1")}},
            "calculation_properties.tier",
            "taken in schema.properties",
        ),
        (
            {"aggregation_properties": {"a": {"target": "nope", "calculationSpec": COUNT}}},
            "aggregation_properties.a.target",
            "no blueprint 'nope'",
        ),
        (
            {
                "aggregation_properties": {
                    "a": {"target": "_user", "calculationSpec": {"func": "sum"}}
                }
            },
            "aggregation_properties.a.calculationSpec",
            "calculationBy",
        ),
        (
            {
                "aggregation_properties": {
                    "a": {
                        "target": "service",
                        "calculationSpec": {"func": "sum", "calculationBy": "property"},
                    }
                }
            },
            "aggregation_properties.a.calculationSpec.property",
            "name the property",
        ),
        (
            {
                "aggregation_properties": {
                    "a": {
                        "target": "_user",
                        "calculationSpec": COUNT,
                        "query": {
                            "combinator": "and",
                            "rules": [{"property": "x", "operator": "=="}],
                        },
                    }
                }
            },
            "aggregation_properties.a.query.rules[0].operator",
            "did you mean",
        ),
    ],
)
def test_a_faulty_blueprint_is_refused_with_the_path(overrides, path, words):
    with pytest.raises(Invalid) as caught:
        make_blueprint(**overrides)
    fault = caught.value.faults[0]
    assert fault.path == path
    assert words in fault.message
    assert not Blueprint.objects.filter(is_system=False).exists()


def test_calculations_that_need_each_other_are_refused():
    with pytest.raises(Invalid, match="would need itself"):
        make_blueprint(
            calculation_properties={
                "a": calculation(".properties.b"),
                "b": calculation(".properties.a"),
            }
        )


def test_values_that_need_each_other_across_blueprints_are_refused():
    number = {"type": "number"}
    with pytest.raises(Invalid, match="would need itself"):
        make_blueprint(
            relations={"parent": {"target": "service"}},
            mirror_properties={"up": {"path": "parent.down"}},
            calculation_properties={"down": {**number, "calculation": ".properties.up"}},
        )


def test_several_shortest_paths_are_refused_and_named():
    job = blueprint_document(
        "job",
        ownership=None,
        relations={"runs": {"target": "service"}, "watches": {"target": "service"}},
    )
    service = blueprint_document(
        aggregation_properties={"jobs": {"target": "job", "calculationSpec": COUNT}}
    )
    with pytest.raises(Invalid) as caught:
        operations.save_blueprints(definitions=[service, job], by=TESTER, now=NOW)
    message = caught.value.faults[0].message
    assert "<- job.runs, <- job.watches" in message
    assert "pathFilter" in message


def test_blueprints_that_point_at_each_other_are_saved_together():
    service = blueprint_document(relations={"home": {"target": "repository"}})
    repository = blueprint_document("repository", relations={"made": {"target": "service"}})
    operations.save_blueprints(definitions=[service, repository], by=TESTER, now=NOW)
    assert {"service", "repository"} <= set(registry.graph().specs)


def test_a_system_blueprint_is_not_deleted():
    with pytest.raises(Conflict, match="belongs to the portal"):
        operations.delete_blueprint(
            blueprint=Blueprint.objects.get(identifier="_team"), by=TESTER, now=NOW
        )


def test_saving_the_same_document_again_changes_nothing():
    first = make_blueprint()
    assert make_blueprint().revision == first.revision


@pytest.mark.parametrize("keys", [("zone", "a", "tier", "b"), ("b", "tier", "a", "zone")])
def test_definitions_stay_in_the_order_in_which_they_were_written(keys):
    make_blueprint()
    parts = {
        "relations": {key: {"target": "service"} for key in keys},
        "mirror_properties": {f"{key}_title": {"path": f"{key}.$title"} for key in keys},
        "calculation_properties": {f"{key}_twice": calculation("1") for key in keys},
        "aggregation_properties": {
            f"{key}_count": {
                "target": "service",
                "calculationSpec": COUNT,
                "pathFilter": [{"fromBlueprint": "job", "path": [key]}],
            }
            for key in keys
        },
    }
    # Stored in another order first: to put them in order is an edit.
    for order in (sorted(keys), keys):
        schema = {"properties": {f"{key}_given": {"type": "string"} for key in order}}
        make_blueprint(
            "job",
            schema=schema,
            **{name: _put_in_order(part, order) for name, part in parts.items()},
        )
        row = Blueprint.objects.get(identifier="job")
        assert list(row.schema["properties"]) == [f"{key}_given" for key in order]
        for name, part in parts.items():
            assert list(getattr(row, name)) == list(_put_in_order(part, order))


def _put_in_order(part: dict, order: tuple[str, ...]) -> dict:
    return {name: part[name] for key in order for name in part if name.split("_")[0] == key}


def test_a_new_calculation_is_worked_out_for_the_entities_there_are():
    make_blueprint()
    entity = make_entity(properties={"tier": 2})
    make_blueprint(calculation_properties={"twice": calculation(".properties.tier * 2")})
    entity.refresh_from_db()
    assert (entity.computed, entity.facts["twice"]) == ({"twice": 4}, 4)
    make_blueprint()
    entity.refresh_from_db()
    assert entity.computed == {}
    assert "twice" not in entity.facts


def test_a_property_becomes_computed_and_given_again_though_its_value_stays():
    nothing = {"nothing": calculation(".properties.tier - .properties.tier")}
    given = {"properties": {"tier": {"type": "number"}, "nothing": {"type": "number"}}}
    make_blueprint(schema=given)
    entity = make_entity("pay", properties={"tier": 2, "nothing": 0})
    make_blueprint(calculation_properties=nothing)
    entity.refresh_from_db()
    assert (entity.computed, entity.facts["nothing"]) == ({"nothing": 0}, 0)
    make_blueprint(schema=given)
    entity.refresh_from_db()
    assert (entity.computed, entity.facts["nothing"]) == ({}, 0)
    assert make_entity("pay", properties={"nothing": 7}).facts["nothing"] == 7


def test_a_large_rebuild_that_was_lost_is_done_by_the_sweep(settings):
    make_blueprint()
    entities = [make_entity(properties={"tier": 2}), make_entity(properties={"tier": 3})]
    settings.TIDEMARK_INLINE_LIMIT = 1
    make_blueprint(calculation_properties={"twice": calculation(".properties.tier * 2")})
    assert Blueprint.objects.get(identifier="service").stale_since == NOW
    assert operations.rebuild_stale(now=NOW) == 2
    assert Blueprint.objects.get(identifier="service").stale_since is None
    for entity in entities:
        entity.refresh_from_db()
    assert [entity.computed["twice"] for entity in entities] == [4, 6]


def linked(target: str, **overrides) -> dict:
    """Return a blueprint document with one relation `to`."""
    return blueprint_document(**overrides, ownership=None, relations={"to": {"target": target}})


def test_texts_of_a_property_may_be_null():
    texts = {"title": None, "description": None, "icon": None}
    make_blueprint(schema={"properties": {"n": {"type": "number", **texts}}})
    assert make_entity("a", properties={"n": 1}).properties == {"n": 1}


def test_blueprints_edited_together_are_rebuilt_when_all_are_stored():
    far, near = blueprint_document("far", ownership=None), linked("far", identifier="near")
    operations.save_blueprints(definitions=[near, far], by=TESTER, now=NOW)
    make_entity("x", blueprint="far")
    make_entity("y", blueprint="near", relations={"to": "x"})
    near["mirror_properties"] = {"m": {"path": "to.fresh"}}
    far["schema"]["properties"]["fresh"] = {"type": "number", "default": 1}
    operations.save_blueprints(definitions=[near, far], by=TESTER, now=NOW)
    assert Entity.objects.get(identifier="y").computed == {"m": None}


def test_a_blueprint_sent_twice_in_a_batch_is_refused():
    with pytest.raises(Invalid, match="stands twice"):
        operations.save_blueprints(definitions=[blueprint_document()] * 2, by=TESTER, now=NOW)


def test_an_unknown_target_is_refused_where_others_read_across_it():
    first = linked("second", identifier="first", mirror_properties={"m": {"path": "to.to.$title"}})
    third = blueprint_document("third", ownership=None)
    documents = [first, linked("third", identifier="second"), third]
    operations.save_blueprints(definitions=documents, by=TESTER, now=NOW)
    with pytest.raises(Invalid, match="no blueprint 'nowhere'"):
        operations.save_blueprint(
            definition=linked("nowhere", identifier="second"), by=TESTER, now=NOW
        )


def test_values_follow_when_another_blueprint_becomes_the_shorter_way():
    make_blueprint("service")
    job = linked("service", identifier="job")
    operations.save_blueprint(definition=job, by=TESTER, now=NOW)
    make_blueprint(
        "_team",
        ownership=None,
        aggregation_properties={"jobs": {"target": "job", "calculationSpec": COUNT}},
    )
    make_entity("core", blueprint="_team")
    make_entity("pay", team="core")
    make_entity("nightly", blueprint="job", relations={"to": "pay"})
    assert Entity.objects.get(identifier="core").computed == {"jobs": 1}
    direct = {**job, "ownership": {"type": "Direct"}}
    operations.save_blueprint(definition=direct, by=TESTER, now=NOW)
    assert Entity.objects.get(identifier="core").computed == {"jobs": 0}


def test_a_relation_that_leads_elsewhere_loses_its_rows():
    make_blueprint("service")
    make_blueprint("repository")
    operations.save_blueprint(definition=linked("service", identifier="job"), by=TESTER, now=NOW)
    make_entity("pay")
    make_entity("nightly", blueprint="job", relations={"to": "pay"})
    operations.save_blueprint(definition=linked("repository", identifier="job"), by=TESTER, now=NOW)
    assert Entity.objects.get(identifier="nightly").facts["relation#to"] is None


def test_a_blueprint_that_others_are_computed_through_is_not_deleted():
    make_blueprint("repository", ownership=None)
    make_blueprint("service", ownership=None)
    relations = {"made": {"target": "service"}, "home": {"target": "repository"}}
    make_blueprint("job", ownership=None, relations=relations)
    counting = {"services": {"target": "service", "calculationSpec": COUNT}}
    make_blueprint("repository", ownership=None, aggregation_properties=counting)
    with pytest.raises(HasDependents, match="repository.aggregation_properties.services"):
        operations.delete_blueprint(
            blueprint=Blueprint.objects.get(identifier="job"), by=TESTER, now=NOW
        )


def test_a_plain_save_of_a_blueprint_is_seen_by_every_process():
    blueprint = make_blueprint()
    before = registry.graph()
    blueprint.title = "Services"
    blueprint.save(update_fields=["title"])
    assert registry.graph() is not before


def test_the_number_of_paths_does_not_explode():
    ladder = [
        blueprint_document(
            f"b{index}",
            ownership=None,
            relations={name: {"target": f"b{index + 1}"} for name in ("left", "right")},
        )
        for index in range(40)
    ]
    ladder.append(blueprint_document("b40", ownership=None))
    ladder[0]["aggregation_properties"] = {"a": {"target": "b40", "calculationSpec": COUNT}}
    with pytest.raises(Invalid, match="several paths"):
        operations.save_blueprints(definitions=ladder, by=TESTER, now=NOW)


def test_a_blueprint_with_entities_goes_only_when_they_are_to_go_too():
    blueprint = make_blueprint()
    make_entity("pay")
    with pytest.raises(HasDependents, match="has 1 entities"):
        operations.delete_blueprint(blueprint=blueprint, by=TESTER, now=NOW)
    operations.delete_blueprint(blueprint=blueprint, by=TESTER, now=NOW, delete_dependents=True)
    assert not Blueprint.objects.filter(identifier="service").exists()


def test_a_blueprint_that_is_all_that_a_scorecard_grades_stays():
    blueprint = make_blueprint()
    make_scorecard()
    with pytest.raises(HasDependents, match="all that quality grades"):
        operations.delete_blueprint(blueprint=blueprint, by=TESTER, now=NOW, delete_dependents=True)
    make_blueprint("library")
    make_scorecard(blueprints=["service", "library"])
    operations.delete_blueprint(blueprint=blueprint, by=TESTER, now=NOW)
