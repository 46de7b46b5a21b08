"""Teams by rules: the counters say what going through all evaluations does."""

from random import Random

import pytest

from portal.dashboards import rule_heats as module
from portal.dashboards.columns import Reference
from portal.dashboards.querystring import QueryString
from portal.dashboards.rule_heats import TeamCounts, team_counts, team_heat, worst_teams
from scorecards.counts import counts_by_team
from scorecards.evaluation import Masks
from scorecards.models import Evaluation, Rule, Scorecard
from tests.builders import (
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    rule_document,
)
from tests.pages.reading import html_of, row_names, words_of

TEAMS = ("core", "edge", "apps")
QUALITY = "/scorecards/quality/"


@pytest.fixture
def fleet(db):
    """Grade services of three teams and of nobody, with rules of each kind of result."""
    for name in TEAMS:
        make_team(name, title=name.title())
    make_blueprint("service")
    make_blueprint("job")
    make_scorecard(
        blueprints=["service", "job"],
        rules=[
            rule_document(),
            rule_document("spoken", query=condition("language", "isNotEmpty")),
            rule_document("big", filter=condition("tier", "=", 1)),
            rule_document("off", is_enabled=False),
        ],
    )
    random = Random(5)
    for number in range(40):
        make_entity(
            f"thing-{number}",
            blueprint=random.choice(["service", "service", "job"]),
            team=random.sample(TEAMS, random.choice([0, 1, 1, 2])),
            properties={"tier": random.randint(1, 3), "language": random.choice(["Go", ""])},
        )


def quality() -> Scorecard:
    """Return the scorecard with its parts."""
    return Scorecard.objects.with_parts().get(identifier="quality")


def titles(*names: str) -> dict[str, Reference]:
    """Return teams that are called as they are named."""
    return {name: Reference("_team", name, name) for name in names}


def by_hand() -> dict[str, dict[str, tuple[int, int]]]:
    """Return passes and counted results by team and rule, out of every evaluation."""
    found = {team: {"tiered": [0, 0], "spoken": [0, 0], "big": [0, 0]} for team in TEAMS}
    rules = {rule.identifier: rule for rule in Rule.objects.filter(is_enabled=True)}
    for row in Evaluation.objects.select_related("entity"):
        for team in row.entity.team:
            for name, rule in rules.items():
                word = Masks(row.passed, row.skipped).word(rule.bit)
                if word != "SKIP":
                    found[team][name][0] += word == "PASS"
                    found[team][name][1] += 1
    return {team: {key: tuple(pair) for key, pair in part.items()} for team, part in found.items()}


def test_the_heat_map_says_what_all_evaluations_say(fleet):
    card = quality()
    heat = team_heat(
        card, team_counts(card, counts_by_team(card.pk)), QueryString(), titles=titles(*TEAMS)
    )
    assert {
        row.team.identifier: {
            rule.identifier: (cell.passed, cell.counting)
            for rule, cell in zip(heat.rules, row.cells, strict=True)
        }
        for row in heat.rows
    } == by_hand()
    shares = [row.whole.passed / row.whole.counting for row in heat.rows]
    assert shares == sorted(shares)
    for row in heat.rows:
        owned = Evaluation.objects.all()
        assert row.owned == sum(row.team.identifier in item.entity.team for item in owned)


def test_the_worst_teams_are_what_sorting_by_hand_comes_to(fleet):
    card = quality()
    rules = [rule for rule in card.rules.all() if rule.is_enabled]
    worst = worst_teams(
        rules,
        team_counts(card, counts_by_team(card.pk)),
        QueryString(),
        titles=titles(*TEAMS),
    )
    for rule in rules:
        rates = {team: by_hand()[team][rule.identifier] for team in TEAMS}
        behind = [
            team
            for team, (passed, counting) in rates.items()
            if counting >= 3 and passed < counting
        ]
        expected = sorted(behind, key=lambda t: (rates[t][0] / rates[t][1], -rates[t][1], t))
        assert [item.team.identifier for item in worst[rule.pk]] == expected


def counted(team: str, passed: int, counting: int) -> TeamCounts:
    """Return a team for which the only rule counts so often."""
    return TeamCounts(team, counting, {1: passed}, {1: counting})


@pytest.mark.parametrize(
    ("teams", "expected"),
    [
        # Of one or two, a share says little.
        ([counted("a", 0, 2), counted("b", 1, 3), counted("c", 5, 10)], ["b", "c"]),
        # Where no team has more, those that have most are shown.
        ([counted("a", 0, 1), counted("b", 1, 2)], ["b"]),
        # Of the same share, first the one with more of it.
        ([counted("a", 1, 4), counted("b", 2, 8), counted("c", 0, 3)], ["c", "b", "a"]),
        # What passes everywhere needs no help, and what counts for nothing has no share.
        ([counted("a", 3, 3), counted("b", 0, 0)], []),
        ([counted(name, 0, 3) for name in "dcba"], ["a", "b", "c"]),
    ],
)
def test_the_worst_are_chosen_among_teams_that_own_enough(teams, expected):
    rule = Rule(pk=1, identifier="one")
    found = worst_teams([rule], teams, QueryString(), titles=titles(*"abcd"))
    assert [item.team.identifier for item in found[1]] == expected


def test_a_cell_leads_to_what_fails(fleet, reader):
    html = html_of(reader.get(QUALITY))
    assert 'href="?team=core&amp;rule=spoken#graded"' in html
    listed = row_names(reader.get(f"{QUALITY}?team=core&rule=spoken"), below="graded")
    passed, counting = by_hand()["core"]["spoken"]
    assert len(listed) == counting - passed > 0


def test_teams_are_shown_a_page_at_a_time(fleet, reader, monkeypatch):
    monkeypatch.setattr(module, "PAGE_SIZE", 2)
    first = html_of(reader.get(QUALITY))
    assert 'href="?teams=2"' in first
    below = row_names(reader.get(f"{QUALITY}?teams=2&page=1"), below="teams")
    assert len(below) == 1 + 40
    # The pages of what is graded keep the page of teams, and the other way round.
    assert "teams=1" in html_of(reader.get(f"{QUALITY}?level=Basic&teams=2"))


def test_a_team_narrows_the_whole_page(fleet, reader):
    words = words_of(reader.get(f"{QUALITY}?team=edge"))
    passed = sum(pair[0] for pair in by_hand()["edge"].values())
    counting = sum(pair[1] for pair in by_hand()["edge"].values())
    assert f"{passed} of {counting} results pass" in words
    assert "entries of Edge" in words
    assert "Rules to fix first" in words
    graded = row_names(reader.get(f"{QUALITY}?team=edge"), below="graded")
    assert len(graded) == sum("edge" in row.entity.team for row in Evaluation.objects.all())


def test_a_team_that_owns_none_of_it_is_not_asked_for(fleet, reader):
    make_team("idle")
    assert len(row_names(reader.get(f"{QUALITY}?team=idle"), below="graded")) == 40


def test_without_owners_there_is_no_heat_map(fleet, reader):
    make_scorecard(
        "lone", blueprints=["_team"], rules=[rule_document(query=condition("$title", "isNotEmpty"))]
    )
    words = words_of(reader.get("/scorecards/lone/"))
    assert "Teams by rule" not in words
    assert "Nothing that it grades has an owner." in words
