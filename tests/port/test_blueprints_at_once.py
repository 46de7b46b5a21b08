"""Blueprints that are made and changed at once, as exporters do; on a database that lets them."""

from collections.abc import Callable
from functools import partial
from threading import Barrier, Thread

import pytest
from django.db import connection

from tests.port.clients import PortClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

NAMES = ["first", "second", "third"]


def document(name: str) -> dict[str, object]:
    return {"identifier": name, "title": name.title(), "schema": {"properties": {}}}


def at_once(works: list[Callable[[], int]]) -> list[int]:
    """Return what each returned, all having begun together."""
    barrier, found = Barrier(len(works)), [0] * len(works)

    def run(index: int, work: Callable[[], int]) -> None:
        try:
            barrier.wait()
            found[index] = work()
        finally:
            connection.close()

    threads = [Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return found


def test_none_waits_for_another_that_waits_for_it(port: PortClient) -> None:
    def client() -> PortClient:
        return PortClient(token=port.token)

    def made(name: str) -> int:
        return client().post("/blueprints", document(name)).status_code

    def changed(name: str, turn: int) -> int:
        body = {"relations": {"next": {"target": "first", "required": False, "many": False}}}
        body |= {"identifier": name, "title": f"{name} {turn}"}
        return client().patch(f"/blueprints/{name}", body).status_code

    assert at_once([partial(made, name) for name in NAMES]) == [201] * 3
    for turn in range(12):
        assert at_once([partial(changed, name, turn) for name in NAMES]) == [200] * 3
    titles = [port.get(f"/blueprints/{name}").json()["blueprint"]["title"] for name in NAMES]
    assert titles == [f"{name} 11" for name in NAMES]
