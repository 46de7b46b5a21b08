"""What fixes are said to do, against doing them; and the heat map, owners and kin of a team."""

from datetime import timedelta
from itertools import product
from random import Random

import pytest
from django.utils import timezone

from catalog.models import Blueprint, Entity
from portal.dashboards.actions import fixes_of
from portal.dashboards.models import Page
from scorecards.models import Evaluation, Rule, Scorecard, ScorecardSnapshot
from tests.builders import (
    NOW,
    condition,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    make_team,
    make_user,
    rule_document,
)
from tests.pages.reading import html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("catalog")

FIVE = [
    rule_document("one", query=condition("tier", "<=", 2)),
    rule_document("two", query=condition("language", "isNotEmpty")),
    rule_document("three", level="Gold", query=condition("tier", "=", 1)),
    rule_document("four", level="Gold", query=condition("language", "=", "Go")),
    rule_document("off", level="Gold", query=condition("tier", "=", 9), is_enabled=False),
]


def rank_of(evaluation: Evaluation, rules: list[Rule], *, fixed: Rule | None = None) -> int:
    """Return the rank that an evaluation comes to, with one rule made to pass."""
    good = {rule.pk for rule in rules if (evaluation.passed | evaluation.skipped) >> rule.bit & 1}
    good |= {fixed.pk} if fixed else set()
    reached = 0
    for rank in sorted({rule.level.rank for rule in rules if rule.is_enabled}):
        if all(rule.pk in good for rule in rules if rule.level.rank <= rank):
            reached = rank
    return reached


def test_a_fix_lifts_as_many_as_rise_when_it_is_made():
    random = Random(5)
    make_scorecard("both", rules=FIVE)
    tiers, languages = (1, 2, 3, None), ("Go", "Ada", None)
    for number, (tier, language) in enumerate(product(tiers, languages)):
        for copy in range(random.randint(0, 3)):
            given = {"tier": tier, "language": language}
            make_entity(f"boat-{number}-{copy}", properties=given)
    cards = list(Scorecard.objects.with_parts())
    found = {fix.rule.pk: fix for fix in fixes_of(cards, Evaluation.objects.all())}
    for card in cards:
        rules, rows = list(card.rules.all()), list(Evaluation.objects.filter(scorecard=card))
        for rule in rules:
            failing = [row for row in rows if not (row.passed | row.skipped) >> rule.bit & 1]
            if not failing:
                assert rule.pk not in found
                continue
            fix = found[rule.pk]
            lifted = [
                row for row in failing if rank_of(row, rules, fixed=rule) > rank_of(row, rules)
            ]
            assert (fix.failing, fix.lifts) == (len(failing), len(lifted)), rule


def test_a_fix_that_lifts_nothing_says_how_many_others_it_takes(reader):
    make_scorecard("quality", rules=[])
    make_scorecard("both", rules=FIVE)
    make_entity("drift", team="core", properties={"tier": 3, "language": None})
    words = words_of(reader.get("/teams/core/"))
    # Canoe and Drift have neither a tier nor a language; Buoy has both, and lacks two for Gold.
    assert "One Both · Bronze with 1 other rule to Bronze 2 failures" in words


def test_a_rule_that_was_not_looked_at_yet_is_nothing_to_fix():
    card = Scorecard.objects.with_parts().get()
    rule = max(card.rules.all(), key=lambda rule: rule.pk)
    Evaluation.objects.update(newest_rule_id=rule.pk - 1)
    fixes = fixes_of([card], Evaluation.objects.all())
    assert rule not in [fix.rule for fix in fixes]


def test_what_fails_a_rule_is_listed_for_the_team_alone(reader):
    html = html_of(reader.get("/teams/core/"))
    assert 'href="/scorecards/quality/?rule=top&amp;team=core#graded"' in html
    make_team("other")
    make_entity("raft", team=["core", "other"])
    assert row_names(reader.get("/scorecards/quality/?rule=top&team=other"), below="graded") == [
        "raft"
    ]
    assert row_names(reader.get("/scorecards/quality/?rule=top&team=core"), below="graded") == [
        *("Canoe", "raft", "Buoy"),
    ]


def test_an_entity_of_two_owners_stands_on_both_pages(reader):
    make_team("other")
    make_entity("raft", team=["core", "other"])
    assert "raft" in row_names(reader.get("/teams/core/"))
    assert "raft" in row_names(reader.get("/teams/other/"))


def test_an_entity_of_two_of_my_teams_stands_once(reader):
    make_team("other")
    make_entity("maya@example.com", blueprint="_user", team=["core", "other"])
    make_entity("raft", team=["core", "other"])
    assert row_names(reader.get("/")).count("raft") == 1


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("", ["Anchor", "Buoy", "Canoe"]),
        ("-name", ["Canoe", "Buoy", "Anchor"]),
        ("quality", ["Canoe", "Buoy", "Anchor"]),
        ("-quality", ["Anchor", "Buoy", "Canoe"]),
        ("-nothing", ["Anchor", "Buoy", "Canoe"]),
        ("%00'\"<script>", ["Anchor", "Buoy", "Canoe"]),
    ],
)
def test_the_heat_map_sorts_by_name_and_by_level(reader, sort, names):
    assert row_names(reader.get(f"/teams/core/?sort={sort}"))[:3] == names


def test_the_cells_of_the_heat_map_lead_to_the_scorecard_of_the_entity(reader):
    card = Scorecard.objects.get()
    html = html_of(reader.get("/teams/core/"))
    where = f"/catalog/service/anchor/?tab=scorecards#scorecard-{card.pk}"
    link = f'<a class="lv-gold" href="{where}">Gold</a>'
    assert link in html
    assert f'id="scorecard-{card.pk}"' in html_of(reader.get("/catalog/service/anchor/"))


def make_fleet() -> None:
    """Let teams be parts of others."""
    make_blueprint(
        "_team",
        schema={"properties": {}, "required": []},
        ownership=None,
        relations={"part_of": {"target": "_team", "title": "Part of"}},
    )
    make_team("fleet", title="Fleet")
    make_team("core", relations={"part_of": "fleet"})


def test_a_team_names_what_it_is_part_of_and_its_parts(reader):
    make_fleet()
    assert '<a href="/teams/fleet/">Fleet</a>' in html_of(reader.get("/teams/core/"))
    html = html_of(reader.get("/teams/fleet/"))
    assert "Sub-teams" in html
    assert 'href="/teams/?within=fleet"' in html
    assert '<a class="row-main row-title" href="/teams/core/">Core</a>' in html


def test_the_trend_of_a_team_goes_by_what_was_kept_of_every_day(reader):
    card, now = Scorecard.objects.get(), timezone.now()
    for days, passed in ((80, 1), (40, 4), (95, 9)):
        ScorecardSnapshot.objects.create(
            scorecard=card,
            team="core",
            day=(now - timedelta(days=days)).date(),
            levels={},
            passed={"tiered": passed},
            failed={"tiered": 10 - passed},
        )
    words = words_of(reader.get("/teams/core/"))
    # Now five of nine results pass; what is older than 90 days is left out.
    assert "Rules passed +46 points in 80 days" in words
    assert words.count("10 %") == 1
    assert "90 %" not in words


def test_a_trend_needs_two_days(reader):
    assert "The line begins with the second day" in words_of(reader.get("/teams/core/"))


def test_the_public_learns_nothing_about_members(client, settings):
    settings.TIDEMARK_PUBLIC_READ = True
    words = words_of(client.get("/teams/core/"))
    assert "Members" not in words
    assert "member" not in words


def test_home_of_an_empty_installation_says_what_to_do_first(client, db):
    Scorecard.objects.all().delete()
    Entity.objects.exclude(blueprint__is_system=True).delete()
    Blueprint.objects.exclude(is_system=True).delete()
    client.force_login(make_user("jonas"))
    words = words_of(client.get("/"))
    assert "Nothing is here yet" in words
    assert "Install a pack" not in words
    client.force_login(make_user("alex", is_staff=True, is_superuser=True))
    html = html_of(client.get("/"))
    assert "First steps" in html
    assert "/admin/scorecards/installedpack/" in html


def test_home_draws_the_widgets_that_somebody_put_on_it(reader):
    widgets = [
        {
            "id": "hello",
            "type": "markdown",
            "title": "Harbour news",
            "markdown": "Ebb at **nine**.",
        },
        {"id": "mine", "type": "my-entities", "title": "My entities"},
    ]
    Page.objects.create(
        identifier="$home", type=Page.Type.HOME, widgets=widgets, created_at=NOW, updated_at=NOW
    )
    words = words_of(reader.get("/"))
    assert "Harbour news" in words
    assert "not shown here" not in words


def test_home_shows_my_own_dashboards_first_and_nobody_elses(reader):
    for name, by, seen in (
        ("all", "", Page.Visibility.EVERYBODY),
        ("mine", "maya", Page.Visibility.PRIVATE),
        ("theirs", "jonas", Page.Visibility.PRIVATE),
    ):
        Page.objects.create(
            identifier=name,
            title=f"Board {name}",
            type=Page.Type.DASHBOARD,
            visibility=seen,
            created_by=by,
            widgets=[],
            created_at=NOW,
            updated_at=NOW,
        )
    words = words_of(reader.get("/"))
    assert "Board mine Dashboard only you Board all Dashboard" in words
    assert "Board theirs" not in words


def test_home_shows_the_campaigns_that_are_due_first(reader):
    make_campaign()
    assert "Campaigns due All campaigns Push" in words_of(reader.get("/"))
