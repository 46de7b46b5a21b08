"""Connections to the very addresses that were vetted, and no longer than they may take.

A name is resolved once, where the socket is opened; what it resolved to is vetted, and the socket
is connected to that. Nothing resolves it a second time, so that an answer which changes in between
gains nothing. The host's name stays what it was for the certificate and for the `Host` header.
"""

import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from ipaddress import ip_address
from time import monotonic
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.certs import where
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

from portal.http.addresses import Allowed
from portal.http.errors import Refused, Unreachable

logger = logging.getLogger(__name__)

# What `connect` needs: the family and the address as the resolver gives it, scope included.
Place = tuple[int, tuple[Any, ...]]


@dataclass(frozen=True)
class Route:
    """Where one request may go and how long it may take: seconds, and a moment of `monotonic`."""

    allowed: Allowed
    connect_timeout: float
    read_timeout: float
    ends_at: float

    def open(self, host: str, port: int) -> socket.socket:
        """Return a socket connected to the host; raises `Refused` or `Unreachable`."""
        places = _resolved(host, port)
        vet(host, places, allowed=self.allowed)
        reason = "has no address"
        for family, address in places:
            try:
                return self._connected(family, address)
            except TimeoutError:
                reason = "did not accept a connection in time"
            except OSError as error:
                reason = f"cannot be connected to: {error.strerror or 'no reason given'}"
        raise Unreachable(f"{host} {reason}.", was_sent=False)

    def _connected(self, family: int, address: tuple[Any, ...]) -> socket.socket:
        sock = _TimedSocket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(_shorter(self.connect_timeout, self.ends_at))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            sock.close()
            raise
        return sock


def vet(host: str, places: list[Place], *, allowed: Allowed) -> None:
    """Raise `Refused` where any of the places that a host leads to is not allowed.

    One is enough: a name that leads to a public and to a private address is an accident or a
    trick.
    """
    if allowed.names_host(host):
        return
    for _, address in places:
        kind = allowed.refusal(ip_address(address[0].partition("%")[0]))
        if kind is not None:
            # The address itself is for the log alone: what inner names stand for is nobody's.
            logger.warning("Refused to connect to %s: %s is %s", host, address[0], kind)
            raise Refused(
                f"{host} may not be reached: it leads to {kind}. If it should be, whoever runs "
                "this site can name it in the setting TIDEMARK_ALLOWED_HOSTS_OUT."
            )


def literal_places(host: str) -> list[Place]:
    """Return the address that the host's text itself is, in any of the forms the system reads.

    Those are more than people know: 2130706433, 0x7f.1 and 127.1 are all the loopback address.
    Nothing is looked up; a name gives an empty list.
    """
    try:
        return _places(host, 0, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return []


def _resolved(host: str, port: int) -> list[Place]:
    try:
        return _places(host, port)
    # A label that is too long is a ValueError.
    except (OSError, ValueError):
        raise Unreachable(f"{host} cannot be found: its name leads nowhere.", was_sent=False)


def _places(host: str, port: int, *, flags: int = 0) -> list[Place]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]


def _shorter(seconds: float, ends_at: float) -> float:
    """Return how long the next step may take; raises `TimeoutError` where no time is left."""
    left = ends_at - monotonic()
    if left <= 0:
        raise TimeoutError("out of time")
    return min(seconds, left)


class _Timed:
    """A socket whose every step ends by the deadline, however slowly the bytes drip in.

    A socket's own timeout starts anew with every byte.
    """

    patience: float
    ends_at: float | None = None

    def recv_into(self, *args: Any) -> int:
        return self._timed(super().recv_into, *args)  # type: ignore[misc]

    def sendall(self, *args: Any) -> None:
        self._timed(super().sendall, *args)  # type: ignore[misc]

    def _timed(self, step: Callable[..., Any], *args: Any) -> Any:
        if self.ends_at is not None:
            self.settimeout(_shorter(self.patience, self.ends_at))  # type: ignore[attr-defined]
        return step(*args)


class _TimedSocket(_Timed, socket.socket):
    """A plain socket with a deadline."""


class _TimedTLSSocket(_Timed, ssl.SSLSocket):
    """An encrypted socket with a deadline."""


class _Pinned:
    """A connection that takes its socket from a route."""

    def __init__(self, route: Route, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._route = route

    def _new_conn(self) -> socket.socket:
        # With the trailing dot, if there is one: it keeps the resolver from trying other domains.
        return self._route.open(self._dns_host, self.port)  # type: ignore[attr-defined]

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock: Any
        self.sock.patience, self.sock.ends_at = self._route.read_timeout, self._route.ends_at


class _PinnedHTTPConnection(_Pinned, HTTPConnection):
    """Plain HTTP over a vetted socket."""


class _PinnedHTTPSConnection(_Pinned, HTTPSConnection):
    """HTTPS over a vetted socket; the certificate has to be the host's."""


class RouteAdapter(HTTPAdapter):
    """What `requests` sends through: connections of one route, proven by certificates."""

    def __init__(self, route: Route) -> None:
        self._route = route
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=tls_context(), **kwargs)

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *args: Any, **kwargs: Any
    ) -> HTTPConnectionPool:
        pool = super().get_connection_with_tls_context(request, *args, **kwargs)
        pinned = _PinnedHTTPSConnection if pool.scheme == "https" else _PinnedHTTPConnection
        pool.ConnectionCls = partial(pinned, self._route)
        return pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # The context knows the authorities; the original would load them again every time.
        conn.cert_reqs = "CERT_REQUIRED"


@cache
def tls_context() -> ssl.SSLContext:
    """Return what TLS goes by: the authorities of the system and those that browsers know.

    The system's are where a company adds its own.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(where())
    context.sslsocket_class = _TimedTLSSocket
    return context
