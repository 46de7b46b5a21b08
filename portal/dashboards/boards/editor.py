"""The editor of a dashboard: its page, with what can be done to every widget and row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.dashboards.boards.board_page import BoardRow, Drawn, Reader, board_page
from portal.dashboards.boards.gallery import kind_of
from portal.dashboards.layouts import HEIGHTS, has_room, sizes_for
from portal.dashboards.models import Page
from portal.dashboards.widgets import DASHBOARD, HEIGHT


@dataclass(frozen=True)
class Handles:
    """What can be done to one widget. `place` is where it stands, for script."""

    widget: Drawn
    name: str
    kind: Any
    is_known: bool
    sizes: list[int]
    place: str
    is_first: bool
    is_last: bool
    is_alone: bool


@dataclass(frozen=True)
class EditorRow:
    """A row with its handles."""

    number: int
    row: BoardRow
    handles: list[Handles]
    height: Any
    has_room: bool
    is_first: bool
    is_last: bool

    @property
    def shown_number(self) -> int:
        """Return the number of the row as people count."""
        return self.number + 1


@dataclass(frozen=True)
class Editor:
    """Everything that the editor shows."""

    page: Page
    rows: list[EditorRow]
    heights: tuple[int, ...] = HEIGHTS

    @property
    def row_count(self) -> int:
        """Return how many rows there are: the number of the next one."""
        return len(self.rows)


def editor(page: Page, reader: Reader, *, now: datetime) -> Editor:
    """Return a dashboard as it is edited."""
    drawn = board_page(page, reader, now=now)
    layout = _layout(page)
    return Editor(
        page=page,
        rows=[
            EditorRow(
                number=number,
                row=row,
                handles=_handles(page, number, row, stored),
                height=stored.get("height", HEIGHT),
                has_room=has_room(stored),
                is_first=number == 0,
                is_last=number == len(layout) - 1,
            )
            for number, (row, stored) in enumerate(zip(drawn.rows, layout, strict=False))
        ],
    )


def _layout(page: Page) -> list[dict[str, Any]]:
    roots = [root for root in page.widgets or [] if root.get("type") == DASHBOARD]
    return roots[0].get("layout") or [] if roots else []


def _handles(page: Page, number: int, row: BoardRow, stored: dict[str, Any]) -> list[Handles]:
    types = {item.get("id"): item.get("type") for item in (page.widgets or [{}])[0]["widgets"]}
    last = len(row.widgets) - 1
    found = []
    for at, widget in enumerate(row.widgets):
        kind = kind_of(types.get(widget.identifier))
        found.append(
            Handles(
                widget=widget,
                name=widget.title or str(kind.title if kind else types.get(widget.identifier)),
                kind=kind.title if kind else types.get(widget.identifier),
                is_known=kind is not None,
                sizes=sizes_for(stored),
                place=f"{number}.{at}",
                is_first=at == 0,
                is_last=at == last,
                is_alone=last == 0,
            )
        )
    return found
