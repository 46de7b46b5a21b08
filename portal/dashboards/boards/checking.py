"""What is wrong with the widgets of a dashboard, before it is saved.

Shapes, and names of properties and relations. What is not there may still come (a page may be
posted before its blueprint or scorecard): that is told where the widget is drawn.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from catalog.errors import Fault
from portal.dashboards.boards.figures import check_figure
from portal.dashboards.boards.lines import check_lines
from portal.dashboards.boards.shapes import shape_faults
from portal.dashboards.boards.sources import NotThere, Sources, Undrawable
from portal.dashboards.boards.subjects import parse_subject
from portal.dashboards.boards.tables import plan_of
from portal.dashboards.widgets import Widget, placed
from portal.permissions import EVERYTHING

Check = Callable[[Mapping[str, Any], Sources], object]


def board_faults(widgets: list[Widget], *, before: list[Widget], now: datetime) -> list[Fault]:
    """Return what is wrong with widgets, and with those inside of them.

    What was there `before` is as it was: what went wrong since, as when a property is removed, must
    not stand against mending the others one by one.
    """
    known = [widget for _, widget in placed(before)]
    found = [(path, widget) for path, widget in placed(widgets) if widget not in known]
    misshapen = [fault.under(path) for path, widget in found for fault in shape_faults(widget)]
    if misshapen:
        return misshapen
    sources = Sources((widget for _, widget in found), now=now, sight=EVERYTHING)
    return [fault for path, widget in found for fault in _faults(path, widget, sources)]


def _faults(path: str, widget: Widget, sources: Sources) -> Iterator[Fault]:
    check = CHECKS.get(str(widget.get("type")))
    if check is None:
        return
    try:
        check(widget, sources)
    except NotThere:
        return
    except Undrawable as error:
        yield Fault(path, str(error))


def _check_parts(widget: Mapping[str, Any], sources: Sources) -> None:
    sources.scope(widget).about.title_of(parse_subject(str(widget["property"])))


CHECKS: dict[str, Check] = {
    "entities-pie-chart": _check_parts,
    "bar-chart": _check_parts,
    "entities-number-chart": check_figure,
    "line-chart": check_lines,
    "multi-line-chart": check_lines,
    "table-entities-explorer": plan_of,
    "heat-map": lambda widget, sources: sources.scope(widget),
}
