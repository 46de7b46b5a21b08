"""The page that says how the site is, and what to do about it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_celery_results.models import TaskResult

from catalog.models import Entity
from portal import broker, health, pieces
from portal.models import Piece, Process, ScheduledJob
from portal.status import State, engine, read_status
from scorecards.models import OutcomeBatch, Scorecard
from tests.builders import make_blueprint, make_entity, make_scorecard, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    client.force_login(make_user("root", is_staff=True))
    return client


@pytest.fixture
def _schedule():
    now = timezone.now()
    Process.objects.create(kind="scheduler", host="a", pid=1, started_at=now, seen_at=now)


def states():
    status = read_status(now=timezone.now())
    return {item.key: item.state for item in status.readings}


def test_only_admins_see_it(client, admin):
    assert admin.get("/status/").status_code == 200
    client.logout()
    assert client.get("/status/").status_code == 302
    client.force_login(make_user("maya"))
    assert client.get("/status/").status_code == 403


def test_its_queries_are_few_whatever_there_is(admin, django_assert_num_queries):
    make_blueprint()
    make_scorecard()
    for number in range(3):
        make_entity(f"s{number}")
    admin.get("/status/")
    with django_assert_num_queries(22):
        admin.get("/status/")


def test_it_is_in_the_navigation_of_the_pages_and_of_the_admin(admin):
    assert b'href="/status/"' in admin.get("/").content
    assert b'href="/status/"' in admin.get("/admin/").content


@pytest.mark.usefixtures("_schedule")
def test_a_site_at_rest_is_fine():
    found = states()
    assert set(found.values()) == {State.FINE}, found


def test_a_schedule_that_nobody_keeps_needs_attention():
    found = read_status(now=timezone.now()).of("scheduler")
    assert (found.state, "manage.py serve" in found.advice) == (State.ATTENTION, True)


@pytest.mark.parametrize(
    ("minutes", "state"), [(1, State.WORKING), (16, State.ATTENTION), (-30, State.WORKING)]
)
def test_what_is_stale_is_work_and_then_a_fault(minutes, state):
    make_blueprint()
    entity = make_entity()
    since = timezone.now() - timedelta(minutes=minutes)
    Entity.objects.filter(pk=entity.pk).update(stale_since=since)
    assert states()["evaluation"] == state


def test_a_worker_that_is_not_heard_of_is_named(settings, monkeypatch):
    settings.CELERY_BROKER_URL = "redis://:secret@127.0.0.1:1/0"
    monkeypatch.setattr(broker, "queue_depth", lambda: 3)
    now = timezone.now()
    for pid, seconds in ((7, 5), (8, 90)):
        seen = now - timedelta(seconds=seconds)
        Process.objects.create(kind="worker", host="box", pid=pid, started_at=seen, seen_at=seen)
    status = read_status(now=now)
    assert (status.of("workers").state, status.of("workers").value) == (
        State.ATTENTION,
        "1 at work",
    )
    assert "Worker 8 on box" in status.of("workers").note
    assert (status.of("broker").state, status.of("broker").value) == (State.WORKING, "3 tasks wait")
    assert "secret" not in status.of("broker").note


def test_a_broker_that_is_away_is_told_within_seconds(settings, admin):
    settings.CELERY_BROKER_URL = "redis://:secret@127.0.0.1:1/0"
    page = admin.get("/status/").content.decode()
    assert "Does not answer" in page
    assert "secret" not in page


def test_a_database_that_is_behind_names_what_it_lacks(monkeypatch):
    monkeypatch.setattr(health, "_is_migrated", [])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'portal' AND name LIKE '0004%'")
    found = read_status(now=timezone.now()).of("migrations")
    assert (found.state, found.value, found.note) == (
        State.ATTENTION,
        "1 to apply",
        "portal.0004_jobs",
    )


def test_a_table_that_is_missing_makes_a_reading_unknown_and_no_error(admin, monkeypatch):
    from django.db import DatabaseError

    def fail(*, now):
        raise DatabaseError("no such table")

    monkeypatch.setattr("portal.status.work.messages", fail)
    page = admin.get("/status/")
    assert page.status_code == 200
    assert "Unknown" in page.content.decode()


def test_a_disk_that_is_nearly_full_needs_attention(monkeypatch):
    monkeypatch.setattr(engine.shutil, "disk_usage", lambda path: (100 * 1024**3, 0, 1024**2))
    assert states()["disk"] == State.ATTENTION


def test_failed_tasks_are_counted_by_name():
    for number in range(2):
        TaskResult.objects.create(task_id=f"t{number}", task_name="sweep", status="FAILURE")
    found = read_status(now=timezone.now()).of("tasks")
    assert (found.state, found.value, found.note) == (State.ATTENTION, "2", "sweep (2)")


def test_a_batch_that_waits_for_long_needs_attention():
    OutcomeBatch.objects.create(
        reports=[], total=0, received_at=timezone.now() - timedelta(hours=1), reported_by="ci"
    )
    assert states()["outcomes"] == State.ATTENTION


def test_pieces_are_told_and_those_that_were_given_up_need_attention():
    now = timezone.now()
    parts = {"work": "scorecard 1", "stamp": "1", "scope": "service", "last": 9, "cut_at": now}
    Piece.objects.create(first=1, **parts)
    assert read_status(now=now).of("rebuilds").note == (
        "1 piece is left, 0 at work: scorecard 1 service (1)"
    )
    Piece.objects.update(claimed_until=now + pieces.CLAIM)
    Piece.objects.create(first=1, **parts | {"work": "rebuild-7"})
    assert read_status(now=now).of("rebuilds").note == (
        "2 pieces are left, 1 at work: rebuild-7 service (1), scorecard 1 service (1)"
    )
    assert states()["rebuilds"] == State.WORKING
    Piece.objects.create(first=2, attempts=3, **parts)
    assert states()["rebuilds"] == State.ATTENTION


def test_a_job_that_fails_says_why(admin):
    ScheduledJob.objects.create(
        name="sweep",
        failures=2,
        error="apply outcomes: ValueError: <poison>",
        claimed_at=timezone.now(),
    )
    page = admin.get("/status/").content.decode()
    assert "apply outcomes: ValueError: &lt;poison&gt;" in page


def test_a_scorecard_that_waits_counts_as_behind():
    make_blueprint()
    make_scorecard()
    Scorecard.objects.update(stale_since=timezone.now())
    assert read_status(now=timezone.now()).of("evaluation").value == "1 behind"


def test_it_holds_to_the_strict_policy_for_content(admin):
    response = admin.get("/status/")
    assert "'unsafe-inline'" not in response["Content-Security-Policy"]
    assert b"style=" not in response.content
