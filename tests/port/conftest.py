"""Who speaks the dialect in tests."""

from datetime import UTC, datetime

import pytest

from portal.integrations.credentials import create_credential
from portal.integrations.port import tokens
from portal.integrations.port.wrong_secrets import wrong_secrets
from portal.permissions import SHELL
from tests.port.clients import PortClient


def _client(name: str, scope: str) -> PortClient:
    row, _made = create_credential(name=name, scope=scope, by=SHELL, now=datetime.now(UTC))
    return PortClient(token=tokens.issue(row, now=datetime.now(UTC)))


@pytest.fixture
def port(db: None) -> PortClient:
    """Return a client that may write."""
    return _client("writer", "write")


@pytest.fixture
def reader(db: None) -> PortClient:
    """Return a client that may only read."""
    return _client("reader", "read")


@pytest.fixture
def stranger(db: None) -> PortClient:
    """Return a client without a token."""
    return PortClient()


@pytest.fixture(autouse=True)
def _forgiven() -> None:
    """Forget the wrong secrets of other tests."""
    wrong_secrets.clear()
