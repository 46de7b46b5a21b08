"""Bringing a pack up to date keeps what people decided about its rules."""

from datetime import timedelta

import pytest

from scorecards.models import InstalledPack, Rule, Scorecard
from scorecards.operations import document_of, install_pack, save_scorecard
from scorecards.packs import keep_choices, load_pack, pack_rules
from tests.builders import NOW, TESTER, condition, make_team, rule_document

LATER = NOW + timedelta(days=1)
LEVELS = [{"title": title, "color": "gold"} for title in ("None", "Low", "High")]


def wanted(*rules: dict, levels: list = LEVELS) -> dict:
    return {"title": "New", "status": "published", "levels": levels, "rules": list(rules)}


def stored(*rules: dict, status: str = "published", levels: list = LEVELS) -> dict:
    return {"title": "Old", "status": status, "levels": levels, "rules": list(rules)}


def rule(identifier: str = "a", **overrides: object) -> dict:
    decided = {"is_enabled": True, "filter": None, "in_force_from": None, "owner": None}
    return {"identifier": identifier, "title": "Old", "level": "Low", **decided, **overrides}


NEW = {"identifier": "a", "title": "New", "level": "Low"}


@pytest.mark.parametrize(
    "decided",
    [
        {"is_enabled": False},
        {"filter": condition("tier", "=", 1)},
        {"in_force_from": "2026-09-01"},
        {"owner": "red"},
        {"level": "High"},
    ],
)
def test_what_people_decided_stays_and_the_rest_is_the_packs(decided):
    kept = keep_choices(wanted(NEW), stored(rule(**decided)), own_rules=["a"])
    assert kept["title"] == "New"
    assert kept["rules"] == [rule() | NEW | decided]


def test_a_new_rule_comes_as_it_is_and_one_that_the_pack_gave_up_goes():
    kept = keep_choices(wanted(NEW), stored(rule("gone")), own_rules=["a", "gone"])
    assert kept["rules"] == [NEW]


def test_a_rule_that_people_added_stays():
    own = rule("ours", level="High")
    assert keep_choices(wanted(NEW), stored(own), own_rules=["a"])["rules"] == [NEW, own]


def test_a_draft_stays_one():
    assert keep_choices(wanted(NEW), stored(status="draft"), own_rules=[])["status"] == "draft"


@pytest.mark.parametrize(
    ("level", "expected"), [("Ours", "Low"), ("Best", "High"), ("Beyond", "Low")]
)
def test_a_level_that_the_pack_calls_otherwise_is_known_by_its_rank(level, expected):
    titles = ("None", "Ours", "Best", "Beyond")
    levels = [{"title": title, "color": "gold"} for title in titles]
    before = stored(rule(level=level), levels=levels)
    assert keep_choices(wanted(NEW), before, own_rules=["a"])["rules"][0]["level"] == expected


def test_the_rules_of_packs_are_known_whatever_their_settings():
    found = pack_rules()
    assert ("ownership", "has_team") in found
    assert ("dora_official_lead_time", "dora_official_lead_time_elite") in found
    assert ("ownership", "ours") not in found


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["dora", "basics", "ownership"])
def test_installing_again_keeps_decisions_in_the_database(name):
    make_team("red")
    (scorecard, *_) = install_pack(name=name, by=TESTER, now=NOW)
    document = document_of(scorecard)
    first, second = document["rules"][:2]
    first |= {"is_enabled": False, "owner": "red", "level": document["levels"][-1]["title"]}
    second |= {"filter": condition("$identifier", "=", "web"), "in_force_from": "2026-09-01"}
    second["title"] = "Ours"
    level = document["levels"][1]["title"]
    document["rules"].append(rule_document("ours", level=level, query=None))
    before = document_of(save_scorecard(definition=document, by=TESTER, now=NOW))
    install_pack(name=name, by=TESTER, now=LATER)
    after = document_of(Scorecard.objects.with_parts().get(pk=scorecard.pk))
    theirs = {item["identifier"]: item for item in load_pack(name).scorecards[0]["rules"]}
    by_name = {item["identifier"]: item for item in before["rules"]}
    by_name[second["identifier"]]["title"] = theirs[second["identifier"]]["title"]
    assert {item["identifier"]: item for item in after["rules"]} == by_name
    assert Rule.objects.filter(identifier="ours").exists()
    assert InstalledPack.objects.get().updated_at == LATER
