"""Every route, as everybody: who gets in where is in `families`, and no answer is a fault."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.rights import families
from tests.rights.doors import Doors
from tests.rights.people import make_people
from tests.rights.routes import all_routes
from tests.rights.world import make_world

pytestmark = pytest.mark.django_db
REFUSED = (401, 403)
ROUTES = {route.pattern: route for route in all_routes()}


@pytest.fixture(scope="module")
def doors(django_db_setup: None, django_db_blocker: Any) -> Iterator[Doors]:
    """Yield the callers and what is there, made once and taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        people = make_people()
        yield Doors(people, make_world(people))
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
