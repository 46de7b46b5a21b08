"""Delivery events as clients send them, with overrides for what a test is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.models import Entity
from tests.datadog.clients import DatadogClient

# Not far in the past: measures count the last thirty days of the clock.
DAY = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
SHA = "66adc9350f2cc9b250b69abddab733dd55e1a588"
REPOSITORY = "https://github.com/shop/front"


def seconds(moment: datetime) -> int:
    """Return a moment as clients send it."""
    return int(moment.timestamp())


def deployment(*, at: datetime = DAY, minutes: int = 10, **attributes: Any) -> dict[str, Any]:
    """Return a deployment that began at a moment."""
    whole = {
        "service": "shopist",
        "started_at": seconds(at),
        "finished_at": seconds(at + timedelta(minutes=minutes)),
        "env": "production",
        **attributes,
    }
    return {"data": {"attributes": {key: item for key, item in whole.items() if item is not None}}}


def failure(*, at: datetime = DAY, minutes: int | None = 30, **attributes: Any) -> dict[str, Any]:
    """Return a failure that began at a moment, and lasted some minutes or goes on."""
    whole = {
        "services": ["shopist"],
        "started_at": seconds(at),
        "finished_at": None if minutes is None else seconds(at + timedelta(minutes=minutes)),
        "env": "production",
        **attributes,
    }
    return {"data": {"attributes": {key: item for key, item in whole.items() if item is not None}}}


def send_deployment(client: DatadogClient, **parts: Any) -> str:
    """Send a deployment; return its id."""
    return _id(client.post("/api/v2/dora/deployment", deployment(**parts)))


def send_failure(client: DatadogClient, **parts: Any) -> str:
    """Send a failure; return its id."""
    return _id(client.post("/api/v2/dora/failure", failure(**parts)))


def _id(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]["id"]


def patch(id_: str, **attributes: Any) -> dict[str, Any]:
    """Return the body that marks a deployment."""
    return {"data": {"id": id_, "type": "dora_deployment_patch_request", "attributes": attributes}}


def list_of(kind: str, **attributes: Any) -> dict[str, Any]:
    """Return the body that asks for a list of "deployments" or "failures"."""
    return {"data": {"type": f"dora_{kind}_list_request", "attributes": attributes}}


def found(client: DatadogClient, kind: str, **attributes: Any) -> list[str]:
    """Return the ids of a list, in its order."""
    answer = client.post(f"/api/v2/dora/{kind}", list_of(kind, **attributes))
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["data"]]


def entity(identifier: str, blueprint: str = "deployment") -> Entity:
    """Return a stored entity."""
    return Entity.objects.of(blueprint).get(identifier=identifier)
