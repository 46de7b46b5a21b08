"""The REST API of the catalog."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import exceptions, mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import operations
from catalog.api import openapi
from catalog.api.documents import DocumentViewSet
from catalog.api.drafts import batch_of, blueprint_of, draft_of, without_echo
from catalog.api.serializers import (
    BlueprintSerializer,
    ChangeSerializer,
    EntitySerializer,
    PermissionsSerializer,
)
from catalog.errors import Conflict, Invalid
from catalog.filtersets import BlueprintFilterSet, ChangeFilterSet, EntityFilterSet
from catalog.models import Blueprint, Change, Entity
from catalog.querysets import EntityQuerySet
from portal.api.authentication import ScopePermission
from portal.api.viewsets import ApiViewSet
from portal.permissions import may_read_history


@openapi.BLUEPRINTS
class BlueprintViewSet(DocumentViewSet):
    """The kinds of entities."""

    queryset = Blueprint.objects.order_by("identifier")
    serializer_class = BlueprintSerializer
    filterset_class = BlueprintFilterSet
    via = "pk"
    noun = "blueprint"

    def save(self, definition: dict[str, Any]) -> Blueprint:
        """Create or replace a blueprint."""
        return operations.save_blueprint(definition=definition, by=self.actor, now=timezone.now())

    def remove(self, row: Blueprint) -> None:
        """Delete a blueprint, and with `delete_dependents=true` its entities."""
        operations.delete_blueprint(
            blueprint=row,
            by=self.actor,
            now=timezone.now(),
            delete_dependents=_flag(self.request, "delete_dependents"),
        )

    @openapi.BLUEPRINT_PERMISSIONS
    @action(
        detail=True,
        methods=["get", "patch"],
        serializer_class=PermissionsSerializer,
        filterset_class=None,
    )
    def permissions(self, request: Request, **kwargs: Any) -> Response:
        """Return who may do what with the entities, or change the parts that the body names."""
        row = self.get_object()
        if request.method == "PATCH":
            row = operations.set_permissions(
                blueprint=row, change=self.body(), by=self.actor, now=timezone.now()
            )
        return Response(self.get_serializer(row).data)


@openapi.ENTITIES
class EntityViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The things in the catalog, one address each: /<blueprint>/<identifier>/."""

    queryset = Entity.objects.select_related("blueprint").order_by("id")
    serializer_class = EntitySerializer
    filterset_class: type[EntityFilterSet] = EntityFilterSet
    lookup_regex = "(?P<blueprint>[^/]+)/(?P<identifier>.+)"
    asks_of_objects = True
    via = "blueprint"

    def get_object(self) -> Entity:
        """Return the entity that the address names."""
        entity = self._named().first()
        if entity is None:
            blueprint, identifier = self.kwargs["blueprint"], self.kwargs["identifier"]
            raise exceptions.NotFound(f"There is no {blueprint} '{identifier}'.")
        return entity

    def _named(self) -> EntityQuerySet:
        return self.get_queryset().of(self.kwargs["blueprint"]).named([self.kwargs["identifier"]])

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Create an entity; one that is there already is a conflict."""
        body = self.body()
        blueprint, draft = blueprint_of(body, rights=self.rights), draft_of(body)
        with transaction.atomic():
            # Two that create the same wait here for each other, so that one of them conflicts.
            Blueprint.objects.select_for_update().get(pk=blueprint.pk)
            if self.get_queryset().of(blueprint.identifier).named([draft.identifier]).exists():
                raise Conflict(
                    f"There is a {blueprint.identifier} '{draft.identifier}' already; "
                    "PATCH changes it, PUT replaces it."
                )
            entity = self._upsert(blueprint, draft, merge=True)
        return self._answer(entity, status.HTTP_201_CREATED)

    def update(self, request: Request, **kwargs: Any) -> Response:
        """Create an entity or replace it: what the body does not mention is cleared."""
        rows = self.rights.readable(Blueprint.objects.all(), via="pk")
        blueprint = rows.filter(identifier=self.kwargs["blueprint"]).first()
        if blueprint is None:
            raise exceptions.NotFound(f"There is no blueprint '{self.kwargs['blueprint']}'.")
        with transaction.atomic():
            stored = self._named().first()
            draft = draft_of(without_echo(self.body(), stored), address=self.kwargs)
            entity = self._upsert(blueprint, draft, merge=False)
        return self._answer(entity, status.HTTP_200_OK if stored else status.HTTP_201_CREATED)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change what the body mentions; null takes a property away."""
        with transaction.atomic():
            stored = self.get_object()
            draft = draft_of(without_echo(self.body(), stored), address=self.kwargs)
            entity = self._upsert(stored.blueprint, draft, merge=True)
        return self._answer(entity, status.HTTP_200_OK)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Delete an entity, and with `delete_dependents=true` what requires it."""
        operations.delete_entities(
            entities=[self.get_object()],
            by=self.actor,
            now=timezone.now(),
            delete_dependents=_flag(request, "delete_dependents"),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def bulk(self, request: Request, **kwargs: Any) -> Response:
        """Create or change many entities of one blueprint: all of them, or none."""
        body = self.body()
        blueprint = blueprint_of(body, rights=self.rights)
        drafts, is_merge = batch_of(body)
        outcome = operations.upsert_entities(
            blueprint=blueprint, drafts=drafts, merge=is_merge, by=self.actor, now=timezone.now()
        )
        counts = ("created", "updated", "unchanged")
        return Response({name: getattr(outcome, name) for name in counts})

    def _upsert(
        self, blueprint: Blueprint, draft: operations.EntityDraft, *, merge: bool
    ) -> Entity:
        return operations.upsert_entity(
            blueprint=blueprint, draft=draft, merge=merge, by=self.actor, now=timezone.now()
        )

    def _answer(self, entity: Entity, code: int) -> Response:
        shown = self.get_queryset().get(pk=entity.pk)
        return Response(self.get_serializer(shown).data, status=code)


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "false").lower()
    if value not in ("true", "false"):
        raise Invalid.at(name, "give true or false")
    return value == "true"


class HistoryPermission(ScopePermission):
    """Only admins: history also holds what has since been taken away."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the request may go on."""
        return super().has_permission(request, view) and may_read_history(
            request.user, request.auth
        )


@openapi.CHANGES
class ChangeViewSet(mixins.ListModelMixin, ApiViewSet):
    """The audit list: who changed what, newest first."""

    queryset = Change.objects.order_by("-id")
    serializer_class = ChangeSerializer
    filterset_class = ChangeFilterSet
    permission_classes = (HistoryPermission,)
