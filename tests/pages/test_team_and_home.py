"""The pages of teams and the first page."""

import pytest

from catalog.models import Entity
from scorecards.models import Scorecard
from tests.builders import (
    condition,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
    make_user,
    rule_document,
    scorecard_document,
)
from tests.pages.reading import html_of, row_names, words_of

pytestmark = pytest.mark.usefixtures("catalog")


def test_a_team_page_shows_what_it_owns_and_who_is_in_it(reader):
    response = reader.get("/teams/core/")
    assert row_names(response) == ["Anchor", "Buoy", "Canoe"]
    words = words_of(response)
    assert "Owns 3 services · 1 member" in words
    assert "Maya L" in words


def test_events_are_not_among_what_a_team_owns(reader):
    assert "anchor-v1" not in html_of(reader.get("/teams/core/"))


def test_what_a_team_owns_by_inheritance_is_there_once_it_is_graded(reader):
    document = scorecard_document("release", blueprints=["deployment"], rules=[])
    make_scorecard(**document)
    assert "anchor-v1" in row_names(reader.get("/teams/core/"))


def test_fixes_come_by_how_many_they_lift(reader):
    words = words_of(reader.get("/teams/core/"))
    # Buoy needs one rule for Gold, Canoe one for Bronze.
    assert words.index("Tiered Quality · Bronze lifts 1 to Bronze 1 failure") < words.index(
        "Spoken Quality · Silver"
    )
    assert "Top Quality · Gold lifts 1 to Gold 2 failures" in words


def test_a_team_is_graded_too(reader):
    make_scorecard(
        "staffed",
        blueprints=["_team"],
        rules=[rule_document("described", query=condition("description", "isNotEmpty"))],
    )
    words = words_of(reader.get("/teams/core/"))
    assert "Staffed Basic" in words
    assert "1 rule to Bronze" in words


def test_an_empty_team_says_so(reader):
    make_team("lonely")
    words = words_of(reader.get("/teams/lonely/"))
    assert "Nothing graded yet" in words
    assert "Nobody is in this team yet." in words


def test_home_shows_my_services_and_the_shortest_way_up(reader):
    response = reader.get("/")
    assert row_names(response) == ["Anchor", "Buoy", "Canoe"]
    words = words_of(response)
    assert "Hello, Maya" in words
    assert "Canoe Quality: Tiered 1 rule to Bronze Buoy Quality: Top 1 rule to Gold" in words


def test_home_shows_what_moved_among_mine_only(reader):
    make_entity("anchor", properties={"tier": 3})
    make_entity("drift", properties={"tier": 9})
    words = words_of(reader.get("/"))
    assert "Anchor Quality Gold fell to Basic" in words
    assert "Drift" not in words


def test_home_without_a_team_shows_how_everybody_does(client):
    client.force_login(make_user("jonas"))
    words = words_of(client.get("/"))
    assert "You are in no team yet" in words
    assert "Gold 1 Silver 1 Bronze 1 Basic 1" in words


def test_home_of_an_empty_portal_says_what_to_do(client):
    Entity.objects.all().delete()
    Scorecard.objects.all().delete()
    client.force_login(make_user("jonas"))
    assert "No scorecards yet" in words_of(client.get("/"))


def test_a_person_is_in_teams_whatever_the_case_of_the_address(client):
    client.force_login(make_user("other", email="MAYA@example.com"))
    assert "Core" in words_of(client.get("/"))


def test_services_of_several_kinds_are_called_entities(reader):
    make_blueprint("library")
    make_entity("sail", blueprint="library", team="core")
    make_scorecard("both", blueprints=["library", "service"], rules=[])
    assert "Owns 4 entities" in words_of(reader.get("/teams/core/"))
