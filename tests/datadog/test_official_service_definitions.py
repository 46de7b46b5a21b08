"""Every operation of service definitions, by the published client, its models field by field."""

from collections.abc import Callable
from typing import Any

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.service_definition_api import ServiceDefinitionApi
from datadog_api_client.v2.model.service_definition_schema_versions import (
    ServiceDefinitionSchemaVersions as Versions,
)
from datadog_api_client.v2.model.service_definition_v2 import ServiceDefinitionV2
from datadog_api_client.v2.model.service_definition_v2_dot1 import ServiceDefinitionV2Dot1
from datadog_api_client.v2.model.service_definition_v2_dot1_link import (
    ServiceDefinitionV2Dot1Link,
)
from datadog_api_client.v2.model.service_definition_v2_dot1_link_type import (
    ServiceDefinitionV2Dot1LinkType,
)
from datadog_api_client.v2.model.service_definition_v2_dot1_version import (
    ServiceDefinitionV2Dot1Version,
)
from datadog_api_client.v2.model.service_definition_v2_dot2 import ServiceDefinitionV2Dot2
from datadog_api_client.v2.model.service_definition_v2_dot2_contact import (
    ServiceDefinitionV2Dot2Contact,
)
from datadog_api_client.v2.model.service_definition_v2_dot2_integrations import (
    ServiceDefinitionV2Dot2Integrations,
)
from datadog_api_client.v2.model.service_definition_v2_dot2_link import (
    ServiceDefinitionV2Dot2Link,
)
from datadog_api_client.v2.model.service_definition_v2_dot2_pagerduty import (
    ServiceDefinitionV2Dot2Pagerduty,
)
from datadog_api_client.v2.model.service_definition_v2_dot2_version import (
    ServiceDefinitionV2Dot2Version,
)
from datadog_api_client.v2.model.service_definition_v2_email import ServiceDefinitionV2Email
from datadog_api_client.v2.model.service_definition_v2_email_type import (
    ServiceDefinitionV2EmailType,
)
from datadog_api_client.v2.model.service_definition_v2_repo import ServiceDefinitionV2Repo
from datadog_api_client.v2.model.service_definition_v2_version import ServiceDefinitionV2Version

PAGERDUTY = "https://shop.pagerduty.com/service-directory/PCART"


def latest(name: str = "cart", **overrides: Any) -> ServiceDefinitionV2Dot2:
    """Return a definition of v2.2."""
    values = {
        "schema_version": ServiceDefinitionV2Dot2Version.V2_2,
        "dd_service": name,
        "team": "core",
        "application": "shop",
        "description": "Holds what is to be bought.",
        "tier": "1",
        "lifecycle": "production",
        "type": "web",
        "languages": ["go"],
        "tags": ["region:eu"],
        "contacts": [
            ServiceDefinitionV2Dot2Contact(
                name="Chat", type="slack", contact="https://chat.example.com/cart"
            )
        ],
        "links": [
            ServiceDefinitionV2Dot2Link(
                name="Source", type="repo", url="https://git.example.com/cart", provider="Git"
            )
        ],
        "integrations": ServiceDefinitionV2Dot2Integrations(
            pagerduty=ServiceDefinitionV2Dot2Pagerduty(service_url=PAGERDUTY)
        ),
        "extensions": {"example.com/shop": 1},
        "ci_pipeline_fingerprints": ["abc"],
    }
    return ServiceDefinitionV2Dot2(**{**values, **overrides})


def early(name: str = "cart") -> ServiceDefinitionV2:
    """Return a definition of v2, with what later versions have otherwise."""
    return ServiceDefinitionV2(
        schema_version=ServiceDefinitionV2Version.V2,
        dd_service=name,
        team="core",
        dd_team="core",
        contacts=[
            ServiceDefinitionV2Email(
                type=ServiceDefinitionV2EmailType.EMAIL, contact="cart@example.com"
            )
        ],
        repos=[
            ServiceDefinitionV2Repo(
                name="Source", provider="Git", url="https://git.example.com/cart"
            )
        ],
        integrations={"pagerduty": PAGERDUTY},
    )


@pytest.fixture
def services(official: ApiClient) -> ServiceDefinitionApi:
    """Return the operations of service definitions."""
    return ServiceDefinitionApi(official)


@pytest.mark.django_db(transaction=True)
def test_a_definition_is_created_and_read(
    services: ServiceDefinitionApi, parsed: Callable[[object], None]
) -> None:
    created = services.create_or_update_service_definitions(body=latest())
    parsed(created)
    assert "id" not in created.data[0]
    assert created.data[0].type == "service-definition"
    answer = services.get_service_definition(service_name="cart")
    parsed(answer)
    assert len(answer.data.id) == 32
    meta = answer.data.attributes.meta
    assert (meta.ingested_schema_version, meta.ingestion_source) == ("v2.2", "api")
    assert (meta.origin, meta.last_modified_time[-1]) == ("unknown", "Z")
    assert "warnings" not in meta
    schema = answer.data.attributes.schema
    assert schema.schema_version == ServiceDefinitionV2Dot2Version.V2_2
    assert (schema.dd_service, schema.team, schema.application) == ("cart", "core", "shop")
    assert (schema.tier, schema.lifecycle) == ("1", "production")
    assert (schema.type, schema.languages) == ("web", ["go"])
    assert schema.description == "Holds what is to be bought."
    assert (schema.tags, schema.ci_pipeline_fingerprints) == (["region:eu"], ["abc"])
    contact, link = schema.contacts[0], schema.links[0]
    assert (contact.name, contact.type) == ("Chat", "slack")
    assert contact.contact == "https://chat.example.com/cart"
    assert (link.name, link.type, link.provider) == ("Source", "repo", "Git")
    assert schema.integrations.pagerduty.service_url == PAGERDUTY
    assert schema.extensions == {"example.com/shop": 1}


@pytest.mark.django_db(transaction=True)
def test_a_definition_of_v2_1_keeps_its_words(
    services: ServiceDefinitionApi, parsed: Callable[[object], None]
) -> None:
    body = ServiceDefinitionV2Dot1(
        schema_version=ServiceDefinitionV2Dot1Version.V2_1,
        dd_service="cart",
        links=[
            ServiceDefinitionV2Dot1Link(
                name="Guide",
                type=ServiceDefinitionV2Dot1LinkType.DOC,
                url="https://docs.example.com/cart",
            )
        ],
    )
    created = services.create_or_update_service_definitions(body=body)
    parsed(created)
    schema = created.data[0].attributes.schema
    assert schema.schema_version == ServiceDefinitionV2Dot1Version.V2_1
    assert schema.links[0].type == ServiceDefinitionV2Dot1LinkType.DOC


@pytest.mark.django_db(transaction=True)
def test_a_raw_definition_is_created(
    services: ServiceDefinitionApi, parsed: Callable[[object], None]
) -> None:
    body = 'schema-version: v2.2\ndd-service: cart\ntier: "1"\n'
    created = services.create_or_update_service_definitions(body=body)
    parsed(created)
    assert created.data[0].attributes.schema.tier == "1"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("version", [Versions.V1, Versions.V2, Versions.V2_1, Versions.V2_2])
def test_every_version_is_shown_as_every_other(
    services: ServiceDefinitionApi, parsed: Callable[[object], None], version: Versions
) -> None:
    services.create_or_update_service_definitions(body=latest("new"))
    services.create_or_update_service_definitions(body=early("old"))
    listed = services.list_service_definitions(schema_version=version)
    parsed(listed)
    for item in listed.data:
        assert item.attributes.schema.schema_version.value == version.value
        schema = item.attributes.schema
        name = schema.info.dd_service if version == Versions.V1 else schema.dd_service
        one = services.get_service_definition(service_name=name, schema_version=version)
        parsed(one)
        assert one.data.to_dict() == item.to_dict()


@pytest.mark.django_db(transaction=True)
def test_repositories_of_v2_become_links(services: ServiceDefinitionApi) -> None:
    services.create_or_update_service_definitions(body=early())
    answer = services.get_service_definition(service_name="cart", schema_version=Versions.V2_1)
    schema = answer.data.attributes.schema
    link = schema.links[0]
    assert (link.name, link.type, link.provider) == (
        "Source",
        ServiceDefinitionV2Dot1LinkType.REPO,
        "Git",
    )
    assert schema.integrations.pagerduty.service_url == PAGERDUTY
    assert answer.data.attributes.meta.ingested_schema_version == "v2"


@pytest.mark.django_db(transaction=True)
def test_definitions_are_listed_page_by_page(services: ServiceDefinitionApi) -> None:
    for number in range(5):
        services.create_or_update_service_definitions(body=latest(f"s{number}"))
    found = services.list_service_definitions_with_pagination(page_size=2)
    names = [item.attributes.schema.dd_service for item in found]
    assert names == ["s0", "s1", "s2", "s3", "s4"]
    second = services.list_service_definitions(page_size=2, page_number=1)
    assert [item.attributes.schema.dd_service for item in second.data] == ["s2", "s3"]


@pytest.mark.django_db(transaction=True)
def test_a_definition_is_deleted(services: ServiceDefinitionApi) -> None:
    services.create_or_update_service_definitions(body=latest("team/cart"))
    services.delete_service_definition(service_name="team/cart")
    for call in (services.get_service_definition, services.delete_service_definition):
        with pytest.raises(ApiException) as caught:
            call(service_name="team/cart")
        assert caught.value.status == 404
        assert caught.value.body == {"errors": ["Not Found"], "error_details": [{}]}


@pytest.mark.django_db(transaction=True)
def test_a_contact_that_leads_nowhere_is_kept_with_a_warning(
    services: ServiceDefinitionApi, parsed: Callable[[object], None]
) -> None:
    contact = ServiceDefinitionV2Dot2Contact(name="Mail", type="email", contact="nobody")
    created = services.create_or_update_service_definitions(body=latest(contacts=[contact]))
    parsed(created)
    attributes = created.data[0].attributes
    (warning,) = attributes.meta.warnings
    assert warning.instance_location == "/contacts/0/contact"
    assert warning.keyword_location.endswith("/format")
    assert "email" in warning.message
    assert attributes.schema.contacts[0].contact == "nobody"
