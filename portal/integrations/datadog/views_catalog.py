"""The catalog: entities and the relations between them."""

from enum import StrEnum
from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import registry
from catalog.descriptors.datadog.definitions import read_definitions
from catalog.descriptors.datadog.evidence import EVIDENCE
from catalog.descriptors.datadog.relations import RelationType
from catalog.descriptors.references import Reference
from catalog.models import Entity
from catalog.operations import delete_entities
from portal.integrations.datadog import catalog_codec as codec
from portal.integrations.datadog.answers import ErrorForm
from portal.integrations.datadog.catalog_pages import DEFAULT, CatalogPage
from portal.integrations.datadog.definition_bodies import DefinitionParser
from portal.integrations.datadog.definitions.reading import (
    Described,
    describe,
    described_entities,
    entities_called,
)
from portal.integrations.datadog.definitions.relating import Search, relations
from portal.integrations.datadog.definitions.writing import upsert_definitions
from portal.integrations.datadog.entity_filters import (
    Include,
    choice,
    choices,
    filtered,
    name_in,
)
from portal.integrations.datadog.entity_inclusions import presented
from portal.integrations.datadog.ids import entity_number
from portal.integrations.datadog.views import DatadogView
from portal.permissions import Rights


class CatalogView(DatadogView):
    """A view of the catalog: definitions in, errors told as texts."""

    parser_classes = (DefinitionParser,)
    error_form = ErrorForm.TEXTS

    def page(self) -> CatalogPage:
        """Return the page that is asked for; raises `Invalid`."""
        # Read only to be checked: nothing here is discovered, or kept as a snapshot.
        self.flag("includeDiscovered")
        names = self.request.query_params
        return CatalogPage.of(self.request.path, {name: self.parameter(name) for name in names})


class Entities(CatalogView):
    """The entities of all kinds."""

    asks_of_objects = True

    def get(self, request: Request) -> Response:
        """List them."""
        page = self.page()
        include = choices(Include, self.parameter, "include")
        rows = filtered(described_entities(self.rights), self.parameter, now=timezone.now())
        found = list(rows[page.rows])
        body = presented(_described(page.shown(found)), include, rights=self.rights)
        return Response({**body, "links": page.links(found)})

    def post(self, request: Request) -> Response:
        """Write what one or several definitions say; all of them or none."""
        definitions = read_definitions(request.data)
        entities = upsert_definitions(definitions=definitions, by=self.actor, now=timezone.now())
        described = _described(_again(entities, self.rights))
        body = presented(described, [Include.SCHEMA], rights=self.rights)
        return Response(body, status=202)


class EntityPreview(CatalogView):
    """What the catalog holds, at a glance."""

    reading_methods = ("POST",)

    def post(self, request: Request) -> Response:
        """Show the first entities with what scorecards read of them."""
        entities = _described(list(described_entities(self.rights)[:DEFAULT]))
        return Response({"data": [_previewed(item) for item in entities]}, status=202)


class OneEntity(CatalogView):
    """An entity, named by its id or by a reference."""

    asks_of_objects = True

    def delete(self, request: Request, entity: str) -> Response:
        """Delete it."""
        found = _named(entity, self.rights)
        if found is None:
            raise exceptions.NotFound("Not Found")
        delete_entities(entities=[found], by=self.actor, now=timezone.now())
        return Response(status=204)


class RelationInclude(StrEnum):
    """What comes with relations."""

    ENTITY = "entity"
    SCHEMA = "schema"


class Relations(CatalogView):
    """The relations between entities, each in both directions."""

    def get(self, request: Request) -> Response:
        """List them."""
        page = self.page()
        include = choices(RelationInclude, self.parameter, "include")
        search = Search(
            rights=self.rights,
            type=choice(RelationType, self.parameter, "filter[type]"),
            source=name_in(self.parameter, "filter[from_ref]"),
            target=name_in(self.parameter, "filter[to_ref]"),
        )
        found = relations(search, page.rows)
        shown = page.shown(found)
        ends = {name for item in shown for name in (item.edge.source, item.edge.target)}
        entities = entities_called(ends, rights=self.rights)
        data = [codec.relation_data(item, entities) for item in shown]
        body = codec.listed(data, _included(list(entities.values()), include))
        return Response({**body, "links": page.links(found)})


def _described(entities: list[Entity]) -> list[Described]:
    specs = registry.graph().specs
    return [describe(entity, specs) for entity in entities]


def _again(entities: list[Entity], rights: Rights) -> list[Entity]:
    """Read entities back as they were stored, in the same order."""
    rows = described_entities(rights).filter(pk__in=[entity.pk for entity in entities])
    by_id = {entity.pk: entity for entity in rows}
    return [by_id[entity.pk] for entity in entities]


def _previewed(described: Described) -> dict[str, Any]:
    data = codec.entity_data(described)
    facts = described.entity.facts
    properties = {key: facts[key] for key in EVIDENCE if facts.get(key) is not None}
    return {
        "id": data["id"],
        "type": data["type"],
        "attributes": {**data["attributes"], "properties": properties},
    }


def _named(name: str, rights: Rights) -> Entity | None:
    rows = described_entities(rights)
    number = entity_number(name)
    if number is not None:
        return rows.filter(pk=number).first()
    try:
        reference = Reference.parse(name)
    except ValueError:
        return None
    return rows.of(reference.kind).named([reference.identifier]).first()


def _included(entities: list[Entity], include: list[RelationInclude]) -> list[dict[str, Any]]:
    described = _described(entities) if include else []
    found: list[dict[str, Any]] = []
    if RelationInclude.ENTITY in include:
        found += map(codec.entity_data, described)
    if RelationInclude.SCHEMA in include:
        found += map(codec.schema_item, described)
    return found
