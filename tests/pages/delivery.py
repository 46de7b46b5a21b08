"""A catalog with numbers: what the tests of drilling down look at.

Anchor, of the core team, has twelve deployments, a day apart, the newest an hour old: every third
one failed, and of each fourth one it is not known how long it took.
"""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from catalog.facts import timestamp
from tests.builders import make_blueprint, make_entity

PROPERTIES = {
    "tier": {"type": "number", "title": "Tier"},
    "language": {"type": "string", "title": "Language", "enum": ["Python", "Go", "Ada"]},
    "is_public": {"type": "boolean", "title": "Public"},
    "homepage": {"type": "string", "title": "Home page", "format": "url"},
    "notes": {"type": "string", "title": "Notes", "format": "markdown"},
    "wait": {"type": "number", "title": "Lead time (hours)"},
}
FAILED = {
    "combinator": "and",
    "rules": [
        {"property": "status", "operator": "=", "value": "failure"},
        {"property": "deployed_at", "operator": "between", "value": {"preset": "lastMonth"}},
    ],
}
EVENTS = {
    "status": {"type": "string", "title": "Status", "enum": ["success", "failure"]},
    "deployed_at": {"type": "string", "title": "Deployed at", "format": "date-time"},
    "minutes": {"type": "number", "title": "Duration (minutes)"},
}


def aggregation(title: str, *path: str, query: Any = None, **spec: Any) -> dict[str, Any]:
    """Return the definition of an aggregation over deployments."""
    found = {"calculationBy": "property" if "property" in spec else "entities", **spec}
    return {
        "title": title,
        "target": "deployment",
        "query": query,
        "calculationSpec": found,
        "pathFilter": [{"path": list(path), "fromBlueprint": "deployment"}],
    }


def calculation(title: str, program: str, type_: str = "number") -> dict[str, Any]:
    """Return the definition of a calculation."""
    return {"title": title, "type": type_, "calculation": program}


SERVICE_AGGREGATIONS = {
    "all": aggregation("Deployments", "service", func="count"),
    "failed": {
        **aggregation("Failed deployments, 30 days", "service", query=FAILED, func="count"),
        "description": "Those that went wrong.",
    },
    "rate": aggregation(
        "Rate (per week)",
        "service",
        func="average",
        averageOf="week",
        measureTimeBy="deployed_at",
    ),
    "typical": aggregation(
        "Typical duration (minutes)", "service", func="median", property="minutes"
    ),
    "rest_failed": aggregation("Failures aside", "service", query=FAILED, func="count"),
}
SERVICE_CALCULATIONS = {
    "rest_share": calculation(
        "Failure rate (%)", "100 * .properties.failed / .properties.all | round"
    ),
    "rest_share_before": calculation("Failure rate before (%)", "20 | ."),
    "rest_share_change": calculation(
        "Failure rate change (%)",
        "100 * (.properties.rest_share - .properties.rest_share_before)"
        " / .properties.rest_share_before",
    ),
    "rest_share_note": calculation("Rests on", '"\\(.properties.all) deployments"', "string"),
    "grade": calculation(
        "Grade",
        'if .properties.rest_share > 20 and .properties.tier == 1 and .title != "" then "C"'
        ' else "A" end',
        "string",
    ),
    "size": calculation("Size", ".properties | length"),
    "fixed": calculation("Fixed", "7"),
    "broken": calculation("Broken", '.properties.tier | error("no way")'),
}


def deliver(*, now: datetime | None = None) -> None:
    """Give the catalog of the tests its numbers, and the events behind them."""
    now = now or timezone.now()
    make_blueprint(
        "deployment",
        now=now,
        schema={"properties": EVENTS, "required": []},
        relations={"service": {"target": "service", "title": "Service"}},
        ownership={"type": "Inherited", "path": "service"},
        mirror_properties={"waits": {"title": "Waits", "path": "service.wait"}},
    )
    make_blueprint(
        "service",
        now=now,
        schema={"properties": PROPERTIES, "required": []},
        relations={"lead": {"target": "_user", "title": "Lead"}},
        aggregation_properties=SERVICE_AGGREGATIONS,
        calculation_properties=SERVICE_CALCULATIONS,
        mirror_properties={"lead_name": {"title": "Lead's name", "path": "lead.$title"}},
    )
    make_blueprint(
        "_team",
        now=now,
        schema={"properties": {}, "required": []},
        ownership=None,
        aggregation_properties={
            "failed": aggregation(
                "Failed deployments", "service", "$team", query=FAILED, func="count"
            ),
            "members": {
                "title": "People",
                "target": "_user",
                "calculationSpec": {"func": "count", "calculationBy": "entities"},
            },
        },
    )
    make_blueprint(
        "_user",
        now=now,
        calculation_properties={"owned": calculation("Teams", ".team | length")},
    )
    for number in range(12):
        make_entity(
            f"anchor-v{number}",
            blueprint="deployment",
            now=now,
            properties={
                "status": "failure" if number % 3 == 0 else "success",
                "deployed_at": timestamp(now - timedelta(days=11 - number, hours=1)),
                "minutes": None if number % 4 == 3 else 10 * number,
            },
        )
