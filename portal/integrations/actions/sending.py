"""The requests that runs send: made from filled templates, signed, and told in one line."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from catalog.errors import Invalid
from portal.http import Answer, Outbound, send
from portal.integrations.actions.contexts import without_secrets
from portal.integrations.models import Run
from portal.signatures import timestamped_signature

# Of an answer that is no success, for the log of the run.
_SHOWN = 500


@dataclass(frozen=True)
class Told:
    """What came back, and how the log of the run tells it: without what addresses may hold."""

    status: int
    is_success: bool
    told: str


def is_synchronized(invocation: dict[str, Any]) -> bool:
    """Say whether the answer decides what becomes of the run."""
    return str(invocation.get("synchronized")).lower() == "true"


def send_webhook(run: Run, invocation: dict[str, Any], *, now: datetime) -> Told:
    """Send the request of a run. Raises `Invalid` or an `OutboundError`.

    Also what asks for an agent is sent from here: this portal stands where an agent would.
    """
    if run.action is None:
        raise Invalid.at("", "the action was deleted, and with it the key of its signatures")
    method = str(invocation.get("method") or "POST").upper()
    body = invocation.get("body")
    raw = b"" if body is None and method == "GET" else _encoded({} if body is None else body)
    headers = {
        "Content-Type": "application/json",
        **_headers(invocation.get("headers")),
        **_signature(run.action.secret.reveal(), raw, now),
    }
    return _sent(run, Outbound(method=method, url=_url(invocation), headers=headers, body=raw))


def send_slack(run: Run, invocation: dict[str, Any]) -> Told:
    """Send a message to an incoming webhook of Slack. Raises `Invalid` or an `OutboundError`."""
    body = invocation.get("body")
    raw = _encoded(body if isinstance(body, dict) else {"text": body or invocation.get("text")})
    headers = {"Content-Type": "application/json"}
    return _sent(run, Outbound(method="POST", url=_url(invocation), headers=headers, body=raw))


def _sent(run: Run, request: Outbound) -> Told:
    answer = send(request)
    host = urlsplit(request.url).hostname
    told = f"{request.method} {host}: {answer.status} in {answer.seconds:.1f} s."
    if not answer.is_success and answer.body:
        told += f" {_excerpt(run, answer)}"
    return Told(status=answer.status, is_success=answer.is_success, told=told)


def _excerpt(run: Run, answer: Answer) -> str:
    # Before it is cut: half of a secret would not be found.
    return without_secrets(run, answer.text).replace("\x00", "").strip()[:_SHOWN]


def _url(invocation: dict[str, Any]) -> str:
    url = invocation.get("url")
    if not isinstance(url, str) or not url:
        raise Invalid.at("invocationMethod.url", "must come to an address")
    return url


def _encoded(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode(errors="replace")


def _headers(raw: Any) -> dict[str, str]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise Invalid.at("invocationMethod.headers", "must come to an object of texts")
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in raw.items()
    }


def _signature(secret: str, raw: bytes, now: datetime) -> dict[str, str]:
    """Return the headers by which a receiver can tell that a body is genuine, and new."""
    moment = int(now.timestamp())
    return {
        "X-Port-Timestamp": str(moment),
        "X-Port-Signature": timestamped_signature(secret=secret, body=raw, timestamp=moment),
    }
