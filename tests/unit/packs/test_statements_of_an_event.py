"""How many statements one event is: the metrics of its service and team, and their scorecards."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import facts
from catalog.models import Blueprint, Entity
from catalog.operations import EntityDraft, upsert_entity
from portal.bench.dora import drop_aggregations
from portal.bench.dora_workload import make_services
from portal.permissions import SYSTEM
from tests.builders import NOW

pytestmark = pytest.mark.django_db


def deploy(number: int) -> list[str]:
    """Report a production deployment; return the statements, those of transactions left out."""
    draft = EntityDraft(
        identifier=f"deployment-{number}",
        properties={
            "status": "success",
            "environment": "production",
            "deployed_at": facts.timestamp(NOW),
        },
        relations={"service": "service-0"},
    )
    blueprint = Blueprint.objects.get(identifier="deployment")
    with CaptureQueriesContext(connection) as captured:
        upsert_entity(blueprint=blueprint, draft=draft, by=SYSTEM, now=NOW)
    return [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]


@pytest.fixture
def services() -> None:
    """A service of a team, at a frequency whose tier the next few deployments do not move."""
    make_services(count=1, now=NOW)
    for number in range(8):
        deploy(number)


@pytest.mark.usefixtures("services")
def test_one_event_is_twenty_one_statements_however_many_came_before():
    assert [len(deploy(number)) for number in range(8, 11)] == [21] * 3
    service = Entity.objects.of("service").get(identifier="service-0")
    team = Entity.objects.of("_team").get(identifier="team-0")
    assert (service.facts["total_deployments"], team.facts["total_deployments"]) == (11, 11)


@pytest.mark.usefixtures("services")
def test_the_metrics_are_nine_of_them():
    with_metrics = len(deploy(8))
    drop_aggregations(NOW)
    assert with_metrics - len(deploy(9)) == 9


@pytest.mark.usefixtures("services")
def test_the_service_and_its_team_are_read_written_and_evaluated_together():
    statements = deploy(8)
    team = Entity.objects.of("_team").get(identifier="team-0")
    for part in ('UPDATE "catalog_entity"', "JOIN catalog_total", "scorecards_fingerprint"):
        assert sum(part in text for text in statements) == 1, part
    assert team.facts["total_deployments"] == 9
