"""Numbers over what a search finds, and how it is distributed, worked out in the database."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Min, Sum, TextField
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from catalog.blueprints import Aggregation
from catalog.computed.aggregates import Summary, kept, value_of
from catalog.computed.arithmetic import PERCENTILES, SECONDS, percentile
from catalog.computed.totals import SCALE
from catalog.errors import Fault, Invalid
from catalog.models import EntityRelation
from catalog.queries.typed import MomentOf, NumberOf
from catalog.querysets import EntityQuerySet
from portal.integrations.port.entity_scorecards import scorecards_of
from portal.permissions import Rights

_OF_VALUES = ("sum", "average", "min", "max", *PERCENTILES)
_OF_ENTITIES = ("count", "average")
_FUNCTIONS = ("count", "average", "sum", "min", "max", "median", "countValues")
_EMPTY = "null"


def read_aggregation(body: Mapping[str, Any]) -> Aggregation:
    """Return the number that a body asks for; raises `Invalid`."""
    function, prop = body.get("func"), body.get("property")
    by_property = body.get("calculationBy", "property" if prop is not None else "entities")
    interval = body.get("averageOf", "total")
    measured_by = body.get("measureTimeBy", "$createdAt")
    faults = []
    if by_property not in ("entities", "property"):
        faults.append(Fault("calculationBy", "give entities or property"))
    elif function not in (_OF_VALUES if by_property == "property" else _OF_ENTITIES):
        faults.append(Fault("func", f"give one of {', '.join(_FUNCTIONS)}"))
    if by_property == "property" and not isinstance(prop, str):
        faults.append(Fault("property", "name the property to calculate with"))
    if interval not in (*SECONDS, "total"):
        faults.append(Fault("averageOf", f"give one of {', '.join(SECONDS)}, total"))
    if not isinstance(measured_by, str):
        faults.append(Fault("measureTimeBy", "name a property that holds a date"))
    if faults:
        raise Invalid(faults)
    return Aggregation(
        identifier="",
        target="",
        function=function,
        property=prop if by_property == "property" else None,
        interval=interval,
        measure_time_by=measured_by,
        query=None,
        path=None,
        is_from_target=False,
    )


def aggregated(rows: EntityQuerySet, wanted: Aggregation, *, now: datetime) -> float | int | None:
    """Return a number over entities, by the rules of `catalog.computed.arithmetic`."""
    if wanted.property is not None:
        rows = rows.annotate(number=NumberOf(wanted.property))
        if wanted.function in PERCENTILES:
            values = list(rows.filter(number__isnull=False).values_list("number", flat=True))
            return kept(percentile(values, PERCENTILES[wanted.function])) if values else None
    found = rows.annotate(moment=MomentOf(wanted.measure_time_by)).aggregate(
        count=Count("id"), first=Min("moment"), **(_over_values() if wanted.property else {})
    )
    summary = Summary(
        0,
        found["count"],
        found.get("values", 0),
        found.get("total"),
        found.get("least"),
        found.get("most"),
        found["first"],
    )
    return kept(value_of(wanted, summary, now))


def _over_values() -> dict[str, Any]:
    return {
        "values": Count("number"),
        "total": Sum(F("number") / SCALE),
        "least": Min("number"),
        "most": Max("number"),
    }


def distributed(rows: EntityQuerySet, body: Mapping[str, Any], *, rights: Rights) -> dict[str, int]:
    """Return how many entities have which value; raises `Invalid`.

    Relations to what `rights` may not read count as none.

    Values that are no text stand as JSON. An entity that has several, or several relations, counts
    for each; one without any for ``null``.
    """
    subjects = {
        key: body[key] for key in ("property", "relation", "scorecard") if body.get(key) is not None
    }
    if len(subjects) != 1 or not all(isinstance(name, str) for name in subjects.values()):
        raise Invalid.at("property", "name a property, a relation or a scorecard")
    ((kind, name),) = subjects.items()
    match kind:
        case "relation":
            return _by_relation(rows, name, rights)
        case "scorecard":
            return _by_scorecard(rows, name, body.get("scorecardRule"))
    counts: Counter[str] = Counter()
    value = Cast(KeyTransform(name, "facts"), TextField())
    for text, count in rows.order_by().values_list(value).annotate(Count("id")):
        for item in _items(text):
            counts[item] += count
    return dict(counts.most_common())


def _items(text: str | None) -> Iterable[str]:
    """Yield the names of what a column holds; databases give texts back with and without quotes."""
    try:
        value = json.loads(text) if text is not None else None
    except ValueError:
        value = text
    values = value if isinstance(value, list) else [value]
    for item in values or [None]:
        yield item if isinstance(item, str) else json.dumps(item)


def _by_relation(rows: EntityQuerySet, name: str, rights: Rights) -> dict[str, int]:
    edges = EntityRelation.objects.filter(source__in=rows.values("id"), relation=name)
    edges = rights.readable(edges, via="target__blueprint")
    found = edges.order_by().values_list("target__identifier").annotate(Count("id"))
    counts = Counter(dict(found))
    without = rows.exclude(id__in=edges.values("source_id")).count()
    if without:
        counts[_EMPTY] = without
    return dict(counts.most_common())


def _by_scorecard(rows: EntityQuerySet, name: str, rule: Any) -> dict[str, int]:
    if rule is not None and not isinstance(rule, str):
        raise Invalid.at("scorecardRule", "give the identifier of a rule")
    entities = list(rows.only("id", "blueprint_id"))
    found = scorecards_of(entities)
    counts: Counter[str] = Counter()
    for entity in entities:
        scorecard = found.get(entity.pk, {}).get(name)
        counts.update(_states(scorecard, rule))
    return dict(counts.most_common())


def _states(scorecard: Mapping[str, Any] | None, rule: str | None) -> list[str]:
    if scorecard is None:
        return [_EMPTY]
    if rule is None:
        return [scorecard["level"]]
    states = [item["status"] for item in scorecard["rules"] if item["identifier"] == rule]
    return states or [_EMPTY]
