"""Widgets: what their documents may say, and how one is added, changed and removed. Pure.

A widget is an object with a `type` and, where something refers to it, an `id`. Two types hold
others: a dashboard (`widgets`, placed by a `layout` of rows of columns) and a grouper (`groups`,
each with `widgets`). Everything else in a widget is kept as it is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from catalog.errors import Conflict, Fault, Invalid, NotFound

DASHBOARD = "dashboard-widget"
GROUPER = "grouper"
COLUMNS = 12
MOST_COLUMNS = 4
LEAST_SIZE = 3
HEIGHT = 400  # of a row that nobody measured, in pixels

Widget = dict[str, Any]


def widget_faults(widgets: Any, *, path: str) -> Iterator[Fault]:
    """Yield what is wrong with a list of widgets, and with those inside of them."""
    if not isinstance(widgets, list):
        yield Fault(path, "give a list of widgets")
        return
    for index, widget in enumerate(widgets):
        place = f"{path}[{index}]"
        if not isinstance(widget, Mapping):
            yield Fault(place, "give an object")
            continue
        yield from (fault.under(place) for fault in faults_of(widget))


def faults_of(widget: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with a widget, and with those inside of it."""
    kind = widget.get("type")
    if not isinstance(kind, str) or not kind:
        yield Fault("type", "give the type of the widget")
    if "id" in widget and (not isinstance(widget["id"], str) or not widget["id"]):
        yield Fault("id", "give a text")
    # A plain list of rules is how datasets were once written.
    if not isinstance(widget.get("dataset", {}), Mapping | list | None):
        yield Fault("dataset", "give a query: {combinator, rules}")
    if kind == DASHBOARD:
        yield from widget_faults(widget.get("widgets", []), path="widgets")
        yield from _layout_faults(widget.get("layout", []), widget.get("widgets", []))
    if kind == GROUPER:
        yield from _group_faults(widget.get("groups", []))


def _group_faults(groups: Any) -> Iterator[Fault]:
    if not isinstance(groups, list):
        yield Fault("groups", "give a list of groups: {title, widgets}")
        return
    for index, group in enumerate(groups):
        place = f"groups[{index}]"
        if not isinstance(group, Mapping):
            yield Fault(place, "give an object")
            continue
        yield from widget_faults(group.get("widgets", []), path=f"{place}.widgets")


def _layout_faults(layout: Any, widgets: Any) -> Iterator[Fault]:
    """Yield where rows are no rows, and where columns and widgets are not the same."""
    if not isinstance(layout, list):
        yield Fault("layout", "give a list of rows: {height, columns}")
        return
    row_faults = [
        fault.under(f"layout[{index}]")
        for index, row in enumerate(layout)
        for fault in _row_faults(row)
    ]
    yield from row_faults
    if row_faults or not isinstance(widgets, list):
        return
    placed = Counter(column["id"] for row in layout for column in row["columns"])
    there = Counter(item["id"] for item in widgets if isinstance(item, Mapping) and _id_of(item))
    yield from (Fault("layout", f"'{id_}' has two places") for id_ in _twice(placed))
    yield from (Fault("widgets", f"'{id_}' stands there twice") for id_ in _twice(there))
    for id_ in placed.keys() - there.keys():
        yield Fault("layout", f"there is no widget '{id_}'; remove its column, or add the widget")
    for index, item in enumerate(widgets):
        if isinstance(item, Mapping) and _id_of(item) not in placed:
            yield Fault(f"widgets[{index}].id", "no column of the layout names this widget")


def _row_faults(row: Any) -> Iterator[Fault]:
    columns = row.get("columns") if isinstance(row, Mapping) else None
    if not isinstance(columns, list) or not all(isinstance(item, Mapping) for item in columns):
        yield Fault("", "give a row: {height, columns: [{id, size}]}")
        return
    height = row.get("height", HEIGHT)
    if isinstance(height, bool) or not isinstance(height, int | float) or height <= 0:
        yield Fault("height", "give a number of pixels")
    for index, column in enumerate(columns):
        if not _id_of(column):
            yield Fault(f"columns[{index}].id", "give the id of a widget")
        if not _is_size(column.get("size")):
            message = f"give a whole number from {LEAST_SIZE} to {COLUMNS}"
            yield Fault(f"columns[{index}].size", message)
    sizes = [item.get("size") for item in columns]
    if not 1 <= len(columns) <= MOST_COLUMNS:
        yield Fault("columns", f"a row has 1 to {MOST_COLUMNS} columns, not {len(columns)}")
    elif all(map(_is_size, sizes)) and sum(sizes) != COLUMNS:
        yield Fault("columns", f"sizes come to {sum(sizes)}, not to {COLUMNS}")


def _is_size(size: Any) -> bool:
    is_whole = isinstance(size, int) and not isinstance(size, bool)
    return is_whole and LEAST_SIZE <= size <= COLUMNS


def _id_of(item: Mapping[str, Any]) -> str | None:
    id_ = item.get("id")
    return id_ if isinstance(id_, str) and id_ else None


def _twice(counts: Mapping[str, int]) -> Iterator[str]:
    return (id_ for id_, count in counts.items() if count > 1)


@dataclass(frozen=True)
class _Place:
    """Where a widget is: among which others, as which, and inside of which."""

    siblings: list[Widget]
    index: int
    holder: Widget | None

    @property
    def widget(self) -> Widget:
        return self.siblings[self.index]


def ids_of(widgets: Iterable[Widget]) -> Iterator[str]:
    """Yield the ids of widgets and of those inside of them, outer ones first."""
    for widget in widgets:
        if id_ := _id_of(widget):
            yield id_
        for inner in _inside(widget):
            yield from ids_of(inner)


def add_widget(widgets: list[Widget], widget: Widget) -> list[Widget]:
    """Return widgets with one more: on a dashboard in a row of its own, else at the end.

    Raises `Conflict` where there is one with this id.
    """
    if widget["id"] in ids_of(widgets):
        raise Conflict(f"there is a widget '{widget['id']}' already")
    edited = deepcopy(widgets)
    if len(edited) != 1 or edited[0].get("type") != DASHBOARD:
        return [*edited, widget]
    root = edited[0]
    row = {"height": HEIGHT, "columns": [{"id": widget["id"], "size": COLUMNS}]}
    root["widgets"] = [*root.get("widgets", []), widget]
    root["layout"] = [*root.get("layout", []), row]
    return edited


def change_widget(widgets: list[Widget], id_: str, changes: Mapping[str, Any]) -> list[Widget]:
    """Return widgets with these keys of one of them set; raises `NotFound`."""
    if changes.get("id", id_) != id_:
        raise Invalid.at("id", "a widget keeps its id; remove it and add another")
    edited = deepcopy(widgets)
    _find(edited, id_).widget.update(deepcopy(dict(changes)))
    return edited


def replace_widget(widgets: list[Widget], widget: Widget) -> list[Widget]:
    """Return widgets with this one in the place of the one with its id; raises `NotFound`."""
    edited = deepcopy(widgets)
    place = _find(edited, widget["id"])
    place.siblings[place.index] = deepcopy(widget)
    return edited


def find_widget(widgets: list[Widget], id_: str) -> Widget:
    """Return the widget with this id, wherever it is; raises `NotFound`."""
    return _find(widgets, id_).widget


def copy_of(widget: Widget, make_id: Callable[[], str]) -> Widget:
    """Return a widget like this one; it, and all inside of it that have an id, get another."""
    copied = deepcopy(widget)
    for _, inner in placed([copied]):
        if _id_of(inner):
            inner["id"] = make_id()
    return copied


def remove_widget(widgets: list[Widget], id_: str) -> list[Widget]:
    """Return widgets without one of them; raises `NotFound`.

    On a dashboard its column goes with it, and the others of the row share the space evenly.
    """
    edited = deepcopy(widgets)
    place = _find(edited, id_)
    del place.siblings[place.index]
    if place.holder is not None and place.holder.get("type") == DASHBOARD:
        rows = [_without(row, id_) for row in place.holder.get("layout", [])]
        place.holder["layout"] = [row for row in rows if row["columns"]]
    return edited


def _without(row: dict[str, Any], id_: str) -> dict[str, Any]:
    columns = [column for column in row["columns"] if column["id"] != id_]
    if len(columns) in (0, len(row["columns"])):
        return row | {"columns": columns}
    size = COLUMNS // len(columns)
    return row | {"columns": [column | {"size": size} for column in columns]}


def _find(widgets: list[Widget], id_: str) -> _Place:
    place = _search(widgets, id_, None)
    if place is None:
        raise NotFound(f"there is no widget '{id_}' on this page")
    return place


def _search(widgets: list[Widget], id_: str, holder: Widget | None) -> _Place | None:
    for index, widget in enumerate(widgets):
        if widget.get("id") == id_:
            return _Place(widgets, index, holder)
        for inner in _inside(widget):
            if found := _search(inner, id_, widget):
                return found
    return None


def placed(widgets: Iterable[Widget], *, path: str = "widgets") -> Iterator[tuple[str, Widget]]:
    """Yield widgets and those inside of them, each with its place in the document."""
    for index, widget in enumerate(widgets):
        place = f"{path}[{index}]"
        yield place, widget
        if widget.get("type") == DASHBOARD:
            yield from placed(widget.get("widgets", []), path=f"{place}.widgets")
        if widget.get("type") == GROUPER:
            for number, group in enumerate(widget.get("groups", [])):
                inner = f"{place}.groups[{number}].widgets"
                yield from placed(group.get("widgets", []), path=inner)


def _inside(widget: Widget) -> Iterator[list[Widget]]:
    """Yield the lists of widgets that a widget holds."""
    if widget.get("type") == DASHBOARD:
        yield widget.get("widgets", [])
    if widget.get("type") == GROUPER:
        yield from (group.get("widgets", []) for group in widget.get("groups", []))


def with_blueprint_renamed(value: Any, *, old: str, new: str) -> Any:
    """Return widgets, or filters, or a part of them, that know a blueprint by its new identifier.

    >>> widget = {"blueprint": "app", "dataset": {"property": "$blueprint", "value": ["app"]}}
    >>> with_blueprint_renamed([widget], old="app", new="tool")
    [{'blueprint': 'tool', 'dataset': {'property': '$blueprint', 'value': ['tool']}}]
    """
    if isinstance(value, list):
        return [with_blueprint_renamed(item, old=old, new=new) for item in value]
    if not isinstance(value, Mapping):
        return value
    changed = {key: with_blueprint_renamed(item, old=old, new=new) for key, item in value.items()}
    if changed.get("blueprint") == old:
        changed["blueprint"] = new
    if changed.get("property") == "$blueprint":
        wanted = changed.get("value")
        if wanted == old:
            changed["value"] = new
        elif isinstance(wanted, list):
            changed["value"] = [new if item == old else item for item in wanted]
    return changed
