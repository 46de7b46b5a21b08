"""Entities over REST: one, many, and lists of them."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Change, Entity
from scorecards.models import Evaluation
from tests.builders import level_of, make_blueprint, make_entity

CART = "/api/entities/service/cart/"


def _shown(identifier: str, **overrides: Any) -> dict[str, Any]:
    """Return an entity as the API shows it, without its stamps."""
    return {
        "blueprint": "service",
        "identifier": identifier,
        "title": identifier,
        "icon": "",
        "team": [],
        "properties": {},
        "computed": {},
        "relations": {},
        "problems": [],
        "datasource": "",
        "scorecards": {"quality": {"level": "Basic", "color": "paleBlue", "rank": 0}},
        **overrides,
    }


def _without_stamps(body: dict[str, Any]) -> dict[str, Any]:
    stamps = ("created_at", "created_by", "updated_at", "updated_by")
    return {key: value for key, value in body.items() if key not in stamps}


def _fault(response: Any, code: int = 400) -> list[tuple[str, str]]:
    assert response.status_code == code, response.content
    return [(fault["path"], fault["message"]) for fault in response.json()["errors"]]


def test_an_entity_is_shown_with_its_badges(world: None, client: APIClient) -> None:
    assert client.get(CART).json() == {
        **_shown(
            "cart",
            title="Cart",
            team=["core"],
            properties={"tier": 1, "language": "Go"},
            scorecards={"quality": {"level": "Gold", "color": "gold", "rank": 3}},
        ),
        "created_at": "2026-06-01T12:00:00Z",
        "created_by": "tester",
        "updated_at": "2026-06-01T12:00:00Z",
        "updated_by": "tester",
    }


def test_post_creates_and_answers_201(world: None, client: APIClient) -> None:
    response = client.post(
        "/api/entities/",
        {"blueprint": "service", "identifier": "new", "properties": {"tier": 2}, "team": "core"},
    )
    assert response.status_code == 201
    body = response.json()
    assert _without_stamps(body) == _shown(
        "new",
        team=["core"],
        properties={"tier": 2},
        scorecards={"quality": {"level": "Bronze", "color": "bronze", "rank": 1}},
    )
    assert (body["created_by"], body["updated_by"]) == ("ada", "ada")
    change = Change.objects.get(identifier="new")
    assert (change.actor, change.source, change.action) == ("ada", "api", "created")


def test_post_of_what_is_there_is_a_conflict(world: None, client: APIClient) -> None:
    body = {"blueprint": "service", "identifier": "cart", "title": "Other"}
    response = client.post("/api/entities/", body)
    assert response.status_code == 409
    assert response.json() == {
        "detail": "There is a service 'cart' already; PATCH changes it, PUT replaces it.",
        "errors": [],
    }
    assert Entity.objects.get(identifier="cart").title == "Cart"


def test_patch_merges_and_moves_the_badge_at_once(world: None, client: APIClient) -> None:
    response = client.patch(CART, {"properties": {"tier": 2}})
    assert _without_stamps(response.json()) == _shown(
        "cart",
        title="Cart",
        team=["core"],
        properties={"tier": 2, "language": "Go"},
        scorecards={"quality": {"level": "Silver", "color": "silver", "rank": 2}},
    )
    assert level_of(Entity.objects.get(identifier="cart")) == "Silver"


def test_patch_with_null_takes_a_value_away(world: None, client: APIClient) -> None:
    response = client.patch(CART, {"properties": {"language": None}, "team": None})
    assert response.json()["properties"] == {"tier": 1}
    assert response.json()["team"] == []
    assert response.json()["scorecards"]["quality"]["level"] == "Bronze"


def test_a_patch_that_changes_nothing_leaves_no_trace(world: None, client: APIClient) -> None:
    changes = Change.objects.count()
    response = client.patch(CART, {"properties": {"tier": 1}})
    assert response.json()["updated_at"] == "2026-06-01T12:00:00Z"
    assert Change.objects.count() == changes


def test_put_replaces_and_answers_200(world: None, client: APIClient) -> None:
    response = client.put(CART, {"properties": {"tier": 3}})
    assert response.status_code == 200
    assert _without_stamps(response.json()) == _shown("cart", properties={"tier": 3})


def test_put_creates_and_answers_201(world: None, client: APIClient) -> None:
    response = client.put("/api/entities/service/new/", {"title": "New"})
    assert response.status_code == 201
    assert _without_stamps(response.json()) == _shown("new", title="New")


@pytest.mark.parametrize("name", ["service/cart", "_team/core", "deployment/d1"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_was_read_can_be_sent_back(
    world: None, client: APIClient, method: str, name: str
) -> None:
    make_blueprint(
        "deployment",
        relations={"service": {"target": "service"}},
        ownership={"type": "Inherited", "path": "service"},
    )
    make_entity("d1", blueprint="deployment", relations={"service": "cart"})
    address = f"/api/entities/{name}/"
    before = client.get(address).json()
    assert getattr(client, method)(address, before).json() == before


def test_inherited_ownership_is_changed_where_it_comes_from(world: None, client: APIClient) -> None:
    make_blueprint(
        "deployment",
        relations={"service": {"target": "service"}},
        ownership={"type": "Inherited", "path": "service"},
    )
    make_entity("d1", blueprint="deployment", relations={"service": "blog"})
    address = "/api/entities/deployment/d1/"
    assert _fault(client.patch(address, {"team": "core"})) == [
        ("team", "ownership is inherited through service; change it there")
    ]
    client.patch("/api/entities/service/blog/", {"team": "core"})
    assert client.get(address).json()["team"] == ["core"]


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
@pytest.mark.parametrize("name", ["service/nope", "nope/cart", "service/a%00b"])
def test_an_unknown_entity_is_404(world: None, client: APIClient, method: str, name: str) -> None:
    assert getattr(client, method)(f"/api/entities/{name}/").status_code == 404


def test_put_under_an_unknown_blueprint_is_404(world: None, client: APIClient) -> None:
    assert client.put("/api/entities/nope/x/", {}).json() == {
        "detail": "There is no blueprint 'nope'.",
        "errors": [],
    }


@pytest.mark.parametrize("written", ["src/app.py", "src%2Fapp.py", "src~app.py"])
def test_an_identifier_may_hold_slashes_and_dots(
    world: None, client: APIClient, written: str
) -> None:
    make_entity("src/app.py")
    assert client.get(f"/api/entities/service/{written}/").json()["identifier"] == "src/app.py"


def test_a_blueprint_may_hold_slashes_written_as_tildes(world: None, client: APIClient) -> None:
    make_blueprint("k8s/pod")
    assert client.put("/api/entities/k8s~pod/a/b/", {}).status_code == 201
    assert client.get("/api/entities/k8s~pod/a/b/").json()["blueprint"] == "k8s/pod"


def test_delete_answers_204(world: None, client: APIClient) -> None:
    response = client.delete(CART)
    assert (response.status_code, response.content) == (204, b"")
    assert not Entity.objects.filter(identifier="cart").exists()


def test_delete_of_what_others_require_is_a_conflict(world: None, client: APIClient) -> None:
    make_blueprint("deployment", relations={"service": {"target": "service", "required": True}})
    make_entity("d1", blueprint="deployment", relations={"service": "cart"})
    response = client.delete(CART)
    assert response.status_code == 409
    assert response.json() == {
        "detail": "still required by deployment/d1; delete them too, or first",
        "errors": [],
    }
    assert _fault(client.delete(f"{CART}?delete_dependents=maybe")) == [
        ("delete_dependents", "give true or false")
    ]
    assert client.delete(f"{CART}?delete_dependents=true").status_code == 204
    assert set(Entity.objects.of("deployment")) == set()


BAD = [
    pytest.param({"properties": {"tier": "high"}}, "properties.tier", id="type"),
    pytest.param({"properties": {"colour": 1}}, "properties", id="unknown property"),
    pytest.param({"relations": {"owner": "x"}}, "relations.owner", id="unknown relation"),
    pytest.param({"team": "nobody"}, "team", id="unknown team"),
    pytest.param({"team": [7]}, "team", id="team of another type"),
    pytest.param({"title": 7}, "title", id="title of another type"),
    pytest.param({"title": "x" * 1001}, "title", id="overlong title"),
    pytest.param({"properties": []}, "properties", id="properties no object"),
    pytest.param({"relations": "x"}, "relations", id="relations no object"),
    pytest.param({"propertys": {}}, "propertys", id="misspelt field"),
    pytest.param({"properties": {"language": "a\x00b"}}, "properties.language", id="NUL"),
]


@pytest.mark.parametrize(("part", "path"), BAD)
@pytest.mark.parametrize("way", ["post", "put", "patch", "bulk"])
def test_bad_input_is_400_with_its_path_and_saves_nothing(
    world: None, client: APIClient, way: str, part: dict[str, Any], path: str
) -> None:
    before = list(Entity.objects.order_by("id").values())
    match way:
        case "post":
            response = client.post(
                "/api/entities/", {"blueprint": "service", "identifier": "new", **part}
            )
        case "bulk":
            good = {"identifier": "cart", "properties": {"tier": 3}}
            response = client.post(
                "/api/entities/bulk/",
                {"blueprint": "service", "entities": [good, {"identifier": "new", **part}]},
            )
            path = f"entities[1].{path}"
        case _:
            response = getattr(client, way)(CART, {"title": "Moved", **part})
    assert [found for found, _ in _fault(response)] == [path]
    assert list(Entity.objects.order_by("id").values()) == before


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"identifier": "x"}, ("blueprint", "give the identifier of a blueprint")),
        ({"blueprint": ["service"]}, ("blueprint", "give the identifier of a blueprint")),
        (
            {"blueprint": "nope", "identifier": "x"},
            ("blueprint", "there is no blueprint 'nope'"),
        ),
        ({"blueprint": "service"}, ("identifier", "give a text")),
        ({"blueprint": "service", "identifier": 7}, ("identifier", "give a text")),
        ([], ("", "send a JSON object")),
        ("text", ("", "send a JSON object")),
    ],
)
def test_post_says_what_is_missing(
    world: None, client: APIClient, body: Any, fault: tuple[str, str]
) -> None:
    assert _fault(client.post("/api/entities/", body, format="json")) == [fault]


def test_an_error_has_the_first_fault_in_words(world: None, client: APIClient) -> None:
    response = client.patch(CART, {"properties": {"tier": "high"}, "relations": {"x": "y"}})
    assert response.json() == {
        "detail": 'properties.tier: the value is not of type "number" (and 1 more)',
        "errors": [
            {"path": "properties.tier", "message": 'the value is not of type "number"'},
            {"path": "relations.x", "message": "there is no such relation; there are: none"},
        ],
    }


@pytest.mark.parametrize("key", ["blueprint", "identifier"])
def test_the_body_may_not_contradict_the_address(world: None, client: APIClient, key: str) -> None:
    [(path, message)] = _fault(client.patch(CART, {key: "other"}))
    assert path == key
    assert message.endswith(f"an entity keeps its {key}")


def test_bulk_says_what_became_of_the_batch(world: None, client: APIClient) -> None:
    entities = [
        {"identifier": "cart", "properties": {"tier": 2}},
        {"identifier": "blog", "properties": {"tier": 3}},
        {"identifier": "new", "properties": {"tier": 1, "language": "C"}},
    ]
    response = client.post("/api/entities/bulk/", {"blueprint": "service", "entities": entities})
    assert response.status_code == 200
    assert response.json() == {"created": 1, "updated": 1, "unchanged": 1}
    levels = {row.identifier: level_of(row) for row in Entity.objects.of("service")}
    assert levels == {"cart": "Silver", "blog": "Basic", "new": "Gold"}


def test_bulk_without_merge_clears_what_is_not_mentioned(world: None, client: APIClient) -> None:
    client.post(
        "/api/entities/bulk/",
        {"blueprint": "service", "entities": [{"identifier": "cart"}], "merge": False},
    )
    cart = Entity.objects.get(identifier="cart")
    assert (cart.properties, cart.team, cart.title) == ({}, [], "cart")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"entities": "x"}, ("entities", "give a list of entities")),
        (
            {"entities": [{}] * 5_001},
            ("entities", "5,001 are too many: send at most 5,000 in one call"),
        ),
        ({"entities": [], "merge": "yes"}, ("merge", "give true or false")),
        (
            {"entities": [], "dry": True},
            ("dry", "there is no such field; there are: blueprint, entities, merge"),
        ),
        ({"entities": [7]}, ("entities[0]", "give an object")),
        ({"entities": [{}]}, ("entities[0].identifier", "give a text")),
        (
            {"entities": [{"identifier": "x", "blueprint": "other"}]},
            (
                "entities[0].blueprint",
                "the batch is of 'service'; send others on their own",
            ),
        ),
        (
            {"entities": [{"identifier": "x"}, {"identifier": "x"}]},
            ("entities[1].identifier", "stands twice in this batch; send it once"),
        ),
    ],
)
def test_bulk_refuses_a_bad_batch(
    world: None, client: APIClient, body: dict[str, Any], fault: tuple[str, str]
) -> None:
    response = client.post("/api/entities/bulk/", {"blueprint": "service", **body})
    assert _fault(response) == [fault]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["core", "cart", "blog", "d1"]),
        ("blueprint=service", ["cart", "blog"]),
        ("identifier=cart", ["cart"]),
        ("team=core", ["cart", "d1"]),
        ("search=ca", ["cart"]),
        ("search=CAR+art", ["cart"]),
        ("property=language:Go", ["cart"]),
        ("property=tier:3", ["blog"]),
        ("property=tier:3&property=language:Go", []),
        ("property=note:a:b", ["d1"]),
        ("property=tier:[", []),
        ("property=live:true", ["d1"]),
        ("level=quality:Gold", ["cart"]),
        ("level=quality:Gold&level=quality:Basic", []),
        ("updated_after=2026-06-01T12:00:00Z", []),
        ("updated_after=2026-06-01T11:59:59Z&blueprint=service", ["cart", "blog"]),
        ("ordering=identifier", ["blog", "cart", "core", "d1"]),
        ("ordering=-title", ["d1", "core", "cart", "blog"]),
        ("page_size=1&page=2", ["cart"]),
    ],
)
def test_the_list_is_filtered(
    world: None, client: APIClient, query: str, expected: list[str]
) -> None:
    make_blueprint(
        "deployment",
        schema={"properties": {"note": {"type": "string"}, "live": {"type": "boolean"}}},
        relations={"service": {"target": "service"}},
        ownership={"type": "Inherited", "path": "service"},
    )
    make_entity(
        "d1",
        blueprint="deployment",
        relations={"service": "cart"},
        properties={"note": "a:b", "live": True},
    )
    body = client.get(f"/api/entities/?{query}").json()
    assert [row["identifier"] for row in body["results"]] == expected


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("colour=red", "colour"),
        ("property=tier", "property"),
        ("level=:Gold", "level"),
        ("identifier=a%00b", "identifier"),
        ("property=a%00:b", "property"),
        ("updated_after=yesterday", "updated_after"),
        ("ordering=colour", "ordering"),
        ("page_size=many", "page_size"),
        ("page_size=0", "page_size"),
        ("page_size=00", "page_size"),
    ],
)
def test_a_bad_filter_is_400(world: None, client: APIClient, query: str, path: str) -> None:
    assert [found for found, _ in _fault(client.get(f"/api/entities/?{query}"))] == [path]


@pytest.mark.parametrize("page", ["99", "0", "-1", "x", "9" * 30, "9" * 5_000])
def test_a_page_that_is_not_there_is_404(world: None, client: APIClient, page: str) -> None:
    response = client.get(f"/api/entities/?page={page}")
    assert response.status_code == 404
    assert response.json()["errors"] == []


def test_a_page_holds_at_most_500(world: None, client: APIClient) -> None:
    entities = [{"identifier": f"n{index}"} for index in range(510)]
    client.post("/api/entities/bulk/", {"blueprint": "service", "entities": entities})
    body = client.get("/api/entities/?page_size=1000&blueprint=service").json()
    assert (body["count"], len(body["results"])) == (512, 500)
    assert body["next"].endswith("?blueprint=service&page=2&page_size=1000")


def test_the_queries_of_a_list_do_not_grow_with_its_rows(
    world: None, client: APIClient, queries_of: Callable[[str], int]
) -> None:
    address = "/api/entities/?team=core&level=quality:Gold&property=language:Go&page_size=100"
    few = queries_of(address)
    entities = [
        {"identifier": f"n{i}", "team": "core", "properties": {"tier": 1, "language": "Go"}}
        for i in range(40)
    ]
    client.post("/api/entities/bulk/", {"blueprint": "service", "entities": entities})
    assert client.get(address).json()["count"] == 41
    # The token, the count, the entities, their badges.
    assert (few, queries_of(address)) == (4, 4)


def test_the_queries_of_a_batch_do_not_grow_with_it(
    world: None, client: APIClient, django_assert_max_num_queries: Any
) -> None:
    entities = [{"identifier": f"n{i}", "properties": {"tier": 1}} for i in range(200)]
    with django_assert_max_num_queries(40):
        client.post("/api/entities/bulk/", {"blueprint": "service", "entities": entities})
    assert Evaluation.objects.count() == 202
