"""Single numbers: a property of one entity, a count of entities, or what a property comes to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from django.db.models import Avg, F, Max, Min, Sum

from catalog.queries.typed import MomentOf, NumberOf
from catalog.querysets import EntityQuerySet
from portal.dashboards.boards.sources import Scope, Sources, Undrawable
from portal.dashboards.boards.subjects import parse_subject
from portal.dashboards.formats import number

UNITS = {"none": "", "$": "$", "€": "€", "£": "£", "%": "%"}
ALIGNMENTS = ("left", "right", "bottom")
PERIODS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
FUNCTIONS = ("sum", "min", "max", "average", "median")
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": gt, ">=": ge, "<": lt, "<=": le, "=": eq, "!=": ne,
}  # fmt: skip
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Figure:
    """A number as it is shown: `text` without its unit; empty where there is none."""

    text: str
    unit: str = ""
    alignment: str = "right"
    color: str = ""
    message: str = ""
    link: str = ""


def figure(widget: Mapping[str, Any], sources: Sources) -> Figure:
    """Return the number that a widget asks for; raises `Undrawable`."""
    value, link = _value(widget, sources)
    rule = _formatting(widget.get("conditionalFormatting") or [], value)
    unit = str(widget.get("unit") or "none")
    alignment = widget.get("unitAlignment")
    return Figure(
        text=_written(widget, value),
        unit=str(widget.get("unitCustom") or "") if unit == "custom" else UNITS.get(unit, unit),
        alignment=alignment if alignment in ALIGNMENTS else "right",
        color=str(rule.get("color") or ""),
        message=str(rule.get("message") or rule.get("description") or ""),
        link=link,
    )


def _value(widget: Mapping[str, Any], sources: Sources) -> tuple[float | int | None, str]:
    if widget.get("chartType") == "displaySingleProperty":
        entity = sources.entity(widget.get("blueprint"), widget.get("entity"))
        key = parse_subject(str(widget.get("property") or "")).fact
        sources.about(entity.blueprint.identifier).property(key)
        found = entity.facts.get(key)
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        return (found if is_number else None), ""
    scope = sources.scope(widget)
    if _counts(widget):
        return _counted(widget, scope, now=sources.now), scope.table()
    return _reduced(widget, scope, now=sources.now), scope.table()


def _counts(widget: Mapping[str, Any]) -> bool:
    kind = widget.get("chartType")
    return kind == "countEntities" or widget.get("calculationBy") == "entities"


def _counted(widget: Mapping[str, Any], scope: Scope, *, now: datetime) -> float:
    total = scope.entities.count()
    if widget.get("func", "count") == "count":
        return total
    return _averaged(total, scope.entities, widget, scope, now=now)


def _averaged(
    total: float,
    entities: EntityQuerySet,
    widget: Mapping[str, Any],
    scope: Scope,
    *,
    now: datetime,
) -> float:
    """Return a total by the period, from the first event up to now."""
    period = widget.get("averageOf") or "day"
    if period not in PERIODS:
        raise Undrawable(f"averageOf: give one of {', '.join(PERIODS)}")
    first = _first_moment(entities, str(widget.get("measureTimeBy") or "$createdAt"), scope)
    if first is None:
        return 0
    return total / max((now - first) / PERIODS[period], 1)


def _first_moment(entities: EntityQuerySet, by: str, scope: Scope) -> datetime | None:
    key = parse_subject(by)
    scope.about.title_of(key)
    least = entities.aggregate(least=Min(MomentOf(key.fact)))["least"]
    return None if least is None else datetime.fromtimestamp(0, UTC) + least * _MICROSECOND


def check_figure(widget: Mapping[str, Any], sources: Sources) -> None:
    """Refuse a number that cannot be worked out, whatever entities there are."""
    if widget.get("chartType") == "displaySingleProperty":
        about = sources.about(str(widget.get("blueprint") or ""))
    else:
        about = sources.scope(widget).about
    if widget.get("measureTimeBy"):
        about.title_of(parse_subject(str(widget["measureTimeBy"])))
    if not _counts(widget):
        about.property(parse_subject(str(widget.get("property") or "")).fact)


def _reduced(widget: Mapping[str, Any], scope: Scope, *, now: datetime) -> float | None:
    function = widget.get("func") or "average"
    if function not in FUNCTIONS:
        raise Undrawable(f"func: give one of {', '.join(FUNCTIONS)}")
    prop = scope.about.property(parse_subject(str(widget.get("property") or "")).fact)
    rows = scope.entities.order_by().annotate(number=NumberOf(prop.identifier))
    rows = rows.filter(number__isnull=False)
    if function == "median":
        return median(rows)
    if function == "average" and widget.get("averageOf") not in (None, "total"):
        total = rows.aggregate(found=Sum("number"))["found"] or 0
        return _averaged(total, rows, widget, scope, now=now)
    reduce = {"sum": Sum, "min": Min, "max": Max, "average": Avg}[function]
    return rows.aggregate(found=reduce("number"))["found"]


def median(rows: EntityQuerySet) -> float | None:
    """Return the median of `number` of rows that have one: two queries, whatever their number."""
    count = rows.count()
    if not count:
        return None
    first, length = (count - 1) // 2, 2 - count % 2
    ordered = rows.order_by(F("number").asc()).values_list("number", flat=True)
    middle = list(ordered[first : first + length])
    return sum(middle) / len(middle) if middle else None


def _written(widget: Mapping[str, Any], value: float | int | None) -> str:
    if value is None:
        return ""
    match widget.get("displayFormatting"):
        case "round":
            return number(round(value))
        case "custom":
            places = widget.get("decimalPlaces")
            is_whole = isinstance(places, int) and not isinstance(places, bool)
            return f"{value:,.{places if is_whole and 0 <= places <= 5 else 2}f}"
    is_whole = isinstance(value, int) or (float(value).is_integer() and abs(value) < 2**53)
    return number(int(value) if is_whole else value)


def _formatting(rules: Iterable[Any], value: float | int | None) -> Mapping[str, Any]:
    """Return the rule that the value meets; of several the one whose threshold is nearest."""
    met = []
    for rule in rules:
        if not isinstance(rule, Mapping) or value is None:
            continue
        threshold, compare = rule.get("value"), _COMPARISONS.get(str(rule.get("operator")))
        is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
        if compare and is_number and compare(value, threshold):
            met.append((abs(value - threshold), len(met), rule))
    return min(met)[2] if met else {}
