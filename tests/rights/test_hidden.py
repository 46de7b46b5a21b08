"""What somebody may not read is named at no address, whatever is asked for there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.rights.people import Caller, callers_at, make_people
from tests.rights.routes import Door, Route, all_routes
from tests.rights.secret import KIND, MARKER, NAME, make_secret
from tests.rights.world import QUERIES, make_world, samples_of

pytestmark = pytest.mark.django_db
ROUTES = {route.pattern: route for route in all_routes() if "get" in route.methods}
MEMBER, ADMIN = "member of the team", "admin"

# What is asked for besides, where there is more to be had.
MORE: Mapping[str, tuple[str, ...]] = {
    "search/": ("?q=store",),
    "palette/": ("?q=store",),
    "api/^entities/$": ("?search=store", f"?blueprint={KIND}", "?blueprint=nothing"),
    "api/^scorecards/$": ("?blueprint=nothing",),
    "api/^evaluations/$": ("?blueprint=nothing",),
    "api/v2/catalog/entity": ("?include=schema,raw_schema,oncall,incident,relation",),
    "api/v2/catalog/relation": ("?include=entity,schema",),
    "v1/pages": ("?compact=true",),
    "catalog/<name:blueprint>/": (
        "?columns=relation.store&group=relation.store",
        "?menu=filters",
        "?menu=columns",
    ),
    "catalog/<name:blueprint>/<names:identifier>/": (
        "?tab=related&depth=2",
        "?tab=scorecards",
        "?tab=timeline",
    ),
    "exports/<name:blueprint>.<slug:form>": ("?columns=relation.store",),
    "scorecards/<name:identifier>/": ("?tab=entities",),
    "teams/": ("?team=core&team=other",),
}

# Where an admin is told of it: what leaves it out elsewhere leaves out something.
TOLD = (
    "api/^blueprints/$",
    "api/^blueprints/(?P<identifier>.+)/permissions/$",
    "api/^entities/$",
    "api/^evaluations/$",
    "api/^rule-results/$",
    "api/^level-changes/$",
    "api/^scorecards/$",
    "api/^campaigns/$",
    "api/^exemptions/$",
    "api/^outcomes/$",
    "api/^deleted/$",
    "api/^scores/(?P<aggregation>entity|rule|scorecard|team|kind)/$",
    "api/v2/catalog/entity",
    "api/v2/catalog/kind",
    "api/v2/scorecard/outcomes",
    "api/v2/scorecard/rules",
    "api/v2/scorecard/scorecards",
    "v1/actions",
    "v1/actions/runs",
    "v1/audit-log",
    "v1/blueprints",
    "v1/blueprints/<segment:blueprint>",
    "v1/blueprints/<segment:blueprint>/entities",
    "v1/blueprints/<segment:blueprint>/permissions",
    "v1/pages",
    "v1/scorecards",
    "v1/sidebars/catalog",
    "",
    "catalog/<name:blueprint>/<names:identifier>/",
    "scorecards/",
    "search/",
)

# What may be told, and why.
EXCEPTIONS = (
    # What a person moderates is a value of theirs, who is no secret: as a property, and as a role.
    re.compile(r'"moderated_blueprints": ?\["service", ?"xylophone-kind"\]'),
    re.compile(r'\{"name": ?"xylophone-kind-moderator"\}'),
)


class Walk:
    """A member and an admin at every door, among what is open and what is hidden."""

    def __init__(self) -> None:
        people = make_people()
        self.open = make_world(people)
        self.hidden = {**self.open, **make_secret(people)}
        self._callers = {door: callers_at(door, people) for door in Door}

    def caller(self, route: Route, name: str) -> Caller:
        """Return somebody, with what they bring to a route: of several, what is theirs."""
        return next(item for item in self._callers[route.door] if item.name == name)

    def text(self, path: str, caller: Caller) -> str:
        """Return the whole of an answer, in small letters, without what may be told."""
        with transaction.atomic():
            answer = Client().get(path, headers=caller.headers, RAW_URI=path)
            parts = answer.streaming_content if answer.streaming else [answer.content]
            text = b"".join(parts).decode().lower()
            transaction.set_rollback(True)
        assert answer.status_code < 500 or answer.status_code == 501
        for told in EXCEPTIONS:
            text = told.sub("", text)
        return text

    def paths(self, route: Route) -> Iterator[str]:
        """Yield the addresses of what is open."""
        path = route.path(self.open | samples_of(route.pattern, self.open))
        yield path + QUERIES.get(route.pattern, "")
        yield from (path + query for query in MORE.get(route.pattern, ()))

    def hidden_path(self, route: Route) -> str:
        """Return the address of what is hidden."""
        return route.path(self.hidden | _hidden_samples(route.pattern, self.hidden))


def _hidden_samples(pattern: str, samples: Mapping[str, str]) -> dict[str, str]:
    found = samples_of(pattern, samples)
    for start, value in _NAMED.items():
        if pattern.startswith(start):
            found["identifier"] = samples.get(value, value)
    return found


# What an identifier is that of, at these routes.
_NAMED = {
    "api/^blueprints": "blueprint",
    "api/^scorecards": "scorecard",
    "api/^campaigns": "campaign",
    "scorecards/": "scorecard",
    "charts/scorecards": "scorecard",
    "campaigns/": "campaign",
    "dashboards/": "mixed-board",
    "v1/actions/": "action",
    "v1/actions/runs/": "run",
}


@pytest.fixture(scope="module")
def walk(django_db_setup: None, django_db_blocker: Any) -> Iterator[Walk]:
    """Yield what is there, made once and taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Walk()
        transaction.set_rollback(True)


def _around(text: str) -> str:
    at = text.find(MARKER)
    return text[max(at - 200, 0) : at + 100]


@pytest.mark.parametrize("pattern", ROUTES)
def test_a_member_is_not_told(walk: Walk, pattern: str) -> None:
    route = ROUTES[pattern]
    member = walk.caller(route, MEMBER)
    for path in walk.paths(route):
        text = walk.text(path, member)
        for asked in (KIND, NAME):
            text = text.replace(asked, "") if asked in path else text
        assert MARKER not in text, f"{path}: {_around(text)}"


@pytest.mark.parametrize("pattern", ROUTES)
def test_a_member_who_asks_for_it_by_name_is_told_no_more(walk: Walk, pattern: str) -> None:
    route = ROUTES[pattern]
    path = walk.hidden_path(route)
    text = walk.text(path, walk.caller(route, MEMBER))
    # An answer that there is no such thing says what.
    for asked in sorted(set(walk.hidden.values()), key=len, reverse=True):
        if MARKER in asked and asked in path:
            text = text.replace(asked, "")
    assert MARKER not in text, f"{path}: {_around(text)}"


@pytest.mark.parametrize("pattern", TOLD)
def test_an_admin_is_told(walk: Walk, pattern: str) -> None:
    route = ROUTES[pattern]
    admin = walk.caller(route, ADMIN)
    assert any(MARKER in walk.text(path, admin) for path in walk.paths(route))
