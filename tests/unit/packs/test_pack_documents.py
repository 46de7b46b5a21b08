"""The packs' documents are sound, and grade by the published thresholds."""

import json
from pathlib import Path

import pytest

from catalog.conditions import parse, reads
from scorecards.packs import PACKS, UnknownPackError, evidence_keys, load_pack

ROOT = Path(__file__).parents[3]
GOLDEN = json.loads((ROOT / "tests" / "data" / "expected_levels.json").read_text())
REFERENCE = ROOT.parent / "shared" / "fixtures" / "port"

COLORS = {
    "blue", "turquoise", "orange", "purple", "pink", "yellow", "green", "red", "gold", "silver",
    "paleBlue", "darkGray", "lightGray", "bronze", "lime", "olive", "brown",
}  # fmt: skip
LEVELS = [
    {"title": "Basic", "color": "paleBlue"},
    {"title": "Bronze", "color": "bronze"},
    {"title": "Silver", "color": "silver"},
    {"title": "Gold", "color": "gold"},
]
DEPLOYED = ("total_deployments", ">", 0)
FAILED = ("total_incidents", ">", 0)


def graded(property_, operator, guard, *steps):
    """Return [(rule, level, conditions)] of three rules that differ in their threshold only."""
    levels = ("Bronze", "Silver", "Gold")
    return [
        (rule, level, [(property_, operator, value), *guard])
        for level, (rule, value) in zip(levels, steps, strict=True)
    ]


def four_keys(prefix, frequency):
    """Return the rules of the four DORA scorecards, whose identifiers start with `prefix`."""
    days = (f"{prefix}_df_medium", 0.25), (f"{prefix}_df_high", 1), (f"{prefix}_df_elite", 7)
    hours = (f"{prefix}_lt_medium", 720), (f"{prefix}_lt_high", 168), (f"{prefix}_lt_elite", 24)
    rates = (f"{prefix}_cfr_medium", 30), (f"{prefix}_cfr_high", 20), (f"{prefix}_cfr_elite", 5)
    minutes = (
        (f"{prefix}_mttr_low", 43200),
        (f"{prefix}_mttr_high", 1440),
        (f"{prefix}_mttr_elite", 60),
    )
    return {
        "dora_deploy_freq": graded(frequency, ">=", [], *days),
        "dora_lead_time": graded("lead_time_for_changes", "<=", [], *hours),
        "dora_cfr": graded("change_failure_rate", "<=", [DEPLOYED], *rates),
        "dora_mttr": graded("mean_time_to_recovery", "<=", [FAILED], *minutes),
    }


THRESHOLDS = four_keys("svc", "deployment_frequency") | {
    f"team_{name}": rules
    for name, rules in four_keys("team", "deployment_frequency_per_service").items()
}

ALL_SCORECARDS = [
    pytest.param(scorecard, id=scorecard["identifier"])
    for name in PACKS
    for scorecard in load_pack(name).scorecards
]
# Those that grade a blueprint; the others follow the catalog.
SCORECARDS = [item for item in ALL_SCORECARDS if "blueprints" in item.values[0]]
FOLLOWING = [item for item in ALL_SCORECARDS if "blueprints" not in item.values[0]]
BLUEPRINTS = [
    pytest.param(blueprint, id=f"{name}-{blueprint['identifier']}")
    for name in PACKS
    for blueprint in load_pack(name).blueprints
]


def conditions(rule):
    return [
        (leaf["property"], leaf["operator"], leaf["value"]) for leaf in rule["query"]["conditions"]
    ]


def test_without_its_measures_the_pack_has_the_four_keys_alone():
    pack = load_pack("dora", settings={"measures": False})
    base = {item["identifier"]: item for item in pack.blueprints}
    full = dora("blueprints")
    for identifier in ("service", "_team", "deployment", "pull_request", "incident"):
        kept = {key: full[identifier][key] for key in defined_sections(base[identifier])}
        assert not [key for key in defined(base[identifier]) if key.startswith("dora_")]
        assert set(defined(base[identifier])) <= set(defined(full[identifier]))
        for section, definitions in kept.items():
            theirs = base[identifier][section]
            assert {key: definitions[key] for key in theirs} == theirs


def defined_sections(blueprint):
    sections = ("mirror_properties", "calculation_properties", "aggregation_properties")
    return [section for section in sections if section in blueprint]


def dora(kind):
    return {document["identifier"]: document for document in getattr(load_pack("dora"), kind)}


def test_there_are_five_packs():
    assert {name: len(load_pack(name).scorecards) for name in PACKS} == {
        "dora": 8,
        "basics": 1,
        "production_readiness": 1,
        "observability": 1,
        "ownership": 1,
    }


@pytest.mark.parametrize("scorecard", FOLLOWING)
def test_a_scorecard_that_follows_the_catalog_names_no_blueprints(scorecard):
    assert list(scorecard) == [
        "identifier", "title", "description", "follows_catalog", "filter", "status", "levels",
        "rules",
    ]  # fmt: skip
    assert scorecard["follows_catalog"] is True
    titles = [level["title"] for level in scorecard["levels"]]
    assert titles == ["No level", "Basic", "Intermediate", "Advanced"]
    for rule in scorecard["rules"]:
        assert set(rule) == {
            "identifier", "title", "level", "description", "how_to_fix", "query", "evidence",
        }  # fmt: skip
        assert rule["level"] in titles[1:]
        assert reads(parse(rule["query"])) | reads(parse(rule["evidence"])) <= evidence_keys()


def test_an_unknown_pack_is_refused_with_the_names_there_are():
    with pytest.raises(UnknownPackError, match=r"no pack 'dorra'\. There are: basics, dora, obs"):
        load_pack("dorra")


def test_a_caller_may_change_what_it_loaded():
    first = {item["identifier"]: item for item in load_pack("dora").blueprints}
    first["_team"]["aggregation_properties"]["total_deployments"]["query"]["rules"].clear()

    assert len(first["service"]["aggregation_properties"]["total_deployments"]["query"]["rules"])
    again = load_pack("dora").blueprints[0]
    assert len(again["aggregation_properties"]["total_deployments"]["query"]["rules"]) == 2


@pytest.mark.parametrize("scorecard", SCORECARDS)
def test_a_scorecard_has_exactly_the_keys_of_its_document(scorecard):
    assert list(scorecard) == [
        "identifier", "title", "description", "blueprints", "filter", "status", "levels", "rules",
    ]  # fmt: skip
    for rule in scorecard["rules"]:
        assert set(rule) == {
            "identifier", "title", "level", "description", "how_to_fix", "query",
        }  # fmt: skip


@pytest.mark.parametrize("scorecard", SCORECARDS)
def test_every_rule_sits_at_a_level_above_the_floor(scorecard):
    above = {level["title"] for level in scorecard["levels"][1:]}
    assert {rule["level"] for rule in scorecard["rules"]} == above


@pytest.mark.parametrize("scorecard", ALL_SCORECARDS)
def test_rule_identifiers_are_unique(scorecard):
    identifiers = [rule["identifier"] for rule in scorecard["rules"]]
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("scorecard", ALL_SCORECARDS)
def test_every_rule_says_why_and_how_to_fix_it_in_its_own_words(scorecard):
    for field in ("title", "description", "how_to_fix"):
        texts = [rule[field] for rule in scorecard["rules"]]
        assert all(texts)
        assert len(texts) == len(set(texts))


@pytest.mark.parametrize("scorecard", SCORECARDS)
def test_every_scorecard_has_the_four_usual_levels(scorecard):
    assert scorecard["levels"] == LEVELS


@pytest.mark.parametrize("scorecard", SCORECARDS)
def test_every_rule_reads_properties_that_its_blueprint_has(scorecard):
    (blueprint,) = scorecard["blueprints"]
    known = {
        key
        for name in PACKS
        for document in load_pack(name).blueprints
        if document["identifier"] == blueprint
        for key in defined(document)
    }
    for rule in scorecard["rules"]:
        assert reads(parse(rule["query"])) <= known


def defined(blueprint):
    sections = ("mirror_properties", "calculation_properties", "aggregation_properties")
    return [
        *blueprint["schema"]["properties"],
        *(key for section in sections for key in blueprint.get(section, {})),
    ]


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_no_property_of_a_blueprint_is_defined_twice(blueprint):
    keys = defined(blueprint)
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_every_property_has_a_title(blueprint):
    sections = (
        "relations",
        "mirror_properties",
        "calculation_properties",
        "aggregation_properties",
    )
    definitions = [
        *blueprint["schema"]["properties"].values(),
        *(item for section in sections for item in blueprint.get(section, {}).values()),
    ]
    assert all(definition["title"] for definition in definitions)


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_every_color_is_one_of_the_seventeen(blueprint):
    found = {
        color
        for definition in (
            *blueprint["schema"]["properties"].values(),
            *blueprint.get("calculation_properties", {}).values(),
        )
        for color in (definition.get("enumColors") or definition.get("colors") or {}).values()
    }
    assert found <= COLORS


def test_enumerated_values_and_their_colors_are_the_same_set():
    for blueprint in dora("blueprints").values():
        for definition in blueprint["schema"]["properties"].values():
            assert set(definition.get("enum", [])) == set(definition.get("enumColors", {}))


def test_events_belong_to_whoever_owns_their_service():
    found = {key: item.get("ownership") for key, item in dora("blueprints").items()}
    inherited = {"type": "Inherited", "path": "service", "title": "Owning teams"}
    assert found == {
        "_team": None,
        "service": {"type": "Direct", "title": "Owning teams"},
        "deployment": inherited,
        "pull_request": inherited,
        "incident": inherited,
    }


@pytest.mark.parametrize(
    ("owner", "path"), [("service", ["service"]), ("_team", ["service", "$team"])]
)
def test_every_metric_names_the_one_path_to_its_events(owner, path):
    aggregations = dora("blueprints")[owner]["aggregation_properties"]
    for key in aggregations.keys() - {"services_count"}:
        target = aggregations[key]["target"]
        assert aggregations[key]["pathFilter"] == [{"path": path, "fromBlueprint": target}]


def test_services_are_counted_by_their_owners():
    counted = dora("blueprints")["_team"]["aggregation_properties"]["services_count"]
    assert counted["pathFilter"] == [{"path": ["$team"], "fromBlueprint": "service"}]


def test_the_dora_rules_have_the_published_thresholds():
    found = {
        identifier: [
            (rule["identifier"], rule["level"], conditions(rule)) for rule in scorecard["rules"]
        ]
        for identifier, scorecard in dora("scorecards").items()
    }
    assert found == THRESHOLDS


def test_the_golden_cases_speak_of_the_packs_scorecards_and_rules():
    found = {
        identifier: [[rule["identifier"], rule["level"]] for rule in scorecard["rules"]]
        for identifier, scorecard in dora("scorecards").items()
    }
    assert found == GOLDEN["rules"]
    for case in GOLDEN["cases"]:
        assert case["expected"].keys() == found.keys()


def test_the_dashboard_places_every_widget_once_in_full_rows():
    (page,) = load_pack("dora").pages
    (root,) = page["widgets"]
    placed = [column["id"] for row in root["layout"] for column in row["columns"]]
    assert placed == [widget["id"] for widget in root["widgets"]]
    assert [sum(column["size"] for column in row["columns"]) for row in root["layout"]] == [12] * 4


def test_the_dashboard_shows_every_scorecard_of_the_pack():
    (page,) = load_pack("dora").pages
    pies = [widget["property"] for widget in page["widgets"][0]["widgets"] if "property" in widget]
    assert pies == [f"scorecard#{identifier}" for identifier in dora("scorecards")]


needs_reference = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the reference fixtures are not beside the project"
)


def reference(*folders):
    return {
        document["identifier"]: document
        for folder in folders
        for path in sorted((REFERENCE / folder).glob("*.json"))
        for document in [json.loads(path.read_text())]
    }


@needs_reference
def test_identifiers_levels_and_thresholds_equal_the_reference():
    found = {
        identifier: shape(document)
        for identifier, document in reference("seed", "team").items()
        if "rules" in document
    }
    ours = {identifier: shape(document) for identifier, document in dora("scorecards").items()}
    assert ours == found


def shape(scorecard):
    rules = [(rule["identifier"], rule["level"], conditions(rule)) for rule in scorecard["rules"]]
    return scorecard["levels"], rules


@needs_reference
def test_the_golden_cases_equal_the_reference():
    theirs = json.loads((REFERENCE / "expected_levels.json").read_text())["cases"]
    ours = [(case["properties"], unfold(case)) for case in GOLDEN["cases"]]
    assert ours == [(case["properties"], case["expected"]) for case in theirs]


def unfold(case):
    """Return what the case expects with a status for every rule."""
    return {
        scorecard: {
            "level": expected["level"],
            "rules": [
                {"identifier": rule, "level": level, "status": status(rule in expected["failed"])}
                for rule, level in GOLDEN["rules"][scorecard]
            ],
        }
        for scorecard, expected in case["expected"].items()
    }


def status(has_failed):
    return "FAILURE" if has_failed else "SUCCESS"


@needs_reference
@pytest.mark.parametrize("owner", ["service", "_team"])
def test_metrics_aggregate_like_the_reference(owner):
    ours = dora("blueprints")[owner]["aggregation_properties"]
    for item in ours.values():
        # The date of what is counted serves trends; no count depends on it.
        if item["calculationSpec"]["func"] == "count":
            item["calculationSpec"].pop("measureTimeBy", None)
    theirs = reference("blueprints")[owner]["aggregationProperties"]
    meant = {key: renamed(meaning(item)) for key, item in theirs.items()}
    assert {key: meaning(ours[key]) for key in theirs} == meant
    # Beside them stand only DORA's own measures.
    assert all(key.startswith("dora_") for key in ours.keys() - theirs.keys())


def meaning(aggregation):
    return {key: aggregation.get(key) for key in ("target", "type", "query", "calculationSpec")}


def renamed(value):
    """Return the reference's definition in the pack's own names."""
    names = {
        "githubPullRequest": "pull_request",
        "pagerdutyIncident": "incident",
        "deploymentStatus": "status",
        "Success": "success",
        "Production": "production",
        "createdAt": "deployed_at",
        "mergedAt": "merged_at",
        "resolvedAt": "resolved_at",
        "recoveryTime": "recovery_minutes",
    }
    match value:
        case dict():
            return {key: renamed(inner) for key, inner in value.items()}
        case list():
            return [renamed(inner) for inner in value]
        case str():
            return names.get(value, value)
        case _:
            return value


@needs_reference
def test_the_dashboard_has_the_shape_of_the_reference():
    (ours,) = load_pack("dora").pages
    theirs = reference("seed")["dora_scorecards"]
    assert without_words(ours) == without_words(theirs)


def without_words(value):
    match value:
        case dict():
            shown = {
                key: inner for key, inner in value.items() if key not in ("title", "description")
            }
            return {key: without_words(inner) for key, inner in shown.items()}
        case list():
            return ["team" if inner == "$team" else without_words(inner) for inner in value]
        case _:
            return value


@needs_reference
def test_no_sentence_is_taken_from_the_reference():
    theirs = {
        rule[field]
        for document in reference("seed", "team").values()
        for rule in document.get("rules", [])
        for field in ("title", "description")
    }
    ours = {
        rule[field]
        for document in dora("scorecards").values()
        for rule in document["rules"]
        for field in ("title", "description", "how_to_fix")
    }
    assert not ours & theirs
