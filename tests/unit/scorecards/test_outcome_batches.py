"""Outcomes that are accepted and applied later: once, whoever tries, and never silently lost."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import OperationalError, connection

from catalog.errors import Invalid
from catalog.models import Entity
from catalog.operations import delete_entities
from scorecards import operations, tasks
from scorecards.models import Outcome, OutcomeBatch, PastOutcome
from scorecards.operations import OutcomeReport, outcome_batches
from tests.builders import (
    NOW,
    TESTER,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    report,
    rule_document,
)

LATER = NOW + timedelta(hours=1)
WEEKS_LATER = NOW + timedelta(days=15)
Status = OutcomeBatch.Status


def make_pay() -> Entity:
    make_blueprint()
    rules = [rule_document(), rule_document("tested", level="Silver", query=None)]
    make_scorecard(rules=rules)
    return make_entity("pay", properties={"tier": 2})


@pytest.fixture
def pay(db: None) -> Entity:
    return make_pay()


def said(**overrides: Any) -> OutcomeReport:
    parts = {"rule": "tested", "blueprint": "service", "entity": "pay", "state": "pass"}
    return OutcomeReport(**{**parts, "scorecard": "quality", **overrides})


def receive(*reports: OutcomeReport, now: Any = NOW) -> OutcomeBatch:
    """Accept a batch; in a test's transaction no task comes to it."""
    return operations.receive_outcomes(reports=reports, by=TESTER, now=now)


def told(batch: OutcomeBatch) -> tuple[str, list, str]:
    batch.refresh_from_db()
    return batch.status, batch.reports, batch.error


def test_an_accepted_batch_is_applied_by_a_task(pay, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        batch = receive(said(), said(state="fail", remark="Two findings"))
        assert (batch.status, batch.total, batch.reported_by) == (Status.WAITING, 1, "tester")
        assert not Outcome.objects.exists()
    assert told(batch) == (Status.DONE, [], "")
    row = Outcome.objects.get()
    assert (row.state, row.remark, row.reported_at, row.reported_by) == (
        ("FAIL", "Two findings", NOW, "tester")
    )
    assert level_of(pay) == "Bronze"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"rule": "nope"}, "rule"),
        ({"rule": "tiered"}, "rule"),
        ({"scorecard": "nope"}, "scorecard"),
        ({"scorecard": ""}, "scorecard"),
        ({"state": "ok"}, "state"),
        ({"entity": "nope"}, "entity"),
        ({"remark": "x" * 5_001}, "remark"),
    ],
)
def test_a_batch_is_checked_when_it_comes_in(pay, change, path):
    with pytest.raises(Invalid) as caught:
        receive(said(), said(**change))
    assert [fault.path for fault in caught.value.faults] == [f"outcomes[1].{path}"]
    assert not OutcomeBatch.objects.exists()


def test_a_batch_of_too_many_is_refused(pay, monkeypatch):
    monkeypatch.setattr(outcome_batches, "MAX_BATCH", 2)
    with pytest.raises(Invalid, match="3 are too many: send at most 2"):
        receive(said(), said(), said())


def test_a_batch_that_was_left_behind_is_applied_by_the_sweep(pay):
    first, second = receive(said(state="fail")), receive(said(), now=LATER)
    operations.sweep(now=LATER)
    assert (told(first)[0], told(second)[0]) == (Status.DONE, Status.DONE)
    assert (Outcome.objects.get().state, PastOutcome.objects.get().state) == ("PASS", "FAIL")


def test_a_batch_is_applied_once(pay):
    batch = receive(said())
    assert operations.apply_batch(batch_id=batch.pk, now=LATER) is True
    report("pay", "tested", "fail", now=LATER)
    assert operations.apply_batch(batch_id=batch.pk, now=LATER) is False
    assert tasks.apply_outcomes(batch.pk) is False
    assert Outcome.objects.get().state == "FAIL"


def test_a_batch_that_comes_late_overrules_nothing_newer(pay):
    batch = receive(said())
    report("pay", "tested", "fail", now=LATER)
    operations.apply_batch(batch_id=batch.pk, now=LATER)
    assert Outcome.objects.get().state == "FAIL"
    assert told(batch) == (
        Status.DONE,
        [],
        "1 passed over: the rule or entity is gone, or something newer is known",
    )


def test_what_is_gone_when_a_batch_is_applied_is_passed_over(pay):
    make_entity("cart")
    batch = receive(said(), said(entity="cart"))
    delete_entities(entities=Entity.objects.filter(identifier="cart"), by=TESTER, now=NOW)
    operations.apply_batch(batch_id=batch.pk, now=LATER)
    assert Outcome.objects.get().entity == pay
    assert told(batch)[2].startswith("1 passed over")


def test_a_batch_that_cannot_be_applied_has_failed_and_says_why(pay):
    broken, good = receive(said()), receive(said(state="fail"))
    OutcomeBatch.objects.filter(pk=broken.pk).update(reports=[{"rule": "x"}])
    operations.sweep(now=LATER)
    status, reports, error = told(broken)
    assert (status, reports, error) == (Status.FAILED, [{"rule": "x"}], "KeyError: 'entity'")
    assert broken.done_at == LATER
    assert told(good)[0] == Status.DONE
    assert Outcome.objects.get().state == "FAIL"


def test_a_batch_goes_on_waiting_where_only_the_database_was_busy(pay, monkeypatch):
    def busy(**kwargs: Any) -> None:
        raise OperationalError("database is locked")

    batch = receive(said())
    with monkeypatch.context() as patch:
        patch.setattr(outcome_batches, "record_outcomes", busy)
        assert operations.apply_batch(batch_id=batch.pk, now=LATER) is False
    assert told(batch)[0] == Status.WAITING
    assert operations.apply_batch(batch_id=batch.pk, now=LATER) is True


def test_old_batches_are_forgotten_and_waiting_ones_are_not(pay, monkeypatch):
    old, waiting, fresh = receive(said()), receive(said()), receive(said(), now=WEEKS_LATER)
    for batch in (old, fresh):
        operations.apply_batch(batch_id=batch.pk, now=LATER)
    monkeypatch.setattr("scorecards.operations.sweeping.apply_waiting", lambda now: 0)
    operations.sweep(now=WEEKS_LATER)
    assert set(OutcomeBatch.objects.all()) == {waiting, fresh}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_batches_apply_each_of_them_once(settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    make_pay()
    ids = [
        OutcomeBatch.objects.create(
            total=1,
            reports=[],
            received_at=NOW + timedelta(seconds=turn),
            source="test",
        ).pk
        for turn in range(20)
    ]
    applied: list[int] = []
    start = Barrier(4)

    def work(order: Callable[[list[int]], list[int]]) -> None:
        start.wait()
        for id_ in order(ids):
            if operations.apply_batch(batch_id=id_, now=LATER):
                applied.append(id_)
        connection.close()

    orders: list[Callable[[list[int]], list[int]]] = [list, list, sorted, lambda all_: all_[::-1]]
    threads = [Thread(target=work, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == ids
