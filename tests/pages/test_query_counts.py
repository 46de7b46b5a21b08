"""How many queries a page makes: pinned, and the same for ten rows and for five hundred."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Blueprint
from catalog.operations import EntityDraft, upsert_entities
from tests.builders import NOW, TESTER, make_campaign, make_scorecard
from tests.pages.reading import html_of

pytestmark = pytest.mark.usefixtures("catalog")

# Five of each are the session, the user and the navigation.
COUNTS = {
    "/": 23,
    "/catalog/service/": 13,
    "/catalog/service/?sort=-level.quality&team=core&level.quality=Basic&q=a": 13,
    "/catalog/service/?where=open": 14,
    "/catalog/service/?group=team": 18,
    "/catalog/service/?group=level.quality&q=a": 16,
    "/catalog/deployment/": 12,
    "/catalog/service/anchor/": 22,
    "/teams/core/": 23,
    "/scorecards/": 10,
    "/scorecards/quality/": 16,
    "/campaigns/": 10,
    "/campaigns/push/": 14,
    "/search/?q=a": 8,
}


@pytest.fixture(autouse=True)
def campaign(catalog: None) -> None:
    """Let a campaign be under way."""
    make_campaign()


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
