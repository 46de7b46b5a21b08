"""Messages as each kind of channel will show them, for people to look at before they are sent."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from portal.integrations.channels.outcomes import Envelope
from portal.integrations.channels.sending import webhook_document
from portal.integrations.messages import Message, charts, mail, plain, slack, teams
from portal.integrations.models import Channel

Kind = Channel.Kind
# A link, or words between stars, in the text of a section.
_MARKS = re.compile(r"<([^|>]+)\|([^>]*)>|\*([^*\n]+)\*")


@dataclass(frozen=True)
class Run:
    """A piece of a text of Slack's."""

    text: str
    link: str = ""
    is_bold: bool = False


@dataclass(frozen=True)
class ShownBlock:
    """A block as Slack shows it; `texts` are its parts, side by side where it has several."""

    kind: str
    texts: list[list[Run]] = field(default_factory=list)


@dataclass(frozen=True)
class Preview:
    """A message as a channel shows it, as far as that can be shown here, and what is sent for it.

    One of `blocks` (Slack), `html` (mail) and `text`; `image` is the chart, as an address.
    """

    title: str
    payload: str
    blocks: list[ShownBlock] = field(default_factory=list)
    html: str = ""
    text: str = ""
    image: str = ""
    image_text: str = ""


def preview_of(message: Message, *, kind: str, envelope: Envelope) -> Preview:
    """Return the preview of a message for a kind of channel."""
    match kind:
        case Kind.SLACK_WEBHOOK | Kind.SLACK_TOKEN:
            return _slack_preview(message, has_image=kind == Kind.SLACK_TOKEN)
        case Kind.EMAIL:
            return Preview(
                title=mail.subject(message),
                payload=plain.as_text(message),
                html=mail.render(message, image=_chart_address(message)),
            )
        case Kind.TEAMS:
            payload = _pretty(teams.render(message))
        case Kind.APPRISE:
            payload = plain.as_markdown(message)
        case _:
            payload = _pretty(webhook_document(envelope))
    return Preview(title=message.title, payload=payload, text=plain.as_text(message))


def _slack_preview(message: Message, *, has_image: bool) -> Preview:
    # The file has its id only once it is uploaded.
    payload = slack.render(message, image="(uploaded first)" if has_image else "")
    return Preview(
        title=message.title,
        payload=_pretty(payload),
        blocks=list(_shown(payload["blocks"])),
        image=_chart_address(message) if has_image else "",
        image_text=message.chart.in_words if message.chart else "",
    )


def _chart_address(message: Message) -> str:
    """Return the chart as an address that holds the whole image; empty where there is none."""
    if message.chart is None:
        return ""
    return f"data:image/png;base64,{b64encode(charts.draw(message.chart)).decode()}"


def runs_of(text: str) -> list[Run]:
    """Return the pieces of a text of Slack's, with its escapes undone.

    >>> [run.text for run in runs_of("*A* &amp; <https://b.example|B>")]
    ['A', ' & ', 'B']
    """
    return list(_runs(text))


def _runs(text: str) -> Iterator[Run]:
    position = 0
    for mark in _MARKS.finditer(text):
        if mark.start() > position:
            yield Run(unescape(text[position : mark.start()]))
        position = mark.end()
        link, label, bold = mark.groups()
        if bold is not None:
            yield Run(unescape(bold), is_bold=True)
        else:
            yield Run(unescape(label), link=_safe(unescape(link)))
    if position < len(text):
        yield Run(unescape(text[position:]))


def _safe(link: str) -> str:
    return link if link.startswith(("https://", "http://")) else ""


def _shown(blocks: list[dict[str, Any]]) -> Iterator[ShownBlock]:
    for block in blocks:
        match block["type"]:
            case "header":
                yield ShownBlock("header", [[Run(block["text"]["text"])]])
            case "context":
                yield ShownBlock("context", [runs_of(item["text"]) for item in block["elements"]])
            case "image":
                yield ShownBlock("image")
            case _ if "fields" in block:
                yield ShownBlock("fields", [runs_of(item["text"]) for item in block["fields"]])
            case _:
                yield ShownBlock("section", [runs_of(block["text"]["text"])])


def _pretty(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
