"""Requests of channels, and what their answers mean for a message."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from portal.http import Answer, Outbound, OutboundError, Unreachable, send
from portal.integrations.channels.outcomes import PutOff, Rejected

# Seconds without a word from the other side.
PATIENCE = 10.0
# What a server says that may do better in a while.
_BUSY = frozenset({408, 425, 429})
_MOST_WAIT = timedelta(days=1)
_SHOWN = 200


def post(url: str, body: bytes, *, headers: Mapping[str, str], now: datetime) -> Answer:
    """Send a request that has to succeed; raises `PutOff` or `Rejected`."""
    answer = sent(url, body, headers=headers)
    if answer.is_success:
        return answer
    told = told_of(url, answer)
    if answer.status in _BUSY or answer.status >= 500:
        raise PutOff(told, wait=wait_of(answer, now=now))
    raise Rejected(told)


def sent(url: str, body: bytes, *, headers: Mapping[str, str]) -> Answer:
    """Send a request and return the answer, whatever it is; raises `PutOff` or `Rejected`."""
    request = Outbound(method="POST", url=url, headers=headers, body=body, read_timeout=PATIENCE)
    try:
        return send(request)
    except Unreachable as error:
        raise PutOff(str(error)) from None
    except OutboundError as error:
        raise Rejected(str(error)) from None


def told_of(url: str, answer: Answer) -> str:
    """Return how an answer is told: nothing of what was asked, and little of what was said.

    Answers are short words such as `no_service`. One that names the secret it was asked with is
    told without its text.
    """
    parts = urlsplit(url)
    text = " ".join(answer.text.replace("\x00", "").split())
    pieces = [piece for piece in (parts.path + "/" + parts.query).split("/") if len(piece) > 5]
    if any(piece in text for piece in pieces):
        text = ""
    words = f"{parts.hostname} answered {answer.status} in {answer.seconds:.1f} s"
    return f"{words}: {text[:_SHOWN]}" if text else f"{words}."


def wait_of(answer: Answer, *, now: datetime) -> timedelta | None:
    """Return how long an answer asks to wait, a day at most; None where it asks for nothing."""
    asked = answer.headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return min(timedelta(seconds=min(int(asked), 10**6)), _MOST_WAIT)
    try:
        moment = parsedate_to_datetime(asked)
    except (TypeError, ValueError, IndexError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), _MOST_WAIT)
