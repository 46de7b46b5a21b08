"""Numbers by interval: how many entities there were, what their properties came to, and what a
property of one entity was.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.computed.aggregates import kept
from catalog.computed.arithmetic import exact_sum, percentile
from catalog.computed.trends import trend
from catalog.conditions.values import is_number
from catalog.errors import Fault, Invalid
from catalog.models import Change, Entity
from catalog.queries.dialects import microseconds
from catalog.queries.typed import MomentOf
from catalog.querysets import EntityQuerySet
from portal.integrations.port.intervals import DIVISORS, Timeline

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OVER: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": exact_sum,
    "average": lambda values: exact_sum(values) / len(values),
    "min": min,
    "max": max,
    "median": lambda values: percentile(values, 50),
    "last": lambda values: values[-1],
}
MOST_PROPERTIES = 20


def counted(
    rows: EntityQuerySet, timeline: Timeline, body: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return how many entities there were in each interval, by value where a breakdown is named.

    `func` is ``count`` or ``average``, which divides by the minutes, hours or days of an interval.
    """
    function, breakdown = body.get("func", "count"), body.get("breakdownProperty")
    if function not in ("count", "average"):
        raise Invalid.at("func", "give count or average")
    if breakdown is not None and not isinstance(breakdown, str):
        raise Invalid.at("breakdownProperty", "give the identifier of a property")
    divisor = DIVISORS[timeline.interval] if function == "average" else 1
    counts: list[dict[str, int]] = [defaultdict(int) for _ in timeline.starts]
    for index, facts in _within(rows, timeline, body):
        name = "count" if breakdown is None else str(facts.get(breakdown))
        counts[index][name] += 1
    names = sorted({name for found in counts for name in found}) or ["count"]
    return [{name: kept(found.get(name, 0) / divisor) for name in names} for found in counts]


def combined(
    rows: EntityQuerySet, timeline: Timeline, body: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return what properties of the entities of each interval come to; null without a number."""
    function, names = body.get("func"), read_names(body, "properties")
    if function not in _OVER:
        raise Invalid.at("func", f"give one of {', '.join(_OVER)}")
    values: list[dict[str, list[float]]] = [defaultdict(list) for _ in timeline.starts]
    for index, facts in _within(rows, timeline, body):
        for name in names:
            if is_number(facts.get(name)):
                values[index][name].append(float(facts[name]))
    return [
        {name: kept(_OVER[function](found[name])) if name in found else None for name in names}
        for found in values
    ]


def _within(
    rows: EntityQuerySet, timeline: Timeline, body: Mapping[str, Any]
) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the interval and the facts of each entity whose date is in the span, in order."""
    measured_by = body.get("measureTimeBy", "$createdAt")
    if not isinstance(measured_by, str):
        raise Invalid.at("measureTimeBy", "name a property that holds a date")
    dated = rows.annotate(moment=MomentOf(measured_by)).filter(
        moment__gte=microseconds(timeline.begin), moment__lte=microseconds(timeline.end)
    )
    found = []
    for moment, facts in dated.order_by("moment", "id").values_list("moment", "facts"):
        index = timeline.index(_EPOCH + timedelta(microseconds=moment))
        if index is not None:
            found.append((index, facts))
    return found


def read_names(body: Mapping[str, Any], key: str) -> list[str]:
    """Return a list of properties in a body; raises `Invalid`."""
    names = body.get(key)
    is_list = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    if not is_list or not 1 <= len(names) <= MOST_PROPERTIES:
        raise Invalid([Fault(key, f"give a list of 1 to {MOST_PROPERTIES} properties")])
    return list(dict.fromkeys(names))


def remembered(entity: Entity, names: Sequence[str], timeline: Timeline) -> list[dict[str, Any]]:
    """Return what properties of an entity were at the end of each interval.

    Given properties are read back through the history of the entity; what was before it is null.
    Aggregations and what is calculated from them are worked out anew (`catalog.computed.trends`).
    """
    spec_keys = _computed(entity, names)
    found: list[dict[str, Any]] = [{} for _ in timeline.starts]
    for name in names:
        values = (
            _trend(entity, name, timeline) if name in spec_keys else _past(entity, name, timeline)
        )
        for index, value in enumerate(values):
            found[index][name] = value
    return found


def _computed(entity: Entity, names: Sequence[str]) -> set[str]:
    blueprint = entity.blueprint
    known = {*blueprint.aggregation_properties, *blueprint.calculation_properties}
    return known.intersection(names)


def _trend(entity: Entity, name: str, timeline: Timeline) -> list[Any]:
    return [point.value for point in trend(entity, name, moments=timeline.ends)]


def _past(entity: Entity, name: str, timeline: Timeline) -> list[Any]:
    """Return the values of one property, read backwards from what it is now."""
    changes = iter(
        Change.objects.of_entity(entity)
        .filter(at__gt=timeline.starts[0])
        .values_list("at", "action", "before")
    )
    value, change = entity.facts.get(name), next(changes, None)
    values = []
    for end in reversed(timeline.ends):
        while change is not None and change[0] > end:
            at, action, before = change
            if action == Change.Action.CREATED:
                value = None
            elif name in before:
                value = before[name]
            change = next(changes, None)
        values.append(value if end >= entity.created_at else None)
    return values[::-1]
