"""Every operation of the catalog, by the published client, its models field by field."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.software_catalog_api import SoftwareCatalogApi
from datadog_api_client.v2.model.entity_v3_api import EntityV3API
from datadog_api_client.v2.model.entity_v3_api_kind import EntityV3APIKind
from datadog_api_client.v2.model.entity_v3_api_spec import EntityV3APISpec
from datadog_api_client.v2.model.entity_v3_api_spec_interface_file_ref import (
    EntityV3APISpecInterfaceFileRef,
)
from datadog_api_client.v2.model.entity_v3_api_version import EntityV3APIVersion
from datadog_api_client.v2.model.entity_v3_datadog_event_item import EntityV3DatadogEventItem
from datadog_api_client.v2.model.entity_v3_datadog_integration_opsgenie import (
    EntityV3DatadogIntegrationOpsgenie,
)
from datadog_api_client.v2.model.entity_v3_datadog_integration_pagerduty import (
    EntityV3DatadogIntegrationPagerduty,
)
from datadog_api_client.v2.model.entity_v3_integrations import EntityV3Integrations
from datadog_api_client.v2.model.entity_v3_metadata import EntityV3Metadata
from datadog_api_client.v2.model.entity_v3_metadata_additional_owners_items import (
    EntityV3MetadataAdditionalOwnersItems,
)
from datadog_api_client.v2.model.entity_v3_metadata_contacts_items import (
    EntityV3MetadataContactsItems,
)
from datadog_api_client.v2.model.entity_v3_metadata_links_items import EntityV3MetadataLinksItems
from datadog_api_client.v2.model.entity_v3_service import EntityV3Service
from datadog_api_client.v2.model.entity_v3_service_datadog import EntityV3ServiceDatadog
from datadog_api_client.v2.model.entity_v3_service_kind import EntityV3ServiceKind
from datadog_api_client.v2.model.entity_v3_service_spec import EntityV3ServiceSpec
from datadog_api_client.v2.model.include_type import IncludeType
from datadog_api_client.v2.model.kind_obj import KindObj
from datadog_api_client.v2.model.relation_include_type import RelationIncludeType
from datadog_api_client.v2.model.relation_type import RelationType

from catalog.models import Entity

V3 = EntityV3APIVersion.V3
RAW = """
apiVersion: v3
kind: system
metadata: {name: shop, displayName: The shop, owner: core}
spec: {components: ["service:cart"]}
---
apiVersion: v3
kind: datastore
metadata: {name: orders, tags: ["tier:gold"]}
spec: {type: postgres, componentOf: ["system:shop"]}
---
apiVersion: v3
kind: queue
metadata: {name: mails}
spec: {lifecycle: production}
"""


def service(name: str = "cart", **metadata: Any) -> EntityV3Service:
    """Return a definition of a service that says all there is to say."""
    return EntityV3Service(
        api_version=V3,
        kind=EntityV3ServiceKind.SERVICE,
        metadata=EntityV3Metadata(
            name=name,
            **{
                "id": "4b163705-23c0-4573-b2fb-f6cea2163fcb",
                "display_name": "Cart",
                "description": "Holds what is to be bought.",
                "owner": "core",
                "additional_owners": [
                    EntityV3MetadataAdditionalOwnersItems(name="sre", type="operator")
                ],
                "tags": ["tier:gold", "region:eu"],
                "contacts": [
                    EntityV3MetadataContactsItems(
                        name="Chat", type="slack", contact="https://chat.example.com/cart"
                    )
                ],
                "links": [
                    EntityV3MetadataLinksItems(
                        name="Source",
                        type="repo",
                        url="https://git.example.com/cart",
                        provider="Git",
                    )
                ],
                **metadata,
            },
        ),
        spec=EntityV3ServiceSpec(
            type="web",
            languages=["go", "sql"],
            lifecycle="production",
            tier="1",
            depends_on=["service:rates"],
            component_of=["system:shop"],
        ),
        integrations=EntityV3Integrations(
            pagerduty=EntityV3DatadogIntegrationPagerduty(
                service_url="https://shop.pagerduty.com/service-directory/PCART"
            ),
            opsgenie=EntityV3DatadogIntegrationOpsgenie(
                service_url="https://shop.opsgenie.com/service/cart", region="EU"
            ),
        ),
        datadog=EntityV3ServiceDatadog(events=[EntityV3DatadogEventItem(name="deployed")]),
        extensions={"example.com/shop": {"seats": 3}},
    )


@pytest.fixture
def catalog(official: ApiClient) -> SoftwareCatalogApi:
    """Return the operations of the catalog."""
    return SoftwareCatalogApi(official)


@pytest.mark.django_db(transaction=True)
def test_an_entity_is_upserted_and_echoed(
    catalog: SoftwareCatalogApi, parsed: Callable[[object], None]
) -> None:
    answer = catalog.upsert_catalog_entity(body=service())
    parsed(answer)
    assert (answer.meta.count, answer.meta.include_count) == (1, 1)
    (entity,) = answer.data
    assert entity.type == "entity"
    attributes = entity.attributes
    assert (attributes.api_version, attributes.kind) == ("v3", "service")
    assert (attributes.name, attributes.namespace) == ("cart", "default")
    assert (attributes.display_name, attributes.owner) == ("Cart", "core")
    assert attributes.description == "Holds what is to be bought."
    assert attributes.tags == ["tier:gold", "region:eu"]
    assert (entity.meta.ingestion_source, entity.meta.origin) == ("api", "unknown")
    assert datetime.fromisoformat(entity.meta.created_at).tzinfo is not None
    assert entity.relationships.schema.data.id == entity.id
    _check_echo(answer.included[0].attributes.schema)


def _check_echo(echo: EntityV3Service) -> None:
    """Hold the echoed definition against what was sent: all of it, but the id."""
    assert (echo.api_version.value, echo.kind.value) == ("v3", "service")
    metadata = echo.metadata
    assert "id" not in metadata
    assert metadata.managed == {"ingestionSource": "api"}
    assert (metadata.name, metadata.namespace) == ("cart", "default")
    assert (metadata.display_name, metadata.owner) == ("Cart", "core")
    owner = metadata.additional_owners[0]
    assert (owner.name, owner.type) == ("sre", "operator")
    contact = metadata.contacts[0]
    assert (contact.name, contact.type) == ("Chat", "slack")
    assert contact.contact == "https://chat.example.com/cart"
    link = metadata.links[0]
    assert (link.name, link.type, link.provider) == ("Source", "repo", "Git")
    assert link.url == "https://git.example.com/cart"
    assert metadata.tags == ["tier:gold", "region:eu"]
    spec = echo.spec
    assert (spec.type, spec.lifecycle, spec.tier) == ("web", "production", "1")
    assert spec.languages == ["go", "sql"]
    assert (spec.depends_on, spec.component_of) == (["service:rates"], ["system:shop"])
    assert echo.integrations.pagerduty.service_url.endswith("/PCART")
    assert echo.integrations.opsgenie.region == "EU"
    event = echo.datadog.events[0]
    assert (event.name, event.query) == ("deployed", "")
    assert echo.extensions == {"example.com/shop": {"seats": 3}}


@pytest.mark.django_db(transaction=True)
def test_a_raw_definition_of_several_documents_is_upserted(
    catalog: SoftwareCatalogApi, parsed: Callable[[object], None]
) -> None:
    answer = catalog.upsert_catalog_entity(body=RAW)
    parsed(answer)
    found = [(item.attributes.kind, item.attributes.name) for item in answer.data]
    assert found == [("system", "shop"), ("datastore", "orders"), ("queue", "mails")]
    system, datastore, queue = (item.attributes.schema for item in answer.included)
    assert system.spec.components == ["service:cart"]
    assert datastore.spec.component_of == ["system:shop"]
    assert datastore.metadata.tags == ["tier:gold"]
    assert queue.spec.lifecycle == "production"


@pytest.mark.django_db(transaction=True)
def test_an_api_is_upserted(catalog: SoftwareCatalogApi, parsed: Callable[[object], None]) -> None:
    body = EntityV3API(
        api_version=V3,
        kind=EntityV3APIKind.API,
        metadata=EntityV3Metadata(name="orders-api"),
        spec=EntityV3APISpec(
            type="openapi",
            implemented_by=["service:cart"],
            interface=EntityV3APISpecInterfaceFileRef(
                file_ref="https://git.example.com/orders.yaml"
            ),
        ),
    )
    answer = catalog.upsert_catalog_entity(body=body)
    parsed(answer)
    schema = answer.included[0].attributes.schema
    assert (schema.kind.value, schema.spec.type) == ("api", "openapi")
    assert schema.spec.interface.file_ref == "https://git.example.com/orders.yaml"
    assert schema.spec.implemented_by == ["service:cart"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("include", "relationship", "type_"),
    [
        (IncludeType.SCHEMA, "schema", "schema"),
        (IncludeType.RAW_SCHEMA, "raw_schema", "rawSchema"),
        (IncludeType.ONCALL, "oncall", "oncall"),
        (IncludeType.RELATION, "related_entities", "relatedEntity"),
    ],
)
def test_entities_are_listed_with_what_is_asked_for(
    catalog: SoftwareCatalogApi,
    parsed: Callable[[object], None],
    include: IncludeType,
    relationship: str,
    type_: str,
) -> None:
    catalog.upsert_catalog_entity(body=service())
    answer = catalog.list_catalog_entity(filter_kind="service", include=include)
    parsed(answer)
    (entity,) = answer.data
    pointers = getattr(entity.relationships, relationship).data
    pointers = pointers if isinstance(pointers, list) else [pointers]
    items = answer.included
    assert answer.meta.include_count == len(items)
    assert {(item.id, item.type.value) for item in items} == {
        (pointer.id, type_) for pointer in pointers
    }


@pytest.mark.django_db(transaction=True)
def test_related_entities_and_oncall_are_told(catalog: SoftwareCatalogApi) -> None:
    catalog.upsert_catalog_entity(body=service())
    related = catalog.list_catalog_entity(include=IncludeType.RELATION).included
    found = {(item.attributes.type, item.attributes.kind, item.attributes.name) for item in related}
    assert found == {
        ("RelationTypeDependsOn", "service", "rates"),
        ("RelationTypePartsOf", "system", "shop"),
        ("RelationTypeOtherOwnedBy", "team", "sre"),
        ("RelationTypeOwnedBy", "team", "core"),
    }
    assert {item.meta.defined_by for item in related} == {"service:default/cart"}
    assert {item.meta.source for item in related} == {"schema"}
    assert all(item.meta.created_at.tzinfo is not None for item in related)
    (oncall,) = catalog.list_catalog_entity(include=IncludeType.ONCALL).included
    assert oncall.attributes.provider == "pagerduty"


@pytest.mark.django_db(transaction=True)
def test_entities_are_listed_page_by_page(catalog: SoftwareCatalogApi) -> None:
    for number in range(5):
        catalog.upsert_catalog_entity(body=service(f"s{number}"))
    pages = catalog.list_catalog_entity_with_pagination(filter_kind="service", page_limit=2)
    assert [item.attributes.name for item in pages] == ["s0", "s1", "s2", "s3", "s4"]
    first = catalog.list_catalog_entity(filter_kind="service", page_limit=2)
    assert first.meta.count == 2
    assert "page[offset]=2" in first.links.next
    last = catalog.list_catalog_entity(filter_kind="service", page_limit=2, page_offset=4)
    assert "next" not in last.links
    assert "page[offset]=2" in last.links.previous


@pytest.mark.django_db(transaction=True)
def test_filters_reach_the_server(catalog: SoftwareCatalogApi) -> None:
    catalog.upsert_catalog_entity(body=service())
    catalog.upsert_catalog_entity(body=RAW)
    id_ = next(iter(catalog.list_catalog_entity(filter_name="cart").data)).id

    def names(**filters: Any) -> list[str]:
        found = catalog.list_catalog_entity(**filters).data
        return [item.attributes.name for item in found]

    assert names(filter_id=id_) == ["cart"]
    assert names(filter_ref="datastore:orders") == ["orders"]
    assert names(filter_kind="queue") == ["mails"]
    assert names(filter_owner="core") == ["cart", "orders", "mails", "shop"]
    assert names(filter_relation_type=RelationType.RELATIONTYPEHASPART) == ["shop"]
    assert names(filter_exclude_snapshot="true", include_discovered=True) == [
        "cart", "orders", "mails", "shop",
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_entities_are_previewed(
    catalog: SoftwareCatalogApi, parsed: Callable[[object], None]
) -> None:
    catalog.upsert_catalog_entity(body=service())
    answer = catalog.preview_catalog_entities()
    parsed(answer)
    (entity,) = answer.data
    assert (entity.type.value, entity.attributes.name) == ("entity", "cart")
    assert entity.attributes.properties["lifecycle"] == "production"
    assert entity.attributes.tags == ["tier:gold", "region:eu"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["service:cart", "service:default/cart", "id"])
def test_an_entity_is_deleted_by_reference_and_by_id(
    catalog: SoftwareCatalogApi, name: str
) -> None:
    answer = catalog.upsert_catalog_entity(body=service())
    name = answer.data[0].id if name == "id" else name
    catalog.delete_catalog_entity(entity_id=name)
    assert not Entity.objects.of("service").exists()
    with pytest.raises(ApiException) as caught:
        catalog.delete_catalog_entity(entity_id=name)
    assert caught.value.status == 404
    assert caught.value.body["errors"][0] == "Not Found"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "body",
    [
        KindObj(kind="my-job", display_name="My job", description="Runs at night."),
        "kind: my-job\ndisplayName: My job\ndescription: Runs at night.\n",
    ],
)
def test_a_kind_is_upserted_listed_and_deleted(
    catalog: SoftwareCatalogApi, parsed: Callable[[object], None], body: Any
) -> None:
    answer = catalog.upsert_catalog_kind(body=body)
    parsed(answer)
    (kind,) = answer.data
    assert kind.type == "kind"
    assert (kind.attributes.name, kind.attributes.display_name) == ("my-job", "My job")
    assert kind.attributes.description == "Runs at night."
    assert datetime.fromisoformat(kind.meta.created_at) <= datetime.now(UTC)
    assert answer.meta.count == 1
    for filters in ({"filter_name": "my-job"}, {"filter_id": kind.id}, {}):
        listed = catalog.list_catalog_kind(**filters)
        parsed(listed)
        assert [item.id for item in listed.data] == [kind.id]
    found = catalog.list_catalog_kind_with_pagination(page_limit=1)
    assert [item.attributes.name for item in found] == ["my-job"]
    catalog.delete_catalog_kind(kind_id="my-job")
    assert catalog.list_catalog_kind().data == []


@pytest.mark.django_db(transaction=True)
def test_relations_are_listed_in_both_directions(
    catalog: SoftwareCatalogApi, parsed: Callable[[object], None]
) -> None:
    catalog.upsert_catalog_entity(body=service())
    answer = catalog.list_catalog_relation(include=RelationIncludeType.ENTITY)
    parsed(answer)
    assert {item.id for item in answer.data} == {
        "service:default/cart:RelationTypeDependsOn:service:default/rates",
        "service:default/rates:RelationTypeDependencyOf:service:default/cart",
        "service:default/cart:RelationTypePartsOf:system:default/shop",
        "system:default/shop:RelationTypeHasPart:service:default/cart",
        "service:default/cart:RelationTypeOtherOwnedBy:team:default/sre",
        "team:default/sre:RelationTypeOtherOwns:service:default/cart",
        "service:default/cart:RelationTypeOwnedBy:team:default/core",
        "team:default/core:RelationTypeOwns:service:default/cart",
    }
    (relation,) = catalog.list_catalog_relation(
        filter_type=RelationType.RELATIONTYPEDEPENDSON,
        filter_from_ref="service:cart",
        filter_to_ref="service:default/rates",
    ).data
    assert relation.type.value == "relation"
    assert relation.attributes.type == RelationType.RELATIONTYPEDEPENDSON
    source, target = relation.attributes._from, relation.attributes.to
    assert (source.kind, source.namespace, source.name) == ("service", "default", "cart")
    assert (target.kind, target.namespace, target.name) == ("service", "default", "rates")
    assert (relation.meta.source, relation.meta.defined_by) == ("schema", "service:default/cart")
    assert relation.meta.created_at <= datetime.now(UTC)
    assert relation.relationships.from_entity.data.type == "entity"
    assert {item.attributes.name for item in answer.included} == {"cart", "core"}


@pytest.mark.django_db(transaction=True)
def test_relations_are_listed_page_by_page(catalog: SoftwareCatalogApi) -> None:
    catalog.upsert_catalog_entity(body=service())
    pages = catalog.list_catalog_relation_with_pagination(page_limit=3)
    found = [item.id for item in pages]
    whole = [item.id for item in catalog.list_catalog_relation().data]
    assert len(found) == 8
    assert found == whole


@pytest.mark.django_db(transaction=True)
def test_a_definition_without_a_name_is_refused(catalog: SoftwareCatalogApi) -> None:
    with pytest.raises(ApiException) as caught:
        catalog.upsert_catalog_entity(body="apiVersion: v3\nkind: service\nmetadata: {}\n")
    assert caught.value.status == 400
    assert caught.value.body["errors"] == ['attribute "metadata": "name" is a required property']
