"""Badges to be shown elsewhere: a name and a level, as an SVG that stands alone. Pure."""

from html import escape

_HEIGHT = 20
_PADDING = 6
_LABEL_FILL = "#3d4653"
# Fill and ink of each colour of levels, as they are told apart on any background.
_COLORS = {
    "blue": ("#1f6fd6", "#fff"), "turquoise": ("#0f7f7b", "#fff"), "orange": ("#b5530a", "#fff"),
    "purple": ("#7a48c4", "#fff"), "pink": ("#c03a7e", "#fff"), "yellow": ("#f1d438", "#332c00"),
    "green": ("#1d7f3f", "#fff"), "red": ("#c0322c", "#fff"), "gold": ("#e2ac16", "#332400"),
    "silver": ("#9db0c9", "#182131"), "paleblue": ("#b9d6ed", "#12324a"),
    "darkgray": ("#575e69", "#fff"), "lightgray": ("#ccd1d9", "#22262d"),
    "bronze": ("#a85b28", "#fff"), "lime": ("#a0da3e", "#223300"), "olive": ("#6a6e24", "#fff"),
    "brown": ("#844d3a", "#fff"), "none": ("#7b8594", "#111"),
}  # fmt: skip
# Widths at 11 px of a common sans serif; what is not listed is as wide as a wide letter.
_WIDTHS = {
    **dict.fromkeys("ijl'|.,:;! ", 3.4),
    **dict.fromkeys("ftrI()[]/\\-", 4.4),
    **dict.fromkeys("abcdeghknopqsuvxyz0123456789_?$", 6.6),
    **dict.fromkeys("ABCDEFGHJKLNOPQRSTUVXYZ&+=<>~", 7.6),
    **dict.fromkeys("mwMW@%", 10.0),
}
_WIDEST = 11.0
_MOST = 60


def badge_svg(label: str, level: str, color: str) -> str:
    """Return a badge. Words are cut to what fits, and say themselves to who cannot see.

    >>> "Quality: Gold" in badge_svg("Quality", "Gold", "gold")
    True
    """
    label, level = _cut(label), _cut(level)
    left, right = (round(text_width(text)) + 2 * _PADDING for text in (label, level))
    fill, ink = _COLORS.get(color.lower(), _COLORS["none"])
    whole = left + right
    words = escape(f"{label}: {level}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" '
        f'role="img" aria-label="{words}"><title>{words}</title>'
        f'<clipPath id="r"><rect width="{whole}" height="{_HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="{_HEIGHT}" fill="{_LABEL_FILL}"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{fill}"/></g>'
        '<g font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" '
        'text-anchor="middle">'
        f"{_text(label, x=left / 2, width=left, ink='#fff')}"
        f"{_text(level, x=left + right / 2, width=right, ink=ink)}</g></svg>"
    )


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def text_width(text: str) -> float:
    """Return about how wide a text is at 11 px."""
    return sum(_WIDTHS.get(letter, _WIDEST) for letter in text)


def _text(text: str, *, x: float, width: int, ink: str) -> str:
    # The length is said, so that the words fit whatever font there is.
    length = width - 2 * _PADDING
    return (
        f'<text x="{x:g}" y="14" fill="{ink}" textLength="{length}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
    )
