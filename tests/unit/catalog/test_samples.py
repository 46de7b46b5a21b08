"""Samples and totals are written with the events, and read in their place."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import operations, registry
from catalog.computed.shelf import Shelf
from catalog.facts import timestamp
from catalog.models import Blueprint, Entity, EntityRelation, Sample, Series, Total
from catalog.operations import EntityDraft, refresh_clock_values
from tests.builders import NOW, TESTER, blueprint_document, make_entity

pytestmark = pytest.mark.django_db

LATELY = {
    "combinator": "and",
    "rules": [{"property": "done", "operator": "between", "value": {"preset": "lastWeek"}}],
}
COUNT = {"func": "count", "calculationBy": "entities"}


def over(func: str, **more: Any) -> dict[str, Any]:
    return {"func": func, "calculationBy": "property", "property": "minutes", **more}


def aggregation(spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"target": "event", "calculationSpec": spec, **more}


def save(*, is_many: bool = False, **more: Any) -> None:
    """Save services and teams that count events."""
    own = {
        "events": aggregation(COUNT),
        "least": aggregation(over("min")),
        "sum": aggregation(over("sum")),
        "lately": aggregation(COUNT, query=LATELY),
        "median": aggregation(over("median")),
        **more,
    }
    path = [{"path": ["service", "$team"], "fromBlueprint": "event"}]
    theirs = {key: {**item, "pathFilter": path} for key, item in own.items()}
    properties = {"minutes": {"type": "number"}, "done": {"type": "string"}}
    operations.save_blueprints(
        definitions=[
            blueprint_document("_team", ownership=None, aggregation_properties=theirs),
            blueprint_document(aggregation_properties=own),
            blueprint_document(
                "event",
                ownership=None,
                schema={"properties": properties, "required": []},
                relations={"service": {"target": "service", "many": is_many}},
            ),
        ],
        by=TESTER,
        now=NOW,
    )


@pytest.fixture
def catalog() -> None:
    save()
    make_entity("core", blueprint="_team")
    for name in ("pay", "ship"):
        make_entity(name, team="core")


def event(name: str, service: Any, *, minutes: Any = 1, days: float = 0, **parts: Any) -> Entity:
    properties = {"minutes": minutes, "done": timestamp(NOW - timedelta(days=days))}
    relations = {"service": service}
    return make_entity(name, blueprint="event", properties=properties, relations=relations, **parts)


def read(name: str, *keys: str) -> tuple[Any, ...]:
    blueprint = "_team" if name == "core" else "service"
    entity = Entity.objects.of(blueprint).get(identifier=name)
    return tuple(entity.computed[key] for key in keys)


def test_an_event_that_goes_elsewhere_is_counted_there(catalog):
    event("a", "pay", minutes=5)
    event("b", "pay", minutes=7)
    assert read("pay", "events", "sum") == read("core", "events", "sum") == (2, 12)
    event("a", "ship", minutes=5)
    assert (read("pay", "events", "sum"), read("ship", "events", "sum")) == ((1, 7), (1, 5))
    assert read("core", "events", "sum", "least") == (2, 12, 5)


def test_the_least_value_that_goes_leaves_the_next(catalog):
    for name, minutes in (("a", 1), ("b", 2), ("c", None)):
        event(name, "pay", minutes=minutes)
    event("a", "pay", minutes=3)
    assert read("pay", "least", "sum", "median", "events") == (2, 5, 2.5, 3)
    Entity.objects.get(identifier="b").delete()
    assert read("pay", "least", "sum", "median", "events") == (3, 3, 3, 2)
    assert read("core", "least", "sum", "median", "events") == (3, 3, 3, 2)


def test_a_service_takes_its_events_along_to_another_team(catalog):
    event("a", "pay")
    make_entity("edge", blueprint="_team")
    make_entity("pay", team="edge")
    assert read("core", "events") == (0,)
    assert Entity.objects.get(identifier="edge").computed["events"] == 1


def test_an_event_that_is_reached_by_two_ways_counts_once():
    save(is_many=True)
    make_entity("core", blueprint="_team")
    for name in ("pay", "ship"):
        make_entity(name, team="core")
    event("a", ["pay", "ship"], minutes=4)
    assert read("core", "events", "sum", "median", "lately") == (1, 4, 4, 1)
    assert read("pay", "events") == read("ship", "events") == (1,)


def test_a_sum_beyond_all_floats_is_null_and_comes_back(catalog):
    event("a", "pay", minutes=1.7e308)
    event("b", "pay", minutes=1.7e308)
    assert read("pay", "sum", "events") == (None, 2)
    event("b", "pay", minutes=1)
    # PostgreSQL writes it as an integer.
    assert list(map(float, read("pay", "sum"))) == [1.7e308]
    event("a", "pay", minutes=2)
    assert read("pay", "sum") == (3,)


@pytest.mark.parametrize("order", list(permutations([0.1, 0.2, -0.3])))
def test_parts_that_cancel_each_other_out_leave_no_digits_behind(catalog, order):
    for index, minutes in enumerate(order):
        event(f"e{index}", "pay", minutes=minutes)
    assert read("pay", "sum", "least") == (0, -0.3)
    event("more", "pay", minutes=1e-9)
    assert read("pay", "sum") == (1e-9,)


def test_time_moves_only_what_a_window_lost(catalog, monkeypatch):
    event("a", "pay", days=6.5)
    event("b", "ship", days=1)
    refresh_clock_values(now=NOW)
    seen: list[str] = []
    monkeypatch.setattr(
        "catalog.operations.clock.settle",
        lambda work, **parts: seen.extend(
            Entity.objects.filter(id__in=set().union(*work.due.values())).values_list(
                "identifier", flat=True
            )
        ),
    )
    assert refresh_clock_values(now=NOW + timedelta(hours=2)) == 0
    assert refresh_clock_values(now=NOW + timedelta(days=1)) == 2
    assert sorted(seen) == ["core", "pay"]


def test_a_window_loses_what_time_moved_out_of_it(catalog):
    event("a", "pay", days=6.5)
    assert read("pay", "lately") == (1,)
    refresh_clock_values(now=NOW)
    refresh_clock_values(now=NOW + timedelta(days=1))
    assert read("pay", "lately", "events") == read("core", "lately", "events") == (0, 1)


def test_events_from_before_a_definition_are_sampled_with_it():
    save()
    make_entity("pay")
    event("a", "pay", minutes=9)
    save(most=aggregation(over("max")))
    assert read("pay", "most") == (9,)


def test_rebuild_finds_rows_that_nobody_told_of(catalog):
    event("a", "pay", minutes=2)
    raw = Entity.objects.get(identifier="a")
    service = Entity.objects.get(identifier="pay")
    copy = Entity.objects.bulk_create(
        [
            Entity(
                blueprint=raw.blueprint,
                identifier="raw",
                properties={"minutes": 3},
                created_at=NOW,
                updated_at=NOW,
            )
        ]
    )[0]
    EntityRelation.objects.bulk_create(
        [EntityRelation(source=copy, relation="service", target=service)]
    )
    call_command("rebuild", "service", "_team", "event")
    assert read("pay", "events", "sum") == read("core", "events", "sum") == (2, 5)


def test_what_no_aggregation_reads_is_deleted(catalog):
    event("a", "pay")
    keys = ("_team", "service")
    for blueprint in Blueprint.objects.filter(identifier__in=keys):
        document = blueprint_document(blueprint.identifier)
        operations.save_blueprint(definition=document, by=TESTER, now=NOW)
    refresh_clock_values(now=NOW)
    assert not any(model.objects.exists() for model in (Series, Sample, Total))


def made_anew(model: type[Sample | Total]) -> set[tuple[Any, ...]]:
    """Return the rows after all series were filled again."""
    Series.objects.update(filled_at=None)
    Shelf(NOW).filled(registry.graph().planned)
    return rows_of(model)


def rows_of(model: type[Sample | Total]) -> set[tuple[Any, ...]]:
    fields = {Sample: ("entity_id", "at", "window_at", "value"), Total: ("count", "least")}
    return set(model.objects.values_list("series_id", "anchor_id", *fields[model]))


def test_an_event_without_a_date_is_no_sample_of_a_window(catalog: None) -> None:
    bare = {"blueprint": "event", "relations": {"service": "pay"}}
    lately = Sample.objects.filter(window_at__isnull=False)
    for properties, count in (
        ({"minutes": 1}, 0),
        ({"minutes": 1, "done": timestamp(NOW)}, 1),
        ({"minutes": 1, "done": "some day"}, 0),
    ):
        make_entity("a", properties=properties, **bare)
        assert (read("pay", "lately", "events"), lately.count()) == ((count, 1), count)
        # Another one for everything that is not asked of a window.
        assert Sample.objects.exclude(pk__in=lately.values("pk")).count() == 1
        assert rows_of(Sample) == made_anew(Sample)


def test_totals_are_kept_where_they_are_read(catalog: None) -> None:
    event("a", "pay")
    windowed = set(Sample.objects.exclude(window_at=None).values_list("series_id", flat=True))
    plain = set(Sample.objects.filter(window_at=None).values_list("series_id", flat=True))
    assert len(windowed) == 1
    assert plain
    for rows in (rows_of(Total), made_anew(Total)):
        assert {series_id for series_id, *_ in rows} == plain
    Entity.objects.get(identifier="a").delete()
    assert not Total.objects.filter(series__in=windowed).exists()


def delete_at_once(entity: Entity) -> None:
    operations.delete_entities(entities=[entity], by=TESTER, now=NOW)


@pytest.mark.parametrize("delete", [Entity.delete, delete_at_once])
def test_neither_an_event_nor_a_service_leaves_samples_behind(
    catalog: None, delete: Callable[[Entity], object]
) -> None:
    for name, service in (("a", "pay"), ("b", "pay"), ("c", "ship")):
        event(name, service)
    delete(Entity.objects.get(identifier="a"))
    b, c = (Entity.objects.get(identifier=name).pk for name in "bc")
    assert set(Sample.objects.values_list("entity_id", flat=True)) == {b, c}
    delete(Entity.objects.get(identifier="pay"))
    assert set(Sample.objects.values_list("entity_id", flat=True)) == {c}


def statements(name: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        event(name, "pay")
    return len(queries)


def test_an_event_costs_as_many_statements_however_many_there_were(catalog):
    event("first", "pay")
    before = statements("second")
    drafts = [
        EntityDraft(f"e{number}", properties={"minutes": number}, relations={"service": "pay"})
        for number in range(300)
    ]
    blueprint = Blueprint.objects.get(identifier="event")
    operations.upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=NOW)
    assert statements("third") == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="others have no workers")
def test_parallel_workers_do_all_of_the_reading_that_fills_a_series(catalog: None) -> None:
    event("e1", "pay")
    Series.objects.update(filled_at=None)
    with CaptureQueriesContext(connection) as seen:
        Shelf(NOW).filled(registry.graph().planned)
    statements = [query["sql"] for query in seen if "CREATE TEMPORARY TABLE" in query["sql"]]
    assert len(statements) == len(registry.graph().planned)
    with connection.cursor() as cursor:
        # So that workers do whatever they can do, however little there is to read.
        is_new = connection.pg_version >= 160_000
        name = "debug_parallel_query" if is_new else "force_parallel_mode"
        cursor.execute(f"SET LOCAL {name} = on")
        for statement in statements:
            cursor.execute(f"EXPLAIN (COSTS OFF) {statement}")
            assert cursor.fetchone() in {("Gather",), ("Gather Merge",)}
