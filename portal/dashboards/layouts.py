"""How the widgets of a dashboard stand in rows, and how they move, grow and give way. Pure.

A layout is a list of rows, each ``{"height", "columns": [{"id", "size"}]}``: one to four columns of
three to twelve, which come to twelve. What else rows and columns say goes with them.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from catalog.errors import Conflict, Invalid, NotFound
from portal.dashboards.widgets import COLUMNS, HEIGHT, LEAST_SIZE, MOST_COLUMNS

Row = dict[str, Any]
Layout = list[Row]
HEIGHTS = (300, 400, 600, 900)
FULL = f"this row has {MOST_COLUMNS} widgets, which is as many as fit; choose another"


@dataclass(frozen=True)
class Move:
    """What is to happen to a layout.

    `verb` is one of `MOVES`. `target` is the id of a widget, for the verbs about rows the number of
    one; `amounts` are the size, the height, or the place.
    """

    verb: str
    target: str
    amounts: tuple[int, ...] = ()


def parse_move(text: str) -> Move:
    """Read a move as buttons say it; raises `Invalid`.

    >>> parse_move("place:2.1 w7")
    Move(verb='place', target='w7', amounts=(2, 1))
    """
    said, _, target = text.partition(" ")
    verb, _, numbers = said.partition(":")
    parts = numbers.split(".") if numbers else []
    if verb not in MOVES or not all(part.isascii() and part.isdecimal() for part in parts):
        raise Invalid.at("act", "this is no way to arrange widgets; use the buttons of the page")
    # Ten thousand rows are more than any page has, and a longer number is no place.
    return Move(verb, target, tuple(int(part[:5]) for part in parts))


def moved(layout: Sequence[Row], move: Move) -> Layout:
    """Return the layout after a move; what cannot be moved further stays where it is.

    Raises `NotFound` where the widget or the row is not there, `Conflict` where there is no room,
    and `Invalid` for sizes and places that there are not.
    """
    edited = deepcopy(list(layout))
    least, act = MOVES[move.verb]
    if len(move.amounts) != least:
        raise Invalid.at("act", f"'{move.verb}' takes {least} numbers")
    act(edited, move.target, *move.amounts)
    return [row for row in edited if row["columns"]]


def sizes_for(row: Row) -> list[int]:
    """Return the sizes that a widget of this row may have."""
    others = len(row["columns"]) - 1
    return list(range(LEAST_SIZE, COLUMNS - LEAST_SIZE * others + 1)) if others else [COLUMNS]


def has_room(row: Row) -> bool:
    """Say whether one more widget fits."""
    return len(row["columns"]) < MOST_COLUMNS


def put_at(layout: Sequence[Row], id_: str, *, row: int | None) -> Layout:
    """Return the layout with a new widget: at the end of a row, or in a row of its own below."""
    edited = deepcopy(list(layout))
    if row is not None and row < len(edited):
        _join(edited[row], {"id": id_}, len(edited[row]["columns"]))
    else:
        edited.append(_row_of({"id": id_}))
    return edited


def put_after(layout: Sequence[Row], id_: str, *, after: str) -> Layout:
    """Return the layout with a new widget behind another: in its row, or below where that is full.

    Raises `NotFound`.
    """
    edited = deepcopy(list(layout))
    at, column = _find(edited, after)
    if has_room(edited[at]):
        _join(edited[at], {"id": id_}, column + 1)
    else:
        edited.insert(at + 1, _row_of({"id": id_}, height=edited[at].get("height", HEIGHT)))
    return edited


def _row_of(column: Mapping[str, Any], *, height: Any = HEIGHT) -> Row:
    return {"height": height, "columns": [{**column, "size": COLUMNS}]}


def _find(layout: Layout, id_: str) -> tuple[int, int]:
    for index, row in enumerate(layout):
        for number, column in enumerate(row["columns"]):
            if column["id"] == id_:
                return index, number
    raise NotFound(f"there is no widget '{id_}' on this page any more")


def _row_at(layout: Layout, target: str) -> int:
    if not target.isascii() or not target.isdecimal() or int(target[:5]) >= len(layout):
        raise NotFound("there is no such row on this page any more")
    return int(target[:5])


def _share(row: Row) -> None:
    """Give all widgets of a row the same room; with at most four of them it always comes out."""
    for column in row["columns"]:
        column["size"] = COLUMNS // len(row["columns"])


def _join(row: Row, column: Mapping[str, Any], at: int) -> None:
    if not has_room(row):
        raise Conflict(FULL)
    row["columns"].insert(at, dict(column))
    _share(row)


def _take(row: Row, at: int) -> dict[str, Any]:
    column: dict[str, Any] = row["columns"].pop(at)
    if row["columns"]:
        _share(row)
    return column


def _sideways(step: int) -> Callable[..., None]:
    def act(layout: Layout, id_: str) -> None:
        row, at = _find(layout, id_)
        columns = layout[row]["columns"]
        if 0 <= at + step < len(columns):
            columns[at], columns[at + step] = columns[at + step], columns[at]

    return act


def _vertically(step: int) -> Callable[..., None]:
    """Return the move into the next row; where that is full, into a new one on the way there."""

    def act(layout: Layout, id_: str) -> None:
        row, at = _find(layout, id_)
        goal = row + step
        is_alone = len(layout[row]["columns"]) == 1
        if 0 <= goal < len(layout) and has_room(layout[goal]):
            # In the order of reading, it only changes places with those of the row.
            end = len(layout[goal]["columns"]) if step < 0 else 0
            _join(layout[goal], _take(layout[row], at), end)
        elif is_alone and 0 <= goal < len(layout):
            # Alone, it would only change one row of its own for another: it passes the full one.
            layout[row], layout[goal] = layout[goal], layout[row]
        elif not is_alone:
            height = layout[row].get("height", HEIGHT)
            new = _row_of(_take(layout[row], at), height=height)
            layout.insert(row + 1 if step > 0 else row, new)

    return act


def _alone(layout: Layout, id_: str) -> None:
    row, at = _find(layout, id_)
    if len(layout[row]["columns"]) > 1:
        height = layout[row].get("height", HEIGHT)
        layout.insert(row + 1, _row_of(_take(layout[row], at), height=height))


def _resize(layout: Layout, id_: str, size: int) -> None:
    row, at = _find(layout, id_)
    columns = layout[row]["columns"]
    allowed = sizes_for(layout[row])
    if size not in allowed:
        raise Invalid.at("size", f"give one of {', '.join(map(str, allowed))}")
    missing = size - columns[at]["size"]
    columns[at]["size"] = size
    # The nearest give way first, those to the right before those to the left.
    for neighbour in [*columns[at + 1 :], *reversed(columns[:at])]:
        given = min(missing, neighbour["size"] - LEAST_SIZE)
        neighbour["size"] -= given
        missing -= given


def _place(layout: Layout, id_: str, row: int, at: int) -> None:
    """Move a widget into a row, before the widget that is there at the place."""
    start, was = _find(layout, id_)
    if row >= len(layout):
        raise NotFound("there is no such row on this page any more")
    if row == start:
        column = layout[row]["columns"].pop(was)
        layout[row]["columns"].insert(at - (at > was), column)
        return
    if not has_room(layout[row]):
        raise Conflict(FULL)
    _join(layout[row], _take(layout[start], was), at)


def _insert(layout: Layout, id_: str, row: int) -> None:
    """Move a widget into a new row before the row of this number."""
    start, was = _find(layout, id_)
    height = layout[start].get("height", HEIGHT)
    layout.insert(min(row, len(layout)), _row_of(layout[start]["columns"][was], height=height))
    _take(layout[start if row > start else start + 1], was)


def _row_sideways(step: int) -> Callable[..., None]:
    def act(layout: Layout, target: str) -> None:
        row = _row_at(layout, target)
        if 0 <= row + step < len(layout):
            layout[row], layout[row + step] = layout[row + step], layout[row]

    return act


def _height(layout: Layout, target: str, height: int) -> None:
    if height not in HEIGHTS:
        raise Invalid.at("height", f"give one of {', '.join(map(str, HEIGHTS))}")
    layout[_row_at(layout, target)]["height"] = height


# How many numbers a move takes, and what it does.
MOVES: dict[str, tuple[int, Callable[..., None]]] = {
    "left": (0, _sideways(-1)),
    "right": (0, _sideways(1)),
    "up": (0, _vertically(-1)),
    "down": (0, _vertically(1)),
    "alone": (0, _alone),
    "size": (1, _resize),
    "place": (2, _place),
    "insert": (1, _insert),
    "row-up": (0, _row_sideways(-1)),
    "row-down": (0, _row_sideways(1)),
    "height": (1, _height),
}
