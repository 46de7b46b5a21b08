"""Entities of one blueprint: writing, reading, deleting."""

from typing import Any
from urllib.parse import quote

import pytest

from catalog.models import Change, Entity
from tests.builders import make_blueprint, make_entity, make_scorecard, make_team, rule_document
from tests.port.clients import PortClient

STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy")
UPSERT = "?upsert=true&merge=true"


def bare(entity: dict[str, Any]) -> dict[str, Any]:
    """Return an entity without who wrote it when."""
    return {key: value for key, value in entity.items() if key not in STAMPS}


@pytest.fixture
def service(db: None) -> None:
    """Store a domain and a service blueprint, and one domain."""
    make_blueprint("domain", ownership=None)
    make_blueprint(
        relations={
            "domain": {"target": "domain"},
            "uses": {"target": "service", "many": True},
        },
        calculation_properties={"double": {"type": "number", "calculation": ".properties.tier*2"}},
    )
    make_entity("money", title="Money", blueprint="domain")
    make_team("core")


CART = {
    "identifier": "cart",
    "title": "Cart",
    "team": "core",
    "properties": {"tier": 1},
    "relations": {"domain": "money"},
}
SHOWN = {
    "identifier": "cart",
    "blueprint": "service",
    "title": "Cart",
    "icon": None,
    "team": ["core"],
    "properties": {"tier": 1, "language": None, "double": 2},
    "relations": {"domain": "money", "uses": []},
}


def test_an_entity_is_written_and_read_back(port: PortClient, service: None) -> None:
    answer = port.post("/blueprints/service/entities", CART)
    body = answer.json()
    assert (answer.status_code, body["ok"]) == (201, True)
    assert bare(body["entity"]) == SHOWN
    assert body["entity"]["createdBy"] == "writer"
    assert port.get("/blueprints/service/entities/cart").json() == body
    assert port.get("/blueprints/service/entities").json() == {
        "ok": True,
        "entities": [body["entity"]],
    }


def test_what_exists_is_not_created_again(port: PortClient, service: None) -> None:
    port.post("/blueprints/service/entities", CART)
    answer = port.post("/blueprints/service/entities", {**CART, "title": "Other"})
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert Entity.objects.get(identifier="cart").title == "Cart"


@pytest.mark.parametrize(
    ("query", "title", "properties"),
    [
        ("?upsert=true", "cart", {"tier": None, "language": "Go", "double": None}),
        (UPSERT, "Cart", {"tier": 1, "language": "Go", "double": 2}),
    ],
)
def test_an_upsert_replaces_and_a_merge_keeps(
    port: PortClient, service: None, query: str, title: str, properties: dict[str, Any]
) -> None:
    port.post("/blueprints/service/entities", CART)
    sent = {"identifier": "cart", "properties": {"language": "Go"}}
    entity = port.post(f"/blueprints/service/entities{query}", sent).json()["entity"]
    assert (entity["title"], entity["properties"]) == (title, properties)


def test_merge_without_upsert_has_no_effect(port: PortClient, service: None) -> None:
    port.post("/blueprints/service/entities", CART)
    assert port.post("/blueprints/service/entities?merge=true", CART).status_code == 409


def test_put_replaces_patch_changes_and_neither_creates(port: PortClient, service: None) -> None:
    port.post("/blueprints/service/entities", CART)
    path = "/blueprints/service/entities/cart"
    entity = port.patch(path, {"properties": {"tier": None, "language": "Go"}}).json()["entity"]
    assert entity["properties"] == {"tier": None, "language": "Go", "double": None}
    assert entity["team"] == ["core"]
    entity = port.put(path, {"title": "New", "properties": {"tier": 3}}).json()["entity"]
    assert bare(entity) == {
        **SHOWN,
        "title": "New",
        "team": [],
        "properties": {"tier": 3, "language": None, "double": 6},
        "relations": {"domain": None, "uses": []},
    }
    for call in (port.put, port.patch):
        answer = call("/blueprints/service/entities/nobody", {})
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_another_identifier_in_the_body_renames(port: PortClient, service: None) -> None:
    port.post("/blueprints/service/entities", CART)
    port.post("/blueprints/service/entities", {"identifier": "b", "relations": {"uses": ["cart"]}})
    sent = {**CART, "identifier": "basket"}
    entity = port.put("/blueprints/service/entities/cart", sent).json()["entity"]
    assert bare(entity) == {**SHOWN, "identifier": "basket"}
    user = port.get("/blueprints/service/entities/b").json()["entity"]
    assert user["relations"]["uses"] == ["basket"]
    assert port.get("/blueprints/service/entities/cart").status_code == 404
    answer = port.patch("/blueprints/service/entities/basket", {"identifier": "b"})
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert port.patch("/blueprints/service/entities/b", {"identifier": 7}).status_code == 422


def test_what_was_read_can_be_sent_back_and_changes_nothing(
    port: PortClient, service: None
) -> None:
    made = port.post("/blueprints/service/entities", CART).json()["entity"]
    count = Change.objects.count()
    for call in (port.put, port.patch):
        assert call("/blueprints/service/entities/cart", made).json()["entity"] == made
    assert port.post("/blueprints/service/entities?upsert=true", made).json()["entity"] == made
    assert Change.objects.count() == count


def test_the_same_again_does_not_move_updated_at(port: PortClient, service: None) -> None:
    made = port.post(f"/blueprints/service/entities{UPSERT}", CART).json()["entity"]
    port.agent = "another/2"
    again = port.post(f"/blueprints/service/entities{UPSERT}", CART).json()["entity"]
    assert again == made
    assert Entity.objects.get(identifier="cart").datasource == "another/2"


def test_properties_without_a_definition_are_kept_and_shown(
    port: PortClient, service: None
) -> None:
    sent = {**CART, "properties": {"tier": 1, "department": "sales"}}
    entity = port.post("/blueprints/service/entities", sent).json()["entity"]
    assert entity["properties"] == {**SHOWN["properties"], "department": "sales"}


@pytest.mark.parametrize(
    ("change", "status", "place"),
    [
        ({"properties": {"tier": "high"}}, 422, "properties.tier"),
        ({"relations": {"domain": "nowhere"}}, 404, "relations.domain"),
        ({"relations": {"nothing": "money"}}, 404, "relations.nothing"),
        ({"team": "nobody"}, 404, "team"),
        ({"identifier": "a b"}, 422, "identifier"),
        ({"identifier": 7}, 422, "identifier"),
        ({"blueprint": "domain"}, 422, "blueprint"),
        ({"properties": []}, 422, "properties"),
        ({"relations": "money"}, 422, "relations"),
        ({"team": 7}, 422, "team"),
        ({"title": 7}, 422, "title"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_saved(
    port: PortClient, service: None, change: dict[str, Any], status: int, place: str
) -> None:
    answer = port.post("/blueprints/service/entities", {**CART, **change})
    assert answer.status_code == status
    assert answer.json()["message"].startswith(f"{place}: ")
    assert not Entity.objects.of("service").exists()


def test_an_identifier_that_is_left_out_is_made_up(port: PortClient, service: None) -> None:
    entity = port.post("/blueprints/service/entities", {"title": "New"}).json()["entity"]
    assert entity["identifier"].startswith("e_")
    assert entity["title"] == "New"


def test_missing_related_entities_are_created_bare_where_that_is_asked(
    port: PortClient, service: None
) -> None:
    query = f"{UPSERT}&create_missing_related_entities=true"
    sent = {**CART, "relations": {"domain": "new", "uses": ["a", "b"]}}
    entity = port.post(f"/blueprints/service/entities{query}", sent).json()["entity"]
    assert entity["relations"] == {"domain": "new", "uses": ["a", "b"]}
    bare_one = port.get("/blueprints/service/entities/a").json()["entity"]
    assert (bare_one["title"], bare_one["relations"]) == ("a", {"domain": None, "uses": []})


def test_an_entity_with_nothing_but_relations_may_lack_what_is_required(port: PortClient) -> None:
    make_blueprint(
        schema={"properties": {"tier": {"type": "number"}}, "required": ["tier"]},
        relations={"uses": {"target": "service"}},
    )
    sent = {"identifier": "a", "blueprint": "service", "relations": {}}
    assert port.post(f"/blueprints/service/entities{UPSERT}", sent).status_code == 201
    sent = {"identifier": "b", "properties": {}}
    assert port.post(f"/blueprints/service/entities{UPSERT}", sent).status_code == 422


def test_validation_alone_saves_nothing(port: PortClient, service: None) -> None:
    path = f"/blueprints/service/entities{UPSERT}&validation_only=true"
    answer = port.post(path, CART)
    assert answer.status_code == 201
    assert answer.json()["entity"]["identifier"] == "cart"
    assert not Entity.objects.of("service").exists()
    assert port.post(path, {**CART, "team": "nobody"}).status_code == 404


def test_identifiers_keep_their_slashes_and_signs(port: PortClient, service: None) -> None:
    name = "a/b:c+d@e=f"
    port.post("/blueprints/service/entities", {"identifier": name})
    path = f"/blueprints/service/entities/{quote(name, safe='')}"
    assert port.get(path).json()["entity"]["identifier"] == name
    assert port.delete(path).json() == {"ok": True}
    assert port.get(path).status_code == 404


@pytest.mark.parametrize("name", ["bulk", "search"])
def test_an_entity_may_have_the_name_of_an_address(
    port: PortClient, service: None, name: str
) -> None:
    port.post("/blueprints/service/entities", {"identifier": name})
    assert port.get(f"/blueprints/service/entities/{name}").json()["entity"]["title"] == name
    assert port.patch(f"/blueprints/service/entities/{name}", {"title": "T"}).status_code == 200
    assert port.delete(f"/blueprints/service/entities/{name}").status_code == 200


def test_what_others_point_at_goes_only_with_them(port: PortClient, service: None) -> None:
    port.post("/blueprints/service/entities", CART)
    path = "/blueprints/domain/entities/money"
    answer = port.delete(f"{path}?delete_dependents=false")
    assert (answer.status_code, answer.json()["error"]) == (409, "has_dependents")
    bulk = "/blueprints/domain/bulk/entities/delete"
    assert port.post(bulk, {"entities": ["money"]}).status_code == 409
    assert port.delete(f"{path}?delete_dependents=true").json() == {"ok": True}
    assert not Entity.objects.of("service").exists()


def test_what_a_team_owns_stays_when_the_team_goes(port: PortClient, service: None) -> None:
    port.post("/blueprints/service/entities", CART)
    path = "/blueprints/_team/entities/core?delete_dependents=true"
    assert port.delete(path).status_code == 200
    assert port.get("/blueprints/service/entities/cart").json()["entity"]["team"] == []


def test_references_are_resolved(port: PortClient, service: None) -> None:
    def by(prop: str, value: str) -> dict[str, Any]:
        rules = [{"property": prop, "operator": "=", "value": value}]
        return {"combinator": "and", "rules": rules}

    port.post("/blueprints/service/entities", CART)
    sent = {
        "identifier": "blog",
        "team": by("$title", "core"),
        "relations": {
            "domain": by("$title", "Money"),
            "uses": {
                "combinator": "or",
                "rules": [{"property": "$title", "operator": "contains", "value": "ar"}],
            },
        },
    }
    entity = port.post("/blueprints/service/entities", sent).json()["entity"]
    assert (entity["team"], entity["relations"]) == (
        ["core"],
        {"domain": "money", "uses": ["cart"]},
    )
    sent = {"identifier": by("$title", "Cart"), "properties": {"tier": 5}}
    entity = port.post(f"/blueprints/service/entities{UPSERT}", sent).json()["entity"]
    assert (entity["identifier"], entity["properties"]["tier"]) == ("cart", 5)
    sent = {"identifier": by("$title", "Nobody")}
    assert port.post(f"/blueprints/service/entities{UPSERT}", sent).status_code == 404
    sent = {"identifier": "x", "relations": {"domain": by("$title", "Nobody")}}
    entity = port.post(f"/blueprints/service/entities{UPSERT}", sent).json()["entity"]
    assert entity["relations"]["domain"] is None


def test_a_reference_that_means_several_is_refused_with_their_names(
    port: PortClient, service: None
) -> None:
    make_entity("old-money", title="Money", blueprint="domain")
    rules = [{"property": "$title", "operator": "=", "value": "Money"}]
    sent = {"identifier": "x", "relations": {"domain": {"combinator": "and", "rules": rules}}}
    answer = port.post("/blueprints/service/entities", sent)
    assert answer.status_code == 422
    assert "money, old-money" in answer.json()["message"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("include=title", {"title": "Cart"}),
        ("include=title&include=tier", {"title": "Cart", "properties": {"tier": 1}}),
        ("include=properties.tier,relations.domain", {
            "properties": {"tier": 1}, "relations": {"domain": "money"}
        }),
        ('include=["$team","properties"]', {"team": ["core"], "properties": SHOWN["properties"]}),
        ("exclude=properties,relations,team,icon,title&exclude=createdAt,createdBy", {}),
        ("include=relations&attach_title_to_relation=true", {
            "relations": {"domain": {"identifier": "money", "title": "Money"}, "uses": []}
        }),
        ("include=properties&exclude_calculated_properties=true", {
            "properties": {"tier": 1, "language": None}
        }),
        ("exclude_calculated_properties=0xc000123", None),
    ],
)  # fmt: skip
def test_parts_are_chosen_in_every_encoding(
    port: PortClient, service: None, query: str, shown: dict[str, Any] | None
) -> None:
    port.post("/blueprints/service/entities", CART)
    entity = port.get(f"/blueprints/service/entities/cart?{query}").json()["entity"]
    wanted = {"identifier": "cart", "blueprint": "service", **(SHOWN if shown is None else shown)}
    assert bare(entity) == wanted


def test_scorecards_stand_with_the_entity_that_they_grade(port: PortClient, service: None) -> None:
    make_scorecard(rules=[rule_document("tiered"), rule_document("top", level="Gold")])
    entity = port.post("/blueprints/service/entities", CART).json()["entity"]
    assert entity["scorecards"] == {
        "quality": {
            "level": "Gold",
            "rules": [
                {"identifier": "tiered", "status": "SUCCESS", "level": "Bronze"},
                {"identifier": "top", "status": "SUCCESS", "level": "Gold"},
            ],
        }
    }
    assert "scorecards" not in port.get("/blueprints/domain/entities/money").json()["entity"]


def test_readers_read(reader: PortClient, service: None) -> None:
    assert reader.get("/blueprints/domain/entities").status_code == 200
    assert reader.post("/blueprints/domain/entities/search", {}).status_code == 200
    assert reader.post("/blueprints/domain/entities/bulk", {"entities": []}).status_code == 403
    assert reader.delete("/blueprints/domain/entities/money").status_code == 403


def test_a_blueprint_that_is_not_there_is_told(port: PortClient) -> None:
    for path in ("/blueprints/nothing/entities", "/blueprints/nothing/entities/x"):
        answer = port.get(path)
        assert answer.status_code == 404
        assert answer.json()["message"] == "There is no blueprint 'nothing'."


def test_lists_cost_no_more_for_more(
    port: PortClient, service: None, django_assert_max_num_queries
) -> None:
    make_scorecard()
    for index in range(30):
        make_entity(f"s{index}", properties={"tier": 1}, relations={"domain": "money"})
    with django_assert_max_num_queries(11):
        query = "?attach_title_to_relation=true"
        found = port.get(f"/blueprints/service/entities{query}").json()["entities"]
    assert len(found) == 30
    assert {entity["scorecards"]["quality"]["level"] for entity in found} == {"Bronze"}
