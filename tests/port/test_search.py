"""Searches: the rule grammar, pages, datasources, and numbers over what is found."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import Fault, Invalid
from catalog.models import Entity
from catalog.operations import save_blueprint, upsert_entities
from portal.integrations.port import rules
from tests.builders import (
    NOW,
    TESTER,
    blueprint_document,
    make_blueprint,
    make_entity,
    make_scorecard,
    make_team,
)
from tests.port.clients import PortClient


@pytest.fixture
def catalog(db: None) -> None:
    """Store a chain of services, money <- cart <- shop, in two domains, with teams and levels.

    `cart` and `shop` are of the domain `money`, by an optional relation; `shop` requires `cart`.
    """
    make_team("core", title="Core")
    make_blueprint("domain", ownership=None)
    document = blueprint_document(
        relations={
            "domain": {"target": "domain"},
            "parent": {"target": "service"},
            "uses": {"target": "service", "many": True},
        }
    )
    document["schema"]["properties"] |= {
        "expires": {"type": "string", "format": "timer"},
        "site": {"type": "string", "format": "url"},
        "tags": {"type": "array", "items": {"type": "string"}},
    }
    save_blueprint(definition=document, by=TESTER, now=NOW)
    make_scorecard()
    make_entity("money", title="Money", blueprint="domain")
    make_entity("base", title="Base", properties={"tier": 1, "site": "https://a.example"})
    make_entity(
        "cart",
        title="Cart",
        team="core",
        properties={"tier": 2, "language": "Go", "tags": ["x", "y"]},
        relations={"domain": "money", "uses": ["base"], "parent": "base"},
    )
    make_entity(
        "shop",
        title="Shop",
        properties={"language": "go", "expires": "2020-01-01T00:00:00Z", "tags": ["x"]},
        relations={"domain": "money", "uses": ["cart"], "parent": "cart"},
    )


def rule(subject: str, operator: str, *value: Any, kind: str = "property") -> dict[str, Any]:
    """Return one rule."""
    return {kind: subject, "operator": operator, **({"value": value[0]} if value else {})}


def found(port: PortClient, *items: dict[str, Any], combinator: str = "and") -> list[str]:
    """Return the services that a search over the whole catalog finds."""
    query = {"combinator": combinator, "rules": [rule("$blueprint", "=", "service"), *items]}
    if combinator == "or":
        query["rules"] = list(items)
    body = port.post("/entities/search", query).json()
    assert body["ok"] is True, body
    return [entity["identifier"] for entity in body["entities"]]


_IN_DOMAIN = {"operator": "matchAny", "property": {"path": ["domain"]}, "value": "money"}


@pytest.mark.parametrize(
    ("item", "names"),
    [
        (rule("tier", ">=", 2), ["cart"]),
        (rule("tier", "=", None), ["shop"]),
        (rule("tier", "!=", None), ["base", "cart"]),
        (rule("tier", "!=", 1), ["cart", "shop"]),
        (rule("tier", "isEmpty"), ["shop"]),
        (rule("language", "=", "Go"), ["cart"]),
        (rule("language", "in", ["Go", "go"]), ["cart", "shop"]),
        (rule("language", "notIn", ["Go"]), ["base", "shop"]),
        (rule("language", "in", []), []),
        (rule("tags", "containsAny", ["y", "z"]), ["cart"]),
        (rule("$title", "beginsWith", "S"), ["shop"]),
        (rule("$team", "containsAny", ["core"]), ["cart"]),
        (rule("$identifier", "in", ["cart", "nobody"]), ["cart"]),
        (rule("domain", "=", "money", kind="relation"), ["cart", "shop"]),
        ({**rule("domain", "=", "Money", kind="relation"), "targetProperty": "$title"},
         ["cart", "shop"]),
        ({**rule("domain", "!=", "Money", kind="relation"), "targetProperty": "$title"}, ["base"]),
        ({**rule("uses", "=", "Cart", kind="relation"), "targetProperty": "$title"}, ["shop"]),
        ({**rule("domain", "=", "money", kind="relation"), "targetProperty": "$identifier"},
         ["cart", "shop"]),
        (rule("expires", "isExpired"), ["shop"]),
        (rule("expires", "isNotExpired"), ["base", "cart"]),
        (rule("$createdAt", "between", {"preset": "lastMonth"}), []),
        (rule("quality", "=", "Bronze", kind="scorecard"), ["base"]),
        (rule("quality", "!=", "Bronze", kind="scorecard"), ["cart", "shop"]),
        (rule("quality", "in", ["Basic", "Gold"], kind="scorecard"), ["shop"]),
        ({**rule("quality", "=", "SUCCESS", kind="scorecard"), "scorecardRule": "tiered"},
         ["base", "cart"]),
        ({**rule("quality", "=", "FAILURE", kind="scorecard"), "scorecardRule": "tiered"},
         ["shop"]),
        ({**rule("quality", "=", "FAILURE", kind="scorecard"), "scorecardRule": "no"}, []),
        (rule("nothing", "=", "Bronze", kind="scorecard"), []),
        ({"propertySchema": {"type": "string"}, "operator": "=", "value": "Go"}, ["cart"]),
        ({"propertySchema": {"type": "string", "format": "url"}, "operator": "contains",
          "value": "a.ex"}, ["base"]),
        ({"propertySchema": {"type": "array", "items": {"type": "string"}}, "operator": "contains",
          "value": "y"}, ["cart"]),
        ({"operator": "relatedTo", "blueprint": "domain", "value": "money"}, ["cart", "shop"]),
        ({"operator": "relatedTo", "blueprint": "service", "value": "shop"}, ["base", "cart"]),
        ({"operator": "relatedTo", "blueprint": "service", "value": "cart",
          "direction": "upstream"}, ["base"]),
        ({"operator": "relatedTo", "blueprint": "service", "value": ["cart"],
          "direction": "downstream"}, ["shop"]),
        ({"operator": "relatedTo", "blueprint": "service", "value": "cart", "required": True}, []),
        ({"operator": "relatedTo", "blueprint": "service", "value": "cart", "required": False},
         ["base", "shop"]),
        ({"operator": "relatedTo", "blueprint": "_team", "value": "core"}, ["cart", "shop"]),
        (_IN_DOMAIN, ["cart", "shop"]),
        ({"operator": "matchAny", "property": "domain", "value": ["money"]}, ["cart", "shop"]),
        ({"operator": "matchAny", "property": {"path": ["uses", "uses"]}, "value": "base"},
         ["shop"]),
        ({"operator": "matchAny", "property": {"path": [{"relation": "uses", "maxHops": 2}]},
          "value": "base"}, ["cart", "shop"]),
        ({"operator": "matchAny", "property": {"path": [{"relation": "uses", "maxHops": 5},
          "domain"]}, "value": "money"}, ["shop"]),
        ({"operator": "matchAny", "property": {"path": ["uses"], "fromBlueprint": "service"},
          "value": ["shop", "cart"]}, ["base", "cart"]),
        ({"combinator": "or", "rules": [rule("tier", "=", 1), rule("$title", "=", "Shop")]},
         ["base", "shop"]),
        ({"combinator": "and", "rules": []}, ["base", "cart", "shop"]),
        ({**rule("tier", "isEmpty"), "not_": False}, ["shop"]),
    ],
)  # fmt: skip
def test_rules_find_what_they_mean(
    port: PortClient, catalog: None, item: dict[str, Any], names: list[str]
) -> None:
    assert sorted(found(port, item)) == names


def test_a_search_tells_the_blueprints_of_what_it_found(port: PortClient, catalog: None) -> None:
    query = {"combinator": "or", "rules": [rule("$title", "in", ["Money", "Cart"])]}
    body = port.post("/entities/search?include=title", query).json()
    assert body["matchingBlueprints"] == ["domain", "service"]
    assert body["failedBlueprints"] == []
    assert {entity["title"] for entity in body["entities"]} == {"Money", "Cart"}
    assert all("properties" not in entity for entity in body["entities"])


def test_a_search_names_the_datasource_of_a_client(port: PortClient, catalog: None) -> None:
    port.agent = "port-ocean/json/0.1/main/exporter"
    port.post("/blueprints/service/entities", {"identifier": "ours"})
    prefix = rule("$datasource", "contains", "port-ocean/json/")
    suffix = rule("$datasource", "contains", "/main/exporter")
    assert found(port, prefix, suffix) == ["ours"]


@pytest.mark.parametrize(
    ("item", "place"),
    [
        ({"property": "tier", "operator": "=~", "value": 1}, "rules[0].operator"),
        ({"operator": "=", "value": 1}, "rules[0]"),
        ({"property": "tier", "operator": ">", "value": "x"}, "rules[0].value"),
        ({"operator": "relatedTo", "value": "x"}, "rules[0].blueprint"),
        ({"operator": "relatedTo", "blueprint": "service", "value": 1}, "rules[0].value"),
        ({"operator": "matchAny", "property": {"path": []}, "value": "x"},
         "rules[0].property.path"),
        ({"operator": "matchAny", "property": {"path": [{"relation": "a", "maxHops": 99}]},
          "value": "x"}, "rules[0].property.path[0].maxHops"),
        ({"scorecard": "q", "operator": ">", "value": "Gold"}, "rules[0].operator"),
        ({"propertySchema": "string", "operator": "=", "value": 1}, "rules[0].propertySchema"),
        ({"property": "$team", "operator": "in", "value": {"context": "userTeams"}}, "rules[0]"),
        ({"combinator": "xor", "rules": []}, "rules[0].combinator"),
        (7, "rules[0]"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_read_is_named(
    port: PortClient, catalog: None, item: Any, place: str
) -> None:
    answer = port.post("/entities/search", {"combinator": "and", "rules": [item]})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{place}: ")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["combinator", "rules", "conditions", "property", "relation", "operator", "value",
             "blueprint", "path", "propertySchema", "scorecard", "scorecardRule", "maxHops",
             "targetProperty", "fromBlueprint", "type", "not"]
        ),
        inner | st.sampled_from(["and", "or", "=", "matchAny", "relatedTo", "in", "$title"]),
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(raw=_JSON)
def test_whatever_is_sent_is_read_or_refused(raw: Any) -> None:
    assert _read(raw) is None or all(path.startswith("query") for path in _read(raw))


def _read(raw: Any) -> list[str] | None:
    """Return where something is wrong with a search; None where nothing is."""
    try:
        rules.parse(raw, now=NOW)
    except Invalid as error:
        return [fault.path for fault in error.faults] or ["nowhere"]
    return None


@pytest.mark.parametrize(
    "rule",
    [
        {"scorecard": "quality", "operator": "=", "value": "Gold"},
        {"propertySchema": {"type": "string"}, "operator": "=", "value": "x"},
        {"operator": "relatedTo", "blueprint": "service", "value": "cart"},
        {"operator": "matchAny", "property": "service", "value": "cart"},
    ],
)
def test_a_search_looks_beyond_the_facts_only_so_often(rule: dict[str, Any]) -> None:
    inner = {"combinator": "or", "rules": [rule] * 30}
    rules.parse({"combinator": "or", "rules": [inner, *[rule] * 20]}, now=NOW)
    with pytest.raises(Invalid) as refused:
        rules.parse({"combinator": "or", "rules": [inner, *[rule] * 500]}, now=NOW)
    message = "a search asks for scorecards, types and relations at most 50 times; split it"
    assert refused.value.faults == [Fault("query.rules[21]", message)]


def test_a_blueprint_is_searched_page_by_page(port: PortClient, catalog: None) -> None:
    path = "/blueprints/service/entities/search"
    names: list[str] = []
    body: dict[str, Any] = {"limit": 2, "include": ["$identifier", "$title"]}
    while True:
        answer = port.post(path, body).json()
        assert answer["ok"] is True
        names += [entity["title"] for entity in answer["entities"]]
        if answer["next"] is None:
            break
        body["from"] = answer["next"]
    assert names == ["Base", "Cart", "Shop"]
    query = {"combinator": "and", "rules": [rule("tier", "=", 1)]}
    answer = port.post(path, {"query": query}).json()
    assert [entity["identifier"] for entity in answer["entities"]] == ["base"]
    assert answer["next"] is None


@pytest.mark.parametrize(
    "change",
    [{"limit": 0}, {"limit": 1_001}, {"limit": True}, {"limit": "2"}, {"from": "x"}, {"from": 7},
     {"from": "%%%"}, {"include": "title"}, {"query": []}, {"query": {"rules": []}}],
)  # fmt: skip
def test_a_page_that_cannot_be_is_refused(
    port: PortClient, catalog: None, change: dict[str, Any]
) -> None:
    answer = port.post("/blueprints/service/entities/search", change)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(next(iter(change)))


def test_the_stale_entities_of_a_datasource_are_found(port: PortClient, catalog: None) -> None:
    agent = "port-ocean/json/0.1/main/exporter"
    port.agent = agent
    for name in ("a", "b"):
        port.post("/blueprints/service/entities?upsert=true", {"identifier": name})
    port.agent = "port-ocean/json/0.2/main/exporter"
    port.post("/blueprints/service/entities?upsert=true", {"identifier": "b"})
    wanted = {"datasource_prefix": "port-ocean/json/", "datasource_suffix": "/main/exporter"}
    path = "/blueprints/entities/datasource-entities"
    both = [{"identifier": name, "blueprint": "service"} for name in ("a", "b")]
    assert port.post(path, {**wanted, "limit": 5000}).json() == {
        "ok": True, "entities": both, "next": None
    }  # fmt: skip
    first = port.post(path, {**wanted, "limit": 1}).json()
    assert first["entities"] == both[:1]
    assert port.post(path, {**wanted, "limit": 1, "from": first["next"]}).json() == {
        "ok": True, "entities": both[1:], "next": None
    }  # fmt: skip
    old = Entity.objects.get(identifier="a").updated_at
    before = (old - timedelta(seconds=1)).isoformat()
    assert port.post(path, {**wanted, "before": before}).json()["entities"] == []
    other = {"datasource_prefix": "port-ocean/json/", "datasource_suffix": "/other/exporter"}
    assert port.post(path, other).json()["entities"] == []
    assert port.post(path, {**wanted, "before": "soon"}).status_code == 422


def test_a_search_costs_no_more_for_more(
    port: PortClient, catalog: None, django_assert_max_num_queries
) -> None:
    from catalog.models import Blueprint
    from catalog.operations import EntityDraft

    upsert_entities(
        blueprint=Blueprint.objects.get(identifier="service"),
        drafts=[EntityDraft(f"s{index}", properties={"tier": 1}) for index in range(50)],
        by=TESTER,
        now=NOW,
    )
    with django_assert_max_num_queries(10):
        assert len(found(port, rule("tier", "=", 1))) == 51


def aggregate(port: PortClient, **body: Any) -> Any:
    """Return the result of an aggregation over the services."""
    query = {"combinator": "and", "rules": [rule("$blueprint", "=", "service")]}
    answer = port.post("/entities/aggregate", {"query": query, **body}).json()
    assert answer["ok"] is True, answer
    return answer["result"]


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ({"func": "count", "calculationBy": "entities"}, 3),
        ({"func": "sum", "property": "tier"}, 3),
        ({"func": "average", "property": "tier", "averageOf": "total"}, 1.5),
        ({"func": "min", "property": "tier"}, 1),
        ({"func": "max", "property": "tier"}, 2),
        ({"func": "median", "property": "tier"}, 1.5),
        ({"func": "median", "property": "language"}, None),
        ({"func": "countValues", "property": "tier"}, {"1": 1, "2": 1, "null": 1}),
        ({"func": "countValues", "property": "language"}, {"Go": 1, "go": 1, "null": 1}),
        ({"func": "countValues", "property": "tags"}, {"x": 2, "y": 1, "null": 1}),
        ({"func": "countValues", "relation": "domain"}, {"money": 2, "null": 1}),
        ({"func": "countValues", "scorecard": "quality"}, {"Silver": 1, "Bronze": 1, "Basic": 1}),
        ({"func": "countValues", "scorecard": "quality", "scorecardRule": "tiered"},
         {"SUCCESS": 2, "FAILURE": 1}),
    ],
)  # fmt: skip
def test_numbers_over_what_is_found(
    port: PortClient, catalog: None, body: dict[str, Any], result: Any
) -> None:
    assert aggregate(port, **body) == result


@pytest.mark.parametrize(
    "body",
    [{}, {"func": "sum"}, {"func": "sum", "property": 1}, {"func": "count", "averageOf": "year"},
     {"func": "countValues"}, {"func": "countValues", "property": "a", "relation": "b"},
     {"func": "count", "calculationBy": "x"}, {"func": ["sum"], "property": "tier"},
     {"func": "average", "averageOf": [], "measureTimeBy": 1}],
)  # fmt: skip
def test_numbers_that_cannot_be_are_refused(
    port: PortClient, catalog: None, body: dict[str, Any]
) -> None:
    assert port.post("/entities/aggregate", body).status_code == 422


def test_entities_are_counted_by_interval(port: PortClient, catalog: None) -> None:
    body = {
        "blueprint": "service",
        "aggregationType": "countEntities",
        "func": "count",
        "measureTimeBy": "$createdAt",
        "timeInterval": "day",
        "timeRange": {"preset": "lastWeek", "timeZone": "Europe/Paris"},
        "query": {"combinator": "and", "rules": [rule("$identifier", "=", "new")]},
    }
    port.post("/blueprints/service/entities", {"identifier": "new", "properties": {"tier": 4}})
    result = port.post("/entities/aggregate-over-time", body).json()["result"]
    assert [item["values"]["count"] for item in result["data"]] == [0] * 7 + [1]
    body |= {"func": "sum", "aggregationType": "aggregatePropertiesValues", "properties": ["tier"]}
    result = port.post("/entities/aggregate-over-time", body).json()["result"]
    assert [item["values"]["tier"] for item in result["data"]] == [None] * 7 + [4]
    body |= {"timeRange": {"preset": "nextWeek"}}
    assert port.post("/entities/aggregate-over-time", body).status_code == 422


def test_the_past_of_a_property_is_read_from_history(port: PortClient, catalog: None) -> None:
    from portal.integrations.port.intervals import read_timeline
    from portal.integrations.port.over_time import remembered

    for days, tier in ((5, 2), (3, 7), (1, 8)):
        make_entity("past", properties={"tier": tier}, now=NOW - timedelta(days=days))
    span = {"timeRange": {"preset": "lastWeek"}, "timeInterval": "day"}
    timeline = read_timeline(span, now=NOW)
    values = remembered(Entity.objects.get(identifier="past"), ["tier"], timeline)
    assert [value["tier"] for value in values] == [None, None, 2, 2, 7, 7, 8, 8]
    answer = port.post(
        "/entities/properties-history",
        {**span, "entityIdentifier": "past", "blueprintIdentifier": "service",
         "propertyNames": ["tier"]},
    )  # fmt: skip
    assert answer.status_code == 200
    assert answer.json()["result"]["data"][-1]["values"] == {"tier": 8}
