"""Servers of our own may be reached, and the site knows its address."""

from collections.abc import Iterator

import pytest
from django.test import override_settings


@pytest.fixture(autouse=True)
def _own_servers_allowed() -> Iterator[None]:
    allowed = {"TIDEMARK_ALLOWED_HOSTS_OUT": ["127.0.0.1"], "TIDEMARK_URL": "https://t.example"}
    with override_settings(**allowed):
        yield
