"""Several workers at the same messages: each is sent by one of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from portal.integrations.channels.deliveries import deliver_one
from portal.integrations.models import Channel, Delivery
from tests.builders import NOW
from tests.channels.builders import make_channel, make_delivery
from tests.channels.slack_stub import Trouble, slack_stub

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 4
# Not at once: the transaction's end would send it.
LATER = NOW + timedelta(minutes=1)


@pytest.mark.postgres
def test_of_several_workers_one_sends_a_message() -> None:
    with slack_stub() as stub:
        channel = make_channel(Channel.Kind.SLACK_WEBHOOK, address=stub.hook)
        ids = [make_delivery(channel, at=LATER).pk for number in range(5)]
        barrier = Barrier(WORKERS)

        def work(_: int) -> int:
            try:
                barrier.wait(10)
                return sum(deliver_one(delivery_id=pk, now=LATER) for pk in ids)
            finally:
                connection.close()

        with ThreadPoolExecutor(WORKERS) as pool:
            assert sum(pool.map(work, range(WORKERS))) == 5
        assert len(stub.messages) == 5
    assert set(Delivery.objects.values_list("status", "attempts")) == {("sent", 1)}


def test_a_duplicate_worker_does_not_join_in_while_the_server_is_slow() -> None:
    with slack_stub(Trouble(200, seconds=1, takes_message=True)) as stub:
        channel = make_channel(Channel.Kind.SLACK_WEBHOOK, address=stub.hook)
        pk = make_delivery(channel, at=LATER).pk

        def work(wait: float) -> bool:
            try:
                return deliver_one(delivery_id=pk, now=LATER + timedelta(seconds=wait))
            finally:
                connection.close()

        with ThreadPoolExecutor(WORKERS) as pool:
            assert sum(pool.map(work, range(WORKERS))) == 1
        assert len(stub.messages) == 1
    assert Delivery.objects.get().status == "sent"
