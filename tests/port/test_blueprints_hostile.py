"""Nothing that a client may send about blueprints is an error of ours."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.integrations.models import DataMigration
from portal.integrations.port import data_migrations
from tests.builders import NOW, make_entity
from tests.port import cyclic
from tests.port.clients import PortClient, check_answer
from tests.port.json_values import disturbed, values
from tests.port.test_port_blueprints import APP

WORDS = sorted(
    {*APP, *cyclic.RELEASE, *APP["schema"], "app", "_team", "release", "target", "path", "type"}
    | {"string", "Direct", "Inherited", "teamInheritance", "$team", "many", "required", "count"}
    | {"calculationSpec", "query", "pathFilter", "calculation", "pending", "enum", "default"}
    | {"newPropertyName", "newRelationName"}
)
WRITES = [
    ("post", "/blueprints"),
    ("put", "/blueprints/app"),
    ("patch", "/blueprints/app"),
    ("patch", "/blueprints/_team"),
    ("put", "/blueprints/release"),
    ("patch", "/blueprints/app/permissions"),
    ("patch", "/blueprints/app/properties/tier/rename"),
    ("patch", "/blueprints/app/relations/parent/rename"),
]
_FUZZ = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def model(port: PortClient) -> None:
    """Make a blueprint, and one of which parts wait."""
    assert port.post("/blueprints", APP).status_code == 201
    assert port.post("/blueprints", cyclic.RELEASE).status_code == 201
    make_entity("a", blueprint="app", properties={"tier": 1})


def _send(port: PortClient, method: str, path: str, body: Any) -> None:
    check_answer(getattr(port, method)(path, json.dumps(body)))


@_FUZZ
@given(write=st.sampled_from(WRITES), body=st.data())
def test_a_body_of_any_build_is_answered(
    model: None, port: PortClient, write: tuple[str, str], body: Any
) -> None:
    new = {**APP, "identifier": "new"}
    near = st.one_of(disturbed(item, WORDS) for item in (new, APP, cyclic.RELEASE, cyclic.TEAM))
    _send(port, *write, body.draw(values(WORDS) | near))
    assert port.get("/blueprints").status_code == 200


@_FUZZ
@given(data=st.data())
def test_a_mapping_of_any_build_is_answered(model: None, port: PortClient, data: Any) -> None:
    entity = {"identifier": ".identifier", "properties": {"tier": ".properties.tier"}}
    body = {"sourceBlueprint": "app", "mapping": {"blueprint": "app", "entity": entity}}
    words = [*WORDS, "sourceBlueprint", "mapping", "filter", "itemsToParse", "entity"]
    _send(port, "post", "/migrations", data.draw(disturbed(body, words)))
    for row in DataMigration.objects.filter(status="PENDING"):
        data_migrations.run(migration_id=row.pk, clock=lambda: NOW)
        row.refresh_from_db()
        assert row.status in ("COMPLETED", "FAILURE")


@_FUZZ
@given(name=st.text(min_size=1, max_size=10) | st.sampled_from(WORDS), data=st.data())
def test_an_address_of_any_build_is_answered(
    model: None, port: PortClient, name: str, data: Any
) -> None:
    part = quote(name.encode("utf-8", "surrogatepass"), safe="")
    for path in (
        "/blueprints/{}",
        "/blueprints/{}/entities-count",
        "/blueprints/system/{}/structure",
        "/blueprints/{}/permissions",
        "/migrations/{}",
    ):
        assert port.get(path.format(part)).status_code < 500
    _send(port, "put", f"/blueprints/{part}", APP)
    _send(port, "post", f"/migrations/{part}/cancel", {})
    for path in (f"/blueprints/{part}/all-entities", f"/blueprints/{part}"):
        assert port.delete(path).status_code < 500
