"""The oracle itself, against numbers worked out by hand."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.oracle.dora_oracle import newest, reckon

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def at(**before):
    return (NOW - timedelta(**before)).strftime("%Y-%m-%dT%H:%M:%SZ")


def deployment(service, deployed_at, **changed):
    row = {"service": service, "environment": "production", "status": "success"}
    return row | {"created_at": deployed_at} | changed


def span(service, start, end, name):
    return {"service": service, "created_at": start, name: end}


@pytest.fixture
def folder(tmp_path):
    rows = {
        "services": [
            {"identifier": name, "organization": team, "last_commit_at": at(days=1)}
            for name, team in [("web", "shop"), ("api", "shop"), ("old", "attic")]
        ],
        "deployments": [
            deployment("web", at(days=15)),
            deployment("web", at(days=3)),
            deployment("web", at(days=1)),
            deployment("web", at(days=50), status="failure"),
            deployment("web", at(days=50), environment="staging"),
            deployment("api", at(days=7)),
        ],
        "pull_requests": [
            span("web", at(days=9, hours=10), at(days=9), "merged_at"),
            span("web", at(days=30, hours=30), at(days=30), "merged_at"),
            span("web", at(days=90), at(days=30, seconds=1), "merged_at"),
            span("web", at(days=1), None, "merged_at"),
            span("api", at(days=5, hours=200), at(days=5), "merged_at"),
        ],
        "incidents": [
            span("web", at(days=2, minutes=50), at(days=2), "resolved_at"),
            span("web", at(hours=1), None, "resolved_at"),
        ],
    }
    for kind, lines in rows.items():
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (tmp_path / f"{kind}.jsonl").write_text(text)
    return tmp_path


def test_a_service_is_measured_over_its_own_events(folder):
    found = reckon(now=NOW, shift=timedelta(0), folder=folder)
    assert found.services["web"] == {
        "deployment_frequency": 1,
        "total_deployments": 3,
        "lead_time_for_changes": 20,
        "total_incidents": 2,
        "change_failure_rate": pytest.approx(200 / 3),
        "mean_time_to_recovery": 50,
        "deploy_freq_tier": "High",
        "lead_time_tier": "Elite",
        "cfr_tier": "Low",
        "mttr_tier": "Elite",
    }
    assert found.service_levels["web"] == {
        "dora_deploy_freq": "Silver",
        "dora_lead_time": "Gold",
        "dora_cfr": "Basic",
        "dora_mttr": "Gold",
    }


def test_a_team_is_measured_over_the_events_of_all_its_services(folder):
    found = reckon(now=NOW, shift=timedelta(0), folder=folder)
    assert found.teams["shop"] == {
        "deployment_frequency": pytest.approx(4 / 3),
        "total_deployments": 4,
        "lead_time_for_changes": 80,
        "total_incidents": 2,
        "change_failure_rate": 50,
        "mean_time_to_recovery": 50,
        "services_count": 2,
        "deployment_frequency_per_service": pytest.approx(2 / 3),
        "deploy_freq_tier": "Medium",
        "lead_time_tier": "High",
        "cfr_tier": "Low",
        "mttr_tier": "Elite",
    }
    assert found.team_levels["shop"] == {
        "team_dora_deploy_freq": "Bronze",
        "team_dora_lead_time": "Silver",
        "team_dora_cfr": "Basic",
        "team_dora_mttr": "Gold",
    }


def test_without_events_counts_are_zero_and_means_are_missing(folder):
    found = reckon(now=NOW, shift=timedelta(0), folder=folder)
    nothing = {
        "deployment_frequency": 0,
        "total_deployments": 0,
        "lead_time_for_changes": None,
        "total_incidents": 0,
        "change_failure_rate": 0,
        "mean_time_to_recovery": None,
        "deploy_freq_tier": "Low",
        "lead_time_tier": "Low",
        "cfr_tier": "Low",
        "mttr_tier": "Low",
    }
    assert found.services["old"] == nothing
    assert found.teams["attic"] == nothing | {
        "services_count": 1,
        "deployment_frequency_per_service": None,
    }
    assert set(found.service_levels["old"].values()) == {"Basic"}
    assert set(found.team_levels["attic"].values()) == {"Basic"}


def test_a_whole_number_of_weeks_counts_as_that_many(folder):
    found = reckon(now=NOW, shift=timedelta(0), folder=folder)
    assert found.services["api"]["deployment_frequency"] == 1


def test_without_a_shift_the_newest_time_becomes_now(folder):
    shift = NOW - newest(folder)
    assert reckon(now=NOW, folder=folder) == reckon(now=NOW, shift=shift, folder=folder)


def test_the_demo_has_every_service_and_team():
    found = reckon(now=NOW)
    assert (len(found.services), len(found.teams)) == (19, 19)
