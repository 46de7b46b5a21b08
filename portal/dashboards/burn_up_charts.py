"""Burn-ups as SVG text: what is done and what there is to do over time. Pure, as `line_charts` is.

Beside the two lines stand the day by which it is to be done, and where the line of what is done
leads if it goes on like this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from portal.dashboards import axes
from portal.dashboards.formats import day
from portal.dashboards.plot_marks import MOST_DOTS, date_mark, grid_line

# In pixels.
_HEIGHT = 220
# A forecast makes the drawing at most so much longer; one that leads farther is cut off.
_ROOM = 0.5
# From this place on, in percent, words stand to the left of what they name.
_RIGHT = 15.0


@dataclass(frozen=True)
class Stage:
    """How far something was at a moment: so many done, of so many."""

    at: datetime
    done: int
    total: int


@dataclass(frozen=True)
class BurnUp:
    """What a burn-up shows: at least two stages in the order of time, when it begins and is due.

    `done_at` is when it will be done at this pace, if that can be said.
    """

    stages: Sequence[Stage]
    starts_at: datetime
    due_at: datetime | None = None
    done_at: datetime | None = None

    @property
    def first(self) -> datetime:
        """Return where the drawing begins."""
        return min(self.starts_at, self.stages[0].at)

    @property
    def last(self) -> datetime:
        """Return where the drawing ends."""
        end = max(self.stages[-1].at, self.due_at or self.stages[-1].at)
        if self.done_at is None:
            return end
        return max(end, min(self.done_at, end + _ROOM * (end - self.first)))


def burn_up(chart: BurnUp, *, label: str) -> str:
    """Draw a burn-up; across in percent, up in pixels, as `line_charts.line` does."""
    ticks = axes.scale(0, max(stage.total for stage in chart.stages), is_whole=True)
    plot = _Plot(chart, high=ticks[-1].at)
    parts = [
        *(grid_line(tick, plot.down(tick.at)) for tick in ticks),
        *(date_mark(tick, _HEIGHT) for tick in axes.dates(chart.first, chart.last)),
        *_due(plot),
        *_steps(plot),
        *_way_on(plot),
        *(_stage(index, plot) for index in range(len(chart.stages))),
    ]
    return (
        f'<svg class="plot" height="{_HEIGHT}" role="img" '
        f'aria-label="{escape(in_words(chart, label=label))}">{"".join(parts)}</svg>'
    )


def in_words(chart: BurnUp, *, label: str) -> str:
    """Say what a burn-up shows."""
    first, last = chart.stages[0], chart.stages[-1]
    words = f"{label}: from {_told(first)} to {_told(last)}"
    if chart.due_at:
        words += f"; due on {day(chart.due_at)}"
    if chart.done_at:
        words += f"; done on {day(chart.done_at)} at this pace"
    return words


def _told(stage: Stage) -> str:
    return f"{stage.done:,} of {stage.total:,} done on {day(stage.at)}"


@dataclass(frozen=True)
class _Plot:
    """Where in the drawing things stand."""

    chart: BurnUp
    high: float

    def across(self, at: datetime) -> float:
        """Return the place of a moment, in percent from the left."""
        span = self.chart.last - self.chart.first
        return 100 * ((at - self.chart.first) / span) if span else 0.0

    def down(self, count: float) -> float:
        """Return the place of a count, in pixels from the top."""
        return _HEIGHT * (1 - count / self.high)

    def line(self, kind: str, start: tuple[float, float], end: tuple[float, float]) -> str:
        """Draw a line between places, each given as percent and count."""
        return (
            f'<line class="{kind}" x1="{start[0]:.2f}%" y1="{self.down(start[1]):.1f}" '
            f'x2="{end[0]:.2f}%" y2="{self.down(end[1]):.1f}"/>'
        )


def _due(plot: _Plot) -> Iterator[str]:
    due_at = plot.chart.due_at
    if due_at is None or due_at < plot.chart.first:
        return
    x = plot.across(due_at)
    anchor, aside = ("end", -6) if x > _RIGHT else ("start", 6)
    yield plot.line("plot-due", (x, 0), (x, plot.high))
    yield (
        f'<text class="plot-mark" x="{x:.2f}%" dx="{aside}" y="10" '
        f'text-anchor="{anchor}">due</text>'
    )


def _steps(plot: _Plot) -> Iterator[str]:
    stages = plot.chart.stages
    for before, after in zip(stages, stages[1:], strict=False):
        left, right = plot.across(before.at), plot.across(after.at)
        yield plot.line("plot-scope", (left, before.total), (right, after.total))
        yield plot.line("plot-line", (left, before.done), (right, after.done))


def _way_on(plot: _Plot) -> Iterator[str]:
    """Draw where the line of what is done leads, as far as the drawing goes."""
    chart = plot.chart
    now = chart.stages[-1]
    if chart.done_at is None or chart.done_at <= now.at:
        return
    seen = min((chart.last - now.at) / (chart.done_at - now.at), 1.0)
    start, end = plot.across(now.at), plot.across(min(chart.done_at, chart.last))
    reached = now.done + seen * (now.total - now.done)
    yield plot.line("plot-forecast", (start, now.done), (end, reached))


def _stage(index: int, plot: _Plot) -> str:
    """Draw the dot of a stage, and around it the room in which the pointer shows what it is."""
    stages = plot.chart.stages
    at = plot.across(stages[index].at)
    left = (plot.across(stages[max(index - 1, 0)].at) + at) / 2
    right = (plot.across(stages[min(index + 1, len(stages) - 1)].at) + at) / 2
    kind = "plot-dot" if len(stages) <= MOST_DOTS else "plot-dot plot-dot-faint"
    return (
        f'<g class="plot-point"><rect x="{left:.2f}%" width="{right - left:.2f}%" '
        f'height="{_HEIGHT}"/><circle class="{kind}" cx="{at:.2f}%" '
        f'cy="{plot.down(stages[index].done):.1f}" r="3"/>'
        f"<title>{escape(_told(stages[index]))}</title></g>"
    )
