"""Trends: a point equals the number as it is worked out from the events until then."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import operations, registry
from catalog.computed import shelf
from catalog.computed.arithmetic import aggregate
from catalog.computed.trends import Point, trend
from catalog.facts import timestamp
from catalog.models import Entity, Rollup, Series
from catalog.operations import delete_entities, refresh_clock_values
from tests.builders import NOW, TESTER, blueprint_document, make_entity

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 6, 1, tzinfo=UTC)
MOMENTS = [NOW - timedelta(days=10 * count) for count in range(6, -1, -1)]
GOOD = {"property": "good", "operator": "=", "value": True}
LATELY = {"property": "done", "operator": "between", "value": {"preset": "lastMonth"}}
BEFORE = {"property": "done", "operator": "between", "value": {"preset": "previousMonth"}}


def over(func: str, **more: Any) -> dict[str, Any]:
    return {"func": func, "calculationBy": "property", "property": "n", **more}


def every_aggregation() -> dict[str, Any]:
    def of(spec: dict[str, Any], *rules: dict[str, Any]) -> dict[str, Any]:
        query = {"combinator": "and", "rules": list(rules)} if rules else None
        return {"target": "event", "calculationSpec": spec, "query": query}

    count = {"func": "count", "calculationBy": "entities", "measureTimeBy": "done"}
    weekly = {**count, "func": "average", "averageOf": "week"}
    dated = {"measureTimeBy": "done"}
    functions = ("sum", "min", "max", "median", "p90")
    return {
        "count": of(count, GOOD),
        "lately": of(count, GOOD, LATELY),
        "before": of(count, BEFORE),
        "weekly": of(weekly),
        "weekly_lately": of(weekly, LATELY),
        "mean": of(over("average", averageOf="total", **dated)),
        **{f"{func}_lately": of(over(func, **dated), LATELY) for func in functions},
        **{func: of(over(func, **dated)) for func in functions},
    }


def save(*, is_many: bool = False) -> None:
    own = every_aggregation()
    path = [{"path": ["service", "$team"], "fromBlueprint": "event"}]
    share = {
        "type": "number",
        "calculation": "if .properties.lately == 0 then null"
        " else .properties.sum_lately / .properties.lately end",
    }
    twice = {"type": "number", "calculation": ".properties.share * 2"}
    properties = {"n": {"type": "number"}, "done": {"type": "string"}, "good": {"type": "boolean"}}
    operations.save_blueprints(
        definitions=[
            blueprint_document(
                "_team",
                ownership=None,
                aggregation_properties={
                    key: {**item, "pathFilter": path} for key, item in own.items()
                },
            ),
            blueprint_document(
                aggregation_properties=own,
                calculation_properties={"share": share, "twice": twice},
            ),
            blueprint_document(
                "event",
                ownership=None,
                schema={"properties": properties},
                relations={"service": {"target": "service", "many": is_many}},
            ),
        ],
        by=TESTER,
        now=NOW,
    )


def happen(random: Random, count: int, *, is_many: bool = False) -> None:
    for number in range(count):
        done = TODAY - timedelta(days=random.randrange(100), minutes=random.randrange(1, 1440))
        services = random.choice([["pay"], ["ship"], ["pay", "ship"]])
        make_entity(
            f"e{number}",
            blueprint="event",
            properties={
                "n": random.choice([None, random.randrange(50), random.random()]),
                "done": random.choice([timestamp(done), done.isoformat(), "soon"]),
                "good": random.random() < 0.7,
            },
            relations={"service": services if is_many else services[0]},
        )


@pytest.fixture(params=[False, True], ids=["to one", "to many"])
def happened(request) -> Random:
    random = Random(7)
    save(is_many=request.param)
    make_entity("core", blueprint="_team")
    for name in ("pay", "ship"):
        make_entity(name, team="core")
    happen(random, 60, is_many=request.param)
    return random


def owners() -> list[Entity]:
    return list(Entity.objects.filter(blueprint__identifier__in=["service", "_team"]))


def events_of(owner: Entity) -> list[tuple[datetime, dict[str, Any]]]:
    """Return the dates and facts of the events of an owner."""
    names = {"pay", "ship"} if owner.identifier == "core" else {owner.identifier}
    found = []
    for event in Entity.objects.of("event").order_by("id"):
        targets = event.facts["relation#service"]
        related = set(targets if isinstance(targets, list) else [targets])
        if event.facts["done"] != "soon" and names & related:
            found.append((datetime.fromisoformat(event.facts["done"]), event.facts))
    return found


def expected(
    owner: Entity, events: list[tuple[datetime, dict[str, Any]]], key: str, at: datetime
) -> Any:
    """Aggregate what had happened until then, row by row."""
    source = registry.graph().derived[owner.blueprint.identifier][key].source
    return aggregate(source, [facts for done, facts in events if done < at], now=at)


def assert_right() -> None:
    for owner in owners():
        events = events_of(owner)
        for key in every_aggregation():
            points = trend(owner, key, moments=MOMENTS)
            assert points[-1].value == owner.facts[key]
            for point in points[:-1]:
                value = expected(owner, events, key, point.at)
                found = pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
                assert point.value == found, (owner, key, point)


def test_points_are_the_values_of_their_time_off_samples_and_off_rollups(happened):
    assert_right()
    refresh_clock_values(now=NOW)
    assert Rollup.objects.exists()
    assert_right()


def test_rollups_are_kept_by_every_write(happened):
    refresh_clock_values(now=NOW)
    happen(happened, 30, is_many=False)
    happened.shuffle(rows := list(Entity.objects.of("event")))
    delete_entities(entities=rows[:10], by=TESTER, now=NOW)
    make_entity("ship", team=None)
    Entity.objects.of("service").get(identifier="ship").delete()
    kept = stored()
    Series.objects.update(rolled_at=None)
    shelf.roll_up(registry.graph(), now=NOW)
    assert kept == stored()
    assert all(series.rolled_at for series in Series.objects.all())


def stored() -> set[tuple[Any, ...]]:
    """Return the rollups, sums rounded as far as the order of their parts goes."""
    columns = ("series", "anchor", "day", "count", "value_count", "least", "most", "first_at")
    rows = Rollup.objects.values_list(*columns, "scaled_sum")
    return {(*row[:-1], f"{row[-1]:.10g}") for row in rows}


def test_calculations_read_the_aggregations_of_their_time(happened):
    owner = next(row for row in owners() if row.identifier == "pay")
    sums = trend(owner, "sum_lately", moments=MOMENTS)
    counts = trend(owner, "lately", moments=MOMENTS)
    shares = trend(owner, "share", moments=MOMENTS)
    assert [point.value for point in shares[:-1]] == [
        pytest.approx(total.value / count.value) if count.value else None
        for total, count in zip(sums[:-1], counts[:-1], strict=True)
    ]
    assert any(point.value for point in shares[:-1])
    twice = trend(owner, "twice", moments=MOMENTS)
    assert [point.value for point in twice] == [
        pytest.approx(point.value * 2) if point.value is not None else None for point in shares
    ]


def test_a_point_counts_the_events_since_the_one_before(happened):
    owner = next(row for row in owners() if row.identifier == "core")
    points, events = trend(owner, "lately", moments=MOMENTS), events_of(owner)
    assert points[0].count == 0
    known = [expected(owner, events, "count", point.at) for point in points]
    came = [later - earlier for earlier, later in zip(known, known[1:], strict=False)]
    assert [point.count for point in points[1:]] == came


def test_points_are_midnights_but_for_now(happened):
    points = trend(owners()[0], "count", moments=MOMENTS)
    assert [point.at for point in points[:-1]] == [
        moment.replace(hour=0, minute=0) for moment in MOMENTS[:-1]
    ]
    assert points[-1].at == NOW


def test_what_is_no_number_of_events_has_no_past():
    save()
    service = make_entity("pay", properties={"tier": 3})
    assert trend(service, "tier", moments=MOMENTS[-2:]) == [
        Point(TODAY - timedelta(days=10), None, 0),
        Point(NOW, 3, 0),
    ]


def test_a_day_begins_at_midnight_before_1970_too():
    save()
    service = make_entity("pay")
    for number, done in enumerate(["1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01"]):
        make_entity(
            str(number),
            blueprint="event",
            properties={"done": done, "good": True},
            relations={"service": "pay"},
        )
    refresh_clock_values(now=NOW)
    days = set(Rollup.objects.filter(anchor=service).values_list("day", flat=True))
    assert days == {-1, 0, -719162}


def test_the_queries_of_a_trend_do_not_grow_with_events_or_points(happened):
    owner = next(row for row in owners() if row.identifier == "core")
    refresh_clock_values(now=NOW)

    def count(moments: list[datetime]) -> int:
        with CaptureQueriesContext(connection) as queries:
            trend(owner, "median_lately", moments=moments)
        return len(queries)

    count(MOMENTS)
    happen(Random(8), 100)
    assert count(MOMENTS[-2:]) == count(MOMENTS) == 6
