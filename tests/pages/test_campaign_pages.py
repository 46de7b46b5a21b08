"""The pages of campaigns, and what campaigns ask on the pages of others."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from scorecards.models import Campaign, CampaignSnapshot
from scorecards.operations import sweep
from tests.builders import NOW, condition, make_campaign, make_entity, make_team, make_user
from tests.pages.reading import INLINE, assert_is_only_text, html_of, row_names, words_of

DAY = timedelta(days=1)
PUSH = "/campaigns/push/"


@pytest.fixture(autouse=True)
def today(catalog: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything happen on the day of the tests."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def past(campaign: Campaign, *done: int, total: int = 4) -> None:
    """Keep how far a campaign was on the days before today."""
    for ago, count in enumerate(reversed(done), start=1):
        CampaignSnapshot.objects.create(
            campaign=campaign, day=(NOW - ago * DAY).date(), done=count, entities=total,
            passed=0, failed=0, skipped=0,
        )  # fmt: skip


def test_the_list_shows_campaigns_by_urgency_with_how_far_they_are(reader):
    make_campaign("later", title="Later", due_at=(NOW + 30 * DAY).isoformat())
    make_campaign("sooner", title="Sooner", owner="core")
    make_campaign("over", title="Over", status="completed")
    make_campaign("coming", title="Coming", starts_at=(NOW + 2 * DAY).isoformat())
    html = html_of(reader.get("/campaigns/"))
    assert re.findall(r"<h2><a[^>]*>([^<]+)<", html) == ["Sooner", "Later", "Coming", "Over"]
    words = words_of(reader.get("/campaigns/"))
    assert "10 days left 2 of 4 done · 50 % In progress · 2 rules · Core" in words
    assert "starts in 2 days" in words


def test_without_campaigns_the_list_says_what_one_is(reader):
    assert "No campaigns yet" in words_of(reader.get("/campaigns/"))


def test_the_page_tells_how_far_it_is_by_rule_and_by_team(reader):
    make_campaign(owner="core", description="Why", guidance="Do **this**: <b>now</b>")
    html = html_of(reader.get(PUSH))
    words = words_of(reader.get(PUSH))
    assert "By Core · In progress · 1 May 2026 to 11 June 2026 Why" in words
    assert "Done 2 of 4" in words
    assert "To do 2 3 results to turn" in words
    assert "Results that pass 62 % 5 of 8" in words
    assert "Time 10 days left" in words
    assert "Do <strong>this</strong>: &lt;b&gt;now&lt;/b&gt;" in html
    assert "Tiered Quality 75 % pass 1 fail" in words
    assert "Spoken Quality 50 % pass 2 fail" in words
    assert "Core 1 to do 2 of 3 done" in words
    assert "Nobody 1 to do 0 of 1 done" in words
    assert INLINE.search(html) is None


def test_the_page_lists_who_fails_what_and_narrows_it(reader):
    make_campaign()
    assert row_names(reader.get(PUSH)) == ["Canoe", "Drift"]
    assert "Canoe Core Tiered Spoken" in words_of(reader.get(PUSH))
    assert row_names(reader.get(f"{PUSH}?rule=quality/tiered")) == ["Canoe"]
    assert row_names(reader.get(f"{PUSH}?team=core")) == ["Canoe"]
    assert row_names(reader.get(f"{PUSH}?unowned=yes")) == ["Drift"]
    narrowed = reader.get(f"{PUSH}?rule=quality/tiered&unowned=yes")
    assert "Failing Tiered" in words_of(narrowed)
    assert "Owned by Nobody" in words_of(narrowed)
    assert "Nothing of this is left to do." in words_of(narrowed)
    assert row_names(reader.get(f"{PUSH}?rule=none&team=")) == ["Canoe", "Drift"]


def test_teams_with_less_to_do_are_folded_away_and_many_are_only_counted(reader, monkeypatch):
    for number in range(12):
        make_team(f"team-{number:02}", title=f"Team {number:02}")
        make_entity(f"more-{number:02}", team=f"team-{number:02}", properties={"tier": 3})
    make_campaign()
    assert "6 more" in words_of(reader.get(PUSH))
    monkeypatch.setattr("portal.dashboards.campaign_page.MOST_TEAMS", 10)
    words = words_of(reader.get(PUSH))
    assert "2 more" in words
    assert "And 4 teams with less to do." in words


def test_what_is_left_comes_in_pages(reader):
    for number in range(60):
        make_entity(f"more-{number:02}", title=f"More {number:02}", properties={"tier": 3})
    make_campaign()
    first = reader.get(f"{PUSH}?rule=quality/tiered")
    assert len(row_names(first)) == 50
    assert "?rule=quality%2Ftiered&amp;page=2" in html_of(first)
    assert len(row_names(reader.get(f"{PUSH}?rule=quality/tiered&page=2"))) == 11


def test_a_burn_up_shows_what_was_done_what_is_due_and_where_it_leads(reader):
    past(make_campaign(due_at=(NOW + 2 * DAY).isoformat()), 0, 0, 1)
    html = html_of(reader.get(PUSH))
    assert (
        'aria-label="Push: from 0 of 4 done on 29 May 2026 to 2 of 4 done on 1 June 2026; '
        'due on 3 June 2026; done on 4 June 2026 at this pace"' in html
    )
    words = words_of(reader.get(PUSH))
    assert "At this pace it will be done on 4 June 2026, 1 day late." in words
    assert "1 June 2026 2 4 31 May 2026 1 4" in words


@pytest.mark.parametrize(
    ("overrides", "done", "words"),
    [
        ({"due_at": (NOW + 30 * DAY).isoformat()}, [0, 0, 1], "4 June 2026, in time."),
        ({"due_at": None}, [0, 0, 1], "Time no due date At this pace it will be done on 4 June"),
        ({}, [2, 2], "At this pace it will not be done."),
        ({"due_at": (NOW - 2 * DAY).isoformat()}, [], "Time 2 days overdue"),
        ({"status": "completed"}, [0, 0, 0], "Time completed Burn-up"),
        ({}, [], "It begins to show on the second day."),
        ({"starts_at": (NOW + DAY).isoformat()}, [], "It begins to show when the campaign does."),
    ],
)
def test_the_page_tells_how_much_time_there_is_and_where_it_leads(reader, overrides, done, words):
    past(make_campaign(**overrides), *done)
    assert words in words_of(reader.get(PUSH))


def test_the_page_says_when_everything_is_done(reader):
    make_campaign(filter=condition("tier", "=", 1))
    words = words_of(reader.get(PUSH))
    assert "Everything in scope is done." in words
    assert "Everything in scope passes." in words
    make_campaign(filter=condition("tier", "=", 1), status="completed")
    assert "Everything in scope is done." not in words_of(reader.get(PUSH))


def test_a_campaign_without_rules_has_a_page(reader):
    make_campaign().rules.clear()
    assert "The rules of this campaign were deleted." in words_of(reader.get(PUSH))
    assert reader.get("/campaigns/").status_code == 200


def test_a_page_of_nothing_is_not_there(reader):
    assert reader.get("/campaigns/none/").status_code == 404


def test_hostile_texts_stay_texts(reader):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    past(make_campaign(title=hostile, description=hostile, guidance=hostile), 0)
    for address in ("/campaigns/", PUSH, "/catalog/service/canoe/"):
        assert_is_only_text(html_of(reader.get(address)))


def test_an_entity_shows_what_campaigns_still_ask_of_it(reader):
    make_campaign()
    words = words_of(reader.get("/catalog/service/canoe/"))
    assert "Campaign Push : 2 rules to go , until 11 June 2026 · Tiered , Spoken" in words
    assert "Campaign" not in words_of(reader.get("/catalog/service/anchor/")).replace(
        "Campaigns", ""
    )


def test_a_team_shows_what_campaigns_still_ask_of_it(reader):
    make_campaign(due_at=(NOW - DAY).isoformat())
    words = words_of(reader.get("/teams/core/"))
    assert "Campaign Push : 1 of 3 entities to go , was due 31 May 2026" in words


def test_the_sweep_keeps_the_burn_up_going(reader, monkeypatch):
    make_campaign()
    sweep(now=NOW + DAY)
    monkeypatch.setattr(timezone, "now", lambda: NOW + 2 * DAY)
    assert "3 June 2026 2 4 2 June 2026 2 4 1 June 2026 2 4" in words_of(reader.get(PUSH))


def test_the_public_reads_campaigns_where_it_may(client, settings):
    make_campaign()
    assert client.get(PUSH).status_code == 302
    settings.TIDEMARK_PUBLIC_READ = True
    assert "New campaign" not in words_of(client.get("/campaigns/"))
    editor = make_user("ed", is_staff=True)
    client.force_login(editor)
    assert "New campaign" in words_of(client.get("/campaigns/"))
    assert "Edit" in words_of(client.get(PUSH))
