"""The demo's drafts are whole, fit the packs' blueprints, and end now."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest

from catalog.conditions import matches, parse
from scorecards.packs import PACKS, additions_of, definitions_of, load_pack
from scorecards.packs.demo import read_demo

FILES = "https://github.com/healthchecks/healthchecks/blob/HEAD"
NOW = datetime(2027, 1, 5, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo():
    return read_demo(NOW)


def draft(demo, blueprint, identifier):
    (found,) = [item for item in demo.entities[blueprint] if item["identifier"] == identifier]
    return found


def times(demo):
    return [
        datetime.fromisoformat(value)
        for drafts in demo.entities.values()
        for item in drafts
        for key, value in item["properties"].items()
        if key.endswith("_at")
    ]


def test_drafts_come_in_the_order_of_loading(demo):
    assert [(key, len(drafts)) for key, drafts in demo.entities.items()] == [
        ("_team", 19),
        ("_user", 4),
        ("service", 19),
        ("deployment", 992),
        ("pull_request", 6364),
        ("incident", 299),
    ]


def test_the_newest_event_happened_now_and_none_later(demo):
    assert max(times(demo)) == NOW.replace(microsecond=0)


def test_all_times_moved_by_the_same_constant(demo):
    later = read_demo(NOW + timedelta(days=400))
    assert later.shift - demo.shift == timedelta(days=400)
    moved = {new - old for new, old in zip(times(later), times(demo), strict=True)}
    assert moved == {timedelta(days=400)}


def test_now_may_be_in_any_time_zone(demo):
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    assert read_demo(elsewhere) == demo


def test_a_service_carries_what_was_found_and_nothing_else(demo):
    assert draft(demo, "service", "healthchecks") == {
        "identifier": "healthchecks",
        "title": "healthchecks",
        "properties": {
            "url": "https://github.com/healthchecks/healthchecks",
            "languages": ["Python"],
            "links": [
                {
                    "name": "Repository",
                    "type": "repo",
                    "url": "https://github.com/healthchecks/healthchecks",
                },
                {"name": "README", "type": "doc", "url": f"{FILES}/README.md"},
                {"name": "Contributing guide", "type": "doc", "url": f"{FILES}/CONTRIBUTING.md"},
                {"name": "Changelog", "type": "other", "url": f"{FILES}/CHANGELOG.md"},
            ],
            "contacts": [
                {
                    "name": "Reports of vulnerabilities",
                    "type": "security",
                    "contact": f"{FILES}/SECURITY.md",
                }
            ],
            "language": "Python",
            "readme": "README.md",
            "license": "LICENSE",
            "security_policy": "SECURITY.md",
            "contributing": "CONTRIBUTING.md",
            "changelog": "CHANGELOG.md",
            "ci_workflows": 4,
            "dockerfile": "docker/Dockerfile",
            "test_files": 234,
            "docs_files": 0,
            "files": 1271,
            "commits_last_90_days": 151,
            "contributors_last_90_days": 2,
            "last_commit_at": "2027-01-04T13:09:39Z",
        },
        "relations": {},
        "team": ["healthchecks"],
    }


def test_where_no_file_says_whom_to_ask_there_is_no_contact(demo):
    rows = {item["identifier"]: item["properties"] for item in demo.entities["service"]}
    without = {name for name, item in rows.items() if not item["contacts"]}
    assert without == {
        name
        for name, item in rows.items()
        if "security_policy" not in item and "codeowners" not in item
    }
    assert len(without) == 6


def test_events_point_at_their_service_and_have_no_team_of_their_own(demo):
    assert draft(demo, "deployment", "netbox-v4.0.11") == {
        "identifier": "netbox-v4.0.11",
        "title": "netbox v4.0.11",
        "properties": {
            "version": "v4.0.11",
            "sha": "0b120e6ad22f",
            "deployed_at": "2025-01-17T11:10:53Z",
            "status": "success",
            "environment": "production",
            "changes_count": 1,
        },
        "relations": {"service": "netbox"},
    }
    assert draft(demo, "pull_request", "netbox-17346") == {
        "identifier": "netbox-17346",
        "title": "netbox #17346",
        "properties": {
            "status": "merged",
            "first_commit_at": "2025-01-12T10:11:13Z",
            "number": 17346,
            "opened_at": "2025-01-12T10:11:13Z",
            "merged_at": "2025-01-17T11:10:53Z",
        },
        "relations": {"service": "netbox", "deployment": "netbox-v4.0.11"},
    }
    assert draft(demo, "incident", "netbox-hotfix-v4.1.6") == {
        "identifier": "netbox-hotfix-v4.1.6",
        "title": "netbox v4.1.5 needed a hotfix",
        "properties": {"opened_at": "2025-03-13T17:40:36Z", "resolved_at": "2025-03-16T14:10:52Z"},
        "relations": {
            "service": "netbox",
            "caused_by": "netbox-v4.1.5",
            "resolved_by": "netbox-v4.1.6",
        },
    }


def test_users_are_entities_in_their_teams(demo):
    assert draft(demo, "_user", "maya@example.com") == {
        "identifier": "maya@example.com",
        "title": "Maya Lindqvist",
        "properties": {},
        "relations": {},
        "team": ["netbox-community", "paperless-ngx"],
    }
    assert [user.username for user in demo.users if user.is_admin] == ["admin"]


def test_every_draft_uses_only_what_the_packs_define(demo):
    known = {
        blueprint: {
            key
            for name in PACKS
            for document in (*load_pack(name).blueprints, *additions_of(name))
            if document.get("identifier", "service") == blueprint
            for key in (*definitions_of(document)["schema"], *document.get("relations", {}))
        }
        for blueprint in demo.entities
    }
    for blueprint, drafts in demo.entities.items():
        used = {key for item in drafts for key in (*item["properties"], *item["relations"])}
        assert used <= known[blueprint]


def test_everything_referred_to_is_in_the_demo(demo):
    there = {key: {item["identifier"] for item in drafts} for key, drafts in demo.entities.items()}
    targets = {
        (relation, target)
        for drafts in demo.entities.values()
        for item in drafts
        for relation, target in item["relations"].items()
    }
    blueprint_of = {"service": "service", "deployment": "deployment"}
    for relation, target in targets:
        assert target in there[blueprint_of.get(relation, "deployment")]
    owners = [item["team"] for key in ("service", "_user") for item in demo.entities[key]]
    assert {team for teams in owners for team in teams} == there["_team"]


def test_identifiers_are_unique(demo):
    for drafts in demo.entities.values():
        assert len({item["identifier"] for item in drafts}) == len(drafts)


def test_the_basics_spread_over_all_four_levels(demo):
    (scorecard,) = load_pack("basics").scorecards
    reached = {
        item["identifier"]: level_of(scorecard, item["properties"])
        for item in demo.entities["service"]
    }
    assert Counter(reached.values()) == {"Basic": 2, "Bronze": 9, "Silver": 5, "Gold": 3}
    assert [key for key, level in reached.items() if level == "Gold"] == [
        "paperless-ngx",
        "readthedocs.org",
        "ocean",
    ]


def level_of(scorecard, facts):
    reached = scorecard["levels"][0]["title"]
    for level in scorecard["levels"][1:]:
        rules = [rule for rule in scorecard["rules"] if rule["level"] == level["title"]]
        if not all(matches(parse(rule["query"]), facts, now=NOW) for rule in rules):
            return reached
        reached = level["title"]
    return reached
