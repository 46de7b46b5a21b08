"""Send one request and return its answer, within limits of time and size."""

import json
import logging
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from portal.http.addresses import Allowed
from portal.http.connections import Route, RouteAdapter, literal_places, vet
from portal.http.errors import Refused, Unreachable
from portal.http.reasons import reason

logger = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# Too many requests, and what a gateway or a server says that is not up to it just now.
_BUSY_STATUSES = frozenset({429, 502, 503, 504})
_FIRST_WAIT = 0.5
# Where one message ends and the next begins is not for a caller's headers to say.
_OUR_HEADERS = frozenset(
    {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "proxy-authorization", "proxy-connection"}
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """A request to be sent. Times are seconds; `deadline` spans all tries and the waits between.

    `retries` is for requests that may arrive twice without harm: it repeats where no connection
    came about and after 429, 502, 503 and 504, after as long as the answer asks for. What has
    stored rows to repeat from needs none. What the URL, headers and body hold is not shown.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    connect_timeout: float = 5
    read_timeout: float = 10
    deadline: float = 30
    body_limit: int = MAX_BODY
    retries: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, whatever its status. `is_cut` says that the body went on past the limit."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    is_cut: bool
    seconds: float

    @property
    def is_success(self) -> bool:
        """Say whether the status is one of 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """Return the body for people to read; what is not UTF-8 is replaced."""
        return self.body.decode(errors="replace")


def post_json(
    url: str, document: Any, *, headers: Mapping[str, str] | None = None, retries: int = 0
) -> Answer:
    """Send a document of plain values as JSON; see `send`."""
    return send(
        Outbound(
            method="POST",
            url=url,
            headers={"Content-Type": "application/json", **(headers or {})},
            body=json.dumps(document, ensure_ascii=False).encode(),
            retries=retries,
        )
    )


def send(request: Outbound) -> Answer:
    """Send a request and return the answer, whatever its status.

    Redirects are not followed: a 3xx is an answer like any other. What follows one turns a POST
    into a GET, and hands headers to a host that nobody entered. Proxies, credentials and cookies
    of the environment are not used.

    Raises `Refused` or `Unreachable`, both an `OutboundError`.
    """
    prepared = _prepared(request)
    ends_at = monotonic() + request.deadline
    for attempt in range(request.retries):
        wait = _FIRST_WAIT * 2**attempt
        try:
            answer = _attempt(request, prepared, ends_at)
        except Unreachable as error:
            if error.was_sent or not _has_waited(wait, ends_at):
                raise
        else:
            is_busy = answer.status in _BUSY_STATUSES
            if not (is_busy and _has_waited(max(wait, _retry_after(answer)), ends_at)):
                return answer
    return _attempt(request, prepared, ends_at)


def check_url(url: str) -> None:
    """Raise `Refused` where the URL can be seen to be unusable without looking up its name.

    For forms: what is accepted here can still be refused when it is sent, by what its name leads
    to then.
    """
    _prepared(Outbound(method="GET", url=url))


def _prepared(request: Outbound) -> requests.PreparedRequest:
    if request.method not in METHODS:
        raise Refused(f"The method has to be one of {', '.join(sorted(METHODS))}.")
    _check_headers(request.headers)
    headers = CaseInsensitiveDict(_own_headers())
    headers.update(request.headers)
    try:
        prepared = requests.Request(
            request.method, request.url, headers=headers, data=request.body
        ).prepare()
        parts = urlsplit(prepared.url or "")
        host, _ = parts.hostname, parts.port
    # Their messages hold the whole URL.
    except (requests.RequestException, ValueError):
        raise Refused("This is not a usable URL; one looks like https://host/path.") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise Refused("The URL has to begin with http:// or https:// and name a host.")
    if "@" in parts.netloc:
        raise Refused("The URL may not hold a user name or password; send them in a header.")
    vet(host, literal_places(host), allowed=_allowed())
    return prepared


def _own_headers() -> dict[str, str]:
    version = settings.SPECTACULAR_SETTINGS["VERSION"]
    # Bodies come as they are: what is limited is then what was sent.
    return {"User-Agent": f"Tidemark/{version}", "Accept": "*/*", "Accept-Encoding": "identity"}


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise Refused("The name of a header may hold letters, digits and hyphens only.")
        if name.lower() in _OUR_HEADERS:
            raise Refused(f"The header {name} cannot be set; leave it out.")
        if not _HEADER_VALUE.fullmatch(value):
            raise Refused(f"The value of the header {name} has to be one line of Latin-1 text.")


def _attempt(request: Outbound, prepared: requests.PreparedRequest, ends_at: float) -> Answer:
    route = Route(
        allowed=_allowed(),
        connect_timeout=request.connect_timeout,
        read_timeout=request.read_timeout,
        ends_at=ends_at,
    )
    host = urlsplit(prepared.url or "").hostname
    try:
        answer = _exchange(request, prepared, route)
    except (Unreachable, OSError, HTTPError) as error:
        is_told = isinstance(error, Unreachable)
        failure = error if is_told else Unreachable(f"{host} {reason(error)}.")
        logger.info("%s %s", request.method, failure)
        # Without what caused it, whose message holds the path and the query.
        raise failure from None
    logger.info("%s %s: %s in %.2f s", request.method, host, answer.status, answer.seconds)
    return answer


def _exchange(request: Outbound, prepared: requests.PreparedRequest, route: Route) -> Answer:
    started_at = monotonic()
    timeouts = (request.connect_timeout, request.read_timeout)
    with (
        closing(RouteAdapter(route)) as adapter,
        adapter.send(prepared, stream=True, timeout=timeouts) as response,
    ):
        body = response.raw.read(request.body_limit + 1, decode_content=True)
    return Answer(
        status=response.status_code,
        headers=response.headers,
        body=body[: request.body_limit],
        is_cut=len(body) > request.body_limit,
        seconds=monotonic() - started_at,
    )


def _allowed() -> Allowed:
    return Allowed.parse(settings.TIDEMARK_ALLOWED_HOSTS_OUT)


def _has_waited(seconds: float, ends_at: float) -> bool:
    """Wait and return True, or return False at once where the deadline would pass meanwhile."""
    if monotonic() + seconds >= ends_at:
        return False
    sleep(seconds)
    return True


def _retry_after(answer: Answer) -> float:
    try:
        return Retry().parse_retry_after(answer.headers.get("Retry-After", "0"))
    except (InvalidHeader, ValueError, OverflowError):
        return 0
