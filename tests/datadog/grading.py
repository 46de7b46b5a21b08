"""A small graded catalog for tests of outcomes and scores."""

from typing import Any

from portal.integrations.datadog import ids
from scorecards.models import Rule, Scorecard
from tests.builders import (
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)


def make_graded() -> None:
    """Grade two services and an api by two scorecards, one rule of which is reported."""
    for kind in ("service", "api"):
        make_blueprint(kind)
    for team in ("core", "web"):
        make_team(team)
    make_entity("cart", properties={"tier": 1, "language": "Go"}, team="core")
    make_entity("blog", properties={"tier": 3}, team=["core", "web"])
    make_entity("shop/cart", blueprint="api", properties={"tier": 1})
    make_scorecard(
        rules=[
            rule_document(),
            rule_document("spoken", level="Silver", query=condition("language", "isNotEmpty")),
            rule_document("off", is_enabled=False),
        ]
    )
    make_scorecard(
        "safety",
        blueprints=["service", "api"],
        rules=[rule_document("tested", level="Gold", query=None)],
    )


def report_all() -> None:
    """Report about everything."""
    report("cart", "tested", "pass", scorecard="safety", remark="Run 7")
    report("blog", "tested", "skip", scorecard="safety")
    report("shop/cart", "tested", "fail", scorecard="safety", blueprint="api")


def rule_id(identifier: str = "tested") -> str:
    """Return the id of a rule, as clients name it."""
    return ids.rule_id(Rule.objects.get(identifier=identifier).pk)


def scorecard_id(identifier: str = "safety") -> str:
    """Return the id of a scorecard."""
    return ids.scorecard_id(Scorecard.objects.get(identifier=identifier).pk)


def result(**overrides: Any) -> dict[str, Any]:
    """Return a result of the asynchronous call."""
    parts = {"rule_id": rule_id(), "entity_reference": "service:cart", "state": "pass"}
    return {**parts, "remarks": "Run 8", **overrides}


def batch(*results: Any) -> dict[str, Any]:
    """Return the body of a batch."""
    return {"data": {"type": "batched-outcome", "attributes": {"results": list(results)}}}
