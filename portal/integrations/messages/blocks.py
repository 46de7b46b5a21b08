"""What a message is made of, whichever channel carries it, and its shape as JSON. Pure.

Every text is plain: what looks like markup is shown as it is written. Links may be empty, which
means that there is nothing to lead to.
"""

from enum import StrEnum
from typing import Any

import msgspec


class Arrow(StrEnum):
    """Which way something moved."""

    UP = "up"
    DOWN = "down"
    NONE = ""

    @property
    def sign(self) -> str:
        """Return a sign that every channel can show."""
        return {Arrow.UP: "▲", Arrow.DOWN: "▼", Arrow.NONE: ""}[self]


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """The title of what follows."""

    text: str


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A paragraph."""

    text: str


class Fields(msgspec.Struct, frozen=True, tag="fields"):
    """Short values with their names."""

    pairs: tuple[tuple[str, str], ...]


class Item(msgspec.Struct, frozen=True):
    """A line of a list: what it is about, perhaps with a link, and what is said of it."""

    text: str
    link: str = ""
    note: str = ""
    arrow: Arrow = Arrow.NONE


class Items(msgspec.Struct, frozen=True, tag="items"):
    """A list; `more` is how many lines were left out of it."""

    items: tuple[Item, ...]
    more: int = 0


class Part(msgspec.Struct, frozen=True):
    """A piece of a bar: how many, of what, and the colour of a level."""

    label: str
    count: int
    color: str


class Bar(msgspec.Struct, frozen=True):
    """A stacked bar."""

    label: str
    parts: tuple[Part, ...]


class Chart(msgspec.Struct, frozen=True, tag="chart"):
    """Stacked bars, drawn where the channel can show an image; the same is said in the text."""

    title: str
    bars: tuple[Bar, ...]

    @property
    def in_words(self) -> str:
        """Return what the image shows, for those who do not see it."""
        bars = [f"{bar.label}: {_parts_in_words(bar)}" for bar in self.bars]
        title = self.title or "Chart"
        return f"{title}. {'; '.join(bars)}." if bars else title


class Links(msgspec.Struct, frozen=True, tag="links"):
    """Where to go on, as pairs of a text and an address."""

    links: tuple[tuple[str, str], ...]


class Context(msgspec.Struct, frozen=True, tag="context"):
    """A remark in small print."""

    text: str


Block = Heading | Text | Fields | Items | Chart | Links | Context


class Message(msgspec.Struct, frozen=True):
    """A title, and blocks in their order."""

    title: str
    blocks: tuple[Block, ...] = ()

    @property
    def chart(self) -> Chart | None:
        """Return the first chart, which is the one that is drawn."""
        return next((block for block in self.blocks if isinstance(block, Chart)), None)


def dump(message: Message) -> dict[str, Any]:
    """Return the message as JSON.

    >>> dump(Message("Hello", (Text("There"),)))
    {'title': 'Hello', 'blocks': [{'type': 'text', 'text': 'There'}]}
    """
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(message))
    return made


def parse(document: Any) -> Message:
    """Return the message that `dump` wrote."""
    return msgspec.convert(document, Message)


def _parts_in_words(bar: Bar) -> str:
    return ", ".join(f"{part.count:,} {part.label}" for part in bar.parts) or "nothing"
