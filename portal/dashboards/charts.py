"""Charts as SVG text. Pure: counts and colours in, markup out, every word escaped.

Each chart says in words what it shows (`role="img"` with a label, a title on each part), and takes
its colours from the level classes of levels.css, so that it follows light and dark.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from portal.dashboards.formats import number, percent

COLORS = frozenset([
    "blue", "turquoise", "orange", "purple", "pink", "yellow", "green", "red", "gold", "silver",
    "paleblue", "darkgray", "lightgray", "bronze", "lime", "olive", "brown",
    "none", "pass", "fail", "skip",
])  # fmt: skip
_GAP = 0.7
_RADIUS = 40.0


@dataclass(frozen=True)
class Slice:
    """A share of a whole: so many of one kind."""

    label: str
    count: int
    color: str


def color_class(color: str | None) -> str:
    """Return the class that carries a colour; an unknown one is neutral, never markup."""
    name = (color or "none").lower()
    return f"lv-{name}" if name in COLORS else "lv-none"


def in_words(slices: Sequence[Slice], *, label: str = "") -> str:
    """Say what a distribution shows: "Lead time: 3 Gold, 16 Basic"."""
    parts = ", ".join(f"{part.count:,} {part.label}" for part in slices if part.count)
    words = parts or "nothing yet"
    return f"{label}: {words}" if label else words


def bar(slices: Sequence[Slice], *, label: str = "") -> str:
    """Draw a stacked bar: how a whole is distributed, in the order given."""
    total = sum(part.count for part in slices)
    shown = [part for part in slices if part.count]
    room = 100 - _GAP * max(len(shown) - 1, 0)
    rects, left = [], 0.0
    for part in shown:
        width = room * part.count / total
        rects.append(_segment(part, left=left, width=width, total=total))
        left += width + _GAP
    return (
        f'<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(in_words(slices, label=label))}">{"".join(rects)}</svg>'
    )


def _segment(part: Slice, *, left: float, width: float, total: int) -> str:
    return (
        f'<rect class="{color_class(part.color)}" x="{left:.2f}" width="{width:.2f}" height="8">'
        f"<title>{_share(part, total)}</title></rect>"
    )


def _share(part: Slice, total: int) -> str:
    return escape(f"{part.label}: {part.count:,} of {total:,} ({percent(part.count, total)})")


def meter(part: int, whole: int, *, label: str, color: str = "pass") -> str:
    """Draw one share of a whole, the rest empty."""
    width = 100 * part / whole if whole else 0.0
    return (
        f'<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(f"{label}: {percent(part, whole)}")}">'
        f'<rect class="{color_class(color)}" width="{width:.2f}" height="8"/></svg>'
    )


def donut(slices: Sequence[Slice], *, label: str, middle: str = "", under: str = "") -> str:
    """Draw a ring of shares, with a number and a word in the hole."""
    total = sum(part.count for part in slices)
    around = 2 * math.pi * _RADIUS
    arcs, done = [], 0.0
    for part in slices:
        if not part.count:
            continue
        length = around * part.count / total
        arcs.append(_arc(part, done=done, length=length, around=around, total=total))
        done += length
    return (
        f'<svg class="donut" viewBox="0 0 100 100" role="img" '
        f'aria-label="{escape(in_words(slices, label=label))}">'
        f'<circle class="donut-track" cx="50" cy="50" r="{_RADIUS:g}"/>{"".join(arcs)}'
        f'<text class="donut-middle" x="50" y="{49 if under else 55}">{escape(middle)}</text>'
        f'<text class="donut-under" x="50" y="62">{escape(under)}</text></svg>'
    )


def _arc(part: Slice, *, done: float, length: float, around: float, total: int) -> str:
    visible = max(length - 1.2, 0.6) if length < around else length
    return (
        f'<circle class="donut-arc {color_class(part.color)}" cx="50" cy="50" r="{_RADIUS:g}" '
        f'stroke-dasharray="{visible:.2f} {around - visible:.2f}" '
        f'stroke-dashoffset="{around / 4 - done:.2f}"><title>{_share(part, total)}</title></circle>'
    )


def sparkline(values: Sequence[float], *, label: str) -> str:
    """Draw a line over equal steps of time, from zero up, so that no slope looks steeper."""
    if len(values) < 2:
        return ""
    top = max(*values, 0) or 1
    step = 100 / (len(values) - 1)
    points = " ".join(
        f"{index * step:.1f},{22 - 20 * max(value, 0) / top:.1f}"
        for index, value in enumerate(values)
    )
    last = number(values[-1])
    return (
        f'<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(f"{label}: from {number(values[0])} to {last}")}">'
        f'<polygon class="spark-area" points="0,24 {points} 100,24"/>'
        f'<polyline class="spark-line" points="{points}"/></svg>'
    )
