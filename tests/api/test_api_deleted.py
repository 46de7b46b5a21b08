"""What was deleted, and for how long things are kept, over the REST API."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Deleted, Entity, Retention
from tests.api.callers import client_with
from tests.builders import make_blueprint, make_entity, make_token, make_user

pytestmark = pytest.mark.usefixtures("world")

STAMPED = {"properties": {"at": {"type": "string", "format": "date-time"}}, "required": []}


def deleted(client: APIClient, query: str = "") -> list[dict]:
    response = client.get(f"/api/deleted/{query}")
    assert response.status_code == 200, response.json()
    return response.json()["results"]


def test_what_was_deleted_is_listed_shown_and_restored(client: APIClient) -> None:
    before = client.get("/api/entities/service/cart/").json()
    assert client.delete("/api/entities/service/cart/").status_code == 204
    assert client.get("/api/entities/service/cart/").status_code == 404
    (row,) = deleted(client)
    assert {
        key: row[key] for key in ("kind", "blueprint", "identifier", "title", "deleted_by")
    } == {
        "kind": "entity",
        "blueprint": "service",
        "identifier": "cart",
        "title": "Cart",
        "deleted_by": "ada",
    }
    shown = client.get(f"/api/deleted/{row['id']}/").json()
    assert shown["document"]["properties"] == {"tier": 1, "language": "Go"}
    response = client.post(f"/api/deleted/{row['id']}/restore/", {})
    assert (response.status_code, response.json()) == (200, {"restored": 1, "remarks": []})
    assert client.get("/api/entities/service/cart/").json() == before
    assert deleted(client) == []
    assert client.post(f"/api/deleted/{row['id']}/restore/", {}).status_code == 404


def test_a_scorecard_is_restored_likewise(client: APIClient) -> None:
    before = client.get("/api/scorecards/quality/").json()
    client.delete("/api/scorecards/quality/")
    (row,) = deleted(client, "?kind=scorecard")
    assert client.post(f"/api/deleted/{row['id']}/restore/", {}).json()["restored"] == 1
    after = client.get("/api/scorecards/quality/").json()
    assert {**after, "updated_at": None} == {**before, "updated_at": None}


def test_lists_are_narrowed(client: APIClient) -> None:
    for name in ("cart", "blog"):
        client.delete(f"/api/entities/service/{name}/")
    newest, oldest = deleted(client)
    assert (newest["identifier"], oldest["identifier"]) == ("blog", "cart")
    for query, expected in {
        "?identifier=cart": [oldest],
        f"?batch={newest['batch']}": [newest],
        "?blueprint=_team": [],
        "?kind=scorecard": [],
        "?deleted_by=ada": [newest, oldest],
        f"?since={newest['deleted_at']}": [newest],
    }.items():
        assert deleted(client, query) == expected, query


def test_what_was_deleted_with_it_comes_too_unless_it_is_wanted_alone(client: APIClient) -> None:
    make_blueprint("job", relations={"service": {"target": "service", "required": True}})
    make_entity("nightly", blueprint="job", relations={"service": "cart"})
    client.delete("/api/entities/service/cart/?delete_dependents=true")
    cart = deleted(client, "?identifier=cart")[0]
    alone = client.post(f"/api/deleted/{cart['id']}/restore/", {"alone": True}).json()
    assert alone["remarks"] == [
        {
            "path": "job/nightly: relations.service",
            "message": "'cart' was left out: there is no job 'nightly'",
        }
    ]
    client.delete("/api/entities/service/cart/")
    nightly = deleted(client, "?identifier=nightly")[0]
    assert client.post(f"/api/deleted/{nightly['id']}/restore/", {}).json()["remarks"] == [
        {
            "path": "job/nightly: relations.service",
            "message": "'cart' was left out: there is no service 'cart'",
        }
    ]


def test_a_name_that_is_taken_is_a_conflict(client: APIClient) -> None:
    client.delete("/api/entities/service/cart/")
    (row,) = deleted(client)
    make_entity("cart")
    response = client.post(f"/api/deleted/{row['id']}/restore/", {})
    assert response.status_code == 409
    assert "there is a service 'cart' again" in response.json()["detail"]


@pytest.mark.parametrize("body", [{"alone": "yes"}, {"alone": 1}, [1]])
def test_bad_bodies_are_refused(client: APIClient, body: object) -> None:
    client.delete("/api/entities/service/cart/")
    (row,) = deleted(client)
    assert client.post(f"/api/deleted/{row['id']}/restore/", body).status_code == 400
    assert Deleted.objects.count() == 1


@pytest.mark.parametrize("name", ["x", "9" * 30, "-1", "1.5"])
def test_addresses_of_nothing_are_not_found(client: APIClient, name: str) -> None:
    assert client.get(f"/api/deleted/{name}/").status_code == 404
    assert client.post(f"/api/deleted/{name}/restore/", {}).status_code == 404


def test_others_see_and_restore_only_what_they_might_delete(client: APIClient) -> None:
    client.delete("/api/entities/service/cart/")
    client.delete("/api/scorecards/quality/")
    member, moderator = make_user("maya"), make_user("mo")
    make_entity(
        moderator.entity_identifier,
        blueprint="_user",
        properties={"moderated_blueprints": ["service"]},
    )
    row = Deleted.objects.get(kind="entity")
    theirs = client_with(make_token(member))
    assert deleted(theirs) == []
    assert theirs.post(f"/api/deleted/{row.pk}/restore/", {}).status_code == 404
    reading = client_with(make_token(moderator, scope="read"))
    assert reading.post(f"/api/deleted/{row.pk}/restore/", {}).status_code == 403
    moderating = client_with(make_token(moderator))
    assert len(deleted(moderating)) == 2
    assert moderating.post(f"/api/deleted/{row.pk}/restore/", {}).status_code == 200
    assert Entity.objects.of("service").named(["cart"]).exists()


def test_lists_take_as_many_queries_however_long_they_are(client: APIClient, queries_of) -> None:
    client.delete("/api/entities/service/cart/")
    few = queries_of("/api/deleted/")
    for number in range(20):
        make_entity(f"s{number}")
        client.delete(f"/api/entities/service/s{number}/")
    assert queries_of("/api/deleted/") == few == 3


def test_a_retention_is_set_shown_and_lifted(client: APIClient) -> None:
    make_blueprint("deploy", schema=STAMPED)
    assert client.get("/api/retentions/deploy/").status_code == 404
    response = client.put("/api/retentions/deploy/", {"days": 400, "property": "at"})
    expected = {
        "blueprint": "deploy",
        "days": 400,
        "property": "at",
        "begun_at": None,
        "gone_count": 0,
        "ran_at": None,
        "last_count": 0,
    }
    assert (response.status_code, response.json()) == (200, expected)
    assert client.get("/api/retentions/").json()["results"] == [expected]
    assert client.get("/api/retentions/deploy/").json() == expected
    assert client.delete("/api/retentions/deploy/").status_code == 204
    assert not Retention.objects.exists()
    assert client.delete("/api/retentions/deploy/").status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "days"),
        ({"days": 0}, "days"),
        ({"days": "40"}, "days"),
        ({"days": 40, "property": "tier"}, "property"),
        ({"days": 40, "property": {"a": 1}}, "property"),
    ],
)
def test_bad_retentions_are_refused_at_their_place(client: APIClient, body, path) -> None:
    response = client.put("/api/retentions/service/", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["path"] == path


def test_retentions_are_for_admins(client: APIClient) -> None:
    assert client.put("/api/retentions/nothing/", {"days": 40}).status_code == 404
    assert client.put("/api/retentions/_team/", {"days": 40}).status_code == 409
    theirs = client_with(make_token(make_user("maya")))
    assert theirs.get("/api/retentions/").status_code == 403
    assert theirs.put("/api/retentions/service/", {"days": 40}).status_code == 403
