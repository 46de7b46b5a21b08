"""The official thresholds are read as DORA's reports have them, and grade as they say."""

from copy import deepcopy

import pytest

from catalog.conditions import matches, parse
from scorecards.packs import (
    UnknownYearError,
    all_thresholds,
    load_pack,
    official_scorecards,
    thresholds_of,
)
from scorecards.packs.registry import FOLDER, read_yaml
from scorecards.packs.thresholds import METRICS, ThresholdsError, read_thresholds
from tests.builders import NOW

YEARS = [2018, 2019, 2021, 2022, 2023, 2024]
MONTHLY = 7 / 30

# year -> metric -> limits from Medium up, in deployments per week, hours, percent and minutes.
LIMITS = {
    2018: {
        "deployment_frequency": [(">=", MONTHLY), (">=", 7), (">", 7)],
        "lead_time": [("<=", 720), ("<=", 168), ("<", 1)],
        "change_failure_rate": [("<=", 15), ("<=", 15), ("<=", 15)],
        "recovery_time": [("<", 1440), ("<", 1440), ("<", 60)],
    },
    2019: {
        "deployment_frequency": [(">=", MONTHLY), (">=", 1), (">", 7)],
        "lead_time": [("<=", 720), ("<=", 168), ("<", 24)],
        "change_failure_rate": [("<=", 15), ("<=", 15), ("<=", 15)],
        "recovery_time": [("<", 1440), ("<", 1440), ("<", 60)],
    },
    2021: {
        "deployment_frequency": [(">=", 7 / 180), (">=", MONTHLY), (">", 7)],
        "lead_time": [("<=", 4320), ("<=", 168), ("<", 1)],
        "change_failure_rate": [("<=", 30), ("<=", 30), ("<=", 15)],
        "recovery_time": [("<=", 10080), ("<", 1440), ("<", 60)],
    },
    2022: {
        "deployment_frequency": [(">=", MONTHLY), (">", 7)],
        "lead_time": [("<=", 720), ("<=", 168)],
        "change_failure_rate": [("<=", 30), ("<=", 15)],
        "recovery_time": [("<=", 10080), ("<", 1440)],
    },
    2023: {
        "deployment_frequency": [(">=", MONTHLY), (">=", 1), (">", 7)],
        "lead_time": [("<=", 720), ("<=", 168), ("<", 24)],
        "change_failure_rate": [("<=", 15), ("<=", 10), ("<=", 5)],
        "recovery_time": [("<=", 10080), ("<", 1440), ("<", 60)],
    },
    2024: {
        "deployment_frequency": [(">=", MONTHLY), (">=", 1), (">", 7)],
        "lead_time": [("<=", 720), ("<=", 168), ("<", 24)],
        "change_failure_rate": [("<=", 10), ("<=", 20), ("<=", 5)],
        "recovery_time": [("<", 1440), ("<", 1440), ("<", 60)],
    },
}


def document(year=2024):
    documents = read_yaml(FOLDER / "dora" / "thresholds.yaml")
    return deepcopy(next(item for item in documents if item["year"] == year))


def test_every_year_of_the_clusters_is_there():
    assert list(all_thresholds()) == YEARS


@pytest.mark.parametrize("year", YEARS)
def test_limits_are_those_of_the_report(year):
    table = thresholds_of(year)
    assert str(year) in table.report
    assert {
        metric: [
            (table.limits[cluster][metric].operator, table.limits[cluster][metric].value)
            for cluster in table.clusters[1:]
        ]
        for metric in METRICS
    } == LIMITS[year]


def test_only_2022_has_no_elite_cluster():
    assert [year for year in YEARS if "Elite" not in thresholds_of(year).clusters] == [2022]


def test_an_unknown_year_is_refused_with_the_years_there_are():
    with pytest.raises(UnknownYearError, match="2020. There are: 2018, 2019, 2021"):
        thresholds_of(2020)


def test_who_meets_a_higher_cluster_meets_the_lower_ones():
    table = thresholds_of(2024)
    assert table.limit("Medium", "change_failure_rate").value == 20
    assert table.limit("High", "change_failure_rate").value == 20
    assert table.limit("Medium", "recovery_time").operator == "<"
    assert thresholds_of(2018).limit("High", "deployment_frequency").operator == ">="


def broken(change):
    found = document()
    change(found["clusters"])
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda clusters: clusters.reverse(), "2024: clusters must be Low, Medium, High"),
        (lambda clusters: clusters.pop(1), "2024: clusters must be Low, Medium, High"),
        (lambda clusters: clusters[1].pop("lead_time"), "2024, Medium: must have deployment_freq"),
        (lambda clusters: clusters[1].update(mood={}), "2024, Medium: must have deployment_freq"),
        (lambda clusters: clusters[0]["lead_time"].update(under="day"), "Low, lead_time: must hav"),
        (lambda clusters: clusters[2]["lead_time"].pop("words"), "High, lead_time: must have word"),
        (lambda clusters: clusters[2]["lead_time"].update(under="day"), "one of at_most, under"),
        (lambda clusters: clusters[2]["lead_time"].update(at_most="year"), "not 'year'"),
        (lambda clusters: clusters[2]["change_failure_rate"].update(at_most=101), "not 101"),
        (lambda clusters: clusters[2]["change_failure_rate"].update(at_most=True), "not True"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_the_place(change, message):
    with pytest.raises(ThresholdsError, match=message):
        read_thresholds(broken(change))


def level_of(scorecard, value):
    """Return the level reached, or None where the filter leaves the value out."""
    (leaf,) = scorecard["filter"]["conditions"]
    facts = {leaf["property"]: value}
    if not matches(parse(scorecard["filter"]), facts, now=NOW):
        return None
    reached = scorecard["levels"][0]["title"]
    for rule in scorecard["rules"]:
        if not matches(parse(rule["query"]), facts, now=NOW):
            return reached
        reached = rule["level"]
    return reached


def graded(year, metric):
    return {item["identifier"]: item for item in official_scorecards(thresholds_of(year))}[
        f"dora_official_{metric}"
    ]


@pytest.mark.parametrize(
    ("year", "metric", "value", "level"),
    [
        (2024, "change_failure_rate", None, None),
        (2024, "change_failure_rate", 0, "Elite"),
        (2024, "change_failure_rate", 15, "High"),
        (2024, "change_failure_rate", 20.5, "Low"),
        (2018, "change_failure_rate", 15, "Elite"),
        (2018, "lead_time", 5, "High"),
        (2018, "deployment_frequency", 7, "High"),
        (2018, "deployment_frequency", 7.01, "Elite"),
        (2022, "deployment_frequency", 7, "Medium"),
        (2022, "lead_time", 0.1, "High"),
        (2021, "lead_time", 4321, "Low"),
        (2021, "deployment_frequency", 0, "Low"),
        (2023, "deployment_frequency", 1 * 7 / 30, "Medium"),
        (2023, "recovery_time", 60, "High"),
        (2023, "recovery_time", 59.9, "Elite"),
    ],
)
def test_a_value_is_graded_by_the_table_of_the_year(year, metric, value, level):
    assert level_of(graded(year, metric), value) == level


@pytest.mark.parametrize("year", YEARS)
def test_scorecards_are_whole_and_read_the_packs_own_measures(year):
    scorecards = official_scorecards(thresholds_of(year))
    blueprints = {item["identifier"]: item for item in load_pack("dora").blueprints}
    assert len(scorecards) == len({item["identifier"] for item in scorecards}) == 8
    for scorecard in scorecards:
        assert scorecard["identifier"].startswith("dora_official_")
        assert str(year) in scorecard["title"]
        (owner,) = scorecard["blueprints"]
        levels = [level["title"] for level in scorecard["levels"]]
        assert [rule["level"] for rule in scorecard["rules"]] == levels[1:]
        for rule in scorecard["rules"]:
            (leaf,) = rule["query"]["conditions"]
            assert leaf["property"] in blueprints[owner]["calculation_properties"]
            assert rule["title"].startswith(f"{rule['level']} in {year}: ")
