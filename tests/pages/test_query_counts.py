"""How many queries a page makes: pinned, and the same for ten rows and for five hundred."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Blueprint
from catalog.operations import EntityDraft, upsert_entities
from tests.builders import NOW, TESTER, make_campaign, make_entity, make_scorecard, make_team
from tests.pages.reading import html_of, words_of

pytestmark = pytest.mark.usefixtures("catalog")

# Five of each are the session, the user and the navigation; one or two what a member may read, and
# who they are.
COUNTS = {
    "/": 34,
    "/catalog/service/": 18,
    "/catalog/service/?sort=-level.quality&team=core&level.quality=Basic&q=a": 19,
    "/catalog/service/?where=open": 19,
    "/catalog/service/?group=team": 22,
    "/catalog/service/?group=level.quality&q=a": 21,
    "/catalog/deployment/": 16,
    "/teams/": 17,
    "/teams/?sort=-passed&q=o&team=core": 19,
    "/teams/?team=core&team=other": 19,
    "/teams/core/": 28,
    "/catalog/service/anchor/": 22,
    "/catalog/service/anchor/?tab=scorecards": 17,
    "/catalog/service/anchor/?tab=related": 22,
    "/catalog/service/anchor/?tab=related&depth=3": 28,
    "/catalog/service/anchor/?tab=timeline": 16,
    "/scorecards/": 12,
    "/scorecards/quality/": 22,
    "/scorecards/quality/?team=core&rule=spoken&level=Basic&days=90": 21,
    "/campaigns/": 11,
    "/campaigns/push/": 15,
    "/search/?q=a": 9,
}


@pytest.fixture(autouse=True)
def campaign(catalog: None) -> None:
    """Let a campaign be under way."""
    make_campaign()
    make_team("other")


def grow(rows: int) -> None:
    """Add services of the core team, and a deployment of Anchor for each."""
    for blueprint, parts in (
        ("service", {"team": "core", "properties": {"tier": 3}}),
        ("deployment", {"relations": {"service": "anchor"}}),
    ):
        drafts = [EntityDraft(identifier=f"{blueprint}-{n}", **parts) for n in range(rows)]
        found = Blueprint.objects.get(identifier=blueprint)
        upsert_entities(blueprint=found, drafts=drafts, by=TESTER, now=NOW)


def queries(reader, address: str) -> int:
    """Return how many queries a page makes."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        html_of(reader.get(address))
    return len(captured)


@pytest.mark.parametrize("address", COUNTS)
def test_a_page_makes_as_many_queries_as_it_did(reader, address):
    assert queries(reader, address) == COUNTS[address]


def test_no_page_makes_more_queries_for_more_rows(reader):
    before = {address: queries(reader, address) for address in COUNTS}
    grow(500)
    assert {address: queries(reader, address) for address in COUNTS} == before


def test_teams_cost_no_more_queries_the_more_there_are(reader):
    before = queries(reader, "/teams/?sort=-passed")
    for number in range(55):
        make_team(f"team-{number}")
    assert queries(reader, "/teams/?sort=-passed") == before


def test_a_table_makes_no_more_queries_for_more_scorecards(reader):
    before = queries(reader, "/catalog/service/")
    for number in range(6):
        make_scorecard(f"more_{number}")
    assert queries(reader, "/catalog/service/") == before


def test_a_page_of_fifty_rows_is_light(reader):
    grow(60)
    for number in range(4):
        make_scorecard(f"more_{number}")
    assert len(reader.get("/catalog/service/").content) < 60_000


def test_what_moved_costs_a_scorecard_no_more_queries_the_more_it_is(reader):
    address = "/scorecards/quality/"
    now = timezone.now()
    make_entity("buoy", properties={"tier": 1}, now=now)
    few = queries(reader, address)
    assert few == COUNTS[address] + 2
    grow(20)
    tiers = [EntityDraft(identifier=f"service-{n}", properties={"tier": 1}) for n in range(20)]
    service = Blueprint.objects.get(identifier="service")
    upsert_entities(blueprint=service, drafts=tiers, by=TESTER, now=now)
    assert "Rose 21" in words_of(reader.get(address))
    assert queries(reader, address) == few
