"""What the tests of rules send, and what they make of the answers."""

from typing import Any

from tests.datadog.clients import DatadogClient

RULES = "/api/v2/scorecard/rules"
SCORECARDS = "/api/v2/scorecard/scorecards"


def body(**attributes: Any) -> dict[str, Any]:
    """Return the body of a rule of the scorecard Readiness."""
    written = {"name": "Has a runbook", "scorecard_name": "Readiness", **attributes}
    return {"data": {"type": "rule", "attributes": written}}


def create(client: DatadogClient, **attributes: Any) -> dict[str, Any]:
    """Create a rule; return its data."""
    answer = client.post(RULES, body(**attributes))
    assert answer.status_code == 201, answer.content
    return answer.json()["data"]


def refused(answer: Any, status: int = 400) -> list[str]:
    """Return what an answer says is wrong."""
    assert answer.status_code == status, answer.content
    return [error["detail"] for error in answer.json()["errors"]]


def put(client: DatadogClient, rule: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """Replace a rule; return its data."""
    answer = client.put(f"{RULES}/{rule['id']}", body(**attributes))
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]
