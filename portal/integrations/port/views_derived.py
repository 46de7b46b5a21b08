"""Scorecards, rules and their results at the addresses of entities; see `derived`."""

from typing import Any

from django.urls import register_converter
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Conflict, Invalid, NotFound
from portal.integrations.port.answers import CODES, status_of, success, summary
from portal.integrations.port.derived import DERIVED, find_derived, search_derived
from portal.integrations.port.derived_writing import delete_derived, write_derived
from portal.integrations.port.entities_codec import shaped
from portal.integrations.port.listing import PAGE, page_size
from portal.integrations.port.rules import as_query, parse
from portal.integrations.port.views_entities import EntityBase
from portal.integrations.port.views_search import search_shape


class DerivedName:
    """The converter of the blueprints that are derived."""

    regex = "|".join(sorted(DERIVED, key=len, reverse=True))

    def to_python(self, value: str) -> str:
        """Return the name."""
        return value

    to_url = to_python


register_converter(DerivedName, "derived")


class DerivedBase(EntityBase):
    """What the views of derived entities share."""

    def found(self, blueprint: str, identifier: str) -> dict[str, Any]:
        """Return the derived entity that an address names; raises `NotFound`."""
        entity = find_derived(blueprint, identifier, now=timezone.now(), rights=self.rights)
        if entity is None:
            raise exceptions.NotFound(f"There is no {blueprint} '{identifier}'.")
        return entity

    def written(self, blueprint: str, body: Any, *, merge: bool, upsert: bool) -> dict[str, Any]:
        """Write what stands behind a derived entity, and return it."""
        if not isinstance(body, dict):
            raise Invalid.at("", "give an object")
        return write_derived(
            blueprint, body, merge=merge, upsert=upsert, by=self.actor, now=timezone.now()
        )

    def answered(self, entity: dict[str, Any], *, status: int = 200) -> Response:
        """Return an entity in the shape that the request asks for."""
        return success(entity=shaped(entity, self.shape()), status=status)


class DerivedEntitiesView(DerivedBase):
    """All of a blueprint, or a new one."""

    def get(self, request: Request, blueprint: str) -> Response:
        """List them."""
        found, _next = search_derived(
            blueprint,
            query=None,
            now=timezone.now(),
            rights=self.rights,
            limit=None,
            after=None,
        )
        shape = self.shape()
        return success(entities=[shaped(entity, shape) for entity in found])

    def post(self, request: Request, blueprint: str) -> Response:
        """Create one, or with ``upsert`` replace it."""
        upsert = self.flag("upsert")
        merge = upsert and self.flag("merge")
        entity = self.written(blueprint, self.body(), merge=merge, upsert=upsert)
        return self.answered(entity, status=201)


class DerivedEntityView(DerivedBase):
    """One of them."""

    def get(self, request: Request, blueprint: str, entity: str) -> Response:
        """Show it."""
        return self.answered(self.found(blueprint, entity))

    def put(self, request: Request, blueprint: str, entity: str) -> Response:
        """Replace it."""
        return self._change(blueprint, entity, merge=False)

    def patch(self, request: Request, blueprint: str, entity: str) -> Response:
        """Change what is sent."""
        return self._change(blueprint, entity, merge=True)

    def _change(self, blueprint: str, entity: str, *, merge: bool) -> Response:
        self.found(blueprint, entity)
        body = {**self.body(), "identifier": entity}
        return self.answered(self.written(blueprint, body, merge=merge, upsert=True))

    def delete(self, request: Request, blueprint: str, entity: str) -> Response:
        """Delete what stands behind it."""
        delete_derived(blueprint, entity, by=self.actor, now=timezone.now())
        return success()


class DerivedSearchView(DerivedEntityView):
    """A page of those that a query holds for; the address is also an entity's."""

    reading_methods = ("POST",)

    def post(self, request: Request, blueprint: str, entity: str) -> Response:
        """Find them. A page may hold fewer than asked for: the last is the one without `next`."""
        body, now = self.body(), timezone.now()
        raw = body.get("query")
        query = None if raw is None else as_query(parse(raw, now=now), path="query")
        limit = page_size(body.get("limit", PAGE))
        found, cursor = search_derived(
            blueprint,
            query=query,
            now=now,
            rights=self.rights,
            limit=limit,
            after=body.get("from"),
        )
        shape = search_shape(self, body)
        return success(entities=[shaped(item, shape) for item in found], next=cursor)


class DerivedBulkView(DerivedEntityView):
    """Many at once; the address is also an entity's."""

    def post(self, request: Request, blueprint: str, entity: str) -> Response:
        """Write those that can be written, and say what is wrong with the others."""
        bodies = self.bodies()
        upsert = self.flag("upsert")
        merge = upsert and self.flag("merge")
        entities: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for index, body in enumerate(bodies):
            try:
                found = self.written(blueprint, body, merge=merge, upsert=upsert)
            except (Invalid, NotFound, Conflict) as error:
                errors.append({"index": index, **_error(body, error)})
            else:
                is_new = found["createdAt"] == found["updatedAt"]
                entities.append(
                    {"identifier": found["identifier"], "index": index, "created": is_new}
                )
        status = 207 if errors else 200
        return success(status=status, entities=entities, errors=errors)


def _error(body: Any, error: Invalid | NotFound | Conflict) -> dict[str, Any]:
    name = body.get("identifier") if isinstance(body, dict) else None
    if isinstance(error, Invalid):
        status, message = status_of(error.faults), summary(error.faults)
    else:
        status, message = 404 if isinstance(error, NotFound) else 409, str(error)
    return {
        "identifier": name if isinstance(name, str) else "unknown",
        "statusCode": status,
        "error": CODES[status],
        "message": message,
    }
