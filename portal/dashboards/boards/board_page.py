"""The page of a dashboard: its document, with every widget drawn or with the reason why not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.dashboards.boards.breakdowns import breakdown
from portal.dashboards.boards.figures import figure
from portal.dashboards.boards.heats import rule_heat
from portal.dashboards.boards.lines import line_chart
from portal.dashboards.boards.shapes import shape_faults
from portal.dashboards.boards.sources import Sources, Undrawable
from portal.dashboards.boards.subjects import parse_subject
from portal.dashboards.boards.tables import board_table
from portal.dashboards.boards.texts import details_of, frame_of, links_of, text_of
from portal.dashboards.charts import Slice
from portal.dashboards.formats import many, number
from portal.dashboards.layouts import HEIGHTS
from portal.dashboards.models import Page
from portal.dashboards.widgets import COLUMNS, DASHBOARD, HEIGHT
from portal.permissions import Sight

MOST_SLICES, MOST_BARS = 14, 9
NOTHING = "No data for this widget"


@dataclass(frozen=True)
class Parts:
    """The parts of a whole, for a pie or for bars."""

    parts: list[Any]
    noun: str

    @property
    def slices(self) -> list[Slice]:
        """Return the parts without their links."""
        return [part.slice for part in self.parts]

    @property
    def total(self) -> int:
        """Return what all come to."""
        return sum(part.count for part in self.slices)

    @property
    def largest(self) -> int:
        """Return the largest part."""
        return max((part.count for part in self.slices), default=0)

    @property
    def total_text(self) -> str:
        """Return the number in the hole of the ring."""
        return number(self.total)


@dataclass(frozen=True)
class Drawn:
    """A widget as the template draws it: `template` is the part that shows `content`.

    Without content there is a `message`: why it cannot be drawn, or that there is nothing.
    """

    identifier: str
    title: str
    description: str
    icon: str
    size: int
    template: str = ""
    content: Any = None
    message: str = ""
    is_broken: bool = False


@dataclass(frozen=True)
class BoardRow:
    """A row of widgets; `tall` is the class of its height, which what scrolls keeps to."""

    widgets: list[Drawn]
    tall: str


@dataclass(frozen=True)
class BoardPage:
    """Everything the page of a dashboard shows."""

    page: Page
    rows: list[BoardRow]


@dataclass(frozen=True)
class Reader:
    """Who looks at a board: the values that texts may name."""

    values: Mapping[str, str]
    sight: Sight


Draw = Callable[[Mapping[str, Any], Sources, Reader], Any]


def board_page(page: Page, reader: Reader, *, now: datetime) -> BoardPage:
    """Return a dashboard as it is drawn for a reader."""
    placed = list(_placed(page.widgets or []))
    sound = [widget for _, row in placed for widget, _ in row if not any(shape_faults(widget))]
    sources = Sources(sound, now=now, sight=reader.sight)
    return BoardPage(
        page=page,
        rows=[
            BoardRow([draw(widget, size, sources, reader) for widget, size in row], _tall(height))
            for height, row in placed
        ],
    )


def _placed(widgets: list[dict[str, Any]]) -> Iterator[tuple[Any, list[tuple[Any, int]]]]:
    """Yield rows, each its height and its widgets with their widths.

    What no layout places has a row of its own.
    """
    for root in widgets:
        if root.get("type") != DASHBOARD:
            yield HEIGHT, [(root, COLUMNS)]
            continue
        inner = {item.get("id"): item for item in root.get("widgets") or []}
        for row in root.get("layout") or []:
            there = [column for column in row["columns"] if column["id"] in inner]
            yield (
                row.get("height", HEIGHT),
                [(inner[column["id"]], column["size"]) for column in there],
            )


def _tall(height: float) -> str:
    """Return the class for the nearest height that there is one for."""
    return f"tall-{min(HEIGHTS, key=lambda known: abs(known - height))}"


def draw(widget: Mapping[str, Any], size: int, sources: Sources, reader: Reader) -> Drawn:
    """Return one widget as it is drawn; what is wrong with it is told in its place."""
    kind = str(widget.get("type") or "")
    frame = {
        "identifier": str(widget.get("id") or ""),
        "title": str(widget.get("title") or ""),
        "description": str(widget.get("description") or ""),
        "icon": str(widget.get("icon") or ""),
        "size": size,
    }
    if kind not in DRAWERS:
        return Drawn(**frame, message=f"Widgets of type '{kind}' are not shown here.")
    template, drawer = DRAWERS[kind]
    try:
        require_shape(widget)
        content = drawer(widget, sources, reader)
    except Undrawable as error:
        return Drawn(**frame, message=f"This widget cannot be drawn: {error}.", is_broken=True)
    if content is None:
        return Drawn(**frame, message=str(widget.get("emptyStateText") or NOTHING))
    return Drawn(**frame, template=f"dashboards/widgets/_{template}.html", content=content)


def require_shape(widget: Mapping[str, Any]) -> None:
    """Refuse a widget that is older than our checks, or that they do not see; see `shapes`."""
    fault = next(shape_faults(widget), None)
    if fault is not None:
        raise Undrawable(f"{fault.path}: {fault.message}")


def _pie(widget: Mapping[str, Any], sources: Sources, reader: Reader) -> Parts | None:
    return _parts(widget, sources, most=MOST_SLICES)


def _bars(widget: Mapping[str, Any], sources: Sources, reader: Reader) -> Parts | None:
    return _parts(widget, sources, most=MOST_BARS)


def _parts(widget: Mapping[str, Any], sources: Sources, *, most: int) -> Parts | None:
    scope = sources.scope(widget)
    subject = parse_subject(str(widget.get("property") or ""))
    parts = breakdown(scope, subject, most=most)
    if not any(part.slice.count for part in parts):
        return None
    return Parts(parts, many(scope.about.blueprint.title).lower())


def _table(widget: Mapping[str, Any], sources: Sources, reader: Reader) -> Any:
    table = board_table(widget, sources)
    return table if table.total else None


def _lines(widget: Mapping[str, Any], sources: Sources, reader: Reader) -> Any:
    chart = line_chart(widget, sources)
    return chart if chart.has_values else None


def _text(widget: Mapping[str, Any], sources: Sources, reader: Reader) -> Any:
    shown = text_of(widget, sources, user=reader.values)
    return shown if shown.text else None


# What draws a type of widget, and the template that shows what it finds.
DRAWERS: dict[str, tuple[str, Draw]] = {
    "entities-pie-chart": ("pie", _pie),
    "bar-chart": ("bars", _bars),
    "entities-number-chart": ("number", lambda widget, sources, reader: figure(widget, sources)),
    "line-chart": ("lines", _lines),
    "multi-line-chart": ("lines", _lines),
    "table-entities-explorer": ("table", _table),
    "entity-details": ("details", lambda widget, sources, reader: details_of(widget, sources)),
    "markdown": ("text", _text),
    "iframe-widget": ("frame", lambda widget, sources, reader: frame_of(widget)),
    "links-widget": ("links", lambda widget, sources, reader: links_of(widget) or None),
    "heat-map": ("heat", lambda widget, sources, reader: rule_heat(widget, sources)),
}
