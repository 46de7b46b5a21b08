"""Service definitions: services in the formats before entities had kinds."""

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import registry
from catalog.descriptors.datadog.definitions import Definition, read_definitions
from catalog.descriptors.datadog.shapes import SERVICE_VERSIONS
from catalog.errors import Invalid
from catalog.models import Entity
from catalog.operations import delete_entities
from catalog.querysets import EntityQuerySet
from portal.integrations.datadog.answers import ErrorForm
from portal.integrations.datadog.definition_bodies import DefinitionParser
from portal.integrations.datadog.definitions.kinds import SERVICE
from portal.integrations.datadog.definitions.reading import describe, described_entities
from portal.integrations.datadog.definitions.writing import upsert_definitions
from portal.integrations.datadog.paging import Page, page_of, whole_number
from portal.integrations.datadog.service_definitions_codec import service_data
from portal.integrations.datadog.views import DatadogView

DEFAULT, LARGEST = 10, 100


class ServiceDefinitionView(DatadogView):
    """A view of service definitions."""

    parser_classes = (DefinitionParser,)
    renderer_classes = (JSONRenderer,)
    error_form = ErrorForm.DETAILED_TEXTS

    def services(self) -> EntityQuerySet:
        """Return the services, however they were written."""
        return described_entities(self.rights).of(SERVICE)

    def service(self, name: str) -> Entity:
        """Return a service; raises `NotFound`."""
        found = self.services().named([name]).first()
        if found is None:
            raise exceptions.NotFound("Not Found")
        return found

    def version(self) -> str | None:
        """Return the version that is asked for, None where any will do; raises `Invalid`."""
        version = self.parameter("schema_version")
        if version and version not in SERVICE_VERSIONS:
            known = " ".join(SERVICE_VERSIONS)
            raise Invalid.at("schema_version", f'must be one of "{known}"')
        return version or None


class ServiceDefinitions(ServiceDefinitionView):
    """The services."""

    asks_of_objects = True

    def get(self, request: Request) -> Response:
        """List them, a page by its number."""
        version = self.version()
        specs = registry.graph().specs
        rows = self.services()[self._page().rows]
        return Response({"data": [service_data(describe(row, specs), version) for row in rows]})

    def _page(self) -> Page:
        parameters = self.request.query_params
        limit = page_of(parameters, default=DEFAULT, largest=LARGEST).limit
        number = whole_number(parameters, "page[number]", 0, lowest=0)
        return Page(offset=number * limit, limit=limit)

    def post(self, request: Request) -> Response:
        """Write one or several; what is doubtful about their contacts is told."""
        definitions = read_definitions(request.data)
        _require_services(definitions)
        written = upsert_definitions(definitions=definitions, by=self.actor, now=timezone.now())
        rows = self.services().filter(pk__in=[entity.pk for entity in written])
        by_id = {row.pk: row for row in rows}
        specs = registry.graph().specs
        data = [
            service_data(describe(by_id[entity.pk], specs), None, is_new=True) for entity in written
        ]
        return Response({"data": data})


class OneServiceDefinition(ServiceDefinitionView):
    """A service, by its name."""

    asks_of_objects = True

    def get(self, request: Request, name: str) -> Response:
        """Show it in the version that is asked for."""
        described = describe(self.service(name), registry.graph().specs)
        return Response({"data": service_data(described, self.version())})

    def delete(self, request: Request, name: str) -> Response:
        """Delete it."""
        delete_entities(entities=[self.service(name)], by=self.actor, now=timezone.now())
        return Response(status=204)


def _require_services(definitions: list[Definition]) -> None:
    for definition in definitions:
        if definition.version not in SERVICE_VERSIONS or "apiVersion" in definition.document:
            raise Invalid.at("schema-version", "is missing; entities of v3 go to the catalog")
