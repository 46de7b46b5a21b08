"""The numbers of the pack `dora`: their pages, and the tables of what is behind them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import registry
from catalog.facts import timestamp
from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft, save_blueprint, upsert_entities
from scorecards.operations import install_pack
from tests.builders import TESTER, make_entity, make_team
from tests.pages.reading import INLINE, html_of, row_names, words_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def dora() -> None:
    """Install the pack, and let three deployments, one of them bad, and two incidents happen."""
    now = timezone.now()
    install_pack(name="dora", by=TESTER, now=now, settings={"minimum": 2})
    make_team("core", title="Core")
    make_entity("pay", title="Pay", team="core", now=now)
    for number, days in enumerate((1, 5, 50)):
        deploy(f"v{number}", days=days)
    opened = timestamp(now - timedelta(days=4, hours=20))
    make_entity(
        "burning",
        blueprint="incident",
        properties={"opened_at": opened},
        relations={"service": "pay"},
        now=now,
    )
    long_after = timestamp(now - timedelta(days=3))
    make_entity(
        "riddle",
        blueprint="incident",
        properties={"opened_at": long_after, "resolved_at": timestamp(now)},
        relations={"service": "pay"},
        now=now,
    )


def deploy(name: str, *, days: float) -> None:
    now = timezone.now()
    properties = {
        "status": "success",
        "environment": "production",
        "deployed_at": timestamp(now - timedelta(days=days)),
    }
    make_entity(
        name, blueprint="deployment", properties=properties, relations={"service": "pay"}, now=now
    )


def test_an_aggregation_says_what_it_is_and_lists_what_is_behind_it(reader, dora):
    response = reader.get("/numbers/service/dora_deployments/pay/")
    words = words_of(response)
    assert "Production deployments, 30 days of Pay" in words
    assert (
        "How many deployments of Pay, by way of their Service, whose Environment is production and "
        "whose Status is one of success, failure and whose Deployed at is within the last 30 days"
    ) in words
    assert row_names(response)[-2:] == ["v0", "v1"]
    assert "All 2 in the table" in words
    assert 'href="/catalog/deployment/?behind.service.dora_deployments=pay"' in html_of(response)


def test_a_calculation_says_what_it_reads_and_rests_on(reader, dora):
    response = reader.get("/numbers/service/dora_change_failure_rate/pay/")
    words = words_of(response)
    assert "50 %" in words
    assert "Production deployments, 30 days 2" in words
    assert "Failed production deployments, 30 days 1" in words
    assert "The program, in jq" in words
    html = html_of(response)
    assert 'href="/numbers/service/dora_failed_deployments/pay/"' in html
    assert 'href="/catalog/deployment/?behind.service.dora_failed_deployments=pay"' in html


def test_a_mirror_names_the_way_and_what_it_reads(reader, dora):
    now = timezone.now()
    document = dict(registry.document_of(Blueprint.objects.get(identifier="deployment")))
    document["mirror_properties"] = {"who": {"path": "service.$title", "title": "Who"}}
    save_blueprint(definition=document, by=TESTER, now=now)
    response = reader.get("/numbers/deployment/who/v0/")
    assert "The title of the Service of v0." in words_of(response)
    assert row_names(response) == ["Pay"]


def test_the_trend_has_the_points_of_the_period_and_a_table(reader, dora):
    response = reader.get("/numbers/service/total_deployments/pay/?period=90d")
    html = html_of(response)
    assert html.count('class="plot-line"') == 90
    assert "Production deployments, as the events known today tell it" in words_of(response)
    # The value of each day, the newest first, and how many came since the day before.
    values = [int(cell) for cell in row_values(html)]
    assert len(values) == 91
    assert (values[0], values[3], values[10], values[-1]) == (3, 2, 1, 0)


def row_values(html: str) -> list[str]:
    table = html.split("Events since the")[1].split("</table>")[0]
    return [row.split('<td class="num">')[1].split("<")[0] for row in table.split("<tr>")[1:]]


def test_the_table_keeps_what_is_behind_a_number_beside_other_filters(reader, dora):
    response = reader.get("/catalog/deployment/?behind.service.dora_failed_deployments=pay")
    assert row_names(response) == ["v1"]
    assert "Behind Failed production deployments, 30 days of Pay" in words_of(response)
    both = "/catalog/deployment/?behind._team.dora_deployments=core"
    assert row_names(reader.get(both)) == ["v0", "v1"]
    assert row_names(reader.get(f"{both}&q=v1")) == ["v1"]


def test_incidents_that_no_measure_counts_stand_beside_them_with_their_lists(reader, dora):
    for address in ("/catalog/service/pay/?tab=dora", "/teams/core/"):
        response = reader.get(address)
        words = words_of(response)
        assert "Open incidents 1 list" in words
        assert "Incidents attributed to no deployment, 30 days 1 list" in words
    html = html_of(reader.get("/catalog/service/pay/?tab=dora"))
    assert "/catalog/incident/?behind.service.dora_unattributed_incidents=pay" in html
    found = reader.get("/catalog/incident/?behind.service.dora_unattributed_incidents=pay")
    assert row_names(found) == ["riddle"]


def test_every_computed_number_of_the_pages_leads_to_its_own(reader, dora):
    for address, blueprint, name in (
        ("/catalog/service/pay/", "service", "pay"),
        ("/teams/core/", "_team", "core"),
    ):
        html = html_of(reader.get(address)) + html_of(reader.get(f"{address}?tab=dora"))
        for key in ("total_deployments", "dora_deployment_frequency", "dora_deployments"):
            assert f'href="/numbers/{blueprint}/{key}/{name}/"' in html
            assert not INLINE.search(html_of(reader.get(f"/numbers/{blueprint}/{key}/{name}/")))


def test_every_computed_value_has_a_page(reader, dora):
    graph = registry.graph()
    for row in Entity.objects.filter(blueprint__identifier__in=graph.specs).select_related(
        "blueprint"
    ):
        for key in graph.specs[row.blueprint.identifier].computed_keys:
            address = f"/numbers/{row.blueprint.identifier}/{key}/{row.identifier}/"
            assert reader.get(address).status_code == 200, address


def test_the_queries_of_the_page_do_not_grow_with_the_events(reader, dora):
    addresses = {
        "/numbers/service/total_deployments/pay/": 14,
        "/numbers/_team/dora_change_failure_rate/core/?period=2y": 15,
    }
    for address in addresses:
        reader.get(address)
    before = {address: queries(reader, address) for address in addresses}
    now = timezone.now()
    drafts = [
        EntityDraft(
            f"more-{number}",
            properties={
                "status": "success",
                "environment": "production",
                "deployed_at": timestamp(now - timedelta(days=number)),
            },
            relations={"service": "pay"},
        )
        for number in range(60)
    ]
    blueprint = Blueprint.objects.get(identifier="deployment")
    upsert_entities(blueprint=blueprint, drafts=drafts, by=TESTER, now=now)
    assert {address: queries(reader, address) for address in addresses} == before == addresses


def queries(reader: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        html_of(reader.get(address))
    return len(captured)
