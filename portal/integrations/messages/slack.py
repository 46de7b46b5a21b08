"""Messages as Slack takes them: Block Kit, within its limits. Pure.

The limits: 50 blocks; 150 characters in a header, 3,000 in the text of a section, 2,000 in each of
at most ten fields. Texts are escaped as Slack asks, so that nothing that somebody called a service
mentions a channel or makes a link.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from portal.integrations.messages.blocks import (
    Block,
    Chart,
    Context,
    Fields,
    Heading,
    Item,
    Items,
    Links,
    Message,
    Text,
)
from portal.integrations.messages.fitting import clip, clip_escaped, packed
from portal.integrations.messages.plain import more_words

MAX_BLOCKS = 50
MAX_HEADER = 150
MAX_TEXT = 3_000
MAX_FIELD = 2_000
MAX_FIELDS = 10
# Lines of a list are kept short enough for several of them to share a section.
_LINE = 600
_LINK = 1_000
_CUT = "The rest is left out: Slack shows 50 blocks at most."


def render(message: Message, *, image: str = "") -> dict[str, Any]:
    """Return the payload of a message; `image` is the id of the chart's file, once uploaded."""
    blocks = [_header(message.title)]
    for block in message.blocks:
        blocks.extend(_blocks(block, image if block is message.chart else ""))
    if len(blocks) > MAX_BLOCKS:
        blocks = [*blocks[: MAX_BLOCKS - 1], _context(_CUT)]
    # For notifications and for readers of screens; the blocks are what is shown.
    return {"text": escaped(message.title or "Tidemark", MAX_TEXT), "blocks": blocks}


def escape(text: str) -> str:
    """Return the text with the three characters escaped that mean something to Slack.

    >>> escape("<!channel> & more")
    '&lt;!channel&gt; &amp; more'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped(text: str, limit: int) -> str:
    """Return the escaped text within a limit."""
    return clip_escaped(text, limit, escape)


def _blocks(block: Block, image: str) -> Iterator[dict[str, Any]]:
    match block:
        case Heading(text) if text.strip():
            # A heading inside the message: bold, for headers stand too large in the middle.
            yield _section(f"*{escaped(_unstarred(text), MAX_HEADER)}*")
        case Text(text) if text.strip():
            yield _section(escaped(text, MAX_TEXT))
        case Context(text) if text.strip():
            yield _context(text)
        case Fields(pairs):
            yield from _fields(pairs)
        case Items(items, more):
            lines = [_line(item) for item in items]
            lines += [more_words(more)] if more else []
            yield from map(_section, packed(lines, MAX_TEXT))
        case Links(links):
            texts = [_link(text, link) for text, link in links]
            yield from map(_section, packed(texts, MAX_TEXT))
        case Chart() if image:
            yield {
                "type": "image",
                "slack_file": {"id": image},
                "alt_text": clip(block.in_words, 2_000),
                "title": _plain(block.title or "Chart", 2_000),
            }


def _header(title: str) -> dict[str, Any]:
    return {"type": "header", "text": _plain(title.strip() or "Tidemark", MAX_HEADER)}


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": clip(text, limit), "emoji": False}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [_mrkdwn(escaped(text, MAX_FIELD))]}


def _fields(pairs: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    fields = [
        _mrkdwn(f"*{escaped(_unstarred(name), MAX_HEADER)}*\n{escaped(value, MAX_FIELD - 500)}")
        for name, value in pairs
    ]
    for index in range(0, len(fields), MAX_FIELDS):
        yield {"type": "section", "fields": fields[index : index + MAX_FIELDS]}


def _line(item: Item) -> str:
    named = _link(item.text, item.link)
    note = escaped(" ".join(item.note.split()), _LINE)
    said = f"{named}: {note}" if note else named
    return f"{item.arrow.sign or '•'} {said}"


def _link(text: str, link: str) -> str:
    """Return a link; the text alone where there is none, or where it is longer than fits."""
    shown = escaped(" ".join(text.split()), _LINE) or "-"
    address = link.replace("|", "%7C").replace("<", "%3C").replace(">", "%3E").replace(" ", "%20")
    address = address.replace("&", "&amp;")
    return f"<{address}|{shown.replace('|', '¦')}>" if link and len(address) <= _LINK else shown


def _unstarred(text: str) -> str:
    """Return a text that can stand between stars, on one line."""
    return " ".join(text.replace("*", "∗").split()) or "-"
