"""Who may come in: tokens, logins, scopes. Every route is walked, so that a new one is covered."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from portal.models import ApiToken, User
from portal.urls import router
from tests.api.callers import client_with
from tests.builders import make_token, make_user

METHODS = ("get", "post", "put", "patch", "delete", "options", "head")
NAMES = {"aggregation": "entity", "blueprint": "service", "identifier": "cart", "pk": "1"}
SCHEMA = ["/api/schema/", "/api/docs/"]


def _addresses() -> Iterator[tuple[str, dict[str, str]]]:
    for url in router.urls:
        pattern = url.pattern.regex.pattern
        address = pattern.removeprefix("^").removesuffix("$").removesuffix(r"\Z")
        for name in url.pattern.regex.groupindex:
            start = address.index(f"(?P<{name}>")
            end = address.index(")", start)
            address = address[:start] + NAMES[name] + address[end + 1 :]
        yield f"/api/{address}", getattr(url.callback, "actions", None) or {"get": "root"}


ROUTES = dict(_addresses())
WRITES = [
    (method, address)
    for address, actions in ROUTES.items()
    for method in actions
    if method not in ("get", "head", "options")
]


def test_the_walk_finds_the_routes() -> None:
    assert sorted(ROUTES) == [
        "/api/",
        "/api/blueprints/",
        "/api/blueprints/cart/",
        "/api/blueprints/cart/permissions/",
        "/api/campaigns/",
        "/api/campaigns/cart/",
        "/api/changes/",
        "/api/deleted/",
        "/api/deleted/1/",
        "/api/deleted/1/restore/",
        "/api/entities/",
        "/api/entities/bulk/",
        "/api/entities/service/cart/",
        "/api/evaluations/",
        "/api/exemptions/",
        "/api/exemptions/1/",
        "/api/level-changes/",
        "/api/me/",
        "/api/outcome-batches/",
        "/api/outcome-batches/1/",
        "/api/outcomes/",
        "/api/outcomes/1/",
        "/api/outcomes/1/history/",
        "/api/past-outcomes/",
        "/api/retentions/",
        "/api/retentions/service/",
        "/api/rule-results/",
        "/api/rules/",
        "/api/rules/1/",
        "/api/scorecard-previews/",
        "/api/scorecards/",
        "/api/scorecards/cart/",
        "/api/scores/entity/",
        "/api/teams/",
        "/api/teams/cart/",
    ]
    assert len(WRITES) == 30


@pytest.mark.django_db
@pytest.mark.parametrize("is_public", [False, True])
@pytest.mark.parametrize("address", [*ROUTES, *SCHEMA, "/api/nothing/here/"])
def test_anonymous_gets_401_everywhere(settings, address: str, is_public: bool) -> None:
    settings.TIDEMARK_PUBLIC_READ = is_public
    for method in METHODS:
        response = getattr(APIClient(), method)(address)
        assert response.status_code == 401, method
        assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def test_401_says_what_to_send(db: None) -> None:
    assert APIClient().get("/api/entities/").json() == {
        "detail": "Send a token: 'Authorization: Bearer <token>'.",
        "errors": [],
    }


@pytest.mark.parametrize(("method", "address"), WRITES)
def test_a_read_token_never_writes(world: None, editor: User, method: str, address: str) -> None:
    response = getattr(client_with(make_token(editor, scope="read")), method)(address, {})
    assert response.status_code == 403
    assert response.json() == {
        "detail": "This token only reads; writing needs one of scope 'write'.",
        "errors": [],
    }


@pytest.mark.parametrize(("method", "address"), WRITES)
def test_a_viewer_never_writes(world: None, method: str, address: str) -> None:
    viewer = make_user(password=None, role="viewer")
    response = getattr(client_with(make_token(viewer, scope="write")), method)(address, {})
    assert response.status_code == 403
    assert response.json() == {"detail": "Only admins may write this.", "errors": []}


def test_a_read_token_reads(world: None) -> None:
    client = client_with(make_token(make_user(password=None), scope="read"))
    assert client.get("/api/entities/service/cart/").json()["title"] == "Cart"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_a_token_comes_with_either_word(world: None, editor: User, scheme: str) -> None:
    assert client_with(make_token(editor), scheme).get("/api/").status_code == 200


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("Basic YTpi", "Send a token: 'Authorization: Bearer <token>'."),
        ("Bearer", "The token is malformed."),
        ("Bearer short", "The token is malformed."),
        ("Bearer tdm_0123456789abcdef tdm_0123456789abcdef", "The token is malformed."),
        ("Bearer tdm_0123456789abcdéf", "The token is malformed."),
        ("Bearer tdm_0123456789abcdef", "There is no such token."),
    ],
)
def test_a_bad_header_is_401(db: None, header: str, detail: str) -> None:
    response = APIClient().get("/api/", HTTP_AUTHORIZATION=header)
    assert (response.status_code, response.json()["detail"]) == (401, detail)


def test_an_expired_token_is_401_and_stays_so(db: None, editor: User) -> None:
    token = make_token(editor)
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    for _ in range(2):
        response = client_with(token).get("/api/")
        assert response.status_code == 401
        assert response.json()["detail"] == "The token has expired; make a new one."


def test_the_token_of_an_inactive_user_is_401(db: None, editor: User) -> None:
    token = make_token(editor)
    User.objects.update(is_active=False)
    assert client_with(token).get("/api/").status_code == 401


def test_the_use_of_a_token_is_noted_to_the_minute(client: APIClient) -> None:
    client.get("/api/")
    first = ApiToken.objects.get().last_used_at
    client.get("/api/")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=1))
    client.get("/api/")
    assert ApiToken.objects.get().last_used_at >= first


def test_the_login_of_the_pages_reads_and_writes_with_its_csrf_token(
    world: None, editor: User
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    assert client.get("/api/entities/").status_code == 200
    body = {"blueprint": "service", "identifier": "new"}
    refused = client.post("/api/entities/", body, "application/json")
    assert refused.status_code == 403
    # The script of the explorer, which sends the token along.
    client.get("/api/docs/?script=")
    csrf = client.cookies["csrftoken"].value
    accepted = client.post(
        "/api/entities/", body, "application/json", headers={"X-CSRFToken": csrf}
    )
    assert accepted.status_code == 201


def test_the_audit_list_is_for_staff(world: None) -> None:
    client = client_with(make_token(make_user(password=None), scope="read"))
    assert client.get("/api/changes/").status_code == 403


def test_the_root_lists_the_routes(client: APIClient) -> None:
    root = client.get("/api/").json()
    assert set(root) == {
        "blueprints", "changes", "entities", "teams", "scorecards", "rules", "evaluations",
        "rule-results", "outcomes", "level-changes", "scorecard-previews", "campaigns",
        "outcome-batches", "past-outcomes", "exemptions", "me",
        "deleted", "retentions",
    }  # fmt: skip
    assert root["entities"] == "http://testserver/api/entities/"


def test_an_unknown_address_answers_in_json(client: APIClient) -> None:
    response = client.post("/api/nothing/here/", {})
    assert response.status_code == 404
    assert response.json() == {
        "detail": "There is nothing here; /api/ lists the addresses.",
        "errors": [],
    }
