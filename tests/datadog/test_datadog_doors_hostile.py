"""Odd headers, keys, bodies and questions: refused in words, and none is an error of ours."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.integrations.credentials import Secrets
from portal.integrations.datadog import ids, paging
from portal.integrations.datadog.paging import Page
from tests.builders import make_token, make_user
from tests.datadog.clients import DatadogClient

pytestmark = pytest.mark.django_db

KEYS = "/api/v2/validate_keys"
RULES = "/api/v2/scorecard/rules"

_SETTINGS = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)
# What a server hands over of a header: any byte but the ends of lines, as a character.
_HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)


@_SETTINGS
@given(
    headers=st.dictionaries(
        st.sampled_from(["DD-API-KEY", "DD-APPLICATION-KEY", "Authorization", "Accept"]),
        _HEADER | _HEADER.map(lambda text: f"Bearer {text}"),
    )
)
def test_no_header_lets_a_stranger_in(headers: dict[str, str]) -> None:
    for path in (KEYS, "/api/v1/validate", RULES):
        answer = DatadogClient(headers).get(path)
        assert answer.status_code == 403
        assert isinstance(answer.json()["errors"][0], str)


def _segment(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        f"{_segment('[' * 3_000)}.{_segment('{}')}.x",
        f"{_segment(json.dumps({'alg': 'none'}))}.{_segment('{}')}.",
        f"{_segment(json.dumps({'alg': 'HS256'}))}.{_segment('[' * 3_000)}.x",
        f"{_segment('1' * 5_000)}.{_segment('{}')}.x",
        "..",
        "é" * 20,
        "a" * 8_000,
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    answer = DatadogClient({"Authorization": f"Bearer {token}"}).get(KEYS)
    assert answer.status_code == 403


def test_a_bearer_token_that_is_not_good_is_not_made_good_by_keys(keys: Secrets) -> None:
    headers = {"DD-API-KEY": keys.api_key, "DD-APPLICATION-KEY": keys.app_key}
    assert DatadogClient({**headers, "Authorization": "Bearer x"}).get(KEYS).status_code == 403
    # What another scheme says is not for us.
    basic = DatadogClient({**headers, "Authorization": "Basic eDp5"})
    assert basic.get(KEYS).status_code == 200


def test_the_token_of_a_person_reads_and_writes_as_they_may(db: None) -> None:
    staff, guest = make_user("maya", is_staff=True), make_user("guest")
    reading = DatadogClient({"Authorization": f"Bearer {make_token(staff, scope='read')}"})
    assert reading.get(RULES).status_code == 200
    assert reading.post(RULES, {}).json() == {
        "errors": ["These keys only read; writing needs a credential of scope 'write'."]
    }
    outside = DatadogClient({"Authorization": f"Bearer {make_token(guest)}"})
    # Members may write some rules: whether this one, it has to be read for.
    assert outside.post(RULES, {}).status_code == 400
    campaigns = "/api/v2/scorecard/campaigns"
    assert outside.post(campaigns, {}).json() == {"errors": ["Only admins may write this."]}
    writing = DatadogClient({"Authorization": f"Bearer {make_token(staff)}"})
    assert writing.post(RULES, {}).status_code == 400


def test_whose_a_token_is_is_told_without_telling_its_digest(db: None) -> None:
    token = make_token(make_user())
    answer = DatadogClient({"Authorization": f"Bearer {token}"}).get("/api/v2/validate")
    id_ = answer.json()["data"]["attributes"]["api_key_id"]
    assert token.startswith(id_)
    assert 8 <= len(id_) <= 15


@pytest.fixture
def raw(keys: Secrets) -> Any:
    """Return a sender of any bytes with any headers, as a body of a rule."""

    def send(content: bytes, **extra: Any) -> Any:
        return Client(raise_request_exception=False).generic(
            "POST",
            RULES,
            data=content,
            headers={"DD-API-KEY": keys.api_key, "DD-APPLICATION-KEY": keys.app_key},
            **{"content_type": "application/json", **extra},
        )

    return send


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"1e999",
        b"NaN",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"data":' * 5_000,
        b'{"data": {"attributes": {"level": 99999999999999999999999}}}',
        b'{"data": {"attributes": {"name": "\\u0000"}}}',
        b'{"data": {"attributes": {"name": "\\ud800"}}}',
        b'{"data": 1, "data": 2}',
        b'{"data": {"type": {"a": [1]}, "attributes": {}}}',
        b"\x1f\x8b\x08\x00",
    ],
)
@pytest.mark.parametrize(
    "content_type", ["application/json", "", "multipart/form-data; boundary=x", "text/plain; é"]
)
def test_no_bytes_are_an_error_of_ours(raw: Any, content: bytes, content_type: str) -> None:
    answer = raw(content, content_type=content_type)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"]


def test_a_type_is_told_back_in_short(raw: Any) -> None:
    sent = {"data": {"type": "x" * 100_000, "attributes": {}}}
    answer = raw(json.dumps(sent).encode())
    assert answer.status_code == 400
    assert len(answer.content) < 300


@pytest.mark.parametrize("length", ["-1", "x", "²", "1" * 30, ""])
def test_no_length_of_a_body_is_an_error_of_ours(raw: Any, length: str) -> None:
    assert raw(b"{}", CONTENT_LENGTH=length).status_code in (400, 413)


def test_a_body_in_chunks_asks_for_its_length(raw: Any) -> None:
    answer = raw(b"", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_code == 411
    assert answer.json()["errors"][0]["status"] == "411"


def test_a_body_that_is_too_long_is_refused(raw: Any) -> None:
    answer = raw(b" " * (8 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert "8,388,608 bytes" in answer.json()["errors"][0]["detail"]


def test_of_a_parameter_that_comes_twice_the_last_one_holds(datadog: DatadogClient) -> None:
    answer = datadog.get(f"{RULES}?page[size]=1&page[size]=7").json()
    assert "page[size]=7" in answer["links"]["next"]


def test_too_many_parameters_are_refused(datadog: DatadogClient) -> None:
    answer = datadog.get(f"{RULES}?{'&'.join(f'a{number}=1' for number in range(2_000))}")
    assert answer.status_code == 400


@pytest.mark.parametrize("number", ["٣", "１", "+1", " 1", "1_0", "1.0", "0x1", "-0"])
def test_only_plain_digits_are_a_number(datadog: DatadogClient, number: str) -> None:
    assert datadog.get(f"{RULES}?page[size]={quote(number)}").status_code == 400


@pytest.mark.parametrize("offset", ["0", "1000", str(2**31), "9" * 18])
def test_the_link_to_the_next_page_is_always_taken(offset: str) -> None:
    page = paging.page_of({"page[offset]": offset}, default=100, largest=1_000)
    following = paging.page_of(
        {"page[offset]": str(page.offset + page.limit)}, default=100, largest=1_000
    )
    assert following.offset == min(page.offset + page.limit, paging.MAX_OFFSET)


def test_a_number_longer_than_any_page_is_refused(datadog: DatadogClient) -> None:
    assert datadog.get(f"{RULES}?page[offset]={'9' * 19}").status_code == 400


def test_a_link_keeps_what_was_asked_for() -> None:
    found = paging.links("/x", {"filter[a][b]": "ä&b=c d", "page[size]": "5"}, Page(0, 5))
    assert found == {
        "next": "/x?filter[a][b]=%C3%A4%26b%3Dc+d&page[limit]=5&page[offset]=5&page[size]=5"
    }


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/",
        "/api/v2",
        "/api/v2/a%0Ab",
        "/api/v2/scorecard/rules%0A",
        "/api/v2/%00",
        "/api/v2/scorecard/rules/",
        "/api/v1/scorecard/rules",
    ],
)
def test_addresses_that_are_none_are_told_in_the_dialect(
    datadog: DatadogClient, stranger: DatadogClient, path: str
) -> None:
    answer = datadog.get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/vnd.api+json"
    assert stranger.get(path).status_code == 403


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "TRACE", "NONE"])
def test_methods_that_are_none_are_told_in_the_dialect(datadog: DatadogClient, method: str) -> None:
    answer = datadog.send(method, RULES)
    assert answer.status_code == 405
    assert answer.json()["errors"][0]["status"] == "405"


@pytest.mark.parametrize("read", [ids.rule_number, ids.campaign_number, ids.scorecard_number])
def test_an_id_has_one_form(read: Any) -> None:
    for text in ("rule-0000000000١", "push-0000000000１", "card-000000²", "card-000000١"):
        assert read(text) is None
