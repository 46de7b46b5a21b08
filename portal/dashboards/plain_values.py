"""Values of cells as files hold them: typed, whole, and harmless to spreadsheets."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.dashboards.columns import (
    Column,
    PropertyColumn,
    References,
    Row,
    TitleColumn,
)
from portal.dashboards.properties import Property
from portal.dashboards.values import Kind, Shown, moment
from portal.spreadsheets import harmless
from scorecards.models import Level

Plain = str | int | float | bool | datetime | None


def plain(column: Column, row: Row) -> Plain:
    """Return what a column says of a row, without a limit on its length."""
    match column:
        case TitleColumn():
            return str(row.entity)
        case PropertyColumn():
            return plain_value(row.entity.facts.get(column.prop.identifier), column.prop)
    return _of_cell(column.cell(row))


def plain_value(value: Any, prop: Property) -> Plain:
    """Return the value of a property: numbers, truth and moments typed, the rest as text."""
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, str):
        if prop.format not in ("date-time", "timer"):
            return value
        return moment(value).moment or value
    if isinstance(value, list):
        return ", ".join(_in_list(item) for item in value) or None
    return _in_list(value) if value else None


def _in_list(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and isinstance(value.get("url"), str):
        return value["url"]
    return json.dumps(value, ensure_ascii=False)


def _of_cell(cell: Any) -> Plain:
    match cell:
        case Level():
            return cell.title
        case References():
            return ", ".join(reference.title for reference in cell.named) or None
        case Shown(kind=Kind.MOMENT):
            return cell.moment
        case Shown():
            return cell.text
    return None


def heading_of(column: Column) -> str:
    """Return the head of a column, with the unit that its cells do not carry."""
    unit = column.prop.unit if isinstance(column, PropertyColumn) else ""
    return harmless(f"{column.title} ({unit})" if unit else column.title)
