"""Blueprints, properties and relations that get other names, with all that is known by them."""

from typing import Any

import pytest

from catalog import registry
from catalog.errors import Conflict, Invalid, NotFound
from catalog.models import Blueprint, Change, Entity, EntityRelation, Series
from catalog.operations import (
    EntityDraft,
    delete_blueprint,
    rename_blueprint,
    rename_property,
    rename_relation,
    save_blueprints,
    upsert_entities,
)
from catalog.signals import blueprint_renaming
from tests.builders import (
    NOW,
    TESTER,
    blueprint_document,
    condition,
    level_of,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
)

pytestmark = pytest.mark.django_db

COUNT = {"func": "count", "calculationBy": "entities"}
APP: dict[str, Any] = {
    "identifier": "app",
    "title": "App",
    "schema": {
        "properties": {"tier": {"type": "number"}, "at": {"type": "string"}},
        "required": ["tier"],
    },
    "relations": {"host": {"target": "host"}, "parent": {"target": "app"}},
    "mirror_properties": {
        "zone": {"path": "host.zone"},
        "parent_tier": {"path": "parent.tier"},
        "parent_zone": {"path": "parent.host.zone"},
        "owners": {"path": "host.$team.description"},
    },
    "calculation_properties": {"loud": {"type": "string", "calculation": '.title + "!"'}},
    "aggregation_properties": {
        "children": {
            "target": "app",
            "calculationSpec": {
                "func": "sum",
                "calculationBy": "property",
                "property": "tier",
                "measureTimeBy": "at",
            },
            "pathFilter": [{"path": ["parent"], "fromBlueprint": "app"}],
            "query": {
                "combinator": "and",
                "rules": [
                    {"property": "tier", "operator": ">", "value": 0},
                    {
                        "combinator": "or",
                        "conditions": [
                            {"relation": "host", "operator": "isNotEmpty"},
                            {"property": "zone", "operator": "=", "value": {"property": "tier"}},
                        ],
                    },
                ],
            },
        }
    },
    "ownership": {"type": "Inherited", "path": "host"},
}
HOST: dict[str, Any] = {
    "identifier": "host",
    "title": "Host",
    "schema": {"properties": {"zone": {"type": "string"}}},
    "ownership": {"type": "Direct"},
    "aggregation_properties": {
        "apps": {
            "target": "app",
            "calculationSpec": COUNT,
            "pathFilter": [{"path": ["host"], "fromBlueprint": "app"}],
            "query": {
                "combinator": "and",
                "conditions": [{"property": "tier", "operator": "<", "value": 3}],
            },
        }
    },
}


@pytest.fixture(autouse=True)
def model(db: None) -> None:
    save_blueprints(definitions=[APP, HOST], by=TESTER, now=NOW)
    make_team("core", properties={"description": "Core"})
    make_entity("h1", blueprint="host", properties={"zone": "eu"}, team="core")
    make_entity("root", blueprint="app", properties={"tier": 1}, relations={"host": "h1"})
    make_entity(
        "leaf", blueprint="app", properties={"tier": 2}, relations={"host": "h1", "parent": "root"}
    )


def _facts(identifier: str) -> dict[str, Any]:
    return Entity.objects.get(identifier=identifier).facts


def _row(identifier: str) -> Blueprint:
    return Blueprint.objects.get(identifier=identifier)


def _moved(facts: dict[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in facts.items()}


def _of_everybody() -> dict[str, dict[str, Any]]:
    return {row.identifier: row.facts for row in Entity.objects.all()}


def test_a_property_is_renamed_with_its_values_and_all_that_reads_it() -> None:
    before = _of_everybody()
    row = rename_property(blueprint=_row("app"), key="tier", new_key="rank", by=TESTER, now=NOW)
    assert set(row.schema["properties"]) == {"rank", "at"}
    assert row.schema["required"] == ["rank"]
    assert row.mirror_properties["parent_tier"]["path"] == "parent.rank"
    children = row.aggregation_properties["children"]
    assert children["calculationSpec"]["property"] == "rank"
    rules = children["query"]["rules"]
    assert rules[0]["property"] == "rank"
    assert rules[1]["conditions"][1]["value"] == {"property": "rank"}
    apps = _row("host").aggregation_properties["apps"]
    assert apps["query"]["conditions"][0]["property"] == "rank"
    assert Entity.objects.get(identifier="leaf").properties == {"rank": 2}
    assert _of_everybody() == {
        name: _moved(facts, tier="rank") if facts["$blueprint"] == "app" else facts
        for name, facts in before.items()
    }


def test_what_a_property_is_measured_by_follows() -> None:
    rename_property(blueprint=_row("app"), key="at", new_key="happened", by=TESTER, now=NOW)
    spec = _row("app").aggregation_properties["children"]["calculationSpec"]
    assert spec["measureTimeBy"] == "happened"


@pytest.mark.parametrize("key", ["zone", "loud", "children"])
def test_a_computed_property_is_renamed_with_all_that_reads_it(key: str) -> None:
    before = _of_everybody()
    row = rename_property(blueprint=_row("app"), key=key, new_key="other", by=TESTER, now=NOW)
    if key == "zone":
        rules = row.aggregation_properties["children"]["query"]["rules"]
        assert rules[1]["conditions"][1]["property"] == "other"
    assert _of_everybody() == {
        name: _moved(facts, **{key: "other"}) if facts["$blueprint"] == "app" else facts
        for name, facts in before.items()
    }


def test_a_relation_is_renamed_with_its_rows_and_the_paths_across_it() -> None:
    before = _of_everybody()
    row = rename_relation(blueprint=_row("app"), key="host", new_key="runs_on",
                          by=TESTER, now=NOW)  # fmt: skip
    assert set(row.relations) == {"runs_on", "parent"}
    paths = {key: item["path"] for key, item in row.mirror_properties.items()}
    assert paths == {
        "zone": "runs_on.zone",
        "parent_tier": "parent.tier",
        "parent_zone": "parent.runs_on.zone",
        "owners": "runs_on.$team.description",
    }
    assert row.ownership == {"type": "Inherited", "path": "runs_on"}
    rules = row.aggregation_properties["children"]["query"]["rules"]
    assert rules[1]["conditions"][0]["relation"] == "runs_on"
    assert _row("host").aggregation_properties["apps"]["pathFilter"][0]["path"] == ["runs_on"]
    assert not EntityRelation.objects.filter(relation="host").exists()
    names = {"relation#host": "relation#runs_on"}
    assert _of_everybody() == {
        name: _moved(facts, **names) if facts["$blueprint"] == "app" else facts
        for name, facts in before.items()
    }


def test_a_relation_of_the_same_name_elsewhere_stays() -> None:
    make_blueprint("room", relations={"host": {"target": "host"}},
                   mirror_properties={"zone": {"path": "host.zone"}})  # fmt: skip
    rename_relation(blueprint=_row("app"), key="host", new_key="on", by=TESTER, now=NOW)
    room = _row("room")
    assert (list(room.relations), room.mirror_properties["zone"]["path"]) == (["host"], "host.zone")


def test_renaming_there_and_back_changes_nothing() -> None:
    def documents() -> dict[str, Any]:
        return {row.identifier: registry.document_of(row) for row in Blueprint.objects.all()}

    before, facts = documents(), _of_everybody()
    for rename, old, new in [
        (rename_property, "tier", "rank"),
        (rename_property, "zone", "area"),
        (rename_relation, "host", "on"),
    ]:
        rename(blueprint=_row("app"), key=old, new_key=new, by=TESTER, now=NOW)
        rename(blueprint=_row("app"), key=new, new_key=old, by=TESTER, now=NOW)
    rename_blueprint(blueprint=_row("app"), identifier="tool", by=TESTER, now=NOW)
    rename_blueprint(blueprint=_row("tool"), identifier="app", by=TESTER, now=NOW)
    assert (documents(), _of_everybody()) == (before, facts)


def test_an_inferred_relation_follows_what_it_reads() -> None:
    inferred = {"through": "parent", "at": "at", "targetAt": "at", "withinHours": 1,
                "query": condition("tier", ">", 1)}  # fmt: skip
    relations = {**APP["relations"], "next": {"target": "app", "inferred": inferred}}
    save_blueprints(definitions=[{**APP, "relations": relations}], by=TESTER, now=NOW)
    for old, new in [("at", "happened"), ("tier", "rank")]:
        rename_property(blueprint=_row("app"), key=old, new_key=new, by=TESTER, now=NOW)
    assert _row("app").relations["next"]["inferred"] == {
        **inferred,
        "at": "happened",
        "targetAt": "happened",
        "query": condition("rank", ">", 1),
    }
    # It is led by one name in two places.
    with pytest.raises(Invalid):
        rename_relation(blueprint=_row("app"), key="parent", new_key="up", by=TESTER, now=NOW)
    assert "parent" in _row("app").relations


@pytest.mark.parametrize("program", [".properties.tier + 1", ".properties | .tier", "keys | .tier"])
def test_what_a_program_reads_is_not_renamed(program: str) -> None:
    calculation = {"next_tier": {"type": "number", "calculation": program}}
    save_blueprints(
        definitions=[{**APP, "calculation_properties": calculation}], by=TESTER, now=NOW
    )
    with pytest.raises(Conflict, match="read by the calculations next_tier"):
        rename_property(blueprint=_row("app"), key="tier", new_key="rank", by=TESTER, now=NOW)
    assert Entity.objects.get(identifier="leaf").properties == {"tier": 2}
    rename_property(blueprint=_row("app"), key="at", new_key="happened", by=TESTER, now=NOW)


def test_a_relation_that_a_program_reads_is_not_renamed() -> None:
    calculation = {"x": {"type": "string", "calculation": ".relations.host"}}
    save_blueprints(
        definitions=[{**APP, "calculation_properties": calculation}], by=TESTER, now=NOW
    )
    with pytest.raises(Conflict, match="read by the calculations x"):
        rename_relation(blueprint=_row("app"), key="host", new_key="on", by=TESTER, now=NOW)
    assert EntityRelation.objects.filter(relation="host").count() == 2


def test_what_rules_and_filters_read_is_not_renamed() -> None:
    make_scorecard(
        blueprints=["app"],
        filter=condition("at", "isEmpty"),
        rules=[
            {"identifier": "tiered", "title": "T", "level": "Gold",
             "query": condition("tier", "<", 3), "filter": condition("zone", "isNotEmpty")},
        ],
    )  # fmt: skip
    for key, reader in [
        ("tier", "the rule quality/tiered"),
        ("zone", "the filter of quality/tiered"),
        ("at", "the filter of quality"),
    ]:
        with pytest.raises(Conflict, match=f"^'{key}' is read by {reader}; edit"):
            rename_property(blueprint=_row("app"), key=key, new_key="rank", by=TESTER, now=NOW)
    assert _facts("leaf")["tier"] == 2


@pytest.mark.parametrize(
    ("key", "new", "error"),
    [
        ("nothing", "rank", NotFound),
        ("host", "rank", NotFound),
        ("tier", "at", Conflict),
        ("tier", "zone", Conflict),
        ("tier", "tier", Conflict),
        ("tier", "a b", Invalid),
        ("tier", "", Invalid),
        ("tier", "x" * 101, Invalid),
        ("tier", "a\n", Invalid),
    ],
)
def test_names_that_cannot_be_are_refused(key: str, new: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        rename_property(blueprint=_row("app"), key=key, new_key=new, by=TESTER, now=NOW)


def test_what_the_portal_relies_on_is_not_renamed() -> None:
    with pytest.raises(Conflict):
        rename_property(
            blueprint=_row("_team"), key="description", new_key="text", by=TESTER, now=NOW
        )
    with pytest.raises(Conflict):
        rename_blueprint(blueprint=_row("_team"), identifier="group", by=TESTER, now=NOW)


def test_a_blueprint_is_renamed_with_all_that_points_at_it() -> None:
    make_scorecard(blueprints=["app"], rules=[
        {"identifier": "tiered", "title": "T", "level": "Gold", "query": condition("tier", "<", 3)}
    ])  # fmt: skip
    before = _of_everybody()
    history = Change.objects.of_entity(Entity.objects.get(identifier="leaf")).count()
    row = rename_blueprint(blueprint=_row("app"), identifier="tool", by=TESTER, now=NOW)
    assert row.identifier == "tool"
    assert not Blueprint.objects.filter(identifier="app").exists()
    tool = _row("tool")
    assert tool.relations["parent"]["target"] == "tool"
    children = tool.aggregation_properties["children"]
    assert (children["target"], children["pathFilter"]) == (
        "tool",
        [{"path": ["parent"], "fromBlueprint": "tool"}],
    )
    apps = _row("host").aggregation_properties["apps"]
    assert (apps["target"], apps["pathFilter"][0]["fromBlueprint"]) == ("tool", "tool")
    assert _of_everybody() == {
        name: {**facts, "$blueprint": "tool"} if facts["$blueprint"] == "app" else facts
        for name, facts in before.items()
    }
    leaf = Entity.objects.get(identifier="leaf")
    assert Change.objects.of_entity(leaf).count() == history
    changes = Change.objects.filter(kind="blueprint", identifier="tool").order_by("id")
    assert [change.action for change in changes] == ["created", "updated"]
    assert level_of(leaf) == "Gold"


def test_numbers_are_kept_up_after_a_renaming() -> None:
    rename_blueprint(blueprint=_row("app"), identifier="tool", by=TESTER, now=NOW)
    rename_relation(blueprint=_row("tool"), key="parent", new_key="up", by=TESTER, now=NOW)
    assert _facts("root")["children"] == 2
    make_entity(
        "leaf2", blueprint="tool", properties={"tier": 5}, relations={"host": "h1", "up": "root"}
    )
    assert _facts("root")["children"] == 7
    assert _facts("h1")["apps"] == 2
    assert Series.objects.exists()


def test_a_blueprint_does_not_take_the_identifier_of_another() -> None:
    with pytest.raises(Conflict):
        rename_blueprint(blueprint=_row("app"), identifier="host", by=TESTER, now=NOW)
    with pytest.raises(Invalid) as refused:
        rename_blueprint(blueprint=_row("app"), identifier="a b", by=TESTER, now=NOW)
    assert [fault.path for fault in refused.value.faults] == ["identifier"]


def test_whoever_knows_a_blueprint_by_name_may_refuse() -> None:
    def refuse(**kwargs: Any) -> None:
        raise Conflict(f"{kwargs['blueprint'].identifier} is on a page")

    blueprint_renaming.connect(refuse)
    try:
        with pytest.raises(Conflict, match="app is on a page"):
            rename_blueprint(blueprint=_row("app"), identifier="tool", by=TESTER, now=NOW)
    finally:
        blueprint_renaming.disconnect(refuse)
    assert _row("app").relations["parent"]["target"] == "app"


@pytest.mark.parametrize("change", ["deleted", "renamed"])
def test_whoever_comes_after_a_blueprint_went_is_told(change: str):
    make_blueprint(
        **blueprint_document("tool", ownership=None, relations={"to": {"target": "tool"}})
    )
    stale = _row("tool")
    if change == "deleted":
        delete_blueprint(blueprint=_row("tool"), by=TESTER, now=NOW)
    else:
        rename_blueprint(blueprint=_row("tool"), identifier="gear", by=TESTER, now=NOW)
    late = {"blueprint": stale, "by": TESTER, "now": NOW}
    for write in (
        lambda: rename_blueprint(identifier="other", **late),
        lambda: rename_property(key="tier", new_key="rank", **late),
        lambda: rename_relation(key="to", new_key="at", **late),
        lambda: upsert_entities(drafts=[EntityDraft("a")], **late),
    ):
        with pytest.raises(NotFound) as refused:
            write()
        assert str(refused.value) == "There is no blueprint 'tool' any more."
