"""Rules that are replaced, deleted and moved, also those that others made."""

from typing import Any
from unittest.mock import ANY

import pytest
from django.conf import LazySettings

from catalog.models import Change
from portal.integrations.datadog import ids
from portal.integrations.models import RuleNote
from scorecards import operations
from scorecards.counts import counts_of
from scorecards.models import (
    MAX_RULES,
    Campaign,
    Evaluation,
    Outcome,
    Rule,
    RuleChange,
    Scorecard,
)
from tests.builders import (
    NOW,
    TESTER,
    condition,
    level_of,
    make_entity,
    make_scorecard,
    report,
    rule_document,
)
from tests.datadog.clients import DatadogClient
from tests.datadog.rule_bodies import RULES, SCORECARDS, body, create, put, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("service")]


def test_what_a_put_leaves_out_is_gone(datadog: DatadogClient) -> None:
    first = create(
        datadog, owner="Ops", description="Why.", level=1, enabled=False, scope_query="tier:1"
    )
    second = put(datadog, first)
    assert second["id"] == first["id"]
    assert second["attributes"] == {
        "name": "Has a runbook",
        "level": 3,
        "enabled": True,
        "custom": True,
        "scorecard_name": "Readiness",
        "category": "Readiness",
        "created_at": first["attributes"]["created_at"],
        "modified_at": ANY,
    }
    assert second["attributes"]["modified_at"] > first["attributes"]["modified_at"]
    assert Rule.objects.get().filter is None


def test_a_put_without_a_scorecard_stays_where_it_is(datadog: DatadogClient) -> None:
    first = create(datadog)
    second = put(datadog, first, scorecard_name=None, level=1)
    assert second["relationships"] == first["relationships"]
    assert Rule.objects.get().level.title == "Basic"


def test_a_rule_sent_back_as_it_came_stays_as_it_was(datadog: DatadogClient) -> None:
    first = create(datadog, owner="Ops", scope_query="kind:service   tier:1", level=2)
    answer = datadog.put(f"{RULES}/{first['id']}", {"data": first})
    second = answer.json()["data"]
    del first["attributes"]["modified_at"], second["attributes"]["modified_at"]
    assert second == first


@pytest.mark.parametrize("id_", ["rule-00000000099", "nobody's", "a%2Fb", "%00"])
def test_a_rule_that_is_not_there(datadog: DatadogClient, id_: str) -> None:
    for answer in (datadog.put(f"{RULES}/{id_}", body()), datadog.delete(f"{RULES}/{id_}")):
        (detail,) = refused(answer, 404)
        assert detail.startswith("rule not found: ") or id_ == "%00"


def test_a_deleted_rule_is_not_there_the_second_time(datadog: DatadogClient) -> None:
    rule = create(datadog)
    answer = datadog.delete(f"{RULES}/{rule['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert refused(datadog.delete(f"{RULES}/{rule['id']}"), 404) == [
        f"rule not found: {rule['id']}"
    ]


def test_a_scorecard_goes_with_its_last_rule(datadog: DatadogClient) -> None:
    first, second = create(datadog), create(datadog)
    datadog.delete(f"{RULES}/{first['id']}")
    assert Scorecard.objects.count() == 1
    datadog.delete(f"{RULES}/{second['id']}")
    assert not Scorecard.objects.exists()


def test_a_scorecard_of_people_stays_without_rules(datadog: DatadogClient) -> None:
    make_scorecard(rules=[rule_document()])
    (rule,) = datadog.get(RULES).json()["data"]
    assert datadog.delete(f"{RULES}/{rule['id']}").status_code == 204
    assert Scorecard.objects.get().rules.count() == 0


def test_what_is_written_stands_in_the_history(datadog: DatadogClient) -> None:
    rule = create(datadog)
    put(datadog, rule, name="Other")
    datadog.delete(f"{RULES}/{rule['id']}")
    rows = Change.objects.filter(kind="scorecard", identifier="readiness").order_by("id")
    assert {(row.actor, row.source) for row in rows} == {("writer", "wire")}
    assert len(rows) >= 4


# Evaluated rules


def test_a_rule_with_a_query_is_edited_around_its_query(datadog: DatadogClient) -> None:
    query = condition("tier", "<=", 2)
    make_scorecard(rules=[rule_document(how_to_fix="Lower it.", query=query)])
    (rule,) = datadog.get(RULES).json()["data"]
    assert rule["attributes"]["level"] == 1
    put(
        datadog,
        rule,
        name="Low tier",
        scorecard_name="Quality",
        level=2,
        enabled=False,
        scope_query="kind:service",
    )
    row = Rule.objects.get()
    assert (row.title, row.level.title, row.is_enabled) == ("Low tier", "Silver", False)
    assert (row.query, row.how_to_fix, row.identifier) == (query, "Lower it.", "tiered")
    assert row.filter == condition("$blueprint", "=", "service")


def test_a_level_above_the_third_is_kept_where_the_third_is_sent_back(
    datadog: DatadogClient,
) -> None:
    levels = [{"title": f"L{rank}", "color": "red"} for rank in range(6)]
    make_scorecard(levels=levels, rules=[rule_document(level="L5")])
    (rule,) = datadog.get(RULES).json()["data"]
    assert rule["attributes"]["level"] == 3
    put(datadog, rule, scorecard_name="Quality", level=3)
    assert Rule.objects.get().level.title == "L5"
    put(datadog, rule, scorecard_name="Quality", level=1)
    assert Rule.objects.get().level.title == "L1"


def test_a_filter_that_no_scope_says_is_kept_by_a_put_without_a_scope(
    datadog: DatadogClient,
) -> None:
    strange = condition("tier", "<=", 3)
    make_scorecard(rules=[rule_document(filter=strange)])
    (rule,) = datadog.get(RULES).json()["data"]
    assert "scope_query" not in rule["attributes"]
    kept = put(datadog, rule, scorecard_name="Quality")
    assert "scope_query" not in kept["attributes"]
    assert Rule.objects.get().filter == strange
    put(datadog, rule, scorecard_name="Quality", scope_query="")
    assert Rule.objects.get().filter is None


def test_a_filter_given_elsewhere_takes_the_place_of_the_scope(datadog: DatadogClient) -> None:
    create(datadog, scope_query="kind:service")
    row = Rule.objects.get()
    document = {**operations.rule_document_of(row), "filter": condition("tier", "in", ["1", 1])}
    operations.save_rule(scorecard=row.scorecard, definition=document, by=TESTER, now=NOW)
    (rule,) = datadog.get(RULES).json()["data"]
    assert rule["attributes"]["scope_query"] == "tier:1"


def test_rules_made_elsewhere_have_the_times_of_their_scorecard(datadog: DatadogClient) -> None:
    make_scorecard(rules=[rule_document()])
    (rule,) = datadog.get(RULES).json()["data"]
    (scorecard,) = datadog.get(SCORECARDS).json()["data"]
    for name in ("created_at", "modified_at"):
        assert rule["attributes"][name] == scorecard["attributes"][name]
    edited = put(datadog, rule, scorecard_name="Quality")
    assert edited["attributes"]["created_at"] == rule["attributes"]["created_at"]
    assert edited["attributes"]["modified_at"] > rule["attributes"]["modified_at"]


# Packs


@pytest.fixture
def _basics(service: None) -> None:
    operations.install_pack(name="basics", by=TESTER, now=NOW)


@pytest.mark.usefixtures("_basics")
def test_the_rules_of_packs_are_not_custom(datadog: DatadogClient) -> None:
    mine = create(datadog)
    shown = datadog.get(f"{RULES}?page[size]=1000").json()["data"]
    assert {rule["id"]: rule["attributes"]["custom"] for rule in shown} == {
        ids.rule_id(rule.pk): rule.scorecard.title == "Readiness"
        for rule in Rule.objects.select_related("scorecard")
    }
    (only,) = datadog.get(f"{RULES}?filter[rule][custom]=true").json()["data"]
    assert only == mine
    others = datadog.get(f"{RULES}?filter[rule][custom]=false").json()["data"]
    assert len(others) == len(shown) - 1 > 0


def _one_of_a_pack(client: DatadogClient) -> dict[str, Any]:
    return client.get(f"{RULES}?filter[rule][custom]=false").json()["data"][0]


@pytest.mark.usefixtures("_basics")
def test_a_rule_of_a_pack_is_switched_off_and_not_deleted(datadog: DatadogClient) -> None:
    rule = _one_of_a_pack(datadog)
    (detail,) = refused(datadog.delete(f"{RULES}/{rule['id']}"))
    assert "switch it off" in detail
    rule["attributes"]["enabled"] = False
    answer = datadog.put(f"{RULES}/{rule['id']}", {"data": rule})
    assert answer.json()["data"]["attributes"]["enabled"] is False


@pytest.mark.usefixtures("_basics")
def test_a_rule_of_a_pack_stays_in_its_scorecard(datadog: DatadogClient) -> None:
    rule = _one_of_a_pack(datadog)
    rule["attributes"]["scorecard_name"] = "Elsewhere"
    (detail,) = refused(datadog.put(f"{RULES}/{rule['id']}", {"data": rule}))
    assert "this rule comes from a pack" in detail
    assert not Scorecard.objects.filter(title="Elsewhere").exists()


@pytest.mark.usefixtures("_basics")
def test_a_rule_of_ones_own_in_the_scorecard_of_a_pack_is_custom(datadog: DatadogClient) -> None:
    title = _one_of_a_pack(datadog)["attributes"]["scorecard_name"]
    rule = create(datadog, scorecard_name=title)
    assert rule["attributes"]["custom"] is True
    assert rule["attributes"]["scorecard_name"] == title
    operations.install_pack(name="basics", by=TESTER, now=NOW)
    shown = datadog.get(f"{RULES}?filter[rule][custom]=true").json()["data"]
    assert [item["id"] for item in shown] == [rule["id"]]


# Moving


def test_a_rule_moves_to_another_scorecard_with_its_outcomes(datadog: DatadogClient) -> None:
    make_entity("a")
    rule = create(datadog, level=1)
    create(datadog, name="Stays")
    create(datadog, scorecard_name="Other", name="Was there", level=1)
    report("a", "has-a-runbook", "pass", scorecard="readiness")
    report("a", "was-there", "pass", scorecard="other")
    moved = put(datadog, rule, scorecard_name="Other", level=2)
    assert moved["id"] == rule["id"]
    assert moved["attributes"]["scorecard_name"] == "Other"
    assert Outcome.objects.get(rule=ids.rule_number(rule["id"]) or 0).state == "PASS"
    entity = Outcome.objects.all()[0].entity
    assert level_of(entity, "other") == "Intermediate"
    assert level_of(entity, "readiness") == "No level"


def test_a_rule_moves_to_a_scorecard_that_is_made_for_it(datadog: DatadogClient) -> None:
    rule = create(datadog)
    moved = put(datadog, rule, scorecard_name="New")
    assert moved["attributes"]["scorecard_name"] == "New"
    assert [row.title for row in Scorecard.objects.all()] == ["New"]
    assert RuleNote.objects.get().rule_id == ids.rule_number(rule["id"])


def test_a_moved_rule_stays_in_its_campaigns(datadog: DatadogClient) -> None:
    rule = create(datadog)
    campaign = Campaign.objects.create(
        identifier="push", title="Push", starts_at=NOW, created_at=NOW, updated_at=NOW
    )
    campaign.rules.add(ids.rule_number(rule["id"]) or 0)
    put(datadog, rule, scorecard_name="New")
    assert campaign.rules.get().scorecard.title == "New"


def test_a_rule_does_not_move_to_a_scorecard_that_is_full(datadog: DatadogClient) -> None:
    rules = [rule_document(f"r{number}") for number in range(MAX_RULES)]
    make_scorecard("full", title="Full", rules=rules)
    rule = create(datadog)
    answer = datadog.put(f"{RULES}/{rule['id']}", body(scorecard_name="Full"))
    assert "as many as fit" in refused(answer)[0]
    assert Rule.objects.get(pk=ids.rule_number(rule["id"])).scorecard.title == "Readiness"


@pytest.fixture(params=["at once", "later"])
def _evaluation(request: pytest.FixtureRequest, settings: LazySettings) -> None:
    """Evaluate edited scorecards in the same transaction, or by a task behind it."""
    if request.param == "later":
        settings.TIDEMARK_INLINE_LIMIT = 0


@pytest.mark.usefixtures("_evaluation")
def test_the_counters_are_right_after_moves_to_and_fro(
    datadog: DatadogClient, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for name in "abcd":
            make_entity(name)
        old = create(datadog, name="Old", level=1)
        create(datadog, name="Keeps", level=1)
        create(datadog, name="Newer", scorecard_name="Other", level=1)
    for name, state in zip("abcd", ("pass", "pass", "fail", "skip"), strict=True):
        report(name, "old", state, scorecard="readiness")
    report("a", "newer", "fail", scorecard="other")
    for title in ("Other", "Readiness", "Other", "Readiness", "Other"):
        with django_capture_on_commit_callbacks(execute=True):
            put(datadog, old, name="Old", scorecard_name=title, level=1)
        scorecard = Scorecard.objects.get(title=title)
        rule = scorecard.rules.get(title="Old")
        found = counts_of([scorecard.pk])[scorecard.pk]
        assert (found.passed[rule.pk], found.failed[rule.pk]) == (2, 1)
        before = _sums(scorecard)
        operations.recount(scorecard=scorecard)
        assert _sums(scorecard) == before
    results = {
        row.entity.identifier: (row.passed >> rule.bit & 1, row.skipped >> rule.bit & 1)
        for row in Evaluation.objects.filter(scorecard=scorecard)
    }
    assert results == {"a": (1, 0), "b": (1, 0), "c": (0, 0), "d": (0, 1)}
    assert set(RuleChange.objects.values_list("rule__title", flat=True)) == {"Old", "Newer"}
    # It begins to count in each of its places, and is not said to stop.
    assert set(RuleChange.objects.values_list("before", flat=True)) == {"SKIP"}


def _sums(scorecard: Scorecard) -> list[dict[int, int]]:
    found = counts_of([scorecard.pk])[scorecard.pk]
    live = set(scorecard.rules.values_list("pk", flat=True))
    sums = [dict(found.levels)]
    for part in (found.passed, found.failed):
        sums.append({key: number for key, number in part.items() if number and key in live})
    return sums
