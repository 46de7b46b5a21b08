"""The kinds of entities that there are, and those that clients add."""

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.descriptors.datadog.kinds import read_kinds
from catalog.errors import Invalid
from catalog.operations import delete_blueprint
from portal.integrations.datadog import catalog_codec as codec
from portal.integrations.datadog.catalog_pages import CatalogPage
from portal.integrations.datadog.definitions.kind_writing import upsert_kinds
from portal.integrations.datadog.ids import kind_number
from portal.integrations.datadog.views_catalog import CatalogView
from scorecards.reach import described_blueprints


class Kinds(CatalogView):
    """The kinds of entities."""

    def get(self, request: Request) -> Response:
        """List them."""
        page = CatalogPage.of(request.path, request.query_params)
        kinds = self.rights.readable(described_blueprints(), via="pk")
        rows = kinds.select_related("kind_note")
        if id_ := self.parameter("filter[id]"):
            number = kind_number(id_)
            rows = rows.filter(pk=number) if number is not None else rows.none()
        if name := self.parameter("filter[name]"):
            rows = rows.filter(identifier=name)
        data = [codec.kind_data(row) for row in page.shown(list(rows[page.rows]))]
        return Response({"data": data, "meta": {"count": len(data)}})

    def post(self, request: Request) -> Response:
        """Add kinds, or give them other titles and descriptions."""
        kinds = upsert_kinds(
            definitions=read_kinds(request.data), by=self.actor, now=timezone.now()
        )
        data = [codec.kind_data(kind) for kind in kinds]
        return Response({"data": data, "meta": {"count": len(data)}}, status=202)


class OneKind(CatalogView):
    """A kind, named by its name or its id."""

    def delete(self, request: Request, kind: str) -> Response:
        """Delete it; raises `Invalid` where it was not added by a client, or is in use."""
        number = kind_number(kind)
        rows = described_blueprints().select_related("kind_note")
        rows = rows.filter(identifier=kind) if number is None else rows.filter(pk=number)
        found = rows.first()
        if found is None:
            raise exceptions.NotFound("Not Found")
        if not hasattr(found, "kind_note"):
            message = f"'{found.identifier}' is a blueprint of this portal; delete it there"
            raise Invalid.at("", message)
        delete_blueprint(blueprint=found, by=self.actor, now=timezone.now())
        return Response(status=204)
