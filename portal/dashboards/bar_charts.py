"""Parts of a whole as bars with their names, as SVG text. Pure.

Pages draw them as lists; a file of its own needs it all in the drawing.
"""

from collections.abc import Sequence
from html import escape

from portal.dashboards.badges import text_width
from portal.dashboards.charts import Slice, color_class, in_words

_ROW = 28
_NAMES, _COUNTS, _ACROSS = 170, 60, 560


def bars(slices: Sequence[Slice], *, label: str) -> str:
    """Draw a bar for each part, the largest as wide as there is room."""
    most = max((part.count for part in slices), default=0) or 1
    rows = "".join(_bar(part, row * _ROW, most) for row, part in enumerate(slices))
    return (
        f'<svg class="bars" width="{_ACROSS}" height="{max(len(slices), 1) * _ROW}" role="img" '
        f'aria-label="{escape(in_words(slices, label=label))}">{rows}</svg>'
    )


def _bar(part: Slice, y: int, most: int) -> str:
    room = _ACROSS - _NAMES - _COUNTS
    name = part.label
    while text_width(name) > _NAMES - 16:
        name = f"{name[:-2]}…"
    return (
        f'<text class="bars-name" x="0" y="{y + 18}">{escape(name)}</text>'
        f'<rect class="bars-bar {color_class(part.color)}" x="{_NAMES}" y="{y + 8}" '
        f'width="{room * part.count / most:.1f}" height="12" rx="3"/>'
        f'<text class="bars-count" x="{_ACROSS}" y="{y + 18}">{part.count:,}</text>'
    )
