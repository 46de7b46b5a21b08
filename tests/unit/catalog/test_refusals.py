"""Definitions that cannot work are refused with the place and the choices, and nothing is saved."""

from typing import Any

import pytest

from catalog import operations
from catalog.errors import Fault, Invalid
from catalog.models import Blueprint, Change
from tests.builders import NOW, TESTER, make_entity

pytestmark = pytest.mark.django_db

COUNT = {"func": "count", "calculationBy": "entities"}
SERVICE = {"service": {"target": "service"}}


def document(identifier: str, **overrides: Any) -> dict[str, Any]:
    """Return a blueprint document that nobody owns, with a number and a date."""
    properties = {"size": {"type": "number"}, "at": {"type": "string", "format": "date-time"}}
    return {
        "identifier": identifier,
        "title": identifier,
        "schema": {"properties": properties, "required": []},
        **overrides,
    }


def service(**overrides: Any) -> dict[str, Any]:
    relations = {"parent": {"target": "service"}, "needs": {"target": "service", "many": True}}
    return document(
        "service", **{"ownership": {"type": "Direct"}, "relations": relations, **overrides}
    )


def save(*definitions: dict[str, Any]) -> None:
    operations.save_blueprints(definitions=definitions, by=TESTER, now=NOW)


def counting(target: str, *path: str, start: str = "", **more: Any) -> dict[str, Any]:
    """Return the definitions with one aggregation, `count`."""
    chosen = {"path": list(path), **({"fromBlueprint": start} if start else {})}
    found = {"target": target, "calculationSpec": COUNT, **more}
    return {"count": found | ({"pathFilter": [chosen]} if path else {})}


def where(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"query": {"combinator": "and", "rules": list(conditions)}}


@pytest.fixture
def world() -> None:
    """Store services, repositories that inherit their owners, and jobs that nobody owns."""
    inherited = {"type": "Inherited", "path": "service"}
    save(
        service(),
        document("repository", relations=SERVICE, ownership=inherited),
        document("job", relations={**SERVICE, "home": {"target": "repository"}}),
        document("island"),
    )


def faults_of(definition: dict[str, Any]) -> list[Fault]:
    """Return what a definition is refused with, after a look whether nothing was saved."""
    before = list(Blueprint.objects.order_by("id").values()), Change.objects.count()
    with pytest.raises(Invalid) as refused:
        operations.save_blueprint(definition=definition, by=TESTER, now=NOW)
    assert (list(Blueprint.objects.order_by("id").values()), Change.objects.count()) == before
    return refused.value.faults


OWN = "choose one of at, size, $blueprint, $createdAt, $createdBy, "
OWNERLESS = "blueprint 'job' has no ownership; give it one, or take another path"


@pytest.mark.parametrize(
    ("overrides", "path", "words"),
    [
        (
            {"mirror_properties": {"m": {"path": "service.zzz"}}},
            "mirror_properties.m.path",
            f"blueprint 'service' has no property 'zzz'; {OWN}",
        ),
        (
            {"mirror_properties": {"m": {"path": "service.relation#parent"}}},
            "mirror_properties.m.path",
            "blueprint 'service' has no property 'relation#parent'; choose one of at, size",
        ),
        (
            {"mirror_properties": {"m": {"path": "service..size"}}},
            "mirror_properties.m.path",
            "blueprint 'service' has no relation ''; choose one of needs, parent",
        ),
        (
            {"mirror_properties": {"m": {"path": f"service.{'parent.' * 20}size"}}},
            "mirror_properties.m.path",
            "the path crosses more than 20 relations",
        ),
        (
            {"mirror_properties": {"m": {"path": "job.$team"}}},
            "mirror_properties.m.path",
            OWNERLESS,
        ),
        (
            {"mirror_properties": {"m": {"path": "job.$team.$title"}}},
            "mirror_properties.m.path",
            OWNERLESS,
        ),
        ({"ownership": {"type": "Inherited", "path": "job"}}, "ownership.path", OWNERLESS),
        (
            {"ownership": {"type": "Inherited", "path": "service.$team"}},
            "ownership.path",
            "blueprint '_team' has no ownership",
        ),
        (
            {"ownership": {"type": "Inherited", "path": "servise"}},
            "ownership.path",
            "did you mean 'service'?",
        ),
        (
            {
                "aggregation_properties": {
                    "a": {
                        "target": "service",
                        "calculationSpec": {
                            "func": "sum",
                            "calculationBy": "property",
                            "property": "zzz",
                        },
                    }
                }
            },
            "aggregation_properties.a.calculationSpec.property",
            f"blueprint 'service' has no property 'zzz'; {OWN}",
        ),
        (
            {
                "aggregation_properties": {
                    "a": {
                        "target": "service",
                        "calculationSpec": {**COUNT, "measureTimeBy": "zzz"},
                    }
                }
            },
            "aggregation_properties.a.calculationSpec.measureTimeBy",
            f"blueprint 'service' has no property 'zzz'; {OWN}",
        ),
        (
            {
                "aggregation_properties": {
                    "a": {"target": "service", "calculationSpec": {**COUNT, "property": "size"}}
                }
            },
            "aggregation_properties.a.calculationSpec.property",
            "set calculationBy to property",
        ),
        (
            {
                "aggregation_properties": counting(
                    "service", **where({"property": "zzz", "operator": "isEmpty"})
                )
            },
            "aggregation_properties.count.query.rules[0].property",
            f"in blueprint 'service', there is no property \"zzz\"; {OWN}",
        ),
        (
            {
                "aggregation_properties": counting(
                    "service",
                    **where(
                        {
                            "combinator": "or",
                            "conditions": [
                                {"property": "size", "operator": "=", "value": {"property": "zzz"}}
                            ],
                        }
                    ),
                )
            },
            "aggregation_properties.count.query.rules[0].conditions[0].value.property",
            "in blueprint 'service', there is no property",
        ),
        (
            {
                "aggregation_properties": counting(
                    "service", **where({"relation": "zzz", "operator": "isEmpty"})
                )
            },
            "aggregation_properties.count.query.rules[0].relation",
            "in blueprint 'service', there is no relation \"zzz\"; choose one of needs, parent",
        ),
        (
            {"aggregation_properties": counting("service", "zzz")},
            "aggregation_properties.count.pathFilter[0].path",
            "blueprint 'queue' has no relation 'zzz'; choose one of job, service",
        ),
        (
            {"aggregation_properties": counting("service", "job")},
            "aggregation_properties.count.pathFilter[0].path",
            "the path job ends at 'job', not at 'service'",
        ),
        (
            {"aggregation_properties": counting("repository", "zzz", start="repository")},
            "aggregation_properties.count.pathFilter[0].path",
            "blueprint 'repository' has no relation 'zzz'; choose one of service",
        ),
        (
            {"aggregation_properties": counting("_team", "job", "$team")},
            "aggregation_properties.count.pathFilter[0].path",
            OWNERLESS,
        ),
        (
            {"aggregation_properties": counting("island")},
            "aggregation_properties.count",
            "no relations lead from 'queue' to 'island'; add one",
        ),
        (
            {"aggregation_properties": counting("repository")},
            "aggregation_properties.count",
            "several paths lead to 'repository': -> queue.job -> job.home, "
            "-> queue.service <- repository.service; choose one with pathFilter",
        ),
        (
            {"relations": {**SERVICE, "near": {"target": "repository"}}}
            | {"aggregation_properties": counting("job")},
            "aggregation_properties.count",
            "-> queue.near <- job.home, -> queue.service <- job.service; a pathFilter can name",
        ),
    ],
)
def test_a_definition_is_refused_with_the_place_and_the_choices(
    world: None, overrides: dict[str, Any], path: str, words: str
) -> None:
    relations = {**SERVICE, "job": {"target": "job"}}
    (fault,) = faults_of(document("queue", **{"relations": relations, **overrides}))
    assert fault.path == path
    assert words in fault.message


SELF = {"parent": {"target": "queue"}}
SUM = {"func": "sum", "calculationBy": "property", "property": "m"}


@pytest.mark.parametrize(
    ("overrides", "path", "cycle"),
    [
        (
            {"ownership": {"type": "Inherited", "path": "parent"}},
            "ownership",
            "queue.$team -> queue.$team",
        ),
        (
            {"mirror_properties": {"m": {"path": "parent.m"}}},
            "mirror_properties.m",
            "queue.m -> queue.m",
        ),
        (
            {"calculation_properties": {"c": {"type": "number", "calculation": ".properties.c"}}},
            "calculation_properties.c",
            "queue.c -> queue.c",
        ),
        (
            {
                "aggregation_properties": counting(
                    "queue", "parent", **where({"property": "count", "operator": "isEmpty"})
                )
            },
            "aggregation_properties.count",
            "queue.count -> queue.count",
        ),
        (
            {
                "mirror_properties": {"m": {"path": "parent.c"}},
                "aggregation_properties": counting("queue", "parent", calculationSpec=SUM),
                "calculation_properties": {
                    "c": {"type": "number", "calculation": ".properties.count + 1"}
                },
            },
            "mirror_properties.m",
            "queue.m -> queue.count -> queue.c -> queue.m",
        ),
        (
            {
                "mirror_properties": {"m": {"path": "parent.c"}},
                "calculation_properties": {
                    "c": {"type": "number", "calculation": ".properties | length"}
                },
            },
            "mirror_properties.m",
            "queue.m -> queue.c -> queue.m",
        ),
    ],
)
def test_a_value_that_would_need_itself_is_refused_where_it_is_defined(
    world: None, overrides: dict[str, Any], path: str, cycle: str
) -> None:
    (fault,) = faults_of(document("queue", relations=SELF, **overrides))
    assert fault == Fault(path, f"the value would need itself: {cycle}")


@pytest.mark.parametrize(
    ("reader", "edit", "path"),
    [
        (
            {"mirror_properties": {"m": {"path": "service.size"}}},
            {"schema": {"properties": {"at": {"type": "string"}}}},
            "service.api.mirror_properties.m.path",
        ),
        (
            {"ownership": {"type": "Inherited", "path": "service"}},
            {"ownership": None},
            "service.api.ownership.path",
        ),
        (
            {"aggregation_properties": counting("service", "service", "parent")},
            {"relations": {}},
            "service.api.aggregation_properties.count.pathFilter[0].path",
        ),
        (
            {"aggregation_properties": counting("service")},
            {"relations": {"api": {"target": "service.api"}}},
            "service.api.aggregation_properties.count",
        ),
    ],
)
def test_an_edit_that_breaks_another_blueprint_is_refused_naming_that_one(
    reader: dict[str, Any], edit: dict[str, Any], path: str
) -> None:
    save(service(), document("service.api", relations=SERVICE, **reader))
    assert [fault.path for fault in faults_of(service(**edit))] == [path]


def test_a_cycle_that_an_edit_closes_through_another_blueprint_is_refused(world: None) -> None:
    relations = {"home": {"target": "repository"}}
    inherited = {"type": "Inherited", "path": "home"}
    (fault,) = faults_of(service(relations=relations, ownership=inherited))
    cycle = "service.$team -> repository.$team -> service.$team"
    assert fault == Fault("ownership", f"the value would need itself: {cycle}")


def test_ownership_inherited_over_and_over_is_refused_before_its_path_explodes() -> None:
    """Let each blueprint cross the ownership of the next one twice."""
    count = 40
    names = [f"b{index}" for index in range(count)]
    teams = document("_team", relations={name: {"target": name} for name in names})
    heirs = [
        document(
            name,
            relations={"to": {"target": follower}},
            ownership={"type": "Inherited", "path": f"to.$team.{follower}.$team.{follower}"},
        )
        for name, follower in zip(names, names[1:], strict=False)
    ]
    with pytest.raises(Invalid, match="crosses more than 20 relations"):
        save(teams, *heirs, document(names[-1], ownership={"type": "Direct"}))


def test_the_longest_path_there_may_be_is_walked() -> None:
    save(service(mirror_properties={"far": {"path": f"{'parent.' * 20}size"}}))
    for index in range(21):
        parent = {"parent": f"s{index - 1}"} if index else {}
        entity = make_entity(f"s{index}", properties={"size": index}, relations=parent)
    assert entity.computed == {"far": 0}


def test_a_relation_to_many_cannot_become_one_to_one_while_several_are_pointed_at() -> None:
    save(service())
    for name in ("a", "b"):
        make_entity(name)
    for name in ("c", "d"):
        make_entity(name, relations={"needs": ["a", "b"]})
    single = {"parent": {"target": "service"}, "needs": {"target": "service"}}
    (fault,) = faults_of(service(relations=single))
    assert fault.path == "relations.needs.many"
    assert "2 entities point at several (c, d)" in fault.message
    for name in ("c", "d"):
        make_entity(name, relations={"needs": ["b"]})
    save(service(relations=single))
    assert make_entity("c", title="C").facts["relation#needs"] == "b"
