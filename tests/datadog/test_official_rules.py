"""Rules, scorecards and entity integrations by the published client, its models field by field."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException, NotFoundException
from datadog_api_client.v2.api.entity_integration_configs_api import EntityIntegrationConfigsApi
from datadog_api_client.v2.api.scorecards_api import ScorecardsApi
from datadog_api_client.v2.model.create_rule_request import CreateRuleRequest
from datadog_api_client.v2.model.create_rule_request_data import CreateRuleRequestData
from datadog_api_client.v2.model.entity_integration_config_payload import (
    EntityIntegrationConfigPayload,
)
from datadog_api_client.v2.model.entity_integration_config_request import (
    EntityIntegrationConfigRequest,
)
from datadog_api_client.v2.model.entity_integration_config_request_attributes import (
    EntityIntegrationConfigRequestAttributes,
)
from datadog_api_client.v2.model.entity_integration_config_request_data import (
    EntityIntegrationConfigRequestData,
)
from datadog_api_client.v2.model.entity_integration_config_request_type import (
    EntityIntegrationConfigRequestType,
)
from datadog_api_client.v2.model.rule_attributes_request import RuleAttributesRequest
from datadog_api_client.v2.model.rule_type import RuleType
from datadog_api_client.v2.model.update_rule_request import UpdateRuleRequest
from datadog_api_client.v2.model.update_rule_request_data import UpdateRuleRequestData

from tests.builders import make_blueprint
from tests.datadog.test_entity_integrations import CONFIGS

Check = Callable[[object], None]


@pytest.fixture
def api(official: ApiClient) -> ScorecardsApi:
    """Return the part of the published client that speaks of scorecards."""
    make_blueprint()
    return ScorecardsApi(official)


def _create(api: ScorecardsApi, name: str = "Has a runbook", **attributes: Any) -> Any:
    written = {"name": name, "scorecard_name": "Readiness", **attributes}
    return api.create_scorecard_rule(
        CreateRuleRequest(
            data=CreateRuleRequestData(
                attributes=RuleAttributesRequest(**written), type=RuleType.RULE
            )
        )
    )


def test_a_rule_is_created(api: ScorecardsApi, parsed: Check) -> None:
    answer = _create(
        api,
        description="Why.",
        enabled=False,
        level=2,
        owner="Ops",
        scope_query="kind:service",
    )
    parsed(answer)
    attributes = answer.data.attributes
    assert answer.data.type == RuleType.RULE
    assert len(answer.data.id) == 16
    assert (attributes.name, attributes.description) == ("Has a runbook", "Why.")
    assert (attributes.enabled, attributes.custom, attributes.level) == (False, True, 2)
    assert (attributes.owner, attributes.scope_query) == ("Ops", "kind:service")
    assert (attributes.scorecard_name, attributes.category) == ("Readiness", "Readiness")
    age = datetime.now(UTC) - attributes.created_at
    assert timedelta() <= age < timedelta(minutes=1)
    assert attributes.modified_at == attributes.created_at
    scorecard = answer.data.relationships.scorecard.data
    assert str(scorecard.type) == "scorecard"
    assert len(scorecard.id) == 12


def test_a_rule_without_more_has_the_recorded_defaults(api: ScorecardsApi, parsed: Check) -> None:
    answer = _create(api)
    parsed(answer)
    attributes = answer.data.attributes
    assert (attributes.level, attributes.enabled) == (3, True)
    for name in ("owner", "description", "scope_query"):
        assert name not in attributes.to_dict()


def test_a_rule_is_replaced(api: ScorecardsApi, parsed: Check) -> None:
    before = _create(api, owner="Ops", description="Why.").data
    request = UpdateRuleRequest(
        data=UpdateRuleRequestData(
            attributes=RuleAttributesRequest(
                name="Has two",
                scorecard_name="Elsewhere",
                level=1,
                enabled=False,
                scope_query="team:core OR tier:(1 OR 2)",
            ),
            type=RuleType.RULE,
        )
    )
    answer = api.update_scorecard_rule(rule_id=before.id, body=request)
    parsed(answer)
    attributes = answer.data.attributes
    assert answer.data.id == before.id
    assert (attributes.name, attributes.scorecard_name) == ("Has two", "Elsewhere")
    assert (attributes.level, attributes.enabled) == (1, False)
    assert attributes.scope_query == "team:core OR tier:(1 OR 2)"
    assert attributes.created_at == before.attributes.created_at
    assert attributes.modified_at > before.attributes.modified_at
    assert not {"owner", "description"} & attributes.to_dict().keys()


def test_a_rule_is_deleted_once(api: ScorecardsApi) -> None:
    rule = _create(api).data
    assert api.delete_scorecard_rule(rule_id=rule.id) is None
    with pytest.raises(NotFoundException) as caught:
        api.delete_scorecard_rule(rule_id=rule.id)
    assert caught.value.body["errors"] == [
        {"status": "404", "title": "Not Found", "detail": f"rule not found: {rule.id}"}
    ]


def test_rules_are_listed(api: ScorecardsApi, parsed: Check) -> None:
    made = [_create(api, name=f"Rule {number}").data.to_dict() for number in range(3)]
    answer = api.list_scorecard_rules()
    parsed(answer)
    assert [rule.to_dict() for rule in answer.data] == made
    assert "page[offset]=100" in answer.links.next


def test_rules_are_listed_by_every_parameter(api: ScorecardsApi, parsed: Check) -> None:
    wanted = _create(api, name="Wanted", description="Identifying it.").data
    _create(api, name="Unwanted", description="Identifying it.", enabled=False)
    answer = api.list_scorecard_rules(
        page_size=10,
        page_offset=0,
        include="scorecard",
        filter_rule_id=wanted.id,
        filter_rule_enabled=True,
        filter_rule_custom=True,
        filter_rule_name="Want",
        filter_rule_description="Identifying",
        fields_rule="name, description",
        fields_scorecard="name",
    )
    parsed(answer)
    (rule,) = answer.data
    assert rule.id == wanted.id
    assert rule.attributes.to_dict() == {"name": "Wanted", "description": "Identifying it."}
    assert "relationships" not in rule.to_dict()
    (scorecard,) = answer.to_dict()["included"]
    assert scorecard["attributes"] == {"name": "Readiness"}


def test_all_pages_of_rules_are_walked(api: ScorecardsApi, parsed: Check) -> None:
    made = [_create(api, name=f"Rule {number}").data.to_dict() for number in range(5)]
    for size in (2, 5, 10):
        found = list(api.list_scorecard_rules_with_pagination(page_size=size))
        parsed(found)
        assert [rule.to_dict() for rule in found] == made


def test_scorecards_are_listed(api: ScorecardsApi, parsed: Check) -> None:
    rule = _create(api).data
    _create(api, scorecard_name="Other")
    answer = api.list_scorecards(
        page_offset=0,
        page_size=10,
        filter_scorecard_id=rule.relationships.scorecard.data.id,
        filter_scorecard_name="Ready"[:4],
    )
    parsed(answer)
    (scorecard,) = answer.data
    assert scorecard.id == rule.relationships.scorecard.data.id
    assert str(scorecard.type) == "scorecard"
    assert scorecard.attributes.name == "Readiness"
    assert "description" not in scorecard.attributes.to_dict()
    assert scorecard.attributes.created_at <= scorecard.attributes.modified_at
    assert len(api.list_scorecards().data) == 2
    assert api.list_scorecards(filter_scorecard_description="nothing").data == []


def test_what_is_wrong_reaches_the_client(api: ScorecardsApi) -> None:
    with pytest.raises(ApiException) as caught:
        _create(api, scope_query="kind:service and tier:1")
    assert caught.value.status == 400
    assert "write AND in capitals" in caught.value.body["errors"][0]["detail"]


@pytest.fixture
def configs(official: ApiClient) -> EntityIntegrationConfigsApi:
    """Return the part of the client that speaks of entity integrations, which is unstable there."""
    for verb in ("get", "update", "delete"):
        official.configuration.unstable_operations[f"{verb}_entity_integration_config"] = True
    return EntityIntegrationConfigsApi(official)


@pytest.mark.filterwarnings("ignore:Using unstable operation")
@pytest.mark.parametrize("name", CONFIGS)
def test_an_entity_integration_is_configured(
    configs: EntityIntegrationConfigsApi, parsed: Check, name: str
) -> None:
    request = EntityIntegrationConfigRequest(
        data=EntityIntegrationConfigRequestData(
            attributes=EntityIntegrationConfigRequestAttributes(
                config=EntityIntegrationConfigPayload(**CONFIGS[name])
            ),
            type=EntityIntegrationConfigRequestType.ENTITY_INTEGRATION_CONFIG_REQUESTS,
        )
    )
    written = configs.update_entity_integration_config(integration_id=name, body=request)
    read = configs.get_entity_integration_config(integration_id=name)
    for answer in (written, read):
        parsed(answer)
        assert len(answer.data.id) == 26
        assert str(answer.data.type) == "entity_integration_configs"
        assert answer.data.attributes.org_id == 1
        assert answer.data.attributes.integration_id == name
        assert answer.data.attributes.config.to_dict() == CONFIGS[name]
    assert configs.delete_entity_integration_config(integration_id=name) is None
    with pytest.raises(NotFoundException):
        configs.get_entity_integration_config(integration_id=name)
