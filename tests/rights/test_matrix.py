"""Every route, as everybody: who gets in where is in `families`, and no answer is a fault."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.rights import families
from tests.rights.people import Caller, callers_at, make_people
from tests.rights.routes import Door, Route, all_routes
from tests.rights.world import BODIES, QUERIES, form_of, make_world, samples_of

pytestmark = pytest.mark.django_db
REFUSED = (401, 403)
ROUTES = {route.pattern: route for route in all_routes()}


class Doors:
    """The callers of each door, and the arguments by which something is found there."""

    def __init__(self) -> None:
        people = make_people()
        self.samples = make_world(people)
        self._callers = {door: callers_at(door, people) for door in Door}

    def path(self, route: Route) -> str:
        """Return the path of something that is there."""
        samples = {**self.samples, **samples_of(route.pattern, self.samples)}
        return route.path(samples) + QUERIES.get(route.pattern, "")

    def ask(self, route: Route, method: str, caller: Caller) -> int:
        """Return the status of an answer, 401 for one that leads to the login; undo all of it."""
        body = BODIES.get((method, route.pattern)) or form_of(route.pattern, self.samples)
        sent = {} if method == "get" else {"data": body}
        if route.door is not Door.SESSIONS:
            sent |= {"content_type": "application/json"} if sent else {}
        client, path = Client(raise_request_exception=False), self.path(route)
        with transaction.atomic():
            answer = getattr(client, method)(path, headers=caller.headers, RAW_URI=path, **sent)
            transaction.set_rollback(True)
        return 401 if "/login/" in answer.headers.get("Location", "") else answer.status_code

    def callers(self, route: Route) -> list[Caller]:
        """Return who asks at a route, with what is brought there."""
        return self._callers[route.door]


@pytest.fixture(scope="module")
def doors(django_db_setup: None, django_db_blocker: Any) -> Iterator[Doors]:
    """Yield the callers and what is there, made once and taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Doors()
        transaction.set_rollback(True)


def test_every_route_is_in_one_family() -> None:
    placed = families.families_of()
    assert sorted(ROUTES.keys() - placed.keys()) == [], "no family says who gets in there"
    assert sorted(placed.keys() - ROUTES.keys()) == [], "no such route is there any more"
    assert {name: found for name, found in placed.items() if len(found) > 1} == {}


@pytest.mark.parametrize("pattern", ROUTES)
def test_who_gets_in(doors: Doors, pattern: str) -> None:
    route = ROUTES[pattern]
    (name,) = families.families_of()[pattern]
    family = families.FAMILIES[name]
    wrong = []
    for method in route.methods:
        expected = family.allowed(method)
        for caller in doors.callers(route):
            status = doors.ask(route, method, caller)
            # There is no such method for anybody: that says nothing of who gets in.
            if status == 405:
                continue
            is_fault = status >= 500 and status != 501
            if is_fault or (status not in REFUSED) != (caller.name in expected):
                wrong.append(f"{method} as {caller.name}: {status}")
    assert wrong == [], f"{name}, {doors.path(route)}"
