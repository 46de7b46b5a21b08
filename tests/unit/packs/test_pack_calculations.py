"""The jq programs in the packs compute what their titles promise."""

import jq
import pytest

from scorecards.packs import load_pack

BLUEPRINTS = {document["identifier"]: document for document in load_pack("dora").blueprints}


def calculate(blueprint, key, properties):
    program = BLUEPRINTS[blueprint]["calculation_properties"][key]["calculation"]
    return jq.compile(program).input_value({"properties": properties}).first()


@pytest.mark.parametrize(
    ("opened_at", "merged_at", "hours"),
    [
        ("2024-08-29T12:00:00Z", "2024-08-30T12:00:00Z", 24),
        ("2024-08-29T12:00:00Z", "2024-08-29T12:00:00Z", 0),
        ("2024-08-29T12:00:00.250Z", "2024-08-29T13:30:00.250Z", 1.5),
        ("2024-08-29T12:00:00Z", "2024-08-29T12:00:01.800Z", 0.0005),
        ("2024-08-29T12:00:00+00:00", "2024-08-29T13:00:00.000000+00:00", 1),
        ("2024-08-29T12:00:00Z", "2024-08-29T15:00:00+02:00", 1),
        ("2024-08-29T12:00:00.5-05:30", "2024-08-29T18:30:00.5Z", 1),
        ("2024-02-28T00:00:00Z", "2024-03-01T00:00:00Z", 48),
        ("2024-08-29T12:00:00Z", None, None),
        (None, "2024-08-29T12:00:00Z", None),
        (None, None, None),
    ],
)
def test_cycle_time_is_hours_from_opening_to_merging(opened_at, merged_at, hours):
    times = {"opened_at": opened_at, "merged_at": merged_at}
    assert calculate("pull_request", "cycle_time_hours", times) == pytest.approx(hours)


@pytest.mark.parametrize(
    ("properties", "minutes", "status"),
    [
        ({"opened_at": "2024-08-29T12:00:00Z"}, None, "open"),
        (
            {"opened_at": "2024-08-29T12:00:00Z", "resolved_at": "2024-08-29T12:00:30.0Z"},
            0.5,
            "resolved",
        ),
        (
            {"opened_at": "2024-08-29T12:00:00Z", "resolved_at": "2024-08-30T13:00:00+00:00"},
            1500,
            "resolved",
        ),
    ],
)
def test_recovery_is_minutes_from_opening_to_resolving(properties, minutes, status):
    assert calculate("incident", "recovery_minutes", properties) == minutes
    assert calculate("incident", "status", properties) == status


@pytest.mark.parametrize("blueprint", ["service", "_team"])
@pytest.mark.parametrize(
    ("deployments", "incidents", "rate", "tier"),
    [
        (None, None, 0, "Low"),
        (0, 3, 0, "Low"),
        (10, None, 0, "Elite"),
        (100, 5, 5, "Elite"),
        (100, 6, 6, "High"),
        (100, 20, 20, "High"),
        (100, 21, 21, "Medium"),
        (100, 30, 30, "Medium"),
        (100, 31, 31, "Low"),
        (2, 3, 150, "Low"),
    ],
)
def test_change_failure_rate_is_incidents_per_hundred_deployments(
    blueprint, deployments, incidents, rate, tier
):
    counts = {"total_deployments": deployments, "total_incidents": incidents}
    assert calculate(blueprint, "change_failure_rate", counts) == rate
    assert calculate(blueprint, "cfr_tier", counts) == tier


@pytest.mark.parametrize("blueprint", ["service", "_team"])
@pytest.mark.parametrize(
    ("hours", "tier"),
    [
        (None, "Low"),
        (0, "Elite"),
        (24, "Elite"),
        (24.01, "High"),
        (168, "High"),
        (168.01, "Medium"),
        (720, "Medium"),
        (720.01, "Low"),
    ],
)
def test_lead_time_tier(blueprint, hours, tier):
    assert calculate(blueprint, "lead_time_tier", {"lead_time_for_changes": hours}) == tier


@pytest.mark.parametrize("blueprint", ["service", "_team"])
@pytest.mark.parametrize(
    ("incidents", "minutes", "tier"),
    [
        (1, None, "Low"),
        (0, 10, "Low"),
        (None, 10, "Low"),
        (1, 60, "Elite"),
        (1, 60.01, "High"),
        (1, 1440, "High"),
        (1, 1440.01, "Medium"),
        (1, 10080, "Medium"),
        (1, 10080.01, "Low"),
    ],
)
def test_time_to_restore_tier(blueprint, incidents, minutes, tier):
    found = {"total_incidents": incidents, "mean_time_to_recovery": minutes}
    assert calculate(blueprint, "mttr_tier", found) == tier


@pytest.mark.parametrize(
    ("deployments", "per_week", "tier"),
    [
        (None, None, "Low"),
        (0, 7, "Low"),
        (1, 0.2499, "Low"),
        (1, 0.25, "Medium"),
        (1, 1, "High"),
        (1, 6.999, "High"),
        (1, 7, "Elite"),
    ],
)
def test_deployment_frequency_tier_of_a_service(deployments, per_week, tier):
    found = {"total_deployments": deployments, "deployment_frequency": per_week}
    assert calculate("service", "deploy_freq_tier", found) == tier


@pytest.mark.parametrize(
    ("services", "deployments", "per_week", "per_service", "tier"),
    [
        (None, None, None, None, "Low"),
        (10, 0, 0, None, "Low"),
        (0, 5, 7, None, "Low"),
        (10, 280, 70, 7, "Elite"),
        (10, 32, 8, 0.8, "Medium"),
        (2, 5, 2, 1, "High"),
        (4, 5, 0.5, 0.125, "Low"),
    ],
)
def test_a_teams_frequency_is_shared_out_over_its_services(
    services, deployments, per_week, per_service, tier
):
    found = {
        "services_count": services,
        "total_deployments": deployments,
        "deployment_frequency": per_week,
    }
    assert calculate("_team", "deployment_frequency_per_service", found) == per_service
    assert calculate("_team", "deploy_freq_tier", found) == tier
