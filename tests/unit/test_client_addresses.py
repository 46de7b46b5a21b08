"""Where a request comes from, behind proxies of ours or none."""

from typing import Any

import pytest
from django.test import RequestFactory

from portal.client_addresses import address_of


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "10.0.0.9"),
        (0, "1.1.1.1", "10.0.0.9"),
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.8", "1.1.1.1"),
        (2, "2001:DB8::1, 10.0.0.8", "2001:db8::1"),
        (1, None, "10.0.0.9"),
        (1, "nonsense", "10.0.0.9"),
        (3, "1.1.1.1", "1.1.1.1"),
    ],
)
def test_the_address_is_counted_from_the_right(
    settings: Any, proxies: int, forwarded: str | None, address: str
):
    settings.TIDEMARK_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.9")
    assert address_of(request) == address


def test_a_server_on_a_socket_knows_no_address():
    assert address_of(RequestFactory().get("/", REMOTE_ADDR="")) == ""
