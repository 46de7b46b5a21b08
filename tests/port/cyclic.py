"""A model whose blueprints point at each other in circles, in the words of the dialect."""

from typing import Any

Body = dict[str, Any]

TEAM: Body = {
    "identifier": "_team",
    "title": "Team",
    "schema": {"properties": {"kind": {"type": "string"}}},
    "relations": {"parent": {"target": "_team"}},
    "mirrorProperties": {"parent_name": {"path": "parent.$title"}},
    "aggregationProperties": {
        "apps": {
            "target": "app",
            "calculationSpec": {"func": "count", "calculationBy": "entities"},
        },
        # Two steps away, and the first of them is ownership.
        "releases": {
            "target": "release",
            "calculationSpec": {"func": "count", "calculationBy": "entities"},
            "query": {
                "combinator": "and",
                "rules": [{"property": "hours", "operator": ">", "value": 1}],
            },
        },
    },
}
APP: Body = {
    "identifier": "app",
    "title": "App",
    "schema": {"properties": {"tier": {"type": "number"}}},
    "ownership": {"type": "Direct"},
    "aggregationProperties": {
        "releases": {
            "target": "release",
            "calculationSpec": {"func": "count", "calculationBy": "entities"},
            "pathFilter": [{"path": ["app"], "fromBlueprint": "release"}],
        },
        # Reads a mirror of the other one, which is read across its own relation.
        "hours": {
            "target": "release",
            "calculationSpec": {"func": "sum", "calculationBy": "property", "property": "hours"},
            "pathFilter": [{"path": ["app"], "fromBlueprint": "release"}],
        },
    },
    "calculationProperties": {
        "busy": {"type": "boolean", "calculation": "(.properties.releases // 0) > 10"}
    },
}
RELEASE: Body = {
    "identifier": "release",
    "title": "Release",
    "schema": {"properties": {"at": {"type": "string", "format": "date-time"}}},
    "relations": {"app": {"target": "app"}, "change": {"target": "change"}},
    "mirrorProperties": {
        "hours": {"path": "change.hours"},
        "tier": {"path": "app.tier"},
        "app_releases": {"path": "change.app.releases"},
    },
}
CHANGE: Body = {
    "identifier": "change",
    "title": "Change",
    "schema": {"properties": {"hours": {"type": "number"}}},
    "relations": {"app": {"target": "app"}},
    "mirrorProperties": {"owners": {"path": "app.$team"}},
    "ownership": {"type": "Inherited", "path": "app"},
}
MODEL = (TEAM, APP, RELEASE, CHANGE)
