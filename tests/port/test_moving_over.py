"""The vendor's payloads one after the other, as somebody who moves over would send them."""

import json
from typing import Any

import pytest

from tests.port.clients import PortClient
from tests.port.vendor import FIXTURES, blueprints

STAMPS = {"createdAt", "createdBy", "updatedAt", "updatedBy"}
META = {*STAMPS, "id", "blueprint", "pending"}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="the vendor's payloads are not at hand"),
]


def read(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def without(item: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in keys}


def test_everything_is_accepted_as_it_is_and_read_back(port: PortClient) -> None:
    for blueprint in blueprints():
        answer = port.post("/blueprints", blueprint)
        assert answer.status_code in (200, 201), answer.json()
    for blueprint in blueprints():
        shown = port.get(f"/blueprints/{blueprint['identifier']}").json()["blueprint"]
        assert "pending" not in shown
        assert port.put(f"/blueprints/{blueprint['identifier']}", shown).status_code == 200
    for path in sorted((FIXTURES / "seed").glob("dora_*.json")):
        sent = json.loads(path.read_text())
        if "dashboard" in path.name:
            answer = port.post("/pages", sent)
            address, key = f"/pages/{sent['identifier']}", "page"
        else:
            answer = port.post("/blueprints/service/scorecards", sent)
            address, key = f"/blueprints/service/scorecards/{sent['identifier']}", "scorecard"
        assert answer.status_code == 201, answer.json()
        shown = port.get(address).json()[key]
        assert {name: shown[name] for name in sent} == sent
    for path in sorted((FIXTURES / "team").glob("*.json")):
        answer = port.post("/blueprints/_team/scorecards", json.loads(path.read_text()))
        assert answer.status_code == 201, answer.json()


def test_events_become_numbers_and_levels(port: PortClient) -> None:
    for blueprint in blueprints():
        port.post("/blueprints", blueprint)
    for name in ("dora_deploy_freq", "dora_cfr"):
        port.post("/blueprints/service/scorecards", read(f"seed/{name}.json"))
    port.post("/blueprints/service/entities", {"identifier": "cart"})
    deployments = [
        {
            "identifier": f"d{number}",
            "properties": {"deploymentStatus": "Success", "environment": "Production",
                           "createdAt": "2026-01-01T00:00:00Z"},
            "relations": {"service": "cart"},
        }
        for number in range(8)
    ]  # fmt: skip
    answer = port.post(
        "/blueprints/deployment/entities/bulk?upsert=true", {"entities": deployments}
    )
    assert (answer.status_code, answer.json()["errors"]) == (200, [])
    cart = port.get("/blueprints/service/entities/cart").json()["entity"]
    assert cart["properties"]["total_deployments"] == 8
    assert cart["properties"]["change_failure_rate"] == 0
    assert cart["scorecards"]["dora_cfr"]["level"] == "Gold"
    # What is computed and sent back says nothing.
    again = port.put("/blueprints/service/entities/cart", cart).json()["entity"]
    assert without(again, {"scorecards"}) == without(cart, {"scorecards"})
