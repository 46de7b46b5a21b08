"""Every operation on delivery events, by the published client and its typed models."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.dora_metrics_api import DORAMetricsApi
from datadog_api_client.v2.model.ai_impact_user_activity_attributes import (
    AIImpactUserActivityAttributes,
)
from datadog_api_client.v2.model.ai_impact_user_activity_data import AIImpactUserActivityData
from datadog_api_client.v2.model.ai_impact_user_activity_request import (
    AIImpactUserActivityRequest,
)
from datadog_api_client.v2.model.ai_impact_user_activity_type import AIImpactUserActivityType
from datadog_api_client.v2.model.dora_deployment_patch_by_version_remediation_by_version import (
    DORADeploymentPatchByVersionRemediationByVersion,
)
from datadog_api_client.v2.model.dora_deployment_patch_by_version_request import (
    DORADeploymentPatchByVersionRequest,
)
from datadog_api_client.v2.model.dora_deployment_patch_by_version_request_attributes import (
    DORADeploymentPatchByVersionRequestAttributes,
)
from datadog_api_client.v2.model.dora_deployment_patch_by_version_request_data import (
    DORADeploymentPatchByVersionRequestData,
)
from datadog_api_client.v2.model.dora_deployment_patch_remediation import (
    DORADeploymentPatchRemediation,
)
from datadog_api_client.v2.model.dora_deployment_patch_remediation_type import (
    DORADeploymentPatchRemediationType,
)
from datadog_api_client.v2.model.dora_deployment_patch_request import DORADeploymentPatchRequest
from datadog_api_client.v2.model.dora_deployment_patch_request_attributes import (
    DORADeploymentPatchRequestAttributes,
)
from datadog_api_client.v2.model.dora_deployment_patch_request_data import (
    DORADeploymentPatchRequestData,
)
from datadog_api_client.v2.model.dora_deployment_patch_request_data_type import (
    DORADeploymentPatchRequestDataType,
)
from datadog_api_client.v2.model.dora_deployment_request import DORADeploymentRequest
from datadog_api_client.v2.model.dora_deployment_request_attributes import (
    DORADeploymentRequestAttributes,
)
from datadog_api_client.v2.model.dora_deployment_request_data import DORADeploymentRequestData
from datadog_api_client.v2.model.dora_deployment_type import DORADeploymentType
from datadog_api_client.v2.model.dora_failure_request import DORAFailureRequest
from datadog_api_client.v2.model.dora_failure_request_attributes import (
    DORAFailureRequestAttributes,
)
from datadog_api_client.v2.model.dora_failure_request_data import DORAFailureRequestData
from datadog_api_client.v2.model.dora_failure_type import DORAFailureType
from datadog_api_client.v2.model.dora_git_info import DORAGitInfo
from datadog_api_client.v2.model.dora_list_deployments_request import DORAListDeploymentsRequest
from datadog_api_client.v2.model.dora_list_deployments_request_attributes import (
    DORAListDeploymentsRequestAttributes,
)
from datadog_api_client.v2.model.dora_list_deployments_request_data import (
    DORAListDeploymentsRequestData,
)
from datadog_api_client.v2.model.dora_list_deployments_request_data_type import (
    DORAListDeploymentsRequestDataType,
)
from datadog_api_client.v2.model.dora_list_failures_request import DORAListFailuresRequest
from datadog_api_client.v2.model.dora_list_failures_request_attributes import (
    DORAListFailuresRequestAttributes,
)
from datadog_api_client.v2.model.dora_list_failures_request_data import (
    DORAListFailuresRequestData,
)
from datadog_api_client.v2.model.dora_list_failures_request_data_type import (
    DORAListFailuresRequestDataType,
)

from catalog.models import Entity
from portal.integrations.models import AiActivity
from tests.datadog.delivery_events import DAY, REPOSITORY, SHA, seconds

Parsed = Callable[[object], None]
ENDED = DAY + timedelta(minutes=10)


def _deployment(**attributes: object) -> DORADeploymentRequest:
    whole = {
        "service": "shopist",
        "started_at": seconds(DAY) * 10**9,
        "finished_at": seconds(ENDED) * 10**9,
        "env": "production",
        **attributes,
    }
    return DORADeploymentRequest(
        data=DORADeploymentRequestData(attributes=DORADeploymentRequestAttributes(**whole))
    )


def _failure(**attributes: object) -> DORAFailureRequest:
    whole = {
        "services": ["shopist", "api"],
        "started_at": seconds(DAY) * 10**9,
        "env": "production",
        **attributes,
    }
    return DORAFailureRequest(
        data=DORAFailureRequestData(attributes=DORAFailureRequestAttributes(**whole))
    )


def test_deployments(official: ApiClient, parsed: Parsed) -> None:
    api = DORAMetricsApi(official)
    created = api.create_dora_deployment(
        _deployment(
            version="v1",
            team="backend",
            custom_tags=["language:java"],
            git=DORAGitInfo(commit_sha=SHA, repository_url=REPOSITORY),
        )
    )
    parsed(created)
    assert created.data.type == DORADeploymentType.DORA_DEPLOYMENT
    one = api.get_dora_deployment(created.data.id)
    parsed(one)
    assert (one.data.id, one.data.type) == (created.data.id, DORADeploymentType.DORA_DEPLOYMENT)
    attributes = one.data.attributes
    assert attributes.service == "shopist"
    assert attributes.started_at == DAY
    assert attributes.finished_at == ENDED
    assert attributes.env == "production"
    assert attributes.version == "v1"
    assert attributes.team == "backend"
    assert attributes.custom_tags == ["language:java"]
    assert attributes.git.commit_sha == SHA
    assert attributes.git.repository_id == "github.com/shop/front"
    listed = api.list_dora_deployments(_deployments_of("service:(shopist OR api) env:production"))
    parsed(listed)
    assert [item.to_dict() for item in listed.data] == [one.data.to_dict()]
    assert api.list_dora_deployments(_deployments_of("-service:shopist")).data == []
    assert api.delete_dora_deployment(created.data.id) is None
    with pytest.raises(ApiException) as refused:
        api.get_dora_deployment(created.data.id)
    assert refused.value.status == 404


def _deployments_of(query: str) -> DORAListDeploymentsRequest:
    return DORAListDeploymentsRequest(
        data=DORAListDeploymentsRequestData(
            attributes=DORAListDeploymentsRequestAttributes(
                _from=DAY - timedelta(days=1),
                to=datetime.now(UTC),
                limit=10,
                query=query,
                sort="-finished_at",
            ),
            type=DORAListDeploymentsRequestDataType.DORA_DEPLOYMENTS_LIST_REQUEST,
        )
    )


def test_marking_deployments(official: ApiClient) -> None:
    api = DORAMetricsApi(official)
    failed = api.create_dora_deployment(_deployment(version="v1")).data.id
    later = {"started_at": seconds(ENDED), "finished_at": seconds(ENDED) + 600}
    fixed = api.create_dora_deployment(_deployment(version="v2", **later)).data.id
    attributes = DORADeploymentPatchRequestAttributes(
        change_failure=True,
        remediation=DORADeploymentPatchRemediation(
            id=fixed, type=DORADeploymentPatchRemediationType.ROLLBACK
        ),
    )
    body = DORADeploymentPatchRequest(
        data=DORADeploymentPatchRequestData(attributes=attributes, id=failed, type=_PATCH)
    )
    assert api.patch_dora_deployment(failed, body) is None
    assert Entity.objects.of("incident").get().fact("recovery_minutes") == 10
    by_version = DORADeploymentPatchByVersionRequest(
        data=DORADeploymentPatchByVersionRequestData(
            attributes=DORADeploymentPatchByVersionRequestAttributes(
                service="shopist",
                env="production",
                version="v1",
                change_failure=True,
                remediation=DORADeploymentPatchByVersionRemediationByVersion(
                    version="v2", type=DORADeploymentPatchRemediationType.ROLLFORWARD
                ),
            ),
            type=_PATCH,
        )
    )
    assert api.patch_dora_deployment_by_version(by_version) is None
    stored = Entity.objects.of("deployment").get(identifier=failed)
    assert stored.properties["remediation_type"] == "rollforward"


_PATCH = DORADeploymentPatchRequestDataType.DORA_DEPLOYMENT_PATCH_REQUEST


@pytest.mark.filterwarnings("ignore:create_dora_incident is deprecated")
@pytest.mark.parametrize("operation", ["create_dora_failure", "create_dora_incident"])
def test_failures(official: ApiClient, parsed: Parsed, operation: str) -> None:
    api = DORAMetricsApi(official)
    created = getattr(api, operation)(
        _failure(
            finished_at=seconds(ENDED) * 1000,
            name="Web server is down",
            severity="SEV-1",
            team="backend",
            version="v1",
            custom_tags=["kind:database"],
            git=DORAGitInfo(commit_sha=SHA, repository_url=REPOSITORY),
        )
    )
    parsed(created)
    assert created.data.type == DORAFailureType.DORA_FAILURE
    one = api.get_dora_failure(created.data.id)
    parsed(one)
    assert (one.data.id, one.data.type) == (created.data.id, DORAFailureType.DORA_FAILURE)
    attributes = one.data.attributes
    assert attributes.services == ["shopist", "api"]
    assert attributes.started_at == DAY
    assert attributes.finished_at == ENDED
    assert attributes.env == "production"
    assert attributes.name == "Web server is down"
    assert attributes.severity == "SEV-1"
    assert attributes.team == "backend"
    assert attributes.version == "v1"
    assert attributes.custom_tags == ["kind:database"]
    assert attributes.git.commit_sha == SHA
    assert attributes.git.repository_url == REPOSITORY
    listed = api.list_dora_failures(
        DORAListFailuresRequest(
            data=DORAListFailuresRequestData(
                attributes=DORAListFailuresRequestAttributes(
                    _from=DAY - timedelta(days=1),
                    to=datetime.now(UTC),
                    limit=10,
                    query="severity:(SEV-1 OR SEV-2) service:api",
                    sort="-started_at",
                ),
                type=DORAListFailuresRequestDataType.DORA_FAILURES_LIST_REQUEST,
            )
        )
    )
    parsed(listed)
    assert [item.to_dict() for item in listed.data] == [one.data.to_dict()]
    assert api.delete_dora_failure(created.data.id) is None
    assert api.delete_dora_failure(created.data.id) is None
    assert not Entity.objects.of("incident").exists()


def test_an_open_failure_reads_back_without_an_end(official: ApiClient, parsed: Parsed) -> None:
    api = DORAMetricsApi(official)
    one = api.get_dora_failure(api.create_dora_failure(_failure()).data.id)
    parsed(one)
    assert "finished_at" not in one.data.attributes.to_dict()


def test_user_activity(official: ApiClient) -> None:
    body = AIImpactUserActivityRequest(
        data=[
            AIImpactUserActivityData(
                attributes=AIImpactUserActivityAttributes(
                    user_email="ada@example.com",
                    day="2026-05-26",
                    is_active=True,
                    tools=["Claude Code"],
                    models=["gpt-5"],
                ),
                type=AIImpactUserActivityType.AI_IMPACT_USER_ACTIVITY,
            )
        ]
    )
    DORAMetricsApi(official).create_ai_impact_user_activity(body)
    assert AiActivity.objects.get().model_names == ["gpt-5"]


def test_an_error_is_one_that_the_client_reads(official: ApiClient) -> None:
    with pytest.raises(ApiException) as refused:
        DORAMetricsApi(official).create_dora_deployment(_deployment(id="short"))
    assert refused.value.status == 400
    (error,) = refused.value.body["errors"]
    assert error["title"] == "Bad Request"
    assert error["detail"].startswith('attribute "id": give 16 to 128 letters')
