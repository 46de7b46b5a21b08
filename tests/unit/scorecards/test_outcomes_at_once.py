"""Reports, writes and deletions that come at once. Needs a database that lets them."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection

from catalog.errors import CatalogError
from catalog.models import Entity
from catalog.operations import delete_entities
from scorecards import operations
from scorecards.models import Evaluation, Outcome, Scorecard
from scorecards.operations import OutcomeReport
from tests.builders import (
    NOW,
    TESTER,
    make_blueprint,
    make_entity,
    make_scorecard,
    rule_document,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

NAMES = ["a", "b", "c", "d"]


def report_all(turn: int, rule: str, *, is_backwards: bool) -> None:
    names = NAMES[::-1] if is_backwards else NAMES
    operations.report_outcomes(
        scorecard=Scorecard.objects.get(),
        reports=[
            OutcomeReport(rule, "service", name, "pass" if (turn + index) % 2 else "fail")
            for index, name in enumerate(names)
        ],
        by=TESTER,
        now=NOW,
    )


def write_all(turn: int) -> None:
    for name in NAMES[:3]:
        make_entity(name, properties={"tier": turn % 4})


def remove_one(turn: int) -> None:
    delete_entities(entities=Entity.objects.filter(identifier="d"), by=TESTER, now=NOW)
    make_entity("d", properties={"tier": turn % 4})


def withdraw_some(turn: int) -> None:
    ids = list(Outcome.objects.order_by("id").values_list("id", flat=True)[:2])
    operations.withdraw_outcomes(outcome_ids=ids, by=TESTER, now=NOW)


WRITERS: list[Callable[[int], None]] = [
    lambda turn: report_all(turn, "tested", is_backwards=False),
    lambda turn: report_all(turn, "tested", is_backwards=True),
    lambda turn: report_all(turn, "drilled", is_backwards=True),
    write_all,
    remove_one,
    withdraw_some,
]


def stored() -> set[tuple]:
    return set(Evaluation.objects.values_list("entity__identifier", "level", "passed", "skipped"))


def test_what_is_found_in_the_end_is_what_was_reported_last():
    make_blueprint()
    rules = [
        rule_document(),
        rule_document("tested", level="Silver", query=None),
        rule_document("drilled", level="Gold", query=None),
    ]
    make_scorecard(rules=rules)
    for name in NAMES:
        make_entity(name, properties={"tier": 1})
    start, broken = Barrier(len(WRITERS)), []

    def run(write: Callable[[int], None]) -> None:
        start.wait()
        try:
            for turn in range(25):
                try:
                    write(turn)
                except CatalogError:
                    # What it is about has just been deleted.
                    continue
        except BaseException as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(write,)) for write in WRITERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    kept = stored()
    operations.reevaluate(blueprint="service", now=NOW)
    assert stored() == kept
    assert len(kept) == len(NAMES)
