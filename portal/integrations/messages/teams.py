"""Messages as Microsoft Teams takes them: an adaptive card for the webhook of a workflow. Pure.

A request may have 28 KB; what does not fit is left off the end, and the card says so.
"""

import json
from collections.abc import Iterator
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
from portal.integrations.messages.fitting import clip
from portal.integrations.messages.plain import escape_markdown, markdown_line, more_words

MAX_BYTES = 28_000
MAX_ACTIONS = 6
_TEXT = 2_000
_LINK = 1_000
_CUT = "The rest is left out: a card holds no more."


def render(message: Message) -> dict[str, Any]:
    """Return the payload of a message: as much of it as fits."""
    parts = [part for block in message.blocks for part in _parts(block)]
    kept = len(parts)
    card = _card(message, parts)
    while kept and size(card) > MAX_BYTES:
        kept = kept * 3 // 4
        card = _card(message, [*parts[:kept], _small(_CUT)])
    return card


def size(payload: dict[str, Any]) -> int:
    """Return how many bytes a payload has as it is sent."""
    return len(json.dumps(payload, ensure_ascii=False).encode())


def _card(message: Message, parts: list[dict[str, Any]]) -> dict[str, Any]:
    title = {**_text(message.title or "Tidemark"), "size": "Large", "weight": "Bolder"}
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [title, *parts],
    }
    if actions := _actions(message):
        content["actions"] = actions
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _parts(block: Block) -> Iterator[dict[str, Any]]:
    match block:
        case Heading(text):
            yield {**_text(text), "weight": "Bolder", "spacing": "Large"}
        case Text(text):
            yield _text(text)
        case Context(text):
            yield _small(text)
        case Fields(pairs):
            facts = [{"title": clip(name, 200), "value": clip(value, 500)} for name, value in pairs]
            yield {"type": "FactSet", "facts": facts}
        case Items(items, more):
            # One text a line: lists in the Markdown of cards lose their links on phones.
            for item in items:
                line = markdown_line(_fitting(item))
                yield {"type": "TextBlock", "text": line, "wrap": True, "spacing": "Small"}
            if more:
                yield _small(more_words(more))
        case Chart() | Links():
            return  # the image does not fit a card, and links are its actions


def _fitting(item: Item) -> Item:
    link = item.link if len(item.link) <= _LINK else ""
    return Item(clip(item.text, 300), link, clip(item.note, 300), item.arrow)


def _actions(message: Message) -> list[dict[str, Any]]:
    links = [pair for block in message.blocks if isinstance(block, Links) for pair in block.links]
    return [
        {"type": "Action.OpenUrl", "title": clip(text, 100), "url": link}
        for text, link in links[:MAX_ACTIONS]
        if link and len(link) <= _LINK
    ]


def _text(text: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": escape_markdown(clip(text, _TEXT)), "wrap": True}


def _small(text: str) -> dict[str, Any]:
    return {**_text(text), "isSubtle": True, "size": "Small"}
