"""Messages as plain text and as Markdown. Pure."""

import re
from collections.abc import Callable, Iterator

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

# What means something in Markdown, wherever it stands.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#|~!])")


def more_words(count: int) -> str:
    """Say how many lines were left out."""
    return f"and {count:,} more"


def as_text(message: Message) -> str:
    """Return the body of the message as plain text, without its title."""
    return _joined(message, _text_lines)


def as_markdown(message: Message) -> str:
    """Return the body of the message as Markdown, without its title."""
    return _joined(message, _markdown_lines)


def _joined(message: Message, lines_of: Callable[[Block], Iterator[str]]) -> str:
    parts = ["\n".join(lines_of(block)) for block in message.blocks]
    return "\n\n".join(part for part in parts if part)


def _text_lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(text):
            yield text.upper()
        case Text(text) | Context(text):
            yield text
        case Fields(pairs):
            yield from (f"{name}: {value}" for name, value in pairs)
        case Items(items, more):
            for item in items:
                yield f"- {told(item, item.text, item.note)}"
                if item.link:
                    yield f"  {item.link}"
            if more:
                yield f"- {more_words(more)}"
        case Links(links):
            yield from (f"{text}: {link}" for text, link in links)
        case Chart():
            yield block.in_words


def _markdown_lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(text):
            yield f"**{escape_markdown(text)}**"
        case Text(text):
            yield escape_markdown(text)
        case Context(text):
            yield f"*{escape_markdown(text)}*"
        case Fields(pairs):
            for name, value in pairs:
                yield f"- {escape_markdown(name)}: **{escape_markdown(value)}**"
        case Items(items, more):
            yield from (f"- {markdown_line(item)}" for item in items)
            if more:
                yield f"- {more_words(more)}"
        case Links(links):
            yield from (markdown_link(text, link) for text, link in links)
        case Chart():
            yield escape_markdown(block.in_words)


def escape_markdown(text: str) -> str:
    """Return the text so that Markdown shows it as it is.

    >>> escape_markdown("a*b")
    'a\\\\*b'
    """
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def markdown_link(text: str, link: str) -> str:
    """Return a link in Markdown; the text alone where there is none."""
    address = link.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{escape_markdown(text)}]({address})" if link else escape_markdown(text)


def markdown_line(item: Item) -> str:
    """Return a line of a list in Markdown, without its bullet."""
    named = markdown_link(item.text, item.link)
    return told(item, named, escape_markdown(item.note))


def told(item: Item, named: str, note: str) -> str:
    """Return a line of a list from its parts, as a channel shows them."""
    said = f"{named}: {note}" if note else named
    return f"{item.arrow.sign} {said}" if item.arrow else said
