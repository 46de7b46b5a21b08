"""The published client and outcomes: every operation, typed models read field by field."""

from collections.abc import Callable
from datetime import datetime

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.scorecards_api import ScorecardsApi
from datadog_api_client.v2.model.outcome_type import OutcomeType
from datadog_api_client.v2.model.outcomes_batch_attributes import OutcomesBatchAttributes
from datadog_api_client.v2.model.outcomes_batch_request import OutcomesBatchRequest
from datadog_api_client.v2.model.outcomes_batch_request_data import OutcomesBatchRequestData
from datadog_api_client.v2.model.outcomes_batch_request_item import OutcomesBatchRequestItem
from datadog_api_client.v2.model.outcomes_batch_type import OutcomesBatchType
from datadog_api_client.v2.model.rule_type import RuleType
from datadog_api_client.v2.model.scorecard_scores_aggregation import ScorecardScoresAggregation
from datadog_api_client.v2.model.state import State
from datadog_api_client.v2.model.update_outcomes_async_attributes import (
    UpdateOutcomesAsyncAttributes,
)
from datadog_api_client.v2.model.update_outcomes_async_request import UpdateOutcomesAsyncRequest
from datadog_api_client.v2.model.update_outcomes_async_request_data import (
    UpdateOutcomesAsyncRequestData,
)
from datadog_api_client.v2.model.update_outcomes_async_request_item import (
    UpdateOutcomesAsyncRequestItem,
)
from datadog_api_client.v2.model.update_outcomes_async_type import UpdateOutcomesAsyncType

from scorecards.models import Outcome
from tests.datadog.grading import make_graded, report_all, rule_id, scorecard_id

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(official: ApiClient) -> ScorecardsApi:
    """Return the client's scorecards, with a graded catalog."""
    make_graded()
    return ScorecardsApi(official)


def async_request(rule: str, reference: str, state: State) -> UpdateOutcomesAsyncRequest:
    item = UpdateOutcomesAsyncRequestItem(
        rule_id=rule, entity_reference=reference, state=state, remarks="See <a href='x'>x</a>"
    )
    return UpdateOutcomesAsyncRequest(
        data=UpdateOutcomesAsyncRequestData(
            attributes=UpdateOutcomesAsyncAttributes(results=[item]),
            type=UpdateOutcomesAsyncType.BATCHED_OUTCOME,
        )
    )


def test_outcomes_are_updated_and_listed(api: ScorecardsApi, parsed: Callable) -> None:
    rule = rule_id()
    api.update_scorecard_outcomes(body=async_request(rule, "service:cart", State.FAIL))
    listed = api.list_scorecard_outcomes(filter_rule_id=rule, include="rule")
    parsed(listed)
    (outcome,) = listed.data
    assert (outcome.id, outcome.type) == (f"{rule}\\cart", OutcomeType.OUTCOME)
    assert (outcome.attributes.service_name, outcome.attributes.state) == ("cart", State.FAIL)
    assert outcome.attributes.remarks == "See <a href='x'>x</a>"
    assert isinstance(outcome.attributes.created_at, datetime)
    assert outcome.attributes.modified_at == outcome.attributes.created_at
    assert outcome.relationships.rule.data.id == rule
    assert outcome.relationships.rule.data.type == RuleType.RULE
    (included,) = listed.included
    assert (included.id, included.type) == (rule, RuleType.RULE)
    assert (included.attributes.name, included.attributes.scorecard_name) == ("Tested", "Safety")
    assert "page[offset]=100" in listed.links.next


def test_outcomes_are_created_in_a_batch(api: ScorecardsApi, parsed: Callable) -> None:
    rule = rule_id()
    items = [
        OutcomesBatchRequestItem(rule_id=rule, service_name=name, state=State.PASS, remarks="ok")
        for name in ("cart", "my-service")
    ]
    body = OutcomesBatchRequest(
        data=OutcomesBatchRequestData(
            attributes=OutcomesBatchAttributes(results=items),
            type=OutcomesBatchType.BATCHED_OUTCOME,
        )
    )
    answer = api.create_scorecard_outcomes_batch(body=body)
    parsed(answer)
    assert (answer.meta.total_received, answer.meta.total_updated) == (2, 2)
    assert [item.id for item in answer.data] == [f"{rule}\\cart", f"{rule}\\my-service"]
    first = answer.data[0]
    assert (first.attributes.state, first.attributes.remarks) == (State.PASS, "ok")
    assert first.type == OutcomeType.OUTCOME
    assert isinstance(first.attributes.modified_at, datetime)
    assert first.relationships.rule.data.id == rule
    assert Outcome.objects.count() == 2


def test_all_pages_of_outcomes_are_walked(api: ScorecardsApi) -> None:
    report_all()
    found = [item.id for item in api.list_scorecard_outcomes_with_pagination(page_size=2)]
    assert len(found) == len(set(found)) == 3 + 4


def test_the_parameters_of_outcomes_narrow_them(api: ScorecardsApi, parsed: Callable) -> None:
    report_all()
    listed = api.list_scorecard_outcomes(
        page_size=5,
        page_offset=0,
        include="rule",
        fields_outcome="state, service_name",
        fields_rule="name",
        filter_outcome_service_name="cart",
        filter_outcome_state="pass",
        filter_rule_enabled=True,
        filter_rule_id=rule_id(),
        filter_rule_name="Tested",
    )
    parsed(listed)
    (outcome,) = listed.data
    assert outcome.attributes.to_dict() == {"service_name": "cart", "state": "pass"}
    assert listed.included[0].attributes.to_dict() == {"name": "Tested"}


def test_an_unknown_rule_is_a_conflict(api: ScorecardsApi) -> None:
    with pytest.raises(ApiException) as caught:
        api.update_scorecard_outcomes(body=async_request("nope", "service:cart", State.PASS))
    assert caught.value.status == 409
    assert caught.value.body["errors"][0]["title"] == "Invalid rule_id"


@pytest.mark.parametrize("aggregation", ["entity", "rule", "scorecard", "team", "kind"])
def test_scores_are_listed(api: ScorecardsApi, parsed: Callable, aggregation: str) -> None:
    report_all()
    answer = api.list_scorecard_scores(
        aggregation=ScorecardScoresAggregation(f"by-{aggregation}"), page_limit=50
    )
    parsed(answer)
    expected = {
        "entity": ("service:cart", 3, 3, 1.0, {"entity": "service:cart", "service": "cart"}, None),
        "rule": (rule_id("tiered"), 1, 2, 0.5,
                 {"rule": rule_id("tiered"), "scorecard": scorecard_id("quality")}, 1),
        "scorecard": (scorecard_id("quality"), 2, 4, 0.5,
                      {"scorecard": scorecard_id("quality")}, None),
        "team": ("core", 3, 5, 0.5, {"team": "core"}, None),
        "kind": ("service", 3, 5, 0.5, {}, None),
    }[aggregation]  # fmt: skip
    row = next(item for item in answer.data if item.id == expected[0])
    assert row.type.value == "score"
    attributes = row.attributes
    assert attributes.aggregation.value == f"by-{aggregation}"
    assert (attributes.numerator, attributes.denominator, attributes.score) == expected[1:4]
    assert attributes.total_pass == attributes.numerator
    assert attributes.total_fail == attributes.denominator - attributes.numerator
    assert attributes.total_skip + attributes.total_no_data >= 0
    assert attributes.get("level") == expected[5]
    relations = row.relationships.to_dict() if "relationships" in row.to_dict() else {}
    assert {name: item["data"]["id"] for name, item in relations.items()} == expected[4]
    meta = answer.meta
    assert (meta.count, meta.limit, meta.offset) == (len(answer.data), 50, 0)
    assert meta.total == len(answer.data)
    assert answer.links.next.startswith(f"/api/v2/scorecard/scores/by-{aggregation}?")


def test_the_parameters_of_scores_narrow_them(api: ScorecardsApi, parsed: Callable) -> None:
    report_all()
    answer = api.list_scorecard_scores(
        aggregation=ScorecardScoresAggregation.BY_RULE,
        filter_rule_id=f"{rule_id()},{rule_id('tiered')}",
        filter_rule_name="Tested",
        filter_rule_level="1,3",
        filter_rule_scorecard_id=scorecard_id(),
        filter_rule_is_custom=True,
        filter_rule_is_enabled=True,
        sort="-total_no_data",
        page_offset=0,
        page_limit=1_000,
    )
    parsed(answer)
    (row,) = answer.data
    assert (row.id, row.attributes.level, row.attributes.score) == (rule_id(), 3, 0.5)
    assert (row.attributes.total_skip, row.attributes.total_entities) == (1, 3)
