"""Asking at every route, with what its callers bring there."""

from collections.abc import Mapping

from django.db import transaction
from django.test import Client

from portal.models import User
from tests.rights.people import Caller, callers_at
from tests.rights.routes import Door, Route
from tests.rights.world import BODIES, QUERIES, form_of, samples_of


class Doors:
    """The callers of each door, and the arguments by which something is found there."""

    def __init__(self, people: Mapping[str, User], samples: Mapping[str, str]) -> None:
        self.samples = samples
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
