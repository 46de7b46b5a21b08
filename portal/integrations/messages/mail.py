"""Messages as mail: HTML that every mail program shows, with its styles inline. Pure."""

from collections.abc import Iterator, Sequence
from html import escape

from portal.integrations.messages.blocks import (
    Arrow,
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
from portal.integrations.messages.plain import more_words

# A line of a header, which RFC 5322 lets have 998; people read the start of it.
MAX_SUBJECT = 200
_INK, _SOFT, _LINK, _LINE = "#16233b", "#5c6b80", "#0b6b86", "#dfe5ec"
_ARROWS = {Arrow.UP: "#14703f", Arrow.DOWN: "#b42d23"}
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


def subject(message: Message) -> str:
    """Return the subject: one line."""
    return clip(" ".join(message.title.split()) or "Tidemark", MAX_SUBJECT)


def render(message: Message, *, image: str = "") -> str:
    """Return the HTML of a message; `image` is the address of the chart, if there is one."""
    parts = [part for block in message.blocks for part in _parts(block, message, image)]
    title = f'<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">{_h(message.title)}</h1>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_h(message.title)}</title></head>"
        f'<body style="margin:0;padding:24px;background:#ffffff;color:{_INK};{_FONT};'
        'font-size:15px;line-height:1.5">'
        f'<div style="max-width:640px;margin:0 auto">{title}{"".join(parts)}</div></body></html>'
    )


def _parts(block: Block, message: Message, image: str) -> Iterator[str]:
    match block:
        case Heading(text):
            yield f'<h2 style="margin:24px 0 8px;font-size:16px">{_h(text)}</h2>'
        case Text(text):
            yield f'<p style="margin:0 0 12px">{_lines(text)}</p>'
        case Context(text):
            yield f'<p style="margin:16px 0 0;font-size:13px;color:{_SOFT}">{_lines(text)}</p>'
        case Fields(pairs):
            yield _table(pairs)
        case Items(items, more):
            lines = [*map(_line, items), *([f"<li>{more_words(more)}</li>"] if more else [])]
            yield f'<ul style="margin:0 0 12px;padding-left:20px">{"".join(lines)}</ul>'
        case Links(links):
            named = " &nbsp; ".join(_anchor(text, link) for text, link in links)
            yield f'<p style="margin:16px 0 0">{named}</p>'
        case Chart() if image and block is message.chart:
            yield (
                f'<p style="margin:0 0 12px"><img src="{_h(image)}" alt="{_h(block.in_words)}" '
                'width="640" style="max-width:100%;height:auto;border:0"></p>'
            )


def _table(pairs: Sequence[tuple[str, str]]) -> str:
    cell = f"padding:4px 16px 4px 0;border-bottom:1px solid {_LINE};text-align:left"
    rows = "".join(
        f'<tr><th scope="row" style="{cell};font-weight:400;color:{_SOFT}">{_h(name)}</th>'
        f'<td style="{cell}">{_lines(value)}</td></tr>'
        for name, value in pairs
    )
    return f'<table style="border-collapse:collapse;margin:0 0 12px">{rows}</table>'


def _line(item: Item) -> str:
    sign = ""
    if item.arrow:
        sign = f'<span style="color:{_ARROWS[item.arrow]}">{item.arrow.sign}</span> '
    note = f' <span style="color:{_SOFT}">{_h(item.note)}</span>' if item.note else ""
    return f"<li>{sign}{_anchor(item.text, item.link)}{note}</li>"


def _anchor(text: str, link: str) -> str:
    return f'<a href="{_h(link)}" style="color:{_LINK}">{_h(text)}</a>' if link else _h(text)


def _lines(text: str) -> str:
    return _h(text).replace("\n", "<br>")


def _h(text: str) -> str:
    return escape(text, quote=True)
