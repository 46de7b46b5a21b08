"""Who speaks the dialect in tests: by hand, and by the published client."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from datadog_api_client import ApiClient, Configuration

from portal.integrations.credentials import Secrets, create_credential
from portal.permissions import SHELL
from tests.builders import make_blueprint
from tests.datadog.clients import DatadogClient


def _secrets(name: str, scope: str) -> Secrets:
    return create_credential(name=name, scope=scope, by=SHELL, now=datetime.now(UTC))[1]


def _keys(secrets: Secrets) -> dict[str, str]:
    return {"DD-API-KEY": secrets.api_key, "DD-APPLICATION-KEY": secrets.app_key}


@pytest.fixture
def keys(db: None) -> Secrets:
    """Return the keys of a credential that may write."""
    return _secrets("writer", "write")


@pytest.fixture
def datadog(keys: Secrets) -> DatadogClient:
    """Return a client that may write."""
    return DatadogClient(_keys(keys))


@pytest.fixture
def reader(db: None) -> DatadogClient:
    """Return a client that may only read."""
    return DatadogClient(_keys(_secrets("reader", "read")))


@pytest.fixture
def api_key_only(keys: Secrets) -> DatadogClient:
    """Return a client that sends no application key."""
    return DatadogClient({"DD-API-KEY": keys.api_key})


@pytest.fixture
def stranger(db: None) -> DatadogClient:
    """Return a client without keys."""
    return DatadogClient()


@pytest.fixture(autouse=True)
def _levels_of_logs() -> Iterator[None]:
    """Give other people's logs back the level that the published client changes for all."""
    logger = logging.getLogger("urllib3")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture
def official(live_server: object) -> Iterator[ApiClient]:
    """Return the published client, unchanged, pointed at a live server."""
    # Not the fixture `keys`: what it writes has to be committed, or the server would not see it.
    secrets = _secrets("official", "write")
    configuration = Configuration(
        host=str(live_server),
        api_key={"apiKeyAuth": secrets.api_key, "appKeyAuth": secrets.app_key},
    )
    for name in ("create_scorecard_outcomes_batch", "validate"):
        configuration.unstable_operations[name] = True
    with ApiClient(configuration) as client:
        yield client


@pytest.fixture
def service(db: None) -> None:
    """Have something to grade."""
    make_blueprint()


@pytest.fixture
def parsed() -> Callable[[object], None]:
    """Return a check that every object in an answer was read as one of its type."""
    return _require_parsed


def _require_parsed(value: object, path: str = "answer") -> None:
    assert not getattr(value, "_unparsed", False), f"{path} is not what the client knows"
    for key, item in getattr(value, "_data_store", {}).items():
        _require_parsed(item, f"{path}.{key}")
    if isinstance(value, list):
        for index, item in enumerate(value):
            _require_parsed(item, f"{path}[{index}]")
