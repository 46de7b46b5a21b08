"""The filters of the audit list, and what a row tells."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Change
from catalog.operations import history, seal
from portal.permissions import Actor
from tests.builders import NOW


@pytest.fixture
def row(db: None) -> Change:
    """Leave a row with an address, and one of somebody else; return the first."""
    for name in ("pay-service", "cart"):
        history.record_change(
            kind="entity",
            blueprint="service",
            identifier=name,
            before={},
            after={"tier": 1},
            by=Actor(label=name, source="api", address=f"10.0.0.{len(name)}"),
            now=NOW,
        )
    Change.objects.filter(identifier="cart").update(request_id="r-2", source="page")
    seal(now=NOW)
    return Change.objects.get(identifier="pay-service")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("source=api", ["pay-service"]),
        ("address=10.0.0.4", ["cart"]),
        ("request_id=r-2", ["cart"]),
        ("search=SERV", ["pay-service"]),
        ("actor=cart", ["cart"]),
        ("until=2026-06-01T12:00:00Z", []),
        ("since=2026-06-01T12:00:00Z&until=2026-06-01T12:00:01Z", ["cart", "pay-service"]),
    ],
)
def test_changes_are_found_by(row: Change, client: APIClient, query: str, found: list[str]):
    body = client.get(f"/api/changes/?kind=entity&{query}").json()
    assert [item["identifier"] for item in body["results"]] == found


def test_a_row_tells_from_where_and_that_it_is_sealed(row: Change, client: APIClient):
    body = client.get("/api/changes/?search=pay-").json()
    assert body["results"] == [
        {
            "id": row.pk,
            "at": "2026-06-01T12:00:00Z",
            "actor": "pay-service",
            "source": "api",
            "kind": "entity",
            "blueprint": "service",
            "identifier": "pay-service",
            "action": "created",
            "before": {},
            "after": {"tier": 1},
            "run": None,
            "address": "10.0.0.11",
            "request_id": "",
            "seal_number": row.seal_number,
        }
    ]


def test_a_moment_that_is_none_is_refused(client: APIClient):
    response = client.get("/api/changes/?until=yesterday")
    assert response.status_code == 400
    assert response.json()["errors"] == [{"path": "until", "message": "Enter a valid date/time."}]
