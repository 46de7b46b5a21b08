"""Entities of a blueprint: one, many, and all of them."""

from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from catalog.models import Blueprint, Entity
from catalog.operations import UNSET, Dependents, delete_entities
from portal.integrations.port.answers import CODES, status_of, success, summary
from portal.integrations.port.entities import Results, Writing, show, write_many, write_one
from portal.integrations.port.entities_codec import Shape, read_entity
from portal.integrations.port.listing import found_at_once
from portal.integrations.port.views import PortView

BULK_AT_MOST = 1_000
DELETED_AT_MOST = 1_000


class EntityBase(PortView):
    """What the views of entities share."""

    asks_of_objects = True

    def writing(self, **changes: Any) -> Writing:
        """Return how the request wants its entities written."""
        return Writing(
            by=self.actor,
            now=timezone.now(),
            datasource=self.datasource,
            create_missing=self.flag("create_missing_related_entities"),
            **changes,
        )

    def upserting(self) -> Writing:
        """Return how the request wants entities written that may be new; see the parameters."""
        is_upsert = self.flag("upsert")
        return self.writing(
            merge=is_upsert and self.flag("merge"),
            create_only=not is_upsert,
            dry_run=self.flag("validation_only"),
        )

    def bodies(self) -> list[Any]:
        """Return the entities of a request that holds many; raises `Invalid`."""
        bodies = self.body().get("entities")
        if not isinstance(bodies, list) or len(bodies) > BULK_AT_MOST:
            raise Invalid.at("entities", f"give a list of at most {BULK_AT_MOST:,} entities")
        return bodies

    def shape(self) -> Shape:
        """Return which parts of entities the request asks for."""
        return Shape.of(
            self.names("include"),
            self.names("exclude"),
            has_computed=not self.flag("exclude_calculated_properties"),
        )

    def shown(self, *entities: Entity) -> list[dict[str, Any]]:
        """Return entities in the shape that the request asks for."""
        has_titles = self.flag("attach_title_to_relation")
        return show(entities, self.shape(), rights=self.rights, has_titles=has_titles)

    def delete_all(self, entities: list[Entity]) -> None:
        """Delete entities, and what points at them where the request says so."""
        delete_entities(
            entities=entities,
            by=self.actor,
            now=timezone.now(),
            delete_dependents=self.flag("delete_dependents"),
            dependents=Dependents.ALL,
        )


class EntitiesView(EntityBase):
    """``/blueprints/<blueprint>/entities``."""

    def get(self, request: Request, blueprint: str) -> Response:
        """Show all entities of the blueprint."""
        row = self.blueprint(blueprint)
        found, _is_whole = found_at_once(
            Entity.objects.filter(blueprint=row), may_cut=self.flag("allow_partial_results")
        )
        return success(entities=self.shown(*found))

    def post(self, request: Request, blueprint: str) -> Response:
        """Create an entity; with ``upsert`` replace it, with ``merge`` too change what is sent."""
        sent = read_entity(self.body(), blueprint=blueprint)
        entity, _is_new = write_one(self.blueprint(blueprint), sent, self.upserting())
        return success(entity=self.shown(entity)[0], status=201)


class EntityView(EntityBase):
    """``/blueprints/<blueprint>/entities/<entity>``."""

    def get(self, request: Request, blueprint: str, entity: str) -> Response:
        """Show one entity."""
        return success(entity=self.shown(find_entity(self.blueprint(blueprint), entity))[0])

    def put(self, request: Request, blueprint: str, entity: str) -> Response:
        """Replace an entity: what is not sent is cleared."""
        return self._change(blueprint, entity, merge=False)

    def patch(self, request: Request, blueprint: str, entity: str) -> Response:
        """Change what is sent; null clears."""
        return self._change(blueprint, entity, merge=True)

    def _change(self, blueprint: str, entity: str, *, merge: bool) -> Response:
        body = self.body()
        sent = read_entity({**body, "identifier": entity}, blueprint=blueprint)
        writing = self.writing(merge=merge, update_only=True)
        row = self.blueprint(blueprint)
        find_entity(row, entity)
        renamed = body.get("identifier")
        changed, _is_new = write_one(
            row, sent, writing, new_identifier=UNSET if renamed in (None, entity) else renamed
        )
        return success(entity=self.shown(changed)[0])

    def delete(self, request: Request, blueprint: str, entity: str) -> Response:
        """Delete an entity; with ``delete_dependents`` also all that points at it."""
        self.delete_all([find_entity(self.blueprint(blueprint), entity)])
        return success()


class BulkView(EntityView):
    """``/blueprints/<blueprint>/entities/bulk``: that address is also an entity's."""

    def post(self, request: Request, blueprint: str, entity: str) -> Response:
        """Write the entities that can be written, and say what is wrong with the others."""
        results = write_many(self.blueprint(blueprint), self.bodies(), self.upserting())
        errors = _errors(results)
        return success(
            status=207 if errors else 200,
            entities=[
                {
                    "identifier": row.identifier,
                    "index": index,
                    "created": index in results.created,
                }
                for index, row in sorted(results.entities.items())
            ],
            errors=errors,
        )


def _errors(results: Results) -> list[dict[str, Any]]:
    """Return what is wrong with the entities that were not written."""
    return [
        {
            # What clients know a reference by that means nothing.
            "identifier": results.identifiers.get(index, "unknown"),
            "index": index,
            "statusCode": (status := status_of(faults)),
            "error": CODES[status],
            "message": summary(faults),
        }
        for index, faults in sorted(results.faults.items())
    ]


class BulkDeleteView(EntityBase):
    """``/blueprints/<blueprint>/bulk/entities/delete``."""

    def post(self, request: Request, blueprint: str) -> Response:
        """Delete these entities, or none of them; those that are not there are passed over."""
        names = self.body().get("entities")
        is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
        if not is_list or len(names) > DELETED_AT_MOST:
            message = f"give a list of at most {DELETED_AT_MOST:,} identifiers"
            raise Invalid.at("entities", message)
        row = self.blueprint(blueprint)
        found = list(Entity.objects.filter(blueprint=row).named(names).order_by("id"))
        self.delete_all(found)
        return success(deletedEntities=[entity.identifier for entity in found])


def find_entity(blueprint: Blueprint, identifier: str) -> Entity:
    """Return the entity that an address names; raises `NotFound`."""
    found = Entity.objects.filter(blueprint=blueprint, identifier=identifier).first()
    if found is None:
        raise exceptions.NotFound(f"There is no {blueprint.identifier} '{identifier}'.")
    return found
