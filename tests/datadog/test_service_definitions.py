"""Service definitions: versions in and out, warnings, and what becomes of them in the catalog."""

from typing import Any

import pytest

from catalog.models import Entity
from tests.builders import make_entity
from tests.datadog.clients import DatadogClient
from tests.datadog.definitions import SERVICES, definition, service, upsert

pytestmark = pytest.mark.django_db


def create(client: DatadogClient, body: Any) -> dict[str, Any]:
    """Write a definition; return what is answered about it."""
    answer = client.post(SERVICES, body)
    assert answer.status_code == 200, answer.content
    (item,) = answer.json()["data"]
    found: dict[str, Any] = item
    return found


def schema(client: DatadogClient, query: str = "", name: str = "cart") -> dict[str, Any]:
    """Return a definition as it is shown."""
    data = client.get(f"{SERVICES}/{name}?{query}").json()["data"]
    found: dict[str, Any] = data["attributes"]["schema"]
    return found


def test_a_definition_becomes_a_service_and_its_application_a_system(
    datadog: DatadogClient,
) -> None:
    body = service(
        team="core",
        application="shop",
        tier="1",
        integrations={"pagerduty": {"service-url": "shop.pagerduty.com/service-directory/P1"}},
    )
    item = create(datadog, body)
    assert item["attributes"]["schema"] == body
    assert "id" not in item
    entity = Entity.objects.of("service").get()
    assert entity.team == ["core"]
    assert entity.properties == {
        "tier": "1",
        "application": "shop",
        "on_call": "https://shop.pagerduty.com/service-directory/P1",
        "links": [],
        "contacts": [],
    }
    system = Entity.objects.of("system").get()
    assert system.identifier == "shop"
    assert entity.facts["relation#part_of"] == ["shop"]


def test_an_application_of_several_words_is_a_system_too(datadog: DatadogClient) -> None:
    body = service(application="The  shop")
    assert create(datadog, body)["attributes"]["schema"] == body
    assert Entity.objects.of("system").get().identifier == "The-shop"


def test_a_definition_of_v3_may_name_an_older_version(datadog: DatadogClient) -> None:
    upsert(datadog, {**definition(spec={"tier": "1"}), "apiVersion": "v2.2"})
    data = datadog.get(f"{SERVICES}/cart").json()["data"]
    assert "warnings" not in data["attributes"]["meta"]
    assert data["attributes"]["schema"] == service(tier="1")


def test_answers_are_plain_json(datadog: DatadogClient) -> None:
    assert datadog.get(SERVICES)["Content-Type"] == "application/json"


def test_a_definition_of_v1_needs_no_version(datadog: DatadogClient) -> None:
    item = create(datadog, {"info": {"dd-service": "cart", "service-tier": "1"}})
    assert item["attributes"]["meta"]["ingested-schema-version"] == "v1"
    assert schema(datadog) == {
        "schema-version": "v1",
        "info": {"dd-service": "cart", "service-tier": "1"},
    }


def test_an_entity_of_v3_is_shown_in_the_latest_version(datadog: DatadogClient) -> None:
    upsert(datadog, definition(metadata={"owner": "core"}, spec={"tier": "1"}))
    data = datadog.get(f"{SERVICES}/cart").json()["data"]
    assert data["attributes"]["meta"]["ingested-schema-version"] == "v3"
    assert data["attributes"]["schema"] == {
        "schema-version": "v2.2",
        "dd-service": "cart",
        "team": "core",
        "tier": "1",
    }


def test_later_edits_of_facts_are_shown(datadog: DatadogClient) -> None:
    create(datadog, service(version="v2.1", tier="1", description="Old."))
    make_entity("cart", properties={"tier": "2"})
    assert schema(datadog) == service(version="v2.1", tier="2", description="Old.")


def test_unknown_keys_are_kept_as_extensions_with_a_warning(datadog: DatadogClient) -> None:
    item = create(datadog, service(colour="red"))
    (warning,) = item["attributes"]["meta"]["warnings"]
    assert warning["instance-location"] == "/colour"
    assert item["attributes"]["schema"]["colour"] == "red"
    assert schema(datadog, "schema_version=v2.1")["extensions"] == {"colour": "red"}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (service(contacts=[{"type": "email", "contact": "x"}]), "/contacts/0/contact"),
        (service(contacts=[{"type": "chat", "contact": "no url"}]), "/contacts/0/contact"),
        (
            service(version="v2", contacts=[{"type": "fax", "contact": "1"}]),
            "/contacts/0/type",
        ),
        (
            service(version="v2.1", contacts=[{"type": "slack", "contact": "#cart"}]),
            "/contacts/0/contact",
        ),
        (
            service(contacts=[{"name": "x", "type": "chat", "contact": "https://a.example"}]),
            "/contacts/0/name",
        ),
        ({"info": {"dd-service": "cart"}, "contact": {"email": "x"}}, "/contact/email"),
    ],
)
def test_doubtful_contacts_are_kept_and_warned_about(
    datadog: DatadogClient, body: Any, place: str
) -> None:
    item = create(datadog, body)
    (warning,) = item["attributes"]["meta"]["warnings"]
    assert warning["instance-location"] == place
    assert warning["message"]
    listed = datadog.get(SERVICES).json()["data"]
    assert listed[0]["attributes"]["meta"]["warnings"] == [warning]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"schema-version": "v2"}, '"dd-service" is a required property'),
        ({"schema-version": "v3", "dd-service": "a"}, 'attribute "schema-version"'),
        ({"schema-version": ["v2"], "dd-service": "a"}, 'attribute "schema-version"'),
        ({}, '"apiVersion" is a required property'),
        (service("a b"), 'attribute "dd-service": may hold letters'),
        ({"info": {"dd-service": "a b"}}, 'attribute "info.dd-service": may hold letters'),
        (service(team="what?"), 'attribute "team": may hold letters'),
        (service(application="what?"), 'attribute "application": may hold letters'),
        (
            {"info": {"dd-service": "a"}, "org": {"application": "what?"}},
            'attribute "org.application": may hold letters',
        ),
        (service(links=[{"name": "x", "type": "doc", "url": "here"}]), 'attribute "links[0].url"'),
        (service(contacts=["me"]), 'attribute "contacts[0]"'),
        (service(version="v2.1", links=[{"name": "x", "type": "y", "url": "https://a"}]),
         'attribute "links[0].type"'),
        (definition(), 'attribute "schema-version": is missing'),
        ("a: [", "this is not usable YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_as_a_text_with_details(
    datadog: DatadogClient, body: Any, said: str
) -> None:
    answer = datadog.post(SERVICES, body)
    assert answer.status_code == 400
    errors = answer.json()
    assert said in errors["errors"][0]
    assert errors["error_details"] == [{} for _ in errors["errors"]]
    assert not Entity.objects.exists()


def test_what_is_not_there_is_not_found(datadog: DatadogClient) -> None:
    for answer in (datadog.get(f"{SERVICES}/none"), datadog.delete(f"{SERVICES}/none")):
        assert answer.status_code == 404
        assert answer.json() == {"errors": ["Not Found"], "error_details": [{}]}


@pytest.mark.parametrize("query", ["schema_version=v3", "page[size]=x", "page[number]=-1"])
def test_a_query_that_says_nothing_known_is_refused(datadog: DatadogClient, query: str) -> None:
    assert datadog.get(f"{SERVICES}?{query}").status_code == 400


@pytest.mark.parametrize("sent", ["team%2Fcart", "team/cart"])
def test_a_name_with_a_slash_is_one_part_of_the_address(datadog: DatadogClient, sent: str) -> None:
    create(datadog, service("team/cart"))
    assert schema(datadog, name=sent)["dd-service"] == "team/cart"
    assert datadog.delete(f"{SERVICES}/{sent}").status_code == 204


def test_pages_are_numbered_from_nought(datadog: DatadogClient) -> None:
    for number in range(12):
        create(datadog, service(f"s{number}"))
    pages = [datadog.get(f"{SERVICES}?page[number]={n}").json()["data"] for n in range(3)]
    assert [len(page) for page in pages] == [10, 2, 0]
    assert pages[1][0]["attributes"]["schema"]["dd-service"] == "s10"


@pytest.mark.parametrize("rows", [2, 20])
def test_a_list_of_services_costs_the_same_however_many(
    datadog: DatadogClient, django_assert_num_queries: Any, rows: int
) -> None:
    text = "\n---\n".join(f"schema-version: v2.2\ndd-service: s{number}" for number in range(rows))
    datadog.post(SERVICES, text)
    datadog.get(SERVICES)
    with django_assert_num_queries(4):
        found = datadog.get(f"{SERVICES}?page[size]=100").json()["data"]
    assert len(found) == rows
