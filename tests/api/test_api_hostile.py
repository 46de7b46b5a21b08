"""Nothing that a client may send is an error of ours. The client of these tests re-raises those."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from scorecards.models import Rule
from tests.builders import (
    blueprint_document,
    campaign_document,
    condition,
    rule_document,
    scorecard_document,
)

JSON = "application/json"
WRITES = [
    ("post", "/api/blueprints/"),
    ("put", "/api/blueprints/service/"),
    ("patch", "/api/blueprints/service/"),
    ("post", "/api/entities/"),
    ("put", "/api/entities/service/cart/"),
    ("patch", "/api/entities/service/cart/"),
    ("post", "/api/entities/bulk/"),
    ("post", "/api/scorecards/"),
    ("put", "/api/scorecards/quality/"),
    ("patch", "/api/scorecards/quality/"),
    ("post", "/api/rules/"),
    ("put", "/api/rules/{rule}/"),
    ("patch", "/api/rules/{rule}/"),
    ("post", "/api/outcomes/"),
    ("post", "/api/campaigns/"),
    ("put", "/api/campaigns/push/"),
]
BODIES = [
    b"",
    b" ",
    b"{",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"null",
    b"7",
    b'"text"',
    b"[]",
    b"[{}]",
    b'{"identifier": NaN}',
    b'{"identifier": -Infinity}',
    b'{"title": 1e999}',
    b'{"title": 123456789012345678901234567890}',
    b'{"title": ' + b"9" * 5_000 + b"}",
    b'{"identifier": "a\\u0000b"}',
    b'{"blueprint": "a\\u0000b"}',
    b'{"scorecard": "\\ud800"}',
    b'{"\\ud800": 1}',
    b'{"a\\u0000": {"\\u0000": 1}}',
    b"[" * 100_000,
    b'{"properties": ' + b'{"a":' * 60 + b"1" + b"}" * 61,
]


def _send(client: APIClient, method: str, address: str, body: bytes) -> Any:
    rule = Rule.objects.order_by("id").first()
    address = address.format(rule=rule.pk if rule else 0)
    return getattr(client, method)(address, body, content_type=JSON)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:30]))
def test_a_hostile_body_is_400_everywhere(world: None, client: APIClient, body: bytes) -> None:
    for method, address in WRITES:
        response = _send(client, method, address, body)
        # An empty body is an empty patch, or an entity of which nothing is said.
        is_empty = not body and (method == "patch" or address.startswith("/api/entities/service"))
        assert response.status_code == (200 if is_empty else 400), (method, address)
        if not is_empty:
            answer = response.json()
            assert set(answer) == {"detail", "errors"}
            assert answer["detail"]


def test_half_a_surrogate_pair_is_refused_with_its_path(world: None, client: APIClient) -> None:
    body = b'{"properties": {"language": "\\ud800"}}'
    response = _send(client, "patch", "/api/entities/service/cart/", body)
    message = "holds a character that cannot be stored (NUL or half a surrogate pair); remove it"
    assert response.status_code == 400
    assert response.json() == {
        "detail": f"properties.language: {message}",
        "errors": [{"path": "properties.language", "message": message}],
    }


def test_a_body_over_the_limit_is_413(world: None, client: APIClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    body = json.dumps({"title": "x" * 1_000}).encode()
    response = _send(client, "patch", "/api/entities/service/cart/", body)
    assert response.status_code == 413
    assert response.json() == {
        "detail": "The body may hold at most 1,000 bytes; send it in parts.",
        "errors": [],
    }


def test_another_kind_of_body_is_415(world: None, client: APIClient) -> None:
    response = client.post("/api/entities/", b"<a/>", content_type="application/xml")
    assert response.status_code == 415
    assert response.json()["errors"] == []


def test_a_method_that_is_not_there_is_405(world: None, client: APIClient) -> None:
    response = client.post("/api/evaluations/", {})
    assert response.status_code == 405
    assert response.json() == {"detail": 'Method "POST" not allowed.', "errors": []}


@pytest.mark.parametrize(
    "query",
    ["%00", "%ff", "%ed%a0%80", "\\", "'", "9" * 400, "[]", ":", "::", "a:" + "[" * 3_000],
)
def test_a_hostile_filter_never_fails(world: None, client: APIClient, query: str) -> None:
    from portal.urls import router

    for pattern, viewset, _ in router.registry:
        # The first of the names that stand in place of each other.
        prefix = re.sub(r"\(\?P<\w+>(\w+)[^)]*\)", r"\1", pattern)
        filters = getattr(viewset, "filterset_class", None)
        names = {*(filters.base_filters if filters else ()), "page", "page_size", "format", query}
        for name in names:
            status = client.get(f"/api/{prefix}/?{name}={query}").status_code
            assert status in (200, 400, 404, 405), (prefix, name)


@pytest.mark.parametrize("pair", ["property=a:1", "level=quality:Gold"])
def test_a_filter_is_repeated_only_so_often(world: None, client: APIClient, pair: str) -> None:
    assert client.get(f"/api/entities/?{'&'.join([pair] * 20)}").status_code == 200
    response = client.get(f"/api/entities/?{'&'.join([pair] * 21)}")
    assert response.status_code == 400
    assert response.json()["detail"] == f"{pair.partition('=')[0]}: give it at most 20 times"


ADDRESSES = [
    "/api/blueprints/{}/",
    "/api/entities/service/{}/",
    "/api/entities/{}/cart/",
    "/api/scorecards/{}/",
    "/api/teams/{}/",
    "/api/rules/{}/",
    "/api/outcomes/{}/",
    "/api/campaigns/{}/",
]


@pytest.mark.parametrize("name", ["%00", "%ff", "%0a", "..", "%2e%2e", "~", "%5c", "x" * 3_000])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_hostile_address_is_404(world: None, client: APIClient, address: str, name: str) -> None:
    assert client.get(address.format(name)).status_code == 404


_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_GOOD = {
    "/api/blueprints/": blueprint_document(),
    "/api/entities/": {
        "blueprint": "service",
        "identifier": "x",
        "title": "X",
        "icon": "",
        "team": ["core"],
        "properties": {"tier": 1},
        "relations": {},
    },
    "/api/entities/bulk/": {"blueprint": "service", "entities": [{"identifier": "x"}]},
    "/api/scorecards/": {**scorecard_document(), "levels": [], "filter": None},
    "/api/rules/": {"scorecard": "quality", "owner": None, "filter": {}, **rule_document()},
    "/api/campaigns/": {**campaign_document(), "filter": condition("tier", "<", 3)},
    "/api/outcomes/": {
        "scorecard": "quality",
        "outcomes": [
            {
                "rule": "tested",
                "blueprint": "service",
                "entity": "cart",
                "state": "pass",
                "remark": "Run 7",
            }
        ],
    },
}


def _mutated(draw: Any, value: Any) -> Any:
    """Return the value with one place in it replaced by anything."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: _mutated(draw, value[key])}
    if isinstance(value, list) and value and draw(st.booleans()):
        return [_mutated(draw, value[0]), *value[1:]]
    return draw(_VALUES)


@st.composite
def _requests(draw: Any) -> tuple[str, str, Any]:
    method, address = draw(st.sampled_from(WRITES))
    good = next(value for start, value in reversed(_GOOD.items()) if address.startswith(start))
    return method, address, _mutated(draw, good)


@given(request=_requests())
@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_answered(world: None, client: APIClient, request: Any) -> None:
    method, address, body = request
    response = _send(client, method, address, json.dumps(body).encode())
    assert response.status_code < 500
    if response.status_code >= 400:
        assert set(response.json()) == {"detail", "errors"}


@pytest.mark.parametrize(
    "address",
    [
        "/api/entities/?updated_after=",
        "/api/teams/?updated_after=",
        "/api/level-changes/?since=",
        "/api/changes/?since=",
    ],
)
def test_a_moment_outside_the_calendar_is_400(world: None, client: APIClient, address: str) -> None:
    for moment in ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"):
        response = client.get(address + moment)
        assert response.status_code == 400, moment
        assert response.json()["errors"][0]["path"] in ("updated_after", "since")
