"""DORA's own measures: what their programs compute, and that nothing of the four keys moved."""

import jq
import pytest

from scorecards.packs import load_pack

BLUEPRINTS = {document["identifier"]: document for document in load_pack("dora").blueprints}
MEASURES = (
    "dora_deployment_frequency",
    "dora_lead_time",
    "dora_change_failure_rate",
    "dora_recovery_time",
    "dora_rework_rate",
)
OWNERS = pytest.mark.parametrize("owner", ["service", "_team"])
PERIODS = pytest.mark.parametrize("suffix", ["", "_before"])


def calculate(blueprint, key, properties):
    program = BLUEPRINTS[blueprint]["calculation_properties"][key]["calculation"]
    return jq.compile(program).input_value({"properties": properties}).first()


@pytest.mark.parametrize(
    ("blueprint", "times", "hours"),
    [
        ("deployment", {"first_commit_at": "2026-03-01T10:00:00Z"}, 2),
        ("deployment", {"first_commit_at": "2026-03-01T12:00:00Z"}, 0),
        ("deployment", {"first_commit_at": "2026-03-01T12:00:01Z"}, None),
        ("deployment", {}, None),
        ("pull_request", {"first_commit_at": "2026-02-28T12:00:00+00:00"}, 24),
        ("pull_request", {"opened_at": "2026-03-01T13:30:00.5+02:00"}, 1799.5 / 3600),
        (
            "pull_request",
            {"first_commit_at": "2026-03-01T06:00:00Z", "opened_at": "2026-03-01T11:00:00Z"},
            6,
        ),
        ("pull_request", {}, None),
    ],
)
def test_lead_time_runs_from_the_first_commit_to_the_deployment(blueprint, times, hours):
    found = calculate(blueprint, "lead_time_hours", times | {"deployed_at": "2026-03-01T12:00:00Z"})
    assert found == pytest.approx(hours)


@pytest.mark.parametrize("blueprint", ["deployment", "pull_request"])
def test_what_is_not_deployed_has_no_lead_time(blueprint):
    times = {"first_commit_at": "2026-03-01T10:00:00Z"}
    assert calculate(blueprint, "lead_time_hours", times) is None


@PERIODS
@pytest.mark.parametrize(
    ("ever", "successes", "per_week"),
    [(None, None, None), (0, 0, None), (3, 0, 0), (3, None, 0), (90, 30, 7), (9, 1, 7 / 30)],
)
def test_the_frequency_of_a_service_is_per_week(suffix, ever, successes, per_week):
    found = {"total_deployments": ever, f"dora_successful_deployments{suffix}": successes}
    assert calculate("service", f"dora_deployment_frequency{suffix}", found) == per_week


@PERIODS
@pytest.mark.parametrize(
    ("services", "ever", "successes", "per_week"),
    [(None, 4, 4, None), (2, 0, 0, None), (2, 60, 60, 7), (3, 3, 3, 7 / 30), (3, 3, None, 0)],
)
def test_the_frequency_of_a_team_is_shared_out(suffix, services, ever, successes, per_week):
    found = {
        "services_count": services,
        "total_deployments": ever,
        f"dora_successful_deployments{suffix}": successes,
    }
    assert calculate("_team", f"dora_deployment_frequency{suffix}", found) == per_week


@OWNERS
@PERIODS
@pytest.mark.parametrize(
    ("changes", "deployments", "hours"),
    [
        ((5, 30.5), (0, None), 30.5),
        ((4, 30.5), (9, 1), None),
        ((0, None), (5, 12), 12),
        ((0, None), (4, 12), None),
        ((None, None), (None, None), None),
    ],
)
def test_lead_time_is_of_pull_requests_or_else_of_deployments(
    owner, suffix, changes, deployments, hours
):
    found = {
        f"dora_changes{suffix}": changes[0],
        f"dora_lead_time_of_changes{suffix}": changes[1],
        f"dora_dated_deployments{suffix}": deployments[0],
        f"dora_lead_time_of_deployments{suffix}": deployments[1],
    }
    assert calculate(owner, f"dora_lead_time{suffix}", found) == hours


@OWNERS
@PERIODS
@pytest.mark.parametrize(
    ("measure", "part"),
    [
        ("dora_change_failure_rate", "dora_failed_deployments"),
        ("dora_rework_rate", "dora_rework_deployments"),
    ],
)
@pytest.mark.parametrize(
    ("deployments", "counted", "rate"),
    [(None, None, None), (4, 4, None), (5, 0, 0), (5, None, 0), (8, 1, 12.5), (6, 6, 100)],
)
def test_rates_are_shares_of_at_least_five_deployments(
    owner, suffix, measure, part, deployments, counted, rate
):
    found = {f"dora_deployments{suffix}": deployments, f"{part}{suffix}": counted}
    assert calculate(owner, f"{measure}{suffix}", found) == rate


@OWNERS
@PERIODS
@pytest.mark.parametrize(
    ("count", "median", "minutes"), [(None, None, None), (4, 30, None), (5, 30, 30), (9, 0, 0)]
)
def test_recovery_is_the_median_of_at_least_five_incidents(owner, suffix, count, median, minutes):
    found = {
        f"dora_recoveries{suffix}": count,
        f"dora_recovery_of_incidents{suffix}": median,
    }
    assert calculate(owner, f"dora_recovery_time{suffix}", found) == minutes


@OWNERS
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        (None, None, None),
        (4, None, None),
        (None, 4, None),
        (4, 0, None),
        (0, 4, -100),
        (6, 4, 50),
        (4, 4, 0),
    ],
)
def test_the_change_is_in_percent_of_the_value_before(owner, measure, now, before, change):
    found = {measure: now, f"{measure}_before": before}
    assert calculate(owner, f"{measure}_change", found) == change


TOO_FEW = "Not enough data (3 of 5)"
NOTES = [
    ("dora_change_failure_rate", {}, "Not enough data (0 of 5)"),
    ("dora_change_failure_rate", {"dora_deployments": 3}, TOO_FEW),
    ("dora_change_failure_rate", {"dora_deployments": 5}, "5 production deployments"),
    ("dora_rework_rate", {"dora_deployments": 3}, TOO_FEW),
    ("dora_rework_rate", {"dora_deployments": 12}, "12 production deployments"),
    ("dora_recovery_time", {"dora_recoveries": 3}, TOO_FEW),
    ("dora_recovery_time", {"dora_recoveries": 7}, "7 incidents of deployments"),
    ("dora_lead_time", {}, "Not enough data (0 of 5)"),
    ("dora_lead_time", {"dora_changes": 3, "dora_dated_deployments": 8}, TOO_FEW),
    ("dora_lead_time", {"dora_changes": 6}, "6 pull requests"),
    ("dora_lead_time", {"dora_dated_deployments": 8}, "8 deployments with a first commit"),
]


@OWNERS
@pytest.mark.parametrize(("measure", "found", "note"), NOTES)
def test_the_note_says_what_a_measure_rests_on(owner, measure, found, note):
    assert calculate(owner, f"{measure}_note", found) == note


@pytest.mark.parametrize(
    ("owner", "found", "note"),
    [
        ("service", {}, "No production deployment yet"),
        ("service", {"total_deployments": 9}, "0 deployments"),
        ("service", {"total_deployments": 9, "dora_successful_deployments": 1}, "1 deployment"),
        ("_team", {}, "No service owned"),
        ("_team", {"services_count": 1}, "No production deployment yet"),
        (
            "_team",
            {"services_count": 1, "total_deployments": 9, "dora_successful_deployments": 2},
            "2 deployments, 1 service",
        ),
        (
            "_team",
            {"services_count": 2, "total_deployments": 9, "dora_successful_deployments": 1},
            "1 deployment, 2 services",
        ),
    ],
)
def test_the_note_of_the_frequency_counts_deployments(owner, found, note):
    assert calculate(owner, "dora_deployment_frequency_note", found) == note


@OWNERS
def test_every_measure_has_its_companions_with_a_description_and_a_unit(owner):
    calculations = BLUEPRINTS[owner]["calculation_properties"]
    for measure in MEASURES:
        for suffix in ("", "_before", "_change", "_note"):
            definition = calculations[f"{measure}{suffix}"]
            assert definition["description"]
            assert definition["title"].endswith(")") == (suffix != "_note")


@OWNERS
def test_a_count_of_the_period_before_differs_in_nothing_but_its_window(owner):
    aggregations = BLUEPRINTS[owner]["aggregation_properties"]
    pairs = [key for key in aggregations if f"{key}_before" in aggregations]
    assert len(pairs) == 10
    for key in pairs:
        now, before = (
            {part: aggregations[name][part] for part in ("target", "query", "calculationSpec")}
            for name in (key, f"{key}_before")
        )
        assert now["query"]["rules"].pop()["value"] == {"preset": "lastMonth"}
        assert before["query"]["rules"].pop()["value"] == {"preset": "previousMonth"}
        assert now == before
