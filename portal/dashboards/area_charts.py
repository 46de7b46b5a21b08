"""Stacked areas as SVG text: how a whole was distributed over time. Pure, as `line_charts` is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import accumulate

from portal.dashboards import axes
from portal.dashboards.charts import Slice, color_class, in_words
from portal.dashboards.formats import day, percent
from portal.dashboards.plot_marks import date_mark, grid_line

# In pixels up; across, a drawing of its own is stretched to the width that there is.
_HEIGHT = 220
_WIDTH = 1_000


@dataclass(frozen=True)
class Band:
    """One kind of what is distributed."""

    label: str
    color: str


@dataclass(frozen=True)
class Stage:
    """How many there were of each band at a moment."""

    at: datetime
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Return how many there were in all."""
        return sum(self.counts)


@dataclass(frozen=True)
class Areas:
    """Bands, the uppermost first, and the stages that they went through, in the order of time."""

    bands: Sequence[Band]
    stages: Sequence[Stage]

    @property
    def is_drawable(self) -> bool:
        """Say whether there is a way from one moment to another."""
        return len(self.stages) > 1

    def slices(self, stage: Stage) -> list[Slice]:
        """Return a stage as a distribution."""
        return [
            Slice(band.label, count, band.color)
            for band, count in zip(self.bands, stage.counts, strict=True)
        ]


def areas(chart: Areas, *, label: str) -> str:
    """Draw bands on top of each other over time; nothing where there is but one moment."""
    if not chart.is_drawable:
        return ""
    ticks = axes.scale(0, max(stage.total for stage in chart.stages), is_whole=True)
    plot = _Plot(chart, high=ticks[-1].at)
    dates = axes.dates(chart.stages[0].at, chart.stages[-1].at)
    parts = [
        *(grid_line(tick, plot.down(tick.at)) for tick in ticks),
        *(date_mark(tick, _HEIGHT) for tick in dates),
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" height="{_HEIGHT}" '
        f'preserveAspectRatio="none">{"".join(_bands(plot))}</svg>',
        *(_stage(index, plot) for index in range(len(chart.stages))),
    ]
    return (
        f'<svg class="plot" height="{_HEIGHT}" role="img" '
        f'aria-label="{escape(_told(chart, label=label))}">{"".join(parts)}</svg>'
    )


def _told(chart: Areas, *, label: str) -> str:
    """Say where it began and where it ended."""
    first, last = (
        in_words(chart.slices(stage), label=f"on {day(stage.at)}")
        for stage in (chart.stages[0], chart.stages[-1])
    )
    return f"{label}: {first}; {last}"


@dataclass(frozen=True)
class _Plot:
    """The chart, and where in the drawing its stages stand."""

    chart: Areas
    high: float

    def share(self, index: int) -> float:
        """Return how much of the way from the first stage to the last lies before one."""
        start, end = self.chart.stages[0].at, self.chart.stages[-1].at
        return (self.chart.stages[index].at - start) / (end - start) if end > start else 0.0

    def down(self, count: float) -> float:
        """Return the place of a count, in pixels from the top."""
        return _HEIGHT * (1 - count / self.high)


def _bands(plot: _Plot) -> Iterator[str]:
    """Draw each band between the ones below it and its own upper edge."""
    stages = plot.chart.stages
    # How high each band reaches at each stage, from the lowest one up.
    edges = [list(accumulate(stage.counts[::-1], initial=0)) for stage in stages]
    for height, band in enumerate(reversed(plot.chart.bands)):
        if not any(edge[height + 1] - edge[height] for edge in edges):
            continue
        upper = [_corner(plot, index, edge[height + 1]) for index, edge in enumerate(edges)]
        lower = [_corner(plot, index, edge[height]) for index, edge in enumerate(edges)]
        yield (
            f'<polygon class="plot-area {color_class(band.color)}" '
            f'points="{" ".join([*upper, *reversed(lower)])}"/>'
        )


def _corner(plot: _Plot, index: int, count: int) -> str:
    return f"{_WIDTH * plot.share(index):.0f},{plot.down(count):.1f}"


def _stage(index: int, plot: _Plot) -> str:
    """Draw the room in which the pointer shows how it was at a stage."""
    count = len(plot.chart.stages)
    at = plot.share(index)
    left = (plot.share(max(index - 1, 0)) + at) / 2
    right = (plot.share(min(index + 1, count - 1)) + at) / 2
    stage = plot.chart.stages[index]
    lines = [
        f"{part.label}: {part.count:,} ({percent(part.count, stage.total)})"
        for part in plot.chart.slices(stage)
        if part.count
    ]
    words = escape("\n".join([day(stage.at), *(lines or ["nothing"])]))
    return (
        f'<g class="plot-point"><rect x="{100 * left:.2f}%" width="{100 * (right - left):.2f}%" '
        f'height="{_HEIGHT}"/><line class="plot-here" x1="{100 * at:.2f}%" x2="{100 * at:.2f}%" '
        f'y1="0" y2="{_HEIGHT}"/><title>{words}</title></g>'
    )
