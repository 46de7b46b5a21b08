"""Sealing by several at once, while others write. Needs a database that lets them."""

import pytest

from catalog.models import Change
from catalog.operations import history, seal, verify
from tests.builders import NOW, TESTER
from tests.unit.catalog.test_concurrency import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def test_two_that_seal_while_two_write_make_one_chain_without_a_fork(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("catalog.operations.sealing.CHUNK", 7)

    def work(number: int) -> None:
        for index in range(60):
            if number < 2:
                seal(now=NOW)
            else:
                history.record_change(
                    kind="thing", identifier=f"{number}-{index}", before={}, after={"n": index},
                    by=TESTER, now=NOW,
                )  # fmt: skip

    at_once(work, 4)
    seal(now=NOW)
    count = Change.objects.count()
    assert verify().count == verify().head.number == count >= 120
    numbers = Change.objects.order_by("seal_number").values_list("seal_number", flat=True)
    assert list(numbers) == list(range(1, count + 1))
