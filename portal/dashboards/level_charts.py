"""The levels that an entity held over time as SVG text: a step for each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from portal.dashboards import axes
from portal.dashboards.badges import text_width
from portal.dashboards.charts import color_class
from portal.dashboards.formats import day
from portal.dashboards.plot_marks import date_mark

_ROW = 26
_THICK = 8
# The room of a level's title, left of the drawing.
_ROOM = 76


@dataclass(frozen=True)
class Stay:
    """A level held from one moment to another; `rank` is None where there was none."""

    title: str
    color: str
    rank: int | None
    start: datetime
    end: datetime


def steps(stays: Sequence[Stay], levels: Sequence[str], *, label: str) -> str:
    """Draw stays in order of time; `levels` are the titles of the ranks, the lowest first."""
    if not stays or not levels or stays[-1].end <= stays[0].start:
        return ""
    plot = _Plot(stays[0].start, stays[-1].end, len(levels))
    parts = [
        *(_row(rank, title, plot) for rank, title in enumerate(levels)),
        *(date_mark(tick, plot.height) for tick in axes.dates(plot.start, plot.end, most=8)),
        *(_riser(one, other, plot) for one, other in zip(stays, stays[1:], strict=False)),
        *(_tread(stay, plot) for stay in stays),
    ]
    return (
        f'<svg class="plot plot-levels" height="{plot.height}" role="img" '
        f'aria-label="{escape(_in_words(stays, label))}">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class _Plot:
    start: datetime
    end: datetime
    ranks: int

    @property
    def height(self) -> int:
        return self.ranks * _ROW

    def across(self, at: datetime) -> float:
        return 100 * ((at - self.start) / (self.end - self.start))

    def down(self, rank: int) -> float:
        return (self.ranks - 1 - min(rank, self.ranks - 1)) * _ROW + _ROW / 2


def _row(rank: int, title: str, plot: _Plot) -> str:
    y = plot.down(rank)
    return (
        f'<line class="plot-grid" x1="0" x2="100%" y1="{y:g}" y2="{y:g}"/>'
        f'<text class="plot-tick" x="-8" y="{y + 4:g}"><title>{escape(title)}</title>'
        f"{escape(_cut(title))}</text>"
    )


def _tread(stay: Stay, plot: _Plot) -> str:
    if stay.rank is None:
        return ""
    left, right = plot.across(stay.start), plot.across(stay.end)
    words = f"{stay.title}, {day(stay.start)} to {day(stay.end)}"
    return (
        f'<rect class="plot-tread {color_class(stay.color)}" x="{left:.2f}%" '
        f'width="{max(right - left, 0.3):.2f}%" y="{plot.down(stay.rank) - _THICK / 2:g}" '
        f'height="{_THICK}" rx="3"><title>{escape(words)}</title></rect>'
    )


def _riser(one: Stay, other: Stay, plot: _Plot) -> str:
    if one.rank is None or other.rank is None:
        return ""
    x = plot.across(other.start)
    return (
        f'<line class="plot-riser" x1="{x:.2f}%" x2="{x:.2f}%" y1="{plot.down(one.rank):g}" '
        f'y2="{plot.down(other.rank):g}"/>'
    )


def _cut(title: str) -> str:
    if text_width(title) <= _ROOM:
        return title
    kept = title
    while kept and text_width(f"{kept}…") > _ROOM:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _in_words(stays: Sequence[Stay], label: str) -> str:
    first, last = stays[0], stays[-1]
    moves = len(stays) - 1
    return (
        f"{label}: from {first.title} on {day(first.start)} to {last.title} on {day(last.end)}, "
        f"{moves} {'move' if moves == 1 else 'moves'}"
    )
