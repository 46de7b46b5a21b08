"""Where a request comes from."""

from ipaddress import ip_address
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest


def address_of(request: "HttpRequest") -> str:
    """Return the address of the client, empty where the server does not know it.

    With `TIDEMARK_PROXIES` it is that many places before our own peer in `X-Forwarded-For`, counted
    from the right: what stands further left was sent by the client, and says what the client likes.
    """
    peer = request.META.get("REMOTE_ADDR") or ""
    passed = [*request.META.get("HTTP_X_FORWARDED_FOR", "").split(","), peer]
    told = passed[max(len(passed) - 1 - settings.TIDEMARK_PROXIES, 0)]
    return _address(told) or _address(peer)


def _address(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return ""
