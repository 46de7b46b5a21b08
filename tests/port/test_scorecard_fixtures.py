"""The vendor's own scorecards, where they are at hand: posted as they are, and what they find."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Entity
from portal.integrations.port.entity_scorecards import scorecards_of
from tests.builders import make_blueprint, make_entity
from tests.port.clients import PortClient

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "port"
SEEDS = sorted((FIXTURES / "seed").glob("dora_*.json")) + sorted((FIXTURES / "team").glob("*.json"))
CARDS = [path for path in SEEDS if "dashboard" not in path.name]
CASES = FIXTURES / "expected_levels.json"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not CARDS, reason="the vendor's payloads are not at hand"),
]


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def _blueprint_of(path: Path) -> str:
    return "_team" if path.parent.name == "team" else "service"


def _make_blueprints(properties: dict[str, Any]) -> None:
    """Make both blueprints with the properties that the cards read, given and not computed."""
    names = {
        leaf["property"]
        for path in CARDS
        for rule in _read(path)["rules"]
        for leaf in rule["query"]["conditions"]
    }
    types = {
        name: {"type": "string" if isinstance(properties.get(name), str) else "number"}
        for name in names | properties.keys()
    }
    for identifier in ("service", "_team"):
        make_blueprint(identifier, schema={"properties": types, "required": []}, ownership=None)


def _post(port: PortClient, path: Path) -> dict[str, Any]:
    answer = port.post(f"/blueprints/{_blueprint_of(path)}/scorecards", _read(path))
    assert answer.status_code == 201, answer.json()
    return answer.json()["scorecard"]


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_seed_payload_is_valid_as_it_is_and_read_back_equal(port: PortClient, path: Path) -> None:
    _make_blueprints({})
    made = _post(port, path)
    sent = _read(path)
    address = f"/blueprints/{_blueprint_of(path)}/scorecards/{sent['identifier']}"
    assert port.get(address).json() == {"ok": True, "scorecard": made}
    meta = {"id", "blueprint", "createdAt", "createdBy", "updatedAt", "updatedBy"}
    assert {key: item for key, item in made.items() if key not in meta} == sent
    assert made.keys() == sent.keys() | meta
    assert made["blueprint"] == _blueprint_of(path)


def _case_names() -> list[str]:
    return [case["name"] for case in _read(CASES)["cases"]] if CASES.exists() else []


@pytest.mark.parametrize("name", _case_names())
def test_every_case_finds_the_levels_that_are_expected(port: PortClient, name: str) -> None:
    case = next(case for case in _read(CASES)["cases"] if case["name"] == name)
    _make_blueprints(case["properties"])
    for path in CARDS:
        _post(port, path)
    entities: list[Entity] = [
        make_entity("measured", blueprint=blueprint, properties=case["properties"])
        for blueprint in ("service", "_team")
    ]
    service, team = (scorecards_of(entities)[entity.pk] for entity in entities)
    assert {**service, **team} == case["expected"]
    # The same, as clients send and are answered it.
    answered: dict[str, Any] = {}
    for blueprint in ("service", "_team"):
        sent = {"identifier": "sent", "properties": case["properties"]}
        answer = port.post(f"/blueprints/{blueprint}/entities", sent)
        assert answer.status_code == 201, answer.json()
        answered |= answer.json()["entity"]["scorecards"]
    assert answered == case["expected"]
    assert not service.keys() & team.keys()
