"""What a campaign is, how far it is, and who is still to do what."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalog.conditions import matches, parse
from catalog.errors import Invalid
from catalog.models import Blueprint, Change, Entity
from scorecards.campaign_progress import progress_of
from scorecards.campaigns import (
    failing,
    failing_by_team,
    failing_rules,
    in_scope,
    open_rules,
)
from scorecards.evaluation import Masks
from scorecards.models import Campaign, CampaignSnapshot, Evaluation, Rule, Scorecard
from scorecards.operations import (
    campaign_document_of,
    delete_campaign,
    delete_rule,
    delete_scorecard,
    save_campaign,
    sweep,
)
from scorecards.reading import readers_of
from tests.builders import (
    NOW,
    TESTER,
    campaign_document,
    condition,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    make_team,
    report,
    rule_document,
)

DAY = timedelta(days=1)


@pytest.fixture
def fleet(db: None) -> None:
    """Store services of two teams and of nobody: one is done, three are not."""
    make_blueprint()
    make_team("core", title="Core")
    make_team("web", title="Web")
    make_scorecard()
    make_entity("anchor", title="Anchor", team="core", properties={"tier": 1, "language": "Go"})
    make_entity("buoy", title="Buoy", team="core", properties={"tier": 2})
    make_entity("canoe", title="Canoe", team=["core", "web"], properties={"tier": 3})
    make_entity("drift", title="Drift", properties={"language": "Go"})


def faults_of(**overrides: Any) -> list[tuple[str, str]]:
    """Return the faults that a document has."""
    with pytest.raises(Invalid) as caught:
        make_campaign(**overrides)
    return [(fault.path, fault.message) for fault in caught.value.faults]


def names(entities: Any) -> list[str]:
    """Return the identifiers of entities, in order."""
    return sorted(entity.identifier for entity in entities)


def test_a_campaign_is_what_its_document_says(fleet):
    document = campaign_document(
        description="Why", guidance="*How*", owner="core", filter=condition("tier", "<=", 2)
    )
    campaign = save_campaign(definition=document, by=TESTER, now=NOW)
    assert campaign_document_of(campaign) == {**document, "status": "in_progress"}


def test_saving_the_same_again_changes_nothing_and_is_no_history(fleet):
    make_campaign()
    make_campaign(now=NOW + DAY)
    assert [row.action for row in Change.objects.filter(kind="campaign")] == ["created"]
    assert Campaign.objects.get().updated_at == NOW


def test_history_tells_what_of_a_campaign_changed(fleet):
    make_campaign()
    make_campaign(title="Sooner")
    row = Change.objects.filter(kind="campaign").latest("id")
    assert (row.before, row.after) == ({"title": "Push"}, {"title": "Sooner"})
    delete_campaign(campaign=Campaign.objects.get(), by=TESTER, now=NOW)
    assert Change.objects.filter(kind="campaign").latest("id").action == "deleted"
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("overrides", "path", "words"),
    [
        ({"rules": ["quality/tierd"]}, "rules[0]", "did you mean 'quality/tiered'?"),
        ({"rules": ["nonsense"]}, "rules[0]", "write <scorecard>/<rule>"),
        ({"rules": []}, "rules", ""),
        ({"owner": "nobody"}, "owner", "create it first"),
        ({"owner": "no\x00body"}, "owner", "cannot be stored"),
        ({"filter": condition("teir", "=", 1)}, "filter.conditions[0].property", "tier"),
        ({"filter": {"combinator": "or", "conditions": 7}}, "filter.conditions", ""),
        ({"starts_at": "soon"}, "starts_at", "2026-03-31T18:00:00Z"),
        ({"starts_at": "2026-05-01T00:00:00"}, "starts_at", "offset"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at", "offset"),
        ({"due_at": "2026-05-01T00:00:00Z"}, "due_at", "later than starts_at"),
        ({"status": "paused"}, "status", ""),
        ({"colour": "red"}, "", "colour"),
        ({"identifier": "two words"}, "identifier", ""),
    ],
)
def test_a_wrong_document_is_refused_with_the_place_and_the_way_out(fleet, overrides, path, words):
    ((found_path, message),) = faults_of(**overrides)
    assert found_path == path
    assert words in message
    assert not Campaign.objects.exists()


def test_a_campaign_may_take_a_new_identifier_but_not_one_that_is_taken(fleet):
    first = make_campaign("first")
    make_campaign("second")
    renamed = save_campaign(
        definition=campaign_document("third"), campaign=first, by=TESTER, now=NOW
    )
    assert (renamed.pk, renamed.identifier) == (first.pk, "third")
    with pytest.raises(Invalid, match="there is a campaign 'second' already"):
        save_campaign(definition=campaign_document("second"), campaign=first, by=TESTER, now=NOW)


def test_a_campaign_starts_when_its_start_has_come(fleet):
    campaign = make_campaign(starts_at=(NOW + DAY).isoformat())
    assert campaign.status == "not_started"
    sweep(now=NOW)
    assert not CampaignSnapshot.objects.exists()
    sweep(now=NOW + DAY)
    campaign.refresh_from_db()
    assert campaign.status == "in_progress"
    row = Change.objects.filter(kind="campaign").latest("id")
    assert (row.actor, row.after["status"]) == ("tidemark", "in_progress")


def test_a_campaign_stays_completed_until_somebody_says_otherwise(fleet):
    make_campaign(status="completed")
    sweep(now=NOW + DAY)
    assert make_campaign(title="Other").status == "completed"
    assert make_campaign(status="in_progress").status == "in_progress"


def test_a_deleted_rule_leaves_its_campaigns_and_a_deleted_scorecard_takes_all(fleet):
    make_campaign()
    delete_rule(rule=Rule.objects.get(identifier="tiered"), by=TESTER, now=NOW)
    campaign = Campaign.objects.with_parts().get()
    assert [rule.identifier for rule in campaign.rules.all()] == ["spoken"]
    delete_scorecard(scorecard=Scorecard.objects.get(), by=TESTER, now=NOW)
    campaign = Campaign.objects.with_parts().get()
    assert progress_of(campaign, now=NOW).entities == 0
    assert not failing(campaign, now=NOW).exists()
    sweep(now=NOW)


def test_progress_counts_entities_and_results_by_rule_and_by_team(fleet):
    found = progress_of(make_campaign(), now=NOW)
    assert (found.done, found.entities, found.left) == (1, 4, 3)
    assert (found.passed, found.failed, found.skipped) == (4, 4, 0)
    by_rule = {item.rule.identifier: vars(item.results) for item in found.rules}
    assert by_rule == {
        "tiered": {"passed": 2, "failed": 2, "skipped": 0},
        "spoken": {"passed": 2, "failed": 2, "skipped": 0},
    }
    by_team = {item.team: (item.done, item.entities, vars(item.results)) for item in found.teams}
    assert by_team == {
        "core": (1, 3, {"passed": 3, "failed": 3, "skipped": 0}),
        "web": (0, 1, {"passed": 0, "failed": 2, "skipped": 0}),
        "": (0, 1, {"passed": 1, "failed": 1, "skipped": 0}),
    }
    assert [item.team for item in found.teams] == ["core", "", "web"]


def test_a_campaign_is_only_about_what_passes_its_filter(fleet):
    campaign = make_campaign(filter=condition("tier", "<=", 2))
    assert names(in_scope(campaign, now=NOW)) == ["anchor", "buoy"]
    found = progress_of(campaign, now=NOW)
    assert (found.done, found.entities, found.failed) == (1, 2, 1)
    assert names(failing(campaign, now=NOW)) == ["buoy"]


def test_where_every_rule_is_skipped_there_is_nothing_to_do_and_nothing_done(fleet):
    only_two = condition("tier", "=", 2)
    make_scorecard(rules=[rule_document("tiered"), rule_document("spoken", filter=only_two)])
    campaign = make_campaign(rules=["quality/spoken"])
    found = progress_of(campaign, now=NOW)
    assert (found.done, found.entities, found.skipped) == (1, 1, 0)
    both = progress_of(make_campaign(), now=NOW)
    assert (both.entities, both.skipped) == (4, 3)


def test_rules_of_several_scorecards_must_all_pass(fleet):
    make_scorecard("safety", rules=[rule_document("top", query=condition("tier", "=", 1))])
    campaign = make_campaign(rules=["quality/tiered", "safety/top"])
    found = progress_of(campaign, now=NOW)
    assert (found.done, found.entities) == (1, 4)
    rules = failing_rules(campaign, [entity.pk for entity in failing(campaign, now=NOW)])
    assert sorted(sorted(rule.identifier for rule in item) for item in rules.values()) == [
        ["tiered", "top"], ["tiered", "top"], ["top"],
    ]  # fmt: skip


def test_reported_rules_count_from_their_first_report_on(fleet):
    make_scorecard("checks", rules=[rule_document("scanned", query=None)])
    campaign = make_campaign(rules=["checks/scanned"])
    assert progress_of(campaign, now=NOW).entities == 0
    report("anchor", "scanned", "fail", scorecard="checks")
    report("buoy", "scanned", "pass", scorecard="checks")
    found = progress_of(campaign, now=NOW)
    assert (found.done, found.entities) == (1, 2)


def test_what_was_not_evaluated_since_a_rule_came_is_left_out(fleet):
    campaign = make_campaign()
    Evaluation.objects.filter(entity__identifier="buoy").update(newest_rule_id=0)
    assert progress_of(campaign, now=NOW).entities == 3
    assert open_rules(campaign_entity("buoy"), now=NOW) == []


def campaign_entity(identifier: str) -> Any:
    """Return an entity by its identifier."""
    return Evaluation.objects.select_related("entity").get(entity__identifier=identifier).entity


def test_what_fails_can_be_narrowed_to_a_rule_and_to_a_team(fleet):
    campaign = make_campaign()
    spoken = Rule.objects.get(identifier="spoken")
    assert names(failing(campaign, now=NOW)) == ["buoy", "canoe", "drift"]
    assert names(failing(campaign, now=NOW, rule=spoken)) == ["buoy", "canoe"]
    assert names(failing(campaign, now=NOW, team="web")) == ["canoe"]
    assert names(failing(campaign, now=NOW, team="")) == ["drift"]
    assert names(failing(campaign, now=NOW, rule=spoken, team="")) == []


def test_what_is_to_do_by_team_names_entities_with_their_rules_and_is_bounded(fleet):
    campaign = make_campaign()
    found = {
        team: [(entity.identifier, [rule.identifier for rule in rules]) for entity, rules in items]
        for team, items in failing_by_team(campaign, now=NOW).items()
    }
    assert found == {
        "core": [("buoy", ["spoken"]), ("canoe", ["tiered", "spoken"])],
        "web": [("canoe", ["tiered", "spoken"])],
        "": [("drift", ["tiered"])],
    }
    assert list(failing_by_team(campaign, now=NOW, most=1)) == ["core"]


def test_an_entity_knows_what_it_still_has_to_do_by_when(fleet):
    make_campaign("late", due_at=(NOW + 20 * DAY).isoformat())
    make_campaign("never", due_at=None)
    make_campaign("soon", rules=["quality/spoken"])
    make_campaign("over", status="completed")
    make_campaign("others", filter=condition("tier", "=", 1))
    found = open_rules(campaign_entity("buoy"), now=NOW)
    assert [(item.campaign.identifier, [rule.identifier for rule in item.rules]) for item in found]
    assert [item.campaign.identifier for item in found] == ["soon", "late", "never"]
    assert open_rules(campaign_entity("anchor"), now=NOW) == []


def test_each_day_keeps_how_far_a_campaign_was_when_it_ended(fleet):
    campaign = make_campaign()
    make_entity("buoy", properties={"language": "Go"}, now=NOW)
    sweep(now=NOW)
    make_entity("drift", properties={"tier": 1}, now=NOW + DAY)
    sweep(now=NOW + DAY)
    rows = campaign.snapshots.order_by("day")
    assert list(rows.values_list("day", "done", "entities", "passed", "failed", "skipped")) == [
        (NOW.date(), 2, 4, 5, 3, 0),
        ((NOW + DAY).date(), 3, 4, 6, 2, 0),
    ]


@pytest.mark.parametrize(
    ("rules", "queries"), [(["quality/tiered"], 1), (["quality/tiered", "safety/top"], 2)]
)
def test_progress_costs_as_many_queries_however_many_entities_there_are(fleet, rules, queries):
    make_scorecard("safety", rules=[rule_document("top")])
    campaign = make_campaign(rules=rules, filter=condition("$identifier", "isNotEmpty"))
    for number in range(20):
        make_entity(f"more-{number}", team="web", properties={"tier": number % 4})
    with CaptureQueriesContext(connection) as captured:
        assert progress_of(campaign, now=NOW).entities == 24
    assert len(captured) == queries


FACTS = st.fixed_dictionaries(
    {"tier": st.sampled_from([None, 1, 2, 3]), "language": st.sampled_from([None, "Go"])}
)
TEAMS = st.lists(st.sampled_from(["core", "web"]), unique=True)
ASKED = st.lists(
    st.sampled_from(["quality/tiered", "quality/spoken", "safety/top", "safety/scoped"]),
    unique=True,
    min_size=1,
)
FILTERS = st.sampled_from([None, condition("tier", "<=", 2), condition("$team", "isEmpty")])


def counted(campaign: Campaign) -> dict[str, tuple[int, int, Counter[str]]]:
    """Work out by team what is done, in scope and found, an entity after the other; "*" is all."""
    found: dict[str, tuple[int, int, Counter[str]]] = {}
    for entity in Entity.objects.of("service"):
        masks = {row.scorecard_id: row for row in entity.evaluations.all()}
        words = [
            Masks(masks[rule.scorecard_id].passed, masks[rule.scorecard_id].skipped).word(rule.bit)
            for rule in campaign.rules.all()
        ]
        is_about = not campaign.filter or matches(parse(campaign.filter), entity.facts, now=NOW)
        if not is_about or set(words) == {"SKIP"}:
            continue
        for team in ("*", *(entity.team or [""])):
            done, entities, results = found.get(team, (0, 0, Counter()))
            results.update(words)
            found[team] = (done + ("FAIL" not in words), entities + 1, results)
    return found


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(FACTS, TEAMS), max_size=8), asked=ASKED, chosen=FILTERS)
def test_the_database_counts_what_one_by_one_comes_to(fleet, rows, asked, chosen):
    only_go = condition("language", "=", "Go")
    top = rule_document("top", query=condition("tier", "=", 1))
    make_scorecard("safety", rules=[top, rule_document("scoped", filter=only_go)])
    for number, (properties, teams) in enumerate(rows):
        make_entity(f"more-{number}", properties=properties, team=teams)
    campaign = make_campaign(rules=asked, filter=chosen)
    found = progress_of(campaign, now=NOW)
    results = Counter({"PASS": found.passed, "FAIL": found.failed, "SKIP": found.skipped})
    told = {"*": (found.done, found.entities, results)} if found.entities else {}
    for team in found.teams:
        parts = team.results
        results = Counter({"PASS": parts.passed, "FAIL": parts.failed, "SKIP": parts.skipped})
        told[team.team] = (team.done, team.entities, results)
    assert told == counted(campaign)
    assert failing(campaign, now=NOW).count() == found.left
    by_team = failing_by_team(campaign, now=NOW)
    assert {team: len(items) for team, items in by_team.items()} == {
        team.team: team.left for team in found.teams if team.left
    }


def test_the_filter_of_a_campaign_reads_facts_as_the_conditions_of_scorecards_do(fleet):
    make_campaign(rules=["quality/spoken", "quality/tiered"], filter=condition("tier", "<", 3))
    service = Blueprint.objects.get(identifier="service")
    assert readers_of(service, "tier")[-1] == "the filter of the campaign push"
    assert readers_of(service, "language") == ["the rule quality/spoken"]
