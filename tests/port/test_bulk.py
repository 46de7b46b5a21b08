"""Many entities in one request."""

from typing import Any

import pytest

from catalog.models import Entity
from tests.builders import make_blueprint, make_entity
from tests.port.clients import PortClient

PATH = "/blueprints/service/entities/bulk?upsert=true&merge=true"


@pytest.fixture(autouse=True)
def _service(db: None) -> None:
    make_blueprint("domain", ownership=None)
    make_blueprint(relations={"domain": {"target": "domain"}, "parent": {"target": "service"}})
    make_entity("money", title="Money", blueprint="domain")


def test_all_are_written_and_counted(port: PortClient) -> None:
    make_entity("a")
    sent = [{"identifier": "a", "properties": {"tier": 2}}, {"identifier": "b"}]
    answer = port.post(PATH, {"entities": sent})
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "ok": True,
            "entities": [
                {"identifier": "a", "index": 0, "created": False},
                {"identifier": "b", "index": 1, "created": True},
            ],
            "errors": [],
        },
    )


def test_what_is_wrong_stands_beside_what_was_written(port: PortClient) -> None:
    reference = {
        "combinator": "and",
        "rules": [{"property": "$title", "operator": "=", "value": "Nobody"}],
    }
    sent: list[Any] = [
        {"identifier": "a", "properties": {"tier": "high"}},
        {"identifier": "b", "relations": {"domain": "money"}},
        {"identifier": "c", "relations": {"domain": "nowhere"}},
        {"identifier": reference},
        7,
    ]
    answer = port.post(PATH, {"entities": sent})
    body = answer.json()
    assert (answer.status_code, body["ok"]) == (207, True)
    assert body["entities"] == [{"identifier": "b", "index": 1, "created": True}]
    assert [
        (error["identifier"], error["index"], error["statusCode"], error["error"])
        for error in body["errors"]
    ] == [
        ("a", 0, 422, "invalid_request"),
        ("c", 2, 404, "not_found"),
        ("unknown", 3, 404, "not_found"),
        ("unknown", 4, 422, "invalid_request"),
    ]
    assert body["errors"][0]["message"].startswith("properties.tier: ")
    assert list(Entity.objects.of("service").values_list("identifier", flat=True)) == ["b"]


def test_of_entities_with_one_identifier_the_last_wins(port: PortClient) -> None:
    sent = [{"identifier": "a", "title": title} for title in ("One", "Two", "Three")]
    body = port.post(PATH, {"entities": sent}).json()
    assert body["entities"] == [
        {"identifier": "a", "index": 0, "created": True},
        {"identifier": "a", "index": 1, "created": False},
        {"identifier": "a", "index": 2, "created": False},
    ]
    assert Entity.objects.get(identifier="a").title == "Three"


def test_entities_may_point_at_each_other(port: PortClient) -> None:
    sent = [
        {"identifier": "a", "relations": {"parent": "b"}},
        {"identifier": "b", "relations": {"parent": "a"}},
    ]
    assert port.post(PATH, {"entities": sent}).status_code == 200


def test_references_to_one_property_cost_one_query(
    port: PortClient, django_assert_num_queries
) -> None:
    from portal.integrations.port.entities_codec import read_entity
    from portal.integrations.port.references import resolve
    from tests.builders import NOW

    def by_title(value: str) -> dict[str, Any]:
        rules = [{"property": "$title", "operator": "=", "value": value}]
        return {"combinator": "and", "rules": rules}

    for index in range(20):
        make_entity(f"d{index}", title=f"D{index}", blueprint="domain")
    bodies = [
        {"identifier": f"s{index}", "relations": {"domain": by_title(f"D{index}")}}
        for index in range(20)
    ]
    sents = {i: read_entity(body, blueprint="service") for i, body in enumerate(bodies)}
    resolve({}, blueprint="service", now=NOW)
    with django_assert_num_queries(2):
        found = resolve(sents, blueprint="service", now=NOW)
    assert found[7].parts["relations"] == {"domain": ["d7"]}
    answer = port.post(PATH, {"entities": bodies})
    assert answer.status_code == 200
    assert Entity.objects.get(identifier="s7").facts["relation#domain"] == "d7"


@pytest.mark.parametrize("body", [{}, {"entities": {}}, {"entities": [{}] * 1_001}, []])
def test_what_is_no_batch_is_refused(port: PortClient, body: Any) -> None:
    assert port.post(PATH, body).status_code == 422


def test_many_are_deleted_at_once(port: PortClient) -> None:
    for name in ("a", "b", "c"):
        make_entity(name)
    path = "/blueprints/service/bulk/entities/delete?delete_dependents=true"
    answer = port.post(path, {"entities": ["a", "c", "nobody"]})
    assert answer.json() == {"ok": True, "deletedEntities": ["a", "c"]}
    assert list(Entity.objects.of("service").values_list("identifier", flat=True)) == ["b"]
    assert port.post(path, {"entities": "a"}).status_code == 422
