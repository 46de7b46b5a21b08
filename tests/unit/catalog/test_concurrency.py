"""Writers that come at once. Needs a database that lets them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection

from catalog import operations
from catalog.errors import Invalid
from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft
from tests.builders import NOW, TESTER, blueprint_document, make_blueprint, make_entity

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

Result = TypeVar("Result")

COUNT = {"func": "count", "calculationBy": "entities"}


def at_once(work: Callable[[int], Result], count: int) -> list[Result]:
    """Run work in as many threads, each with its number; return, or raise, what came of it."""
    start = Barrier(count)

    def run(number: int) -> Result:
        start.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_events_that_come_at_once_are_all_counted():
    make_blueprint("service")
    make_blueprint("job", ownership=None, relations={"service": {"target": "service"}})
    counting = {"jobs": {"target": "job", "calculationSpec": COUNT}}
    make_blueprint(**blueprint_document("service", aggregation_properties=counting))
    make_entity("pay")

    def run(writer: int) -> None:
        for index in range(10):
            make_entity(f"{writer}-{index}", blueprint="job", relations={"service": "pay"})

    at_once(run, 4)
    assert Entity.objects.of("job").count() == 40
    assert Entity.objects.get(identifier="pay").computed == {"jobs": 40}


def test_events_that_change_at_once_are_all_added_up():
    make_blueprint("service")
    number = {"properties": {"minutes": {"type": "number"}}, "required": []}
    make_blueprint(
        "job", ownership=None, schema=number, relations={"service": {"target": "service"}}
    )
    total = {"func": "sum", "calculationBy": "property", "property": "minutes"}
    summing = {"minutes": {"target": "job", "calculationSpec": total}}
    make_blueprint(**blueprint_document("service", aggregation_properties=summing))
    make_entity("pay")
    for writer in range(4):
        make_entity(f"{writer}", blueprint="job", relations={"service": "pay"})
    # Trends keep sums by day beside the totals.
    operations.refresh_clock_values(now=NOW)

    def run(writer: int) -> None:
        for minutes in range(1, 11):
            make_entity(f"{writer}", blueprint="job", properties={"minutes": minutes})

    at_once(run, 4)
    assert Entity.objects.get(identifier="pay").computed == {"minutes": 40}


def test_of_those_that_create_the_same_at_once_one_succeeds_and_the_others_conflict():
    service = make_blueprint()

    def create(number: int) -> list[bool]:
        try:
            operations.upsert_entities(
                blueprint=Blueprint.objects.get(pk=service.pk),
                drafts=[EntityDraft("pay", title=f"{number}")],
                create_only=True,
                by=TESTER,
                now=NOW,
            )
        except Invalid as refused:
            return [fault.is_conflict for fault in refused.faults]
        return []

    assert sorted(at_once(create, 6)) == [[], *[[True]] * 5]
    assert Entity.objects.of("service").count() == 1


def test_batches_that_make_the_same_missing_targets_at_once_all_succeed():
    make_blueprint("domain", ownership=None)
    service = make_blueprint(
        relations={
            "domain": {"target": "domain"},
            "needs": {"target": "service", "many": True},
        }
    )

    def create(number: int) -> int:
        # Each names the same domains and services, in an order of its own.
        order = [(index * (2 * number + 1)) % 16 for index in range(16)]
        drafts = [
            EntityDraft(f"{number}-{n}", relations={"domain": f"d{n}", "needs": [f"s{n}"]})
            for n in order
        ]
        outcome = operations.upsert_entities(
            blueprint=Blueprint.objects.get(pk=service.pk),
            drafts=[*drafts, *(EntityDraft(f"s{n}", title=f"{number}") for n in order[:8])],
            create_missing=True,
            by=TESTER,
            now=NOW,
        )
        return outcome.created + outcome.updated + outcome.unchanged

    assert at_once(create, 4) == [24] * 4
    assert Entity.objects.of("domain").count() == 16
    assert Entity.objects.of("service").count() == 16 + 4 * 16
