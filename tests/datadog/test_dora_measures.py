"""Events sent by the dialect give the numbers on the page of the service, computed by hand."""

from datetime import UTC, datetime, timedelta

from django.test import Client

from catalog.models import Entity
from scorecards.operations import install_pack
from tests.builders import TESTER, make_entity, make_team, make_user
from tests.datadog.clients import DatadogClient
from tests.datadog.delivery_events import found, patch, send_deployment, send_failure

NOW = datetime.now(UTC).replace(microsecond=0)


def ago(**parts: float) -> datetime:
    """Return a moment some time ago."""
    return NOW - timedelta(**parts)


def deploy(datadog: DatadogClient, version: str, *, days: float, env: str = "production") -> str:
    """Send a deployment that took ten minutes, and ended some days ago."""
    return send_deployment(
        datadog, version=version, env=env, at=ago(days=days, minutes=10), minutes=10
    )


def deliver(datadog: DatadogClient) -> None:
    """Send two weeks of a service: four deployments, one failed and put right, one incident."""
    deploy(datadog, "v1", days=13)
    deploy(datadog, "v2", days=10)
    deploy(datadog, "v3", days=6)
    fourth = deploy(datadog, "v4", days=2)
    deploy(datadog, "v5", days=1, env="staging")
    # v2 failed, and v3 put it right four days, or 5,760 minutes, later.
    body = patch(
        "", service="shopist", env="production", version="v2", change_failure=True,
        remediation={"type": "rollforward", "version": "v3"},
    )  # fmt: skip
    assert datadog.patch("/api/v2/dora/deployments", body).status_code == 202
    # An hour after v4 there was an incident of thirty minutes; one in staging counts for nothing.
    send_failure(datadog, at=ago(days=2, hours=-1), minutes=30, severity="SEV-1")
    send_failure(datadog, at=ago(days=1), minutes=600, env="staging")
    # A change of twelve hours from opening to merging; it reached users twelve hours after that.
    make_entity(
        "shopist-1",
        blueprint="pull_request",
        properties={
            "opened_at": ago(days=3).isoformat(),
            "merged_at": ago(days=2.5).isoformat(),
            "status": "merged",
        },
        relations={"service": "shopist", "deployment": fourth},
        now=NOW,
    )


def test_events_give_the_four_keys_and_doras_own_measures(datadog: DatadogClient) -> None:
    install_pack(name="dora", by=TESTER, now=NOW, settings={"minimum": 1})
    deliver(datadog)
    facts = Entity.objects.of("service").get().facts
    expected = {
        # Four in two started weeks.
        "total_deployments": 4,
        "deployment_frequency": 2,
        "lead_time_for_changes": 12,
        # The marked failure and the incident, of four deployments.
        "total_incidents": 2,
        "change_failure_rate": 50,
        # (5760 + 30) / 2
        "mean_time_to_recovery": 2895,
        "dora_deployment_frequency": 4 * 7 / 30,
        "dora_lead_time": 24,
        # v2 by its mark, v4 by the incident within 24 hours.
        "dora_failed_deployments": 2,
        "dora_change_failure_rate": 50,
        "dora_recovery_time": 2895,
        # v3 put v2 right.
        "dora_rework_rate": 25,
        "dora_unattributed_incidents": 0,
    }
    assert {key: facts[key] for key in expected} == expected


def test_the_page_of_the_service_shows_them(datadog: DatadogClient, client: Client) -> None:
    make_team("core", now=NOW)
    deliver(datadog)
    make_entity("shopist", team="core", now=NOW)
    client.force_login(make_user())
    page = client.get("/catalog/service/shopist/").content.decode()
    for shown in ("2,895", "Deployments per week", "Time to restore"):
        assert shown in page
    team = Entity.objects.of("_team").get(identifier="core").facts
    assert (team["change_failure_rate"], team["mean_time_to_recovery"]) == (50, 2895)
    failures = found(datadog, "failures", query="team:core env:production")
    page = client.get(f"/catalog/incident/{failures[0]}/").content.decode()
    assert "SEV-1" in page
