"""Nothing that an exporter may send is a fault of ours. The client of these tests raises those."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.integrations.models import Integration
from tests.port.clients import PortClient

INGEST = "/ingest/metrics/integration/catalog-1"
WRITES = [
    ("post", "/integration"),
    ("patch", "/integration/catalog-1"),
    ("patch", "/integration/catalog-1/config"),
    ("patch", "/integration/catalog-1/resync-state"),
    ("post", "/integration/catalog-1/resync-request"),
    ("put", "/integration/catalog-1/cursor?kind=service"),
    ("post", "/integration/catalog-1/kinds/service/examples"),
    ("post", "/ingest/logs/integration/catalog-1"),
    ("post", f"{INGEST}/syncMetrics"),
    ("put", f"{INGEST}/syncMetrics/resync/e1/kind/service-0"),
    ("post", f"{INGEST}/heartbeat"),
    ("patch", "/organization"),
    ("put", "/organization"),
    ("post", "/organization/secrets"),
    ("patch", "/organization/secrets/token"),
    ("post", "/apps"),
    ("put", "/apps/{app}"),
]
READS = [
    "/integration?actionsProcessingEnabled=",
    "/integration/",
    "/integration/catalog-1?byField=",
    "/integration/catalog-1/cursor?kind=",
    "/integration/catalog-1/cursor?kind=service&index=",
    "/integration/catalog-1/logs?limit=",
    "/integration/catalog-1/logs?level=",
    "/integration/catalog-1/logs?log_id=",
    "/integration/catalog-1/logs?timestamp=",
    "/integration/catalog-1/syncMetrics?resyncId=",
    "/integration/catalog-1/kinds/service/examples?x=",
]
# What the addresses read in bodies, at any depth.
KEYS = [
    "installationId", "identifier", "title", "installationAppType", "version", "config", "spec",
    "changelogDestination", "processingMode", "actionsProcessingEnabled", "status",
    "lastResyncStart", "lastResyncEnd", "nextResync", "intervalInMinuets", "logs", "message",
    "level", "timestamp", "extra", "syncKindsMetrics", "syncKindMetrics", "eventId",
    "kindIdentifier", "kind", "kindIndex", "syncState", "metrics", "examples", "name", "enabled",
    "primary", "announcement", "secretName", "secretValue", "description",
]  # fmt: skip
# Also halves of surrogate pairs.
ANY_SIGN = st.characters(exclude_categories=())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["catalog-1", "running", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59-14:00"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
BODIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5) | VALUES
MANY = hypothesis_settings(
    max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def registered(port: PortClient) -> PortClient:
    """Return a client whose exporter is registered."""
    port.post("/integration", {"installationId": "catalog-1"})
    port.post("/organization/secrets", {"secretName": "token", "secretValue": "x"})
    return port


def _app(port: PortClient) -> str:
    return next(row["id"] for row in port.get("/apps").json()["apps"] if row["name"] != "writer")


def _is_told(answer: Any) -> bool:
    """Say whether an answer says that it went well, or what was wrong."""
    body = answer.json()
    if answer.status_code < 300:
        return body["ok"] is True
    return body["ok"] is False and bool(body["error"]) and bool(body["message"])


@MANY
@given(place=st.sampled_from(WRITES), body=BODIES)
def test_no_body_is_a_fault_of_ours(
    registered: PortClient, place: tuple[str, str], body: object
) -> None:
    registered.post("/apps", {"name": "app"})
    method, path = place
    # Not by the test client, which would refuse what JSON allows: NaN, half surrogate pairs.
    raw = json.dumps(body).encode()
    answer = registered.send(method, path.replace("{app}", _app(registered)), raw)
    assert answer.status_code in (200, 201, 400, 409, 422), (place, body)
    assert _is_told(answer)
    assert registered.get("/integration").status_code == 200
    assert Integration.objects.filter(identifier="catalog-1").exists()


@MANY
@given(path=st.sampled_from(READS), value=st.text(ANY_SIGN, max_size=12) | st.integers().map(str))
def test_no_query_is_a_fault_of_ours(registered: PortClient, path: str, value: str) -> None:
    answer = registered.get(path + quote(value, safe="", errors="surrogatepass"))
    assert answer.status_code in (200, 404, 422), (path, value)
    assert _is_told(answer)


@MANY
@given(name=st.text(ANY_SIGN, min_size=1, max_size=12))
def test_no_address_is_a_fault_of_ours(registered: PortClient, name: str) -> None:
    part = quote(name, safe="", errors="surrogatepass")
    for method, path in (
        ("get", f"/integration/{part}"),
        ("patch", f"/integration/{part}/resync-state"),
        ("post", f"/integration/catalog-1/kinds/{part}/examples"),
        ("post", f"/ingest/logs/integration/{part}"),
        ("put", f"{INGEST}/syncMetrics/resync/{part}/kind/{part}"),
        ("get", f"/organization/secrets/{part}"),
        ("delete", f"/apps/{part}"),
    ):
        body = {"examples": [], "logs": [], "syncKindMetrics": {}, "status": "failed"}
        answer = registered.send(method, path, None if method in ("get", "delete") else body)
        assert answer.status_code in (200, 201, 404, 422), (method, path)
        assert _is_told(answer)
