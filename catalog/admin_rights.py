"""What of the entities the workshop shows to whom, and lets them do."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from catalog import registry
from catalog.admin_operations import OperationAdmin, once
from catalog.conditions.nodes import RELATION_PREFIX
from catalog.forms_conditions import plain
from catalog.models import OWNERSHIP, Blueprint, Entity
from portal.permissions import may_enter_workshop, rights_of
from portal.policies import REGISTER, UNREGISTER, UPDATE

_TEXTS = ("title", "icon")


def blueprints_open(request: HttpRequest, act: str) -> list[str]:
    """Return the blueprints where they may do this to what their teams own; a query a request.

    Who inherits the owners of a new entity is told too late for them to be of help.
    """
    if not hasattr(request, "policies"):
        rows = Blueprint.objects.order_by("id")
        request.policies = list(rows.values_list("id", "identifier", "permissions", "ownership"))
    rights = rights_of(request.user)
    return [
        name
        for id_, name, policy, ownership in request.policies
        if id_ not in rights.hidden
        and rights.may(
            act,
            blueprint=name,
            policy=policy,
            owners=rights.teams if act != REGISTER or _is_direct(ownership) else (),
        )
    ]


def _is_direct(ownership: Any) -> bool:
    return bool(ownership) and ownership["type"] == "Direct"


def closed_fields(request: HttpRequest, entity: Entity, names: Collection[str]) -> set[str]:
    """Return the fields of an entity's form that they may not change, of these."""
    rights = rights_of(request.user)
    asked = _asked(entity)
    if rights.is_admin or rights.may(UPDATE, **asked):
        return set()
    return {name for name in names if not rights.may_change(_section_of(name), **asked)}


def _section_of(field: str) -> dict[str, list[str]]:
    """Return what a field of the form writes, by the section of the policy that speaks of it."""
    if field.startswith("relations."):
        return {"updateRelations": [field.removeprefix("relations.")]}
    key = OWNERSHIP if field == "team" else f"${field}" if field in _TEXTS else field
    return {"updateProperties": [key.removeprefix("properties.")]}


def _asked(entity: Entity) -> dict[str, Any]:
    blueprint = entity.blueprint
    return {
        "blueprint": blueprint.identifier,
        "policy": blueprint.permissions,
        "owners": entity.team,
    }


class EntityRightsAdmin(OperationAdmin):
    """The pages of entities, for everyone who is let in: what they may, rights say of each."""

    computed_fields = ("computed_values", "problem_list", "stamps")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the pages to all who are let in."""
        return may_enter_workshop(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let them look at what they may read."""
        is_hidden = obj is not None and obj.blueprint_id in rights_of(request.user).hidden
        return may_enter_workshop(request.user) and not is_hidden

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those add who may register entities of some blueprint."""
        rights = rights_of(request.user)
        return rights.is_admin or bool(blueprints_open(request, REGISTER))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those change who may update the entity, or some part of it."""
        if obj is None:
            return may_enter_workshop(request.user)
        return rights_of(request.user).is_admin or bool(self.open_fields(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those delete who may unregister the entity."""
        rights = rights_of(request.user)
        if rights.is_admin:
            return True
        if obj is None:
            return bool(blueprints_open(request, UNREGISTER))
        return rights.may(UNREGISTER, **_asked(obj))

    def open_fields(self, request: HttpRequest, obj: Entity) -> list[str]:
        """Return the fields of an entity's form that they may change."""
        spec = registry.graph().specs[obj.blueprint.identifier]
        hidden = set(rights_of(request.user).hidden.values())
        relations = [
            key for key in spec.written_relations if spec.relations[key].target not in hidden
        ]
        is_owned = spec.ownership is not None and not spec.ownership.is_inherited
        names = [
            *_TEXTS,
            *(f"properties.{key}" for key in spec.properties),
            *(f"relations.{key}" for key in relations),
            *(["team"] if is_owned else []),
        ]
        closed = closed_fields(request, obj, names)
        return [name for name in names if name not in closed]

    def shown_instead(self, request: HttpRequest, obj: Entity) -> tuple[str, ...]:
        """Return what is only shown to those who may not change all of an entity; else nothing."""
        if not closed_fields(request, obj, _TEXTS):
            return ()
        given = ("identifier", *_TEXTS, "given_values", *self.computed_fields)
        return tuple(name for name in given if name not in self.open_fields(request, obj))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entity]:
        """Return the entities that they may read."""
        return super().get_queryset(request).seen_in(rights_of(request.user).sight)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the entity; it knows of which blueprints it is not to name others."""
        entity = super().get_object(request, object_id, from_field)
        if entity is not None:
            entity.unnamed = frozenset(rights_of(request.user).hidden.values())
        return entity

    @admin.display(description="Given by people and tools")
    @once
    def given_values(self, obj: Entity) -> str:
        """Show what was given, to those who may not change any of it."""
        spec = registry.graph().specs[obj.blueprint.identifier]
        rows = [
            (definition.get("title") or key, plain(obj.properties.get(key)) or "-")
            for key, definition in spec.properties.items()
        ]
        rows += [
            (spec.relations[key].title, plain(obj.fact(f"{RELATION_PREFIX}{key}")) or "-")
            for key in spec.written_relations
            if spec.relations[key].target not in obj.unnamed
        ]
        if spec.ownership is not None and not spec.ownership.is_inherited:
            rows.append((spec.ownership.title, ", ".join(obj.team) or "-"))
        return render_to_string("admin/tidemark/_values.html", {"rows": rows})
