"""Line charts as SVG text: a value over time, with axes. Pure, like `portal.dashboards.charts`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from portal.dashboards import axes
from portal.dashboards.charts import color_class
from portal.dashboards.formats import day, number, plural
from portal.dashboards.plot_marks import MOST_DOTS, date_mark, grid_line

# In pixels; and how much of it the highest bar takes.
_HEIGHT = 200
_BAR_SHARE = 0.3
# Differences of larger numbers are no numbers.
_LARGEST = 1e300


@dataclass(frozen=True)
class Point:
    """A value at a moment, None where there was none, with the events since the point before."""

    at: datetime
    value: int | float | None
    count: int = 0


def line(points: Sequence[Point], *, label: str, unit: str = "") -> str:
    """Draw values over time as a line that has gaps, above faint bars of the counts.

    Across, everything is in percent and up in pixels, so that words keep their size and lines
    their width however wide the drawing is. Labels stand outside of its box, in the room that
    components.css leaves around it.
    """
    if len(points) < 2:
        return ""
    values = [_drawable(point.value) for point in points if point.value is not None]
    is_whole = all(float(value).is_integer() for value in values)
    ticks = axes.scale(min(values, default=0), max(values, default=0), is_whole=is_whole)
    plot = _Plot(points, low=ticks[0].at, high=ticks[-1].at)
    parts = [
        # Without a value there is nothing to measure: the floor alone.
        *(grid_line(tick, plot.down(tick.at)) for tick in (ticks if values else ticks[:1])),
        *(date_mark(tick, _HEIGHT) for tick in axes.dates(points[0].at, points[-1].at)),
        *_bars(plot),
        *_segments(plot),
        *(_point(index, plot, unit) for index in range(len(points))),
    ]
    return (
        f'<svg class="plot" height="{_HEIGHT}" role="img" '
        f'aria-label="{escape(_line_in_words(points, label=label, unit=unit))}">'
        f"{''.join(parts)}</svg>"
    )


@dataclass(frozen=True)
class Series:
    """One of several lines; all have their points at the same moments."""

    title: str
    color: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Baseline:
    """A value to compare with, drawn across."""

    title: str
    value: int | float
    color: str


def lines(series: Sequence[Series], *, label: str, baselines: Sequence[Baseline] = ()) -> str:
    """Draw several lines on one scale, in the colours of levels; see `line`."""
    if not series or len(series[0].points) < 2:
        return ""
    known = [
        _drawable(point.value)
        for item in series
        for point in item.points
        if point.value is not None
    ]
    known += [_drawable(item.value) for item in baselines]
    is_whole = all(float(value).is_integer() for value in known)
    ticks = axes.scale(min(known, default=0), max(known, default=0), is_whole=is_whole)
    moments = series[0].points
    plots = [_Plot(item.points, low=ticks[0].at, high=ticks[-1].at) for item in series]
    parts = [
        *(grid_line(tick, plots[0].down(tick.at)) for tick in (ticks if known else ticks[:1])),
        *(date_mark(tick, _HEIGHT) for tick in axes.dates(moments[0].at, moments[-1].at)),
        *(_baseline(item, plots[0]) for item in baselines),
        *(_colored_line(item, plot) for item, plot in zip(series, plots, strict=True)),
    ]
    words = "; ".join(_line_in_words(item.points, label=item.title, unit="") for item in series)
    return (
        f'<svg class="plot" height="{_HEIGHT}" role="img" '
        f'aria-label="{escape(f"{label}: {words}" if label else words)}">{"".join(parts)}</svg>'
    )


def _baseline(item: Baseline, plot: "_Plot") -> str:
    y = plot.down(item.value)
    return (
        f'<line class="plot-base {color_class(item.color)}" x1="0" x2="100%" y1="{y:.1f}" '
        f'y2="{y:.1f}"><title>{escape(f"{item.title}: {number(item.value)}")}</title></line>'
    )


def _colored_line(item: Series, plot: "_Plot") -> str:
    dots = "".join(
        f'<circle class="{_dot_class(index, plot)}" cx="{plot.across(index):.2f}%" '
        f'cy="{plot.down(point.value):.1f}" r="3">'
        f"<title>{escape(f'{item.title}, {day(point.at)}: {number(point.value)}')}</title></circle>"
        for index, point in enumerate(item.points)
        if point.value is not None
    )
    return f'<g class="plot-series {color_class(item.color)}">{"".join(_segments(plot))}{dots}</g>'


def _drawable(value: int | float) -> float:
    return max(min(value, _LARGEST), -_LARGEST)


def _line_in_words(points: Sequence[Point], *, label: str, unit: str) -> str:
    known = [point for point in points if point.value is not None]
    if not known:
        return f"{label}: no value from {day(points[0].at)} to {day(points[-1].at)}"
    first, last = (f"{_value(end, unit)} on {day(end.at)}" for end in (known[0], known[-1]))
    values = [point.value for point in known if point.value is not None]
    least, most = number(min(values), unit), number(max(values), unit)
    return f"{label}: from {first} to {last}, between {least} and {most}"


@dataclass(frozen=True)
class _Plot:
    """The points, and where in the drawing they stand."""

    points: Sequence[Point]
    low: float
    high: float

    def across(self, index: int) -> float:
        """Return the place of a point, in percent from the left."""
        start, end = self.points[0].at, self.points[-1].at
        return 100 * ((self.points[index].at - start) / (end - start)) if end > start else 0.0

    def down(self, value: float) -> float:
        """Return the place of a value, in pixels from the top."""
        # Halves: the distance between the ends may be no number.
        return _HEIGHT * (self.high / 2 - _drawable(value) / 2) / (self.high / 2 - self.low / 2)

    def has_value(self, index: int) -> bool:
        """Say whether there is such a point, and a value at it."""
        return 0 <= index < len(self.points) and self.points[index].value is not None


def _bars(plot: _Plot) -> Iterator[str]:
    """Draw between each point and the one before it what happened there."""
    most = max(point.count for point in plot.points[1:])
    for index in range(1, len(plot.points)):
        count = plot.points[index].count
        if count <= 0:
            continue
        height = max(_HEIGHT * _BAR_SHARE * count / most, 1.0)
        left, right = plot.across(index - 1), plot.across(index)
        width = (right - left) * 0.8
        yield (
            f'<rect class="plot-bar" x="{left + (right - left) * 0.1:.2f}%" width="{width:.2f}%" '
            f'y="{_HEIGHT - height:.1f}" height="{height:.1f}"/>'
        )


def _segments(plot: _Plot) -> Iterator[str]:
    for index in range(1, len(plot.points)):
        if plot.has_value(index - 1) and plot.has_value(index):
            yield (
                f'<line class="plot-line" x1="{plot.across(index - 1):.2f}%" '
                f'y1="{plot.down(plot.points[index - 1].value or 0):.1f}" '
                f'x2="{plot.across(index):.2f}%" '
                f'y2="{plot.down(plot.points[index].value or 0):.1f}"/>'
            )


def _point(index: int, plot: _Plot, unit: str) -> str:
    """Draw the dot of a value, and around it the room in which the pointer shows what it is."""
    point, at = plot.points[index], plot.across(index)
    left = (plot.across(max(index - 1, 0)) + at) / 2
    right = (plot.across(min(index + 1, len(plot.points) - 1)) + at) / 2
    dot = ""
    if point.value is not None:
        cx, cy = f"{at:.2f}%", f"{plot.down(point.value):.1f}"
        dot = f'<circle class="{_dot_class(index, plot)}" cx="{cx}" cy="{cy}" r="3"/>'
    return (
        f'<g class="plot-point"><rect x="{left:.2f}%" width="{right - left:.2f}%" '
        f'height="{_HEIGHT}"/>{dot}<title>{escape(_point_in_words(index, plot, unit))}</title></g>'
    )


def _dot_class(index: int, plot: _Plot) -> str:
    """Return how a dot is shown: one that no line reaches is all that there is to see."""
    if not plot.has_value(index - 1) and not plot.has_value(index + 1):
        return "plot-dot plot-dot-lone"
    return "plot-dot" if len(plot.points) <= MOST_DOTS else "plot-dot plot-dot-faint"


def _point_in_words(index: int, plot: _Plot, unit: str) -> str:
    point = plot.points[index]
    since = f", {plural(point.count, 'event')}" if index else ""
    return f"{day(point.at)}: {_value(point, unit)}{since}"


def _value(point: Point, unit: str) -> str:
    return "no value" if point.value is None else number(point.value, unit)
