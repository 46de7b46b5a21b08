"""The settings of packs: what they may be, what stands where none is given, and placeholders."""

from functools import cache

import jq
import pytest

from catalog.errors import Invalid
from scorecards.packs import PACKS, load_pack, merge_settings, parse_settings, settings_of
from scorecards.packs.reading import FOLDER, PlaceholderError, read_yaml
from tests.unit.packs.delivery import DEFAULTS

YEARS = "2018, 2019, 2021, 2022, 2023, 2024"


def faults_of(name, values):
    with pytest.raises(Invalid) as caught:
        parse_settings(name, values)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_settings_that_are_not_given_have_their_defaults():
    assert parse_settings("dora", {}) == DEFAULTS
    assert parse_settings("basics", {}) == {}


@pytest.mark.parametrize(
    "values",
    [
        {"definitions": "dora"},
        {"definitions": "four_keys", "measures": False},
        {"thresholds": 2018},
        {"minimum": 1},
        {"minimum": 1000},
        {"attribution_hours": 0},
        {"attribution_hours": 720},
    ],
)
def test_given_settings_stand_beside_the_defaults(values):
    assert parse_settings("dora", values) == DEFAULTS | values


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("definitions", "port", "must be one of four_keys, dora, not 'port'"),
        ("definitions", None, "must be one of four_keys, dora, not 'none'"),
        ("definitions", ["dora"], "must be one of four_keys, dora, not '['dora']'"),
        ("thresholds", 2020, f"must be one of none, {YEARS}, not '2020'"),
        ("thresholds", "2024", f"must be one of none, {YEARS}, not '2024'"),
        ("thresholds", 2024.0, f"must be one of none, {YEARS}, not '2024.0'"),
        ("minimum", 0, "must be a whole number from 1 to 1000, not '0'"),
        ("minimum", 1001, "must be a whole number from 1 to 1000, not '1001'"),
        ("minimum", 5.0, "must be a whole number from 1 to 1000, not '5.0'"),
        ("minimum", True, "must be a whole number from 1 to 1000, not 'true'"),
        ("minimum", None, "must be a whole number from 1 to 1000, not 'none'"),
        ("attribution_hours", -1, "must be a whole number from 0 to 720, not '-1'"),
        ("attribution_hours", 721, "must be a whole number from 0 to 720, not '721'"),
        ("measures", 1, "must be true or false, not '1'"),
        ("measures", "yes", "must be true or false, not 'yes'"),
        (
            "minimun",
            5,
            "there is no such setting; there are: definitions, thresholds, minimum, "
            "attribution_hours, measures",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_the_choices(name, value, message):
    assert faults_of("dora", {name: value}) == {name: message}


def test_every_fault_is_named_at_once():
    assert faults_of("dora", {"minimum": 0, "thresholds": 1, "x": 1}).keys() == {
        "minimum", "thresholds", "x",
    }  # fmt: skip


def test_a_pack_without_settings_takes_none():
    message = "there is no such setting; the pack 'basics' has no settings"
    assert faults_of("basics", {"minimum": 5}) == {"minimum": message}


def test_settings_are_an_object():
    assert faults_of("dora", [1]) == {"": "must be an object"}


def test_what_reads_the_measures_keeps_them():
    values = {"measures": False, "definitions": "dora", "thresholds": 2024}
    assert faults_of("dora", values) == {
        "definitions": "'dora' reads DORA's own measures, so these cannot be left out: switch "
        "'measures' on, or choose four_keys",
        "thresholds": "they grade DORA's own measures, so these cannot be left out: switch "
        "'measures' on, or choose none",
    }


def test_given_settings_come_before_stored_ones_and_these_before_defaults():
    stored = {"minimum": 9, "thresholds": 2023}
    merged = merge_settings("dora", stored, {"thresholds": None, "measures": False})
    assert merged == DEFAULTS | {"minimum": 9, "measures": False}


def test_a_stored_setting_that_is_no_more_is_left_out():
    assert merge_settings("dora", {"minimum": 9, "mood": 1}, {}) == DEFAULTS | {"minimum": 9}


def test_every_setting_says_what_it_does():
    for name in PACKS:
        for setting in settings_of(name):
            assert setting.title
            assert setting.description.endswith(".")


def test_a_placeholder_becomes_the_setting_of_its_name(tmp_path):
    path = tmp_path / "things.yaml"
    path.write_text("- text: below <<minimum>> of <<minimum>>\n  hours: <<attribution_hours>>\n")
    values = parse_settings("dora", {"minimum": 7})
    assert read_yaml(path, values) == [{"text": "below 7 of 7", "hours": 24}]


def test_a_placeholder_without_a_setting_is_refused(tmp_path):
    path = tmp_path / "things.yaml"
    path.write_text("- below <<minimun>>\n")
    with pytest.raises(PlaceholderError, match=r"things.yaml: <<minimun>> is no setting"):
        read_yaml(path, DEFAULTS)


def test_a_merge_of_yaml_is_no_placeholder():
    assert "<<: *" in (FOLDER / "dora" / "measures.yaml").read_text()
    assert load_pack("dora").blueprints


@cache
def calculations(minimum):
    pack = load_pack("dora", settings={"minimum": minimum})
    return {item["identifier"]: item["calculation_properties"] for item in pack.blueprints}


def run(definition, properties):
    return jq.compile(definition["calculation"]).input_value({"properties": properties}).first()


@pytest.mark.parametrize("owner", ["service", "_team"])
@pytest.mark.parametrize("suffix", ["", "_before"])
@pytest.mark.parametrize(
    ("measure", "count", "others"),
    [
        ("dora_lead_time", "dora_changes", {"dora_lead_time_of_changes": 2}),
        ("dora_lead_time", "dora_dated_deployments", {"dora_lead_time_of_deployments": 2}),
        ("dora_change_failure_rate", "dora_deployments", {}),
        ("dora_recovery_time", "dora_recoveries", {"dora_recovery_of_incidents": 2}),
        ("dora_rework_rate", "dora_deployments", {}),
    ],
)
def test_the_minimum_is_where_a_measure_begins(owner, suffix, measure, count, others):
    definition = calculations(12)[owner][f"{measure}{suffix}"]
    found = {f"{key}{suffix}": value for key, value in others.items()}
    assert run(definition, found | {f"{count}{suffix}": 11}) is None
    assert run(definition, found | {f"{count}{suffix}": 12}) is not None


@pytest.mark.parametrize("owner", ["service", "_team"])
@pytest.mark.parametrize(
    ("measure", "count", "noun"),
    [
        ("dora_lead_time", "dora_changes", "1 pull request"),
        ("dora_lead_time", "dora_dated_deployments", "1 deployment with a first commit"),
        ("dora_change_failure_rate", "dora_deployments", "1 production deployment"),
        ("dora_recovery_time", "dora_recoveries", "1 incident of deployments"),
        ("dora_rework_rate", "dora_deployments", "1 production deployment"),
    ],
)
def test_the_note_names_the_minimum_and_can_count_to_one(owner, measure, count, noun):
    assert run(calculations(12)[owner][f"{measure}_note"], {count: 11}) == (
        "Not enough data (11 of 12)"
    )
    assert run(calculations(1)[owner][f"{measure}_note"], {count: 1}) == noun


def test_descriptions_name_the_minimum():
    for owner in ("service", "_team"):
        descriptions = [item["description"] for item in calculations(12)[owner].values()]
        assert sum("Empty below 12." in text for text in descriptions) == 4
