"""Configurations of entity integrations: kept as sent, where they are of the known shape."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalog.models import Change
from portal.integrations.models import EntityIntegrationConfig
from tests.datadog.clients import DatadogClient
from tests.port.json_values import disturbed

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v2/idp/entity_integrations"
REPO = {"hostname": "github.com", "github_org_name": "myorg", "repo_name": "myrepo"}
PROJECT = {"hostname": "mine.example.net", "account_id": "123456789", "project_key": "AAA"}
CONFIGS: dict[str, Any] = {
    "github": {"enabled_repos": [REPO]},
    "jira": {"enabled_projects": [PROJECT]},
    "pagerduty": {"accounts": [{"enabled": True, "subdomain": "mine"}, {"enabled": False}]},
}


def body(config: Any, **data: Any) -> dict[str, Any]:
    """Return the body of a configuration."""
    type_ = "entity_integration_config_requests"
    return {"data": {"type": type_, "attributes": {"config": config}, **data}}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_is_kept_as_sent(datadog: DatadogClient, name: str) -> None:
    answer = datadog.put(f"{ADDRESS}/{name}", body(CONFIGS[name]))
    assert answer.status_code == 200
    pk = EntityIntegrationConfig.objects.get().pk
    assert answer.json() == {
        "data": {
            "id": f"config-{pk:019d}",
            "type": "entity_integration_configs",
            "attributes": {"org_id": 1, "integration_id": name, "config": CONFIGS[name]},
        }
    }
    assert datadog.get(f"{ADDRESS}/{name}").json() == answer.json()


def test_a_put_replaces_and_keeps_the_id(datadog: DatadogClient) -> None:
    first = datadog.put(f"{ADDRESS}/github", body(CONFIGS["github"])).json()["data"]
    second = datadog.put(f"{ADDRESS}/github", body({"enabled_repos": []})).json()["data"]
    assert second["id"] == first["id"]
    assert second["attributes"]["config"] == {"enabled_repos": []}


def test_a_deleted_configuration_is_gone(datadog: DatadogClient) -> None:
    datadog.put(f"{ADDRESS}/jira", body(CONFIGS["jira"]))
    answer = datadog.delete(f"{ADDRESS}/jira")
    assert (answer.status_code, answer.content) == (204, b"")
    for answer in (datadog.get(f"{ADDRESS}/jira"), datadog.delete(f"{ADDRESS}/jira")):
        assert answer.status_code == 404
        assert answer.json() == {
            "errors": [
                {
                    "status": "404",
                    "title": "Not Found",
                    "detail": "nothing is configured for jira",
                }
            ]
        }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_there_are_three_integrations(datadog: DatadogClient, method: str) -> None:
    answer = datadog.send(method, f"{ADDRESS}/gitlab", body({}))
    assert answer.status_code == 404
    assert "github, jira, pagerduty" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("name", "config", "place"),
    [
        ("github", None, "config"),
        ("github", [], "config"),
        ("github", {}, "config"),
        ("github", CONFIGS["jira"], "config"),
        ("github", {"enabled_repos": [{**REPO, "token": "secret"}]}, "config.enabled_repos[0]"),
        ("github", {"enabled_repos": [{"hostname": "h"}]}, "config.enabled_repos[0]"),
        (
            "github",
            {"enabled_repos": [{**REPO, "repo_name": ""}]},
            "config.enabled_repos[0].repo_name",
        ),
        ("pagerduty", {"accounts": [{"enabled": "yes"}]}, "config.accounts[0].enabled"),
        ("pagerduty", {"accounts": [{"subdomain": "mine"}]}, "config.accounts[0]"),
    ],
)
def test_a_configuration_of_another_shape_is_refused(
    datadog: DatadogClient, name: str, config: Any, place: str
) -> None:
    answer = datadog.put(f"{ADDRESS}/{name}", body(config))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"].startswith(f'attribute "{place}": ')
    assert "secret" not in answer.content.decode()
    assert not EntityIntegrationConfig.objects.exists()


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        (
            body({}, type="rule"),
            'got type "rule" expected one of "entity_integration_config_requests"',
        ),
        (body({}, attributes={}), 'attribute "config" is required'),
    ],
)
def test_what_is_no_request_is_refused(
    datadog: DatadogClient, sent: dict[str, Any], detail: str
) -> None:
    answer = datadog.put(f"{ADDRESS}/github", sent)
    assert answer.status_code == 400
    assert [error["detail"] for error in answer.json()["errors"]] == [detail]


def test_writes_stand_in_the_history(datadog: DatadogClient) -> None:
    datadog.put(f"{ADDRESS}/jira", body(CONFIGS["jira"]))
    datadog.put(f"{ADDRESS}/jira", body(CONFIGS["jira"]))
    datadog.delete(f"{ADDRESS}/jira")
    rows = Change.objects.filter(kind="integration config", identifier="jira").order_by("id")
    assert [row.action for row in rows] == ["created", "deleted"]


def test_readers_do_not_write(reader: DatadogClient) -> None:
    assert reader.get(f"{ADDRESS}/jira").status_code == 404
    assert reader.put(f"{ADDRESS}/jira", body(CONFIGS["jira"])).status_code == 403
    assert reader.delete(f"{ADDRESS}/jira").status_code == 403


_WORDS = ["github", "config", "enabled_repos", "hostname", "accounts", "enabled"]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_no_body_is_an_error_of_ours(datadog: DatadogClient, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CONFIGS)))
    sent = data.draw(disturbed(body(CONFIGS[name]), _WORDS))
    assert datadog.put(f"{ADDRESS}/{name}", sent).status_code in (200, 400)
