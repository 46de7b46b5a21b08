"""Access tokens: who gets one, what it is good for, and what a wrong secret costs."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from portal.integrations.credentials import Secrets, create_credential
from portal.integrations.models import ApiCredential
from portal.integrations.port import tokens
from portal.permissions import SHELL
from tests.builders import make_user
from tests.port.clients import PortClient


@pytest.fixture
def made(db: None) -> Secrets:
    return create_credential(name="ocean", scope="write", by=SHELL, now=datetime.now(UTC))[1]


def _pair(made: Secrets, **changes: object) -> dict[str, object]:
    return {"clientId": made.client_id, "clientSecret": made.client_secret, **changes}


def test_id_and_secret_give_a_token_that_opens_the_door(
    stranger: PortClient, made: Secrets
) -> None:
    answer = stranger.post("/auth/access_token", _pair(made))
    body = answer.json()
    token = body.pop("accessToken")
    assert (answer.status_code, body) == (
        200,
        {"ok": True, "expiresIn": 10800, "tokenType": "Bearer"},
    )
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["isMachine"], claims["personalToken"]) == (True, False)
    inside = PortClient(token=token).get("/nowhere")
    assert inside.status_code == 404


def test_a_token_says_that_it_is_of_a_person(db: None) -> None:
    given = {"user": make_user(), "by": SHELL, "now": datetime.now(UTC)}
    row = create_credential(name="maya", scope="write", **given)[0]
    token = tokens.issue(row, now=datetime.now(UTC))
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["isMachine"], claims["personalToken"]) == (False, True)


@pytest.mark.parametrize("change", [{"clientSecret": "wrong"}, {"clientId": "wrong"}])
def test_a_wrong_pair_is_refused(
    stranger: PortClient, made: Secrets, change: dict[str, str]
) -> None:
    answer = stranger.post("/auth/access_token", _pair(made, **change))
    assert answer.status_code == 401
    assert answer.json() == {
        "ok": False,
        "error": "unauthorized",
        "message": "The client id or the secret is wrong.",
    }


def test_a_secret_that_keeps_being_wrong_costs_no_query_and_locks_nobody_out(
    stranger: PortClient, made: Secrets, django_assert_num_queries
) -> None:
    for _ in range(3):
        assert stranger.post("/auth/access_token", _pair(made, clientSecret="x")).status_code == 401
    with django_assert_num_queries(0):
        answer = stranger.post("/auth/access_token", _pair(made, clientSecret="x"))
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 50
    assert stranger.post("/auth/access_token", _pair(made)).status_code == 200


@pytest.mark.parametrize(
    ("body", "path"),
    [({}, "clientId"), ({"clientId": 1, "clientSecret": "x"}, "clientId"), ([], "")],
)
def test_a_body_without_a_pair_is_told_what_is_missing(
    stranger: PortClient, body: object, path: str
) -> None:
    answer = stranger.post("/auth/access_token", body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(path)


@pytest.mark.parametrize("how", ["disabled", "deleted", "new secret", "expired", "forged", "junk"])
def test_a_token_ends_with_its_credential(made: Secrets, how: str) -> None:
    row = ApiCredential.objects.get(client_id=made.client_id)
    now = datetime.now(UTC)
    token = tokens.issue(row, now=now - timedelta(hours=4) if how == "expired" else now)
    match how:
        case "disabled":
            ApiCredential.objects.update(is_enabled=False)
        case "deleted":
            row.delete()
        case "new secret":
            ApiCredential.objects.update(secret_digest="0" * 64)
        case "forged":
            token = jwt.encode({"sub": made.client_id, "exp": 2e9, "secret": ""}, "k" * 32)
        case "junk":
            token = "a.b.c"
    answer = PortClient(token=token).get("/blueprints")
    assert (answer.status_code, answer.json()["ok"]) == (401, False)
    assert answer["WWW-Authenticate"] == 'Bearer realm="v1"'


def test_without_a_token_nothing_is_told_about_addresses(stranger: PortClient) -> None:
    assert stranger.get("/blueprints").status_code == 401
    assert stranger.get("/nowhere").status_code == 401


def test_a_credential_that_reads_does_not_write(reader: PortClient) -> None:
    answer = reader.post("/nowhere")
    assert answer.status_code == 403
    assert answer.json()["error"] == "forbidden"


def test_secrets_are_not_stored_and_not_shown(made: Secrets) -> None:
    row = ApiCredential.objects.values().get(client_id=made.client_id)
    stored = " ".join(map(str, row.values()))
    for secret in (made.client_secret, made.api_key, made.app_key):
        assert secret not in stored
        assert secret not in repr(made)


def test_bodies_beyond_a_mebibyte_are_refused(port: PortClient) -> None:
    answer = port.post("/nowhere", {"x": "a" * (1024 * 1024)})
    assert answer.status_code == 404  # what is not read has no size
    answer = PortClient().post("/auth/access_token", {"x": "a" * (1024 * 1024)})
    assert (answer.status_code, answer.json()["error"]) == (413, "payload_too_large")


@pytest.mark.parametrize("data", ["{", "[" * 10_000, '{"a": 1e999999}', "\x00", "nul"])
def test_what_is_no_json_is_told_so(stranger: PortClient, data: str) -> None:
    answer = stranger.send("post", "/auth/access_token", data)
    assert answer.status_code in (400, 422)
    assert answer.json()["ok"] is False


def test_every_client_gets_json_whatever_it_accepts(stranger: PortClient, made: Secrets) -> None:
    answer = stranger.post("/auth/access_token", _pair(made), headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
