"""Entities by definition: what becomes of them, what comes back, what is told of mistakes."""

from base64 import b64decode
from typing import Any

import pytest

from catalog.models import Blueprint, Change, Entity
from portal.integrations.models import EntityDefinition, KindNote
from tests.builders import make_blueprint, make_entity, make_team
from tests.datadog.clients import DatadogClient
from tests.datadog.definitions import ENTITY, chain_of, definition, names, service, shown, upsert

pytestmark = pytest.mark.django_db

LINK = {"name": "Source", "type": "repo", "url": "https://git.example.com/cart"}
CONTACT = {"type": "email", "contact": "cart@example.com"}
FULL = definition(
    metadata={
        "displayName": "Cart",
        "description": "Holds things.",
        "owner": "core",
        "tags": ["a:b"],
        "contacts": [CONTACT],
        "links": [LINK],
    },
    spec={"lifecycle": "production", "tier": "1", "type": "web", "languages": ["go"],
          "componentOf": ["system:shop"]},
    integrations={"pagerduty": {"serviceURL": "shop.pagerduty.com/service-directory/P1"}},
)  # fmt: skip


def cart() -> Entity:
    """Return the service that tests are about."""
    return Entity.objects.of("service").get(identifier="cart")


def test_a_definition_becomes_an_entity_with_everything_that_scorecards_read(
    datadog: DatadogClient,
) -> None:
    upsert(datadog, FULL)
    entity = cart()
    assert (entity.title, entity.team) == ("Cart", ["core"])
    assert entity.properties == {
        "description": "Holds things.",
        "lifecycle": "production",
        "tier": "1",
        "type": "web",
        "languages": ["go"],
        "tags": ["a:b"],
        "contacts": [CONTACT],
        "links": [LINK],
        "on_call": "https://shop.pagerduty.com/service-directory/P1",
        "application": "shop",
    }
    assert Entity.objects.of("_team").get().identifier == "core"


def test_what_a_definition_stops_saying_is_gone_and_the_rest_stays(
    datadog: DatadogClient,
) -> None:
    make_blueprint("service")
    make_entity("cart", properties={"language": "go"})
    upsert(datadog, FULL, definition(metadata={"description": "Short."}))
    said = {"description": "Short.", "links": [], "contacts": []}
    assert cart().properties == {"language": "go", **said}
    assert (cart().title, cart().team) == ("cart", [])
    assert shown(datadog)["metadata"] == {
        "name": "cart",
        "namespace": "default",
        "description": "Short.",
        "managed": {"ingestionSource": "api"},
    }


def test_a_definition_that_says_nothing_new_changes_nothing(datadog: DatadogClient) -> None:
    upsert(datadog, FULL)
    count, revision = Change.objects.count(), Blueprint.objects.get(identifier="service").revision
    upsert(datadog, FULL)
    assert Change.objects.count() == count
    assert Blueprint.objects.get(identifier="service").revision == revision


def test_the_echo_has_what_the_server_adds_and_lacks_what_it_drops(
    datadog: DatadogClient,
) -> None:
    body = definition(
        metadata={"id": "mine", "tags": [], "managed": {"a": 1}},
        spec={"dependsOn": []},
        datadog={"events": [{"name": "deployed"}], "logs": [{}], "pipelines": {}},
        extensions={"example.com/a": {"b": []}},
    )
    answer = datadog.post(ENTITY, body)
    assert answer["Content-Type"] == "application/vnd.api+json"
    (item,) = answer.json()["included"]
    assert item["attributes"]["schema"] == {
        "apiVersion": "v3",
        "kind": "service",
        "metadata": {
            "name": "cart",
            "namespace": "default",
            "managed": {"ingestionSource": "api"},
        },
        "datadog": {
            "events": [{"name": "deployed", "query": ""}],
            "logs": [{"name": "", "query": ""}],
        },
        "extensions": {"example.com/a": {"b": []}},
    }


def test_raw_yaml_is_taken_as_a_body_too(datadog: DatadogClient) -> None:
    text = "apiVersion: v3\nkind: service\nmetadata: {name: cart}\n"
    answer = datadog._client.generic(
        "POST", ENTITY, data=text, content_type="application/yaml", headers=datadog._headers
    )
    assert answer.status_code == 202
    body = datadog.get(f"{ENTITY}?include=raw_schema").json()
    raw = body["included"][0]["attributes"]["rawSchema"]
    assert b64decode(raw).decode() == text


def test_broken_json_is_told_as_such(datadog: DatadogClient) -> None:
    answer = datadog._client.generic(
        "POST", ENTITY, data='{"kind": ', content_type="application/json", headers=datadog._headers
    )
    assert answer.status_code == 400
    assert "usable JSON" in answer.json()["errors"][0]


def test_all_documents_of_a_body_are_written_or_none(datadog: DatadogClient) -> None:
    text = (
        "apiVersion: v3\nkind: service\nmetadata: {name: a}\n---\n"
        "apiVersion: v3\nkind: queue\nmetadata: {name: 'b c'}\n"
    )
    answer = datadog.post(ENTITY, text)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error.startswith('attribute "documents[1].metadata.name": may hold letters')
    assert not EntityDefinition.objects.exists()
    assert not Blueprint.objects.filter(is_system=False).exists()


def test_what_only_the_catalog_refuses_takes_back_what_came_before(
    datadog: DatadogClient,
) -> None:
    make_blueprint("api", schema={"properties": {"tier": {"type": "string", "enum": ["gold"]}}})
    text = (
        "apiVersion: v3\nkind: service\nmetadata: {name: a}\n---\n"
        "apiVersion: v3\nkind: api\nmetadata: {name: b}\nspec: {tier: lead}\n"
    )
    answer = datadog.post(ENTITY, text)
    assert answer.status_code == 400
    assert answer.json()["errors"][0].startswith('attribute "documents[1].properties.tier"')
    assert not Entity.objects.exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (definition(kind="no kind"), 'attribute "kind"'),
        (definition(kind="team"), 'attribute "kind": teams come with what they own'),
        (definition("a b"), 'attribute "metadata.name": may hold letters'),
        (definition(metadata={"namespace": "a/b"}), 'attribute "metadata.namespace"'),
        (definition(metadata={"owner": "what?"}), 'attribute "metadata.owner"'),
        (definition(metadata={"shape": 1}), 'attribute "metadata": Additional properties'),
        (definition(metadata={"inheritFrom": "x"}), 'attribute "metadata.inheritFrom"'),
        (
            definition(metadata={"contacts": [{"type": "email", "contact": "x"}]}),
            'attribute "metadata.contacts[0].contact"',
        ),
        (definition(spec={"tier": 1}), 'attribute "spec.tier"'),
        (definition(spec={"components": []}), 'attribute "spec"'),
        (definition(spec={"dependsOn": ["service:a", "b"]}), 'attribute "spec.dependsOn[1]"'),
        (definition(kind="api", spec={"interface": {}}), 'attribute "spec.interface"'),
        ({"apiVersion": "v3", "kind": "service", "metadata": {}}, 'attribute "metadata": "name"'),
        ({"schema-version": "v9", "dd-service": "a"}, 'attribute "schema-version"'),
        ([definition()], "give a definition"),
        (7, "give a definition"),
        ("", "give a definition"),
        ("# nothing", "there is no definition"),
        ("a: [", "this is not usable YAML: line 2"),
        ("a: 1\na: 2", "the key 'a' stands twice"),
        ("a: !!python/object:os.system x", "tags such as"),
    ],
)
def test_a_mistake_is_told_with_its_place(datadog: DatadogClient, body: Any, said: str) -> None:
    answer = datadog.post(ENTITY, body)
    assert answer.status_code == 400
    assert said in answer.json()["errors"][0]
    assert not Entity.objects.exists()


def test_the_same_entity_twice_in_a_body_is_refused(datadog: DatadogClient) -> None:
    text = "\n---\n".join(["apiVersion: v3\nkind: service\nmetadata: {name: a}"] * 2)
    answer = datadog.post(ENTITY, text)
    assert answer.json() == {
        "errors": [
            'attribute "documents[1].metadata.name": stands twice in this batch; send it once'
        ]
    }


def test_blueprints_of_events_are_no_kinds(datadog: DatadogClient) -> None:
    make_blueprint("service")
    make_blueprint("release", ownership=None)
    make_entity("r1", blueprint="release")
    answer = datadog.post(ENTITY, definition(kind="release"))
    assert answer.status_code == 400
    assert "holds events" in answer.json()["errors"][0]
    assert names(datadog) == []


def test_a_blueprint_of_other_people_keeps_its_properties(datadog: DatadogClient) -> None:
    make_blueprint("app")
    upsert(datadog, definition(kind="app", spec={"tier": "1", "lifecycle": "old"}))
    entity = Entity.objects.of("app").get()
    # Its tier is a number, and it has no lifecycle: both are in the definition alone.
    assert entity.properties == {}
    assert shown(datadog, "app:cart")["spec"] == {"tier": "1", "lifecycle": "old"}
    assert not KindNote.objects.exists()


def test_the_blueprint_of_services_gets_what_it_lacks(datadog: DatadogClient) -> None:
    make_blueprint("service")
    upsert(datadog, FULL)
    properties = Blueprint.objects.get(identifier="service").schema["properties"]
    assert properties["tier"]["type"] == "number"
    assert properties["links"]["type"] == "array"
    assert "tier" not in cart().properties
    assert cart().properties["lifecycle"] == "production"


def test_an_entity_that_nobody_defined_is_shown_by_its_facts(datadog: DatadogClient) -> None:
    upsert(datadog, definition("other"))
    make_team("core")
    make_entity(
        "shop/cart",
        title="The cart",
        team="core",
        properties={"tier": "2", "links": [{"url": "https://a.example.com"}, {}], "tags": ["x"]},
    )
    assert shown(datadog, "service:shop/cart") == {
        "apiVersion": "v3",
        "kind": "service",
        "metadata": {
            "name": "cart",
            "namespace": "shop",
            "displayName": "The cart",
            "owner": "core",
            "tags": ["x"],
            "links": [
                {
                    "name": "https://a.example.com",
                    "type": "other",
                    "url": "https://a.example.com",
                }
            ],
            "managed": {"ingestionSource": "ui"},
        },
        "spec": {"tier": "2"},
    }


def test_a_number_in_place_of_a_text_is_shown_where_nobody_defined_it(
    datadog: DatadogClient,
) -> None:
    make_blueprint("service")
    make_entity("cart", properties={"tier": 2})
    assert shown(datadog)["spec"] == {"tier": "2"}


def test_later_edits_of_facts_win_over_the_definition(datadog: DatadogClient) -> None:
    upsert(datadog, FULL)
    make_team("other")
    make_entity(
        "cart",
        title="Basket",
        team="other",
        properties={
            "tier": "3",
            "tags": None,
            "on_call": "https://shop.opsgenie.com/service/cart",
        },
    )
    schema = shown(datadog)
    assert schema["metadata"]["displayName"] == "Basket"
    assert schema["metadata"]["owner"] == "other"
    assert "tags" not in schema["metadata"]
    assert schema["metadata"]["links"] == [LINK]
    assert schema["spec"]["tier"] == "3"
    assert schema["integrations"] == {
        "opsgenie": {"serviceURL": "https://shop.opsgenie.com/service/cart"}
    }


def test_an_owner_by_another_name_is_the_same_team(datadog: DatadogClient) -> None:
    upsert(datadog, definition(metadata={"owner": "Core Team"}))
    team = Entity.objects.of("_team").get()
    assert (team.identifier, team.title) == ("Core-Team", "Core Team")
    assert shown(datadog)["metadata"]["owner"] == "Core Team"
    upsert(datadog, definition(metadata={"owner": "team:default/Core-Team"}))
    assert Entity.objects.of("_team").count() == 1


def test_metadata_is_inherited_and_told_apart(datadog: DatadogClient) -> None:
    base = definition("base", metadata={"owner": "core", "tags": ["a"], "displayName": "Base"})
    child = definition(metadata={"inheritFrom": "service:base", "tags": ["b"]})
    upsert(datadog, base, child)
    assert cart().team == ["core"]
    assert cart().properties["tags"] == ["b"]
    assert cart().title == "cart"
    data = datadog.get(f"{ENTITY}?filter[name]=cart").json()["data"][0]
    assert data["attributes"]["owner"] == "core"
    assert "owner" not in shown(datadog)["metadata"]


def test_what_stands_in_a_file_with_one_system_takes_its_metadata(
    datadog: DatadogClient,
) -> None:
    text = (
        "apiVersion: v3\nkind: service\nmetadata: {name: cart}\n---\n"
        "apiVersion: v3\nkind: system\nmetadata: {name: shop, owner: core, tags: [a]}\n---\n"
        "apiVersion: v3\nkind: api\nmetadata: {name: orders}\n"
    )
    upsert(datadog, text)
    assert (cart().team, cart().properties["tags"]) == (["core"], ["a"])
    assert Entity.objects.of("api").get().team == []


def test_older_formats_are_shown_with_their_version(datadog: DatadogClient) -> None:
    upsert(datadog, service(version="v2.1", team="core", application="shop"))
    (item,) = datadog.get(f"{ENTITY}?filter[kind]=service").json()["data"]
    assert item["attributes"]["apiVersion"] == "v2.1"
    assert shown(datadog) == {
        "apiVersion": "v2.1",
        "kind": "service",
        "metadata": {
            "name": "cart",
            "namespace": "default",
            "owner": "core",
            "managed": {"ingestionSource": "api"},
        },
        "spec": {"componentOf": ["system:shop"]},
    }
    assert names(datadog, "filter[kind]=system") == ["shop"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[kind]=queue", ["mails"]),
        ("filter[name]=cart", ["cart", "cart"]),
        ("filter[name]=CART", []),
        ("filter[name]=c.rt", []),
        ("filter[ref]=service:cart", ["cart"]),
        ("filter[ref]=service:shop/cart", ["cart"]),
        ("filter[ref]=queue:cart", []),
        ("filter[owner]=core", ["cart"]),
        ("filter[owner]=team:default/core", ["cart"]),
        ("filter[id]=nobody", []),
        ("filter[relation][type]=RelationTypeOwnedBy", ["cart"]),
        ("filter[relation][type]=RelationTypeDependsOn", ["mails"]),
        ("filter[kind]=queue&filter[owner]=core", []),
    ],
)
def test_a_list_is_filtered(datadog: DatadogClient, query: str, found: list[str]) -> None:
    upsert(
        datadog,
        definition(metadata={"owner": "core"}),
        definition(metadata={"namespace": "shop"}),
        definition("mails", kind="queue", spec={"dependencyOf": [], "dependsOn": ["service:cart"]}),
    )
    assert names(datadog, query) == found


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("filter[ref]=cart", 'attribute "filter[ref]": give a reference'),
        ("filter[relation][type]=RelationTypeInheritsFrom", 'attribute "filter[relation][type]"'),
        ("include=all", 'attribute "include": must be one of "schema raw_schema'),
        ("includeDiscovered=maybe", 'attribute "includeDiscovered"'),
        ("page[limit]=0", 'attribute "page[limit]"'),
        ("page[offset]=-1", 'attribute "page[offset]"'),
    ],
)
def test_a_query_that_says_nothing_is_refused(
    datadog: DatadogClient, query: str, said: str
) -> None:
    answer = datadog.get(f"{ENTITY}?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0].startswith(said)


def test_pages_say_where_they_end(datadog: DatadogClient) -> None:
    upsert(datadog, *(definition(f"s{number}") for number in range(3)))
    first = datadog.get(f"{ENTITY}?page[limit]=2&filter[kind]=service").json()
    assert first["meta"] == {"count": 2, "includeCount": 0}
    path = "/api/v2/catalog/entity?filter[kind]=service&page[limit]=2&page[offset]="
    assert first["links"] == {"self": f"{path}0", "next": f"{path}2"}
    last = datadog.get(first["links"]["next"]).json()
    assert last["meta"]["count"] == 1
    assert last["links"] == {"self": f"{path}2", "previous": f"{path}0"}


def test_open_incidents_come_with_what_they_are_about(datadog: DatadogClient) -> None:
    upsert(datadog, definition())
    make_blueprint(
        "incident",
        ownership={"type": "Inherited", "path": "service"},
        relations={"service": {"target": "service"}},
        schema={"properties": {"url": {"type": "string"}, "resolved_at": {"type": "string"}}},
    )
    for name, properties in (
        ("open", {"url": "https://incidents.example.com/1"}),
        ("over", {"resolved_at": "2026-01-01T00:00:00Z"}),
    ):
        make_entity(
            name, blueprint="incident", properties=properties, relations={"service": "cart"}
        )
    body = datadog.get(f"{ENTITY}?include=incident").json()
    (item,) = body["included"]
    assert (item["type"], item["attributes"]["title"]) == ("incident", "open")
    assert item["attributes"]["htmlURL"] == "https://incidents.example.com/1"
    pointers = body["data"][0]["relationships"]["incidents"]["data"]
    assert pointers == [{"id": item["id"], "type": "incident"}]


def test_a_reader_reads_and_writes_nothing(datadog: DatadogClient, reader: DatadogClient) -> None:
    upsert(datadog, definition())
    assert names(reader) == ["cart"]
    assert reader.post(f"{ENTITY}/preview").status_code == 202
    for answer in (
        reader.post(ENTITY, definition("other")),
        reader.delete(f"{ENTITY}/service:cart"),
        reader.post("/api/v2/catalog/kind", {"kind": "job"}),
        reader.delete("/api/v2/catalog/kind/service"),
        reader.post("/api/v2/services/definitions", service("other")),
        reader.delete("/api/v2/services/definitions/cart"),
    ):
        assert answer.status_code == 403
        assert "only read" in answer.json()["errors"][0]
    assert Entity.objects.of("service").count() == 1


def test_strangers_are_told_nothing(stranger: DatadogClient) -> None:
    assert stranger.get(ENTITY).status_code == 403


def test_others_that_cannot_do_without_it_keep_an_entity(datadog: DatadogClient) -> None:
    upsert(datadog, definition())
    make_blueprint("part", relations={"of": {"target": "service", "required": True}})
    make_entity("wheel", blueprint="part", relations={"of": "cart"})
    answer = datadog.delete(f"{ENTITY}/service%3Adefault%2Fcart")
    assert answer.status_code == 409
    assert "still required by part/wheel" in answer.json()["errors"][0]


@pytest.mark.parametrize("rows", [3, 40])
def test_a_list_costs_the_same_however_many(
    datadog: DatadogClient, django_assert_num_queries: Any, rows: int
) -> None:
    upsert(datadog, chain_of(rows))
    names(datadog)
    with django_assert_num_queries(4):
        found = names(datadog)
    assert len(found) == rows
    with django_assert_num_queries(7):
        names(datadog, "include=schema,raw_schema,oncall,incident,relation&filter[kind]=service")


@pytest.mark.parametrize("rows", [3, 40])
def test_a_file_costs_the_same_however_many_it_defines(
    datadog: DatadogClient, django_assert_max_num_queries: Any, rows: int
) -> None:
    body = "\n---\n".join(
        f"apiVersion: v3\nkind: {kind}\nmetadata: {{name: s{n}, owner: t{n}}}"
        for n in range(rows)
        for kind in ("service", "queue")
    )
    upsert(datadog, body)
    with django_assert_max_num_queries(35):
        upsert(datadog, body)
