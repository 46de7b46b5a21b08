"""Nothing that is sent of rules is an error of ours, and nothing refused is half saved."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scorecards.models import Rule, Scorecard
from tests.builders import make_blueprint, make_entity, make_scorecard, make_team
from tests.datadog.clients import DatadogClient
from tests.port.json_values import disturbed, values

pytestmark = pytest.mark.django_db

RULES = "/api/v2/scorecard/rules"
_WORDS = ["rule", "name", "Quality", "level", "kind:service", "core", "tier:1", "data", "(", "OR"]
_BODY = {
    "data": {
        "type": "rule",
        "attributes": {
            "name": "Has a runbook",
            "scorecard_name": "Quality",
            "scorecard_id": None,
            "description": "Why.",
            "owner": "core",
            "level": 2,
            "enabled": True,
            "scope_query": "kind:service AND tier:1",
        },
    }
}
_PARAMETERS = [
    "page[size]",
    "page[offset]",
    "page[limit]",
    "include",
    "fields[rule]",
    "fields[scorecard]",
    *(f"filter[rule][{name}]" for name in ("id", "enabled", "custom", "name", "description")),
    *(f"filter[scorecard][{name}]" for name in ("id", "name", "description")),
]
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "true",
        "0",
        "-1",
        "99999999999999999999",
        "rule-99999999999",
        "card-9999999",
        "scorecard",
        "%",
    ]
)
_SETTINGS = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)


@pytest.fixture(autouse=True)
def _portal(db: None) -> None:
    make_blueprint()
    make_team("core")
    make_entity("checkout", properties={"tier": 1}, team=["core"])
    make_scorecard()


def _state() -> Any:
    return (
        list(Scorecard.objects.order_by("id").values()),
        list(Rule.objects.order_by("id").values()),
    )


@_SETTINGS
@given(body=disturbed(_BODY, _WORDS) | values(_WORDS))
def test_no_body_of_a_rule_is_an_error_of_ours(datadog: DatadogClient, body: Any) -> None:
    before = _state()
    answer = datadog.post(RULES, body)
    assert answer.status_code in (201, 400)
    if answer.status_code == 400:
        assert _state() == before
        return
    id_ = answer.json()["data"]["id"]
    assert datadog.put(f"{RULES}/{id_}", body).status_code == 200
    assert datadog.put(f"{RULES}/{id_}", answer.json()).status_code == 200
    assert datadog.get(f"{RULES}?filter[rule][id]={id_}").json()["data"]
    assert datadog.delete(f"{RULES}/{id_}").status_code == 204


@_SETTINGS
@given(body=disturbed(_BODY, _WORDS))
def test_no_replacement_of_a_rule_is_an_error_of_ours(datadog: DatadogClient, body: Any) -> None:
    id_ = datadog.get(RULES).json()["data"][0]["id"]
    before = _state()
    answer = datadog.put(f"{RULES}/{id_}", body)
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert _state() == before


@_SETTINGS
@given(
    query=st.dictionaries(st.sampled_from(_PARAMETERS), _TEXTS, max_size=4),
    place=st.sampled_from([RULES, "/api/v2/scorecard/scorecards"]),
)
def test_no_question_is_an_error_of_ours(
    datadog: DatadogClient, query: dict[str, str], place: str
) -> None:
    answer = datadog.get(f"{place}?{urlencode(query)}")
    assert answer.status_code in (200, 400)


@_SETTINGS
@given(id_=_TEXTS.filter(lambda text: text.strip("/") and text not in (".", "..")))
def test_no_id_is_an_error_of_ours(datadog: DatadogClient, id_: str) -> None:
    address = f"{RULES}/{quote(id_, safe='')}"
    assert datadog.put(address, _BODY).status_code == 404
    assert datadog.delete(address).status_code == 404
