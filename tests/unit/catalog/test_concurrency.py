"""Writers that come at once. Needs a database that lets them."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from catalog.models import Entity
from tests.builders import blueprint_document, make_blueprint, make_entity

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

COUNT = {"func": "count", "calculationBy": "entities"}


def test_events_that_come_at_once_are_all_counted():
    make_blueprint("service")
    make_blueprint("job", ownership=None, relations={"service": {"target": "service"}})
    counting = {"jobs": {"target": "job", "calculationSpec": COUNT}}
    make_blueprint(**blueprint_document("service", aggregation_properties=counting))
    make_entity("pay")
    start = Barrier(4)

    def run(writer: int) -> None:
        start.wait()
        try:
            for index in range(10):
                make_entity(f"{writer}-{index}", blueprint="job", relations={"service": "pay"})
        finally:
            connection.close()

    writers = [Thread(target=run, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert Entity.objects.of("job").count() == 40
    assert Entity.objects.get(identifier="pay").computed == {"jobs": 40}
