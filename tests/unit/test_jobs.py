"""Each tick is sent once, each run is alone, and nothing holds up others or is tried for ever."""

import functools
import threading
from datetime import timedelta

import pytest
from celery import states
from django.db import OperationalError, connection
from django.utils import timezone
from django_celery_results.models import TaskResult
from kombu.exceptions import OperationalError as BrokerAway

from portal import jobs, pieces, processes
from portal.celery import Abandoned, Task, app
from portal.exclusive import exclusive
from portal.jobs import JobFailed, claim_tick, run_job
from portal.models import Piece, Process, ScheduledJob
from portal.scheduling import ClaimingScheduler
from tests.builders import NOW

MINUTE = timedelta(minutes=1)
sent: list[str] = []


@app.task(name="tests.sent")
def note_sent() -> None:
    """Count."""
    sent.append("sent")


@pytest.fixture(autouse=True)
def nothing_sent_yet() -> None:
    sent.clear()


def run(**steps):
    return run_job(name="sweep", steps=steps, clock=lambda: NOW)


@pytest.mark.django_db
def test_of_two_schedulers_one_sends_a_tick() -> None:
    assert claim_tick(name="sweep", every=MINUTE, now=NOW)
    assert not claim_tick(name="sweep", every=MINUTE, now=NOW)
    assert not claim_tick(name="sweep", every=MINUTE, now=NOW + MINUTE / 2)
    assert claim_tick(name="sweep", every=MINUTE, now=NOW + MINUTE)


@pytest.mark.django_db(transaction=True)
def test_schedulers_that_look_at_the_same_moment_send_a_tick_once() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("a database in memory locks whole tables, and nobody waits")
    ScheduledJob.objects.create(name="sweep")
    ready, won = threading.Barrier(4), []

    def claim() -> None:
        ready.wait()
        won.append(claim_tick(name="sweep", every=MINUTE, now=NOW))
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]


@pytest.mark.django_db
def test_a_clock_that_is_put_back_does_not_stop_the_schedule() -> None:
    assert claim_tick(name="sweep", every=MINUTE, now=NOW + timedelta(hours=5))
    assert claim_tick(name="sweep", every=MINUTE, now=NOW)
    assert not claim_tick(name="sweep", every=MINUTE, now=NOW + MINUTE / 2)


@pytest.mark.django_db
def test_a_clock_that_jumps_ahead_makes_one_tick_of_those_that_were_left_out() -> None:
    assert claim_tick(name="sweep", every=MINUTE, now=NOW)
    assert claim_tick(name="sweep", every=MINUTE, now=NOW + timedelta(hours=5))
    assert not claim_tick(name="sweep", every=MINUTE, now=NOW + timedelta(hours=5))


@pytest.mark.django_db
def test_a_scheduler_sends_what_another_has_not() -> None:
    schedule = {"sweep": {"task": "tests.sent", "schedule": 60.0}}
    first, second = (ClaimingScheduler(app, lazy=True) for _ in range(2))
    for scheduler in (first, second):
        scheduler.merge_inplace(schedule)
        assert 0 < scheduler.tick() <= 5
    assert sent == ["sent"]
    assert Process.objects.filter(kind=Process.Kind.SCHEDULER).count() == 1


@pytest.mark.django_db
def test_a_tick_that_the_broker_does_not_take_is_sent_when_it_is_back(monkeypatch, caplog) -> None:
    scheduler = ClaimingScheduler(app, lazy=True)
    jobs_due = {name: {"task": "tests.sent", "schedule": 60.0} for name in ("first", "second")}
    scheduler.merge_inplace(jobs_due)
    tried = []

    def refuse(task: Task, **options: object) -> None:
        tried.append(task.name)
        raise BrokerAway("gone")

    with monkeypatch.context() as away:
        away.setattr(Task, "send", refuse)
        assert scheduler.tick() == 5
    # What one is refused, the others are.
    assert tried == ["tests.sent"]
    (told,) = caplog.messages
    # Which of them is tried first is anybody's guess.
    assert told.partition(" ")[2] == "was not sent, and will be when the broker is back: gone"
    assert sent == []
    scheduler.tick()
    scheduler.tick()
    assert sent == ["sent", "sent"]


@pytest.mark.django_db
def test_a_tick_is_given_back_by_who_claimed_it() -> None:
    assert claim_tick(name="sweep", every=MINUTE, now=NOW + MINUTE)
    jobs.give_tick_back(name="sweep", claimed_at=NOW)
    assert not claim_tick(name="sweep", every=MINUTE, now=NOW + MINUTE)
    jobs.give_tick_back(name="sweep", claimed_at=NOW + MINUTE)
    assert claim_tick(name="sweep", every=MINUTE, now=NOW + MINUTE)


@pytest.mark.django_db
def test_a_scheduler_without_its_database_goes_on(monkeypatch, caplog) -> None:
    from django.db import OperationalError

    def fail(now):
        raise OperationalError("gone")

    scheduler = ClaimingScheduler(app, lazy=True)
    monkeypatch.setattr(scheduler, "_look", fail)
    monkeypatch.setattr(connection, "close", lambda: None)
    assert scheduler.tick() == 5
    assert caplog.messages == ["The schedule could not be read: gone"]


@pytest.mark.django_db
def test_a_step_that_fails_does_not_hold_up_the_others() -> None:
    done = []

    def fail() -> int:
        raise ValueError("poison")

    for number in (1, 2):
        with pytest.raises(JobFailed, match=r"^first: ValueError: poison$"):
            run(first=fail, second=lambda: done.append("second") or 1)
        row = ScheduledJob.objects.get(name="sweep")
        assert (row.failures, row.step, row.done_at) == (number, "", None)
        assert row.error == "first: ValueError: poison"
    assert done == ["second", "second"]
    assert run(first=lambda: 2, second=lambda: 3) == 5
    row.refresh_from_db()
    assert (row.failures, row.error, row.done_at) == (0, "", NOW)


@pytest.mark.django_db
def test_the_step_that_killed_its_process_comes_last_the_next_time(caplog) -> None:
    ScheduledJob.objects.create(name="sweep", step="second")
    order = []
    run(
        first=lambda: order.append("first") or 0,
        second=lambda: order.append("second") or 0,
        third=lambda: order.append("third") or 0,
    )
    assert order == ["third", "first", "second"]
    assert caplog.messages == ["sweep: the process that was at 'second' did not end it"]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_somebody_is_at_is_left_out() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("a database in memory is nobody else's")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive("sweep"):
            held.set()
            release.wait(10)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(10)
    assert run(first=lambda: 1) == 0
    release.set()
    other.join()
    assert run(first=lambda: 1) == 1


@pytest.mark.django_db
def test_jobs_can_be_made_due() -> None:
    claim_tick(name="sweep", every=MINUTE, now=NOW)
    jobs.make_due(["sweep"])
    assert claim_tick(name="sweep", every=MINUTE, now=NOW)


@pytest.mark.django_db
def test_pieces_are_had_by_one_and_gone_when_done() -> None:
    pieces.cut(work="w", stamp="1", ranges=[("s", 1, 5), ("s", 6, 9)], now=NOW)
    first = pieces.claim(work="w", stamp="1", now=NOW)
    second = pieces.claim(work="w", stamp="1", now=NOW)
    assert (first.first, second.first) == (1, 6)
    assert pieces.claim(work="w", stamp="1", now=NOW) is None
    pieces.settle(first)
    pieces.settle(second)
    assert not pieces.are_left(work="w", stamp="1")


@pytest.mark.django_db
def test_a_piece_whose_workers_die_is_given_up_after_three() -> None:
    pieces.cut(work="w", stamp="1", ranges=[("s", 1, 5)], now=NOW)
    now = NOW
    for _ in range(3):
        assert pieces.claim(work="w", stamp="1", now=now)
        assert pieces.claim(work="w", stamp="1", now=now) is None
        now += pieces.CLAIM
    assert pieces.claim(work="w", stamp="1", now=now) is None
    assert pieces.given_up(now=now).count() == 1


@pytest.mark.django_db
def test_pieces_of_another_stamp_and_old_ones_are_forgotten() -> None:
    pieces.cut(work="w", stamp="1", ranges=[("s", 1, 5)], now=NOW)
    pieces.cut(work="w", stamp="2", ranges=[("s", 1, 5)], now=NOW)
    assert Piece.objects.values_list("stamp", flat=True).get() == "2"
    assert pieces.forget_old(now=NOW + timedelta(hours=23)) == 0
    assert pieces.forget_old(now=NOW + timedelta(hours=25)) == 1


class Locked(Exception):
    """What the driver raises of two transactions that wait for each other."""

    sqlstate = pieces.DEADLOCK


@pytest.mark.django_db
def test_a_piece_that_waited_for_another_in_a_circle_is_not_to_blame() -> None:
    pieces.cut(work="w", stamp="1", ranges=[("s", 1, 5)], now=NOW)
    locked, ended = iter(range(2 * pieces.MAX_ATTEMPTS)), []

    def do(piece: Piece) -> int:
        if next(locked, None) is not None:
            raise OperationalError("deadlock detected") from Locked()
        return piece.last

    end = functools.partial(ended.append, "ended")
    assert pieces.work_through(work="w", stamp="1", do=do, end=end, clock=lambda: NOW) == 5
    assert ended == ["ended"]


@pytest.mark.django_db
def test_a_piece_that_fails_once_keeps_its_work_from_nothing() -> None:
    pieces.cut(work="w", stamp="1", ranges=[("s", 1, 5), ("s", 6, 9)], now=NOW)
    faults, ended = iter([ValueError("once")]), []

    def do(piece: Piece) -> int:
        for fault in faults:
            raise fault
        return piece.last

    end = functools.partial(ended.append, "ended")
    assert pieces.work_through(work="w", stamp="1", do=do, end=end, clock=lambda: NOW) == 14
    assert ended == ["ended"]


@pytest.mark.django_db
def test_a_process_is_noted_once_and_forgotten_when_it_is_long_gone() -> None:
    processes.note_alive(kind=Process.Kind.WORKER, now=NOW)
    processes.note_alive(kind=Process.Kind.WORKER, now=NOW + MINUTE)
    row = Process.objects.get()
    assert (row.started_at, row.seen_at) == (NOW, NOW + MINUTE)
    assert processes.forget_lost(now=NOW + timedelta(hours=7)) == 1


@pytest.mark.django_db
def test_a_message_that_was_begun_before_is_not_begun_again() -> None:
    task = app.tasks["tests.sent"]
    task.push_request(id="one", is_eager=False, delivery_info={"redelivered": True})
    try:
        Task.before_start(task, "one", (), {})
        assert TaskResult.objects.get(task_id="one").status == states.STARTED
        with pytest.raises(Abandoned):
            Task.before_start(task, "one", (), {})
    finally:
        task.pop_request()


@pytest.mark.django_db
def test_old_work_is_forgotten_by_a_job_of_its_own() -> None:
    app.loader.import_default_modules()
    Process.objects.create(
        kind="worker",
        host="gone",
        pid=1,
        started_at=NOW,
        seen_at=timezone.now() - timedelta(days=1),
    )
    app.tasks["portal.tasks.forget_old_work"].delay()
    assert not Process.objects.exists()
    assert ScheduledJob.objects.get(name="celery.backend_cleanup").done_at
