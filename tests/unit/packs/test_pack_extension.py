"""Extending a blueprint adds the pack's definitions and keeps everything else."""

from copy import deepcopy

from scorecards.packs import extend_blueprint, load_pack

EXISTING = {
    "identifier": "service",
    "title": "Our services",
    "description": "",
    "icon": "",
    "schema": {
        "properties": {"tier": {"type": "string"}, "url": {"type": "string"}},
        "required": ["tier"],
    },
    "relations": {"system": {"target": "system"}},
    "mirror_properties": {},
    "calculation_properties": {},
    "aggregation_properties": {"depth": {"target": "service"}},
    "ownership": None,
}
EXTENSION = {
    "identifier": "service",
    "title": "Service",
    "description": "Something that runs.",
    "icon": "Microservice",
    "ownership": {"type": "Direct"},
    "schema": {
        "properties": {"url": {"type": "string", "format": "url"}, "readme": {"type": "string"}},
        "required": ["readme", "tier"],
    },
    "relations": {"host": {"target": "host"}},
    "calculation_properties": {"rate": {"calculation": ".properties.tier", "type": "string"}},
}


def test_the_pack_wins_for_its_own_keys_and_keeps_all_others():
    assert extend_blueprint(EXISTING, EXTENSION) == {
        "identifier": "service",
        "title": "Our services",
        "description": "Something that runs.",
        "icon": "Microservice",
        "schema": {
            "properties": {
                "tier": {"type": "string"},
                "url": {"type": "string", "format": "url"},
                "readme": {"type": "string"},
            },
            "required": ["tier", "readme"],
        },
        "relations": {"system": {"target": "system"}, "host": {"target": "host"}},
        "mirror_properties": {},
        "calculation_properties": {"rate": {"calculation": ".properties.tier", "type": "string"}},
        "aggregation_properties": {"depth": {"target": "service"}},
        "ownership": {"type": "Direct"},
    }


def test_extending_changes_neither_document():
    existing, extension = deepcopy(EXISTING), deepcopy(EXTENSION)
    merged = extend_blueprint(existing, extension)
    merged["schema"]["properties"]["url"]["title"] = "changed"
    merged["relations"]["host"]["title"] = "changed"
    assert (existing, extension) == (EXISTING, EXTENSION)


def test_what_the_extension_is_silent_about_stays_as_it_is():
    silent = {"identifier": "service", "schema": {"properties": {}, "required": []}}
    assert extend_blueprint(EXISTING, silent) == EXISTING


def test_extending_twice_changes_nothing_more():
    for name in ("dora", "basics"):
        for document in load_pack(name).blueprints:
            once = extend_blueprint(EXISTING, document)
            assert extend_blueprint(once, document) == once


def test_the_order_of_the_two_packs_does_not_matter():
    (dora,) = [item for item in load_pack("dora").blueprints if item["identifier"] == "service"]
    (basics,) = load_pack("basics").blueprints
    assert extend_blueprint(dora, basics) == extend_blueprint(basics, dora)
