"""Without a broker tasks run on one thread of this process, and what became of them is kept."""

import os
import signal
import threading
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from celery.schedules import schedule
from django_celery_results.models import TaskResult
from kombu import Connection
from pytest_django import Settings

from portal.celery import Task, app, background, start_embedded_scheduler

ran: list[tuple[str, object]] = []
ticks = threading.Semaphore(0)


@app.task(name="tests.note")
def note(what: object) -> object:
    """Remember what was passed and on which thread."""
    ran.append((threading.current_thread().name, what))
    return what


@app.task(name="tests.tick")
def tick() -> None:
    """Count."""
    ticks.release()


@app.task(name="tests.fail")
def fail() -> None:
    """Fail."""
    raise ValueError("no")


@app.task(name="tests.fail_twice", bind=True)
def fail_twice(self: Task) -> int:
    """Succeed at the third try."""
    if self.request.retries < 2:
        raise self.retry(countdown=60)
    return self.request.retries


@pytest.fixture(autouse=True)
def nothing_ran_yet() -> None:
    ran.clear()


@pytest.fixture
def embedded(settings: Settings, transactional_db: None) -> Iterator[None]:
    """Run tasks as a site without a broker does, on the background thread."""
    settings.IS_TESTING = False
    yield
    finish()


def finish() -> None:
    """Wait until the background thread has done what it was given."""
    done = threading.Event()
    background.submit(done.set)
    assert done.wait(10)


def outcomes() -> list[tuple[str, str, str]]:
    rows = TaskResult.objects.order_by("pk")
    return [(row.task_name, row.status, row.result) for row in rows]


@pytest.mark.usefixtures("embedded")
def test_the_sender_does_not_wait_for_the_task() -> None:
    hold = threading.Event()
    background.submit(hold.wait)
    note.delay("a")
    assert ran == []
    hold.set()
    finish()
    assert ran == [("tidemark-tasks_0", "a")]


@pytest.mark.usefixtures("embedded")
def test_the_result_of_a_task_is_stored() -> None:
    sent = note.delay("a")
    finish()
    assert outcomes() == [("tests.note", "SUCCESS", '"a"')]
    assert (sent.state, sent.get()) == ("SUCCESS", "a")


@pytest.mark.usefixtures("embedded")
def test_a_failing_task_is_recorded_and_not_the_sender_s_problem() -> None:
    sent = fail.delay()
    note.delay("after")
    finish()
    assert [(name, status) for name, status, _ in outcomes()] == [
        ("tests.fail", "FAILURE"),
        ("tests.note", "SUCCESS"),
    ]
    assert isinstance(sent.result, ValueError)


@pytest.mark.usefixtures("embedded")
def test_tasks_run_one_after_the_other() -> None:
    for number in range(20):
        note.delay(number)
    finish()
    assert ran == [("tidemark-tasks_0", number) for number in range(20)]


@pytest.mark.usefixtures("embedded")
def test_a_retry_runs_at_once() -> None:
    fail_twice.delay()
    finish()
    assert outcomes() == [("tests.fail_twice", "SUCCESS", "2")]


@pytest.mark.usefixtures("embedded")
def test_a_failure_to_record_the_outcome_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lock(*_args: object, **_options: object) -> None:
        raise RuntimeError("database is locked")

    monkeypatch.setattr(Task, "apply", lock)
    note.delay("a")
    finish()
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("portal.celery", "ERROR", "The outcome of tests.note could not be stored")
    ]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.usefixtures("embedded")
def test_a_forked_process_has_a_background_thread_of_its_own() -> None:
    finish()
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        done = threading.Event()
        background.submit(done.set)
        os._exit(0 if done.wait(5) else 1)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.usefixtures("embedded")
def test_the_scheduler_runs_what_is_due_and_first_what_fell_due_before_it_started() -> None:
    entries = {
        "refresh-clock-values": {"task": "tests.tick", "schedule": schedule(3600)},
        "sweep-integrations": {"task": "tests.tick", "schedule": schedule(3600)},
        "sweep-notices": {"task": "tests.tick", "schedule": schedule(3600)},
        "sweep": {"task": "tests.tick", "schedule": schedule(0.2)},
    }
    with patch.dict(app.conf.beat_schedule, entries, clear=True):
        service = start_embedded_scheduler()
        # Four that were due at once, and two more of the one that is due again and again.
        for _ in range(6):
            assert ticks.acquire(timeout=10)
        service.stop()


@pytest.mark.django_db
def test_in_tests_a_task_runs_inside_the_call_and_leaves_no_row() -> None:
    note.delay("a")
    assert ran == [("MainThread", "a")]
    with pytest.raises(ValueError, match="^no$"):
        fail.delay()
    assert outcomes() == []


def test_a_broker_that_is_away_is_logged_and_not_the_sender_s_problem(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CELERY_BROKER_URL = "amqp://127.0.0.1:1//"
    sent = note.apply_async(["a"], connection=Connection(settings.CELERY_BROKER_URL))
    assert sent.id
    assert ran == []
    assert [(r.name, r.levelname) for r in caplog.records] == [("portal.celery", "ERROR")]
    assert caplog.messages[0].startswith("tests.note was not queued, the sweep will do its work: ")


def test_the_schedule_names_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled <= set(app.tasks)
