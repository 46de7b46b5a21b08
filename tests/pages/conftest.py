"""What the tests of pages stand on: a small catalog, and somebody who reads it."""

import pytest
from django.test import Client

from tests.builders import make_blueprint, make_entity, make_scorecard, make_team, make_user
from tests.pages.delivery import PROPERTIES, deliver


@pytest.fixture
def reader(client: Client) -> Client:
    """Return a browser in which Maya, of the core team, is logged in."""
    client.force_login(make_user("maya", first_name="Maya"))
    return client


@pytest.fixture
def catalog(db: None) -> None:
    """Make three services of the core team at three levels, a fourth of nobody, and deployments."""
    make_team("core", title="Core")
    make_entity("maya@example.com", blueprint="_user", title="Maya L", team="core")
    make_blueprint("service", schema={"properties": PROPERTIES, "required": []})
    make_blueprint(
        "deployment",
        schema={"properties": {}, "required": []},
        relations={"service": {"target": "service", "title": "Service"}},
        ownership={"type": "Inherited", "path": "service"},
    )
    make_scorecard("quality")
    make_entity("anchor", title="Anchor", team="core", properties={"tier": 1, "language": "Go"})
    make_entity("buoy", title="Buoy", team="core", properties={"tier": 2, "language": "Python"})
    make_entity("canoe", title="Canoe", team="core", properties={"tier": 3})
    make_entity("drift", title="Drift", properties={"tier": 2})
    for number in range(12):
        make_entity(f"anchor-v{number}", blueprint="deployment", relations={"service": "anchor"})


@pytest.fixture
def delivery(catalog: None) -> None:
    """Give the catalog numbers, and the events behind them."""
    deliver()
