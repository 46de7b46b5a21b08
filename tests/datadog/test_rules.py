"""Rules: written by the name of a scorecard, shown as clients of the dialect know them."""

from typing import Any
from unittest.mock import ANY

import pytest

from catalog.models import Blueprint
from portal.integrations.datadog import ids
from scorecards import operations
from scorecards.models import (
    MAX_RULES,
    Evaluation,
    Rule,
    Scorecard,
)
from tests.builders import (
    NOW,
    TESTER,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)
from tests.datadog.clients import DatadogClient
from tests.datadog.rule_bodies import RULES, SCORECARDS, body, create, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("service")]


def test_a_rule_brings_its_scorecard_with_it(datadog: DatadogClient) -> None:
    rule = create(datadog, description="Why.", owner="Ops", enabled=True)
    scorecard = Scorecard.objects.get()
    assert rule == {
        "id": ids.rule_id(Rule.objects.get().pk),
        "type": "rule",
        "attributes": {
            "name": "Has a runbook",
            "description": "Why.",
            "owner": "Ops",
            "level": 3,
            "enabled": True,
            "custom": True,
            "scorecard_name": "Readiness",
            "category": "Readiness",
            "created_at": ANY,
            "modified_at": ANY,
        },
        "relationships": {
            "scorecard": {"data": {"id": ids.scorecard_id(scorecard.pk), "type": "scorecard"}}
        },
    }
    assert rule["attributes"]["created_at"] == rule["attributes"]["modified_at"]
    assert rule["attributes"]["created_at"].endswith("Z")


def test_a_scorecard_made_for_a_rule_grades_the_catalog_in_three_levels(
    datadog: DatadogClient,
) -> None:
    make_blueprint("datastore")
    make_blueprint("deployment", ownership=None)
    create(datadog, level=2)
    scorecard = Scorecard.objects.get()
    assert scorecard.identifier == "readiness"
    assert scorecard.follows_catalog
    assert {row.identifier for row in scorecard.blueprints.all()} == {"service", "datastore"}
    assert list(scorecard.levels.order_by("rank").values_list("title", flat=True)) == [
        "No level",
        "Basic",
        "Intermediate",
        "Advanced",
    ]
    rule = scorecard.rules.get()
    assert (rule.level.title, rule.is_reported) == ("Intermediate", True)


def test_a_rule_may_come_before_anything_there_is_to_grade(datadog: DatadogClient) -> None:
    Blueprint.objects.filter(is_system=False).delete()
    scope = "kind:service AND tier:1 AND env:prod AND language:go AND type:web AND lifecycle:*"
    assert create(datadog, scope_query=scope)["attributes"]["scope_query"] == scope
    assert not Scorecard.objects.get().blueprints.exists()
    make_blueprint()
    assert Scorecard.objects.get().blueprints.get().identifier == "service"


def test_rules_of_one_name_of_a_scorecard_stand_in_one(datadog: DatadogClient) -> None:
    first = create(datadog)
    second = create(datadog)
    assert first["relationships"] == second["relationships"]
    assert Scorecard.objects.count() == 1
    assert set(Rule.objects.values_list("identifier", flat=True)) == {
        "has-a-runbook",
        "has-a-runbook-2",
    }


def test_a_scorecard_may_stand_there_by_its_id(datadog: DatadogClient) -> None:
    first = create(datadog)
    id_ = first["relationships"]["scorecard"]["data"]["id"]
    second = create(datadog, scorecard_name=None, scorecard_id=id_)
    assert second["attributes"]["scorecard_name"] == "Readiness"


@pytest.mark.parametrize("id_", ["card-0099999", "nobody's", "card-00000000000000000001"])
def test_the_id_of_no_scorecard_is_told_as_recorded(datadog: DatadogClient, id_: str) -> None:
    answer = datadog.post(RULES, body(scorecard_name=None, scorecard_id=id_))
    assert refused(answer) == ['attribute "scorecard_id" failed scorecard lookup']


def test_the_older_name_of_a_scorecard_is_read(datadog: DatadogClient) -> None:
    rule = create(datadog, scorecard_name=None, category="Older")
    assert rule["attributes"]["scorecard_name"] == "Older"


@pytest.mark.parametrize(
    ("attributes", "details"),
    [
        ({"name": None}, ['attribute "name" is required']),
        ({"name": ""}, ['attribute "name" is required']),
        ({"name": " "}, ['attribute "name" is required']),
        ({"name": 5}, ['attribute "name": give a text of at most 200 characters']),
        ({"name": "n" * 201}, ['attribute "name": give a text of at most 200 characters']),
        ({"scorecard_name": None}, ['attribute "scorecard_name" is required']),
        ({"scorecard_name": " "}, ['attribute "scorecard_name" is required']),
        ({"level": 0}, ['attribute "level" must be one of "1 2 3"']),
        ({"level": 4}, ['attribute "level" must be one of "1 2 3"']),
        ({"level": True}, ['attribute "level" must be one of "1 2 3"']),
        ({"level": "1"}, ['attribute "level" must be one of "1 2 3"']),
        ({"enabled": "yes"}, ['attribute "enabled": give true or false']),
        (
            {"description": "d" * 5_001},
            ['attribute "description": give a text of at most 5,000 characters'],
        ),
        (
            {"scope_query": "checkout"},
            [
                'attribute "scope_query": at character 1: "checkout" names no field; '
                "for a name, write name: in front of it"
            ],
        ),
        (
            {"name": None, "level": 9},
            ['attribute "level" must be one of "1 2 3"', 'attribute "name" is required'],
        ),
    ],
)
def test_what_is_no_rule_is_refused(
    datadog: DatadogClient, attributes: dict[str, Any], details: list[str]
) -> None:
    assert refused(datadog.post(RULES, body(**attributes))) == details
    assert not Scorecard.objects.exists()


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({}, 'send a JSON object with "data"'),
        ([], 'send a JSON object with "data"'),
        ({"data": {"type": "rule"}}, 'attribute "attributes" is required'),
        (
            {"data": {"type": "outcome", "attributes": {}}},
            'got type "outcome" expected one of "rule"',
        ),
    ],
)
def test_what_is_no_body_of_a_rule_is_refused(
    datadog: DatadogClient, sent: Any, detail: str
) -> None:
    assert refused(datadog.post(RULES, sent)) == [detail]


def test_the_type_of_a_rule_may_be_left_out(datadog: DatadogClient) -> None:
    sent = body()
    del sent["data"]["type"]
    assert datadog.post(RULES, sent).status_code == 201


def test_a_scope_over_what_no_kind_has_is_refused_by_its_own_name(datadog: DatadogClient) -> None:
    make_scorecard("mine", title="Mine", rules=[])
    answer = datadog.post(RULES, body(scorecard_name="Mine", scope_query="lifecycle:production"))
    (detail,) = refused(answer)
    assert detail.startswith('attribute "scope_query": there is no property "lifecycle"')


def test_a_scope_becomes_the_filter_of_the_rule(datadog: DatadogClient) -> None:
    rule = create(datadog, scope_query="tier:1")
    assert rule["attributes"]["scope_query"] == "tier:1"
    make_entity("a", properties={"tier": 1})
    make_entity("b", properties={"tier": 2})
    for name in "ab":
        report(name, "has-a-runbook", "pass", scorecard="readiness")
    assert {row.entity.identifier: row.skipped for row in Evaluation.objects.all()} == {
        "a": 0,
        "b": 1,
    }


def test_an_owner_that_names_a_team_owns_the_rule(datadog: DatadogClient) -> None:
    team = make_team("core")
    rule = create(datadog, owner="team:core")
    assert rule["attributes"]["owner"] == "team:core"
    assert Rule.objects.get().owner == team


def test_an_owner_given_elsewhere_is_shown(datadog: DatadogClient) -> None:
    make_team("core")
    make_team("edge")
    create(datadog, owner="core")
    row = Rule.objects.get()
    document = {**operations.rule_document_of(row), "owner": "edge"}
    operations.save_rule(scorecard=row.scorecard, definition=document, by=TESTER, now=NOW)
    (shown,) = datadog.get(RULES).json()["data"]
    assert shown["attributes"]["owner"] == "edge"


def test_the_64th_rule_is_refused(datadog: DatadogClient) -> None:
    rules = [rule_document(f"r{number}") for number in range(MAX_RULES)]
    make_scorecard("full", title="Full", rules=rules)
    assert refused(datadog.post(RULES, body(scorecard_name="Full"))) == [
        "attribute \"scorecard_name\": 'Full' has 63 rules, as many as fit; name another scorecard"
    ]


def test_names_of_any_script_become_identifiers(datadog: DatadogClient) -> None:
    create(datadog, name="Ist das 正しい? 100% ²!", scorecard_name="…")
    rule = Rule.objects.get()
    assert rule.identifier == "ist-das-正しい-100"
    assert rule.scorecard.identifier == "unnamed"


def test_a_level_of_a_scorecard_with_fewer_is_its_highest(datadog: DatadogClient) -> None:
    levels = [{"title": "Low", "color": "red"}, {"title": "High", "color": "green"}]
    make_scorecard("two", title="Two", levels=levels, rules=[])
    rule = create(datadog, scorecard_name="Two", level=3)
    assert rule["attributes"]["level"] == 1


def test_readers_read_and_do_not_write(reader: DatadogClient) -> None:
    assert reader.get(RULES).status_code == 200
    assert reader.get(SCORECARDS).status_code == 200
    answer = reader.post(RULES, body())
    assert answer.status_code == 403
    assert answer.json() == {
        "errors": ["These keys only read; writing needs a credential of scope 'write'."]
    }
    assert reader.put(f"{RULES}/x", body()).status_code == 403
    assert reader.delete(f"{RULES}/x").status_code == 403


def test_strangers_and_half_a_pair_of_keys_do_not_come_in(
    stranger: DatadogClient, api_key_only: DatadogClient
) -> None:
    for client in (stranger, api_key_only):
        assert client.get(RULES).status_code == 403
        assert client.post(RULES, body()).status_code == 403
