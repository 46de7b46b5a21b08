"""Values are worked out by as many workers as there are, to what one process alone finds."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import operations, tasks
from catalog.facts import timestamp
from catalog.models import Blueprint, Entity, Sample, Series, Total
from catalog.operations import clock as clocked
from catalog.operations import refreshing
from portal import pieces
from portal.models import Piece
from tests.builders import NOW, make_blueprint, make_entity
from tests.unit.catalog.test_concurrency import at_once

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SERVICES = 10
NOBODY = "redis://127.0.0.1:1/0"
LATELY = {
    "combinator": "and",
    "rules": [{"property": "done", "operator": "between", "value": {"preset": "lastWeek"}}],
}
COUNT = {"func": "count", "calculationBy": "entities"}
SUM = {"func": "sum", "calculationBy": "property", "property": "twice"}


def save_services(**values) -> Blueprint:
    """Save services that need each other, and what is worked out about them."""
    return make_blueprint(relations={"needs": {"target": "service", "many": True}}, **values)


@pytest.fixture
def catalog(monkeypatch, settings) -> None:
    """Store ten services that need the next two each, with events of the last ten days."""
    for module in (refreshing, clocked):
        monkeypatch.setattr(module, "CHUNK", 3)
    save_services()
    make_blueprint(
        "event",
        ownership=None,
        schema={"properties": {"done": {"type": "string"}}, "required": []},
        relations={"service": {"target": "service"}},
    )
    for number in range(SERVICES):
        make_entity(f"s{number}", properties={"tier": number})
    for number in range(SERVICES):
        needs = [f"s{(number + step) % SERVICES}" for step in (1, 2)]
        make_entity(f"s{number}", relations={"needs": needs})
        done = timestamp(NOW - (number + 0.5) * DAY)
        make_entity(
            f"e{number}",
            blueprint="event",
            properties={"done": done},
            relations={"service": f"s{number}"},
        )
    settings.TIDEMARK_INLINE_LIMIT = 1
    settings.CELERY_BROKER_URL = NOBODY
    save_services(
        calculation_properties={
            "twice": {"title": "Twice", "type": "number", "calculation": ".properties.tier * 2"},
            "thrice": {"title": "Thrice", "type": "number", "calculation": ".properties.below * 3"},
            "hour": {"title": "Hour", "type": "number", "calculation": "now / 3600 | floor"},
        },
        mirror_properties={"theirs": {"path": "needs.thrice"}},
        aggregation_properties={
            "below": {
                "target": "service",
                "calculationSpec": SUM,
                "pathFilter": [{"path": ["needs"]}],
            },
            "events": {"target": "event", "calculationSpec": COUNT},
            "lately": {"target": "event", "calculationSpec": COUNT, "query": LATELY},
        },
    )


def service() -> Blueprint:
    return Blueprint.objects.get(identifier="service")


def begin() -> int:
    return operations.begin_shared_rebuild(blueprint=service(), now=NOW)


def go_on(now: datetime = NOW) -> int:
    return operations.continue_shared_rebuild(blueprint=service(), clock=lambda: now)


def is_stale() -> bool:
    return service().stale_since is not None


def everything() -> tuple:
    """Return all that is worked out."""
    entities = Entity.objects.order_by("id").values_list("id", "facts", "computed", "problems")
    samples = Sample.objects.values_list("series__key", "anchor", "entity", "at", "window_at")
    totals = Total.objects.values_list("series__key", "anchor", "count")
    return list(entities), sorted(samples, key=str), sorted(totals, key=str)


def one_process(now: datetime = NOW) -> tuple:
    """Return what a rebuild by one process comes to, from nothing."""
    Series.objects.all().delete()
    Entity.objects.update(facts={}, computed={})
    for blueprint in Blueprint.objects.order_by("id"):
        operations.rebuild(blueprint=blueprint, now=now)
    return everything()


def writes(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if 'UPDATE "catalog_entity"' in query["sql"]]


def test_a_shared_rebuild_comes_to_what_one_process_finds(catalog) -> None:
    assert begin() == 4
    assert is_stale()
    assert go_on() == SERVICES
    assert not is_stale()
    assert not Piece.objects.exists()
    found = everything()
    assert Entity.objects.get(identifier="s1").computed == {
        "twice": 2,
        "below": 10,
        "thrice": 30,
        "theirs": [42, 54],
        "events": 1,
        "lately": 1,
        "hour": NOW.timestamp() // 3_600,
    }
    assert found == one_process()


def test_a_range_that_is_done_twice_changes_nothing(catalog) -> None:
    begin()
    cut = list(Piece.objects.all())
    go_on()
    found = everything()
    Blueprint.objects.filter(identifier="service").update(stale_since=NOW)
    Piece.objects.bulk_create(cut)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert go_on() == SERVICES
    assert (everything(), writes(queries)) == (found, [])


def test_the_range_of_a_dead_worker_is_taken_over(catalog) -> None:
    begin()
    theirs = Piece.objects.order_by("first").first()
    pieces.claim(work=theirs.work, stamp=theirs.stamp, now=NOW)
    assert go_on() == SERVICES - 3
    assert is_stale()
    assert begin() == 1
    assert go_on(NOW + pieces.CLAIM) == 3
    assert not is_stale()
    assert everything() == one_process(NOW + pieces.CLAIM)


def test_an_edit_meanwhile_is_cut_anew_and_not_overruled(catalog) -> None:
    begin()
    before = service()
    save_services()
    operations.continue_shared_rebuild(blueprint=before, clock=lambda: NOW)
    assert is_stale()
    assert begin() == 4
    go_on()
    assert (is_stale(), Entity.objects.of("service").exclude(computed={}).count()) == (False, 0)


def test_samples_are_made_before_anybody_takes_a_range(catalog) -> None:
    begin()
    assert Sample.objects.filter(series__filled_at__isnull=False).exists()


def test_nobody_cuts_while_another_process_rebuilds(catalog, monkeypatch) -> None:
    def refuse(name: str) -> None:
        raise refreshing.Taken(name)

    monkeypatch.setattr(refreshing, "exclusive", refuse)
    assert (begin(), go_on()) == (0, 0)


def test_a_blueprint_without_entities_is_done_at_once(catalog) -> None:
    Entity.objects.of("service").delete()
    assert begin() == 0
    assert not is_stale()


def test_the_task_asks_others_to_help_and_late_ones_find_nothing(catalog) -> None:
    with patch.object(tasks.help_rebuild, "delay") as asked:
        assert tasks.rebuild_blueprint(service().pk) == SERVICES
        assert asked.call_count == 3
        assert tasks.rebuild_blueprint(service().pk) == 0
    assert tasks.help_rebuild(service().pk) == 0


def test_the_schedule_goes_on_with_what_is_left(catalog) -> None:
    begin()
    tasks.refresh_clock_values()
    assert not is_stale()
    assert not Piece.objects.exists()


def test_one_process_forgets_what_was_cut(catalog) -> None:
    begin()
    assert operations.rebuild_stale(now=NOW) == SERVICES
    assert not Piece.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_whose_ranges_move_each_others_values_come_to_what_one_finds(catalog) -> None:
    begin()
    assert sum(at_once(lambda number: go_on(), 4)) >= SERVICES
    assert not is_stale()
    assert everything() == one_process()


@pytest.fixture
def rebuilt(catalog) -> Iterator[None]:
    """Have everything be right as of now."""
    begin()
    go_on()
    operations.refresh_clock_values(now=NOW)


def together(now: datetime, ask: pieces.Ask = pieces.ask_nobody) -> int:
    return operations.refresh_clock_values_together(ask=ask, clock=lambda: now)


def swept() -> set[datetime | None]:
    return set(Series.objects.values_list("swept_at", flat=True))


LATER = NOW + 3 * DAY


def lately() -> list[int]:
    rows = Entity.objects.of("service").order_by("id").values_list("computed", flat=True)
    return [computed["lately"] for computed in rows]


def test_what_the_clock_moved_is_shared_and_comes_to_what_one_process_finds(rebuilt) -> None:
    assert lately() == [1] * 7 + [0] * 3
    asked = []
    assert together(LATER, ask=lambda stamp, count: asked.append((stamp, count))) == SERVICES
    assert asked == [(LATER.isoformat(), 3)]
    assert lately() == [1] * 4 + [0] * 6
    assert (swept(), Piece.objects.count()) == ({LATER}, 0)
    assert everything() == one_process(LATER)


def test_who_helps_does_the_rest(rebuilt) -> None:
    def die(stamp: str, count: int) -> None:
        for _ in range(2):
            pieces.claim(work=clocked.WORK, stamp=stamp, now=LATER)

    assert together(LATER, ask=die) == SERVICES - 6
    assert swept() == {NOW}
    later = LATER + pieces.CLAIM
    round_ = operations.by_the_clock(clock=lambda: later)
    assert pieces.help_round(round_, stamp=LATER.isoformat(), clock=lambda: later) == 6
    # As of when it was begun: what moved since is for the next one.
    assert (lately(), swept()) == ([1] * 4 + [0] * 6, {LATER})
    assert everything() == one_process(later)


def test_what_an_earlier_round_left_is_done_before_the_next(rebuilt) -> None:
    together(
        LATER, ask=lambda stamp, count: pieces.claim(work=clocked.WORK, stamp=stamp, now=LATER)
    )
    # Somebody may be at it: no other is begun.
    together(LATER + timedelta(minutes=1))
    assert (swept(), Piece.objects.count()) == ({NOW}, 1)
    last = LATER + DAY
    assert together(last) == 3 + SERVICES
    assert (lately(), swept(), Piece.objects.count()) == ([1] * 3 + [0] * 7, {last}, 0)


def test_a_range_that_is_given_up_does_not_hold_up_the_next_round(rebuilt, monkeypatch) -> None:
    poisoned = Entity.objects.get(identifier="s4").pk
    settle = clocked.settle

    def fail(work, **parts):
        if poisoned in set().union(*work.due.values(), *work.recalculate.values()):
            raise ValueError("poison")
        settle(work, **parts)

    with monkeypatch.context() as poison:
        poison.setattr(clocked, "settle", fail)
        with pytest.raises(ValueError, match="poison"):
            together(LATER)
        assert (Piece.objects.get().attempts, swept()) == (pieces.MAX_ATTEMPTS, {NOW})
    assert together(LATER + DAY) == SERVICES
    assert (swept(), Piece.objects.count()) == ({LATER + DAY}, 0)
    assert everything() == one_process(LATER + DAY)


def test_where_nothing_moved_nothing_is_cut(rebuilt) -> None:
    save_services(aggregation_properties={
        "lately": {"target": "event", "calculationSpec": COUNT, "query": LATELY},
    })  # fmt: skip
    begin()
    go_on()
    together(NOW)
    assert together(NOW + timedelta(minutes=1)) == 0
    assert swept() == {NOW + timedelta(minutes=1)}


def test_a_range_that_the_clock_moved_is_done_twice_to_the_same_end(rebuilt) -> None:
    together(LATER)
    found = everything()
    Series.objects.update(swept_at=NOW)
    with CaptureQueriesContext(connection) as queries:
        assert together(LATER) == SERVICES
    assert (everything(), writes(queries)) == (found, [])


def test_the_schedule_asks_others_to_help_with_what_the_clock_moved(rebuilt) -> None:
    with patch.object(tasks.help_refresh, "delay") as asked:
        assert tasks.refresh_clock_values() == SERVICES
    assert asked.call_count == 3
    assert tasks.help_refresh(asked.call_args.args[0]) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_who_share_what_the_clock_moved_come_to_what_one_finds(rebuilt) -> None:
    begun = []
    together(LATER, ask=lambda stamp, count: begun.append(stamp))
    Series.objects.update(swept_at=NOW)
    operations.refresh_clock_values(now=NOW)
    round_ = operations.by_the_clock(clock=lambda: LATER)
    ranges = list(round_.ranges(LATER))
    pieces.cut(work=clocked.WORK, stamp=begun[0], ranges=ranges, now=LATER)

    def help_(number: int) -> int:
        mine = operations.by_the_clock(clock=lambda: LATER)
        return pieces.help_round(mine, stamp=begun[0], clock=lambda: LATER)

    assert sum(at_once(help_, 4)) >= SERVICES
    assert everything() == one_process(LATER)
