"""Charts of messages as PNG images. Pure: the same chart is always the same image."""

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from portal.integrations.messages.blocks import Bar, Chart, Part

if TYPE_CHECKING:
    from PIL import ImageDraw

# Twice the size that it is shown at: screens are fine.
WIDTH = 1280
_MARGIN, _ROW, _BAR, _LABEL = 32, 72, 40, 380
_TOP, _LEGEND = 88, 48
_INK, _SOFT, _GROUND, _TRACK = "#16233b", "#5c6b80", "#ffffff", "#eef1f5"
MOST_BARS = 20
# The solid colours of the levels, as the pages show them by daylight.
_COLORS = {
    "blue": "#4f91f2", "turquoise": "#35bdb9", "orange": "#f88a3d", "purple": "#9d6fe3",
    "pink": "#eb6ca9", "yellow": "#f1d438", "green": "#45b164", "red": "#e54c48",
    "gold": "#e2ac16", "silver": "#9db0c9", "paleBlue": "#b9d6ed", "darkGray": "#575e69",
    "lightGray": "#ccd1d9", "bronze": "#cb7d4c", "lime": "#a0da3e", "olive": "#828634",
    "brown": "#844d3a",
}  # fmt: skip


def draw(chart: Chart) -> bytes:
    """Return the chart as PNG."""
    # Not with the site: few processes of it ever draw one.
    from PIL import Image, ImageDraw

    bars = chart.bars[:MOST_BARS]
    height = _TOP + len(bars) * _ROW + _LEGEND * len(_legend_rows(bars)) + _MARGIN
    image = Image.new("RGB", (WIDTH, height), _GROUND)
    pen = ImageDraw.Draw(image)
    _write(pen, (_MARGIN, 28), chart.title, size=30, room=WIDTH - 2 * _MARGIN)
    for index, bar in enumerate(bars):
        _draw_bar(pen, bar, _TOP + index * _ROW)
    _draw_legend(pen, bars, _TOP + len(bars) * _ROW)
    made = BytesIO()
    image.save(made, "PNG", optimize=True)
    return made.getvalue()


def _draw_bar(pen: "ImageDraw.ImageDraw", bar: Bar, top: int) -> None:
    _write(pen, (_MARGIN, top + 6), bar.label, size=24, room=_LABEL - _MARGIN - 16)
    left, right = _LABEL, WIDTH - _MARGIN
    pen.rectangle((left, top, right, top + _BAR), fill=_TRACK)
    total = sum(part.count for part in bar.parts)
    so_far = 0
    for part in bar.parts:
        start = left + (right - left) * so_far // total if total else left
        so_far += part.count
        end = left + (right - left) * so_far // total if total else left
        if end > start:
            pen.rectangle((start, top, end - 2, top + _BAR), fill=_color(part))
            text = f"{part.count:,}"
            if _width(pen, text, 22) + 16 < end - start:
                ink = _ink_on(_color(part))
                _write(pen, (start + 8, top + 7), text, size=22, room=end - start, ink=ink)


def _legend_rows(bars: tuple[Bar, ...]) -> list[list[Part]]:
    """Return the levels of all bars, once each, five to a row."""
    found = {(part.label, part.color): part for bar in bars for part in bar.parts}
    parts = list(found.values())[:20]
    return [parts[index : index + 5] for index in range(0, len(parts), 5)]


def _draw_legend(pen: "ImageDraw.ImageDraw", bars: tuple[Bar, ...], top: int) -> None:
    step = (WIDTH - 2 * _MARGIN) // 5
    for row, parts in enumerate(_legend_rows(bars)):
        for column, part in enumerate(parts):
            x, y = _MARGIN + column * step, top + row * _LEGEND
            pen.rectangle((x, y + 6, x + 20, y + 26), fill=_color(part))
            _write(pen, (x + 32, y + 2), part.label, size=22, room=step - 48, ink=_SOFT)


def _write(
    pen: "ImageDraw.ImageDraw",
    at: tuple[int, int],
    text: str,
    *,
    size: int,
    room: int,
    ink: str = _INK,
) -> None:
    """Write a text on one line, shortened to the room there is."""
    # More would never fit, and measuring it takes its time.
    shown = " ".join(text.split())[:120]
    while shown and _width(pen, shown, size) > room:
        shown = shown[:-2].rstrip() + "…" if len(shown) > 2 else ""
    pen.text(at, shown, fill=ink, font=_font(size))


@cache
def _font(size: int) -> Any:
    """Return the font that comes with the library, read once for each of the few sizes."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _width(pen: "ImageDraw.ImageDraw", text: str, size: int) -> float:
    return pen.textlength(text, font=_font(size))


def _color(part: Part) -> str:
    return _COLORS.get(part.color, _COLORS["lightGray"])


def _ink_on(color: str) -> str:
    """Return the ink that can be read on a colour."""
    red, green, blue = (int(color[index : index + 2], 16) for index in (1, 3, 5))
    return _INK if 0.3 * red + 0.59 * green + 0.11 * blue > 115 else _GROUND
