"""What a table weighs: fifty services with every scorecard and property that the demo has.

And fifty of the pages benchmark, by conditions, which the addresses of the page repeat.
"""

import pytest

from catalog.models import Blueprint
from catalog.operations import EntityDraft, upsert_entities
from portal.bench import pages_workload
from portal.bench.pages_requests import PAGES
from portal.demo import PACKS
from scorecards.operations import install_pack
from scorecards.packs.demo import read_demo
from tests.builders import NOW, TESTER, make_user

# Uncompressed, with somebody looking who may do everything.
MOST_BYTES = 60_000


@pytest.fixture
def fleet(db: None) -> None:
    """Make fifty services out of those of the demo."""
    for name in PACKS:
        install_pack(name=name, by=TESTER, now=NOW)
    demo = read_demo(NOW).entities
    copies = [
        {**draft, "identifier": f"{draft['identifier']}-{number}", "relations": {}}
        for number in range(3)
        for draft in demo["service"]
    ]
    for blueprint, drafts in (("_team", demo["_team"]), ("service", copies[:50])):
        upsert_entities(
            blueprint=Blueprint.objects.get(identifier=blueprint),
            drafts=[EntityDraft(**draft) for draft in drafts],
            by=TESTER,
            now=NOW,
        )


def test_a_page_of_fifty_services_is_light(fleet, client):
    client.force_login(make_user("alex", is_staff=True))
    page = client.get("/catalog/service/").content
    assert page.count(b'<th scope="row"><a ') == 50
    assert page.count(b'<th scope="col"') >= 12
    assert len(page) <= MOST_BYTES


@pytest.fixture
def drawn_services(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make services as the pages benchmark does, more than a page holds of those that pass."""
    # No transaction takes it.
    monkeypatch.setattr(pages_workload, "analyze", lambda: None)
    pages_workload.prepare(now=NOW)
    pages_workload.Services(now=NOW).grow(600, advance=lambda number: None)


def test_conditions_and_six_scorecards_leave_a_page_light(drawn_services, client):
    client.force_login(make_user("alex", is_staff=True))
    page = client.get(PAGES["catalog, by conditions"](0, 600)).content
    assert page.count(b'<th scope="row"><a ') == 50
    assert page.count(b'class="badge ') >= 6 * 45
    assert len(page) <= MOST_BYTES
