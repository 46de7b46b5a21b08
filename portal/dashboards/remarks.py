"""Remarks that tools leave: text, in which only web addresses become links. Pure."""

import re
from html import unescape

from portal.dashboards.values import Kind, Shown, link

# An HTML anchor, a markdown link, or a bare address without the punctuation that follows it.
_LINK = re.compile(
    r"""<a\s[^<>]*?href=(?P<quote>["'])(?P<anchor>[^"'<>]+)(?P=quote)[^<>]*>(?P<named>[^<>]*)</a>"""
    r"""|\[(?P<title>[^\[\]]+)\]\((?P<target>https?://[^\s()<>]+)\)"""
    r"""|(?P<bare>https?://[^\s<>"']*[^\s<>"'.,;:!?()\[\]{}])""",
    re.IGNORECASE,
)


def remark(text: str) -> tuple[Shown, ...]:
    """Return the parts of a remark in their order: texts and links.

    >>> [part.text for part in remark("Run 7: https://ci.example.com/7.")]
    ['Run 7: ', 'ci.example.com/7', '.']
    """
    parts, end = [], 0
    for match in _LINK.finditer(text):
        parts += [Shown(Kind.TEXT, text[end : match.start()]), _linked(match)]
        end = match.end()
    parts.append(Shown(Kind.TEXT, text[end:]))
    return tuple(part for part in parts if part.text)


def _linked(match: re.Match[str]) -> Shown:
    """Return the link, or its text alone where following it is no visit to a web page."""
    if match["anchor"]:
        address = unescape(match["anchor"])
        return link(address, text=unescape(match["named"]).strip() or address)
    return link(match["target"] or match["bare"], text=match["title"] or "")
