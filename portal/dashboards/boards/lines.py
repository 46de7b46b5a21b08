"""Lines over time: how many entities, or what their numbers come to, step by step."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median
from typing import Any

from django.db.models import BigIntegerField, Count, ExpressionWrapper, Value

from catalog.computed.trends import trend
from catalog.queries.dialects import microseconds
from catalog.queries.typed import MomentOf, NumberOf
from catalog.querysets import EntityQuerySet
from portal.dashboards.boards import buckets
from portal.dashboards.boards.breakdowns import PALETTE
from portal.dashboards.boards.sources import Scope, Sources, Undrawable
from portal.dashboards.boards.subjects import parse_subject
from portal.dashboards.expressions import FactText
from portal.dashboards.formats import day, number
from portal.dashboards.line_charts import Baseline, Point, Series

MOST_LINES = 10
MOST_EVENTS = 200_000
FUNCTIONS = ("sum", "average", "min", "max", "median", "last")
_HOUR = 3_600_000_000
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class LineChart:
    """Lines with what stands beside them."""

    series: list[Series]
    baselines: list[Baseline]
    noun: str

    @property
    def has_values(self) -> bool:
        """Say whether any line has a point."""
        return any(point.value is not None for item in self.series for point in item.points)

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """Return the lines as a table: a date, and the value of each line, the newest first."""
        if not self.series:
            return []
        columns = [item.points for item in self.series]
        return [
            (day(points[0].at), [_written(point.value) for point in points])
            for points in reversed(list(zip(*columns, strict=True)))
        ]


def _written(value: float | int | None) -> str:
    return "–" if value is None else number(value)


def line_chart(widget: Mapping[str, Any], sources: Sources) -> LineChart:
    """Return the lines that a widget asks for; raises `Undrawable`."""
    interval, preset = buckets.interval_of(widget), buckets.range_of(widget)
    starts = buckets.starts(interval, preset, now=sources.now)
    drawn = _Drawing(widget, sources, interval, starts)
    found = (item for line in lines_in(widget) for item in drawn.of(line))
    return LineChart(
        series=[
            Series(title, PALETTE[index % len(PALETTE)], points)
            for index, (title, points) in enumerate(islice(found, MOST_LINES))
        ],
        baselines=list(_baselines(widget.get("baselines") or [])),
        noun=interval.removeprefix("iso").lower(),
    )


def check_lines(widget: Mapping[str, Any], sources: Sources) -> None:
    """Refuse lines that cannot be drawn, whatever entities there are."""
    for line in lines_in(widget):
        about = sources.scope(line).about
        for name in ("measureTimeBy", "breakdownProperty"):
            if line.get(name):
                about.title_of(parse_subject(str(line[name])))
        for key in map(_key, line.get("properties") or []):
            about.property(key)


def lines_in(widget: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the lines of a widget's document; one that lists none is a line itself."""
    return [line for line in widget.get("lines") or [widget] if isinstance(line, Mapping)]


def _baselines(raw: Iterable[Any]) -> Iterator[Baseline]:
    for item in raw:
        value = item.get("value") if isinstance(item, Mapping) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield Baseline(str(item.get("name") or ""), value, str(item.get("color") or "darkgray"))


Named = tuple[str, list[Point]]


class _Drawing:
    """The lines of one widget."""

    def __init__(
        self,
        widget: Mapping[str, Any],
        sources: Sources,
        interval: str,
        starts: Sequence[datetime],
    ) -> None:
        self.sources = sources
        self.interval = interval
        self.starts = starts
        self.nothing = 0 if widget.get("nullValueDisplayMode") == "zero" else None

    def of(self, line: Mapping[str, Any]) -> Iterator[Named]:
        """Yield the titles and points of what one line of a document asks for."""
        match line.get("chartType"):
            case "propertiesValueHistory":
                yield from self._history(line)
            case "aggregatePropertiesValues":
                yield from self._reduced(line)
            case _:
                yield from self._counted(line)

    def _history(self, line: Mapping[str, Any]) -> Iterator[Named]:
        entity = self.sources.entity(line.get("blueprint"), line.get("entity"))
        about = self.sources.about(entity.blueprint.identifier)
        moments = [*self.starts[1:], self.sources.now]
        for key in map(_key, line.get("properties") or []):
            title = about.property(key).title
            values = [point.value for point in trend(entity, key, moments=moments)]
            yield f"{entity}: {title}", self._points(values)

    def _counted(self, line: Mapping[str, Any]) -> Iterator[Named]:
        scope = self.sources.scope(line)
        rows = self._in_range(scope, line)
        by = str(line.get("breakdownProperty") or "")
        title = str(line.get("title") or scope.about.blueprint.title)
        divisor = buckets.PARTS[self.interval] if line.get("func") == "average" else 1
        if not by:
            yield title, self._count_points(rows.values_list("hour").annotate(Count("id")), divisor)
            return
        subject = parse_subject(by)
        scope.about.title_of(subject)
        groups = defaultdict(list)
        split = rows.annotate(group=FactText(subject.fact)).values_list("hour", "group")
        for hour, group, count in split.annotate(Count("id")):
            groups[str(group) if group is not None else "Empty"].append((hour, count))
        ordered = sorted(groups.items(), key=lambda item: -sum(count for _, count in item[1]))
        for group, counts in ordered[:MOST_LINES]:
            yield group, self._count_points(counts, divisor)

    def _reduced(self, line: Mapping[str, Any]) -> Iterator[Named]:
        function = line.get("func") or "average"
        if function not in FUNCTIONS:
            raise Undrawable(f"func: give one of {', '.join(FUNCTIONS)}")
        scope = self.sources.scope(line)
        for key in map(_key, line.get("properties") or []):
            title = scope.about.property(key).title
            rows = self._in_range(scope, line).annotate(number=NumberOf(key))
            values: dict[datetime, list[float]] = defaultdict(list)
            found = rows.filter(number__isnull=False).order_by("moment", "id")
            for hour, value in found.values_list("hour", "number")[:MOST_EVENTS]:
                values[self._start(hour)].append(value)
            yield (
                str(line.get("title") or title),
                self._points([_reduce(function, values.get(at)) for at in self.starts]),
            )

    def _in_range(self, scope: Scope, line: Mapping[str, Any]) -> EntityQuerySet:
        subject = parse_subject(str(line.get("measureTimeBy") or "$createdAt"))
        scope.about.title_of(subject)
        hour = ExpressionWrapper(
            MomentOf(subject.fact) / Value(_HOUR), output_field=BigIntegerField()
        )
        first, last = microseconds(self.starts[0]), microseconds(self.sources.now)
        return (
            scope.entities.order_by()
            .annotate(moment=MomentOf(subject.fact))
            .filter(moment__gte=first, moment__lte=last)
            .annotate(hour=hour)
        )

    def _count_points(self, counts: Iterable[tuple[int, int]], divisor: int) -> list[Point]:
        """Return counts by hour as points; where there was nothing, that is a number too."""
        sums: dict[datetime, int] = defaultdict(int)
        for hour, count in counts:
            sums[self._start(hour)] += count
        return self._points(
            [sums[at] if divisor == 1 else sums[at] / divisor for at in self.starts]
        )

    def _start(self, hour: int) -> datetime:
        return buckets.start_of(self.interval, _EPOCH + int(hour) * timedelta(hours=1))

    def _points(self, values: Sequence[float | int | None]) -> list[Point]:
        return [
            Point(at, self.nothing if value is None else value)
            for at, value in zip(self.starts, values, strict=True)
        ]


def _key(name: Any) -> str:
    return parse_subject(str(name)).fact


def _reduce(function: str, values: Sequence[float] | None) -> float | None:
    if not values:
        return None
    match function:
        case "sum":
            return sum(values)
        case "average":
            return sum(values) / len(values)
        case "median":
            return median(values)
        case "last":
            return values[-1]
    return min(values) if function == "min" else max(values)
