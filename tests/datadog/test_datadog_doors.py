"""Who may come in by the dialect, and how what goes wrong is told."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v2.api.key_management_api import KeyManagementApi

from portal.integrations.credentials import Secrets
from portal.integrations.datadog import ids
from portal.integrations.models import ApiCredential
from portal.integrations.port import tokens
from tests.datadog.clients import DatadogClient


def test_an_api_key_alone_is_validated(api_key_only: DatadogClient) -> None:
    answer = api_key_only.get("/api/v1/validate")
    assert (answer.status_code, answer.json()) == (200, {"valid": True})


def test_without_a_key_the_answer_is_as_recorded(stranger: DatadogClient) -> None:
    answer = stranger.get("/api/v1/validate")
    assert (answer.status_code, answer.json()) == (403, {"errors": ["API key required"]})


def test_a_pair_of_keys_is_validated(datadog: DatadogClient) -> None:
    answer = datadog.get("/api/v2/validate_keys")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_where_both_keys_are_asked_for_one_is_not_enough(api_key_only: DatadogClient) -> None:
    answer = api_key_only.get("/api/v2/validate_keys")
    assert answer.status_code == 403
    assert answer.json() == {"errors": ["Send an application key too, in DD-APPLICATION-KEY."]}


def test_keys_of_two_credentials_do_not_make_a_pair(
    keys: Secrets, with_keys: Callable[[str, str], DatadogClient]
) -> None:
    client = with_keys(keys.api_key, "0" * 40)
    assert client.get("/api/v2/validate_keys").status_code == 403


@pytest.fixture
def with_keys() -> Callable[[str, str], DatadogClient]:
    """Return a maker of clients with any two keys."""
    return lambda api_key, app_key: DatadogClient(
        {"DD-API-KEY": api_key, "DD-APPLICATION-KEY": app_key}
    )


def test_a_disabled_credential_comes_in_no_more(datadog: DatadogClient) -> None:
    ApiCredential.objects.update(is_enabled=False)
    assert datadog.get("/api/v2/validate_keys").status_code == 403


def test_an_access_token_of_a_credential_stands_for_both_keys(keys: Secrets) -> None:
    token = tokens.issue(ApiCredential.objects.get(), now=datetime.now(UTC))
    client = DatadogClient({"Authorization": f"Bearer {token}"})
    assert client.get("/api/v2/validate_keys").json() == {"status": "ok"}


def test_an_unknown_token_is_refused(stranger: DatadogClient) -> None:
    client = DatadogClient({"Authorization": "Bearer tdm_nobodys_0123456789abcdef"})
    assert client.get("/api/v2/validate_keys").status_code == 403


def test_the_second_version_tells_whose_the_key_is(keys: Secrets, datadog: DatadogClient) -> None:
    attributes = datadog.get("/api/v2/validate").json()["data"]["attributes"]
    assert attributes == {
        "valid": True,
        "api_key_id": keys.client_id,
        "api_key_scopes": ["write"],
    }


def test_an_unknown_address_is_told_as_a_json_api_error(datadog: DatadogClient) -> None:
    answer = datadog.get("/api/v2/scorecard/nothing")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/vnd.api+json"
    assert answer.json() == {
        "errors": [{"status": "404", "title": "Not Found", "detail": "Not Found"}]
    }


def test_an_unknown_address_tells_strangers_nothing(stranger: DatadogClient) -> None:
    assert stranger.get("/api/v2/scorecard/nothing").status_code == 403


def test_the_published_client_validates(official: ApiClient) -> None:
    assert AuthenticationApi(official).validate().valid is True


def test_the_published_client_validates_by_the_second_version(
    official: ApiClient, parsed: Callable[[object], None]
) -> None:
    answer = KeyManagementApi(official).validate()
    parsed(answer)
    assert answer.data.attributes.valid is True
    assert [*answer.data.attributes.api_key_scopes] == ["write"]
    answer = KeyManagementApi(official).validate_api_key()
    parsed(answer)
    assert str(answer.status) == "ok"


@pytest.mark.parametrize(
    ("make", "read", "length"),
    [
        (ids.rule_id, ids.rule_number, 16),
        (ids.campaign_id, ids.campaign_number, 16),
        (ids.scorecard_id, ids.scorecard_number, 12),
        (ids.entity_id, ids.entity_number, 36),
        (ids.kind_id, ids.kind_number, 36),
    ],
)
def test_ids_are_read_back(
    make: Callable[[int], str], read: Callable[[str], int | None], length: int
) -> None:
    for number in (1, 42, 9_999_999):
        assert len(make(number)) == length
        assert read(make(number)) == number
    assert read("nobody's") is None
