"""Formulas in words: functions, paths in either direction, and what must hold."""

import pytest

from catalog.blueprints import parse
from catalog.computed.graph import CatalogGraph
from portal.dashboards.formulas import formula_of

BLUEPRINTS = {
    "_team": {"title": "Team", "relations": {"parent": {"target": "_team", "title": "Parent"}}},
    "service": {
        "title": "Service",
        "ownership": {"type": "Direct"},
        "relations": {
            "parent": {"target": "service", "title": "Parent"},
            "needs": {"target": "service", "title": "Needs", "many": True},
        },
    },
    "deployment": {
        "title": "Deployment",
        "ownership": {"type": "Inherited", "path": "service"},
        "relations": {"service": {"target": "service", "title": "Service"}},
        "properties": {
            "minutes": {"type": "number", "title": "Recovery (minutes)"},
            "at": {"type": "string", "title": "Deployed at"},
            "status": {"type": "string", "title": "Status"},
        },
    },
    "incident": {
        "title": "Incident",
        "ownership": {"type": "Direct"},
        "relations": {
            "services": {"target": "service", "title": "Services", "many": True},
            "cause": {"target": "deployment", "title": "Caused by"},
        },
    },
    "log": {"title": "API", "relations": {"service": {"target": "service"}}},
}


def formula(owner, **definition):
    """Return the formula of a computed property that is added to a blueprint."""
    documents = {
        name: {
            "identifier": name,
            **{key: item for key, item in document.items() if key != "properties"},
            "schema": {"properties": document.get("properties", {}), "required": []},
        }
        for name, document in BLUEPRINTS.items()
    }
    section = "mirror_properties" if set(definition) == {"path"} else "aggregation_properties"
    documents[owner][section] = {"x": definition}
    graph = CatalogGraph([parse(document) for document in documents.values()])
    return formula_of(graph.derived[owner]["x"], owner="NetBox", specs=graph.specs)


def way(*path, back=None):
    return [{"path": list(path), **({"fromBlueprint": back} if back else {})}]


DEPLOYMENTS = {"target": "deployment", "pathFilter": way("service", back="deployment")}
COUNT = {"calculationBy": "entities", "func": "count"}


def by(func, **more):
    return {"calculationBy": "property", "property": "minutes", "func": func, **more}


@pytest.mark.parametrize(
    ("spec", "start"),
    [
        (COUNT, "How many deployments"),
        (by("sum"), "The sum of Recovery (minutes) of the deployments"),
        (by("average"), "The average Recovery (minutes) of the deployments"),
        (by("min"), "The smallest Recovery (minutes) of the deployments"),
        (by("max"), "The largest Recovery (minutes) of the deployments"),
        (by("median"), "The median Recovery (minutes) of the deployments"),
        (by("p50"), "The median Recovery (minutes) of the deployments"),
        (by("p75"), "The 75th percentile of Recovery (minutes) of the deployments"),
        (by("p95"), "The 95th percentile of Recovery (minutes) of the deployments"),
    ],
)
def test_a_function_has_its_words(spec, start):
    found = formula("service", calculationSpec=spec, **DEPLOYMENTS)
    assert found == f"{start} of NetBox, by way of their Service."


@pytest.mark.parametrize(
    ("spec", "start", "first"),
    [
        (
            {"calculationBy": "entities", "func": "average", "measureTimeBy": "at"},
            "How many deployments",
            "Deployed at",
        ),
        (by("average"), "The sum of Recovery (minutes) of the deployments", "created at"),
    ],
)
def test_an_average_per_interval_says_since_when(spec, start, first):
    found = formula("service", calculationSpec={**spec, "averageOf": "week"}, **DEPLOYMENTS)
    assert found == (
        f"{start} of NetBox per week, by way of their Service, from the first one (by {first}) "
        "until now; a started week counts whole."
    )


def test_an_average_of_entities_over_all_time_is_their_number():
    spec = {"calculationBy": "entities", "func": "average", "averageOf": "total"}
    assert formula("service", calculationSpec=spec, **DEPLOYMENTS).startswith("How many deploy")


@pytest.mark.parametrize(
    ("owner", "target", "path", "words"),
    [
        ("service", "service", way("parent"), "services of NetBox, by way of its Parent"),
        (
            "service",
            "service",
            way("needs", "parent"),
            "services of NetBox, by way of its Needs and their Parent",
        ),
        (
            "service",
            "service",
            way("parent", "parent", "needs"),
            "services of NetBox, by way of its Parent, its Parent and its Needs",
        ),
        (
            "_team",
            "deployment",
            way("service", "$team", back="deployment"),
            "deployments of NetBox, by way of their Service and its Owning teams",
        ),
        # Inherited ownership is spelt out.
        (
            "_team",
            "deployment",
            way("$team", "parent", back="deployment"),
            "deployments of NetBox, by way of their Service, its Owning teams and their Parent",
        ),
        (
            "_team",
            "incident",
            way("services", "$team", back="incident"),
            "incidents of NetBox, by way of their Services and their Owning teams",
        ),
        # Both ways: from the log to its service, and back to what points at that.
        (
            "log",
            "deployment",
            None,
            "deployments of NetBox, by way of its service,"
            " then the deployments whose Service it is",
        ),
        ("service", "log", None, "APIs of NetBox, by way of their service"),
    ],
)
def test_a_path_is_told_by_its_relations(owner, target, path, words):
    parts = {"pathFilter": path} if path else {}
    found = formula(owner, target=target, calculationSpec=COUNT, **parts)
    assert found == f"How many {words}."


def test_a_path_that_comes_by_several_says_they():
    found = formula("incident", target="log", calculationSpec=COUNT)
    assert found == (
        "How many APIs of NetBox, by way of its Services, then the APIs whose service they are."
    )


LEAF = {"property": "status", "operator": "=", "value": "failure"}
OTHER = {"property": "minutes", "operator": ">", "value": 5}
TODAY = {"property": "$createdAt", "operator": "=", "value": {"preset": "today"}}
DATED = {"property": "at", "operator": "between", "value": {"preset": "lastMonth"}}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"combinator": "and", "rules": []}, ""),
        ({"combinator": "and", "rules": [LEAF]}, ", whose Status is failure"),
        (
            {"combinator": "and", "rules": [LEAF, DATED]},
            ", whose Status is failure and whose Deployed at is within the last 30 days",
        ),
        (
            {"combinator": "or", "rules": [LEAF, OTHER]},
            ", for which either Status is failure or Recovery (minutes) is more than 5",
        ),
        ({"combinator": "or", "rules": [LEAF]}, ", whose Status is failure"),
        (
            {"combinator": "and", "rules": [{"combinator": "or", "rules": [LEAF, OTHER]}, DATED]},
            ", for which either Status is failure or Recovery (minutes) is more than 5"
            " and whose Deployed at is within the last 30 days",
        ),
        (
            {"combinator": "or", "rules": [LEAF, {"combinator": "and", "rules": [OTHER, DATED]}]},
            ", for which either Status is failure or (Recovery (minutes) is more than 5"
            " and Deployed at is within the last 30 days)",
        ),
        (
            {"combinator": "and", "rules": [{"relation": "service", "operator": "isNotEmpty"}]},
            ", whose Service is not empty",
        ),
        (
            {
                "combinator": "and",
                "rules": [
                    {"property": "$createdAt", "operator": "=", "value": {"preset": "today"}}
                ],
            },
            ", whose created at is today",
        ),
    ],
)
def test_what_must_hold_is_told_clause_by_clause(query, words):
    found = formula("service", calculationSpec=COUNT, query=query, **DEPLOYMENTS)
    assert found == f"How many deployments of NetBox, by way of their Service{words}."


@pytest.mark.parametrize(
    ("owner", "path", "words"),
    [
        ("deployment", "service.$title", "The title of the Service of NetBox."),
        ("incident", "cause.minutes", "The Recovery (minutes) of the Caused by of NetBox."),
        (
            "deployment",
            "$team.parent.$title",
            "The title of the Parent of the Owning teams of the Service of NetBox.",
        ),
    ],
)
def test_a_mirror_is_told_from_its_end(owner, path, words):
    assert formula(owner, path=path) == words
