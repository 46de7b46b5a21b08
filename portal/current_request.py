"""The request that is being answered, for who hears of a write and was told of no actor."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from portal.permissions import SHELL, Actor

if TYPE_CHECKING:
    from django.http import HttpRequest

current_request: ContextVar["HttpRequest | None"] = ContextVar("request", default=None)

_DOORS = {"/admin/": "admin", "/api/": "api", "/v1/": "wire"}


def door_of(request: "HttpRequest") -> str:
    """Return by which door a request came, as history calls it."""
    return next((name for start, name in _DOORS.items() if request.path.startswith(start)), "page")


def current_actor() -> Actor:
    """Return who asks: the user of the request that is being answered, else the shell."""
    request = current_request.get()
    if request is None or not hasattr(request, "user"):
        return SHELL
    return Actor.of_request(request, source=door_of(request))
