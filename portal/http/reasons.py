"""Why no answer came, in a few words that hold nothing of the request."""

import http.client
import ssl
from collections.abc import Iterator

from urllib3.exceptions import DecodeError
from urllib3.exceptions import TimeoutError as PoolTimeoutError

# The first that fits; most of the exceptions are kinds of one another.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "gave no complete answer in time"),
    (PoolTimeoutError, "gave no complete answer in time"),
    (DecodeError, "sent a body that cannot be decompressed"),
    (http.client.RemoteDisconnected, "closed the connection without an answer"),
    (http.client.IncompleteRead, "broke off in the middle of its answer"),
    (http.client.BadStatusLine, "did not answer in HTTP"),
    (http.client.HTTPException, "answered with too many or too long headers"),
)


def reason(error: BaseException) -> str:
    """Return what happened, as the rest of a sentence that begins with the host."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"has a certificate that cannot be trusted: {cause.verify_message.rstrip('.')}"
        if isinstance(cause, ssl.SSLError):
            return "could not agree on an encrypted connection; perhaps it speaks plain HTTP"
    for kind, words in _REASONS:
        if any(isinstance(cause, kind) for cause in causes):
            return words
    return "broke the connection"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__context__
