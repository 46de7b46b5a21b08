"""Grading by DORA's own measures: the same ladders and limits, read off other properties."""

from functools import cache

import jq
import pytest

from catalog.conditions import matches, parse, reads
from scorecards.packs import load_pack
from scorecards.packs.definitions import TIERS, graded_by_measures
from scorecards.packs.reading import FOLDER, read_yaml
from tests.builders import NOW

# What is read in whose place, in one unit: per week, hours, percent, minutes.
MEASURES = {
    "deployment_frequency": "dora_deployment_frequency",
    "deployment_frequency_per_service": "dora_deployment_frequency",
    "lead_time_for_changes": "dora_lead_time",
    "change_failure_rate": "dora_change_failure_rate",
    "mean_time_to_recovery": "dora_recovery_time",
}
MINIMUM = 7
OWNERS = pytest.mark.parametrize("owner", ["service", "_team"])


@cache
def documents(kind, **settings):
    pack = load_pack("dora", settings=settings)
    return {document["identifier"]: document for document in getattr(pack, kind)}


FOUR_KEYS = documents("scorecards")
OWN = documents("scorecards", definitions="dora", minimum=MINIMUM)
SCORECARDS = pytest.mark.parametrize("identifier", list(FOUR_KEYS))


def leaves(rule):
    return [
        (leaf["property"], leaf["operator"], leaf["value"]) for leaf in rule["query"]["conditions"]
    ]


def translated(rule):
    """Return the conditions of a rule of the four keys as they are to be over the measures."""
    samples = {"total_deployments": "dora_deployments", "total_incidents": "dora_recoveries"}
    return [
        (samples[name], ">=", MINIMUM) if name in samples else (MEASURES[name], operator, value)
        for name, operator, value in leaves(rule)
    ]


@SCORECARDS
def test_identifiers_levels_and_limits_stay_and_the_measures_are_read(identifier):
    theirs, ours = FOUR_KEYS[identifier], OWN[identifier]
    for part in ("identifier", "title", "blueprints", "filter", "status", "levels"):
        assert ours[part] == theirs[part]
    kept = ("identifier", "level", "description")
    assert [[rule[part] for part in kept] for rule in ours["rules"]] == [
        [rule[part] for part in kept] for rule in theirs["rules"]
    ]
    assert [leaves(rule) for rule in ours["rules"]] == list(map(translated, theirs["rules"]))


@SCORECARDS
def test_every_rule_reads_what_its_blueprint_has(identifier):
    (owner,) = OWN[identifier]["blueprints"]
    blueprint = documents("blueprints", definitions="dora")[owner]
    known = {*blueprint["calculation_properties"], *blueprint["aggregation_properties"]}
    for rule in OWN[identifier]["rules"]:
        assert reads(parse(rule["query"])) <= known


@SCORECARDS
def test_no_word_of_the_four_keys_is_left_where_it_would_be_untrue(identifier):
    theirs, ours = FOUR_KEYS[identifier], OWN[identifier]
    assert ours["description"] != theirs["description"]
    assert "30 days" in ours["description"]
    said = " ".join([ours["description"], *(rule["title"] for rule in ours["rules"])]).lower()
    for untrue in ("merge", "land ", "on average over", "incidents per", "once a month", "until"):
        assert untrue not in said
    titles = [rule["title"] for rule in ours["rules"]]
    assert len(titles) == len(set(titles)) == 3


@SCORECARDS
def test_what_depends_on_a_sample_says_how_large_it_must_be(identifier):
    is_counted = identifier.endswith("deploy_freq")
    assert ("Fewer than 7 " in OWN[identifier]["description"]) != is_counted


def test_every_text_in_another_wording_belongs_to_a_rule_that_there_is():
    rules = {key: [rule["identifier"] for rule in item["rules"]] for key, item in OWN.items()}
    wording = load_wording()
    assert [item["identifier"] for item in wording] == list(rules)
    for item in wording:
        assert set(item["rules"]) <= set(rules[item["identifier"]])


def load_wording():
    return read_yaml(FOLDER / "dora" / "wording.yaml", {"minimum": MINIMUM})


def test_a_rule_over_what_has_no_measure_is_not_passed_on_in_silence():
    odd = {**FOUR_KEYS["dora_lead_time"], "rules": [{"query": {"conditions": [{"property": "x"}]}}]}
    with pytest.raises(LookupError):
        graded_by_measures([odd], load_wording(), minimum=5)


def passes(scorecard, facts):
    return [matches(parse(rule["query"]), facts, now=NOW) for rule in scorecard["rules"]]


@SCORECARDS
@pytest.mark.parametrize(
    "facts",
    [
        {},
        dict.fromkeys(MEASURES.values()),
        # What the four keys would call Gold.
        {
            "total_deployments": 90,
            "total_incidents": 1,
            "deployment_frequency": 9,
            "deployment_frequency_per_service": 9,
            "lead_time_for_changes": 1,
            "change_failure_rate": 0,
            "mean_time_to_recovery": 1,
        },
    ],
)
def test_without_enough_data_no_rule_passes(identifier, facts):
    assert passes(OWN[identifier], facts) == [False, False, False]


BEST = {
    "deploy_freq": {"dora_deployment_frequency": 7},
    "lead_time": {"dora_lead_time": 24},
    "cfr": {"dora_change_failure_rate": 5, "dora_deployments": MINIMUM},
    "mttr": {"dora_recovery_time": 60, "dora_recoveries": MINIMUM},
}


@pytest.mark.parametrize("prefix", ["dora_", "team_dora_"])
@pytest.mark.parametrize("key", list(BEST))
def test_what_is_just_good_enough_passes_every_rule(prefix, key):
    assert passes(OWN[f"{prefix}{key}"], BEST[key]) == [True, True, True]


def tier(owner, key, properties, **settings):
    program = documents("blueprints", **settings)[owner]["calculation_properties"][key]
    return jq.compile(program["calculation"]).input_value({"properties": properties}).first()


def of_the_four_keys(owner, key, value):
    """Return properties of the four keys that amount to this value."""
    return {
        "deploy_freq_tier": {
            "deployment_frequency": value,
            "services_count": 1,
            "total_deployments": 9,
        },
        "lead_time_tier": {"lead_time_for_changes": value},
        "cfr_tier": {"total_deployments": 100, "total_incidents": value},
        "mttr_tier": {"mean_time_to_recovery": value, "total_incidents": 9},
    }[key]


@OWNERS
@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("deploy_freq_tier", [0, 0.24, 0.25, 0.99, 1, 6.99, 7, 30]),
        ("lead_time_tier", [0, 24, 24.1, 168, 168.1, 720, 720.1]),
        ("cfr_tier", [0, 5, 6, 20, 21, 30, 31, 100]),
        ("mttr_tier", [0, 60, 61, 1440, 1441, 10080, 10081]),
    ],
)
def test_a_measure_has_the_tier_that_one_of_the_four_keys_has_at_the_same_value(owner, key, values):
    theirs = [tier(owner, key, of_the_four_keys(owner, key, value)) for value in values]
    measure = TIERS[key].measure
    ours = [tier(owner, key, {measure: value}, definitions="dora") for value in values]
    assert ours == theirs
    assert set(ours) == {"Elite", "High", "Medium", "Low"}


@OWNERS
@pytest.mark.parametrize("key", list(TIERS))
def test_a_measure_without_a_value_has_no_tier(owner, key):
    assert tier(owner, key, {"total_deployments": 90}, definitions="dora") is None


@OWNERS
@pytest.mark.parametrize("key", list(TIERS))
def test_a_tier_says_what_it_is_read_off_and_keeps_its_colours(owner, key):
    theirs = documents("blueprints")[owner]["calculation_properties"][key]
    ours = documents("blueprints", definitions="dora")[owner]["calculation_properties"][key]
    assert "last 30 days" in ours["description"]
    assert ours.keys() == theirs.keys()
    others = theirs.keys() - {"description", "calculation"}
    assert {part: ours[part] for part in others} == {part: theirs[part] for part in others}


def test_nothing_but_tiers_and_scorecards_differs():
    theirs, ours = documents("blueprints"), documents("blueprints", definitions="dora")
    assert ours.keys() == theirs.keys()
    for identifier, blueprint in ours.items():
        plain = {
            key: item
            for key, item in blueprint.get("calculation_properties", {}).items()
            if key not in TIERS
        }
        kept = theirs[identifier]["calculation_properties"]
        assert plain == {key: item for key, item in kept.items() if key not in TIERS}
        for part in blueprint.keys() - {"calculation_properties"}:
            assert blueprint[part] == theirs[identifier][part]


@pytest.mark.parametrize(
    ("key", "measure", "others"),
    [
        ("cfr", "dora_change_failure_rate", {"dora_failed_deployments": 0}),
        ("mttr", "dora_recovery_time", {"dora_recovery_of_incidents": 1}),
    ],
)
@OWNERS
@pytest.mark.parametrize("count", [None, 0, MINIMUM - 1, MINIMUM, 90])
def test_the_sample_that_a_rule_demands_is_the_one_that_its_measure_rests_on(
    owner, key, measure, others, count
):
    scorecard = OWN[f"{'team_' if owner == '_team' else ''}dora_{key}"]
    _, (sample, _, _) = leaves(scorecard["rules"][0])
    found = others | {sample: count}
    value = tier(owner, measure, found, minimum=MINIMUM)
    is_enough = count is not None and count >= MINIMUM
    assert (value is not None) == is_enough
    assert passes(scorecard, {**found, measure: value}) == [is_enough] * 3


def test_a_years_scorecards_come_after_the_eight_whatever_these_go_by():
    for definitions in ("four_keys", "dora"):
        pack = documents("scorecards", definitions=definitions, thresholds=2024)
        assert list(pack)[:8] == list(FOUR_KEYS)
        assert len(pack) == 16
