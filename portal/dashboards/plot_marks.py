"""What charts over time have in common: the lines and words of their axes. Pure.

Across, everything is in percent and up in pixels, so that words keep their size and lines their
width however wide the drawing is.
"""

from html import escape

from portal.dashboards import axes

# Up to so many points each has a dot of its own.
MOST_DOTS = 32


def grid_line(tick: axes.Tick, y: float) -> str:
    """Draw the line of a tick at a height, with what it says beside it."""
    kind = "plot-zero" if tick.at == 0 else "plot-grid"
    return (
        f'<line class="{kind}" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="plot-tick" x="-8" y="{y + 4:.1f}">{escape(tick.text)}</text>'
    )


def date_mark(tick: axes.Tick, height: int) -> str:
    """Write the date of a tick below a drawing of this height."""
    kind = "plot-date plot-fine" if tick.is_fine else "plot-date"
    return f'<text class="{kind}" x="{100 * tick.at:.2f}%" y="{height + 20}">{tick.text}</text>'
