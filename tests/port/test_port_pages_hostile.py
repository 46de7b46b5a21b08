"""Nothing that a client may send about pages, teams, users and history is an error of ours."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import make_blueprint, make_entity, make_team
from tests.port.clients import PortClient, check_answer
from tests.port.json_values import disturbed, values

PAGE = {
    "identifier": "new", "type": "dashboard", "title": "New", "parent": "boards", "after": "x",
    "pageFilters": [{"identifier": "f", "query": {"combinator": "and", "rules": []}}],
    "locked": True, "visibility": "org", "showInSidebar": True, "section": "software_catalog",
    "widgets": [{
        "id": "root", "type": "dashboard-widget",
        "layout": [{"height": 400, "columns": [{"id": "a", "size": 6}, {"id": "b", "size": 6}]}],
        "widgets": [{"id": "a", "type": "markdown", "dataset": []}, {
            "id": "b", "type": "grouper",
            "groups": [{"title": "One", "widgets": [{"id": "c", "type": "markdown"}]}],
        }],
    }],
}  # fmt: skip
FOLDER = {"identifier": "inner", "title": "Inner", "parent": "boards", "after": "outer"}
PERMISSIONS = {"read": {"users": ["a"], "roles": [], "teams": ["core"]}, "update": {"users": []}}
TEAM = {"name": "New", "description": "x", "users": ["ann@example.com"], "identifier": "new"}
USER = {"roles": ["Admin", "service-moderator"], "teams": ["Core"], "status": "Active",
        "firstName": "Ann", "lastName": "Lee", "inactivityTimeout": None}  # fmt: skip
INVITATION = {"invitee": {"email": "bo@example.com", "roles": ["Member"], "teams": ["Core"]}}
WORDS = sorted(
    {*PAGE, *PAGE["widgets"][0], *FOLDER, *PERMISSIONS, *TEAM, *USER, *INVITATION}
    | {"$home", "service", "serviceEntity", "entity", "home", "blueprint", "private", "boards"}
    | {"Core", "core", "ann@example.com", "board", "a", "b", "c", "root", "extras", "permissions"}
)
WRITES = [
    ("post", "/pages", PAGE),
    ("put", "/pages/board", PAGE),
    ("put", "/pages/serviceEntity", PAGE),
    ("patch", "/pages/board", PAGE),
    ("patch", "/pages/%24home", PAGE),
    ("post", "/pages/board/widgets", PAGE["widgets"][0]),
    ("post", "/pages/service/widgets", PAGE["widgets"][0]),
    ("patch", "/pages/board/widgets/root", PAGE["widgets"][0]),
    ("patch", "/pages/board/widgets/c", {"id": "c", "type": "markdown", "title": "x"}),
    ("patch", "/pages/board/permissions", PERMISSIONS),
    ("post", "/sidebars/catalog/folders", FOLDER),
    ("patch", "/sidebars/catalog/folders/boards", FOLDER),
    ("post", "/teams", TEAM),
    ("put", "/teams/Core", TEAM),
    ("patch", "/teams/core", TEAM),
    ("post", "/users/invite", INVITATION),
    ("patch", "/users/ann@example.com", USER),
]
ADDRESSES = [
    ("get", "/pages/{}"), ("delete", "/pages/{}"), ("patch", "/pages/{}"),
    ("get", "/pages/{}/permissions"), ("patch", "/pages/board/widgets/{}"),
    ("delete", "/pages/board/widgets/{}"), ("patch", "/sidebars/catalog/folders/{}"),
    ("delete", "/sidebars/catalog/folders/{}"), ("get", "/teams/{}"), ("put", "/teams/{}"),
    ("delete", "/teams/{}"), ("get", "/users/{}"), ("patch", "/users/{}"), ("delete", "/users/{}"),
]  # fmt: skip
PARAMETERS = ("identifier", "entity", "blueprint", "resources", "includes", "from", "to", "action",
              "status", "limit", "origin", "run_id", "fields", "compact")  # fmt: skip
VALUES = [
    "entity", "2026-01-01", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1", "999", "[",
    "9999-12-31T23:59:59.999-14:00", "CREATE", "SUCCESS", '["entity"]', "a.b", ".", "UI",
]  # fmt: skip
_FUZZ = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def portal(port: PortClient) -> PortClient:
    """Return a client of a portal in which there is one of each."""
    make_blueprint()
    make_team("core", title="Core")
    make_entity("ann@example.com", blueprint="_user", team="core")
    assert port.post("/pages", PAGE | {"identifier": "board"}).status_code == 201
    return port


def _send(port: PortClient, method: str, path: str, body: Any = None) -> None:
    sent = None if method in ("get", "delete") else json.dumps(body)
    check_answer(port.send(method, path, sent))


@_FUZZ
@given(write=st.sampled_from(WRITES), data=st.data())
def test_a_body_of_any_build_is_answered(portal: PortClient, write: Any, data: Any) -> None:
    method, path, body = write
    _send(portal, method, path, data.draw(disturbed(body, WORDS) | values(WORDS)))
    for address in ("/pages", "/sidebars/catalog", "/teams", "/users", "/audit-log"):
        _send(portal, "get", address)


@_FUZZ
@given(
    name=st.text(st.characters(exclude_categories=()), min_size=1, max_size=10)
    | st.sampled_from(WORDS),
    address=st.sampled_from(ADDRESSES),
)
def test_an_address_of_any_build_is_answered(portal: PortClient, name: str, address: Any) -> None:
    method, path = address
    part = quote(name.encode("utf-8", "surrogatepass"), safe="")
    _send(portal, method, path.format(part), {"title": "x"} if "page" in path else {})


@_FUZZ
@given(
    query=st.lists(
        st.tuples(
            st.sampled_from(PARAMETERS),
            st.sampled_from(VALUES) | st.text(st.characters(exclude_categories=()), max_size=8),
        ),
        max_size=5,
    )
)
def test_a_query_of_any_build_is_answered(portal: PortClient, query: Any) -> None:
    sent = urlencode([(name, text.encode("utf-8", "surrogatepass")) for name, text in query])
    for address in (
        "/audit-log",
        "/teams",
        "/users/ann@example.com",
        "/pages",
        "/auth/permissions",
    ):
        _send(portal, "get", f"{address}?{sent}")
