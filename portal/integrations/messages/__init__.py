"""Messages of no channel in particular, and how each kind of channel is told them. Pure."""

from portal.integrations.messages.blocks import (
    Arrow,
    Bar,
    Block,
    Chart,
    Context,
    Fields,
    Heading,
    Item,
    Items,
    Links,
    Message,
    Part,
    Text,
    dump,
    parse,
)

__all__ = [
    "Arrow",
    "Bar",
    "Block",
    "Chart",
    "Context",
    "Fields",
    "Heading",
    "Item",
    "Items",
    "Links",
    "Message",
    "Part",
    "Text",
    "dump",
    "parse",
]
