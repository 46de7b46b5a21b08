"""Addresses whose parts may hold slashes: identifiers come as ``%2F`` and stay in one part.

WSGI and ASGI hand paths over decoded, where such a slash cannot be told from one between parts. So
the path as it was sent is read again, and slashes inside of parts are kept as a character that no
identifier holds until a `Segment` is read.
"""

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponseBase
from django.urls import register_converter

PREFIXES = ("/v1/", "/api/v1/", "/api/v2/")
_SLASH = "\x1f"


class Segment:
    """The converter of one part of an address that may hold slashes."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """Return the part as the client meant it."""
        return value.replace(_SLASH, "/")

    def to_url(self, value: str) -> str:
        """Return the part as it is sent."""
        return value.replace("/", "%2F")


class Rest(Segment):
    """The converter of the last part of an address, which may hold slashes.

    It also takes what comes from a server that tells only the decoded path.
    """

    regex = ".+"


register_converter(Segment, "segment")
register_converter(Rest, "rest")


class WholeSegments:
    """Middleware that lets the addresses of wire dialects keep slashes inside their parts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Give the request the path in which parts are whole, where the server tells it."""
        if request.path_info.startswith(PREFIXES):
            sent = _path_as_sent(request)
            if "%2f" in sent.lower():
                request.path_info = "/".join(
                    unquote(part).replace("/", _SLASH) for part in sent.split("/")
                )
        return self.get_response(request)


def _path_as_sent(request: HttpRequest) -> str:
    """Return the encoded path below the root of the site; empty where the server keeps it."""
    scope = getattr(request, "scope", None)
    if scope is not None:
        sent = (scope.get("raw_path") or b"").decode("latin-1")
    else:
        sent = request.META.get("RAW_URI") or request.META.get("REQUEST_URI") or ""
    path = urlsplit(sent).path
    root = request.META.get("SCRIPT_NAME", "")
    return path.removeprefix(root)
