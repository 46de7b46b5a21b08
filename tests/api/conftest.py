"""Who calls, and the small world they call: a graded service blueprint, a team, two services."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from portal.models import User
from tests.api.callers import client_with
from tests.builders import (
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    make_token,
    make_user,
)


@pytest.fixture
def editor(db: None) -> User:
    """Return a user who may write."""
    return make_user("ada", is_staff=True, password=None)


@pytest.fixture
def client(editor: User) -> APIClient:
    """Return a client that may read and write."""
    return client_with(make_token(editor, scope="write"))


@pytest.fixture
def world(db: None) -> None:
    """Store the blueprint `service`, its scorecard `quality`, the team `core` and two services."""
    make_blueprint()
    make_team("core", title="Core")
    make_scorecard()
    make_entity("cart", title="Cart", team="core", properties={"tier": 1, "language": "Go"})
    make_entity("blog", title="Blog", properties={"tier": 3})


@pytest.fixture
def queries_of(client: APIClient) -> Callable[[str], int]:
    """Return a function that counts the queries of a GET."""
    # The first use of a token is noted; the count is to be that of any other.
    client.get("/api/blueprints/")

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    return count
