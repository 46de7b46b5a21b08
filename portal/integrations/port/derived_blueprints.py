"""The blueprints of what scorecards, their rules and their results are as entities. Pure."""

from collections.abc import Mapping
from typing import Any

SCORECARD, RULE, RULE_RESULT = "_scorecard", "_rule", "_rule_result"
DERIVED = frozenset([SCORECARD, RULE, RULE_RESULT])
PASSED, NOT_PASSED = "Passed", "Not passed"
# The relation from a result to its rule.
RULE_RELATION = "rule"
_PASSED_QUERY = {
    "combinator": "and",
    "rules": [{"property": "result", "operator": "=", "value": PASSED}],
}


def documents(graded: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the documents by identifier; `graded` maps blueprints that are graded to titles."""
    return {
        SCORECARD: _document(
            SCORECARD,
            title="Scorecard",
            description="A scorecard: rules in levels for the entities of a blueprint.",
            icon="Scorecards",
            schema=_schema(
                {
                    "blueprint": {"type": "string", "title": "Blueprint", "format": "blueprints"},
                    "levels": {"type": "array", "title": "Levels", "items": {"type": "object"}},
                    "filter": {"type": "object", "title": "Filter"},
                },
                required=["blueprint", "levels"],
            ),
            aggregationProperties={
                "rules_tested": _count("Results", None),
                "rules_passed": _count("Results that passed", _PASSED_QUERY),
            },
            calculationProperties={
                "of_rules_passed": _share("Results that passed, in %", "rules"),
            },
        ),
        RULE: _document(
            RULE,
            title="Rule",
            description="One rule of a scorecard.",
            icon="Star",
            schema=_schema(
                {
                    "level": {"type": "string", "title": "Level"},
                    "query": {"type": "object", "title": "Query"},
                    "rule_description": {"type": "string", "title": "Description"},
                },
                required=["level", "query"],
            ),
            relations={"scorecard": _relation("Scorecard", SCORECARD, required=True)},
            aggregationProperties={
                "entities_tested": _count("Entities", None),
                "entities_passed": _count("Entities that passed", _PASSED_QUERY),
            },
            calculationProperties={
                "of_entities_passed": _share("Entities that passed, in %", "entities"),
            },
        ),
        RULE_RESULT: _document(
            RULE_RESULT,
            title="Rule result",
            description="What one rule says of one entity.",
            icon="Siren",
            schema=_schema(
                {
                    "result": {
                        "type": "string",
                        "title": "Result",
                        "enum": [NOT_PASSED, PASSED],
                        "enumColors": {NOT_PASSED: "red", PASSED: "green"},
                    },
                    "entity": {"type": "string", "title": "Entity"},
                    "result_last_change": {
                        "type": "string",
                        "title": "Last change of the result",
                        "format": "date-time",
                    },
                },
                required=["result", "entity"],
            ),
            relations={
                RULE_RELATION: _relation("Rule", RULE, required=True),
                **{
                    target_key(identifier): {
                        **_relation(title, identifier),
                        "type": "rule_result_target",
                    }
                    for identifier, title in graded.items()
                },
            },
            mirrorProperties={
                "level": {"title": "Level", "path": "rule.level"},
                "scorecard": {"title": "Scorecard", "path": "rule.scorecard.$title"},
                "blueprint": {"title": "Blueprint", "path": "rule.scorecard.blueprint"},
            },
            calculationProperties={
                "entity_link": {
                    "title": "Page of the entity",
                    "type": "string",
                    "format": "url",
                    "calculation": '"/catalog/" + .properties.blueprint + "/" + '
                    '.properties.entity + "/"',
                }
            },
            ownership={"type": "Direct"},
        ),
    }


def target_key(blueprint: str) -> str:
    """Return the relation that leads from a result to an entity of a blueprint."""
    return blueprint if blueprint != RULE_RELATION else f"{blueprint}_target"


def property_keys(document: Mapping[str, Any]) -> list[str]:
    """Return everything that stands among the properties of an entity of this blueprint."""
    return [
        *document["schema"]["properties"],
        *document["mirrorProperties"],
        *document["calculationProperties"],
        *document["aggregationProperties"],
    ]


def _document(identifier: str, **parts: Any) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "relations": {},
        "mirrorProperties": {},
        "calculationProperties": {},
        "aggregationProperties": {},
        **parts,
    }


def _schema(properties: Mapping[str, Any], *, required: list[str]) -> dict[str, Any]:
    return {"properties": dict(properties), "required": required}


def _relation(title: str, target: str, *, required: bool = False) -> dict[str, Any]:
    return {"title": title, "target": target, "required": required, "many": False}


def _count(title: str, query: Mapping[str, Any] | None) -> dict[str, Any]:
    definition = {
        "title": title,
        "type": "number",
        "target": RULE_RESULT,
        "calculationSpec": {"func": "count", "calculationBy": "entities"},
    }
    return {**definition, "query": query} if query else definition


def _share(title: str, what: str) -> dict[str, Any]:
    return {
        "title": title,
        "type": "number",
        "calculation": f"100 * .properties.{what}_passed / .properties.{what}_tested",
    }
