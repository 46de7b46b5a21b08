"""The list of teams and the comparison, against plain Python over the same evaluations."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Entity
from portal.dashboards.directions import directions
from portal.dashboards.team_comparison import marks
from portal.dashboards.team_figures import move_counts
from scorecards.models import Evaluation, LevelChange, Scorecard
from tests.builders import (
    NOW,
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    rule_document,
)
from tests.pages.reading import html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("catalog")


@pytest.fixture(autouse=True)
def fleet(catalog: None) -> None:
    """Add two teams, one entity of two owners, and a scorecard that grades what inherits owners."""
    make_team("harbour", title="Harbour")
    make_team("dry", title="Dry dock")
    make_entity("raft", team=["core", "harbour"], properties={"tier": 1, "language": "Go"})
    make_entity("skiff", team="harbour", properties={"tier": 3, "language": "Go"})
    make_entity("tug", team="harbour", properties={"tier": 2})
    make_entity("jonas@example.com", blueprint="_user", team=["harbour", "core"])
    described = rule_document("named", query=condition("$title", "isNotEmpty"))
    make_scorecard("release", blueprints=["deployment"], rules=[described])


def counted() -> dict[str, tuple[Counter, Counter, int]]:
    """Return per team what passed and failed by rule, and how many entities it owns."""
    found: dict[str, tuple[Counter, Counter, set]] = {}
    for row in Evaluation.objects.select_related("entity"):
        for team in row.entity.team:
            passed, failed, entities = found.setdefault(team, (Counter(), Counter(), set()))
            entities.add(row.entity_id)
            for rule in row.scorecard.rules.all():
                if not row.skipped >> rule.bit & 1:
                    (passed if row.passed >> rule.bit & 1 else failed)[rule.pk] += 1
    return {team: (passed, failed, len(ids)) for team, (passed, failed, ids) in found.items()}


def share(passed: int, failed: int) -> str:
    """Return a share as pages write it, for shares that are neither nought nor all."""
    return f"{round(100 * passed / (passed + failed))} %"


def test_the_list_says_of_each_team_what_its_evaluations_say(reader):
    words = words_of(reader.get("/teams/"))
    for team, title, members in (("core", "Core", 2), ("harbour", "Harbour", 1)):
        passed, failed, owned = counted()[team]
        rate = share(passed.total(), failed.total())
        assert f"{title} {owned} {members} {rate}" in words
    assert "Dry dock 0 0 –" in words


def test_what_is_owned_by_inheritance_counts(reader):
    assert counted()["core"][2] == 3 + 1 + 12


def test_the_comparison_says_of_each_rule_what_its_evaluations_say(reader):
    words = words_of(reader.get("/teams/?team=core&team=harbour&rules=all"))
    core, harbour = counted()["core"], counted()["harbour"]
    for rule in Scorecard.objects.get(identifier="quality").rules.all():
        cells = []
        for passed, failed, _ in (core, harbour):
            counting = passed[rule.pk] + failed[rule.pk]
            rate = share(passed[rule.pk], failed[rule.pk])
            cells.append((passed[rule.pk] / counting, f"{rate} {passed[rule.pk]} of {counting}"))
        (left, left_text), (right, right_text) = cells
        mark = ("better", "worse") if left > right else ("worse", "better")
        row = f"{rule.title} {rule.level.title} {left_text} {mark[0]} {right_text} {mark[1]}"
        if left == right:
            row = f"{rule.title} {rule.level.title} {left_text} {right_text}"
        assert row in words


def test_the_score_is_that_of_the_page_of_the_team(reader):
    words = words_of(reader.get("/teams/harbour/"))
    score = words.split(" Score ")[1].split(" mean")[0]
    compared = words_of(reader.get("/teams/?team=core&team=harbour")).split(" Score ")[1]
    assert f" {score} worse " in compared[:40]


def test_only_rules_that_tell_teams_apart_are_shown_unless_all_are_asked_for(reader):
    make_scorecard(
        "same", rules=[rule_document("sure", query=condition("$identifier", "isNotEmpty"))]
    )
    assert "Sure" not in words_of(reader.get("/teams/?team=core&team=harbour"))
    assert "Sure Bronze 100 %" in words_of(reader.get("/teams/?team=core&team=harbour&rules=all"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, 2], ["worse", "better"]),
        ([1, 1], ["", ""]),
        ([None, 2], ["", ""]),
        ([3, 2, 1], ["best", "", "worst"]),
        ([3, 3, 1], ["best", "best", "worst"]),
        ([None, 2, 1], ["", "best", "worst"]),
    ],
)
def test_the_best_and_the_worst_are_told_in_words(values, words):
    assert [mark.get("mark", "") for mark in marks(values)] == words


def test_which_way_a_number_is_better_is_said_by_the_rules_that_ask_for_it():
    queries = {
        "less": [{"property": "tier", "operator": "<=", "value": 2}],
        "guard": [{"property": "waits", "operator": ">", "value": 0}],
        "both": [
            {"property": "wide", "operator": ">=", "value": 2},
            {"combinator": "or", "rules": [{"property": "wide", "operator": "<", "value": 9}]},
        ],
        "more": [{"property": "long", "operator": ">", "value": 2}],
    }
    numbers = {key: {"type": "number"} for key in ("tier", "waits", "wide", "long")}
    make_blueprint("ship", schema={"properties": numbers, "required": []})
    rules = [
        rule_document(key, query={"combinator": "and", "conditions": leaves})
        for key, leaves in queries.items()
    ]
    make_scorecard("ways", blueprints=["ship"], rules=rules)
    cards = Scorecard.objects.filter(identifier="ways").with_parts()
    assert directions(cards) == {"tier": -1, "long": 1}


def test_the_numbers_of_teams_are_marked_by_their_rules(reader):
    numbers = {"lead": {"type": "number", "title": "Lead time (hours)"}}
    make_blueprint("_team", schema={"properties": numbers, "required": []}, ownership=None)
    make_scorecard(
        "keys",
        blueprints=["_team"],
        rules=[rule_document("fast", query=condition("lead", "<=", 24))],
    )
    make_team("core", properties={"lead": 30})
    make_team("harbour", properties={"lead": 12})
    words = words_of(reader.get("/teams/?team=core&team=harbour"))
    assert "Keys Basic worse Bronze better" in words
    assert "Lead time 30 h worse 12 h better" in words
    listed = words_of(reader.get("/teams/?sort=-grade:keys"))
    assert listed.index("Harbour") < listed.index("Dry dock")


def test_moves_are_counted_for_every_owner_of_the_last_thirty_days():
    make_entity("raft", properties={"tier": 2}, now=NOW)
    make_entity("raft", properties={"tier": 1}, now=NOW)
    make_entity("skiff", properties={"tier": 1}, now=NOW)
    make_entity("tug", properties={"tier": 3}, now=NOW)
    LevelChange.objects.filter(entity__identifier="tug").update(at=NOW - timedelta(days=31))
    found = {team: (moves.risen, moves.fallen) for team, moves in move_counts(now=NOW).items()}
    assert found == {"core": (1, 1), "harbour": (2, 1)}


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("", ["Core", "Dry dock", "Harbour"]),
        ("-name", ["Harbour", "Dry dock", "Core"]),
        ("-owns", ["Core", "Harbour", "Dry dock"]),
        ("-members", ["Core", "Harbour", "Dry dock"]),
        # What is not known comes last, either way.
        ("passed", ["Harbour", "Core", "Dry dock"]),
        ("-passed", ["Core", "Harbour", "Dry dock"]),
        ("-card:quality", ["Core", "Harbour", "Dry dock"]),
        ("moves", ["Core", "Dry dock", "Harbour"]),
        ("nothing", ["Core", "Dry dock", "Harbour"]),
    ],
)
def test_teams_are_sorted_by_every_column(reader, sort, names):
    assert row_names(reader.get(f"/teams/?sort={sort}")) == names


def test_teams_are_found_by_name_and_by_what_they_are_part_of(reader):
    assert row_names(reader.get("/teams/?q=dry")) == ["Dry dock"]
    make_blueprint(
        "_team",
        schema={"properties": {}, "required": []},
        ownership=None,
        relations={"part_of": {"target": "_team", "title": "Part of"}},
    )
    make_team("harbour", relations={"part_of": "core"})
    response = reader.get("/teams/?within=core")
    assert len(row_names(response)) == 1
    assert "Harbour part of Core" in words_of(response)


def test_teams_are_chosen_by_a_form_without_script(reader):
    html = html_of(reader.get("/teams/?team=core"))
    assert (
        '<input type="checkbox" name="team" value="core" aria-label="Compare Core" checked>' in html
    )
    again = html_of(reader.get("/teams/?team=core&team=harbour&choose=1"))
    assert again.count(" checked>") == 2
    # What stands in no row of a narrowed list stays chosen.
    narrowed = html_of(reader.get("/teams/?team=core&team=harbour&choose=1&q=dry"))
    assert narrowed.count('<input type="hidden" name="team" value="core">') == 2


def test_a_fifth_team_is_left_out_and_told(reader):
    for name in ("four", "five"):
        make_team(name)
    names = ("core", "harbour", "dry", "four", "five")
    words = words_of(reader.get("/teams/?" + "&".join(f"team={name}" for name in names)))
    assert "At most 4 teams stand side by side; left out: five." in words


@pytest.mark.parametrize(
    "query",
    [
        "team=nothing",
        "team=core&team=nothing",
        "team=core&team=core",
        "team=%00&team=%FF&team=",
        "team=<script>alert(1)</script>&q='\"--",
        "sort=-&card=nothing&within=nothing&page=-1",
        "sort=card:&page=zzz",
        "sort=-grade:quality&page=99999999999999999999",
        "rules=all&choose=&team=core",
        "q=" + "a" * 5_000,
        "&".join(f"team=t{number}" for number in range(500)),
    ],
)
def test_a_strange_address_shows_the_list(reader, query):
    html = html_of(reader.get(f"/teams/?{query}"))
    assert "<script>alert" not in html
    assert "Compare teams" in html


def test_a_team_that_is_not_there_is_told(reader):
    assert "There is no team “ghost”." in words_of(reader.get("/teams/?team=ghost"))


def test_names_of_teams_are_only_text(reader):
    make_team("odd", title="<b onclick=x>Odd</b>")
    html = html_of(reader.get("/teams/?team=odd&team=core"))
    assert "&lt;b onclick=x&gt;Odd&lt;/b&gt;" in html
    assert "<b onclick" not in html + html_of(reader.get("/teams/"))


def test_the_public_sees_no_members(client, settings):
    settings.TIDEMARK_PUBLIC_READ = True
    assert "Members" not in words_of(client.get("/teams/"))
    assert "Members" not in words_of(client.get("/teams/?sort=-members"))
    assert "Members" not in words_of(client.get("/teams/?team=core&team=harbour"))


def test_without_teams_the_list_says_so(reader):
    Entity.objects.of("_team").delete()
    assert "No teams yet" in words_of(reader.get("/teams/"))


def test_teams_are_listed_a_page_at_a_time(reader):
    for number in range(60):
        make_team(f"team-{number:02}")
    assert len(row_names(reader.get("/teams/"))) == 25
    assert len(row_names(reader.get("/teams/?page=3"))) == 13


def test_the_list_is_linked_from_the_table_of_teams_and_from_each_team(reader):
    assert 'href="/teams/"' in html_of(reader.get("/catalog/_team/"))
    assert 'href="/teams/?team=core"' in html_of(reader.get("/teams/core/"))


def test_what_moved_is_told_of_the_last_thirty_days(reader):
    make_entity("tug", properties={"tier": 3}, now=timezone.now())
    assert "lost 1" in words_of(reader.get("/teams/"))
