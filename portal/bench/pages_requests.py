"""Which pages the pages benchmark reads, and as whom."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from portal.bench.pages_workload import BLUEPRINT, LANGUAGES, TEAMS
from portal.models import User

TABLE = f"/catalog/{BLUEPRINT}/"


class Reply(NamedTuple):
    """An answer: milliseconds, as the server and as the client saw them, bytes, and the page."""

    server: float
    processor: float
    client: float
    size: int
    body: bytes = b""


def reader_cookie() -> str:
    """Return the cookie of somebody who belongs to a team and is logged in."""
    user = User.objects.create_user("bench", "person-0@example.com", is_staff=True)
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


def _table(**parameters: str) -> str:
    return f"{TABLE}?{urlencode(parameters)}"


def _where(number: int) -> str:
    conditions: list[dict[str, Any]] = [
        {"property": "number_0", "operator": ">=", "value": 60 + number % 20},
        {"property": "number_1", "operator": "<", "value": 40},
    ]
    return _table(query=json.dumps({"combinator": "and", "conditions": conditions}))


# The address of each page by the number of the request, so that no two readers in a row ask for the
# same, and the number of services.
PAGES: dict[str, Callable[[int, int], str]] = {
    "catalog, first page": lambda number, size: TABLE,
    "catalog, by a property": lambda number, size: _table(
        **{"property.language": LANGUAGES[number % len(LANGUAGES)]}
    ),
    "catalog, by conditions": lambda number, size: _where(number),
    "catalog, of a team": lambda number, size: _table(team=f"team-{number % TEAMS}"),
    "catalog, below a level": lambda number, size: _table(**{"level.readiness": "below:Gold"}),
    "catalog, by name": lambda number, size: _table(q=f"gateway {number % 10}"),
    "catalog, sorted by level": lambda number, size: _table(sort="-level.readiness"),
    "catalog, sorted by a number": lambda number, size: _table(sort="-property.number_0"),
    "catalog, last page": lambda number, size: _table(page=str(size // 50)),
    "catalog, grouped by team": lambda number, size: _table(group="team"),
    "entity": lambda number, size: f"{TABLE}service-{number * 7_919 % size}/",
    "scorecard": lambda number, size: "/scorecards/readiness/",
    "team": lambda number, size: f"/teams/team-{number % TEAMS}/",
    "home": lambda number, size: "/",
    "dashboard of the seed": lambda number, size: "/dashboards/dora_scorecards/",
}
