"""Sending to Slack: by an incoming webhook, or by the token of an app, which can bring an image.

The image is uploaded first and not shared; the message then shows it. So only the last request is
seen by anybody, and what fails before it can be repeated.
"""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from portal.http import Answer
from portal.integrations.channels.definitions import SLACK_API
from portal.integrations.channels.outcomes import Envelope, PutOff, Rejected, Sent
from portal.integrations.channels.posting import post, sent, told_of, wait_of
from portal.integrations.messages import Message, charts, slack
from portal.integrations.models import Channel

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Errors of Slack's that pass by themselves.
_PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"}
    | {"request_timeout", "team_added_to_org", "accesslimited", "message_limit_exceeded"}
)
# What says that it is the image that is in the way.
_IMAGE_FAULTS = frozenset({"invalid_blocks", "invalid_blocks_format", "slack_file_not_found"})


def send_by_webhook(channel: Channel, envelope: Envelope, *, now: datetime) -> Sent:
    """Send to an incoming webhook, which cannot show an image of ours."""
    url = channel.address.reveal()
    answer = post(url, _json(slack.render(envelope.message)), headers=_JSON, now=now)
    return Sent(told_of(url, answer))


def send_by_token(channel: Channel, envelope: Envelope, *, now: datetime) -> Sent:
    """Send by the token of an app, with the chart as an image where the app may upload files."""
    api = _Api(channel.address.reveal() or SLACK_API, channel.secret.reveal(), now)
    message: Message = envelope.message
    note, image = "", ""
    if message.chart is not None:
        try:
            image = _uploaded(api, message)
        except Rejected as error:
            note = f" Without its chart: {error.told}"
    try:
        told = _posted(api, channel.target, message, image)
    except Rejected as error:
        if not image or not any(word in error.told for word in _IMAGE_FAULTS):
            raise
        note = f" Without its chart: {error.told}"
        told = _posted(api, channel.target, message, "")
    return Sent(told + note)


def _posted(api: "_Api", target: str, message: Message, image: str) -> str:
    document = {
        "channel": target,
        "unfurl_links": False,
        "unfurl_media": False,
        **slack.render(message, image=image),
    }
    api.call("chat.postMessage", _json(document), _JSON)
    return f"Slack took the message for {target}."


def _uploaded(api: "_Api", message: Message) -> str:
    """Upload the chart and return the id of its file."""
    chart = message.chart
    if chart is None:
        return ""
    png = charts.draw(chart)
    asked = {"filename": "chart.png", "length": len(png), "alt_txt": chart.in_words[:1000]}
    place = api.call("files.getUploadURLExternal", urlencode(asked).encode(), _FORM)
    url, file = str(place.get("upload_url", "")), str(place.get("file_id", ""))
    # The address is secret, and without the token: Slack does not want it there.
    post(url, png, headers={"Content-Type": "image/png"}, now=api.now)
    api.call(
        "files.completeUploadExternal",
        _json({"files": [{"id": file, "title": chart.title[:100]}]}),
        _JSON,
    )
    return file


class _Api:
    """Slack's methods, called with a token."""

    def __init__(self, address: str, token: str, now: datetime) -> None:
        self.now = now
        self._address, self._token = address.rstrip("/"), token

    def call(self, method: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        """Return what a method says; raises `PutOff` or `Rejected`, which name it."""
        url = f"{self._address}/{method}"
        headers = {**headers, "Authorization": f"Bearer {self._token}"}
        answer = sent(url, body, headers=headers)
        said = _said(answer)
        if answer.is_success and said.get("ok") is True:
            return said
        # Words of Slack's own; anything else might hold what was asked.
        error = str(said.get("error", ""))
        error = error if error.replace("_", "").isalnum() and error.isascii() else "no reason given"
        told = f"Slack's {method} answered {answer.status}: {error[:100]}."
        if answer.status == 429 or answer.status >= 500 or error in _PASSING:
            raise PutOff(told, wait=wait_of(answer, now=self.now) or _pause(error))
        raise Rejected(told)


def _pause(error: str) -> timedelta | None:
    return timedelta(minutes=1) if error in ("ratelimited", "rate_limited") else None


def _said(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode(errors="replace")
