"""The small catalog that the admin is tested on: services that one scorecard grades."""

from datetime import UTC, datetime
from typing import Any

from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft, upsert_entities
from portal.permissions import Actor

BY = Actor(label="builder")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

SYSTEM = {"identifier": "system", "title": "System"}
SERVICE: dict[str, Any] = {
    "identifier": "service",
    "title": "Service",
    "schema": {
        "properties": {
            "tier": {"type": "string", "title": "Tier", "enum": ["one", "two"]},
            "url": {"type": "string", "title": "Address", "format": "url"},
            "contact": {"type": "string", "title": "Contact", "format": "email"},
            "coverage": {"type": "number", "title": "Coverage", "minimum": 0, "maximum": 100},
            "has_tests": {"type": "boolean", "title": "Has tests"},
            "released": {"type": "string", "title": "Released", "format": "date-time"},
            "notes": {"type": "string", "title": "Notes", "format": "markdown"},
            "labels": {"type": "array", "title": "Labels", "items": {"type": "string"}},
            "ports": {"type": "array", "title": "Ports", "items": {"type": "number"}},
            "config": {"type": "object", "title": "Config"},
            "stage": {"type": "string", "title": "Stage", "default": "alpha"},
        },
        "required": ["tier"],
    },
    "relations": {
        "system": {"target": "system", "title": "System"},
        "uses": {"target": "service", "title": "Uses", "many": True},
    },
    "calculation_properties": {
        "shout": {"title": "Shout", "type": "string", "calculation": '.identifier + "!"'}
    },
    "ownership": {"type": "Direct", "title": "Owners"},
}
SCORECARD: dict[str, Any] = {
    "identifier": "quality",
    "title": "Quality",
    "description": "First line.\nSecond line.",
    "blueprints": ["service"],
    "filter": None,
    "status": "published",
    "rules": [
        {
            "identifier": "covered",
            "title": "Is covered",
            "level": "Bronze",
            "query": {
                "combinator": "and",
                "conditions": [{"property": "coverage", "operator": ">=", "value": 50}],
            },
        },
        {
            "identifier": "well_covered",
            "title": "Is well covered",
            "level": "Silver",
            "query": {
                "combinator": "and",
                "conditions": [{"property": "coverage", "operator": ">=", "value": 80}],
            },
        },
    ],
}


def make_entities(
    blueprint: str, *names: str, properties: list[dict[str, Any]] | None = None
) -> list[Entity]:
    """Make entities of a blueprint by name."""
    outcome = upsert_entities(
        blueprint=Blueprint.objects.get(identifier=blueprint),
        drafts=[
            EntityDraft(identifier=name, title=name.title(), properties=values)
            for name, values in zip(names, properties or [{}] * len(names), strict=True)
        ],
        by=BY,
        now=NOW,
    )
    return outcome.entities
