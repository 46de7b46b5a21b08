"""What people get when the database is locked or away, and when something of ours breaks."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from portal.failures import BROKEN, BUSY
from tests.builders import make_token, make_user

LOCKED = OperationalError("database is locked")


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that has every look-up of a page or a list raise an error."""

    def fail(error: Exception) -> None:
        def refuse(*args: Any, **kwargs: Any) -> None:
            raise error

        monkeypatch.setattr("portal.dashboards.views.home_page", refuse)
        monkeypatch.setattr("catalog.api.viewsets.EntityViewSet.get_queryset", refuse)
        monkeypatch.setattr("catalog.admin.BlueprintAdmin.get_queryset", refuse)

    return fail


@pytest.fixture
def visitor(db: None) -> Client:
    """Return the browser of an admin, to whom errors are answered and not raised."""
    client = Client(raise_request_exception=False)
    client.force_login(make_user("alex", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("address", ["/", "/admin/catalog/blueprint/"])
def test_a_busy_database_is_a_page_that_says_so(visitor: Client, fails: Any, address: str) -> None:
    fails(LOCKED)
    response = visitor.get(address)
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert "The database is busy or cannot be reached" in response.content.decode()


def test_a_busy_database_is_503_in_the_api(visitor: Client, fails: Any) -> None:
    fails(LOCKED)
    token = make_token(make_user("ada"), scope="read")
    response = visitor.get("/api/entities/", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert response.json() == {"detail": BUSY, "errors": []}


def test_a_database_that_is_away_before_the_view_is_503_too(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise LOCKED

    monkeypatch.setattr("django.contrib.auth.middleware.auth.get_user", refuse)
    assert visitor.get("/").status_code == 503
    assert visitor.get("/api/entities/").json() == {"detail": BUSY, "errors": []}


def test_a_fault_of_ours_is_a_500_in_the_shape_of_the_surface(visitor: Client, fails: Any) -> None:
    fails(RuntimeError("secret"))
    page, answer = visitor.get("/"), visitor.get("/api/entities/")
    assert (page.status_code, answer.status_code) == (500, 500)
    assert "Something broke on our side" in page.content.decode()
    assert answer.json() == {"detail": BROKEN, "errors": []}
